/* The control thread's part of observing: opens the observers before t = 0, drains them, and holds what arrived against what the workers
 * report. Every function takes NULL for a run that nobody observes. */
#ifndef MUSTER_FLEET_OBSERVE_H
#define MUSTER_FLEET_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/observer.h"
#include "device/secret.h"
#include "fleet/run.h"
#include "metrics/audit.h"
#include "scenario/plan.h"

enum {
    OBSERVE_PATIENCE_MS = 15000, /* for the observers to be ready */
    OBSERVE_LISTENERS_MAX = 2
};

struct observe;

/* Who the observers of a plan are, for its secrets; NULL: it needs none, or they have no identity of their own. */
const struct identity *observe_identity(const struct plan *p);
/* Connects and subscribes one observer per target of audited or commanded devices, and waits until all are ready. *out NULL with 0: the
 * plan needs none. On failure a sentence in `why`: ERR_DENIED (the guard) · ERR_UNREACHABLE (the backend said no, or nothing in time) · ERR_CLOSED
 * (*signals counts one) · ERR_NOT_FOUND (a secret) · ERR_NO_MEMORY. `plan` and `secrets` are borrowed until observe_close. */
int observe_open(const struct plan *plan, unsigned shard, unsigned shards, const struct secret_table *secrets,
                 volatile const int *signals, struct observe **out, char *why, size_t why_size);
void observe_close(struct observe *o);

/* t = 0 on the monotonic clock; what arrived before is forgotten. Call it before the first observe_tick. */
void observe_begin(struct observe *o, int64_t origin_ns);
/* Takes in what arrived; calls `tell` with a sentence for each gap that begins or ends. Every 20 ms. */
void observe_tick(struct observe *o, void (*tell)(void *context, instant at, const char *text), void *context);
void observe_interval(struct observe *o, const struct interval *i);
/* The workers' intervals up to `at` are in: what the audit found since the last call, to be added to the result and given back with
 * observe_give_back. NULL: nobody observes. */
struct interval *observe_swap(struct observe *o, instant at);
void observe_give_back(struct observe *o, struct interval *i);
/* Something that was acknowledged may still arrive. */
bool observe_waits(const struct observe *o);
/* The devices are gone and all intervals are in: takes in the last arrivals and judges what is missing. */
void observe_finish(struct observe *o);
/* What the report needs to know; the gaps are copied and belong to `facts`. */
void observe_facts(const struct observe *o, struct run_audit *facts);
size_t observe_bytes(const struct observe *o); /* memory of the audit */
/* Answers, ends of publications, and gaps after t = 0 are told to `listener` as well, within observe_tick; borrowed. */
void observe_listen(struct observe *o, const struct observer_visitor *listener);
/* For a listener, while it is told something: the target whose observer has it. */
const struct target *observe_told_of(const struct observe *o);
/* The observer of a target, for publishing; NULL: it has none. */
struct observer *observe_of(struct observe *o, const struct target *target);

#endif
