/* The logs of a made-up run on disk, for what reads them: ten seconds, or more. */
#ifndef MUSTER_TESTS_REPORT_LOGGED_H
#define MUSTER_TESTS_REPORT_LOGGED_H

#include "report/sample.h"
#include "report/temporary.h"

/* Writes `text` into the directory as `name`. */
void logged_file(const struct temporary *t, const char *name, const char *text);
/* series.csv of `seconds` rows: 10 devices online, 100 connects and 50 messages a second, and intervals.hlog with `samples` publishes and connects of
 * 20 ms in each second. */
void logged_run(const struct temporary *t, const struct sample *s, unsigned seconds, unsigned samples);
/* Is gnuplot there? Prints a line when it is not; with CI=true that is a failure. */
bool logged_gnuplot(void);

#endif
