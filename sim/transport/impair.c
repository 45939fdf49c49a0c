#include "transport/impair.h"

#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "base/err.h"

static const span retransmission_min = 200 * SPAN_MS;
static const span retransmission_max = 120 * SPAN_S; /* RFC 6298 section 2.5 allows a ceiling of a minute or more */
static const span syn_repeat = SPAN_S;               /* RFC 6298 section 2.1: the first wait, then doubled */

enum {
    MILLION = 1000000,
    REPEAT_BITS = 4,     /* loss draws of one unit: its number, then the repeat */
    DIRECTION_SHIFT = 40 /* keeps the draws of both directions apart */
};
_Static_assert(IMPAIR_REPEATS_MAX <= 1 << REPEAT_BITS, "each repeat has a draw of its own");
_Static_assert(IMPAIR_SYN_REPEATS_MAX + 1 < 1 << REPEAT_BITS, "each repeat has a draw of its own");

struct impair_block {
    struct impair_block *next;
    instant release, answered;
    uint16_t size, taken; /* bytes in all, bytes gone */
    uint8_t data[];
};

bool impair_is_clear(const struct impair_params *p) {
    bool in_time = dist_is_constant(&p->rtt) && p->rtt.a <= 0 && p->rtt_shift == 0;
    bool bursts = p->bursts != NULL && p->burst.kind != BURST_NONE;
    return in_time && !bursts && p->loss_ppm == 0 && p->up_bps == 0 && p->down_bps == 0 && p->duplicate_ppm == 0;
}

span impair_retransmission(const struct impair_params *p) {
    if (p->rtt_median > retransmission_max / 2)
        return retransmission_max;
    return instant_max(retransmission_min, 2 * p->rtt_median);
}

static span round_trip(const struct impair_params *p, struct impair_key key, enum draw_stream_id stream, uint64_t n) {
    const span longest = 2 * (span)UINT32_MAX * SPAN_US; /* half of it must fit half_us */
    uint64_t bits = dist_is_constant(&p->rtt) ? 0 : draw_u64(key.seed, key.device, draw_stream_key(stream), n);
    span rtt = instant_add(p->rtt_shift, dist_sample_span(&p->rtt, bits));
    if (p->rtt_max > 0)
        rtt = instant_min(rtt, p->rtt_max);
    return rtt < 0 ? 0 : instant_min(rtt, longest);
}

static bool is_lost(const struct impair_params *p, struct impair_key key, enum draw_stream_id stream, uint64_t n) {
    return p->loss_ppm > 0 &&
           draw_below(draw_u64(key.seed, key.device, draw_stream_key(stream), n), MILLION) < p->loss_ppm;
}

/* What is sent at different instants of the future by one channel. A channel that moves on with time is asked for them without being
 * moved beyond the present, where other packets will find it; one that moves with packets counts these like any other. */
struct channel {
    struct burst_state copy;
    struct burst_state *used; /* NULL: no bursts */
};

static struct channel channel_at(const struct impair_params *p) {
    struct channel c = {.used = p->burst.kind == BURST_NONE ? NULL : p->bursts};
    return c;
}

static bool in_burst(struct channel *c, const struct impair_params *p, struct impair_key key, instant at, bool first) {
    if (c->used == NULL)
        return false;
    if (!first && p->burst.kind == BURST_TIME && c->used != &c->copy) {
        c->copy = *c->used;
        c->used = &c->copy;
    }
    return burst_loses(&p->burst, c->used, key.seed, key.device, at);
}

span impair_connect_delay(const struct impair_params *p, struct impair_key key, uint64_t attempt, instant now) {
    uint64_t n = attempt << REPEAT_BITS;
    span delay = 0, wait = syn_repeat;
    struct channel c = channel_at(p);
    for (unsigned i = 1; i <= IMPAIR_SYN_REPEATS_MAX; i++) {
        bool burst = in_burst(&c, p, key, instant_add(now, delay), i == 1);
        if (!is_lost(p, key, DRAW_LINK_HANDSHAKE, n + i) && !burst)
            break;
        delay += wait;
        wait *= 2;
    }
    return delay + round_trip(p, key, DRAW_LINK_HANDSHAKE, n);
}

