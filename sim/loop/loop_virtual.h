/* Loops in simulated time: several that share one clock and one thread, and descriptors that exist in memory only.
 *
 * Time stands still while anybody has something to do, and then jumps to the earliest deadline of all loops. Nothing of it
 * depends on the machine: what is ready goes first, in the order in which it became ready; then the timers that are due, loop
 * by loop in the order in which they were made, by (deadline, token). So the same calls give the same calls, byte for byte. */
#ifndef MUSTER_LOOP_LOOP_VIRTUAL_H
#define MUSTER_LOOP_LOOP_VIRTUAL_H

#include <stdint.h>

#include "loop/loop.h"

struct loop_world;

/* A world without loops, at instant 0. ERR_NO_MEMORY. */
int loop_world_new(struct loop_world **out);
/* After all its loops were closed. NULL is ignored. */
void loop_world_free(struct loop_world *w);
instant loop_world_now(const struct loop_world *w);
/* Runs all loops until no deadline up to `until` is left and nobody is ready, or one of them is stopped. The clock then shows
 * `until`, unless it was stopped or `until` is INSTANT_NEVER. */
void loop_world_run(struct loop_world *w, instant until);

/* A loop of that world: `until` of loop_run and the cached instant are the world's, and loop_run runs them all. Not for other
 * threads, loop_wake included. loop_set_origin has no effect. ERR_NO_MEMORY. */
int loop_virtual_new(struct loop_world *w, const struct loop_handlers *handlers, uint32_t tokens, struct loop **out);

enum { LOOP_WORLD_DESCRIPTORS_MAX = 1 << 22 };

/* A descriptor of this world, for loop_watch, ready for nothing: a number ≥ 0. ERR_NO_MEMORY, ERR_TOO_BIG. */
int loop_world_open(struct loop_world *w);
/* Nobody watches it any more. */
void loop_world_close(struct loop_world *w, int fd);
/* From now on the descriptor is ready for `events` (LOOP_READ, LOOP_WRITE or both), and for others no longer; 0: for nothing.
 * Whoever watches it is told once in each turn for as long as that holds. */
void loop_world_ready(struct loop_world *w, int fd, unsigned events);

#endif
