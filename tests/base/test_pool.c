#include "base/pool.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "harness.h"

enum { MIB = 1 << 20 };

static void blocks_are_aligned_distinct_and_as_large_as_asked(void) {
    struct pool *p = pool_new(64 * MIB);
    static const size_t sizes[] = {0,  1,   31,   32,   33,    40,    41,      63,           64,
                                   65, 100, 1000, 4097, 65535, 65536, 1 << 20, (1 << 20) + 1};
    unsigned char *blocks[COUNT_OF(sizes)];
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        blocks[i] = pool_take(p, sizes[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(blocks[i]);
        CU_ASSERT_EQUAL((uintptr_t)blocks[i] % 8, 0);
        memset(blocks[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        bool intact = true;
        for (size_t k = 0; k < sizes[i]; k++)
            intact = intact && blocks[i][k] == i + 1;
        CU_ASSERT_TRUE(intact);
        pool_give(p, blocks[i], sizes[i]);
    }
    CU_ASSERT_EQUAL(pool_in_use(p), 0);
    pool_free(p);
}

static void classes_waste_at_most_a_quarter(void) {
    struct pool *p = pool_new(8 * MIB);
    for (size_t size = 1; size <= 1 << 20; size += size < 5000 ? 1 : 997) {
        void *block = pool_take(p, size);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block);
        size_t lent = pool_in_use(p);
        CU_ASSERT(lent >= size && lent % 8 == 0);
        CU_ASSERT(lent == 32 || lent * 4 <= size * 5 + 32);
        pool_give(p, block, size);
    }
    pool_free(p);
}

static void the_cap_holds_and_a_block_given_back_can_be_taken_again(void) {
    struct pool *p = pool_new(MIB);
    enum { SIZE = 1000, MOST = MIB / SIZE };
    void *blocks[MOST];
    size_t count = 0;
    void *block;
    while ((block = pool_take(p, SIZE)) != NULL) {
        CU_ASSERT_FATAL(count < MOST);
        blocks[count++] = block;
    }
    CU_ASSERT(count > MOST * 9 / 10);
    CU_ASSERT(pool_reserved(p) <= MIB);
    CU_ASSERT_PTR_NULL(pool_take(p, SIZE));
    pool_give(p, blocks[--count], SIZE);
    block = pool_take(p, SIZE);
    CU_ASSERT_PTR_NOT_NULL(block);
    CU_ASSERT_PTR_NULL(pool_take(p, SIZE));
    pool_free(p);
}

static void steady_use_reserves_nothing_more(void) {
    struct pool *p = pool_new(64 * MIB);
    void *held[64] = {NULL};
    size_t sizes[64] = {0};
    size_t after_warmup = 0;
    for (uint64_t i = 0; i < 200000; i++) {
        unsigned slot = (unsigned)(hash_mix(i) % 64);
        pool_give(p, held[slot], sizes[slot]);
        sizes[slot] = 32 << (slot % 8);
        held[slot] = pool_take(p, sizes[slot]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(held[slot]);
        if (i == 10000)
            after_warmup = pool_reserved(p);
    }
    CU_ASSERT_EQUAL(pool_reserved(p), after_warmup);
    pool_free(p);
}

static void large_blocks_count_against_the_cap_and_leave_it_again(void) {
    struct pool *p = pool_new(4 * MIB);
    void *large = pool_take(p, 3 * MIB);
    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    CU_ASSERT_PTR_NULL(pool_take(p, 2 * MIB));
    CU_ASSERT_EQUAL(pool_in_use(p), 3 * MIB);
    pool_give(p, large, 3 * MIB);
    CU_ASSERT_EQUAL(pool_in_use(p), 0);
    CU_ASSERT_EQUAL(pool_reserved(p), 0);
    large = pool_take(p, 2 * MIB);
    CU_ASSERT_PTR_NOT_NULL(large);
    CU_ASSERT_PTR_NULL(pool_take(p, SIZE_MAX));
    CU_ASSERT_PTR_NULL(pool_take(p, SIZE_MAX - 64));
    pool_free(p); /* takes what is still lent with it */
}

static void a_small_cap_is_used_though_it_is_less_than_a_slab(void) {
    struct pool *p = pool_new(1000);
    void *block = pool_take(p, 500);
    CU_ASSERT_PTR_NOT_NULL(block);
    CU_ASSERT_PTR_NULL(pool_take(p, 600));
    CU_ASSERT(pool_reserved(p) <= 1000);
    pool_free(p);
    p = pool_new(0);
    CU_ASSERT_PTR_NULL(pool_take(p, 1));
    pool_free(p);
}

static void giving_null_and_freeing_null_are_ignored(void) {
    struct pool *p = pool_new(MIB);
    pool_give(p, NULL, 100);
    CU_ASSERT_EQUAL(pool_in_use(p), 0);
    pool_free(p);
    pool_free(NULL);
}

HARNESS_MAIN("base/pool", HARNESS_CASE(blocks_are_aligned_distinct_and_as_large_as_asked),
             HARNESS_CASE(classes_waste_at_most_a_quarter),
             HARNESS_CASE(the_cap_holds_and_a_block_given_back_can_be_taken_again),
             HARNESS_CASE(steady_use_reserves_nothing_more),
             HARNESS_CASE(large_blocks_count_against_the_cap_and_leave_it_again),
             HARNESS_CASE(a_small_cap_is_used_though_it_is_less_than_a_slab),
             HARNESS_CASE(giving_null_and_freeing_null_are_ignored))
