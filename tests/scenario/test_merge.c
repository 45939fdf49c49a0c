#include "harness.h"

#include <string.h>

#include "scenario/merge.h"
#include "scenario/node_write.h"

static struct node *load(const char *text, struct diagnostic_list *list) {
    return load_text("t.yaml", text, strlen(text), list);
}

static void expect_tree(const struct node *root, const char *canonical) {
    struct text out = {0};
    node_write_canonical(root, NULL, &out);
    CU_ASSERT_STRING_EQUAL(text_get(&out), canonical);
    text_free(&out);
}

static void maps_merge_and_lists_replace(void) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    struct node *under = load("a: {x: 1, y: {p: 1, q: 2}}\nl: [1, 2, 3]\ns: old\n", &list);
    merge_over(under, load("a: {y: {q: 9, r: 3}, z: 4}\nl: [7]\ns: {now: a map}\nnew: 1\n", &list));
    expect_tree(
        under,
        "{\"a\":{\"x\":\"1\",\"y\":{\"p\":\"1\",\"q\":\"9\",\"r\":\"3\"},\"z\":\"4\"},\"l\":[\"7\"],\"new\":\"1\","
        "\"s\":{\"now\":\"a map\"}}");
    node_free(under);
    diagnostic_free(&list);
}

static void a_child_keeps_what_it_says_itself(void) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    struct node *child = load("a: {x: 1}\nl: [1]\nprofile: own\n", &list);
    struct node *parent = load("a: {x: 2, y: 2}\nl: [2, 3]\nmix: {p: 100%}\nb: {c: 1}\n", &list);
    merge_under(child, parent);
    expect_tree(child, "{\"a\":{\"x\":\"1\",\"y\":\"2\"},\"b\":{\"c\":\"1\"},\"l\":[\"1\"],\"profile\":\"own\"}");
    node_free(parent);
    node_free(child);
    diagnostic_free(&list);
}

static void apply(struct node *root, enum load_override_kind kind, const char *text, struct diagnostic_list *list) {
    struct load_override o = {kind, text};
    merge_override(root, &o, list);
}

static void set_replaces_adds_and_reaches_into_lists(void) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    struct node *root = load("a: {x: 1}\nl: [{k: 1}, 2]\n", &list);
    apply(root, LOAD_SET, "a.x=5", &list);
    apply(root, LOAD_SET, "a.new.deep=[1, 2]", &list);
    apply(root, LOAD_SET, "l.0.k=9", &list);
    apply(root, LOAD_SET, "l.1={m: n}", &list);
    apply(root, LOAD_SET, "url=mqtt://host:1883", &list);
    CU_ASSERT_EQUAL(list.errors, 0);
    expect_tree(root, "{\"a\":{\"new\":{\"deep\":[\"1\",\"2\"]},\"x\":\"5\"},\"l\":[{\"k\":\"9\"},{\"m\":\"n\"}],"
                      "\"url\":\"mqtt://host:1883\"}");
    CU_ASSERT(node_at(root, "a.new.deep.1")->from_flag);
    CU_ASSERT_FALSE(node_at(root, "l")->from_flag);
    node_free(root);
    diagnostic_free(&list);
}

static void unset_takes_away(void) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    struct node *root = load("a: {x: 1, y: 2}\nb: 1\n", &list);
    apply(root, LOAD_UNSET, "a.x", &list);
    apply(root, LOAD_UNSET, "b", &list);
    expect_tree(root, "{\"a\":{\"y\":\"2\"}}");
    CU_ASSERT_EQUAL(list.errors, 0);
    node_free(root);
    diagnostic_free(&list);
}

static void paths_that_lead_nowhere_are_errors_with_a_suggestion(void) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    struct node *root = load("fleets: {meters: {count: 1}}\nl: [1]\n", &list);
    static const char *const set[] = {"fleets.meters.count.x=1", "l.4=1", "fleets", "=1", "a..b=1", "fleets.x=[1"};
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++) {
        apply(root, LOAD_SET, set[i], &list);
        CU_ASSERT_EQUAL(list.errors, i + 1);
    }
    apply(root, LOAD_UNSET, "fleets.metres.count", &list);
    CU_ASSERT_STRING_EQUAL(list.items[list.count - 1].suggestion, "meters");
    CU_ASSERT_EQUAL(list.items[list.count - 1].mark.column, 8);
    CU_ASSERT_STRING_EQUAL(list.items[list.count - 1].mark.file, "--unset fleets.metres.count");
    apply(root, LOAD_UNSET, "l.0", &list);
    CU_ASSERT_STRING_EQUAL(list.items[list.count - 1].code, "E119");
    node_free(root);
    diagnostic_free(&list);
}

static void a_new_name_that_is_nearly_another_is_a_slip(void) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    struct node *root = load("fleets: {meters: {count: 1}}\n", &list);
    apply(root, LOAD_SET, "fleets.gates.count=5", &list);          /* a further fleet */
    apply(root, LOAD_SET, "fleets.meters.telemetri.qos=1", &list); /* no name of the user's: the validator refuses it */
    CU_ASSERT_EQUAL(list.warnings, 0);
    apply(root, LOAD_SET, "fleets.meter.count=5", &list);
    CU_ASSERT_EQUAL_FATAL(list.warnings, 1);
    CU_ASSERT_STRING_EQUAL(list.items[0].code, "W201");
    CU_ASSERT_STRING_EQUAL(list.items[0].message, "this adds 'meter' to fleets");
    CU_ASSERT_STRING_EQUAL(list.items[0].suggestion, "meters");
    CU_ASSERT_EQUAL(list.items[0].mark.column, 8);
    CU_ASSERT_EQUAL(list.errors, 0);
    node_free(root);
    diagnostic_free(&list);
}

HARNESS_MAIN("scenario/merge", HARNESS_CASE(a_new_name_that_is_nearly_another_is_a_slip),
             HARNESS_CASE(maps_merge_and_lists_replace), HARNESS_CASE(a_child_keeps_what_it_says_itself),
             HARNESS_CASE(set_replaces_adds_and_reaches_into_lists), HARNESS_CASE(unset_takes_away),
             HARNESS_CASE(paths_that_lead_nowhere_are_errors_with_a_suggestion))
