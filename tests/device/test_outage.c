#include "device/outage.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/draw.h"
#include "goodness.h"
#include "harness.h"

enum { SEED = 20260801 };

/* A cell as in realism 2.4: MTTF 120 days, down for a median of 90 minutes, sigma 1. */
static struct outage cell(void) {
    return (struct outage){.id = "cell",
                           .stream = draw_stream_named("outage", "cell"),
                           .scope = OUTAGE_CELL,
                           .up = {.kind = DIST_EXP, .a = 120.0 * (double)SPAN_DAY},
                           .down = {.kind = DIST_LOGNORMAL, .a = 90.0 * (double)SPAN_MIN, .b = 1}};
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double ks(double *x, unsigned n, double (*cdf)(double)) {
    qsort(x, n, sizeof *x, compare);
    double distance = 0;
    for (unsigned i = 0; i < n; i++) {
        double f = cdf(x[i]);
        distance = fmax(distance, fmax(f - (double)i / n, (double)(i + 1) / n - f));
    }
    return distance * sqrt(n);
}
static double exponential(double days) {
    return 1 - exp(-days / 120);
}
static double lognormal(double minutes) {
    return 0.5 * erfc(-log(minutes / 90) / sqrt(2));
}

static void times_up_and_down_are_as_stated(void) {
    enum { CELLS = 50, TIMES = 100, N = CELLS * TIMES };
    static double up[N], down[N];
    struct outage o = cell();
    for (uint32_t c = 0; c < CELLS; c++) {
        struct outage_cursor at;
        outage_begin(&o, SEED, c, 0, &at);
        instant last = 0;
        for (unsigned i = 0; i < TIMES; i++) {
            up[c * TIMES + i] = (double)(at.edge - last) / (double)SPAN_DAY;
            last = at.edge;
            outage_pass(&o, SEED, c, 0, &at);
            CU_ASSERT_EQUAL(at.down, 1);
            down[c * TIMES + i] = (double)(at.edge - last) / (double)SPAN_MIN;
            last = at.edge;
            outage_pass(&o, SEED, c, 0, &at);
            CU_ASSERT_EQUAL(at.down, 0);
        }
    }
    CU_ASSERT(ks(up, N, exponential) < 1.95);
    CU_ASSERT(ks(down, N, lognormal) < 1.95);
}

/* Of many cells at one instant, so many are down as the mean times say. */
static void the_share_that_is_down_is_mean_down_over_the_cycle(void) {
    enum { CELLS = 40000 };
    struct outage o = cell();
    o.up.a = 10.0 * (double)SPAN_H;
    unsigned down = 0;
    for (uint32_t c = 0; c < CELLS; c++) {
        struct outage_cursor at;
        outage_at(&o, SEED, c, 0, 40 * SPAN_DAY, &at);
        down += at.down;
        CU_ASSERT(at.edge > 40 * SPAN_DAY);
    }
    double mean = 1.5 * exp(0.5), share = mean / (10 + mean);
    CU_ASSERT(fabs(down - CELLS * share) < 3.3 * sqrt(CELLS * share * (1 - share)));
}

static void a_scope_has_one_fate_whoever_asks_and_whenever(void) {
    struct outage o = cell(), other = o;
    other.stream = draw_stream_named("outage", "other");
    unsigned same_scope = 0, same_stream = 0;
    for (uint32_t c = 0; c < 100; c++) {
        struct outage_cursor early, late, walked, another;
        outage_at(&o, SEED, c, 0, SPAN_DAY, &early);
        outage_at(&o, SEED, c, 0, 700 * SPAN_DAY, &late);
        walked = early;
        while (walked.edge <= 700 * SPAN_DAY)
            outage_pass(&o, SEED, c, 0, &walked);
        CU_ASSERT(walked.edge == late.edge && walked.n == late.n && walked.down == late.down);
        outage_begin(&o, SEED, c + 1, 0, &another);
        same_scope += another.edge == early.edge;
        outage_begin(&other, SEED, c, 0, &another);
        same_stream += another.edge == early.edge;
    }
    CU_ASSERT_EQUAL(same_scope, 0);
    CU_ASSERT_EQUAL(same_stream, 0);
}

static const int64_t monday_ms = 1767571200000; /* 2026-01-05T00:00:00Z */

static struct outage planned(span every, span at, span lasting) {
    return (struct outage){.id = "window",
                           .stream = draw_stream_named("outage", "window"),
                           .every = every,
                           .at = at,
                           .down = {.kind = DIST_CONSTANT, .a = (double)lasting}};
}

static void expect_windows(const struct outage *o, int64_t epoch_ms, instant first, span period, span lasting) {
    struct outage_cursor c;
    outage_at(o, SEED, 1, epoch_ms, 0, &c);
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(c.down, 0);
        CU_ASSERT_EQUAL(c.edge, first + i * period);
        outage_pass(o, SEED, 1, epoch_ms, &c);
        CU_ASSERT_EQUAL(c.edge, first + i * period + lasting);
        outage_pass(o, SEED, 1, epoch_ms, &c);
    }
}

