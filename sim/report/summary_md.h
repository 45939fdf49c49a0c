/* summary.md: the result for pages of CI servers, at most SUMMARY_MD_MAX bytes; what does not fit is counted. */
#ifndef MUSTER_REPORT_SUMMARY_MD_H
#define MUSTER_REPORT_SUMMARY_MD_H

#include "report/report.h"

enum { SUMMARY_MD_MAX = 64 * 1024 };

void summary_md_write(struct text *out, const struct report *r);

#endif
