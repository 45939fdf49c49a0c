#include "device/outage.h"

#include "base/draw.h"

const char *const outage_scope_names[OUTAGE_SCOPES] = {"device", "cell", "region", "backend"};

/* Day 0 of Unix time was a Thursday: the third day of a week that begins on Monday. */
static const span week = 7 * SPAN_DAY, thursday = 3 * SPAN_DAY;

static span positive(const struct dist *d, uint64_t bits) {
    span s = dist_sample_span(d, bits);
    return s > 0 ? s : 1;
}

static uint64_t draw_half(const struct outage *o, uint64_t seed, uint32_t scope, uint64_t n, unsigned half) {
    struct draw128 block = draw_block(seed, scope, o->stream, n);
    return (uint64_t)block.word[2 * half + 1] << 32 | block.word[2 * half];
}

/* When planned window n begins; n counts from the last one that began before t = 0. */
static instant window(const struct outage *o, uint64_t seed, uint32_t scope, int64_t epoch_unix_ms, uint32_t n) {
    __int128 clock = (__int128)epoch_unix_ms * SPAN_MS + (o->every == week ? thursday : 0);
    span past = (span)(clock % o->every);
    span place = o->stagger > 0 ? (span)draw_below(draw_half(o, seed, scope, 0, 0), (uint64_t)o->stagger) : 0;
    span offset = (o->at + place - (past < 0 ? past + o->every : past)) % o->every;
    instant last = offset > 0 ? offset - o->every : offset; /* in (−every, 0] */
    return instant_add(last, (span)n * o->every);
}

void outage_begin(const struct outage *o, uint64_t seed, uint32_t scope, int64_t epoch_unix_ms,
                  struct outage_cursor *c) {
    *c = (struct outage_cursor){0};
    c->edge =
        o->every > 0 ? window(o, seed, scope, epoch_unix_ms, 0) : positive(&o->up, draw_half(o, seed, scope, 0, 0));
}

void outage_pass(const struct outage *o, uint64_t seed, uint32_t scope, int64_t epoch_unix_ms,
                 struct outage_cursor *c) {
    bool planned = o->every > 0;
    c->down = !c->down;
    if (c->down != 0) {
        c->edge = instant_add(c->edge, positive(&o->down, draw_half(o, seed, scope, planned ? c->n + 1ULL : c->n, 1)));
        return;
    }
    c->n++;
    if (planned) /* a window that lasts into the next one is one */
        c->edge = instant_max(c->edge + 1, window(o, seed, scope, epoch_unix_ms, c->n));
    else
        c->edge = instant_add(c->edge, positive(&o->up, draw_half(o, seed, scope, c->n, 0)));
}

void outage_at(const struct outage *o, uint64_t seed, uint32_t scope, int64_t epoch_unix_ms, instant now,
               struct outage_cursor *c) {
    outage_begin(o, seed, scope, epoch_unix_ms, c);
    while (c->edge <= now)
        outage_pass(o, seed, scope, epoch_unix_ms, c);
}
