#include "report/rank_test.h"

#include <math.h>

#include "harness.h"

static const double low[] = {1, 2, 3, 4, 5}, high[] = {6, 7, 8, 9, 10};

static void the_least_probability_is_one_of_all_ways_to_deal(void) {
    CU_ASSERT_DOUBLE_EQUAL(rank_test_greater(low, 5, high, 5), 1 / 252.0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rank_test_greater(low, 4, high, 4), 1 / 70.0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rank_test_greater(high, 5, low, 5), 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rank_test_least_p(3, 3), 0.100, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(rank_test_least_p(4, 4), 2 / 70.0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rank_test_least_p(5, 5), 2 / 252.0, 1e-12);
}

/* Worked by hand: of the 20 ways to choose 3 of 6, two have a sum of at least 14: 6+5+4 and 6+5+3. */
static void overlapping_samples_count_the_ways_above(void) {
    const double a[] = {1, 2, 4}, b[] = {3, 5, 6};
    CU_ASSERT_DOUBLE_EQUAL(rank_test_greater(a, 3, b, 3), 2 / 20.0, 1e-12);
}

static void equal_values_share_their_places(void) {
    const double same[] = {7, 7, 7, 7}, a[] = {1, 1, 2, 2}, b[] = {2, 2, 3, 3};
    CU_ASSERT_DOUBLE_EQUAL(rank_test_greater(same, 4, same, 4), 1, 1e-12);
    /* ranks 1.5 1.5 4.5×4 7.5 7.5; b has 4.5+4.5+7.5+7.5 = 24: both 7.5 and two of the four 4.5: C(4,2) = 6 of 70 */
    CU_ASSERT_DOUBLE_EQUAL(rank_test_greater(a, 4, b, 4), 6 / 70.0, 1e-12);
}

static void the_shift_is_the_median_difference_with_its_interval(void) {
    struct rank_shift s = rank_test_shift(low, 5, high, 5, 0.95);
    CU_ASSERT_DOUBLE_EQUAL(s.shift, 5, 1e-12);
    /* 5 and 5: the two-sided 5 % point of U is 2, so the 3rd of 25 differences from each end */
    CU_ASSERT_DOUBLE_EQUAL(s.low, 2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.high, 8, 1e-12);
}

static void three_and_three_bound_nothing(void) {
    struct rank_shift s = rank_test_shift(low, 3, high, 3, 0.95);
    CU_ASSERT(isinf(s.low) && s.low < 0);
    CU_ASSERT(isinf(s.high) && s.high > 0);
}

static void sides_without_values_or_with_too_many_say_nothing(void) {
    CU_ASSERT_DOUBLE_EQUAL(rank_test_greater(low, 0, high, 5), 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rank_test_greater(low, RANK_TEST_MAX + 1, high, 5), 1, 1e-12);
    CU_ASSERT(isnan(rank_test_shift(low, 0, high, 5, 0.95).shift));
}

static void the_largest_sides_are_still_exact(void) {
    double a[RANK_TEST_MAX], b[RANK_TEST_MAX];
    for (int i = 0; i < RANK_TEST_MAX; i++) {
        a[i] = i;
        b[i] = i + 0.5;
    }
    double p = rank_test_greater(a, RANK_TEST_MAX, b, RANK_TEST_MAX), q = rank_test_greater(b, 64, a, 64);
    CU_ASSERT(p > 0.3 && p < 0.5);
    CU_ASSERT(q > 0.5 && q < 0.7);
}

HARNESS_MAIN("report/rank_test", HARNESS_CASE(the_least_probability_is_one_of_all_ways_to_deal),
             HARNESS_CASE(overlapping_samples_count_the_ways_above), HARNESS_CASE(equal_values_share_their_places),
             HARNESS_CASE(the_shift_is_the_median_difference_with_its_interval),
             HARNESS_CASE(three_and_three_bound_nothing),
             HARNESS_CASE(sides_without_values_or_with_too_many_say_nothing),
             HARNESS_CASE(the_largest_sides_are_still_exact))
