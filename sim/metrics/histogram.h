/* Counts of durations by size: the bucket scheme of HdrHistogram (Tene) for whole microseconds from 0 to 2^40 − 1 (12.7
 * days) with two significant digits, so that our logs can be read by its libraries. Longer ones count in the last bucket.
 *
 * Buckets: 256 of 1 us, then 128 for each doubling. Count, sum, minimum and maximum are exact. Zeroed memory is an empty
 * histogram. 34 KiB each. */
#ifndef MUSTER_METRICS_HISTOGRAM_H
#define MUSTER_METRICS_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

enum {
    HISTOGRAM_SUB_BUCKETS = 256, /* of the first bucket: the least power of two ≥ 2 · 10^2 */
    HISTOGRAM_SUB_HALF = HISTOGRAM_SUB_BUCKETS / 2,
    HISTOGRAM_VALUE_BITS = 40,
    HISTOGRAM_BUCKETS = (HISTOGRAM_VALUE_BITS - 7 + 1) * HISTOGRAM_SUB_HALF,
};
_Static_assert(HISTOGRAM_BUCKETS == 4352, "readers of logs compute the same number from limits and digits");
#define HISTOGRAM_HIGHEST_US ((INT64_C(1) << HISTOGRAM_VALUE_BITS) - 1)

struct histogram {
    uint64_t count;    /* sum of counts */
    uint64_t infinite; /* operations that never got an answer; in no bucket */
    uint64_t exact;    /* samples that sum, min and max cover; 0: those mean nothing */
    int64_t sum_ns;    /* saturates */
    int64_t min_ns, max_ns;
    uint64_t counts[HISTOGRAM_BUCKETS];
};

/* The bucket of a duration rounded to microseconds; negative ones count as 0. */
uint16_t histogram_bucket(int64_t ns);
int64_t histogram_bucket_low_us(uint16_t bucket);  /* the least value of a bucket */
int64_t histogram_bucket_high_us(uint16_t bucket); /* the greatest */
int64_t histogram_bucket_mid_us(uint16_t bucket);

void histogram_reset(struct histogram *h);
void histogram_record(struct histogram *h, int64_t ns);
/* Adds `count` samples to a bucket; the caller tells their sum, minimum and maximum through histogram_add_exact. */
void histogram_record_bucket(struct histogram *h, uint16_t bucket, uint64_t count);
/* Takes in the exact sum, minimum and maximum of `samples` samples. No effect with 0 samples. */
void histogram_add_exact(struct histogram *h, uint64_t samples, int64_t sum_ns, int64_t min_ns, int64_t max_ns);
void histogram_add(struct histogram *into, const struct histogram *from);

/* The greatest value of the bucket in which the sample of rank ceil(q · n) lies, in ns, for 0 < q ≤ 1; for q = 0 the
 * least value of the first; as HdrHistogram has it. n includes the infinite ones on request, and INT64_MAX is the answer
 * when the rank falls among them. −1 when n is 0. */
int64_t histogram_quantile(const struct histogram *h, double q, bool include_infinite);
/* sum / samples, rounded down; −1 without samples. */
int64_t histogram_mean(const struct histogram *h);

#endif
