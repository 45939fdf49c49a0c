#include "backend/observer_health.h"

#include <time.h>

#include "harness.h"

/* Looks at `now_ms` with so much running and waiting behind it. */
static bool judge(struct observer_health *h, int64_t now_ms, int64_t ran_ms, int64_t waited_ms, int64_t *from_ms) {
    int64_t from_ns = -1;
    bool stalled = observer_health_judge(
        h, now_ms * SPAN_MS, (struct observer_health_times){ran_ms * SPAN_MS, waited_ms * SPAN_MS}, &from_ns);
    h->last_ns = now_ms * SPAN_MS;
    *from_ms = from_ns / SPAN_MS;
    return stalled;
}

static void a_thread_that_had_nothing_to_do_was_not_stalled(void) {
    struct observer_health h;
    int64_t from;
    observer_health_init(&h);
    CU_ASSERT_FALSE(judge(&h, 1000, 0, 0, &from));
    CU_ASSERT_FALSE(judge(&h, 1500, 1, 0, &from));
    CU_ASSERT_FALSE(judge(&h, 9000, 2, 9, &from));
}

static void a_pause_in_which_it_waited_for_a_processor_is_a_stall(void) {
    struct observer_health h;
    int64_t from;
    observer_health_init(&h);
    judge(&h, 1000, 0, 0, &from);
    h.last_ns = 1040 * SPAN_MS;
    CU_ASSERT_TRUE(judge(&h, 1100, 1, 30, &from));
    CU_ASSERT_EQUAL(from, 1070); /* not since 1040: it had nothing to do first */
    h.last_ns = 1160 * SPAN_MS;
    CU_ASSERT_TRUE(judge(&h, 1190, 1, 90, &from));
    CU_ASSERT_EQUAL(from, 1160);                    /* the rest was before that */
    CU_ASSERT_FALSE(judge(&h, 1300, 1, 90, &from)); /* told once */
}

static void waiting_half_of_the_time_is_a_stall_without_a_pause(void) {
    struct observer_health h;
    int64_t from;
    observer_health_init(&h);
    judge(&h, 1000, 0, 0, &from);
    h.last_ns = 1099 * SPAN_MS;
    CU_ASSERT_FALSE(judge(&h, 1100, 50, 49, &from));
    h.last_ns = 1199 * SPAN_MS;
    CU_ASSERT_TRUE(judge(&h, 1200, 100, 99, &from));
    CU_ASSERT_EQUAL(from, 1100);
}

static void a_second_of_running_and_waiting_is_a_thread_that_cannot_keep_up(void) {
    struct observer_health h;
    int64_t from = 0;
    bool stalled = false;
    observer_health_init(&h);
    judge(&h, 1000, 0, 0, &from);
    for (int64_t now = 1100; now <= 2000; now += 100) {
        CU_ASSERT_FALSE(stalled);
        h.last_ns = now * SPAN_MS;
        stalled = judge(&h, now, (now - 1000) * 85 / 100, (now - 1000) * 6 / 100, &from);
    }
    CU_ASSERT_TRUE(stalled);
    CU_ASSERT_EQUAL(from, 1000);
    h.last_ns = 3000 * SPAN_MS;
    CU_ASSERT_FALSE(judge(&h, 3000, 850 + 800, 60 + 60, &from)); /* 86 % */
}

static void it_is_asked_after_pauses_and_now_and_then(void) {
    struct observer_health h;
    int64_t from;
    observer_health_init(&h);
    CU_ASSERT_TRUE(observer_health_due(&h, 0));
    judge(&h, 1000, 0, 0, &from);
    CU_ASSERT_FALSE(observer_health_due(&h, 1019 * SPAN_MS));
    CU_ASSERT_TRUE(observer_health_due(&h, 1020 * SPAN_MS));
    h.last_ns = 1099 * SPAN_MS;
    CU_ASSERT_FALSE(observer_health_due(&h, 1099 * SPAN_MS));
    CU_ASSERT_TRUE(observer_health_due(&h, 1100 * SPAN_MS));
}

static void the_kernel_is_asked_about_the_calling_thread(void) {
    struct observer_health h;
    int64_t from;
    observer_health_init(&h);
    CU_ASSERT_FALSE(observer_health_look(&h, SPAN_S, &from));
    struct timespec before, after;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    CU_ASSERT(h.thread != 0 && h.begun && h.read.ran_ns > 0);
    CU_ASSERT(h.read.ran_ns <= before.tv_sec * SPAN_S + before.tv_nsec);
    volatile unsigned work = 0;
    do {
        work++;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    } while (after.tv_sec == before.tv_sec && after.tv_nsec < before.tv_nsec + 2 * SPAN_MS);
    int64_t ran = h.read.ran_ns;
    observer_health_look(&h, 2 * SPAN_S, &from);
    CU_ASSERT(h.read.ran_ns > ran);
    observer_health_free(&h);
}

HARNESS_MAIN("backend/observer_health", HARNESS_CASE(a_thread_that_had_nothing_to_do_was_not_stalled),
             HARNESS_CASE(a_pause_in_which_it_waited_for_a_processor_is_a_stall),
             HARNESS_CASE(waiting_half_of_the_time_is_a_stall_without_a_pause),
             HARNESS_CASE(a_second_of_running_and_waiting_is_a_thread_that_cannot_keep_up),
             HARNESS_CASE(it_is_asked_after_pauses_and_now_and_then),
             HARNESS_CASE(the_kernel_is_asked_about_the_calling_thread))
