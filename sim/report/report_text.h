/* The text at the end of a run: what happened, worst first, in lines of at most 80 columns. Only a word that must be copied whole (a path) may be
 * longer. */
#ifndef MUSTER_REPORT_REPORT_TEXT_H
#define MUSTER_REPORT_REPORT_TEXT_H

#include <stdbool.h>

#include "report/report.h"

enum { REPORT_TEXT_COLUMNS = 80 };

void report_text_write(struct text *out, const struct report *r, bool color);

#endif
