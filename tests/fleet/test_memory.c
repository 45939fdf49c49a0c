#include "fleet/memory.h"

#include <stdlib.h>

#include "harness.h"

static void touched_memory_shows_and_the_peak_is_no_less(void) {
    enum { SIZE = 32 << 20 };
    uint64_t before = memory_anonymous();
    volatile char *block = malloc(SIZE); /* volatile: or the compiler leaves it all out */
    for (size_t i = 0; i < SIZE; i += 1024)
        block[i] = 1;
    uint64_t after = memory_anonymous();
    CU_ASSERT(before > 0);
    CU_ASSERT(after >= before + SIZE / 2);
    CU_ASSERT(memory_peak() >= after - before);
    free((void *)(uintptr_t)block);
}

HARNESS_MAIN("memory", HARNESS_CASE(touched_memory_shows_and_the_peak_is_no_less))
