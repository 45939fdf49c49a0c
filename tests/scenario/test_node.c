#include "harness.h"

#include <string.h>

#include "scenario/node.h"

static const struct diagnostic_mark nowhere;

/* {a: 1, b: [x, {c: 2}]} */
static struct node *sample(void) {
    struct node *root = node_new(NODE_MAP, nowhere), *list = node_new(NODE_LIST, nowhere),
                *inner = node_new(NODE_MAP, nowhere);
    node_add(root, "a", nowhere, node_scalar("1", NODE_PLAIN, nowhere));
    node_add(inner, "c", nowhere, node_scalar("2", NODE_QUOTED, nowhere));
    node_add(list, NULL, nowhere, node_scalar("x", NODE_PLAIN, nowhere));
    node_add(list, NULL, nowhere, inner);
    node_add(root, "b", nowhere, list);
    return root;
}

static void paths_lead_through_maps_and_lists(void) {
    struct node *root = sample();
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "a")), "1");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "b.0")), "x");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "b.1.c")), "2");
    CU_ASSERT_PTR_NULL(node_at(root, "b.2"));
    CU_ASSERT_PTR_NULL(node_at(root, "b.x"));
    CU_ASSERT_PTR_NULL(node_at(root, "a.b"));
    CU_ASSERT_PTR_NULL(node_at(NULL, "a"));
    node_free(root);
}

static void a_copy_shares_nothing(void) {
    struct node *root = sample(), *copy = node_copy(root);
    node_set_text(node_at(root, "b.1.c"), "changed");
    node_free(root);
    CU_ASSERT_STRING_EQUAL(node_text(node_at(copy, "b.1.c")), "2");
    CU_ASSERT_EQUAL(node_at(copy, "b.1.c")->style, NODE_QUOTED);
    node_free(copy);
}

static void put_replaces_and_remove_closes_the_gap(void) {
    struct node *root = sample();
    node_put(root, "a", nowhere, node_new(NODE_LIST, nowhere));
    CU_ASSERT_EQUAL(node_get(root, "a")->kind, NODE_LIST);
    CU_ASSERT_EQUAL(root->count, 2);
    node_remove(root, "a");
    node_remove(root, "a");
    CU_ASSERT_EQUAL(root->count, 1);
    CU_ASSERT_STRING_EQUAL(root->entries[0].key, "b");
    node_free(root);
}

static void a_walk_visits_parents_first_and_knows_its_path(void) {
    static const char *const expected[] = {"", "a", "b", "b.0", "b.1", "b.1.c"};
    struct node *root = sample();
    struct node_walk w = node_walk_of(root);
    char path[64];
    size_t i = 0;
    for (; node_walk_next(&w) && i < 6; i++)
        CU_ASSERT_STRING_EQUAL(node_walk_path(&w, path, sizeof path), expected[i]);
    CU_ASSERT_EQUAL(i, 6);
    node_free(root);
}

static void a_skipped_node_keeps_its_children_from_the_walk(void) {
    struct node *root = sample();
    struct node_walk w = node_walk_of(root);
    int visited = 0;
    while (node_walk_next(&w)) {
        visited++;
        if (w.node->kind == NODE_LIST)
            node_walk_skip(&w);
    }
    CU_ASSERT_EQUAL(visited, 3);
    w = node_walk_of(root);
    CU_ASSERT(node_walk_next(&w));
    node_walk_skip(&w);
    CU_ASSERT_FALSE(node_walk_next(&w));
    node_free(root);
}

static void only_plain_scalars_are_empty(void) {
    struct node *plain = node_scalar("", NODE_PLAIN, nowhere), *quoted = node_scalar("", NODE_QUOTED, nowhere),
                *null = node_scalar("null", NODE_PLAIN, nowhere), *tilde = node_scalar("~", NODE_PLAIN, nowhere);
    CU_ASSERT(node_is_empty(NULL));
    CU_ASSERT(node_is_empty(plain) && node_is_empty(null) && node_is_empty(tilde));
    CU_ASSERT_FALSE(node_is_empty(quoted));
    node_free(plain);
    node_free(quoted);
    node_free(null);
    node_free(tilde);
}

static void a_mark_within_a_scalar_counts_characters_and_quotes(void) {
    struct diagnostic_mark mark = {"f", 3, 10, 8}; /* "zä-bad" with quotes */
    struct node *n = node_scalar("z\xc3\xa4-bad", NODE_QUOTED, mark);
    struct diagnostic_mark m = node_mark_within(n, 4, 3);
    CU_ASSERT_EQUAL(m.column, 14);
    CU_ASSERT_EQUAL(m.length, 3);
    n->mark.length = 20; /* the source looks otherwise: escapes, or a variable that was replaced */
    m = node_mark_within(n, 4, 3);
    CU_ASSERT_EQUAL(m.column, 10);
    CU_ASSERT_EQUAL(m.length, 20);
    node_free(n);
}

static void the_origin_is_a_line_or_a_flag(void) {
    char text[64];
    struct node *n = node_scalar("1", NODE_PLAIN, (struct diagnostic_mark){"storm.yaml", 23, 1, 1});
    CU_ASSERT_STRING_EQUAL(node_origin(n, text, sizeof text), "storm.yaml:23");
    n->mark.file = "--set seed";
    n->from_flag = true;
    CU_ASSERT_STRING_EQUAL(node_origin(n, text, sizeof text), "--set seed");
    node_free(n);
}

HARNESS_MAIN("scenario/node", HARNESS_CASE(paths_lead_through_maps_and_lists), HARNESS_CASE(a_copy_shares_nothing),
             HARNESS_CASE(put_replaces_and_remove_closes_the_gap),
             HARNESS_CASE(a_walk_visits_parents_first_and_knows_its_path),
             HARNESS_CASE(a_skipped_node_keeps_its_children_from_the_walk), HARNESS_CASE(only_plain_scalars_are_empty),
             HARNESS_CASE(a_mark_within_a_scalar_counts_characters_and_quotes),
             HARNESS_CASE(the_origin_is_a_line_or_a_flag))
