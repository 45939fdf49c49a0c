/* The bridge from what a scenario says of a network to what transport/impair.h computes with. */
#ifndef MUSTER_DEVICE_LINK_H
#define MUSTER_DEVICE_LINK_H

#include "device/action.h"
#include "device/profile.h"
#include "transport/impair.h"

/* Of a network as it stands; NULL gives a link that delays nothing. Bursts need the device's own channel, which the caller adds (`bursts`). */
struct impair_params link_params(const struct network *n);
/* Of a network while `active` entries change it, in the order of their starts (action_active): the one that
 * started last wins. `base` NULL: a link that delays nothing, changed by the entries. */
struct impair_params link_params_with(const struct network *base, const struct action *const *active, unsigned count);

#endif
