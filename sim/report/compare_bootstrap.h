/* The change of one figure between two single runs, by moving-block bootstrap: blocks of neighbouring intervals are drawn, since what
 * happens in one second is not independent of the second before. */
#ifndef MUSTER_REPORT_COMPARE_BOOTSTRAP_H
#define MUSTER_REPORT_COMPARE_BOOTSTRAP_H

#include "report/compare.h"

/* Sets low, high, p_worse and p_better of `row`. The draws are keyed by the metric's name: same runs, same answer. Both
 * runs have samples of the metric. */
void compare_bootstrap(const struct compare_run *before, const struct compare_run *after,
                       const struct compare_metric *m, double margin, struct compare_row *row);

#endif
