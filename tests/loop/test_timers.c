#include "loop/timers.h"

#include "base/draw.h"
#include "base/err.h"
#include "harness.h"

static void none_is_due_at_first(void) {
    struct timers t;
    CU_ASSERT_EQUAL_FATAL(timers_init(&t, 3), 0);
    uint32_t token;
    instant deadline;
    CU_ASSERT_EQUAL(timers_next(&t), INSTANT_NEVER);
    CU_ASSERT_EQUAL(timers_deadline(&t, 2), INSTANT_NEVER);
    CU_ASSERT_FALSE(timers_pop(&t, INSTANT_NEVER, &token, &deadline));
    timers_free(&t);
}

static void a_deadline_is_due_at_its_instant_and_not_before(void) {
    struct timers t;
    CU_ASSERT_EQUAL_FATAL(timers_init(&t, 3), 0);
    uint32_t token = 9;
    instant deadline = 0;
    timers_set(&t, 1, -5);
    CU_ASSERT_FALSE(timers_pop(&t, -6, &token, &deadline));
    CU_ASSERT_TRUE(timers_pop(&t, -5, &token, &deadline));
    CU_ASSERT_EQUAL(token, 1);
    CU_ASSERT_EQUAL(deadline, -5);
    CU_ASSERT_EQUAL(timers_deadline(&t, 1), INSTANT_NEVER);
    CU_ASSERT_FALSE(timers_pop(&t, 100, &token, &deadline));
    timers_free(&t);
}

static void equal_deadlines_come_in_order_of_their_tokens(void) {
    enum { TOKENS = 100 };
    struct timers t;
    CU_ASSERT_EQUAL_FATAL(timers_init(&t, TOKENS), 0);
    for (uint32_t i = 0; i < TOKENS; i++)
        timers_set(&t, i * 37 % TOKENS, 1000);
    for (uint32_t i = 0; i < TOKENS; i++) {
        uint32_t token = TOKENS;
        instant deadline;
        CU_ASSERT_TRUE(timers_pop(&t, 1000, &token, &deadline));
        CU_ASSERT_EQUAL(token, i);
    }
    timers_free(&t);
}

static void never_removes_a_deadline(void) {
    struct timers t;
    CU_ASSERT_EQUAL_FATAL(timers_init(&t, 2), 0);
    timers_set(&t, 0, 10);
    timers_set(&t, 1, 20);
    timers_set(&t, 0, INSTANT_NEVER);
    timers_set(&t, 0, INSTANT_NEVER);
    CU_ASSERT_EQUAL(timers_next(&t), 20);
    CU_ASSERT_EQUAL(timers_deadline(&t, 0), INSTANT_NEVER);
    timers_set(&t, 1, INSTANT_NEVER);
    CU_ASSERT_EQUAL(timers_next(&t), INSTANT_NEVER);
    timers_free(&t);
}

static void no_tokens_need_no_timers(void) {
    struct timers t;
    CU_ASSERT_EQUAL_FATAL(timers_init(&t, 0), 0);
    CU_ASSERT_EQUAL(timers_next(&t), INSTANT_NEVER);
    timers_free(&t);
}

enum { MODEL_TOKENS = 150 };

/* The model: every deadline in an array, the earliest found by looking at all of them. */
static uint32_t earliest(const instant *model) {
    uint32_t least = 0;
    for (uint32_t i = 1; i < MODEL_TOKENS; i++)
        if (model[i] < model[least])
            least = i;
    return least;
}

static void random_operations_agree_with_a_sorted_model(void) {
    struct timers t;
    CU_ASSERT_EQUAL_FATAL(timers_init(&t, MODEL_TOKENS), 0);
    instant model[MODEL_TOKENS];
    for (uint32_t i = 0; i < MODEL_TOKENS; i++)
        model[i] = INSTANT_NEVER;
    unsigned wrong = 0;
    instant now = 0;
    for (uint64_t n = 0; n < 200000; n++) {
        struct draw128 luck = draw_block(1, 2, 3, n);
        uint32_t token = luck.word[0] % MODEL_TOKENS;
        uint32_t action = luck.word[1] % 10;
        if (action < 6) { /* few distinct deadlines, so that many are equal */
            model[token] = now + (instant)(luck.word[2] % 40);
            timers_set(&t, token, model[token]);
        } else if (action < 7) {
            model[token] = INSTANT_NEVER;
            timers_set(&t, token, INSTANT_NEVER);
        } else {
            now += luck.word[2] % 5;
            uint32_t due = earliest(model), popped = MODEL_TOKENS;
            instant deadline = 0;
            bool any = timers_pop(&t, now, &popped, &deadline);
            wrong += any != (model[due] <= now);
            wrong += any && (popped != due || deadline != model[due]);
            if (any)
                model[popped] = INSTANT_NEVER;
        }
        wrong += timers_next(&t) != model[earliest(model)];
        wrong += timers_deadline(&t, token) != model[token];
    }
    CU_ASSERT_EQUAL(wrong, 0);
    timers_free(&t);
}

HARNESS_MAIN("loop/timers", HARNESS_CASE(none_is_due_at_first),
             HARNESS_CASE(a_deadline_is_due_at_its_instant_and_not_before),
             HARNESS_CASE(equal_deadlines_come_in_order_of_their_tokens), HARNESS_CASE(never_removes_a_deadline),
             HARNESS_CASE(no_tokens_need_no_timers), HARNESS_CASE(random_operations_agree_with_a_sorted_model))
