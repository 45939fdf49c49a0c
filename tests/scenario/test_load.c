#include "harness.h"

#include <string.h>

#include "scenario/load.h"

static struct node *load(const char *text, struct diagnostic_list *list) {
    diagnostic_init(list);
    return load_text("t.yaml", text, strlen(text), list);
}

static void expect_error(const char *text, const char *code, int line, int column) {
    struct diagnostic_list list;
    struct node *root = load(text, &list);
    CU_ASSERT(list.count > 0);
    if (list.count > 0) {
        diagnostic_sort(&list);
        CU_ASSERT_STRING_EQUAL(list.items[0].code, code);
        CU_ASSERT_EQUAL(list.items[0].mark.line, line);
        CU_ASSERT_EQUAL(list.items[0].mark.column, column);
    }
    node_free(root);
    diagnostic_free(&list);
}

static void marks_count_lines_and_characters(void) {
    struct diagnostic_list list;
    struct node *root = load("\xc3\xa4: \"\xc3\xb6x\"\nmap:\n  key: {in: flow}\n", &list);
    const struct node_entry *e = node_entry_of(root, "\xc3\xa4");
    CU_ASSERT_EQUAL(e->key_mark.length, 1);
    CU_ASSERT_EQUAL(e->value->mark.column, 4);
    CU_ASSERT_EQUAL(e->value->mark.length, 4);
    CU_ASSERT_EQUAL(e->value->style, NODE_QUOTED);
    const struct node *in = node_at(root, "map.key.in");
    CU_ASSERT_EQUAL(in->mark.line, 3);
    CU_ASSERT_EQUAL(in->mark.column, 13);
    CU_ASSERT(node_at(root, "map.key")->flow);
    CU_ASSERT_FALSE(node_at(root, "map")->flow);
    node_free(root);
    diagnostic_free(&list);
}

static void a_value_cut_at_a_comma_is_reported_and_mended(void) {
    struct diagnostic_list list;
    struct node *root = load("n: {rtt: lognormal(p50=90ms, p99=700ms), loss: 1%}\nl: [uniform(1s, 2s), x]\n", &list);
    CU_ASSERT_EQUAL(list.errors, 2);
    CU_ASSERT_STRING_EQUAL(list.items[0].code, "E105");
    CU_ASSERT_STRING_EQUAL(list.items[0].message,
                           "this value was cut at a comma: 'lognormal(p50=90ms' has no closing ')'");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "n.rtt")), "lognormal(p50=90ms, p99=700ms)");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "n.loss")), "1%");
    CU_ASSERT_EQUAL(node_get(root, "n")->count, 2);
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "l.0")), "uniform(1s, 2s)");
    CU_ASSERT_EQUAL(node_get(root, "l")->count, 2);
    node_free(root);
    diagnostic_free(&list);
}

static void quoted_functions_and_block_values_are_left_alone(void) {
    struct diagnostic_list list;
    struct node *root = load("n: {rtt: \"lognormal(p50=90ms, p99=700ms)\"}\ne: p99(a, during=b) < 5ms\n", &list);
    CU_ASSERT_EQUAL(list.count, 0);
    CU_ASSERT_STRING_EQUAL(node_text(node_get(root, "e")), "p99(a, during=b) < 5ms");
    node_free(root);
    diagnostic_free(&list);
}

static void what_the_language_leaves_out_is_refused_where_it_stands(void) {
    expect_error("a: &x 1\n", "E107", 1, 4);
    expect_error("a: *x\n", "E107", 1, 4);
    expect_error("a: !!str 1\n", "E108", 1, 4);
    expect_error("a:\n  <<: {b: 1}\n", "E109", 2, 3);
    expect_error("a: 1\n---\nb: 1\n", "E113", 2, 1);
    expect_error("? [a]\n: b\n", "E121", 1, 3);
    expect_error(": b\n", "E121", 1, 1);
    expect_error("a: {b:1}\n", "E121", 1, 5);
    expect_error("a: 1\nb: 2\na: 3\n", "E112", 3, 1);
}

static void refused_aliases_are_marked_for_later_passes(void) {
    struct diagnostic_list list;
    struct node *root = load("a: *x\n", &list);
    CU_ASSERT(node_get(root, "a")->refused);
    node_free(root);
    diagnostic_free(&list);
}

