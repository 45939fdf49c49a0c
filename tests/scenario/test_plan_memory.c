#include "scenario/plan_memory.h"

#include <string.h>

#include "harness.h"

static void note(void *what) {
    char **at = what;
    *(*at)++ = 'x';
}

static void everything_goes_back_latest_first(void) {
    char log[4] = "";
    char *at = log;
    struct plan_memory *m = plan_memory_new();
    plan_memory_defer(m, note, &at);
    plan_memory_defer(m, note, &at);
    CU_ASSERT_STRING_EQUAL(plan_memory_format(m, "%s#%d", "link", 2), "link#2");
    CU_ASSERT_EQUAL(plan_memory_bytes(m, "abc").size, 3);
    const char *zeroed = plan_memory_take(m, 4, 2);
    CU_ASSERT_EQUAL(zeroed[7], 0);
    plan_memory_free(m);
    CU_ASSERT_STRING_EQUAL(log, "xx");
    plan_memory_free(NULL);
}

HARNESS_MAIN("scenario/plan_memory", HARNESS_CASE(everything_goes_back_latest_first))
