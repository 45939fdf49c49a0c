#include "import/streams.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"

enum { BUCKETS = 65536 };

/* A segment that waits for what comes before it. */
struct held {
    struct held *next;
    uint32_t seq;
    size_t size, missing;
    int64_t unix_ns;
    uint8_t data[];
};

struct direction {
    bool known; /* `next` is */
    bool fin;
    uint32_t next;
    int64_t last_ns;
    struct held *held; /* by ascending distance from `next` */
    size_t held_bytes;
    unsigned held_count;
};

struct tracked {
    struct stream stream; /* first: the sink's pointer is ours */
    struct direction sides[2];
    uint32_t first_seq;
    bool over;    /* the sink was told its end: what still comes is let pass */
    bool closing; /* a FIN was seen: */
    unsigned closed_by;
    int64_t closed_ns, last_ns;
    struct tracked *in_bucket;
    struct tracked *older, *newer; /* by the last packet */
};

struct streams {
    const struct streams_sink *sink;
    struct tracked *buckets[BUCKETS];
    struct tracked *oldest, *newest;
    unsigned count;
    size_t held_bytes;
};

/* --- the table ------------------------------------------------------------------------------------------------------ */

static uint64_t hash_address(uint64_t hash, const struct address *a) {
    uint64_t words[2] = {0};
    if (a->any.sa_family == AF_INET6)
        memcpy(words, &a->v6.sin6_addr, sizeof words);
    else
        memcpy(words, &a->v4.sin_addr, sizeof a->v4.sin_addr);
    hash = hash_fold(hash_fold(hash, words[0]), words[1]);
    return hash_fold(hash, a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

/* The same for both directions. Where the table lies goes in, so that no file can aim at one bucket. */
static unsigned bucket_of(const struct streams *s, const struct address *a, const struct address *b) {
    uint64_t seed = (uint64_t)(uintptr_t)s;
    return (unsigned)((hash_address(seed, a) + hash_address(seed, b)) % BUCKETS);
}

static struct tracked *find(const struct streams *s, const struct address *from, const struct address *to,
                            unsigned *side) {
    for (struct tracked *t = s->buckets[bucket_of(s, from, to)]; t != NULL; t = t->in_bucket)
        for (unsigned i = 0; i < 2; i++)
            if (address_equal(&t->stream.ends[i], from) && address_equal(&t->stream.ends[1 - i], to)) {
                *side = i;
                return t;
            }
    return NULL;
}

static void unlist(struct streams *s, struct tracked *t) {
    if (t->older != NULL)
        t->older->newer = t->newer;
    else
        s->oldest = t->newer;
    if (t->newer != NULL)
        t->newer->older = t->older;
    else
        s->newest = t->older;
}

static void list_as_newest(struct streams *s, struct tracked *t) {
    t->older = s->newest;
    t->newer = NULL;
    *(s->newest != NULL ? &s->newest->newer : &s->oldest) = t;
    s->newest = t;
}

/* --- bytes in order --------------------------------------------------------------------------------------------------- */

static void deliver(struct streams *s, struct tracked *t, unsigned side, int64_t unix_ns, struct bytes data,
                    size_t missing) {
    struct direction *d = &t->sides[side];
    if (unix_ns < d->last_ns)
        unix_ns = d->last_ns;
    d->last_ns = unix_ns;
    d->next += (uint32_t)(data.size + missing);
    if (data.size > 0)
        s->sink->data(s->sink->context, &t->stream, side, unix_ns, data);
    if (missing > 0)
        s->sink->gap(s->sink->context, &t->stream, side, missing);
}

/* What of a segment lies behind `next`. */
static void deliver_rest(struct streams *s, struct tracked *t, unsigned side, int64_t unix_ns, uint32_t seq,
                         struct bytes data, size_t missing) {
    size_t known = (size_t)(t->sides[side].next - seq);
    if (known >= data.size + missing)
        return;
    if (known > data.size) {
        missing -= known - data.size;
        known = data.size;
    }
    if (known > 0)
        data = bytes_of(data.data + known, data.size - known);
    deliver(s, t, side, unix_ns, data, missing);
}

static void release_first(struct streams *s, struct direction *d) {
    struct held *first = d->held;
    d->held = first->next;
    d->held_bytes -= first->size;
    d->held_count--;
    s->held_bytes -= first->size;
    free(first);
}

/* Waiting segments whose turn has come. */
static void drain(struct streams *s, struct tracked *t, unsigned side) {
    struct direction *d = &t->sides[side];
    while (d->held != NULL && (int32_t)(d->held->seq - d->next) <= 0) {
        struct held *first = d->held;
        deliver_rest(s, t, side, first->unix_ns, first->seq, bytes_of(first->data, first->size), first->missing);
        release_first(s, d);
    }
}

/* What stands before the first waiting segment is not going to come. */
static void give_up_waiting(struct streams *s, struct tracked *t, unsigned side) {
    struct direction *d = &t->sides[side];
    uint32_t missing = d->held->seq - d->next;
    deliver(s, t, side, d->last_ns, bytes_of(NULL, 0), missing);
    drain(s, t, side);
}

static void hold(struct streams *s, struct tracked *t, unsigned side, int64_t unix_ns, uint32_t seq, struct bytes data,
                 size_t missing) {
    struct direction *d = &t->sides[side];
    struct held **place = &d->held;
    while (*place != NULL && (int32_t)((*place)->seq - seq) <= 0)
        place = &(*place)->next;
    struct held *one = malloc(sizeof *one + data.size);
    CHECK(one != NULL);
    *one = (struct held){.next = *place, .seq = seq, .size = data.size, .missing = missing, .unix_ns = unix_ns};
    if (data.size > 0)
        memcpy(one->data, data.data, data.size);
    *place = one;
    d->held_bytes += data.size;
    d->held_count++;
    s->held_bytes += data.size;
    while (d->held != NULL &&
           (d->held_bytes > STREAMS_HELD_MAX || d->held_count > STREAMS_HELD_COUNT || s->held_bytes > STREAMS_HELD_ALL))
        give_up_waiting(s, t, side);
}

static void take(struct streams *s, struct tracked *t, unsigned side, int64_t unix_ns,
                 const struct frame_segment *segment) {
    struct direction *d = &t->sides[side];
    uint32_t seq = segment->seq + ((segment->flags & FRAME_SYN) != 0);
    if (!d->known) {
        d->known = true;
        d->next = seq;
    }
    if (segment->payload.size + segment->missing == 0)
        return;
    int32_t ahead = (int32_t)(seq - d->next);
    if (ahead > STREAMS_AHEAD_MAX || segment->missing > STREAMS_AHEAD_MAX)
        return;
    if (ahead > 0) {
        hold(s, t, side, unix_ns, seq, segment->payload, segment->missing);
        return;
    }
    deliver_rest(s, t, side, unix_ns, seq, segment->payload, segment->missing);
    drain(s, t, side);
}

/* --- lives ---------------------------------------------------------------------------------------------------------- */

static void end(struct streams *s, struct tracked *t, int64_t unix_ns, enum streams_end how, unsigned side) {
    if (t->over)
        return;
    for (unsigned i = 0; i < 2; i++)
        while (t->sides[i].held != NULL)
            give_up_waiting(s, t, i);
    t->over = true;
    if (t->closing)
        s->sink->ended(s->sink->context, &t->stream, t->closed_ns, STREAMS_FIN, t->closed_by);
    else
        s->sink->ended(s->sink->context, &t->stream, unix_ns, how, side);
}

static void forget(struct streams *s, struct tracked *t) {
    end(s, t, t->last_ns, STREAMS_UNSEEN, 0);
    struct tracked **place = &s->buckets[bucket_of(s, &t->stream.ends[0], &t->stream.ends[1])];
    while (*place != t)
        place = &(*place)->in_bucket;
    *place = t->in_bucket;
    unlist(s, t);
    s->count--;
    free(t);
}

static struct tracked *track(struct streams *s, const struct address *first, const struct address *second,
                             int64_t unix_ns, bool from_start) {
    if (s->count == STREAMS_MAX)
        forget(s, s->oldest);
    struct tracked *t = calloc(1, sizeof *t);
    CHECK(t != NULL);
    t->stream = (struct stream){.ends = {*first, *second}, .from_start = from_start, .opened_ns = unix_ns};
    struct tracked **bucket = &s->buckets[bucket_of(s, first, second)];
    t->in_bucket = *bucket;
    *bucket = t;
    list_as_newest(s, t);
    s->count++;
    s->sink->opened(s->sink->context, &t->stream);
    return t;
}

static void touch(struct streams *s, struct tracked *t, int64_t unix_ns) {
    t->last_ns = unix_ns;
    unlist(s, t);
    list_as_newest(s, t);
}

/* The connection of a SYN: a new one, unless the SYN is sent again. */
static struct tracked *of_syn(struct streams *s, struct tracked *t, int64_t unix_ns, const struct frame_segment *g) {
    bool again = t != NULL && !t->over && t->stream.from_start && t->first_seq == g->seq && !t->sides[1].known;
    if (again)
        return t;
    if (t != NULL)
        forget(s, t);
    t = track(s, &g->from, &g->to, unix_ns, true);
    t->first_seq = g->seq;
    return t;
}

void streams_segment(struct streams *s, int64_t unix_ns, const struct frame_segment *segment) {
    const struct frame_segment *g = segment;
    unsigned side = 0;
    struct tracked *t = find(s, &g->from, &g->to, &side);
    bool syn = (g->flags & FRAME_SYN) != 0, ack = (g->flags & FRAME_ACK) != 0;
    if (syn && !ack) {
        t = of_syn(s, t, unix_ns, g);
        side = 0;
    } else if (t == NULL && syn) {
        t = track(s, &g->to, &g->from, unix_ns, true);
        side = 1;
    } else if (t == NULL && (g->payload.size > 0 || g->missing > 0)) {
        t = track(s, &g->from, &g->to, unix_ns, false);
    }
    if (t == NULL)
        return;
    touch(s, t, unix_ns);
    if (t->over)
        return;
    take(s, t, side, unix_ns, g);
    if ((g->flags & FRAME_RST) != 0) {
        end(s, t, unix_ns, STREAMS_RESET, side);
    } else if ((g->flags & FRAME_FIN) != 0) {
        t->sides[side].fin = true;
        if (!t->closing) {
            t->closing = true;
            t->closed_by = side;
            t->closed_ns = unix_ns;
        }
        if (t->sides[1 - side].fin)
            end(s, t, unix_ns, STREAMS_FIN, side);
    }
}

void streams_put(struct streams *s, int64_t unix_ns, const struct address *from, const struct address *to,
                 struct bytes data, bool first) {
    unsigned side = 0;
    struct tracked *t = find(s, from, to, &side);
    if (t != NULL && first)
        forget(s, t);
    if (t == NULL || first) {
        t = track(s, from, to, unix_ns, first);
        side = 0;
    }
    touch(s, t, unix_ns);
    if (!t->over)
        deliver(s, t, side, unix_ns, data, 0);
}

struct streams *streams_new(const struct streams_sink *sink) {
    struct streams *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    s->sink = sink;
    return s;
}

void streams_free(struct streams *s) {
    if (s == NULL)
        return;
    struct tracked *next;
    for (struct tracked *t = s->oldest; t != NULL; t = next) {
        next = t->newer;
        forget(s, t);
    }
    free(s);
}
