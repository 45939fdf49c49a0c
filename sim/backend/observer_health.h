/* Was a thread itself too slow? It asks when it has something to do; the kernel knows how long it ran, and how long it wanted to. */
#ifndef MUSTER_BACKEND_OBSERVER_HEALTH_H
#define MUSTER_BACKEND_OBSERVER_HEALTH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/instant.h"

#define OBSERVER_HEALTH_PAUSE    (20 * SPAN_MS)  /* since it last had something to do: worth asking why */
#define OBSERVER_HEALTH_INTERVAL (100 * SPAN_MS) /* asked at least that often while it is busy */
#define OBSERVER_HEALTH_WAITED   (10 * SPAN_MS)  /* waiting for a processor for longer than that is a stall */
#define OBSERVER_HEALTH_WINDOW   (1000 * SPAN_MS)
#define OBSERVER_HEALTH_BUSY     0.9 /* share of a window that it ran or waited: it cannot keep up */

/* Running and waiting time of a thread so far, as /proc/…/schedstat has them. */
struct observer_health_times {
    int64_t ran_ns, waited_ns;
};

struct observer_health {
    pid_t thread; /* that `fd` belongs to; 0: none yet */
    int fd;       /* −1: the system does not say how long threads wait */
    bool begun;
    int64_t last_ns, read_ns, window_ns; /* last call, last look, start of the window */
    struct observer_health_times read, window;
};

void observer_health_init(struct observer_health *h);
void observer_health_free(struct observer_health *h);
/* The calling thread has something to do now. True: it was stalled in [*from_ns, now_ns]. */
bool observer_health_look(struct observer_health *h, int64_t now_ns, int64_t *from_ns);
/* The rule alone: are the times needed now, and what do they say? For tests. */
bool observer_health_due(const struct observer_health *h, int64_t now_ns);
bool observer_health_judge(struct observer_health *h, int64_t now_ns, struct observer_health_times now,
                           int64_t *from_ns);

#endif
