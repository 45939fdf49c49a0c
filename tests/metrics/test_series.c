#include "metrics/result.h"

#include <stdlib.h>

#include "harness.h"

static const struct series mixed = {
    .outcomes = {[OP_OK] = 1,
                 [OP_REFUSED] = 2,
                 [OP_TIMEOUT] = 4,
                 [OP_BROKEN] = 8,
                 [OP_WITHDRAWN] = 16,
                 [OP_DROPPED] = 32,
                 [OP_OPEN] = 64},
};

static void failed_is_refused_timeout_and_broken(void) {
    CU_ASSERT_EQUAL(series_count_failed(&mixed), 2 + 4 + 8);
}

static void count_is_ok_and_failed(void) {
    CU_ASSERT_EQUAL(series_count(&mixed), 1 + 2 + 4 + 8);
}

static void answered_is_ok_and_refused(void) {
    CU_ASSERT_EQUAL(series_count_answered(&mixed), 1 + 2);
}

static void unanswered_is_timeout_broken_and_open(void) {
    CU_ASSERT_EQUAL(series_unanswered(&mixed), 4 + 8 + 64);
}

static void a_clock_is_made_when_it_is_asked_for(void) {
    struct series s = {0};
    struct histogram *h = series_clock(&s, CLOCK_SERVICE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(h);
    CU_ASSERT_EQUAL(h->count, 0);
    CU_ASSERT_PTR_EQUAL(series_clock(&s, CLOCK_SERVICE), h);
    CU_ASSERT_PTR_NULL(s.clocks[CLOCK_LAG]);
    free(h);
}

HARNESS_MAIN("metrics/series", HARNESS_CASE(failed_is_refused_timeout_and_broken), HARNESS_CASE(count_is_ok_and_failed),
             HARNESS_CASE(a_clock_is_made_when_it_is_asked_for), HARNESS_CASE(answered_is_ok_and_refused),
             HARNESS_CASE(unanswered_is_timeout_broken_and_open))
