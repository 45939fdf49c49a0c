/* Plans and results made by hand, for tests of what judges them. One fleet of two regions:
 *
 *   group 0: fleet meters, profile new, region north, 60 devices, QoS 1
 *   group 1: fleet meters, profile old, region south, 40 devices, QoS 0 and 1
 *
 * Phases: ramp 0–10 s, steady 10–60 s, outage 20–30 s, settle 60–70 s. Segments are cut at all of these edges. */
#ifndef MUSTER_TESTS_SCENARIO_MADE_H
#define MUSTER_TESTS_SCENARIO_MADE_H

#include "metrics/result.h"
#include "scenario/judge.h"
#include "scenario/plan.h"

enum { MADE_CHECKS_MAX = 8 };

struct made {
    struct plan plan;
    struct check checks[MADE_CHECKS_MAX];
    struct result *total, *second;
    struct judge *judge;
};

/* The plan with these checks (up to a NULL); total and second are empty. */
struct made *made_new(const char *const *checks);
void made_free(struct made *m);

/* Adds `count` operations that were answered after `ns` to total and second. `intended` chooses the segment. */
void made_answer(struct made *m, unsigned group, enum op_kind op, uint8_t qos, instant intended, int64_t ns,
                 uint64_t count);
/* Adds operations with another end. */
void made_end(struct made *m, unsigned group, enum op_kind op, uint8_t qos, instant intended, enum op_outcome outcome,
              uint64_t count);
void made_messages(struct made *m, unsigned group, uint8_t qos, instant at, enum tally_kind kind, uint64_t count);
void made_tally(struct made *m, unsigned group, instant at, enum tally_kind kind, uint64_t count);
/* Appends a gauge row: so many devices online in the two groups, the rest in back-off; then judges the second, and begins a new one. */
int made_second(struct made *m, instant at, uint32_t online0, uint32_t online1);
/* The verdict on check `index` as things stand. */
struct check_verdict made_verdict(struct made *m, unsigned index);
/* The series of the cell, in total. */
struct series *made_series(struct made *m, unsigned group, enum op_kind op, uint8_t qos, instant intended);

#endif
