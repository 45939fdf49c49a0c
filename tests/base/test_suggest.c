#include "base/suggest.h"

#include <string.h>

#include "base/check.h"
#include "harness.h"

static void distance_counts_insert_delete_replace_and_swap(void) {
    CU_ASSERT_EQUAL(suggest_distance("keepalive", "keepalive", 3), 0);
    CU_ASSERT_EQUAL(suggest_distance("keepalve", "keepalive", 3), 1);
    CU_ASSERT_EQUAL(suggest_distance("keeepalive", "keepalive", 3), 1);
    CU_ASSERT_EQUAL(suggest_distance("keepalife", "keepalive", 3), 1);
    CU_ASSERT_EQUAL(suggest_distance("kepealive", "keepalive", 3), 1);
    CU_ASSERT_EQUAL(suggest_distance("", "abc", 3), 3);
    CU_ASSERT_EQUAL(suggest_distance("ca", "abc", 3),
                    3); /* optimal string alignment: a swapped pair is not edited again */
}

static void distance_is_capped(void) {
    CU_ASSERT_EQUAL(suggest_distance("kitten", "sitting", 3), 3);
    CU_ASSERT_EQUAL(suggest_distance("kitten", "sitting", 2), 3);
    CU_ASSERT_EQUAL(suggest_distance("a", "abcdefgh", 2), 3);
}

static void very_long_words_match_only_themselves(void) {
    char a[200], b[200];
    memset(a, 'x', sizeof a - 1);
    a[sizeof a - 1] = '\0';
    memcpy(b, a, sizeof b);
    CU_ASSERT_EQUAL(suggest_distance(a, b, 2), 0);
    b[0] = 'y';
    CU_ASSERT_EQUAL(suggest_distance(a, b, 2), 3);
}

static void the_nearest_wins_and_the_first_among_equals(void) {
    static const char *const options[] = {"set", "seed", "send"};
    CU_ASSERT_PTR_EQUAL(suggest_nearest("sed", options, COUNT_OF(options)), options[1]); /* only letters left out */
    CU_ASSERT_PTR_EQUAL(suggest_nearest("sef", options, COUNT_OF(options)), options[0]);
    static const char *const names[] = {"count", "mount", "target", "telemetry", "qos"};
    CU_ASSERT_PTR_EQUAL(suggest_nearest("counts", names, COUNT_OF(names)), names[0]);
    CU_ASSERT_PTR_EQUAL(suggest_nearest("xount", names, COUNT_OF(names)), names[0]);
    CU_ASSERT_PTR_EQUAL(suggest_nearest("moun", names, COUNT_OF(names)), names[1]);
    CU_ASSERT_PTR_EQUAL(suggest_nearest("telemtery", names, COUNT_OF(names)), names[3]);
    CU_ASSERT_PTR_EQUAL(suggest_nearest("target", names, COUNT_OF(names)), names[2]);
}

static void short_words_allow_one_edit_and_long_ones_two(void) {
    static const char *const names[] = {"qos", "target"};
    CU_ASSERT_PTR_EQUAL(suggest_nearest("qo", names, COUNT_OF(names)), names[0]);
    CU_ASSERT_PTR_NULL(suggest_nearest("qxy", names, COUNT_OF(names)));
    CU_ASSERT_PTR_EQUAL(suggest_nearest("taxgxt", names, COUNT_OF(names)), names[1]);
    CU_ASSERT_PTR_NULL(suggest_nearest("txxgxt", names, COUNT_OF(names)));
    CU_ASSERT_PTR_NULL(suggest_nearest("anything", names, 0));
}

HARNESS_MAIN("base/suggest", HARNESS_CASE(distance_counts_insert_delete_replace_and_swap),
             HARNESS_CASE(distance_is_capped), HARNESS_CASE(very_long_words_match_only_themselves),
             HARNESS_CASE(the_nearest_wins_and_the_first_among_equals),
             HARNESS_CASE(short_words_allow_one_edit_and_long_ones_two))
