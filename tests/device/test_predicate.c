#include "device/action.h"
#include "harness.h"
#include "metrics/cell.h"

static void no_terms_always_hold(void) {
    struct predicate p = {0};
    int64_t values[STATE_VARIABLES] = {0};
    CU_ASSERT(predicate_holds(&p, values));
    CU_ASSERT_EQUAL(predicate_mask(&p), 0);
}

static void all_terms_must_hold(void) {
    struct predicate p = {
        .count = 3,
        .terms = {{VAR_STATE, REL_EQ, STATE_BACKOFF}, {VAR_ATTEMPTS, REL_GE, 3}, {VAR_SESSION_PRESENT, REL_NE, 1}}};
    int64_t values[STATE_VARIABLES] = {[VAR_STATE] = STATE_BACKOFF, [VAR_ATTEMPTS] = 3};
    CU_ASSERT(predicate_holds(&p, values));
    values[VAR_ATTEMPTS] = 2;
    CU_ASSERT_FALSE(predicate_holds(&p, values));
    values[VAR_ATTEMPTS] = 4;
    values[VAR_SESSION_PRESENT] = 1;
    CU_ASSERT_FALSE(predicate_holds(&p, values));
    values[VAR_SESSION_PRESENT] = 0;
    values[VAR_STATE] = STATE_ONLINE;
    CU_ASSERT_FALSE(predicate_holds(&p, values));
}

static void the_mask_has_a_bit_per_variable_named(void) {
    struct predicate p = {.count = 3,
                          .terms = {{VAR_QUEUED, REL_GT, 1}, {VAR_QUEUED, REL_LT, 9}, {VAR_STATE, REL_EQ, 0}}};
    CU_ASSERT_EQUAL(predicate_mask(&p), 1U << VAR_QUEUED | 1U << VAR_STATE);
}

HARNESS_MAIN("predicate", HARNESS_CASE(no_terms_always_hold), HARNESS_CASE(all_terms_must_hold),
             HARNESS_CASE(the_mask_has_a_bit_per_variable_named))
