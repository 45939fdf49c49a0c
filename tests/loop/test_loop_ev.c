#include "loop/loop_ev.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "harness.h"

enum { TOKENS = 2000, IOS = 2 };

/* A loop with two watched sockets, and what its handlers are to do and have seen. */
struct bench {
    struct loop *loop;
    struct loop_io io[IOS];
    int ours[IOS], peer[IOS];
    unsigned ready[IOS], io_calls, timer_calls, woken_calls, timers_at_first_io;
    uint32_t fired[TOKENS];
    void (*on_io)(struct bench *b, unsigned which, unsigned ready);
    void (*on_timer)(struct bench *b, uint32_t token, instant deadline);
    void (*on_woken)(struct bench *b);
    atomic_uint messages;
};

static void io_handler(void *context, struct loop_io *io, unsigned ready) {
    struct bench *b = context;
    unsigned which = (unsigned)(io - b->io);
    CU_ASSERT_FATAL(which < IOS);
    b->ready[which] = ready;
    if (b->io_calls++ == 0)
        b->timers_at_first_io = b->timer_calls;
    if (b->on_io != NULL)
        b->on_io(b, which, ready);
}

static void timer_handler(void *context, uint32_t token, instant deadline) {
    struct bench *b = context;
    CU_ASSERT(deadline <= loop_now(b->loop));
    if (b->timer_calls < TOKENS)
        b->fired[b->timer_calls] = token;
    b->timer_calls++;
    if (b->on_timer != NULL)
        b->on_timer(b, token, deadline);
}

static void woken_handler(void *context) {
    struct bench *b = context;
    b->woken_calls++;
    if (b->on_woken != NULL)
        b->on_woken(b);
}

static struct bench bench;

static struct bench *begin(void) {
    struct bench *b = &bench;
    memset(b, 0, sizeof *b);
    struct loop_handlers handlers = {b, io_handler, timer_handler, woken_handler};
    CU_ASSERT_EQUAL_FATAL(loop_ev_new(&handlers, TOKENS, &b->loop), 0);
    for (int i = 0; i < IOS; i++) {
        int ends[2];
        CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
        b->ours[i] = ends[0];
        b->peer[i] = ends[1];
    }
    return b;
}

static void end(struct bench *b) {
    loop_close(b->loop);
    for (int i = 0; i < IOS; i++) {
        close(b->ours[i]);
        close(b->peer[i]);
    }
}

static void stop_on_io(struct bench *b, unsigned which, unsigned ready) {
    (void)which;
    (void)ready;
    loop_stop(b->loop);
}

static void stop_on_timer(struct bench *b, uint32_t token, instant deadline) {
    (void)token;
    (void)deadline;
    loop_stop(b->loop);
}

static void send_byte(int fd) {
    CU_ASSERT_EQUAL(write(fd, "x", 1), 1);
}

static void what_is_watched_is_reported_when_it_is_ready(void) {
    struct bench *b = begin();
    b->on_io = stop_on_io;
    loop_watch(b->loop, &b->io[0], b->ours[0], LOOP_READ);
    loop_watch(b->loop, &b->io[1], b->ours[1], LOOP_READ);
    send_byte(b->peer[1]);
    loop_run(b->loop, INSTANT_NEVER);
    CU_ASSERT_EQUAL(b->ready[1], LOOP_READ);
    CU_ASSERT_EQUAL(b->ready[0], 0);
    end(b);
}

static void both_events_are_reported_together(void) {
    struct bench *b = begin();
    b->on_io = stop_on_io;
    loop_watch(b->loop, &b->io[0], b->ours[0], LOOP_READ | LOOP_WRITE);
    send_byte(b->peer[0]);
    loop_run(b->loop, INSTANT_NEVER);
    CU_ASSERT_EQUAL(b->ready[0], LOOP_READ | LOOP_WRITE);
    end(b);
}

static void a_hang_up_shows_as_readable(void) {
    struct bench *b = begin();
    b->on_io = stop_on_io;
    loop_watch(b->loop, &b->io[0], b->ours[0], LOOP_READ);
    shutdown(b->peer[0], SHUT_RDWR);
    loop_run(b->loop, INSTANT_NEVER);
    CU_ASSERT_EQUAL(b->ready[0], LOOP_READ);
    end(b);
}

