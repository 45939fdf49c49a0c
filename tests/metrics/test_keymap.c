#include "metrics/keymap.h"

#include "base/hash.h"
#include "harness.h"

static void an_empty_map_finds_nothing(void) {
    struct keymap m = {0};
    CU_ASSERT_EQUAL(keymap_find(&m, 0), KEYMAP_NONE);
    CU_ASSERT_EQUAL(keymap_find(&m, 7), KEYMAP_NONE);
    keymap_free(&m);
}

static void every_key_keeps_its_value_while_the_map_grows(void) {
    struct keymap m = {0};
    for (uint32_t i = 0; i < 5000; i++)
        keymap_put(&m, hash_mix(i), i);
    CU_ASSERT_EQUAL(m.count, 5000);
    for (uint32_t i = 0; i < 5000; i++)
        CU_ASSERT_EQUAL(keymap_find(&m, hash_mix(i)), i);
    CU_ASSERT_EQUAL(keymap_find(&m, hash_mix(5000)), KEYMAP_NONE);
    keymap_free(&m);
}

static void keys_that_differ_in_one_high_bit_are_told_apart(void) {
    struct keymap m = {0};
    for (uint32_t bit = 0; bit < 64; bit++)
        keymap_put(&m, (uint64_t)1 << bit, bit);
    for (uint32_t bit = 0; bit < 64; bit++)
        CU_ASSERT_EQUAL(keymap_find(&m, (uint64_t)1 << bit), bit);
    keymap_free(&m);
}

static void key_zero_is_a_key_like_any_other(void) {
    struct keymap m = {0};
    keymap_put(&m, 1, 1);
    CU_ASSERT_EQUAL(keymap_find(&m, 0), KEYMAP_NONE);
    keymap_put(&m, 0, 9);
    CU_ASSERT_EQUAL(keymap_find(&m, 0), 9);
    keymap_free(&m);
}

static void clearing_forgets_keys_and_keeps_memory(void) {
    struct keymap m = {0};
    for (uint32_t i = 0; i < 100; i++)
        keymap_put(&m, i, i);
    size_t bytes = keymap_bytes(&m);
    keymap_clear(&m);
    CU_ASSERT_EQUAL(keymap_bytes(&m), bytes);
    CU_ASSERT_EQUAL(keymap_find(&m, 5), KEYMAP_NONE);
    keymap_put(&m, 5, 50);
    CU_ASSERT_EQUAL(keymap_find(&m, 5), 50);
    CU_ASSERT_EQUAL(m.count, 1);
    keymap_free(&m);
}

HARNESS_MAIN("metrics/keymap", HARNESS_CASE(an_empty_map_finds_nothing),
             HARNESS_CASE(every_key_keeps_its_value_while_the_map_grows),
             HARNESS_CASE(keys_that_differ_in_one_high_bit_are_told_apart),
             HARNESS_CASE(key_zero_is_a_key_like_any_other), HARNESS_CASE(clearing_forgets_keys_and_keeps_memory))
