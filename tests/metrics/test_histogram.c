#include "metrics/histogram.h"

#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "base/instant.h"
#include "harness.h"

static struct histogram h, other;

/* Known answers of HdrHistogram 2.1.11 (Java), new Histogram(1, 2^40 - 1, 2): lowest-, highest- and medianEquivalentValue. */
static void buckets_are_those_of_hdrhistogram(void) {
    static const struct {
        int64_t us, low, high, mid;
    } rows[] = {
        {0, 0, 0, 0},
        {1, 1, 1, 1},
        {127, 127, 127, 127},
        {128, 128, 128, 128},
        {255, 255, 255, 255},
        {256, 256, 257, 257},
        {257, 256, 257, 257},
        {511, 510, 511, 511},
        {512, 512, 515, 514},
        {1000, 1000, 1003, 1002},
        {1234, 1232, 1239, 1236},
        {99999, 99840, 100351, 100096},
        {100000, 99840, 100351, 100096},
        {1000000, 999424, 1003519, 1001472},
        {123456789, 123207680, 123731967, 123469824},
        {3600000000, 3590324224, 3607101439, 3598712832},
        {1099511627775, 1095216660480, 1099511627775, 1097364144128},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint16_t bucket = histogram_bucket(rows[i].us * SPAN_US);
        CU_ASSERT_EQUAL(histogram_bucket_low_us(bucket), rows[i].low);
        CU_ASSERT_EQUAL(histogram_bucket_high_us(bucket), rows[i].high);
        CU_ASSERT_EQUAL(histogram_bucket_mid_us(bucket), rows[i].mid);
    }
}

static void buckets_tile_the_whole_range(void) {
    unsigned wrong = 0;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint16_t bucket = (uint16_t)i;
        int64_t low = histogram_bucket_low_us(bucket), high = histogram_bucket_high_us(bucket);
        wrong += i > 0 && low != histogram_bucket_high_us((uint16_t)(i - 1)) + 1;
        wrong += histogram_bucket(low * SPAN_US) != i || histogram_bucket(high * SPAN_US) != i;
        wrong += (double)(high - low) > (double)low * 0.01; /* two significant digits */
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(histogram_bucket_high_us(HISTOGRAM_BUCKETS - 1), HISTOGRAM_HIGHEST_US);
}

static void durations_are_rounded_to_microseconds_and_limited(void) {
    CU_ASSERT_EQUAL(histogram_bucket(INT64_MIN), 0);
    CU_ASSERT_EQUAL(histogram_bucket(-1), 0);
    CU_ASSERT_EQUAL(histogram_bucket(499), 0);
    CU_ASSERT_EQUAL(histogram_bucket(500), 1);
    CU_ASSERT_EQUAL(histogram_bucket(1499), 1);
    CU_ASSERT_EQUAL(histogram_bucket(1500), 2);
    CU_ASSERT_EQUAL(histogram_bucket(13 * SPAN_DAY), HISTOGRAM_BUCKETS - 1);
    CU_ASSERT_EQUAL(histogram_bucket(INT64_MAX), HISTOGRAM_BUCKETS - 1);
}

/* The same 1000 values recorded by HdrHistogram 2.1.11, and its getValueAtPercentile. */
static void quantiles_are_those_of_hdrhistogram(void) {
    static const struct {
        double q;
        int64_t us;
    } rows[] = {
        {0, 6432},        {0.01, 57599},     {0.05, 268287}, {0.07, 354303},  {0.25, 1269759},
        {0.5, 2523135},   {0.75, 3719167},   {0.9, 4521983}, {0.95, 4784127}, {0.99, 4980735},
        {0.999, 5013503}, {0.9999, 5013503}, {1, 5013503},
    };
    histogram_reset(&h);
    for (int64_t i = 1; i <= 1000; i++)
        histogram_record(&h, i * i * 7919 % 5000011 * SPAN_US);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CU_ASSERT_EQUAL(histogram_quantile(&h, rows[i].q, false), rows[i].us * SPAN_US);
}

static void count_sum_minimum_and_maximum_are_exact(void) {
    histogram_reset(&h);
    CU_ASSERT_EQUAL(histogram_mean(&h), -1);
    histogram_record(&h, 1000001);
    histogram_record(&h, 999);
    histogram_record(&h, 123456789);
    CU_ASSERT_EQUAL(h.count, 3);
    CU_ASSERT_EQUAL(h.sum_ns, 124457789);
    CU_ASSERT_EQUAL(h.min_ns, 999);
    CU_ASSERT_EQUAL(h.max_ns, 123456789);
    CU_ASSERT_EQUAL(histogram_mean(&h), 41485929);
}

static void a_sum_saturates(void) {
    histogram_reset(&h);
    histogram_record(&h, INT64_MAX);
    histogram_record(&h, INT64_MAX);
    CU_ASSERT_EQUAL(h.sum_ns, INT64_MAX);
    CU_ASSERT_EQUAL(h.count, 2);
}

