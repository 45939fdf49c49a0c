#include "device/motion.h"

#include "goodness.h"
#include "harness.h"

static const int64_t midnight = INT64_C(1767225600) * SPAN_S;
static const struct motion rounds = {.trips = 2, .moving = 8 * SPAN_H, .still = SPAN_DAY};

static void every_part_of_the_day_has_one_trip(void) {
    for (uint32_t device = 0; device < 500; device++)
        for (int half = 0; half < 20; half++) {
            int64_t start = midnight + half * 12 * SPAN_H;
            struct motion_trip t = motion_trip_at(&rounds, 1, device, start + SPAN_H);
            CU_ASSERT_FATAL(t.start >= start && t.end <= start + 12 * SPAN_H);
            span length = t.end - t.start;
            CU_ASSERT_FATAL(length >= 2 * SPAN_H && length < 6 * SPAN_H);
            CU_ASSERT(motion_moves(&rounds, 1, device, t.start) && motion_moves(&rounds, 1, device, t.end - 1));
            CU_ASSERT(!motion_moves(&rounds, 1, device, t.start - 1) || half > 0);
            CU_ASSERT_EQUAL(motion_next_start(&rounds, 1, device, t.start - 1), t.start);
            CU_ASSERT(motion_next_start(&rounds, 1, device, t.start) >= start + 12 * SPAN_H);
        }
}

static void it_moves_as_long_as_it_should_on_average(void) {
    span sum = 0;
    for (uint32_t device = 0; device < 400; device++)
        sum += motion_between(&rounds, 9, device, midnight, midnight + 30 * SPAN_DAY);
    CU_ASSERT_DOUBLE_EQUAL(span_seconds(sum) / (400 * 30) / 3600, 8, 0.05);
}

/* Chi-square over 20 classes: 43.8 is the 99.9 % point. */
static void lengths_are_uniform(void) {
    enum { N = 20000, CLASSES = 20 };
    unsigned seen[CLASSES] = {0};
    for (uint32_t device = 0; device < N; device++) {
        struct motion_trip t = motion_trip_at(&rounds, 4, device, midnight);
        seen[(t.end - t.start - 2 * SPAN_H) * CLASSES / (4 * SPAN_H)]++;
    }
    double squares = 0;
    for (int i = 0; i < CLASSES; i++)
        squares += (seen[i] - (double)N / CLASSES) * (seen[i] - (double)N / CLASSES) / ((double)N / CLASSES);
    CU_ASSERT(squares < 43.8);
}

static void trips_begin_anywhere_in_their_part_of_the_day(void) {
    enum { N = 20000 };
    static double places[N];
    for (uint32_t device = 0; device < N; device++) {
        struct motion_trip t = motion_trip_at(&rounds, 4, device, midnight);
        places[device] = (double)(t.start - midnight) / (double)(12 * SPAN_H - (t.end - t.start));
    }
    CU_ASSERT_TRUE(goodness_uniform(places, N, 0, 1));
}

static void between_adds_up(void) {
    int64_t a = midnight + 5 * SPAN_H, b = a + 37 * SPAN_H, c = b + 200 * SPAN_DAY;
    for (uint32_t device = 0; device < 50; device++)
        CU_ASSERT_EQUAL(motion_between(&rounds, 2, device, a, c),
                        motion_between(&rounds, 2, device, a, b) + motion_between(&rounds, 2, device, b, c));
    CU_ASSERT_EQUAL(motion_between(&rounds, 2, 1, a, a), 0);
}

static void trips_that_fill_the_day_stay_in_it(void) {
    struct motion busy = {.trips = 1, .moving = 16 * SPAN_H, .still = SPAN_DAY};
    for (uint32_t device = 0; device < 1000; device++) {
        struct motion_trip t = motion_trip_at(&busy, 3, device, midnight);
        CU_ASSERT(t.start >= midnight && t.end <= midnight + SPAN_DAY);
    }
    struct motion_trip before = motion_trip_at(&rounds, 3, 1, -SPAN_H); /* before 1970 */
    CU_ASSERT(before.start >= -12 * SPAN_H && before.end <= 0);
}

HARNESS_MAIN("device/motion", HARNESS_CASE(trips_begin_anywhere_in_their_part_of_the_day),
             HARNESS_CASE(every_part_of_the_day_has_one_trip), HARNESS_CASE(it_moves_as_long_as_it_should_on_average),
             HARNESS_CASE(lengths_are_uniform), HARNESS_CASE(between_adds_up),
             HARNESS_CASE(trips_that_fill_the_day_stay_in_it))