static void swap_to_reading(struct bench *b, unsigned which, unsigned ready) {
    if (ready & LOOP_WRITE) {
        loop_watch(b->loop, &b->io[which], b->ours[which], LOOP_READ);
        send_byte(b->peer[which]);
    } else {
        loop_stop(b->loop);
    }
}

static void events_can_be_changed_inside_a_handler(void) {
    struct bench *b = begin();
    b->on_io = swap_to_reading;
    loop_watch(b->loop, &b->io[0], b->ours[0], LOOP_WRITE);
    loop_run(b->loop, INSTANT_NEVER);
    CU_ASSERT_EQUAL(b->io_calls, 2);
    CU_ASSERT_EQUAL(b->ready[0], LOOP_READ);
    end(b);
}

static void an_io_can_be_moved_to_another_descriptor(void) {
    struct bench *b = begin();
    b->on_io = stop_on_io;
    loop_watch(b->loop, &b->io[0], b->ours[0], LOOP_READ);
    loop_watch(b->loop, &b->io[0], b->ours[1], LOOP_READ);
    send_byte(b->peer[0]);
    loop_run(b->loop, loop_refresh(b->loop));
    CU_ASSERT_EQUAL(b->io_calls, 0);
    send_byte(b->peer[1]);
    loop_run(b->loop, INSTANT_NEVER);
    CU_ASSERT_EQUAL(b->io_calls, 1);
    end(b);
}

static void unwatch_the_other(struct bench *b, unsigned which, unsigned ready) {
    (void)ready;
    loop_unwatch(b->loop, &b->io[1 - which]);
    loop_unwatch(b->loop, &b->io[1 - which]);
    loop_stop(b->loop);
}

static void what_a_handler_unwatches_is_not_reported_though_the_poll_found_it(void) {
    struct bench *b = begin();
    b->on_io = unwatch_the_other;
    for (unsigned i = 0; i < IOS; i++) {
        loop_watch(b->loop, &b->io[i], b->ours[i], LOOP_READ);
        send_byte(b->peer[i]);
    }
    loop_run(b->loop, INSTANT_NEVER);
    CU_ASSERT_EQUAL(b->io_calls, 1);
    end(b);
}

static void reopen_same_number(struct bench *b, unsigned which, unsigned ready) {
    (void)ready;
    if (b->io_calls == 2) {
        loop_stop(b->loop);
        return;
    }
    loop_unwatch(b->loop, &b->io[which]);
    CU_ASSERT_EQUAL(dup2(b->ours[1], b->ours[0]), b->ours[0]); /* closes and reuses the number */
    loop_watch(b->loop, &b->io[which], b->ours[0], LOOP_READ);
    send_byte(b->peer[1]);
}

static void a_new_descriptor_with_an_old_number_is_watched_afresh(void) {
    struct bench *b = begin();
    b->on_io = reopen_same_number;
    loop_watch(b->loop, &b->io[0], b->ours[0], LOOP_READ);
    send_byte(b->peer[0]);
    loop_run(b->loop, INSTANT_NEVER);
    CU_ASSERT_EQUAL(b->io_calls, 2);
    end(b);
}

static void timers_fire_by_deadline_then_token(void) {
    struct bench *b = begin();
    instant now = loop_refresh(b->loop);
    timers_set(&b->loop->timers, 7, now + 2 * SPAN_MS);
    timers_set(&b->loop->timers, 3, now + 2 * SPAN_MS);
    timers_set(&b->loop->timers, 9, now + SPAN_MS);
    timers_set(&b->loop->timers, 1, now + SPAN_DAY);
    loop_run(b->loop, now + 3 * SPAN_MS);
    CU_ASSERT_EQUAL(b->timer_calls, 3);
    CU_ASSERT(b->fired[0] == 9 && b->fired[1] == 3 && b->fired[2] == 7);
    CU_ASSERT(loop_now(b->loop) >= now + 3 * SPAN_MS);
    CU_ASSERT_EQUAL(timers_next(&b->loop->timers), now + SPAN_DAY);
    end(b);
}

static void pull_forward(struct bench *b, uint32_t token, instant deadline) {
    (void)deadline;
    if (token == 0)
        timers_set(&b->loop->timers, 1, loop_now(b->loop) + SPAN_MS);
    else
        loop_stop(b->loop);
}

