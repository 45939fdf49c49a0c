/* Sockets of devices that vanished without a word: kept open, because the backend has not heard of it either. They go when the backend has
 * closed, when 1.5 × keep-alive has passed (its own time-out is over), or, oldest first and counted, when descriptors run short. */
#ifndef MUSTER_FLEET_GHOSTS_H
#define MUSTER_FLEET_GHOSTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "transport/transport.h"

struct ghost {
    struct connection *connection;
    instant until;
    uint16_t group;
};

/* A ring, oldest first. */
struct ghosts {
    struct ghost *ring;
    uint32_t first, count, room, sweep;
};

enum { GHOSTS_SWEEP = 256 }; /* looked at per sweep */

struct pool;
struct recorder;

/* Takes the connection over. False: out of memory; the caller closes it. */
bool ghosts_add(struct ghosts *g, struct connection *c, instant until, uint16_t group);
/* Closes those whose time is over or whose backend has closed. */
void ghosts_sweep(struct ghosts *g, struct pool *pool, instant now);
/* Resets up to `count` of the oldest for their descriptors. */
uint32_t ghosts_reset_oldest(struct ghosts *g, struct pool *pool, struct recorder *r, uint32_t count, instant now);
void ghosts_free(struct ghosts *g, struct pool *pool);

#endif
