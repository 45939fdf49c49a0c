/* Judges the checks of a plan by what a run measured: once a second for those that may abort or have a window, and at the end for
 * all of them. What cannot be exact with interval data is told in docs/checks.md. */
#ifndef MUSTER_SCENARIO_JUDGE_H
#define MUSTER_SCENARIO_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/result.h"
#include "scenario/plan.h"

enum { JUDGE_REASON_MAX = 256 };

/* How one check ended. Value and limit are its two sides, in base units; infinite and missing ones are flagged. */
struct check_verdict {
    const struct check *check;
    bool pass;
    bool value_known, value_infinite, limit_known, limit_infinite;
    double value, limit;
    const char *unit;   /* unit of value and limit as the summary prints them: "ms", "%", "/s", "devices", "" … */
    double unit_factor; /* base units per printed unit */
    uint64_t samples;   /* of the call that has the fewest */
    char reason[JUDGE_REASON_MAX]; /* why there is no value, or why it failed; "" otherwise */
    bool aborted_the_run;
};

struct judge;

/* `plan` is borrowed and outlives the judge. */
struct judge *judge_new(const struct plan *plan);
void judge_free(struct judge *j);
/* The second that ended at `at`, and everything up to it. Call once a second, in order, after result_end_second. Returns
 * the index of a check that has failed for good and asks for an abort, or −1; after one, −1 for ever. */
int judge_second(struct judge *j, instant at, const struct result *second, const struct result *total);
/* Fills out[plan->check_count]. May be called more than once. */
void judge_finish(struct judge *j, const struct result *total, struct check_verdict *out);

#endif