/* Half a round trip: what an uplink unit leaves over serves the next downlink unit, so that a request and its answer together
 * take exactly what was drawn. */
static span propagation(struct link_state *s, const struct impair_params *p, struct impair_key key,
                        enum impair_direction d, uint64_t n) {
    if (d == IMPAIR_DOWN && s->half_pending) {
        s->half_pending = false;
        return s->half_us * SPAN_US;
    }
    span rtt = round_trip(p, key, DRAW_LINK_RTT, n);
    span half = rtt / 2 / SPAN_US * SPAN_US;
    if (d == IMPAIR_DOWN)
        return half;
    s->half_us = (uint32_t)(half / SPAN_US);
    s->half_pending = true;
    return rtt - half;
}

static span stall(struct link_state *s, const struct impair_params *p, struct impair_key key, uint64_t n, instant now) {
    span total = 0, wait = impair_retransmission(p);
    struct channel c = channel_at(p);
    for (unsigned i = 0; i < IMPAIR_REPEATS_MAX; i++) {
        bool burst = in_burst(&c, p, key, instant_add(now, total), i == 0);
        if (!is_lost(p, key, DRAW_LINK_LOSS, n << REPEAT_BITS | i) && !burst)
            break;
        total += wait;
        wait = instant_min(2 * wait, retransmission_max);
        if (s->losses < UINT16_MAX)
            s->losses++;
    }
    return total;
}

static span transmission(const struct impair_params *p, enum impair_direction d, size_t size) {
    uint64_t bps = d == IMPAIR_UP ? p->up_bps : p->down_bps;
    return bps == 0 ? 0 : (span)(size * 8 * (uint64_t)SPAN_S / bps);
}

/* How long the device is silent after it has sent for that long. */
static span silence_after(const struct impair_params *p, enum impair_direction d, span sending) {
    if (d == IMPAIR_DOWN || p->duty_ppm == 0 || p->duty_ppm >= MILLION)
        return 0;
    return (span)((__int128)sending * (MILLION - p->duty_ppm) / p->duty_ppm);
}

instant impair_stream_release(struct link_state *s, const struct impair_params *p, struct impair_key key,
                              enum impair_direction d, size_t size, instant now) {
    CHECK(size <= IMPAIR_UNIT_MAX);
    uint64_t n = (uint64_t)d << DIRECTION_SHIFT | s->units[d]++;
    instant arrival = instant_add(now, propagation(s, p, key, d, n) + stall(s, p, key, n, now));
    span sending = transmission(p, d, size);
    instant release = instant_add(instant_max(s->release[d], arrival), sending);
    s->release[d] = instant_add(release, silence_after(p, d, sending));
    return release;
}

static struct impair_block *first_of(const struct link_state *s, enum impair_direction d) {
    return s->last[d] == NULL ? NULL : s->last[d]->next;
}

static size_t block_bytes(size_t size) {
    return sizeof(struct impair_block) + size;
}

static void give_chain(struct impair_block *b, struct pool *pool) {
    while (b != NULL) {
        struct impair_block *next = b->next;
        pool_give(pool, b, block_bytes(b->size));
        b = next;
    }
}

/* Copies `data` into a chain of blocks; *last is its last. NULL when the pool has no more. */
static struct impair_block *cut_into_blocks(struct bytes data, instant now, struct pool *pool,
                                            struct impair_block **last) {
    struct impair_block *first = NULL, **link = &first;
    for (size_t at = 0; at < data.size;) {
        size_t size = data.size - at < IMPAIR_UNIT_MAX ? data.size - at : IMPAIR_UNIT_MAX;
        struct impair_block *b = pool_take(pool, block_bytes(size));
        if (b == NULL) {
            give_chain(first, pool);
            return NULL;
        }
        *b = (struct impair_block){.answered = now, .size = (uint16_t)size};
        memcpy(b->data, data.data + at, size);
        *link = *last = b;
        link = &b->next;
        at += size;
    }
    return first;
}

