/* Pass 5: what a plan needs of the machine, and what is not there. */
#ifndef MUSTER_SCENARIO_PLAN_RESOURCES_H
#define MUSTER_SCENARIO_PLAN_RESOURCES_H

#include "scenario/plan_build.h"

/* Of an idle device without a modelled link, program and kernel together: measured. */
enum { PLAN_RESOURCES_DEVICE_BYTES = 5012 };

struct plan_resources {
    uint64_t connections;      /* devices that the timeline ever connects */
    uint64_t ghosts;           /* sockets that silent cuts leave behind at the same time */
    uint64_t descriptors;      /* of the process, workers' tables together */
    uint32_t source_addresses; /* per node, the most of any node */
    uint64_t memory_bytes;     /* estimate of the process at its peak */
    uint64_t kernel_bytes;     /* of sockets, both ends when the backend is local */
    uint64_t peer_bytes;       /* of a local backend */
    bool local;                /* a target is on this machine */
};

/* From the plan alone. */
struct plan_resources plan_resources_of(const struct plan *p);
/* Devices that the timeline ever connects to that target; NULL: to any. */
uint64_t plan_resources_connections(const struct plan *p, const struct target *t);
/* Adds findings where this machine has less (scenario/requirement.h). */
void plan_resources_check(const struct plan_build *b);

#endif
