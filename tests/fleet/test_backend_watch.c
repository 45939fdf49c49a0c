#include "fleet/backend_watch.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"
#include "scenario/plan_backend.h"

static struct plan_backend wanted;
static struct plan plan = {.backend = &wanted};

/* A process that works as long as somebody holds the other end of its pipe. */
static pid_t start_worker(int *end) {
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        volatile double sum = 0;
        close(pipes[1]);
        for (int i = 0; i < 40000000; i++)
            sum += i;
        _exit(read(pipes[0], &byte, 1) < 0);
    }
    close(pipes[0]);
    *end = pipes[1];
    return child;
}

static struct backend_watch *open_watch(uint32_t builtin) {
    struct backend_watch *w;
    char why[256] = "";
    CU_ASSERT_EQUAL_FATAL(backend_watch_open(&plan, builtin, NULL, &w, why, sizeof why), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    return w;
}

static void nothing_to_watch_is_no_watch(void) {
    struct backend_watch *w;
    struct backend_second second;
    struct run_backend facts;
    struct plan bare = {.device_count = 1};
    CU_ASSERT_EQUAL(backend_watch_open(&bare, 0, NULL, &w, NULL, 0), 0);
    CU_ASSERT_PTR_NULL(w);
    backend_watch_begin(NULL);
    backend_watch_second(NULL, SPAN_S, 1, &second);
    backend_watch_facts(NULL, &facts);
    CU_ASSERT_FALSE(second.has_cpu || second.has_rss || facts.on);
    backend_watch_close(NULL);
}

static void a_process_that_is_not_there_is_refused(void) {
    struct backend_watch *w;
    char why[256] = "";
    wanted = (struct plan_backend){.pid = 4194304};
    CU_ASSERT_EQUAL(backend_watch_open(&plan, 0, NULL, &w, why, sizeof why), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "no process 4194304"));
    CU_ASSERT_PTR_NULL(w);
}

static void the_named_process_comes_before_the_built_in_backend(void) {
    struct run_backend facts;
    struct backend_second second;
    wanted = (struct plan_backend){.pid = (uint32_t)getpid()};
    struct backend_watch *w = open_watch(1);
    backend_watch_begin(w);
    backend_watch_second(w, SPAN_S, 10, &second);
    CU_ASSERT(second.has_cpu && second.has_rss && second.threads == 1 && second.descriptors >= 3);
    backend_watch_second(w, 2 * SPAN_S, 5, &second);
    backend_watch_facts(w, &facts);
    CU_ASSERT(facts.on && facts.has_cpu && facts.has_rss && !facts.gone && facts.online_peak == 10 &&
              facts.rss_first_bytes > 100000 && facts.rss_peak_bytes >= facts.rss_online_bytes);
    backend_watch_close(w);
}

static void cpu_counts_from_the_start_and_a_process_that_ends_is_told(void) {
    struct run_backend facts;
    struct backend_second second = {0};
    int end;
    pid_t child = start_worker(&end);
    wanted = (struct plan_backend){0};
    struct backend_watch *w = open_watch((uint32_t)child);
    backend_watch_begin(w);
    instant at = 0;
    double shares = 0;
    do {
        nanosleep(&(struct timespec){.tv_nsec = 10 * SPAN_MS}, NULL);
        backend_watch_second(w, at += SPAN_S, 1, &second);
        shares += second.cpu_share;
    } while (second.cpu_s <= 0);
    CU_ASSERT_DOUBLE_EQUAL(shares, second.cpu_s, 1e-6); /* of one second each */
    double used = second.cpu_s;
    close(end);
    waitpid(child, NULL, 0);
    backend_watch_second(w, at + SPAN_S, 1, &second);
    CU_ASSERT_FALSE(second.has_cpu || second.has_rss);
    backend_watch_facts(w, &facts);
    CU_ASSERT(facts.gone && facts.has_cpu && facts.cpu_s == used && facts.cpu_share_max > 0);
    backend_watch_close(w);
}

HARNESS_MAIN("fleet/backend_watch", HARNESS_CASE(nothing_to_watch_is_no_watch),
             HARNESS_CASE(a_process_that_is_not_there_is_refused),
             HARNESS_CASE(the_named_process_comes_before_the_built_in_backend),
             HARNESS_CASE(cpu_counts_from_the_start_and_a_process_that_ends_is_told))
