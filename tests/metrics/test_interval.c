#include "metrics/interval.h"

#include "harness.h"

static const struct cell_key key = {.group = 1, .op = OP_MQTT_PUBLISH, .qos = 1};

static struct interval_clock *clock_of(struct interval *i) {
    return &interval_series_of(i, key)->clocks[CLOCK_RESPONSE];
}

static void samples_are_a_list_until_the_clock_is_busy(void) {
    struct interval *i = interval_new(2);
    for (int n = 0; n < RECORDER_LIST_MAX; n++)
        interval_sample(clock_of(i), n * SPAN_US);
    CU_ASSERT_FALSE(clock_of(i)->busy);
    interval_sample(clock_of(i), 5 * SPAN_US);
    CU_ASSERT_TRUE(clock_of(i)->busy);
    CU_ASSERT_EQUAL(clock_of(i)->count, RECORDER_LIST_MAX + 1);
    CU_ASSERT_EQUAL(clock_of(i)->counts[5], 2);
    uint64_t sum = 0;
    for (int b = 0; b < HISTOGRAM_BUCKETS; b++)
        sum += clock_of(i)->counts[b];
    CU_ASSERT_EQUAL(sum, RECORDER_LIST_MAX + 1);
    interval_free(i);
}

static void sum_least_and_greatest_are_exact(void) {
    struct interval *i = interval_new(2);
    interval_sample(clock_of(i), 1000001);
    interval_sample(clock_of(i), 3);
    interval_sample(clock_of(i), 777);
    CU_ASSERT_EQUAL(clock_of(i)->sum, 1000781);
    CU_ASSERT_EQUAL(clock_of(i)->min, 3);
    CU_ASSERT_EQUAL(clock_of(i)->max, 1000001);
    interval_free(i);
}

static void negative_samples_count_as_zero(void) {
    struct interval *i = interval_new(2);
    interval_sample(clock_of(i), -5);
    CU_ASSERT_EQUAL(clock_of(i)->min, 0);
    CU_ASSERT_EQUAL(clock_of(i)->sum, 0);
    CU_ASSERT_EQUAL(clock_of(i)->list[0], 0);
    interval_free(i);
}

static void a_cleared_interval_is_empty_whatever_came_before(void) {
    struct interval *i = interval_new(2);
    for (int n = 0; n < 2 * RECORDER_LIST_MAX; n++)
        interval_sample(clock_of(i), SPAN_MS);
    interval_series_of(i, key)->outcomes[OP_OK] = 3;
    interval_tally_of(i, 1, 0, 0)->counts[TALLY_SENT] = 9;
    interval_clear(i);
    CU_ASSERT_EQUAL(i->series_count, 0);
    CU_ASSERT_EQUAL(interval_series_of(i, key)->outcomes[OP_OK], 0);
    CU_ASSERT_EQUAL(clock_of(i)->count, 0);
    CU_ASSERT_FALSE(clock_of(i)->busy);
    CU_ASSERT_EQUAL(interval_tally_of(i, 1, 0, 0)->counts[TALLY_SENT], 0);
    for (int n = 0; n <= RECORDER_LIST_MAX; n++)
        interval_sample(clock_of(i), SPAN_S);
    CU_ASSERT_EQUAL(clock_of(i)->counts[histogram_bucket(SPAN_MS)], 0);
    CU_ASSERT_EQUAL(clock_of(i)->counts[histogram_bucket(SPAN_S)], RECORDER_LIST_MAX + 1);
    interval_free(i);
}

static void histograms_go_two_quiet_intervals_after_a_busy_one(void) {
    struct interval *i = interval_new(2);
    for (int n = 0; n < 2 * RECORDER_LIST_MAX; n++)
        interval_sample(clock_of(i), SPAN_MS);
    interval_clear(i);
    size_t after_busy = interval_bytes(i);
    interval_clear(i);
    size_t quiet = interval_bytes(i);
    CU_ASSERT_TRUE(after_busy - quiet >= HISTOGRAM_BUCKETS * sizeof(uint32_t));
    CU_ASSERT_TRUE(quiet < 4096);
    interval_free(i);
}

static void rows_of_one_interval_have_one_key_each(void) {
    struct interval *i = interval_new(300);
    for (uint16_t pass = 0; pass < 2; pass++)
        for (uint16_t g = 0; g < 300; g++) {
            struct cell_key k = {.group = g, .op = OP_MQTT_CONNECT};
            interval_series_of(i, k)->outcomes[OP_OK]++;
        }
    CU_ASSERT_EQUAL(i->series_count, 300);
    for (uint32_t s = 0; s < i->series_count; s++)
        CU_ASSERT_EQUAL(i->series[s].outcomes[OP_OK], 2);
    interval_free(i);
}

HARNESS_MAIN("metrics/interval", HARNESS_CASE(samples_are_a_list_until_the_clock_is_busy),
             HARNESS_CASE(sum_least_and_greatest_are_exact), HARNESS_CASE(negative_samples_count_as_zero),
             HARNESS_CASE(a_cleared_interval_is_empty_whatever_came_before),
             HARNESS_CASE(histograms_go_two_quiet_intervals_after_a_busy_one),
             HARNESS_CASE(rows_of_one_interval_have_one_key_each))
