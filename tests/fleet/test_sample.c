#include "fleet/sample.h"

#include <stdlib.h>

#include "harness.h"

static unsigned below(const struct plan *p, uint64_t limit) {
    unsigned count = 0;
    for (uint32_t d = 0; d < p->device_count; d++)
        count += sample_place(p, d) < limit;
    return count;
}

static void a_small_fleet_is_its_own_sample(void) {
    struct plan p = {.seed = 1, .device_count = SAMPLE_DEVICES};
    CU_ASSERT_EQUAL(below(&p, sample_below(&p)), SAMPLE_DEVICES);
    p.device_count = 1;
    CU_ASSERT_EQUAL(below(&p, sample_below(&p)), 1);
}

static void of_a_larger_one_it_is_exactly_so_many(void) {
    static const uint32_t counts[] = {SAMPLE_DEVICES + 1, SAMPLE_DEVICES + 2, 1000, 20000};
    for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (uint64_t seed = 0; seed < 3; seed++) {
            struct plan p = {.seed = seed, .device_count = counts[i]};
            CU_ASSERT_EQUAL(below(&p, sample_below(&p)), SAMPLE_DEVICES);
        }
}

static void another_seed_gives_another_sample(void) {
    struct plan p = {.seed = 1, .device_count = 1000}, other = {.seed = 2, .device_count = 1000};
    uint64_t limit = sample_below(&p), other_limit = sample_below(&other);
    unsigned both = 0;
    for (uint32_t d = 0; d < 1000; d++)
        both += sample_place(&p, d) < limit && sample_place(&other, d) < other_limit;
    CU_ASSERT(both < 120); /* 66 by chance */
}

HARNESS_MAIN("sample", HARNESS_CASE(a_small_fleet_is_its_own_sample),
             HARNESS_CASE(of_a_larger_one_it_is_exactly_so_many), HARNESS_CASE(another_seed_gives_another_sample))