static void a_deadline_moved_forward_in_a_handler_is_met(void) {
    struct bench *b = begin();
    b->on_timer = pull_forward;
    timers_set(&b->loop->timers, 1, SPAN_DAY);
    timers_set(&b->loop->timers, 0, loop_refresh(b->loop) + SPAN_MS);
    loop_run(b->loop, INSTANT_NEVER);
    CU_ASSERT_EQUAL(b->timer_calls, 2);
    end(b);
}

static void a_deadline_pushed_back_does_not_fire_early(void) {
    struct bench *b = begin();
    instant now = loop_refresh(b->loop);
    timers_set(&b->loop->timers, 0, now + 20 * SPAN_MS);
    loop_run(b->loop, now + SPAN_MS); /* the alarm is set for 1 ms, then for the deadline */
    unsigned late = b->timer_calls;   /* a busy machine may have slept through it */
    timers_set(&b->loop->timers, 0, now + SPAN_DAY);
    loop_run(b->loop, now + 40 * SPAN_MS);
    CU_ASSERT_EQUAL(b->timer_calls, late);
    end(b);
}

static void a_burst_of_due_timers_does_not_starve_descriptors(void) {
    struct bench *b = begin();
    instant now = loop_refresh(b->loop);
    for (uint32_t i = 0; i < TOKENS; i++)
        timers_set(&b->loop->timers, i, now);
    loop_watch(b->loop, &b->io[0], b->ours[0], LOOP_READ);
    send_byte(b->peer[0]);
    loop_run(b->loop, now);
    CU_ASSERT_EQUAL(b->timer_calls, TOKENS);
    CU_ASSERT(b->io_calls > 0);
    CU_ASSERT(b->timers_at_first_io <= LOOP_TIMERS_PER_TURN);
    end(b);
}

static void stopping_leaves_later_timers_alone(void) {
    struct bench *b = begin();
    b->on_timer = stop_on_timer;
    for (uint32_t i = 0; i < 3; i++)
        timers_set(&b->loop->timers, i, -SPAN_S);
    loop_run(b->loop, INSTANT_NEVER);
    CU_ASSERT_EQUAL(b->timer_calls, 1);
    loop_run(b->loop, INSTANT_NEVER);
    CU_ASSERT_EQUAL(b->timer_calls, 2);
    end(b);
}

static void a_stop_before_the_run_ends_it_at_once(void) {
    struct bench *b = begin();
    loop_stop(b->loop);
    loop_run(b->loop, INSTANT_NEVER);
    b->on_timer = stop_on_timer;
    timers_set(&b->loop->timers, 0, 0);
    loop_run(b->loop, INSTANT_NEVER); /* one stop ends one run */
    CU_ASSERT_EQUAL(b->timer_calls, 1);
    end(b);
}

static void instants_count_from_the_origin(void) {
    struct bench *b = begin();
    int64_t clock = loop_clock_monotonic();
    loop_set_origin(b->loop, clock + SPAN_H);
    CU_ASSERT(loop_now(b->loop) >= -SPAN_H && loop_now(b->loop) < -SPAN_H / 2);
    instant soon = loop_now(b->loop) + SPAN_MS;
    timers_set(&b->loop->timers, 0, soon);
    loop_run(b->loop, soon);
    CU_ASSERT_EQUAL(b->timer_calls, 1);
    CU_ASSERT(loop_clock_monotonic() >= clock + SPAN_MS);
    end(b);
}

static void stop_at_two(struct bench *b) {
    if (atomic_load(&b->messages) == 2)
        loop_stop(b->loop);
}

static void *wake_twice(void *argument) {
    struct bench *b = argument;
    for (int i = 0; i < 2; i++) {
        atomic_fetch_add(&b->messages, 1);
        loop_wake(b->loop);
    }
    return NULL;
}

static void another_thread_can_wake_the_loop(void) {
    struct bench *b = begin();
    b->on_woken = stop_at_two;
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, wake_twice, b), 0);
    loop_run(b->loop, INSTANT_NEVER);
    pthread_join(thread, NULL);
    CU_ASSERT(b->woken_calls >= 1);
    end(b);
}

static void a_wake_before_the_run_is_not_lost(void) {
    struct bench *b = begin();
    b->on_woken = stop_at_two;
    wake_twice(b);
    loop_run(b->loop, INSTANT_NEVER);
    CU_ASSERT_EQUAL(b->woken_calls, 1);
    end(b);
}

