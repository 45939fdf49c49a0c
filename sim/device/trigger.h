/* Whether a sample is worth a message (fleets.*.telemetry.trigger): the first one is, and so is one that lies `change` or more from the last
 * reported value, on another side of `above` or `below` than that value, or `at_least` after the last report. Pure. */
#ifndef MUSTER_DEVICE_TRIGGER_H
#define MUSTER_DEVICE_TRIGGER_H

#include <stdbool.h>

#include "device/profile.h"

/* What was reported last: 16 bytes per stream, in groups with triggers only. */
struct trigger_state {
    double value;
    instant at; /* INSTANT_NEVER: nothing yet */
};

struct trigger_state trigger_begin(void);
/* Judges the sample `value` of instant `at`; a sample that is reported becomes the last one. A missing value (NaN) is reported only when the
 * time is up, and does not replace the last value. */
bool trigger_fires(const struct trigger *t, double value, instant at, struct trigger_state *state);

#endif
