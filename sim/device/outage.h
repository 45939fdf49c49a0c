/* Outages that happen by themselves: a process per scope alternates between up and down. The n-th time up and the n-th time down are a
 * pure function of seed, outage, scope's number and n, so all devices of a cell, region or backend see the same outage without knowing of
 * one another; a device's link is up while all processes of its scopes are (realism: cells lie in regions, devices in cells).
 *
 * Random: times up are exponential with mean `mttf`, times down drawn from `down`; the first time up begins at t = 0.
 * Planned: windows at the same time of each day or week of the simulated clock, of length `down`; a scope's windows begin later by a
 * time of its own, uniform over `stagger`. */
#ifndef MUSTER_DEVICE_OUTAGE_H
#define MUSTER_DEVICE_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dist.h"
#include "base/instant.h"

enum outage_scope { OUTAGE_DEVICE, OUTAGE_CELL, OUTAGE_REGION, OUTAGE_BACKEND, OUTAGE_SCOPES };
extern const char *const outage_scope_names[OUTAGE_SCOPES];

struct network;

enum { OUTAGES_MAX = 32 /* of one group of devices */ };

/* outages.* and networks.*.outages.* */
struct outage {
    const char *id;
    uint32_t stream;               /* draw_stream_named("outage", id) */
    const struct network *network; /* it hits devices on this one only; NULL: on any */
    enum outage_scope scope;
    uint8_t how;      /* enum link_down_how */
    struct dist up;   /* ns; DIST_EXP for random outages */
    struct dist down; /* ns */
    span every;       /* planned: the period, a day or a week; 0: random */
    span at, stagger; /* planned: past the beginning of the day (00:00 UTC) or of the week (Monday) */
};

/* Where one process stands for one scope. */
struct outage_cursor {
    instant edge; /* the next change; INSTANT_NEVER: there is none */
    uint32_t n;   /* of the time up or window that it ends, or that has ended */
    uint32_t down;
};
_Static_assert(sizeof(struct outage_cursor) == 16, "one per outage and device");

/* The process before t = 0: up, or in a planned window that began then. `scope`: number of the device, cell, region or backend. */
void outage_begin(const struct outage *o, uint64_t seed, uint32_t scope, int64_t epoch_unix_ms,
                  struct outage_cursor *c);
/* Passes the edge. */
void outage_pass(const struct outage *o, uint64_t seed, uint32_t scope, int64_t epoch_unix_ms, struct outage_cursor *c);
/* As it stands at `now`: begun, and every edge up to `now` passed. */
void outage_at(const struct outage *o, uint64_t seed, uint32_t scope, int64_t epoch_unix_ms, instant now,
               struct outage_cursor *c);

#endif
