#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

static void an_empty_text_reads_as_an_empty_string(void) {
    struct text t = {0};
    CU_ASSERT_STRING_EQUAL(text_get(&t), "");
    char *taken = text_take(&t);
    CU_ASSERT_STRING_EQUAL(taken, "");
    free(taken);
    text_free(&t);
}

static void appending_keeps_order_size_and_nul(void) {
    struct text t = {0};
    for (int i = 0; i < 1000; i++) {
        text_append(&t, "ab");
        text_append_n(&t, "cde", 1);
        text_printf(&t, "%d", i % 10);
    }
    CU_ASSERT_EQUAL(t.size, 4000);
    CU_ASSERT_EQUAL(strlen(text_get(&t)), 4000);
    CU_ASSERT_EQUAL(memcmp(text_get(&t) + 4 * 567, "abc7", 4), 0);
    text_free(&t);
    CU_ASSERT_STRING_EQUAL(text_get(&t), "");
}

static void taking_leaves_an_empty_text(void) {
    struct text t = {0};
    text_append(&t, "kept");
    char *taken = text_take(&t);
    CU_ASSERT_STRING_EQUAL(taken, "kept");
    CU_ASSERT_EQUAL(t.size, 0);
    text_append(&t, "new");
    CU_ASSERT_STRING_EQUAL(text_get(&t), "new");
    free(taken);
    text_free(&t);
}

static void formatting_and_duplicating_give_owned_strings(void) {
    char *formatted = text_format("%s-%05d", "thermostat", 42), *copy = text_dup(formatted);
    CU_ASSERT_STRING_EQUAL(copy, "thermostat-00042");
    CU_ASSERT_PTR_NOT_EQUAL(copy, formatted);
    free(formatted);
    free(copy);
}

static void prefixes(void) {
    CU_ASSERT_TRUE(text_has_prefix("fleets.meters", "fleets."));
    CU_ASSERT_TRUE(text_has_prefix("x", ""));
    CU_ASSERT_FALSE(text_has_prefix("fleet", "fleets"));
}

static void check_safe(const char *in, size_t size, size_t max, const char *out) {
    struct text t = {0};
    text_append_safe(&t, in, size, max);
    CU_ASSERT_STRING_EQUAL(text_get(&t), out);
    text_free(&t);
}

static void what_a_terminal_may_obey_is_spelled_out(void) {
    check_safe("plain \xc3\xa9", 8, 100, "plain \xc3\xa9");
    check_safe("\x1b[2J", 4, 100, "\\x1B[2J");
    check_safe("a\nb\tc\0d", 7, 100, "a\\x0Ab\\x09c\\x00d");
    check_safe("\x7f", 1, 100, "\\x7F");
    check_safe("\xc2\x9b"
               "31m",
               5, 100, "\\xC2\\x9B31m"); /* C1: CSI */
    check_safe("\xc2\xa0", 2, 100, "\xc2\xa0");
    check_safe("\xff\xe2\x82", 3, 100, "\\xFF\\xE2\\x82");
    check_safe("", 0, 100, "");
}

static void the_cut_never_splits_a_character(void) {
    check_safe("abc", 3, 2, "ab");
    check_safe("a\xe2\x82\xac", 4, 3, "a");
    check_safe("a\xe2\x82\xac", 4, 4, "a\xe2\x82\xac");
}

HARNESS_MAIN("base/text", HARNESS_CASE(an_empty_text_reads_as_an_empty_string),
             HARNESS_CASE(appending_keeps_order_size_and_nul), HARNESS_CASE(taking_leaves_an_empty_text),
             HARNESS_CASE(formatting_and_duplicating_give_owned_strings), HARNESS_CASE(prefixes),
             HARNESS_CASE(what_a_terminal_may_obey_is_spelled_out), HARNESS_CASE(the_cut_never_splits_a_character))
