/* The modelled link of one device: delay, loss, rate and silence between its session and its transport
 * (docs/semantics.md, "Links").
 *
 * A unit is at most 1,400 bytes of a stream, on its way up (from the device) or down. A round-trip time is drawn
 * per uplink unit: half delays it, the other half the next downlink unit; a downlink unit that finds no such half
 * takes half of a draw of its own.
 *
 *   release = max(previous release of that direction, now + delay) + size / rate
 *
 * A unit of a stream that the network loses waits max(200 ms, 2 · median rtt), doubled per repeat, and what
 * follows waits behind it: on a stream, loss becomes time. Functions that keep order are called impair_stream_*.
 *
 * Those called impair_datagram_* are for single messages over the same state: each is delayed on its own and may overtake
 * those before it, what is lost is lost for good, and some arrive twice. A link carries one or the other, never both. */
#ifndef MUSTER_TRANSPORT_IMPAIR_H
#define MUSTER_TRANSPORT_IMPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/dist.h"
#include "base/instant.h"
#include "base/pool.h"
#include "transport/burst.h"

enum {
    IMPAIR_UNIT_MAX = 1400,     /* bytes of a stream that are delayed, and lost, together */
    IMPAIR_QUEUE_MAX = 1 << 20, /* bytes that one device may have on its way, per direction */
    IMPAIR_REPEATS_MAX = 16,    /* a unit gets through after that many losses: by then a stream timeout has fired */
    IMPAIR_SYN_REPEATS_MAX = 6
};

/* What the network does, as it is at the moment; shared by all devices of a group unless the timeline changes it
 * for some. */
struct impair_params {
    struct dist rtt;            /* ns; constant 0: none */
    span rtt_shift, rtt_max;    /* added to what is drawn; the sum is cut at rtt_max, 0: not at all */
    uint32_t loss_ppm;          /* of units, each direction, independent of one another */
    struct burst_params burst;  /* losses in bursts besides */
    struct burst_state *bursts; /* the device's own channel; NULL: there are no bursts */
    uint64_t up_bps, down_bps;  /* bit/s; 0: unlimited */
    uint32_t
        duty_ppm; /* share of time that the device may send; 0: all. After a transmission of t it is silent for t·(1/duty − 1) */
    uint32_t duplicate_ppm; /* of datagrams that arrive twice */
    span rtt_median;        /* the median of shift and rtt together */
};
/* Neither delay, loss nor rate: units may go straight to the transport while nothing is queued or held. */
bool impair_is_clear(const struct impair_params *p);
/* The wait before a lost unit is sent again for the first time: max(200 ms, 2 · median rtt). */
span impair_retransmission(const struct impair_params *p);

enum impair_direction { IMPAIR_UP, IMPAIR_DOWN, IMPAIR_DIRECTIONS };

struct impair_block; /* one queued unit, from the worker's pool */

/* One per device with a modelled link; zero is a fresh one. Members are private to impair.c. */
struct link_state {
    struct impair_block *last[IMPAIR_DIRECTIONS]; /* ring: the last unit's next is the first */
    instant release[IMPAIR_DIRECTIONS];           /* of the last unit */
    instant stuck;                                /* held: since when something waits, INSTANT_NEVER: nothing does */
    uint32_t queued[IMPAIR_DIRECTIONS];           /* bytes */
    uint32_t units[IMPAIR_DIRECTIONS];            /* counts units of the device's life: keys the draws */
    uint32_t half_us; /* the other half of the last uplink unit's round trip, in microseconds */
    uint16_t losses;  /* not taken yet */
    bool half_pending, held;
};
_Static_assert(sizeof(struct link_state) <= 64, "one cache line per impaired device");

/* Whose luck it is. */
struct impair_key {
    uint64_t seed;
    uint32_t device;
};

/* What connecting costs: one round trip, and 1, 3, 7 … s before it for a SYN that is lost once, twice, three times
 * …; `attempt` keys the draws. */
span impair_connect_delay(const struct impair_params *p, struct impair_key key, uint64_t attempt, instant now);

/* Computes the release of the next unit of that direction, and moves the state on; queues nothing. size ≤
 * IMPAIR_UNIT_MAX. */
instant impair_stream_release(struct link_state *s, const struct impair_params *p, struct impair_key key,
                              enum impair_direction d, size_t size, instant now);
/* Queues a copy of `data`, cut into units. `now`: when it was emitted (up) or answered (down). *release, which may
 * be NULL: when the last of it comes out; INSTANT_NEVER while held. All or nothing: ERR_TOO_BIG past
 * IMPAIR_QUEUE_MAX, ERR_NO_MEMORY. */
int impair_stream_push(struct link_state *s, const struct impair_params *p, struct impair_key key,
                       enum impair_direction d, struct bytes data, instant now, struct pool *pool, instant *release);

/* Queues a copy of one datagram by the instant of its arrival, which may be before that of earlier ones; of those that arrive at the same
 * instant the earlier one is first. *copies: how many of it will arrive, 0 (lost, or the link is held), 1 or 2 (each delayed on its
 * own). ERR_TOO_BIG past IMPAIR_UNIT_MAX or IMPAIR_QUEUE_MAX, ERR_NO_MEMORY: nothing is queued. */
int impair_datagram_push(struct link_state *s, const struct impair_params *p, struct impair_key key,
                         enum impair_direction d, struct bytes data, instant now, struct pool *pool, unsigned *copies);
/* A silent outage begins: unlike a stream, what is on its way is gone. */
void impair_datagram_hold(struct link_state *s, instant now, struct pool *pool);

/* How often the network lost a unit since the last call. */
unsigned impair_take_losses(struct link_state *s);
/* How many bytes impair_stream_push would still take. */
size_t impair_room(const struct link_state *s, enum impair_direction d);

struct impair_unit {
    struct bytes data; /* what is left of it; borrowed until pop, push or clear */
    instant release;
    instant answered; /* the `now` of its push */
};
/* The first unit of a direction, due or not; false when there is none or the link is held. */
bool impair_peek(const struct link_state *s, enum impair_direction d, struct impair_unit *out);
/* Takes `size` bytes off the first unit; it goes when all its bytes are gone. */
void impair_pop(struct link_state *s, enum impair_direction d, size_t size, struct pool *pool);
/* The earliest release of both directions; INSTANT_NEVER when nothing is queued or the link is held. */
instant impair_next_release(const struct link_state *s);
/* When the last unit that was pushed at `pushed` comes out; INSTANT_NEVER when none of it waits or the link is held. *from is where the
 * search begins, NULL at first, and where one for the same or a later instant goes on. */
instant impair_release_of(const struct link_state *s, enum impair_direction d, instant pushed,
                          const struct impair_block **from);
/* Held: since when the device's bytes have been waiting; INSTANT_NEVER: none are. */
instant impair_stuck(const struct link_state *s);
bool impair_is_empty(const struct link_state *s); /* nothing is queued in either direction */
/* The connection is gone: drops what is queued and begins a new order. Counters and a hold stay. */
void impair_clear(struct link_state *s, struct pool *pool);

/* A silent outage begins: nothing comes out, and what is pushed waits. */
void impair_hold(struct link_state *s, instant now);
/* It ends: what waits goes on, in order, at the sender's first retransmission at or after `now` (they come
 * impair_retransmission apart, doubling, at most 120 s). */
void impair_resume(struct link_state *s, const struct impair_params *p, instant now);

#endif
