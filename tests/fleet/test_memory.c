#include "fleet/memory.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

static void touched_memory_shows_and_the_peak_is_no_less(void) {
    enum { SIZE = 32 << 20 };
    uint64_t before = memory_anonymous();
    char *volatile block = malloc(SIZE); /* volatile: or the compiler leaves it all out */
    memset(block, 1, SIZE);
    uint64_t after = memory_anonymous();
    CU_ASSERT(before > 0);
    CU_ASSERT(after >= before + SIZE / 2);
    CU_ASSERT(memory_peak() >= after - before);
    free(block);
}

HARNESS_MAIN("memory", HARNESS_CASE(touched_memory_shows_and_the_peak_is_no_less))
