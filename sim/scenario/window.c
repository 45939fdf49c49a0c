#include "scenario/window.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { WINDOW_SAMPLES = 20 };

/* The samples of one second, as few words as they need: most seconds of most calls touch few buckets. */
struct second {
    uint64_t part, whole, infinite, exact;
    int64_t sum_ns, min_ns, max_ns;
    uint32_t bucket_count, bucket_room;
    struct bucket {
        uint16_t bucket;
        uint32_t count;
    } * buckets;
};

struct window {
    const struct measure_scope *scope;
    uint64_t min_samples;
    unsigned length, next, filled; /* in seconds: of the window, place in the ring, seconds held */
    struct second *ring;
    struct histogram *sum, *now; /* timings only */
    uint64_t part, whole, samples;
    unsigned complete;
    struct measure_value largest, smallest;
};

static void *take(size_t count, size_t size) {
    void *block = calloc(count, size);
    CHECK(block != NULL);
    return block;
}

struct window *window_new(const struct measure_scope *scope, uint64_t min_samples) {
    struct window *w = take(1, sizeof *w);
    w->scope = scope;
    w->min_samples = min_samples > 0 ? min_samples : WINDOW_SAMPLES;
    w->length = (unsigned)(scope->call->over / scope->plan->interval);
    w->ring = take(w->length, sizeof *w->ring);
    if (measure_is_timing(scope->call)) {
        w->sum = take(1, sizeof *w->sum);
        w->now = take(1, sizeof *w->now);
    }
    return w;
}

void window_free(struct window *w) {
    if (w == NULL)
        return;
    for (unsigned i = 0; i < w->length; i++)
        free(w->ring[i].buckets);
    free(w->ring);
    free(w->sum);
    free(w->now);
    free(w);
}

/* --- seconds in and out --------------------------------------------------------------------------------------------- */

/* The whole is a number of devices, the same ones every second. */
static bool counts_devices(const struct window *w) {
    return w->scope->call->metric->of == METRIC_OF_DEVICES && !measure_is_gauge(w->scope->call);
}

static void forget(struct window *w, struct second *s) {
    w->part -= s->part;
    if (!counts_devices(w))
        w->whole -= s->whole;
    if (w->sum == NULL)
        return;
    w->sum->infinite -= s->infinite;
    w->sum->exact -= s->exact;
    for (uint32_t i = 0; i < s->bucket_count; i++) {
        w->sum->counts[s->buckets[i].bucket] -= s->buckets[i].count;
        w->sum->count -= s->buckets[i].count;
    }
}

static void keep_bucket(struct second *s, uint16_t bucket, uint64_t count) {
    if (s->bucket_count == s->bucket_room) {
        s->bucket_room = s->bucket_room == 0 ? 16 : 2 * s->bucket_room;
        s->buckets = realloc(s->buckets, s->bucket_room * sizeof *s->buckets);
        CHECK(s->buckets != NULL);
    }
    s->buckets[s->bucket_count++] = (struct bucket){bucket, (uint32_t)count};
}

static void keep_samples(struct window *w, struct second *s) {
    const struct histogram *h = w->now;
    s->infinite = h->infinite;
    s->exact = h->exact;
    s->sum_ns = h->sum_ns;
    s->min_ns = h->min_ns;
    s->max_ns = h->max_ns;
    w->sum->infinite += h->infinite;
    w->sum->exact += h->exact;
    for (unsigned b = 0; h->count > 0 && b < HISTOGRAM_BUCKETS; b++)
        if (h->counts[b] > 0) {
            keep_bucket(s, (uint16_t)b, h->counts[b]);
            w->sum->counts[b] += h->counts[b];
            w->sum->count += h->counts[b];
        }
}

