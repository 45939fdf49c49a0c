#include "fleet/ghosts.h"

#include <stdlib.h>

#include "base/pool.h"
#include "metrics/recorder.h"

static void end(struct ghost *g, struct pool *pool) {
    transport_table[g->connection->kind]->close(g->connection, true);
    pool_give(pool, g->connection, sizeof *g->connection);
    g->connection = NULL;
}

static bool grow(struct ghosts *g) {
    uint32_t room = g->room == 0 ? 64 : g->room * 2;
    struct ghost *larger = malloc(room * sizeof *larger);
    if (larger == NULL)
        return false;
    for (uint32_t i = 0; i < g->count; i++)
        larger[i] = g->ring[(g->first + i) % g->room];
    free(g->ring);
    g->ring = larger;
    g->first = 0;
    g->room = room;
    return true;
}

bool ghosts_add(struct ghosts *g, struct connection *c, instant until, uint16_t group) {
    if (g->count == g->room && !grow(g))
        return false;
    c->flags |= CONNECTION_GHOST;
    c->device = UINT32_MAX;
    g->ring[(g->first + g->count++) % g->room] = (struct ghost){.connection = c, .until = until, .group = group};
    return true;
}

/* Nothing is read from a ghost. */
static bool backend_closed(const struct connection *c) {
    return transport_table[c->kind]->ended(c);
}

/* Ends of the ring that are empty places (ended out of order) are cut off. */
static void trim(struct ghosts *g) {
    while (g->count > 0 && g->ring[g->first].connection == NULL) {
        g->first = (g->first + 1) % g->room;
        g->count--;
    }
}

void ghosts_sweep(struct ghosts *g, struct pool *pool, instant now) {
    for (uint32_t looked = 0; looked < GHOSTS_SWEEP && g->count > 0 && looked < g->count; looked++) {
        g->sweep = (g->sweep + 1) % g->count;
        struct ghost *ghost = &g->ring[(g->first + g->sweep) % g->room];
        if (ghost->connection != NULL && (ghost->until <= now || backend_closed(ghost->connection)))
            end(ghost, pool);
    }
    trim(g);
}

uint32_t ghosts_reset_oldest(struct ghosts *g, struct pool *pool, struct recorder *r, uint32_t count, instant now) {
    uint32_t done = 0;
    while (done < count && g->count > 0) {
        struct ghost *ghost = &g->ring[g->first];
        if (ghost->connection != NULL) {
            recorder_tally(r, ghost->group, now, TALLY_GHOSTS_RESET, 1);
            end(ghost, pool);
            done++;
        }
        trim(g);
    }
    return done;
}

void ghosts_free(struct ghosts *g, struct pool *pool) {
    for (uint32_t i = 0; i < g->count; i++) {
        struct ghost *ghost = &g->ring[(g->first + i) % g->room];
        if (ghost->connection != NULL)
            end(ghost, pool);
    }
    free(g->ring);
    *g = (struct ghosts){0};
}