static void windows_keep_the_simulated_clock(void) {
    struct outage daily = planned(SPAN_DAY, 2 * SPAN_H, 30 * SPAN_MIN);
    expect_windows(&daily, monday_ms, 2 * SPAN_H, SPAN_DAY, 30 * SPAN_MIN);
    expect_windows(&daily, monday_ms + 3 * 3600000, 23 * SPAN_H, SPAN_DAY, 30 * SPAN_MIN);
    struct outage weekly = planned(7 * SPAN_DAY, 26 * SPAN_H, SPAN_H); /* Tuesdays at 2 */
    expect_windows(&weekly, monday_ms, 26 * SPAN_H, 7 * SPAN_DAY, SPAN_H);
    expect_windows(&weekly, monday_ms + 2 * 86400000, 26 * SPAN_H + 5 * SPAN_DAY, 7 * SPAN_DAY, SPAN_H);
}

static void a_window_that_has_begun_goes_on(void) {
    struct outage daily = planned(SPAN_DAY, 2 * SPAN_H, SPAN_H);
    struct outage_cursor c;
    outage_at(&daily, SEED, 1, monday_ms + 2 * 3600000 + 900000, 0, &c); /* 02:15 */
    CU_ASSERT_EQUAL(c.down, 1);
    CU_ASSERT_EQUAL(c.edge, 45 * SPAN_MIN);
}

static void stagger_gives_each_scope_a_place_of_its_own(void) {
    struct outage daily = planned(SPAN_DAY, 2 * SPAN_H, SPAN_MIN);
    daily.stagger = SPAN_H;
    instant earliest = INSTANT_NEVER, latest = 0;
    static double places[1000];
    for (uint32_t scope = 0; scope < 1000; scope++) {
        struct outage_cursor c;
        outage_at(&daily, SEED, scope, monday_ms, 0, &c);
        instant first = c.edge;
        outage_at(&daily, SEED, scope, monday_ms, 5 * SPAN_DAY, &c);
        CU_ASSERT_EQUAL(c.edge, first + 5 * SPAN_DAY);
        earliest = instant_min(earliest, first);
        latest = instant_max(latest, first);
        places[scope] = span_seconds(first - 2 * SPAN_H);
    }
    CU_ASSERT_TRUE(goodness_uniform(places, 1000, 0, 3600));
    CU_ASSERT(earliest >= 2 * SPAN_H && earliest < 2 * SPAN_H + SPAN_MIN);
    CU_ASSERT(latest > 3 * SPAN_H - SPAN_MIN && latest < 3 * SPAN_H);
}

HARNESS_MAIN("device/outage", HARNESS_CASE(times_up_and_down_are_as_stated),
             HARNESS_CASE(the_share_that_is_down_is_mean_down_over_the_cycle),
             HARNESS_CASE(a_scope_has_one_fate_whoever_asks_and_whenever),
             HARNESS_CASE(windows_keep_the_simulated_clock), HARNESS_CASE(a_window_that_has_begun_goes_on),
             HARNESS_CASE(stagger_gives_each_scope_a_place_of_its_own))