static void the_loop_knows_its_own_descriptors(void) {
    struct bench *b = begin();
    unsigned owned = 0, opened[LOOP_DESCRIPTORS_MAX] = {0};
    for (int fd = 0; fd < 64; fd++)
        if (loop_owns_descriptor(b->loop, fd) && owned < LOOP_DESCRIPTORS_MAX) {
            CU_ASSERT(fcntl(fd, F_GETFD) >= 0);
            opened[owned++] = (unsigned)fd;
        }
    CU_ASSERT_EQUAL(owned, 3); /* epoll, wake-up, timer */
    CU_ASSERT_FALSE(loop_owns_descriptor(b->loop, b->ours[0]));
    CU_ASSERT_FALSE(loop_owns_descriptor(b->loop, STDERR_FILENO));
    end(b);
    for (unsigned i = 0; i < owned; i++)
        CU_ASSERT(fcntl((int)opened[i], F_GETFD) < 0);
}

/* As a worker does: a table of its own, everything else closed, new sockets, then the loop. */
static void *run_in_own_table(void *argument) {
    struct bench *b = argument;
    if (unshare(CLONE_FILES) != 0)
        return NULL;
    for (int fd = 3; fd < 256; fd++)
        if (!loop_owns_descriptor(b->loop, fd))
            close(fd);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
        return NULL;
    loop_watch(b->loop, &b->io[0], ends[0], LOOP_READ);
    timers_set(&b->loop->timers, 0, loop_refresh(b->loop));
    send_byte(ends[1]);
    loop_run(b->loop, INSTANT_NEVER); /* until the wake */
    loop_unwatch(b->loop, &b->io[0]);
    return b;
}

static void stop_on_wake_after_io(struct bench *b) {
    loop_stop(b->loop);
}

static void read_byte_and_tell(struct bench *b, unsigned which, unsigned ready) {
    (void)which;
    (void)ready;
    loop_unwatch(b->loop, &b->io[0]);
    atomic_store(&b->messages, 1);
}

static void a_thread_with_a_descriptor_table_of_its_own_can_use_a_loop_made_before(void) {
    struct bench *b = begin();
    b->on_woken = stop_on_wake_after_io;
    b->on_io = read_byte_and_tell;
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, run_in_own_table, b), 0);
    while (atomic_load(&b->messages) == 0)
        usleep(1000);
    loop_wake(b->loop);
    void *result = NULL;
    pthread_join(thread, &result);
    CU_ASSERT_PTR_EQUAL(result, b);
    CU_ASSERT_EQUAL(b->io_calls, 1);
    CU_ASSERT_EQUAL(b->timer_calls, 1);
    CU_ASSERT_EQUAL(b->woken_calls, 1);
    end(b);
}

static void closing_nothing_is_allowed(void) {
    loop_close(NULL);
}

HARNESS_MAIN("loop/loop_ev", HARNESS_CASE(what_is_watched_is_reported_when_it_is_ready),
             HARNESS_CASE(both_events_are_reported_together), HARNESS_CASE(a_hang_up_shows_as_readable),
             HARNESS_CASE(events_can_be_changed_inside_a_handler),
             HARNESS_CASE(an_io_can_be_moved_to_another_descriptor),
             HARNESS_CASE(what_a_handler_unwatches_is_not_reported_though_the_poll_found_it),
             HARNESS_CASE(a_new_descriptor_with_an_old_number_is_watched_afresh),
             HARNESS_CASE(timers_fire_by_deadline_then_token),
             HARNESS_CASE(a_deadline_moved_forward_in_a_handler_is_met),
             HARNESS_CASE(a_deadline_pushed_back_does_not_fire_early),
             HARNESS_CASE(a_burst_of_due_timers_does_not_starve_descriptors),
             HARNESS_CASE(stopping_leaves_later_timers_alone), HARNESS_CASE(a_stop_before_the_run_ends_it_at_once),
             HARNESS_CASE(instants_count_from_the_origin), HARNESS_CASE(another_thread_can_wake_the_loop),
             HARNESS_CASE(a_wake_before_the_run_is_not_lost), HARNESS_CASE(the_loop_knows_its_own_descriptors),
             HARNESS_CASE(a_thread_with_a_descriptor_table_of_its_own_can_use_a_loop_made_before),
             HARNESS_CASE(closing_nothing_is_allowed))
