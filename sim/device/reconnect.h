/* How long a device waits before it tries again. Pure; every draw is keyed by (device, attempt).
 *
 * With n failures in a row (0: the connection was lost and no attempt has been made since):
 *
 *   fixed         v = first
 *   quadratic     v = first · (n + 1)², at most max     what libmosquitto computes for "exponential"
 *   exponential   v = first · factor^⌊n / repeat⌋, at most max
 *   never         gives up at once
 *
 *   jitter none   v
 *   full          U(0, v)
 *   equal         v/2 + U(0, v/2)
 *   decorrelated  min(max, U(first, 3 · previous delay)), whatever the policy; the first time previous = first
 *   tenth         v − U(0, v/10)
 *
 * `max` 0 is no cap. With `at_once` the first attempt after a loss does not wait, and the rule counts from the failure of that attempt
 * (n − 1 for n). The first attempt after a loss waits U(0, spread) more. */
#ifndef MUSTER_DEVICE_RECONNECT_H
#define MUSTER_DEVICE_RECONNECT_H

#include <stdint.h>

#include "base/instant.h"
#include "device/profile.h"

/* What real client libraries do when nobody configures them, and the rules of the literature, by the names that scenarios use. */
struct reconnect_personality {
    const char *name, *rule;
    struct reconnect values;
    const char *evidence; /* where it was read, and what of it was not */
};
extern const struct reconnect_personality reconnect_personalities[]; /* ends with name NULL */
/* The row of that name; NULL when there is none. */
const struct reconnect_personality *reconnect_personality(const char *name);

/* The delay before the next attempt, INSTANT_NEVER when the device gives up. `failures`: attempts that failed in a
 * row; `attempt`: counts all attempts of the device's life, and keys the draws; *previous: the last delay since
 * the count was last set back, 0 for none; updated. */
span reconnect_delay(const struct reconnect *r, uint64_t seed, uint32_t device, uint32_t failures, uint64_t attempt,
                     span *previous);
/* Failures in a row after a connection that lasted `online` is lost again: 0 when that was long enough
 * (reset_after), else `failures`. */
uint32_t reconnect_failures_after(const struct reconnect *r, uint32_t failures, span online);

#endif
