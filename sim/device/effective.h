/* What `link` and `set` entries change while they last: the values that hold for one device now. The entry that started last
 * wins; entries with a condition count by their place in the file. */
#ifndef MUSTER_DEVICE_EFFECTIVE_H
#define MUSTER_DEVICE_EFFECTIVE_H

#include "device/device.h"

/* The group's own profile, or h->effective with the active settings applied. Valid until the next call with the same host. */
const struct profile *effective_profile_set(struct device_host *h, const struct device_slot *s);
static inline const struct profile *effective_profile(struct device_host *h, const struct device_slot *s) {
    return s->life->values == 0 ? s->group->profile : effective_profile_set(h, s);
}
/* The gap distribution of a telemetry stream; borrowed from the plan. */
const struct dist *effective_every(const struct device_host *h, const struct device_slot *s, const struct telemetry *t);
/* The modelled link as it stands for this device; clear when there is neither network nor entry. */
struct impair_params effective_link(const struct device_host *h, const struct device_slot *s);

#endif
