/* How time passes for the control thread while it drives a run: beside worker threads in real time, or by running their loops itself in
 * simulated time. Control knows no other difference between the two. */
#ifndef MUSTER_FLEET_PACE_H
#define MUSTER_FLEET_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"

struct control;

struct pace_ops {
    /* Makes the workers ready to begin. All or none; ERR_IO. */
    int (*start)(struct control *c);
    /* Decides when t = 0 is (c->origin_ns, c->start_unix_ns); the workers wait for WORKER_RUN. */
    void (*choose_origin)(struct control *c);
    /* Lets the devices begin. */
    void (*begin)(struct control *c);
    instant (*now)(const struct control *c);
    /* Lets time pass until `at`, or less: whoever waits looks again. */
    void (*wait)(struct control *c, instant at);
    /* Ends the workers: what they measured last stands in worker.last. */
    void (*end)(struct control *c);
    /* ns since the epoch at `at`. */
    int64_t (*unix_ns)(const struct control *c, instant at);
    span collect_after; /* intervals are there so long after the instant at which workers swap them */
    bool measures_host; /* CPU and memory of this process say something about the run */
};

extern const struct pace_ops pace_real, pace_virtual;

#endif