static void measure_second(struct window *w, struct second *s, const struct result *second) {
    struct measure m = {.samples = w->now};
    s->bucket_count = 0;
    s->part = s->whole = 0;
    if (measure_is_gauge(w->scope->call)) {
        if (second->gauge_count > 0) {
            struct measure_devices d = measure_devices_of(w->scope, &second->gauges[second->gauge_count - 1]);
            s->part = d.in_state;
            s->whole = d.all;
        }
    } else {
        if (w->now != NULL)
            histogram_reset(w->now);
        measure_add(w->scope, second, &m);
        s->part = m.part;
        s->whole = m.whole;
        if (w->sum != NULL)
            keep_samples(w, s);
    }
    w->part += s->part;
    w->whole = counts_devices(w) ? s->whole : w->whole + s->whole;
    if (measure_is_gauge(w->scope->call))
        w->samples += s->whole > 0;
    else
        w->samples = counts_devices(w) ? s->whole : w->samples + s->whole;
}

/* --- the value of the window ---------------------------------------------------------------------------------------- */

/* Exact sum and extremes of the seconds held; the buckets only have bounds. */
static void set_exact(struct window *w) {
    uint64_t exact = w->sum->exact;
    w->sum->exact = 0;
    w->sum->sum_ns = 0;
    for (unsigned i = 0; i < w->length; i++) {
        const struct second *s = &w->ring[i];
        histogram_add_exact(w->sum, s->exact, s->sum_ns, s->min_ns, s->max_ns);
    }
    CHECK(w->sum->exact == exact);
}

static struct measure_value gauge_number(const struct window *w, uint64_t part, uint64_t whole) {
    return w->scope->call->as_share ? measure_share(part, whole) : measure_number((double)part);
}

static struct measure_value gauge_value(const struct window *w) {
    enum metric_function f = w->scope->call->function;
    if (f == METRIC_MEAN && w->scope->call->as_share)
        return measure_share(w->part, w->whole);
    if (f == METRIC_MEAN)
        return measure_number((double)w->part / w->length);
    struct measure_value worst = {.known = false};
    for (unsigned i = 0; i < w->length; i++) {
        struct measure_value v = gauge_number(w, w->ring[i].part, w->ring[i].whole);
        int order = worst.known && v.known ? measure_compare(&v, &worst) : 0;
        if (!worst.known || (f == METRIC_MIN ? order < 0 : order > 0))
            worst = v;
    }
    return worst;
}

static bool enough(const struct window *w) {
    switch (w->scope->call->function) {
    case METRIC_P:
    case METRIC_MIN:
    case METRIC_MEAN:
    case METRIC_MAX:
    case METRIC_RATIO:
        return measure_is_gauge(w->scope->call) || w->whole >= w->min_samples;
    default:
        return true;
    }
}

static struct measure_value value_of(struct window *w) {
    if (measure_is_gauge(w->scope->call))
        return gauge_value(w);
    if (w->sum != NULL)
        set_exact(w);
    struct measure m = {.part = w->part, .whole = w->whole, .samples = w->sum};
    return measure_value_of(w->scope->call, &m, w->scope->call->over);
}

/* Does the second that ended at `at` lie in the scope? Seconds end a little late. */
static bool in_scope(const struct window *w, instant at) {
    instant to = instant_min(w->scope->to, w->scope->plan->duration);
    span interval = w->scope->plan->interval;
    return at - interval >= instant_max(w->scope->from, 0) - interval / 2 && at <= to + interval / 2;
}

void window_push(struct window *w, instant at, const struct result *second) {
    if (!in_scope(w, at))
        return;
    struct second *s = &w->ring[w->next];
    if (w->filled == w->length)
        forget(w, s);
    else
        w->filled++;
    w->next = (w->next + 1) % w->length;
    measure_second(w, s, second);
    if (w->filled < w->length)
        return;
    w->complete++;
    if (!enough(w))
        return;
    struct measure_value v = value_of(w);
    if (!v.known)
        return;
    if (!w->largest.known || measure_compare(&v, &w->largest) > 0)
        w->largest = v;
    if (!w->smallest.known || measure_compare(&v, &w->smallest) < 0)
        w->smallest = v;
}

struct measure_value window_largest(const struct window *w) {
    return w->largest;
}

struct measure_value window_smallest(const struct window *w) {
    return w->smallest;
}

uint64_t window_samples(const struct window *w) {
    return w->samples;
}

unsigned window_complete(const struct window *w) {
    return w->complete;
}
