#include "base/hash.h"

#include "harness.h"

/* Known answers: the FNV reference vectors (Noll), and the first outputs of splitmix64 seeded with 0. */
static void fnv_matches_its_reference_vectors(void) {
    CU_ASSERT_EQUAL(hash_fnv1a32("", 0), 0x811c9dc5);
    CU_ASSERT_EQUAL(hash_fnv1a32("a", 1), 0xe40c292c);
    CU_ASSERT_EQUAL(hash_fnv1a32("foobar", 6), 0xbf9cf968);
    CU_ASSERT_EQUAL(hash_fnv1a64("", 0), 0xcbf29ce484222325ULL);
    CU_ASSERT_EQUAL(hash_fnv1a64("a", 1), 0xaf63dc4c8601ec8cULL);
    CU_ASSERT_EQUAL(hash_fnv1a64("foobar", 6), 0x85944171f73967e8ULL);
}

static void a_name_is_hashed_without_its_nul(void) {
    CU_ASSERT_EQUAL(hash_name("foobar"), 0xbf9cf968);
    CU_ASSERT_EQUAL(hash_name(""), 0x811c9dc5);
}

static void a_hash_can_be_continued(void) {
    CU_ASSERT_EQUAL(hash_fnv1a32_more(hash_name("foo"), "bar", 3), 0xbf9cf968);
    CU_ASSERT_EQUAL(hash_fnv1a32_more(hash_name("foo"), NULL, 0), hash_name("foo"));
}

static void mixing_is_the_finaliser_of_splitmix64(void) {
    CU_ASSERT_EQUAL(hash_mix(0x9e3779b97f4a7c15ULL), 0xe220a8397b1dcdafULL);
    CU_ASSERT_EQUAL(hash_mix(2 * 0x9e3779b97f4a7c15ULL), 0x6e789e6aa1b965f4ULL);
    CU_ASSERT_EQUAL(hash_mix(0), 0);
}

static void folding_depends_on_order(void) {
    uint64_t ab = hash_fold(hash_fold(0, 1), 2), ba = hash_fold(hash_fold(0, 2), 1);
    CU_ASSERT_NOT_EQUAL(ab, ba);
    CU_ASSERT_NOT_EQUAL(hash_fold(0, 0), 0);
}

HARNESS_MAIN("base/hash", HARNESS_CASE(fnv_matches_its_reference_vectors),
             HARNESS_CASE(a_name_is_hashed_without_its_nul), HARNESS_CASE(a_hash_can_be_continued),
             HARNESS_CASE(mixing_is_the_finaliser_of_splitmix64), HARNESS_CASE(folding_depends_on_order))