static void syntax_errors_get_our_own_sentence(void) {
    expect_error("a: [1, 2\nb: 3\n", "E101", 1, 4);
    expect_error("a: {b: 1\n", "E101", 1, 4);
    expect_error("a: \"x\n", "E101", 1, 4);
    expect_error("a: b: c\n", "E101", 1, 5);
    expect_error("a:\n\tb: 1\n", "E101", 2, 1);
    expect_error("a: {for: ${vars.x}}\n", "E101", 1, 10);
    expect_error("a: 1\n  b: 2\n", "E101", 1, 4);
}

static void what_is_no_text_is_refused_before_it_is_parsed(void) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    CU_ASSERT_PTR_NULL(load_text("nul.yaml", "a: b\0c", 6, &list));
    CU_ASSERT_PTR_NULL(load_text("latin.yaml", "a: 1\nb: \xe4\n", 10, &list));
    CU_ASSERT_PTR_NULL(load_text("cut.yaml", "a: \xc3", 4, &list));
    CU_ASSERT_EQUAL(list.errors, 3);
    CU_ASSERT_STRING_EQUAL(list.items[0].code, "E103");
    CU_ASSERT_EQUAL(list.items[0].mark.column, 5);
    CU_ASSERT_STRING_EQUAL(list.items[1].code, "E104");
    CU_ASSERT_EQUAL(list.items[1].mark.line, 2);
    diagnostic_free(&list);
}

static void an_escaped_nul_is_refused_too(void) {
    expect_error("a: \"x\\0y\"\n", "E103", 1, 4);
}

static void depth_and_width_have_limits(void) {
    char deep[200] = "a: ";
    struct text wide = {0};
    struct diagnostic_list list;
    memset(deep + 3, '[', 100);
    expect_error(deep, "E106", 1, 35);
    for (int i = 0; i < 5000; i++)
        text_printf(&wide, "k%d: 1\n", i);
    CU_ASSERT_PTR_NULL(load(text_get(&wide), &list));
    CU_ASSERT_STRING_EQUAL(list.items[0].code, "E122");
    diagnostic_free(&list);
    text_free(&wide);
}

static void flags_are_yaml_of_one_line(void) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    const char *name = diagnostic_source(&list, "--set a", "a=[1, {b: 2}]", 13);
    struct node *n = load_value(name, "a=[1, {b: 2}]", 2, &list);
    CU_ASSERT_EQUAL(n->kind, NODE_LIST);
    CU_ASSERT_EQUAL(node_at(n, "1.b")->mark.column, 11);
    node_free(n);
    n = load_value(name, "a=", 2, &list);
    CU_ASSERT(node_is_empty(n));
    node_free(n);
    CU_ASSERT_PTR_NULL(load_value(name, "a=[", 2, &list));
    CU_ASSERT_EQUAL(list.errors, 1);
    diagnostic_free(&list);
}

static void directories_and_missing_files_cannot_be_read(void) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    struct diagnostic_mark none = {0};
    CU_ASSERT_PTR_NULL(load_file("tests", none, &list));
    CU_ASSERT_PTR_NULL(load_file("tests/no-such-file", none, &list));
    CU_ASSERT_EQUAL(list.errors, 2);
    CU_ASSERT_STRING_EQUAL(list.items[0].code, "E114");
    CU_ASSERT_PTR_NOT_NULL(strstr(list.items[1].help, "muster init"));
    CU_ASSERT_PTR_NULL(load_file("scenarios/quikstart.yaml", none, &list));
    CU_ASSERT_STRING_EQUAL(list.items[2].suggestion, "scenarios/quickstart.yaml");
    diagnostic_free(&list);
}

HARNESS_MAIN("scenario/load", HARNESS_CASE(marks_count_lines_and_characters),
             HARNESS_CASE(a_value_cut_at_a_comma_is_reported_and_mended),
             HARNESS_CASE(quoted_functions_and_block_values_are_left_alone),
             HARNESS_CASE(what_the_language_leaves_out_is_refused_where_it_stands),
             HARNESS_CASE(refused_aliases_are_marked_for_later_passes),
             HARNESS_CASE(syntax_errors_get_our_own_sentence),
             HARNESS_CASE(what_is_no_text_is_refused_before_it_is_parsed), HARNESS_CASE(an_escaped_nul_is_refused_too),
             HARNESS_CASE(depth_and_width_have_limits), HARNESS_CASE(flags_are_yaml_of_one_line),
             HARNESS_CASE(directories_and_missing_files_cannot_be_read))
