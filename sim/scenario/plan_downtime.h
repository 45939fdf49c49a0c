/* Outages as the plan has them: when which region, backend, cell or device will be cut off, before anything runs. The same functions that
 * cut a device's link in a run give the same instants here. Cells are those in which devices begin, and networks those of their fleets. */
#ifndef MUSTER_SCENARIO_PLAN_DOWNTIME_H
#define MUSTER_SCENARIO_PLAN_DOWNTIME_H

#include "scenario/plan.h"

/* One kind of outage over the run. */
struct plan_downtime {
    const struct outage *outage;
    uint32_t scopes;                /* devices, cells, regions or backends that it may hit */
    uint32_t scopes_hit;            /* those that it does hit before `duration` */
    uint64_t outages;               /* of all scopes */
    span down;                      /* of all scopes together, within the run */
    uint64_t device_seconds;        /* of all devices together */
    instant first_start, first_end; /* of the earliest; INSTANT_NEVER: there is none */
};

/* One outage of one scope. */
struct plan_downtime_stretch {
    const struct outage *outage;
    uint32_t scope;     /* number, as in outage.h */
    uint32_t devices;   /* that are in it */
    instant start, end; /* may lie beyond the run */
};

/* Every kind once, in the order of the scenario; the plan owns nothing of it: free(). *count: how many. */
struct plan_downtime *plan_downtime_of(const struct plan *p, unsigned *count);
/* Every outage of a scope but `device`, by kind, scope and time, as far as `room` goes; for pictures. Returns how many there are in all. */
size_t plan_downtime_stretches(const struct plan *p, struct plan_downtime_stretch *out, size_t room);
/* How many devices are in an outage of each scope, on average over each of `columns` columns of `width` from t = 0: adds to
 * curve[column * OUTAGE_SCOPES + scope]. */
void plan_downtime_curve(const struct plan *p, span width, unsigned columns, double *curve);

#endif
