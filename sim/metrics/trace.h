/* What a run in simulated time did, as one number: every step, with its instant, its device, what came in and what went out, goes into a
 * rolling hash. Two runs with the same hash made the same steps in the same order. */
#ifndef MUSTER_METRICS_TRACE_H
#define MUSTER_METRICS_TRACE_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"

struct trace {
    uint64_t hash;  /* 0 at first; the same on every machine */
    uint64_t steps; /* calls of the step function, for whoever calls it to count */
};

/* What a device's step left was carried out at `at`; it is in that state afterwards. */
void trace_step(struct trace *t, instant at, uint32_t device, uint8_t state);
/* It took or gave these bytes. */
void trace_bytes(struct trace *t, struct bytes data);

#endif
