/* observe: who listens beside the fleet and audits what arrives (docs/semantics.md, "Messages"): which devices, through which filters,
 * with what credentials. */
#ifndef MUSTER_SCENARIO_PLAN_OBSERVE_H
#define MUSTER_SCENARIO_PLAN_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "scenario/plan_build.h"

enum {
    PLAN_OBSERVE_RATE_MAX = 20000,    /* messages per second that are audited unless the scenario names a share */
    PLAN_OBSERVE_FILTERS_MAX = 20000, /* of one observer: what a sample of devices may need */
    PLAN_OBSERVE_TOPICS_MAX = 64      /* under `topics` */
};

/* One client; there is one per target that audited devices have. */
struct plan_observer {
    const struct target *target;
    const char *const *filters; /* none overlaps another */
    unsigned filter_count;
};

struct plan_observe {
    struct plan_observer *observers;
    unsigned observer_count;
    const uint64_t *devices;      /* bit d: device d is audited */
    uint32_t audited, candidates; /* how many are, of those that could be */
    double rate;                  /* messages per second that the candidates mean to send, on average */
    bool by_rate;                 /* fewer than all because of PLAN_OBSERVE_RATE_MAX */
    uint8_t qos;                  /* asked for */
    enum mqtt_version version;
    const struct identity *identity; /* NULL: no credentials */
};

static inline bool plan_observe_has(const struct plan_observe *o, uint32_t device) {
    return o != NULL && (o->devices[device / 64] >> (device % 64) & 1) != 0;
}

/* The scenario asks for an audit. */
bool plan_observe_wanted(const struct node *root);
/* Whoever speaks MQTT beside the fleet: what `observe` says, or what the group speaks that it begins with. */
enum mqtt_version plan_observe_version(const struct plan_build *b, const struct fleet_group *first);
const struct identity *plan_observe_identity(const struct plan_build *b);
/* Fills plan->observe, and marks the streams that are observed; nothing without `observe`. Call when the run id is known. */
void plan_observe_make(const struct plan_build *b);

#endif
