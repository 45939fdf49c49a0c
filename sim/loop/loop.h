/* What a worker waits in: one thread's descriptors, deadlines and clock. The body is a table of functions, so that
 * nothing above can tell real time from simulated time.
 *
 * Only the thread that runs a loop may call it, except loop_wake. Handlers run one at a time, in this order per turn:
 * what the poll found ready, then the timers that are due, by (deadline, token), at most LOOP_TIMERS_PER_TURN before the next
 * poll. Handlers may call everything here except loop_run and loop_close. */
#ifndef MUSTER_LOOP_LOOP_H
#define MUSTER_LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "loop/timers.h"

enum { LOOP_READ = 1, LOOP_WRITE = 2 };
enum { LOOP_TIMERS_PER_TURN = 256 };

/* The loop's part of a connection: lies in the caller's memory, zeroed before its first use, must not move while watched. */
struct loop_io {
    uint64_t storage[6];
};
_Static_assert(sizeof(struct loop_io) == 48, "it is counted in the memory of a device");

struct loop_handlers {
    void *context; /* handed to each handler */
    /* `ready`: LOOP_READ and/or LOOP_WRITE; an error or hang-up shows as every event that is watched. */
    void (*io)(void *context, struct loop_io *io, unsigned ready);
    /* The token has no deadline any more when this is called; `deadline` is the one that passed. */
    void (*timer)(void *context, uint32_t token, instant deadline);
    /* Once or more after one or several loop_wake. NULL when nobody wakes. */
    void (*woken)(void *context);
};

struct loop;

struct loop_ops {
    /* Reads the clock, stores it as the loop's cached instant and returns it. */
    instant (*now)(struct loop *loop);
    /* Starts watching `fd` for `events` (not 0), or changes fd and events of an io that is watched already. */
    void (*watch)(struct loop *loop, struct loop_io *io, int fd, unsigned events);
    /* Stops; what the current poll found for `io` is not delivered any more. Before the descriptor is closed. No effect
     * on an io that is not watched. */
    void (*unwatch)(struct loop *loop, struct loop_io *io);
    /* From any thread, also before loop_run: `woken` will be called. Several may become one. */
    void (*wake)(struct loop *loop);
    /* Runs until the clock has reached `until` and no timer due by then is left, or until `stop`. */
    void (*run)(struct loop *loop, instant until);
    /* Ends the running loop_run after the current turn; without one, the next loop_run at once. */
    void (*stop)(struct loop *loop);
    /* Frees the loop; watched descriptors stay open. */
    void (*close)(struct loop *loop);
};

enum { LOOP_DESCRIPTORS_MAX = 4 };

/* Bodies embed this as their first member. Others read `timers` and call the functions below. */
struct loop {
    const struct loop_ops *ops;
    struct loop_handlers handlers;
    struct timers timers; /* set and read deadlines directly; only the loop pops them */
    instant now;          /* cached; refreshed before every handler call */
    int64_t origin_ns;    /* what the monotonic clock shows at instant 0 */
    bool stopping;
    uint8_t descriptor_count;
    int descriptors[LOOP_DESCRIPTORS_MAX]; /* the loop's own */
};

/* For bodies: fills the common part, makes timers for tokens 0 … tokens − 1. ERR_NO_MEMORY. */
int loop_init(struct loop *loop, const struct loop_ops *ops, const struct loop_handlers *handlers, uint32_t tokens);
/* For bodies: fires due timers, at most LOOP_TIMERS_PER_TURN and none after loop_stop. */
void loop_fire(struct loop *loop);

/* CLOCK_MONOTONIC in ns. */
int64_t loop_clock_monotonic(void);
/* Moves instant 0 to where the monotonic clock shows `monotonic_ns`. Without it, 0 is the loop's creation. */
void loop_set_origin(struct loop *loop, int64_t monotonic_ns);
/* Is `fd` one that the loop itself opened? For workers that close inherited descriptors. */
bool loop_owns_descriptor(const struct loop *loop, int fd);

/* The instant at which the running handler was called. */
static inline instant loop_now(const struct loop *loop) {
    return loop->now;
}
/* The instant right now, for after long work. */
static inline instant loop_refresh(struct loop *loop) {
    return loop->ops->now(loop);
}
static inline void loop_watch(struct loop *loop, struct loop_io *io, int fd, unsigned events) {
    loop->ops->watch(loop, io, fd, events);
}
static inline void loop_unwatch(struct loop *loop, struct loop_io *io) {
    loop->ops->unwatch(loop, io);
}
static inline void loop_wake(struct loop *loop) {
    loop->ops->wake(loop);
}
static inline void loop_run(struct loop *loop, instant until) {
    loop->ops->run(loop, until);
}
static inline void loop_stop(struct loop *loop) {
    loop->ops->stop(loop);
}
static inline void loop_close(struct loop *loop) {
    if (loop != NULL)
        loop->ops->close(loop);
}

#endif