int impair_stream_push(struct link_state *s, const struct impair_params *p, struct impair_key key,
                       enum impair_direction d, struct bytes data, instant now, struct pool *pool, instant *release) {
    instant out = now;
    if (data.size > impair_room(s, d))
        return ERR_TOO_BIG;
    if (data.size > 0) {
        struct impair_block *last = NULL, *first = cut_into_blocks(data, now, pool, &last);
        if (first == NULL)
            return ERR_NO_MEMORY;
        for (struct impair_block *b = first; b != NULL; b = b->next)
            out = b->release = impair_stream_release(s, p, key, d, b->size, now);
        if (s->held && impair_is_empty(s))
            s->stuck = now;
        last->next = s->last[d] == NULL ? first : s->last[d]->next;
        if (s->last[d] != NULL)
            s->last[d]->next = first;
        s->last[d] = last;
        s->queued[d] += (uint32_t)data.size;
    }
    if (release != NULL)
        *release = s->held ? INSTANT_NEVER : instant_max(out, now);
    return 0;
}

/* --- datagrams ------------------------------------------------------------------------------------------------------ */

/* In the order of arrival, behind those of the same instant. */
static void insert(struct link_state *s, enum impair_direction d, struct impair_block *b) {
    struct impair_block *last = s->last[d];
    s->queued[d] += b->size;
    if (last == NULL || last->release <= b->release) {
        b->next = last == NULL ? b : last->next;
        if (last != NULL)
            last->next = b;
        s->last[d] = b;
        return;
    }
    struct impair_block *before = last; /* whose next is the first */
    while (before->next->release <= b->release)
        before = before->next;
    b->next = before->next;
    before->next = b;
}

/* Half a round trip of its own: datagrams do not know which of them answers which. */
static int queue_copy(struct link_state *s, const struct impair_params *p, struct impair_key key,
                      enum impair_direction d, struct bytes data, instant now, struct pool *pool) {
    struct impair_block *b = pool_take(pool, block_bytes(data.size));
    if (b == NULL)
        return ERR_NO_MEMORY;
    uint64_t n = (uint64_t)d << DIRECTION_SHIFT | s->units[d]++;
    span sending = transmission(p, d, data.size);
    instant left = instant_add(instant_max(s->release[d], now), sending);
    s->release[d] = instant_add(left, silence_after(p, d, sending));
    *b = (struct impair_block){.release = instant_add(left, round_trip(p, key, DRAW_LINK_RTT, n) / 2),
                               .answered = now,
                               .size = (uint16_t)data.size};
    memcpy(b->data, data.data, data.size);
    insert(s, d, b);
    return 0;
}

int impair_datagram_push(struct link_state *s, const struct impair_params *p, struct impair_key key,
                         enum impair_direction d, struct bytes data, instant now, struct pool *pool, unsigned *copies) {
    *copies = 0;
    if (data.size == 0 || data.size > IMPAIR_UNIT_MAX || 2 * data.size > impair_room(s, d))
        return ERR_TOO_BIG;
    uint64_t n = ((uint64_t)d << DIRECTION_SHIFT | s->units[d]) << REPEAT_BITS;
    struct channel c = channel_at(p);
    bool burst = in_burst(&c, p, key, now, true);
    if (s->held || burst || is_lost(p, key, DRAW_LINK_LOSS, n)) {
        s->units[d]++;
        if (s->losses < UINT16_MAX)
            s->losses++;
        return 0;
    }
    uint64_t twice = draw_u64(key.seed, key.device, draw_stream_key(DRAW_LINK_DATAGRAM), n);
    unsigned wanted = p->duplicate_ppm > 0 && draw_below(twice, MILLION) < p->duplicate_ppm ? 2 : 1;
    while (*copies < wanted && queue_copy(s, p, key, d, data, now, pool) == 0)
        (*copies)++;
    return *copies > 0 ? 0 : ERR_NO_MEMORY;
}

static void drop_queued(struct link_state *s, struct pool *pool) {
    for (int d = 0; d < IMPAIR_DIRECTIONS; d++) {
        struct impair_block *first = first_of(s, (enum impair_direction)d);
        if (first != NULL) {
            s->last[d]->next = NULL; /* opens the ring */
            give_chain(first, pool);
        }
        s->last[d] = NULL;
        s->queued[d] = 0;
    }
}

