/* A run directory without a run: seconds drawn at random go through the same recorder, result, judge and session as those of a fleet. The
 * same arguments give the same run. */
#ifndef MUSTER_TESTS_REPORT_MADE_RUN_H
#define MUSTER_TESTS_REPORT_MADE_RUN_H

#include "fleet/run.h"

enum { MADE_RUN_SECONDS = 9 };

struct made_run {
    const char *directory;  /* must not exist */
    unsigned shard, shards; /* 1-based */
    const char *seed;       /* of the scenario: another one is another plan; NULL: "7" */
    bool healthy;           /* every operation is quick and ok */
    int signal;             /* it is interrupted by that signal */
    int fail_code;
};

/* The scenario that all of them run. */
extern const char made_run_scenario[];

/* Writes the directory and gives the exit code. What goes to stdout is dropped. Fails the test when it cannot. */
int made_run_write(const struct made_run *m);

#endif
