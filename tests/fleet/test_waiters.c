#include "fleet/waiters.h"

#include "harness.h"

static void whoever_came_first_is_taken_first(void) {
    struct waiters q;
    CU_ASSERT_EQUAL_FATAL(waiters_init(&q, 20), 0);
    for (uint32_t round = 0; round < 3; round++) { /* the ring goes round */
        for (uint32_t i = 0; i < 15; i++)
            waiters_add(&q, (i * 7 + round) % 20);
        uint32_t number;
        for (uint32_t i = 0; i < 15; i++) {
            CU_ASSERT_TRUE(waiters_take(&q, &number));
            CU_ASSERT_EQUAL(number, (i * 7 + round) % 20);
        }
        CU_ASSERT_FALSE(waiters_take(&q, &number));
    }
    waiters_free(&q);
}

static void nobody_waits_twice(void) {
    struct waiters q;
    CU_ASSERT_EQUAL_FATAL(waiters_init(&q, 3), 0);
    for (int i = 0; i < 100; i++) {
        waiters_add(&q, 2);
        waiters_add(&q, 0);
    }
    CU_ASSERT_EQUAL(q.count, 2);
    CU_ASSERT_TRUE(waiters_has(&q, 0));
    CU_ASSERT_FALSE(waiters_has(&q, 1));
    uint32_t number;
    CU_ASSERT_TRUE(waiters_take(&q, &number));
    CU_ASSERT_FALSE(waiters_has(&q, number));
    waiters_add(&q, number); /* may wait again, behind the others */
    CU_ASSERT_TRUE(waiters_take(&q, &number));
    CU_ASSERT_EQUAL(number, 0);
    waiters_free(&q);
}

static void everybody_may_wait(void) {
    struct waiters q;
    CU_ASSERT_EQUAL_FATAL(waiters_init(&q, 1000), 0);
    for (uint32_t i = 0; i < 1000; i++)
        waiters_add(&q, i);
    CU_ASSERT_EQUAL(q.count, 1000);
    waiters_free(&q);
}

HARNESS_MAIN("waiters", HARNESS_CASE(whoever_came_first_is_taken_first), HARNESS_CASE(nobody_waits_twice),
             HARNESS_CASE(everybody_may_wait))
