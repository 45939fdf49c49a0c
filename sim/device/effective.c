#include "device/effective.h"

#include "device/link.h"

/* The active entries in the order in which they started for this device; `out` has VALUE_ACTIONS_MAX places. There are few
 * of them and rarely more than one is active, so a selection walk is enough. */
static unsigned active_in_order(const struct device_host *h, const struct device_slot *s, const struct action **out) {
    uint32_t left = s->life->values;
    unsigned count = 0;
    while (left != 0) {
        const struct action *earliest = NULL;
        instant earliest_start = INSTANT_NEVER;
        for (unsigned i = 0; i < h->action_count; i++) {
            const struct action *a = &h->actions[i];
            if (a->value_bit < 0 || (left >> a->value_bit & 1) == 0)
                continue;
            instant start = a->when ? a->index : action_start(a, h->seed, s->life->id);
            if (earliest == NULL || start < earliest_start) {
                earliest = a;
                earliest_start = start;
            }
        }
        if (earliest == NULL)
            break;
        out[count++] = earliest;
        left &= ~((uint32_t)1 << earliest->value_bit);
    }
    return count;
}

const struct profile *effective_profile_set(struct device_host *h, const struct device_slot *s) {
    const struct action *active[VALUE_ACTIONS_MAX];
    unsigned count = active_in_order(h, s, active);
    h->effective = *s->group->profile;
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; k < active[i]->setting_count; k++)
            setting_apply_profile(&active[i]->settings[k], &h->effective);
    return &h->effective;
}

const struct dist *effective_every(const struct device_host *h, const struct device_slot *s,
                                   const struct telemetry *t) {
    const struct dist *every = &t->every;
    if (s->life->values == 0)
        return every;
    const struct action *active[VALUE_ACTIONS_MAX];
    unsigned count = active_in_order(h, s, active);
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; k < active[i]->setting_count; k++)
            if (active[i]->settings[k].key == SET_EVERY)
                every = &active[i]->settings[k].dist;
    return every;
}

struct impair_params effective_link(const struct device_host *h, const struct device_slot *s) {
    const struct action *active[VALUE_ACTIONS_MAX];
    unsigned count = s->life->values == 0 ? 0 : active_in_order(h, s, active);
    const struct network *n = radio_network(s);
    struct impair_params p = count == 0 ? link_params(n) : link_params_with(n, active, count);
    p.bursts = s->radio == NULL ? NULL : &s->radio->burst;
    return p;
}
