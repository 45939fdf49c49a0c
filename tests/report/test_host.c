#include "report/host.h"

#include <string.h>

#include "harness.h"

static void the_system_tells_what_it_always_knows(void) {
    struct host h = host_read();
    CU_ASSERT_TRUE(strlen(h.kernel) > 0);
    CU_ASSERT_TRUE(strlen(h.machine) > 0);
    CU_ASSERT_TRUE(h.cores >= 1);
    CU_ASSERT_TRUE(h.memory_bytes > 1 << 20);
    CU_ASSERT_TRUE(h.nofile_soft >= 1 && h.nofile_soft <= h.nofile_hard);
}

static void texts_are_single_lines(void) {
    struct host h = host_read();
    CU_ASSERT_PTR_NULL(strchr(h.cpu, '\n'));
    CU_ASSERT_PTR_NULL(strchr(h.clock_source, '\n'));
    CU_ASSERT_PTR_NULL(strchr(h.ports, '\n'));
}

HARNESS_MAIN("report/host", HARNESS_CASE(the_system_tells_what_it_always_knows), HARNESS_CASE(texts_are_single_lines))
