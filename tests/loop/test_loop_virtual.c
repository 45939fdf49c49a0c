#include "loop/loop_virtual.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"

enum { LOOPS = 2, TOKENS = 600, IOS = 4 };

/* Two loops of one world, and what they were told in one line: "a" or "b" for the loop, then "t" and a token, "i" and an
 * io with what it is ready for, or "w". */
static struct {
    struct loop_world *world;
    struct party {
        char name;
        struct loop *loop;
        void (*on_io)(struct party *p, struct loop_io *io, unsigned ready);
        void (*on_timer)(struct party *p, uint32_t token, instant deadline);
    } parties[LOOPS];
    struct loop_io io[IOS];
    int fd[IOS];
    char told[400];
} all;

static void tell(char name, char what, unsigned number, const char *more) {
    size_t at = strlen(all.told);
    snprintf(all.told + at, sizeof all.told - at, "%s%c%c%u%s", at == 0 ? "" : " ", name, what, number, more);
}

static void on_io(void *context, struct loop_io *io, unsigned ready) {
    static const char *const names[] = {"", "r", "w", "rw"};
    struct party *p = context;
    tell(p->name, 'i', (unsigned)(io - all.io), names[ready]);
    if (p->on_io != NULL)
        p->on_io(p, io, ready);
}

static void on_timer(void *context, uint32_t token, instant deadline) {
    struct party *p = context;
    CU_ASSERT_EQUAL(loop_now(p->loop), deadline);
    tell(p->name, 't', token, "");
    if (p->on_timer != NULL)
        p->on_timer(p, token, deadline);
}

static void on_woken(void *context) {
    const struct party *p = context;
    tell(p->name, 'w', 0, "");
}

static void begin(void) {
    memset(&all, 0, sizeof all);
    CU_ASSERT_EQUAL_FATAL(loop_world_new(&all.world), 0);
    for (unsigned i = 0; i < LOOPS; i++) {
        struct party *p = &all.parties[i];
        const struct loop_handlers handlers = {.context = p, .io = on_io, .timer = on_timer, .woken = on_woken};
        p->name = (char)('a' + (char)i);
        CU_ASSERT_EQUAL_FATAL(loop_virtual_new(all.world, &handlers, TOKENS, &p->loop), 0);
    }
    for (unsigned i = 0; i < IOS; i++)
        all.fd[i] = loop_world_open(all.world);
}

static void end(void) {
    for (unsigned i = 0; i < IOS; i++) {
        loop_unwatch(all.parties[0].loop, &all.io[i]);
        loop_world_close(all.world, all.fd[i]);
    }
    for (unsigned i = 0; i < LOOPS; i++)
        loop_close(all.parties[i].loop);
    loop_world_free(all.world);
}

static void set(unsigned party, uint32_t token, instant deadline) {
    timers_set(&all.parties[party].loop->timers, token, deadline);
}

static void watch(unsigned party, unsigned io, unsigned events) {
    loop_watch(all.parties[party].loop, &all.io[io], all.fd[io], events);
}

static const char *told_until(instant until) {
    all.told[0] = '\0';
    loop_world_run(all.world, until);
    return all.told;
}

static void time_jumps_to_the_next_deadline_and_ends_where_it_was_told(void) {
    begin();
    set(0, 1, 365 * 24 * 3600 * SPAN_S);
    set(0, 2, 10 * SPAN_S);
    set(1, 1, 20 * SPAN_S);
    CU_ASSERT_STRING_EQUAL(told_until(9 * SPAN_S), "");
    CU_ASSERT_EQUAL(loop_world_now(all.world), 9 * SPAN_S);
    CU_ASSERT_STRING_EQUAL(told_until(INSTANT_NEVER), "at2 bt1 at1");
    CU_ASSERT_EQUAL(loop_world_now(all.world), 365 * 24 * 3600 * SPAN_S);
    CU_ASSERT_STRING_EQUAL(told_until(SPAN_S), ""); /* it never goes back */
    CU_ASSERT_EQUAL(loop_world_now(all.world), 365 * 24 * 3600 * SPAN_S);
    end();
}

static void at_one_instant_loops_come_in_their_order_and_tokens_in_theirs(void) {
    begin();
    set(1, 0, SPAN_S);
    set(0, 7, SPAN_S);
    set(0, 3, SPAN_S);
    set(1, 9, SPAN_S - 1);
    CU_ASSERT_STRING_EQUAL(told_until(SPAN_S), "bt9 at3 at7 bt0");
    end();
}

static void quench(struct party *p, struct loop_io *io, unsigned ready) {
    (void)p;
    (void)ready;
    loop_world_ready(all.world, all.fd[io - all.io], 0);
}

static void readiness_comes_before_timers_in_the_order_in_which_it_arose(void) {
    begin();
    all.parties[0].on_io = all.parties[1].on_io = quench;
    watch(0, 0, LOOP_READ);
    watch(1, 1, LOOP_READ | LOOP_WRITE);
    watch(0, 2, LOOP_WRITE);
    set(0, 1, 0);
    loop_world_ready(all.world, all.fd[2], LOOP_READ | LOOP_WRITE);
    loop_world_ready(all.world, all.fd[1], LOOP_READ | LOOP_WRITE);
    loop_world_ready(all.world, all.fd[0], LOOP_WRITE); /* nobody waits for that */
    CU_ASSERT_STRING_EQUAL(told_until(0), "ai2w bi1rw at1");
    end();
}

static unsigned left;

