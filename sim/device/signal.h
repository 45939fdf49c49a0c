/* Values of signals (struct signal, device/profile.h): what a device would measure. 8 bytes of state per signal
 * and device; every draw is keyed by n, the number of the sample: that of the message that carries the value, in fleets without triggers.
 *
 *   constant         start
 *   walk             start, then ± U(0, step) per message, reflected into [min, max]
 *   sine             mean + amplitude · sin(2π · (simulated clock / period + phase)); nothing is kept
 *   uniform, normal  drawn anew per message; normal is cut to [min, max]
 *   counter          start, then + step per message; with max > 0 it rolls over to 0 when it would reach max
 *   choice           index of the word, drawn anew per message
 *   the others       signal_model.h: they go on with time, not with messages */
#ifndef MUSTER_DEVICE_SIGNAL_H
#define MUSTER_DEVICE_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "device/profile.h"

/* What a sample may depend on. */
struct signal_sample {
    uint64_t seed;
    uint32_t device;
    uint64_t n;                  /* from 1 */
    int64_t clock;               /* simulated clock (ns since the Unix epoch) at the intended instant */
    int64_t begin;               /* what it showed at t = 0 */
    span since;                  /* since the last sample; negative: this is the first */
    const struct motion *motion; /* the device's, or NULL: it always moves */
};

/* The time since *sampled, which becomes `at`; −1 the first time, and when the group keeps none (NULL). */
span signal_since(instant *sampled, instant at);
/* The motion of the group's devices: that of the first stream that has one. */
const struct motion *signal_motion(const struct fleet_group *g);
/* Does the signal go on between samples, so that `since` matters? */
bool signal_evolves(const struct signal *s);
/* The state before the first sample. */
double signal_begin(const struct signal *s);
/* The value; moves *state on. NaN: no value this time. */
double signal_advance(const struct signal *s, const struct signal_sample *at, double *state);

#endif
