#include "harness.h"

#include <string.h>

#include "scenario/load.h"
#include "scenario/node_write.h"

static struct node *load(const char *text, struct diagnostic_list *list) {
    diagnostic_init(list);
    return load_text("w.yaml", text, strlen(text), list);
}

static void yaml_is_block_style_with_origins(void) {
    struct diagnostic_list list;
    struct node *root = load("b: {x: [1, {k: v}], e: {}, l: []}\na: null\n", &list);
    struct text out = {0};
    node_write_yaml(root, true, &out);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "b:\n"
                                           "  x:\n"
                                           "    - 1  # w.yaml:1\n"
                                           "    - k: v  # w.yaml:1\n"
                                           "  e: {}\n"
                                           "  l: []\n"
                                           "a: null  # w.yaml:2\n");
    text_free(&out);
    node_free(root);
    diagnostic_free(&list);
}

static void what_is_written_loads_to_the_same_tree(void) {
    static const char text[] = "quoted: \"a: b # c\"\nempty: ''\nword: 'null'\nlines: |\n  one\n  two\n"
                               "odd: \"tab\\there \\x01 \\\\ \\\"q\\\"\"\n'key: x': -1\nutf: \xc3\xa4\nminus: \"-\"\n";
    struct diagnostic_list list, again_list;
    struct node *root = load(text, &list);
    struct text yaml = {0}, first = {0}, second = {0};
    node_write_yaml(root, false, &yaml);
    struct node *again = load(text_get(&yaml), &again_list);
    CU_ASSERT_EQUAL(again_list.errors, 0);
    node_write_canonical(root, NULL, &first);
    node_write_canonical(again, NULL, &second);
    CU_ASSERT_STRING_EQUAL(text_get(&first), text_get(&second));
    text_free(&yaml);
    text_free(&first);
    text_free(&second);
    node_free(root);
    node_free(again);
    diagnostic_free(&list);
    diagnostic_free(&again_list);
}

static void canonical_json_sorts_keys_and_leaves_out(void) {
    static const char *const leave_out[] = {"seed", "name", NULL};
    struct diagnostic_list list;
    struct node *root = load("seed: 7\nb: 1\na: {name: n, x-note: 1, c: ~}\nname: n\nx-y: 1\n", &list);
    struct text out = {0};
    node_write_canonical(root, leave_out, &out);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "{\"a\":{\"c\":null,\"name\":\"n\"},\"b\":\"1\"}");
    CU_ASSERT_EQUAL(root->count, 5);
    text_free(&out);
    node_free(root);
    diagnostic_free(&list);
}

HARNESS_MAIN("scenario/node_write", HARNESS_CASE(yaml_is_block_style_with_origins),
             HARNESS_CASE(what_is_written_loads_to_the_same_tree),
             HARNESS_CASE(canonical_json_sorts_keys_and_leaves_out))
