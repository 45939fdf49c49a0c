/* How wrong a device's clock is. Crystals run off by some parts per million, each by its own (N(0, 20 ppm): A; 20 ppm are 1.7 s a day),
 * until the clock is set right; entries of the timeline (clock_skew) put it wrong for a while; without a battery it begins in 1970 and
 * knows better only once the device was connected. The error is a pure function of plan, seed, device and instant. */
#ifndef MUSTER_DEVICE_CLOCK_H
#define MUSTER_DEVICE_CLOCK_H

#include "device/action.h"

/* Whose clock. */
struct clock_view {
    const struct clock_model *model; /* NULL: it is right */
    const struct action *actions;    /* the timeline's */
    unsigned action_count;
    uint32_t device;
};

/* What the clock shows more than the true one at `at`, once it was set. */
span clock_error(const struct clock_view *c, uint64_t seed, instant at);
/* The Unix time that it shows at `at`, in ms, if the true one is `unix_ms`. `connects`: accepted connections so far. */
int64_t clock_shows(const struct clock_view *c, uint64_t seed, int64_t unix_ms, instant at, uint32_t connects);

#endif
