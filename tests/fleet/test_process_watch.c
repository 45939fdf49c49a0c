#include "fleet/process_watch.h"

#include <string.h>
#include <unistd.h>

#include "harness.h"

/* As in proc(5): pid (name) state ppid … utime 14, stime 15, threads 20, start 22, rss 24 in pages. */
static const char stat_text[] = "42 (a) b ) R 1 2 3 4 5 6 7 8 9 10 250 150 11 12 13 14 3 15 98765 16 1000 17 18 19\n";

static void the_fields_are_those_of_proc(void) {
    struct process_watch_sample s = {0};
    CU_ASSERT_TRUE_FATAL(process_watch_parse(stat_text, &s));
    CU_ASSERT_DOUBLE_EQUAL(s.cpu_s, 400.0 / (double)sysconf(_SC_CLK_TCK), 1e-9);
    CU_ASSERT_EQUAL(s.threads, 3);
    CU_ASSERT_EQUAL(s.began, 98765);
    CU_ASSERT_EQUAL(s.rss_bytes, 1000 * (uint64_t)sysconf(_SC_PAGESIZE));
}

static void a_text_that_is_cut_short_is_none(void) {
    char text[sizeof stat_text];
    size_t whole = (size_t)(strstr(stat_text, " 1000 ") + 6 - stat_text);
    for (size_t size = 0; size < whole; size++) {
        struct process_watch_sample s;
        memcpy(text, stat_text, size);
        text[size] = '\0';
        CU_ASSERT_FALSE(process_watch_parse(text, &s));
    }
}

static void our_own_process_is_there_and_grows(void) {
    struct process_watch_sample before, after;
    CU_ASSERT_TRUE_FATAL(process_watch_read((uint32_t)getpid(), &before));
    CU_ASSERT(before.rss_bytes > 100000 && before.threads == 1 && before.descriptors >= 3 && before.began > 0);
    volatile double sum = 0;
    do {
        for (int i = 0; i < 1000000; i++)
            sum += i;
        CU_ASSERT_TRUE_FATAL(process_watch_read((uint32_t)getpid(), &after));
    } while (after.cpu_s <= before.cpu_s);
    CU_ASSERT_EQUAL(after.began, before.began);
    CU_ASSERT_FALSE(process_watch_read(4194304, &after)); /* above every pid */
}

HARNESS_MAIN("fleet/process_watch", HARNESS_CASE(the_fields_are_those_of_proc),
             HARNESS_CASE(a_text_that_is_cut_short_is_none), HARNESS_CASE(our_own_process_is_there_and_grows))
