/* Values of signals (struct signal, device/profile.h): what a device would measure. 8 bytes of state per signal
 * and device; every draw is keyed by n, the number of the message that carries the value.
 *
 *   constant         start
 *   walk             start, then ± U(0, step) per message, reflected into [min, max]
 *   sine             mean + amplitude · sin(2π · (simulated clock / period + phase)); nothing is kept
 *   uniform, normal  drawn anew per message; normal is cut to [min, max]
 *   counter          start, then + step per message; with max > 0 it rolls over to 0 when it would reach max
 *   choice           index of the word, drawn anew per message */
#ifndef MUSTER_DEVICE_SIGNAL_H
#define MUSTER_DEVICE_SIGNAL_H

#include <stdint.h>

#include "base/instant.h"
#include "device/profile.h"

/* The state before the first message. */
double signal_begin(const struct signal *s);
/* The value for message n; moves *state on. `clock`: simulated clock (ns since the Unix epoch) at the message's
 * intended instant. */
double signal_advance(const struct signal *s, uint64_t seed, uint32_t device, uint64_t n, int64_t clock, double *state);

#endif