static void the_rank_is_the_ceiling_of_share_times_count(void) {
    unsigned wrong = 0;
    for (uint64_t n = 1; n <= 3000; n++) {
        memset(&h, 0, sizeof h);
        /* sample k in bucket k−1, many per bucket beyond: only ranks 1 … 100 are looked at */
        uint64_t single = n < 200 ? n : 200;
        for (uint64_t k = 0; k < single; k++)
            histogram_record_bucket(&h, (uint16_t)k, 1);
        histogram_record_bucket(&h, 4000, n - single);
        for (uint64_t thousandths = 1; thousandths <= 1000; thousandths += 7) {
            uint64_t rank = (thousandths * n + 999) / 1000;
            if (rank <= single)
                wrong += histogram_quantile(&h, (double)thousandths / 1000, false) != (int64_t)(rank - 1) * SPAN_US;
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void unanswered_operations_are_the_slowest(void) {
    histogram_reset(&h);
    for (int i = 0; i < 98; i++)
        histogram_record(&h, SPAN_MS);
    h.infinite = 2;
    CU_ASSERT_EQUAL(histogram_quantile(&h, 0.98, true), 1003 * SPAN_US);
    CU_ASSERT_EQUAL(histogram_quantile(&h, 0.981, true), INT64_MAX);
    CU_ASSERT_EQUAL(histogram_quantile(&h, 0.99, true), INT64_MAX);
    CU_ASSERT_EQUAL(histogram_quantile(&h, 0.99, false), 1003 * SPAN_US);
}

static void an_empty_histogram_has_no_quantile(void) {
    histogram_reset(&h);
    CU_ASSERT_EQUAL(histogram_quantile(&h, 0.5, true), -1);
    h.infinite = 1;
    CU_ASSERT_EQUAL(histogram_quantile(&h, 0.5, false), -1);
    CU_ASSERT_EQUAL(histogram_quantile(&h, 0.5, true), INT64_MAX);
}

static void samples_by_bucket_and_their_exact_parts_come_in_any_order(void) {
    histogram_reset(&h);
    histogram_record_bucket(&h, histogram_bucket(SPAN_MS), 3);
    histogram_add_exact(&h, 3, 3 * SPAN_MS, SPAN_MS - 1, SPAN_MS + 1);
    histogram_add_exact(&h, 0, 0, 0, INT64_MAX);
    CU_ASSERT_EQUAL(h.count, 3);
    CU_ASSERT_EQUAL(h.min_ns, SPAN_MS - 1);
    CU_ASSERT_EQUAL(h.max_ns, SPAN_MS + 1);
    CU_ASSERT_EQUAL(histogram_mean(&h), SPAN_MS);
}

/* Fills `into` with n samples that depend on the seed. */
static void fill(struct histogram *into, uint64_t seed, unsigned n) {
    histogram_reset(into);
    for (uint64_t i = 0; i < n; i++)
        histogram_record(into, (int64_t)draw_below(draw_u64(seed, 0, 0, i), (uint64_t)SPAN_H));
    into->infinite = seed;
}

static void adding_equals_recording_everything_in_one(void) {
    static struct histogram sum, parts;
    fill(&h, 1, 5000);
    fill(&other, 2, 3000);
    histogram_reset(&sum);
    histogram_add(&sum, &h);
    histogram_add(&sum, &other);
    histogram_reset(&parts);
    for (uint64_t seed = 1; seed <= 2; seed++)
        for (uint64_t i = 0; i < (seed == 1 ? 5000 : 3000); i++)
            histogram_record(&parts, (int64_t)draw_below(draw_u64(seed, 0, 0, i), (uint64_t)SPAN_H));
    parts.infinite = 3;
    CU_ASSERT_EQUAL(memcmp(&sum, &parts, sizeof sum), 0);
}

static void adding_an_empty_one_changes_nothing(void) {
    static struct histogram before;
    fill(&h, 1, 100);
    before = h;
    histogram_reset(&other);
    histogram_add(&h, &other);
    CU_ASSERT_EQUAL(memcmp(&h, &before, sizeof h), 0);
}

HARNESS_MAIN("metrics/histogram", HARNESS_CASE(buckets_are_those_of_hdrhistogram),
             HARNESS_CASE(buckets_tile_the_whole_range),
             HARNESS_CASE(durations_are_rounded_to_microseconds_and_limited),
             HARNESS_CASE(quantiles_are_those_of_hdrhistogram), HARNESS_CASE(count_sum_minimum_and_maximum_are_exact),
             HARNESS_CASE(a_sum_saturates), HARNESS_CASE(the_rank_is_the_ceiling_of_share_times_count),
             HARNESS_CASE(unanswered_operations_are_the_slowest), HARNESS_CASE(an_empty_histogram_has_no_quantile),
             HARNESS_CASE(samples_by_bucket_and_their_exact_parts_come_in_any_order),
             HARNESS_CASE(adding_equals_recording_everything_in_one), HARNESS_CASE(adding_an_empty_one_changes_nothing))
