#include "device/clock.h"

#include <math.h>
#include <stdlib.h>

#include "harness.h"

enum { SEED = 7 };

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double normal(double ppm) {
    return 0.5 * erfc(-ppm / 20 / sqrt(2));
}

/* N(0, 20 ppm) over devices, and each as long as it lives: 20 ppm are 1.728 s a day. */
static void drift_is_normal_over_devices_and_constant_over_time(void) {
    enum { DEVICES = 20000 };
    static double ppm[DEVICES];
    struct clock_model m = {.drift_ppm = 20};
    for (uint32_t d = 0; d < DEVICES; d++) {
        struct clock_view c = {.model = &m, .device = d};
        span day = clock_error(&c, SEED, SPAN_DAY);
        ppm[d] = (double)day / (double)SPAN_DAY * 1e6;
        CU_ASSERT(llabs(clock_error(&c, SEED, 10 * SPAN_DAY) - 10 * day) <= 20);
        CU_ASSERT_EQUAL(clock_error(&c, SEED, 0), 0);
    }
    qsort(ppm, DEVICES, sizeof ppm[0], compare);
    double distance = 0;
    for (int i = 0; i < DEVICES; i++) {
        double f = normal(ppm[i]);
        distance = fmax(distance, fmax(f - (double)i / DEVICES, (double)(i + 1) / DEVICES - f));
    }
    CU_ASSERT(distance * sqrt(DEVICES) < 1.95);
}

static void setting_the_clock_ends_its_error(void) {
    struct clock_model m = {.drift_ppm = 100, .sync = SPAN_DAY};
    struct clock_view c = {.model = &m, .device = 3};
    CU_ASSERT_EQUAL(clock_error(&c, SEED, 5 * SPAN_DAY), 0);
    CU_ASSERT_EQUAL(clock_error(&c, SEED, 5 * SPAN_DAY + SPAN_H), clock_error(&c, SEED, SPAN_H));
    CU_ASSERT_NOT_EQUAL(clock_error(&c, SEED, SPAN_H), 0);
}

static void entries_put_it_wrong_while_they_last(void) {
    static const uint32_t rank[] = {UINT32_MAX, 0};
    struct action a[] = {{.verb = DO_CLOCK_SKEW,
                          .start = 10 * SPAN_S,
                          .has_for = true,
                          .lasting = {.kind = DIST_CONSTANT, .a = 5e9},
                          .skew = -3 * SPAN_S,
                          .rank = rank,
                          .selected = 1},
                         {.verb = DO_CLOCK_SKEW, .start = 12 * SPAN_S, .skew = SPAN_MIN, .rank = rank, .selected = 1}};
    struct clock_view c = {.actions = a, .action_count = 2, .device = 1}, other = c;
    other.device = 0;
    CU_ASSERT_EQUAL(clock_error(&c, SEED, 10 * SPAN_S - 1), 0);
    CU_ASSERT_EQUAL(clock_error(&c, SEED, 10 * SPAN_S), -3 * SPAN_S);
    CU_ASSERT_EQUAL(clock_error(&c, SEED, 12 * SPAN_S), 57 * SPAN_S);
    CU_ASSERT_EQUAL(clock_error(&c, SEED, 15 * SPAN_S), SPAN_MIN);
    CU_ASSERT_EQUAL(clock_error(&other, SEED, 12 * SPAN_S), 0);
}

static void a_cold_clock_shows_1970_until_the_first_connection(void) {
    struct clock_model m = {.cold_boot = true};
    struct clock_view c = {.model = &m};
    CU_ASSERT_EQUAL(clock_shows(&c, SEED, 1767225600000 + 5000, 5 * SPAN_S, 0), 5000);
    CU_ASSERT_EQUAL(clock_shows(&c, SEED, 1767225600000, -SPAN_S, 0), 0);
    CU_ASSERT_EQUAL(clock_shows(&c, SEED, 1767225600000 + 5000, 5 * SPAN_S, 1), 1767225605000);
    struct clock_view right = {0};
    CU_ASSERT_EQUAL(clock_shows(&right, SEED, 1767225605000, 5 * SPAN_S, 0), 1767225605000);
}

HARNESS_MAIN("device/clock", HARNESS_CASE(drift_is_normal_over_devices_and_constant_over_time),
             HARNESS_CASE(setting_the_clock_ends_its_error), HARNESS_CASE(entries_put_it_wrong_while_they_last),
             HARNESS_CASE(a_cold_clock_shows_1970_until_the_first_connection))
