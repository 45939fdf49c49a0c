/* report.html: one file that opens anywhere, without network and without scripts. docs/results.md describes it.
 *
 * Everything foreign passes html_text (html_parts.h) on its way in. The page's style sheet comes from reports/report.css; plots are made by
 * gnuplot (report/plot.h) from the logs that the report names, and left out, with a word about it, where there is none. */
#ifndef MUSTER_REPORT_HTML_H
#define MUSTER_REPORT_HTML_H

#include "base/text.h"
#include "report/report.h"

void html_write(struct text *out, const struct report *r);

#endif
