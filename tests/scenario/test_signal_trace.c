#include "scenario/signal_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

static char why[SIGNAL_TRACE_WHY_MAX];

static void release(struct signal_trace *t) {
    free((void *)(uintptr_t)t->seconds);
    free((void *)(uintptr_t)t->values);
}

static void columns_are_numbers_over_time(void) {
    struct signal_trace t = {.column = 2};
    CU_ASSERT_EQUAL_FATAL(
        signal_trace_parse("time,lat,lon\n# a drive\n100,52.5,13.4\r\n\n110 , 52.6, 13.5 \n125.5,52.7,-1e1", &t, why),
        0);
    CU_ASSERT_EQUAL_FATAL(t.count, 3);
    CU_ASSERT(t.seconds[0] == 0 && t.seconds[1] == 10 && t.seconds[2] == 25.5);
    CU_ASSERT(t.values[0] == 13.4 && t.values[1] == 13.5 && t.values[2] == -10);
    release(&t);
}

static void what_is_no_trace_is_refused(void) {
    static const char *const wrong[] = {"",
                                        "a,b\n",
                                        "a,b\nc,d\n",
                                        "1,2\n2\n",
                                        "1,2\n2,x\n",
                                        "1,2\n1,3\n",
                                        "1,2\n0,3\n",
                                        "1,2\n2,nan\n",
                                        "1,2\n2,3z\n",
                                        "-1e308,2\n1e308,3\n",
                                        "-1e15,2\n1e15,3\n1000000000000000.125,4\n",
                                        "1,-1e308\n2,1e308\n"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct signal_trace t = {.column = 1};
        why[0] = '\0';
        CU_ASSERT_EQUAL(signal_trace_parse(wrong[i], &t, why), ERR_MALFORMED);
        CU_ASSERT(why[0] != '\0');
    }
}

static void files_are_read_whole(void) {
    char path[] = "/tmp/muster-trace-XXXXXX";
    int fd = mkstemp(path);
    FILE *out = fdopen(fd, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    for (int i = 0; i < 50000; i++)
        fprintf(out, "%d,%d\n", i, i % 7);
    fclose(out);
    struct signal_trace t = {.column = 1};
    CU_ASSERT_EQUAL_FATAL(signal_trace_read(path, &t, why), 0);
    CU_ASSERT(t.count == 50000 && t.seconds[49999] == 49999 && t.values[49999] == 49999 % 7);
    release(&t);
    unlink(path);
    CU_ASSERT_EQUAL(signal_trace_read(path, &t, why), ERR_NOT_FOUND);
}

HARNESS_MAIN("scenario/signal_trace", HARNESS_CASE(columns_are_numbers_over_time),
             HARNESS_CASE(what_is_no_trace_is_refused), HARNESS_CASE(files_are_read_whole))
