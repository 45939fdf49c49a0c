/* What one device is meant to do, in order: its entries of the timeline and its open schedules. The same functions that drive the device
 * in a run give the same instants, values and decisions here, so that `plan --device N` can be held against a run.
 *
 * Not known before the run, and left out: reactions (reconnects, `when` entries, closed pacing, schedules that restart on connect).
 * Entries with `state` or `where` are listed as intended; values that they would set are not followed. */
#ifndef MUSTER_SCENARIO_PLAN_WALK_H
#define MUSTER_SCENARIO_PLAN_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "scenario/plan.h"

enum plan_walk_kind { PLAN_WALK_ENTRY, PLAN_WALK_END, PLAN_WALK_MESSAGE }; /* an entry begins, an entry is undone, … */

struct plan_walk_step {
    enum plan_walk_kind kind;
    instant at;
    const struct action *entry; /* that begins or ends, or the burst that a message belongs to */
    unsigned stream;            /* of a message: number of the telemetry stream; 255: of a burst */
    uint64_t n;                 /* of a message: number in its stream, from 1 */
    uint32_t sequence;          /* of a message: ${msg.seq} when nothing but the plan sends */
    const double *values;       /* of a message: its signals; valid until the next step */
    bool decides;               /* counts in decisions_hash */
    uint64_t decision;          /* its part of decisions_hash */
};

struct plan_walk;

/* `signals`: follow the signals' values; without them decisions are those of fleets that have none. */
struct plan_walk *plan_walk_new(const struct plan *p, uint32_t device, bool signals);
void plan_walk_free(struct plan_walk *w);
/* The next step before `duration`; false at the end. */
bool plan_walk_next(struct plan_walk *w, struct plan_walk_step *step);

/* Sum of the decisions of one device: its part of decisions_hash. */
uint64_t plan_walk_decisions(const struct plan *p, uint32_t device);
/* Does the device do something that is not known before the run, so that message numbers may differ? */
bool plan_walk_reacts(const struct plan *p, uint32_t device);

#endif
