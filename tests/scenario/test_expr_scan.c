#include "scenario/expr_scan.h"

#include <string.h>

#include "base/err.h"
#include "harness.h"

static struct expr_error error;

static struct expr_scan scan_of(const char *text) {
    return (struct expr_scan){.text = text, .size = strlen(text), .error = &error};
}

static void a_slash_before_a_unit_of_time_belongs_to_the_number(void) {
    static const struct {
        const char *text;
        size_t size;
    } rows[] = {{"5/s", 3},      {"5/s)", 3},   {"10/min", 6}, {"5/2", 1},
                {"5/sum(x)", 1}, {"5/h(x)", 1}, {"5 /s", 1},   {"5%/h", 4}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct expr_scan s = scan_of(rows[i].text);
        struct expr_literal l;
        struct expr_piece piece;
        CU_ASSERT_EQUAL(expr_scan_literal(&s, &l, &piece), 0);
        CU_ASSERT_EQUAL(piece.size, rows[i].size);
    }
}

static void names_of_the_scenario_may_have_hyphens(void) {
    struct expr_scan s = scan_of(" eu-west_1.a,");
    char word[EXPR_WORD_MAX];
    struct expr_piece piece;
    CU_ASSERT_EQUAL(expr_scan_word(&s, true, "a name", word, &piece), 0);
    CU_ASSERT_STRING_EQUAL(word, "eu-west_1.a");
    CU_ASSERT_EQUAL(piece.offset, 1);
    s = scan_of("p99-p50");
    CU_ASSERT_EQUAL(expr_scan_word(&s, false, "a name", word, &piece), 0);
    CU_ASSERT_STRING_EQUAL(word, "p99");
}

static void long_names_are_refused(void) {
    char text[100];
    memset(text, 'a', 99);
    text[99] = '\0';
    struct expr_scan s = scan_of(text);
    char word[EXPR_WORD_MAX];
    struct expr_piece piece;
    CU_ASSERT_EQUAL(expr_scan_word(&s, true, "a name", word, &piece), ERR_MALFORMED);
    CU_ASSERT_EQUAL(error.piece.size, 99);
}

static void comparisons_are_read_longest_first(void) {
    static const char *const texts[RELOPS] = {
        [REL_LT] = "<5", [REL_LE] = "<=5", [REL_GT] = " > 5", [REL_GE] = ">=", [REL_EQ] = "==", [REL_NE] = "!="};
    for (int i = 0; i < RELOPS; i++) {
        struct expr_scan s = scan_of(texts[i]);
        enum relop relop;
        struct expr_piece piece;
        CU_ASSERT_EQUAL(expr_scan_relop(&s, &relop, &piece), 0);
        CU_ASSERT_EQUAL((int)relop, i);
    }
    struct expr_scan s = scan_of("= 5");
    enum relop relop;
    struct expr_piece piece;
    CU_ASSERT_EQUAL(expr_scan_relop(&s, &relop, &piece), ERR_NOT_FOUND);
}

static void very_precise_shares_are_not_kept_as_fractions(void) {
    struct expr_scan s = scan_of("99.9999999999999%");
    struct expr_literal l;
    struct expr_piece piece;
    CU_ASSERT_EQUAL(expr_scan_literal(&s, &l, &piece), 0);
    CU_ASSERT_FALSE(l.exact);
    s = scan_of("-0.5%");
    CU_ASSERT_EQUAL(expr_scan_literal(&s, &l, &piece), 0);
    CU_ASSERT_TRUE(l.exact && l.numerator == -5 && l.denominator == 1000);
}

HARNESS_MAIN("scenario/expr_scan", HARNESS_CASE(a_slash_before_a_unit_of_time_belongs_to_the_number),
             HARNESS_CASE(names_of_the_scenario_may_have_hyphens), HARNESS_CASE(long_names_are_refused),
             HARNESS_CASE(comparisons_are_read_longest_first),
             HARNESS_CASE(very_precise_shares_are_not_kept_as_fractions))
