#include "metrics/histogram.h"

#include <string.h>

#include "base/check.h"
#include "base/instant.h"

enum { SUB_HALF_BITS = 7 };

uint16_t histogram_bucket(int64_t ns) {
    if (ns <= 0)
        return 0;
    uint64_t us = ((uint64_t)ns + SPAN_US / 2) / SPAN_US;
    if (us > HISTOGRAM_HIGHEST_US)
        us = HISTOGRAM_HIGHEST_US;
    /* how often the value must be halved to fit the 256 sub-buckets */
    unsigned halvings = 63 - (unsigned)__builtin_clzll(us | (HISTOGRAM_SUB_BUCKETS - 1)) - SUB_HALF_BITS;
    return (uint16_t)((halvings << SUB_HALF_BITS) + (unsigned)(us >> halvings));
}

/* Undoes histogram_bucket: the bucket's width in us and its least value. */
static int64_t width_us(uint16_t bucket) {
    return bucket < HISTOGRAM_SUB_BUCKETS ? 1 : INT64_C(1) << ((bucket >> SUB_HALF_BITS) - 1);
}

int64_t histogram_bucket_low_us(uint16_t bucket) {
    CHECK(bucket < HISTOGRAM_BUCKETS);
    if (bucket < HISTOGRAM_SUB_BUCKETS)
        return bucket;
    return (bucket % HISTOGRAM_SUB_HALF + HISTOGRAM_SUB_HALF) * width_us(bucket);
}

int64_t histogram_bucket_high_us(uint16_t bucket) {
    return histogram_bucket_low_us(bucket) + width_us(bucket) - 1;
}

int64_t histogram_bucket_mid_us(uint16_t bucket) {
    return histogram_bucket_low_us(bucket) + width_us(bucket) / 2;
}

void histogram_reset(struct histogram *h) {
    memset(h, 0, sizeof *h);
}

void histogram_record(struct histogram *h, int64_t ns) {
    histogram_record_bucket(h, histogram_bucket(ns), 1);
    histogram_add_exact(h, 1, ns, ns, ns);
}

void histogram_record_bucket(struct histogram *h, uint16_t bucket, uint64_t count) {
    CHECK(bucket < HISTOGRAM_BUCKETS);
    h->counts[bucket] += count;
    h->count += count;
}

static int64_t saturating_add(int64_t a, int64_t b) {
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

void histogram_add_exact(struct histogram *h, uint64_t samples, int64_t sum_ns, int64_t min_ns, int64_t max_ns) {
    if (samples == 0)
        return;
    if (h->exact == 0 || min_ns < h->min_ns)
        h->min_ns = min_ns;
    if (h->exact == 0 || max_ns > h->max_ns)
        h->max_ns = max_ns;
    h->sum_ns = saturating_add(h->sum_ns, sum_ns);
    h->exact += samples;
}

void histogram_add(struct histogram *into, const struct histogram *from) {
    histogram_add_exact(into, from->exact, from->sum_ns, from->min_ns, from->max_ns);
    into->infinite += from->infinite;
    if (from->count == 0)
        return;
    into->count += from->count;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->counts[i] += from->counts[i];
}

/* ceil(q · n), at least 1. q is a decimal fraction rounded to a double: without the small step down, 0.07 · 100 would be
 * above 7. */
static uint64_t rank_of(double q, uint64_t n) {
    double exact = q * (1 - 0x1p-51) * (double)n;
    uint64_t rank = (uint64_t)exact;
    if ((double)rank < exact)
        rank++;
    return rank < 1 ? 1 : rank > n ? n : rank;
}

int64_t histogram_quantile(const struct histogram *h, double q, bool include_infinite) {
    CHECK(q >= 0 && q <= 1);
    uint64_t n = h->count + (include_infinite ? h->infinite : 0);
    if (n == 0)
        return -1;
    uint64_t rank = rank_of(q, n);
    if (rank > h->count)
        return INT64_MAX;
    uint64_t seen = 0;
    uint16_t bucket = 0;
    while ((seen += h->counts[bucket]) < rank)
        bucket++;
    return SPAN_US * (q > 0 ? histogram_bucket_high_us(bucket) : histogram_bucket_low_us(bucket));
}

int64_t histogram_mean(const struct histogram *h) {
    return h->exact == 0 ? -1 : (int64_t)(h->sum_ns / (__int128)h->exact);
}
