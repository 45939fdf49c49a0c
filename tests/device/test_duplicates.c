#include "device/duplicates.h"
#include "harness.h"

static void the_first_copy_is_new_and_the_second_is_not(void) {
    struct duplicates *d = duplicates_new();
    CU_ASSERT_FALSE(duplicates_seen(d, 1, 2, 1));
    CU_ASSERT_TRUE(duplicates_seen(d, 1, 2, 1));
    CU_ASSERT_FALSE(duplicates_seen(d, 1, 2, 2));
    duplicates_free(d);
}

static void subscribers_and_publishers_are_apart(void) {
    struct duplicates *d = duplicates_new();
    CU_ASSERT_FALSE(duplicates_seen(d, 1, 2, 7));
    CU_ASSERT_FALSE(duplicates_seen(d, 2, 1, 7));
    CU_ASSERT_FALSE(duplicates_seen(d, 1, 3, 7));
    duplicates_free(d);
}

static void late_messages_within_the_window_are_told_apart(void) {
    struct duplicates *d = duplicates_new();
    CU_ASSERT_FALSE(duplicates_seen(d, 0, 0, 100));
    for (uint32_t back = 1; back <= DUPLICATES_WINDOW; back++) {
        CU_ASSERT_FALSE(duplicates_seen(d, 0, 0, 100 - back));
        CU_ASSERT_TRUE(duplicates_seen(d, 0, 0, 100 - back));
    }
    CU_ASSERT_FALSE(duplicates_seen(d, 0, 0, 10));
    duplicates_free(d);
}

static void a_jump_forgets_what_falls_out_of_the_window(void) {
    struct duplicates *d = duplicates_new();
    (void)duplicates_seen(d, 0, 0, 1);
    CU_ASSERT_FALSE(duplicates_seen(d, 0, 0, 1 + DUPLICATES_WINDOW));
    CU_ASSERT_TRUE(duplicates_seen(d, 0, 0, 1));
    CU_ASSERT_FALSE(duplicates_seen(d, 0, 0, 10000));
    CU_ASSERT_TRUE(duplicates_seen(d, 0, 0, 10000));
    duplicates_free(d);
}

static void many_pairs_are_kept(void) {
    struct duplicates *d = duplicates_new();
    for (uint32_t i = 0; i < 10000; i++)
        CU_ASSERT_FALSE(duplicates_seen(d, i, 7, 1));
    for (uint32_t i = 0; i < 10000; i++)
        CU_ASSERT_TRUE(duplicates_seen(d, i, 7, 1));
    CU_ASSERT_EQUAL(duplicates_not_tracked(d), 0);
    duplicates_free(d);
}

static void pairs_beyond_the_cap_are_counted_and_new(void) {
    struct duplicates *d = duplicates_new();
    for (uint32_t i = 0; i < DUPLICATES_PAIRS_MAX; i++)
        duplicates_seen(d, i, 7, 1);
    CU_ASSERT_EQUAL(duplicates_not_tracked(d), 0);
    CU_ASSERT_FALSE(duplicates_seen(d, DUPLICATES_PAIRS_MAX, 7, 1));
    CU_ASSERT_FALSE(duplicates_seen(d, DUPLICATES_PAIRS_MAX, 7, 1));
    CU_ASSERT_EQUAL(duplicates_not_tracked(d), 2);
    CU_ASSERT_TRUE(duplicates_seen(d, 0, 7, 1));
    duplicates_free(d);
}

HARNESS_MAIN("duplicates", HARNESS_CASE(the_first_copy_is_new_and_the_second_is_not),
             HARNESS_CASE(subscribers_and_publishers_are_apart),
             HARNESS_CASE(late_messages_within_the_window_are_told_apart),
             HARNESS_CASE(a_jump_forgets_what_falls_out_of_the_window), HARNESS_CASE(many_pairs_are_kept),
             HARNESS_CASE(pairs_beyond_the_cap_are_counted_and_new))
