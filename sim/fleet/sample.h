/* The sample of a run: the devices whose state changes and packets are noted, since those of all would be too many. A device's
 * place is a keyed draw; the sample are those with the smallest, the same for any number of workers and shards. */
#ifndef MUSTER_FLEET_SAMPLE_H
#define MUSTER_FLEET_SAMPLE_H

#include <stdint.h>

#include "scenario/plan.h"

enum { SAMPLE_DEVICES = 256 };

/* Devices whose place is below it are the sample: all of a small fleet, exactly SAMPLE_DEVICES of a larger one. */
uint64_t sample_below(const struct plan *p);
uint64_t sample_place(const struct plan *p, uint32_t device);

#endif