static void quench_after_three(struct party *p, struct loop_io *io, unsigned ready) {
    if (--left == 0)
        quench(p, io, ready);
}

static void what_stays_ready_is_told_again_each_turn(void) {
    begin();
    left = 3;
    all.parties[0].on_io = quench_after_three;
    watch(0, 0, LOOP_READ);
    loop_world_ready(all.world, all.fd[0], LOOP_READ);
    CU_ASSERT_STRING_EQUAL(told_until(0), "ai0r ai0r ai0r");
    watch(0, 0, LOOP_WRITE);
    loop_world_ready(all.world, all.fd[0], LOOP_READ);
    CU_ASSERT_STRING_EQUAL(told_until(0), "");
    left = 1;
    watch(0, 0, LOOP_READ); /* it was ready all the time */
    CU_ASSERT_STRING_EQUAL(told_until(0), "ai0r");
    end();
}

static void unwatch_the_other(struct party *p, struct loop_io *io, unsigned ready) {
    quench(p, io, ready);
    unsigned other = io == &all.io[0] ? 1 : 0;
    loop_unwatch(p->loop, &all.io[other]);
    loop_world_close(all.world, all.fd[other]);
    all.fd[other] = loop_world_open(all.world); /* the same number, somebody else's */
    watch(0, other, LOOP_READ);
}

static void nobody_is_told_of_what_is_no_longer_watched_or_was_closed(void) {
    begin();
    all.parties[0].on_io = unwatch_the_other;
    watch(0, 0, LOOP_READ);
    watch(0, 1, LOOP_READ);
    loop_world_ready(all.world, all.fd[0], LOOP_READ);
    loop_world_ready(all.world, all.fd[1], LOOP_READ);
    CU_ASSERT_STRING_EQUAL(told_until(0), "ai0r");
    end();
}

static void open_many(struct party *p, struct loop_io *io, unsigned ready) {
    quench(p, io, ready);
    for (unsigned i = 0; i < 1000; i++)
        CU_ASSERT_FATAL(loop_world_open(all.world) >= 0);
}

static void descriptors_may_be_made_while_others_are_told(void) {
    begin();
    all.parties[0].on_io = open_many;
    for (unsigned i = 0; i < 3; i++) {
        watch(0, i, LOOP_READ);
        loop_world_ready(all.world, all.fd[i], LOOP_READ);
    }
    CU_ASSERT_STRING_EQUAL(told_until(0), "ai0r ai1r ai2r");
    end();
}

static void stop_at_once(struct party *p, uint32_t token, instant deadline) {
    (void)deadline;
    if (token == 5)
        loop_stop(p->loop);
}

static void a_loop_that_stops_stops_the_world_until_it_runs_again(void) {
    begin();
    all.parties[1].on_timer = stop_at_once;
    for (uint32_t token = 4; token < 8; token++)
        set(1, token, token * SPAN_S);
    CU_ASSERT_STRING_EQUAL(told_until(100 * SPAN_S), "bt4 bt5");
    CU_ASSERT_EQUAL(loop_world_now(all.world), 5 * SPAN_S);
    all.told[0] = '\0';
    loop_run(all.parties[1].loop, 100 * SPAN_S);
    CU_ASSERT_STRING_EQUAL(all.told, "bt6 bt7");
    CU_ASSERT_EQUAL(loop_refresh(all.parties[0].loop), 100 * SPAN_S);
    end();
}

static void whoever_was_woken_is_told_once_before_anything_else(void) {
    begin();
    set(0, 1, 0);
    loop_wake(all.parties[1].loop);
    loop_wake(all.parties[1].loop);
    CU_ASSERT_STRING_EQUAL(told_until(0), "bw0 at1");
    CU_ASSERT_STRING_EQUAL(told_until(0), "");
    end();
}

static void move_on(struct party *p, uint32_t token, instant deadline) {
    if (deadline < 10 * SPAN_S)
        timers_set(&p->loop->timers, token, deadline + SPAN_S);
}

static void more_timers_than_a_turn_fires_all_come_at_their_instant(void) {
    begin();
    for (uint32_t token = 0; token < TOKENS; token++)
        set(0, token, SPAN_S);
    loop_world_run(all.world, SPAN_S);
    for (uint32_t token = 0; token < TOKENS; token++)
        CU_ASSERT_EQUAL(timers_deadline(&all.parties[0].loop->timers, token), INSTANT_NEVER);
    all.parties[0].on_timer = move_on;
    set(0, 0, 2 * SPAN_S);
    CU_ASSERT_STRING_EQUAL(told_until(60 * SPAN_S), "at0 at0 at0 at0 at0 at0 at0 at0 at0");
    end();
}

HARNESS_MAIN("loop/virtual", HARNESS_CASE(time_jumps_to_the_next_deadline_and_ends_where_it_was_told),
             HARNESS_CASE(at_one_instant_loops_come_in_their_order_and_tokens_in_theirs),
             HARNESS_CASE(readiness_comes_before_timers_in_the_order_in_which_it_arose),
             HARNESS_CASE(what_stays_ready_is_told_again_each_turn),
             HARNESS_CASE(nobody_is_told_of_what_is_no_longer_watched_or_was_closed),
             HARNESS_CASE(descriptors_may_be_made_while_others_are_told),
             HARNESS_CASE(a_loop_that_stops_stops_the_world_until_it_runs_again),
             HARNESS_CASE(whoever_was_woken_is_told_once_before_anything_else),
             HARNESS_CASE(more_timers_than_a_turn_fires_all_come_at_their_instant))
