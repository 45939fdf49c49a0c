#include "device/daily.h"

#include <math.h>

#include "base/check.h"
#include "base/dist.h"
#include "base/draw.h"
#include "harness.h"

static const int64_t thursday = INT64_C(1767225600) * SPAN_S; /* 2026-01-01T00:00:00Z */
static const struct daily evening = {
    .on = true, .day = 0.6, .day_peak = 19 * SPAN_H, .half_day = 0.3, .half_day_peak = 7 * SPAN_H, .weekend = 0.4};

static void the_rate_follows_its_waves(void) {
    struct daily d = {.on = true, .day = 0.6, .day_peak = 19 * SPAN_H, .weekend = 1};
    CU_ASSERT_DOUBLE_EQUAL(daily_rate(&d, thursday + 19 * SPAN_H), 1.6, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(daily_rate(&d, thursday + 7 * SPAN_H), 0.4, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(daily_rate(&d, thursday + 13 * SPAN_H), 1, 1e-12);
    d = (struct daily){.on = true, .half_day = 0.5, .half_day_peak = 7 * SPAN_H, .weekend = 1};
    CU_ASSERT_DOUBLE_EQUAL(daily_rate(&d, thursday + 7 * SPAN_H), 1.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(daily_rate(&d, thursday + 19 * SPAN_H), 1.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(daily_rate(&d, thursday + 13 * SPAN_H), 0.5, 1e-12);
}

static void saturday_and_sunday_have_a_rate_of_their_own(void) {
    struct daily d = {.on = true, .weekend = 0.25};
    static const double week[] = {1, 1, 0.25, 0.25, 1, 1, 1}; /* from Thursday on */
    for (int i = 0; i < 7; i++)
        CU_ASSERT_EQUAL(daily_rate(&d, thursday + i * SPAN_DAY + SPAN_H), week[i]);
    CU_ASSERT_EQUAL(daily_rate(&d, -5 * SPAN_DAY + 1), 0.25); /* 1969-12-27 was a Saturday */
    CU_ASSERT_EQUAL(daily_rate(&d, -SPAN_H), 1);              /* the last hour of a Wednesday */
}

/* Simpson's rule over the rate. */
static double summed(const struct daily *d, int64_t from, int64_t to) {
    enum { PARTS = 20000 };
    double width = (double)(to - from) / PARTS, sum = 0;
    for (int i = 0; i <= PARTS; i++)
        sum += daily_rate(d, from + (int64_t)(width * i)) * (i == 0 || i == PARTS ? 1 : i % 2 == 1 ? 4 : 2);
    return sum * width / 3;
}

static void the_integral_is_that_of_the_rate(void) {
    static const span edges[][2] = {{0, SPAN_DAY}, {3 * SPAN_H, 4 * SPAN_H}, {20 * SPAN_H, 29 * SPAN_H}, {0, 0}};
    for (unsigned i = 0; i < COUNT_OF(edges); i++) {
        int64_t from = thursday + edges[i][0], to = thursday + edges[i][1];
        CU_ASSERT_DOUBLE_EQUAL(daily_between(&evening, from, to), summed(&evening, from, to), 1e6);
    }
    double week = daily_between(&evening, thursday + SPAN_H, thursday + SPAN_H + 7 * SPAN_DAY);
    CU_ASSERT_DOUBLE_EQUAL(week, 5.8 * (double)SPAN_DAY, 1e3);
}

static void after_undoes_between(void) {
    double worst = 0;
    for (uint64_t n = 0; n < 5000; n++) {
        int64_t from = thursday + (int64_t)draw_below(draw_u64(1, 1, 1, n), (uint64_t)(14 * SPAN_DAY));
        double amount = draw_unit(draw_u64(1, 1, 2, n)) * (double)(n % 3 == 0 ? 20 * SPAN_DAY : SPAN_H);
        int64_t to = daily_after(&evening, from, amount);
        CU_ASSERT_FATAL(to >= from);
        worst = fmax(worst, fabs(daily_between(&evening, from, to) - amount));
    }
    CU_ASSERT(worst < 2);
}

static void rates_of_zero_are_passed_over(void) {
    struct daily d = {.on = true, .day = 1, .day_peak = 12 * SPAN_H, .weekend = 0};
    int64_t friday_night = thursday + 2 * SPAN_DAY - 1, monday = thursday + 4 * SPAN_DAY;
    int64_t at = daily_after(&d, friday_night, 1e9);
    CU_ASSERT(at > monday && at < monday + 3 * SPAN_H);
    d.weekend = 1;
    at = daily_after(&d, thursday - SPAN_MIN, (double)SPAN_MIN); /* around midnight the rate is nearly 0 */
    CU_ASSERT(at > thursday + SPAN_H && at < thursday + 3 * SPAN_H);
    CU_ASSERT_EQUAL(daily_after(&d, thursday, 0), thursday);
    CU_ASSERT_EQUAL(daily_after(&d, thursday, 1e300), INT64_MAX);
}

/* A Poisson process in changed time: its hours of the day follow the curve (chi-square, 23 degrees of freedom, 99.9 %: 49.7). */
static void events_follow_the_curve(void) {
    enum { N = 60000 };
    struct daily d = evening;
    d.weekend = 1;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        unsigned hours[24] = {0};
        int64_t at = thursday;
        for (uint64_t n = 0; n < N; n++) {
            at = daily_after(&d, at, -600e9 * dist_ln(draw_unit(draw_u64(seed, 1, 3, n))));
            hours[at % SPAN_DAY / SPAN_H]++;
        }
        double squares = 0;
        for (int h = 0; h < 24; h++) {
            double want = N * daily_between(&d, thursday + h * SPAN_H, thursday + (h + 1) * SPAN_H) / (double)SPAN_DAY;
            squares += (hours[h] - want) * (hours[h] - want) / want;
        }
        CU_ASSERT(squares < 49.7);
    }
}

HARNESS_MAIN("device/daily", HARNESS_CASE(the_rate_follows_its_waves),
             HARNESS_CASE(saturday_and_sunday_have_a_rate_of_their_own), HARNESS_CASE(the_integral_is_that_of_the_rate),
             HARNESS_CASE(after_undoes_between), HARNESS_CASE(rates_of_zero_are_passed_over),
             HARNESS_CASE(events_follow_the_curve))