void impair_datagram_hold(struct link_state *s, instant now, struct pool *pool) {
    drop_queued(s, pool);
    impair_hold(s, now);
}

/* --- both ----------------------------------------------------------------------------------------------------------- */

unsigned impair_take_losses(struct link_state *s) {
    unsigned losses = s->losses;
    s->losses = 0;
    return losses;
}

size_t impair_room(const struct link_state *s, enum impair_direction d) {
    return IMPAIR_QUEUE_MAX - s->queued[d];
}

bool impair_peek(const struct link_state *s, enum impair_direction d, struct impair_unit *out) {
    const struct impair_block *b = first_of(s, d);
    if (b == NULL || s->held)
        return false;
    *out = (struct impair_unit){.data = bytes_of(b->data + b->taken, (size_t)b->size - b->taken),
                                .release = b->release,
                                .answered = b->answered};
    return true;
}

void impair_pop(struct link_state *s, enum impair_direction d, size_t size, struct pool *pool) {
    struct impair_block *b = first_of(s, d);
    CHECK(b != NULL && size <= (size_t)(b->size - b->taken));
    b->taken = (uint16_t)(b->taken + size);
    s->queued[d] -= (uint32_t)size;
    if (b->taken < b->size)
        return;
    if (b == s->last[d])
        s->last[d] = NULL;
    else
        s->last[d]->next = b->next;
    pool_give(pool, b, block_bytes(b->size));
}

instant impair_next_release(const struct link_state *s) {
    instant next = INSTANT_NEVER;
    for (int d = 0; d < IMPAIR_DIRECTIONS && !s->held; d++)
        if (s->last[d] != NULL)
            next = instant_min(next, first_of(s, (enum impair_direction)d)->release);
    return next;
}

instant impair_release_of(const struct link_state *s, enum impair_direction d, instant pushed,
                          const struct impair_block **from) {
    const struct impair_block *b = *from != NULL ? *from : first_of(s, d);
    instant release = INSTANT_NEVER;
    while (b != NULL && !s->held && b->answered <= pushed) {
        if (b->answered == pushed)
            release = b->release;
        *from = b;
        b = b == s->last[d] ? NULL : b->next;
    }
    return release;
}

instant impair_stuck(const struct link_state *s) {
    const struct impair_block *b = first_of(s, IMPAIR_UP);
    return s->held && b != NULL ? instant_max(s->stuck, b->answered) : INSTANT_NEVER;
}

bool impair_is_empty(const struct link_state *s) {
    return s->last[IMPAIR_UP] == NULL && s->last[IMPAIR_DOWN] == NULL;
}

void impair_clear(struct link_state *s, struct pool *pool) {
    drop_queued(s, pool);
    s->release[IMPAIR_UP] = s->release[IMPAIR_DOWN] = 0;
    s->half_pending = false;
    s->stuck = INSTANT_NEVER;
}

void impair_hold(struct link_state *s, instant now) {
    if (s->held)
        return;
    s->held = true;
    s->stuck = impair_is_empty(s) ? INSTANT_NEVER : now;
}

/* What waits in one direction goes out from `from` on, no earlier than it would have without the outage. */
static void shift(struct link_state *s, const struct impair_params *p, enum impair_direction d, instant from) {
    struct impair_block *b = first_of(s, d);
    instant previous = from;
    while (b != NULL) {
        b->release = instant_max(b->release, instant_add(previous, transmission(p, d, (size_t)(b->size - b->taken))));
        previous = b->release;
        b = b == s->last[d] ? NULL : b->next;
    }
    if (s->last[d] != NULL)
        s->release[d] = previous;
}

void impair_resume(struct link_state *s, const struct impair_params *p, instant now) {
    if (!s->held)
        return;
    s->held = false;
    if (impair_is_empty(s))
        return;
    instant repeat = s->stuck;
    span wait = impair_retransmission(p);
    do {
        repeat = instant_add(repeat, wait);
        wait = instant_min(2 * wait, retransmission_max);
    } while (repeat < now);
    shift(s, p, IMPAIR_UP, repeat);
    shift(s, p, IMPAIR_DOWN, repeat);
    s->stuck = INSTANT_NEVER;
}
