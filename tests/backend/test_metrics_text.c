#include "backend/metrics_text.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

static double value_of(const char *page, const char *name, bool *found) {
    struct metrics_text_value values[] = {{.name = "other"}, {.name = name, .value = 99, .found = true}};
    metrics_text_read(page, strlen(page), values, 2);
    *found = values[1].found;
    return values[1].value;
}

static void check(const char *page, const char *name, double expected) {
    bool found;
    double value = value_of(page, name, &found);
    CU_ASSERT_TRUE(found);
    CU_ASSERT_DOUBLE_EQUAL(value, expected, 1e-9);
}

static void check_missing(const char *page, const char *name) {
    bool found;
    value_of(page, name, &found);
    CU_ASSERT_FALSE(found);
}

static void samples_are_read_with_and_without_labels_and_times(void) {
    check("# HELP a b\n# TYPE a counter\na 1.5\n", "a", 1.5);
    check("a{x=\"y\"} 2 1700000000000\n", "a", 2);
    check("a{x=\"y\",}\t3e3", "a", 3000);
    check("a:b_c 4\r\n", "a:b_c", 4);
    check("other 7\na 0\n", "a", 0);
}

static void label_sets_add_up(void) {
    check("a{d=\"in\"} 1\na{d=\"out\"} 2\n# x\na 4\n", "a", 7);
}

static void quoted_braces_and_quotes_do_not_end_labels(void) {
    check("a{x=\"} 9 \\\" {\",y=\"\\\\\"} 5\n", "a", 5);
}

static void whatever_is_no_sample_is_passed_over(void) {
    check_missing("", "a");
    check_missing("aa 1\nb_a 2\n#a 3\n", "a");
    check_missing("a\na \na x\na 1x\na NaN\na +Inf\na{x=\"y} 4\na{ 5\na{x=\"\\", "a");
    check_missing("a 1111111111111111111111111111111111111111111111111111111111111111111111\n", "a");
    check("a 1e308\na 1e308\n", "a", 1e308); /* a sum stays finite */
}

/* The page ends where it ends, whatever lies behind. */
static void nothing_is_read_beyond_the_end(void) {
    static const char page[] = "a 12{x=\"\\";
    for (size_t size = 0; size < sizeof page; size++) {
        char *copy = malloc(size + 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
        memcpy(copy, page, size);
        struct metrics_text_value value = {.name = "a"};
        metrics_text_read(copy, size, &value, 1);
        CU_ASSERT_EQUAL(value.found, size == 3 || size == 4);
        free(copy);
    }
}

HARNESS_MAIN("backend/metrics_text", HARNESS_CASE(samples_are_read_with_and_without_labels_and_times),
             HARNESS_CASE(label_sets_add_up), HARNESS_CASE(quoted_braces_and_quotes_do_not_end_labels),
             HARNESS_CASE(whatever_is_no_sample_is_passed_over), HARNESS_CASE(nothing_is_read_beyond_the_end))
