#include "loop/loop.h"

#include "base/check.h"
#include "harness.h"

/* A body whose clock moves one step at each look, to see what the common part does with a body. */
struct stepped {
    struct loop loop;
    uint32_t fired[2 * LOOP_TIMERS_PER_TURN];
    instant seen[2 * LOOP_TIMERS_PER_TURN];
    unsigned count;
    unsigned stop_after; /* 0: never */
};

static instant step_clock(struct loop *loop) {
    return ++loop->now;
}

static void on_timer(void *context, uint32_t token, instant deadline) {
    struct stepped *s = context;
    CU_ASSERT(deadline <= loop_now(&s->loop));
    CU_ASSERT_EQUAL(timers_deadline(&s->loop.timers, token), INSTANT_NEVER);
    s->fired[s->count] = token;
    s->seen[s->count] = loop_now(&s->loop);
    s->count++;
    if (s->count == s->stop_after)
        s->loop.stopping = true;
}

static const struct loop_ops ops = {.now = step_clock};

static void begin(struct stepped *s, uint32_t tokens) {
    *s = (struct stepped){0};
    struct loop_handlers handlers = {.context = s, .timer = on_timer};
    CU_ASSERT_EQUAL_FATAL(loop_init(&s->loop, &ops, &handlers, tokens), 0);
    s->loop.now = 1000;
}

static struct stepped s;

static void due_timers_fire_by_deadline_then_token_each_with_a_fresh_clock(void) {
    begin(&s, 4);
    timers_set(&s.loop.timers, 2, 7);
    timers_set(&s.loop.timers, 0, 9);
    timers_set(&s.loop.timers, 1, 7);
    timers_set(&s.loop.timers, 3, 5000);
    loop_fire(&s.loop);
    CU_ASSERT_EQUAL_FATAL(s.count, 3);
    CU_ASSERT(s.fired[0] == 1 && s.fired[1] == 2 && s.fired[2] == 0);
    CU_ASSERT(s.seen[0] == 1001 && s.seen[1] == 1002 && s.seen[2] == 1003);
    CU_ASSERT_EQUAL(timers_next(&s.loop.timers), 5000);
    timers_free(&s.loop.timers);
}

static void a_turn_fires_a_limited_number(void) {
    begin(&s, LOOP_TIMERS_PER_TURN + 10);
    for (uint32_t i = 0; i < LOOP_TIMERS_PER_TURN + 10; i++)
        timers_set(&s.loop.timers, i, 1);
    loop_fire(&s.loop);
    CU_ASSERT_EQUAL(s.count, LOOP_TIMERS_PER_TURN);
    loop_fire(&s.loop);
    CU_ASSERT_EQUAL(s.count, LOOP_TIMERS_PER_TURN + 10);
    timers_free(&s.loop.timers);
}

static void none_fires_after_a_stop(void) {
    begin(&s, 4);
    for (uint32_t i = 0; i < 4; i++)
        timers_set(&s.loop.timers, i, 1);
    s.stop_after = 2;
    loop_fire(&s.loop);
    CU_ASSERT_EQUAL(s.count, 2);
    timers_free(&s.loop.timers);
}

static void the_monotonic_clock_does_not_go_back(void) {
    int64_t last = loop_clock_monotonic();
    CU_ASSERT(last > 0);
    for (int i = 0; i < 1000; i++) {
        int64_t at = loop_clock_monotonic();
        CU_ASSERT(at >= last);
        last = at;
    }
}

static void only_noted_descriptors_are_owned(void) {
    begin(&s, 0);
    CU_ASSERT_FALSE(loop_owns_descriptor(&s.loop, 0));
    s.loop.descriptors[s.loop.descriptor_count++] = 17;
    CU_ASSERT_TRUE(loop_owns_descriptor(&s.loop, 17));
    CU_ASSERT_FALSE(loop_owns_descriptor(&s.loop, 0));
    timers_free(&s.loop.timers);
}

HARNESS_MAIN("loop/loop", HARNESS_CASE(due_timers_fire_by_deadline_then_token_each_with_a_fresh_clock),
             HARNESS_CASE(a_turn_fires_a_limited_number), HARNESS_CASE(none_fires_after_a_stop),
             HARNESS_CASE(the_monotonic_clock_does_not_go_back), HARNESS_CASE(only_noted_descriptors_are_owned))
