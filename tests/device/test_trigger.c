#include "device/trigger.h"

#include <math.h>

#include "harness.h"

static void the_first_sample_is_reported(void) {
    struct trigger t = {.on = true, .change = 1};
    struct trigger_state s = trigger_begin();
    CU_ASSERT_FALSE(trigger_fires(&t, (double)NAN, 0, &s));
    CU_ASSERT_TRUE(trigger_fires(&t, 20, 1, &s));
    CU_ASSERT_FALSE(trigger_fires(&t, 20, 2, &s));
}

static void a_change_counts_from_the_last_reported_value(void) {
    struct trigger t = {.on = true, .change = 0.5};
    struct trigger_state s = {20, 0};
    CU_ASSERT_FALSE(trigger_fires(&t, 20.25, 1, &s));
    CU_ASSERT_FALSE(trigger_fires(&t, 20.4375, 2, &s)); /* creeping does not escape it */
    CU_ASSERT_TRUE(trigger_fires(&t, 20.5, 3, &s));
    CU_ASSERT_TRUE(trigger_fires(&t, 20, 4, &s));
    CU_ASSERT_EQUAL(s.value, 20);
}

static void thresholds_fire_on_both_ways(void) {
    struct trigger t = {.on = true, .has_above = true, .above = 30, .has_below = true, .below = 2};
    struct trigger_state s = {20, 0};
    CU_ASSERT_FALSE(trigger_fires(&t, 30, 1, &s));
    CU_ASSERT_TRUE(trigger_fires(&t, 31, 2, &s));
    CU_ASSERT_FALSE(trigger_fires(&t, 35, 3, &s));
    CU_ASSERT_TRUE(trigger_fires(&t, 10, 4, &s));
    CU_ASSERT_TRUE(trigger_fires(&t, 1, 5, &s));
    CU_ASSERT_TRUE(trigger_fires(&t, 40, 6, &s));
}

static void silence_is_bounded(void) {
    struct trigger t = {.on = true, .change = 5, .at_least = SPAN_H};
    struct trigger_state s = {20, 0};
    CU_ASSERT_FALSE(trigger_fires(&t, 20, SPAN_H - 1, &s));
    CU_ASSERT_TRUE(trigger_fires(&t, 20, SPAN_H, &s));
    CU_ASSERT_FALSE(trigger_fires(&t, 20, SPAN_H + 1, &s));
    CU_ASSERT_TRUE(trigger_fires(&t, (double)NAN, 2 * SPAN_H, &s)); /* also without a value, which is not kept */
    CU_ASSERT_EQUAL(s.value, 20);
}

HARNESS_MAIN("device/trigger", HARNESS_CASE(the_first_sample_is_reported),
             HARNESS_CASE(a_change_counts_from_the_last_reported_value), HARNESS_CASE(thresholds_fire_on_both_ways),
             HARNESS_CASE(silence_is_bounded))
