/* How large the logs of a run will be, from the plan alone, and how large they may get. */
#ifndef MUSTER_SCENARIO_PLAN_LOGS_H
#define MUSTER_SCENARIO_PLAN_LOGS_H

#include <stdint.h>

#include "scenario/node.h"
#include "scenario/plan.h"

/* Estimates in bytes, rather too high than too low. Captures are not in them: they have a cap of their own. */
struct plan_logs {
    uint64_t events;    /* events.ndjson, with all its parts */
    uint64_t series;    /* series.csv */
    uint64_t intervals; /* intervals.hlog */
    uint64_t total;
};

struct plan_logs plan_logs_of(const struct plan *p);
/* outputs.logs_max of a resolved tree: what all logs together may take. */
uint64_t plan_logs_cap(const struct node *root);

#endif
