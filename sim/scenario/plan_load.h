/* The load that a plan intends, over time: every device's schedule walked, up to a cap of work; beyond it a sample, scaled up. */
#ifndef MUSTER_SCENARIO_PLAN_LOAD_H
#define MUSTER_SCENARIO_PLAN_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "scenario/plan.h"

enum { PLAN_LOAD_BUCKETS_MAX = 100000, PLAN_LOAD_STEPS_MAX = 20000000 };

/* What is intended to begin in [i·width, (i + 1)·width). */
struct plan_load_bucket {
    double connects, messages; /* connects: those that the timeline asks for, not reconnects */
    double joined, left;       /* devices that begin and cease to want a connection */
};

struct plan_load {
    span width; /* of a bucket: 1 s, more for long runs */
    unsigned bucket_count;
    struct plan_load_bucket *buckets;
    double messages_total, bytes_total;
    double connections_peak, connects_per_s_peak, messages_per_s_peak;
    bool estimate; /* not every device was walked, or closed pacing had to be guessed */
};

/* Walks at most `steps_max` steps, 0: PLAN_LOAD_STEPS_MAX. Free with plan_load_free. */
void plan_load_of(const struct plan *p, uint64_t steps_max, struct plan_load *out);
void plan_load_free(struct plan_load *l);
/* Devices that want a connection at the end of bucket `i`. */
double plan_load_connected(const struct plan_load *l, unsigned i);

#endif
