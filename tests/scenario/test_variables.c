#include "harness.h"

#include <stdint.h>
#include <string.h>

#include "scenario/variables.h"

static const char *environment(void *context, const char *name) {
    (void)context;
    if (strcmp(name, "HOST") == 0)
        return "broker";
    if (strcmp(name, "EVIL") == 0)
        return "${secret.KEY}";
    return strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

static const struct load_options options = {.env = environment};

static struct node *load(const char *text, struct diagnostic_list *list) {
    diagnostic_init(list);
    struct node *root = load_text("t.yaml", text, strlen(text), list);
    variables_settle(node_get(root, "vars"), &options, list);
    variables_replace(root, node_get(root, "vars"), &options, list);
    return root;
}

static void expect_value(const char *yaml, const char *value) {
    struct diagnostic_list list;
    struct node *root = load(yaml, &list);
    CU_ASSERT_EQUAL(list.errors, 0);
    CU_ASSERT_STRING_EQUAL(node_text(node_get(root, "v")), value);
    node_free(root);
    diagnostic_free(&list);
}

static void expect_error(const char *yaml, const char *code) {
    struct diagnostic_list list;
    struct node *root = load(yaml, &list);
    CU_ASSERT(list.errors > 0);
    if (list.errors > 0)
        CU_ASSERT_STRING_EQUAL(list.items[0].code, code);
    node_free(root);
    diagnostic_free(&list);
}

static void variables_and_environment_are_replaced_inside_scalars(void) {
    expect_value("vars: {size: 500}\nv: n=${vars.size}\n", "n=500");
    expect_value("vars: {a: \"${vars.b}x\", b: \"${env.HOST}\"}\nv: ${vars.a}${vars.a}\n", "brokerxbrokerx");
    expect_value("v: ${env.HOST:-other}\n", "broker");
    expect_value("v: ${env.NONE:-mqtt://localhost:1883}\n", "mqtt://localhost:1883");
    expect_value("v: ${env.EMPTY:-filled}\n", "filled");
    expect_value("v: a${env.EMPTY}b\n", "ab");
}

static void other_templates_and_literals_stay(void) {
    expect_value("v: ${device.id} ${msg.seq} ${signal.x:.1f}\n", "${device.id} ${msg.seq} ${signal.x:.1f}");
    expect_value("vars: {a: 1}\nv: $${vars.a} $$ $ ${vars.a\n", "$${vars.a} $$ $ ${vars.a");
}

static void a_replaced_text_never_becomes_structure_or_a_secret(void) {
    struct diagnostic_list list;
    struct node *root = load("vars: {a: \"{x: 1}, b: 2\"}\nv: ${vars.a}\nw: ${env.EVIL}\ns: k=${secret.KEY}\n", &list);
    CU_ASSERT_EQUAL(node_get(root, "v")->kind, NODE_SCALAR);
    CU_ASSERT_STRING_EQUAL(node_text(node_get(root, "w")), "$${secret.KEY}");
    CU_ASSERT_FALSE(node_get(root, "w")->secret);
    CU_ASSERT(node_get(root, "s")->secret);
    node_free(root);
    diagnostic_free(&list);
}

static void a_secret_taints_what_its_variable_is_put_into(void) {
    struct diagnostic_list list;
    struct node *root = load("vars: {key: \"${secret.KEY}\"}\nv: a ${vars.key}\n", &list);
    CU_ASSERT(node_get(root, "v")->secret);
    CU_ASSERT_STRING_EQUAL(node_text(node_get(root, "v")), "a ${secret.KEY}");
    node_free(root);
    diagnostic_free(&list);
}

static void what_does_not_exist_is_an_error_with_a_suggestion(void) {
    struct diagnostic_list list;
    struct node *root = load("vars: {size: 500}\nv: ${vars.sise}\n", &list);
    CU_ASSERT_STRING_EQUAL(list.items[0].code, "E123");
    CU_ASSERT_STRING_EQUAL(list.items[0].suggestion, "size");
    CU_ASSERT(node_get(root, "v")->refused);
    node_free(root);
    diagnostic_free(&list);
    expect_error("v: ${vars.x}\n", "E123");
    expect_error("v: ${env.NONE}\n", "E124");
}

static void circles_show_their_chain(void) {
    struct diagnostic_list list;
    struct node *root = load("vars: {a: \"${vars.b}\", b: \"${vars.c}\", c: \"${vars.a}\", d: \"${vars.a}\"}\n", &list);
    CU_ASSERT_STRING_EQUAL(list.items[0].code, "E126");
    CU_ASSERT_PTR_NOT_NULL(strstr(list.items[0].message, "a → b → c → a"));
    node_free(root);
    diagnostic_free(&list);
    expect_error("vars: {a: \"${vars.a}\"}\n", "E126");
}

static void growth_is_bounded(void) {
    struct text yaml = {0};
    text_append(&yaml, "vars:\n  v0: xxxxxxxxxx\n");
    for (int i = 1; i < 8; i++) {
        text_printf(&yaml, "  v%d: ", i);
        for (int k = 0; k < 10; k++)
            text_printf(&yaml, "${vars.v%d}", i - 1);
        text_append(&yaml, "\n");
    }
    expect_error(text_get(&yaml), "E125");
    text_free(&yaml);
}

static void references_are_cut_into_name_and_rest(void) {
    struct variables_reference r = variables_reference_at("a${signal.x:.1f}b", 1);
    CU_ASSERT(r.size == 15 && r.name == 3 && r.name_size == 8 && r.rest == 12 && r.rest_size == 3);
    r = variables_reference_at("${x}", 0);
    CU_ASSERT(r.size == 4 && r.name_size == 1 && r.rest == 0);
    CU_ASSERT_EQUAL(variables_reference_at("${x", 0).size, 0);
    CU_ASSERT_EQUAL(variables_next("a $${b} ${c}", 0), 8);
    CU_ASSERT_EQUAL(variables_next("$${b}", 0), SIZE_MAX);
}

HARNESS_MAIN("scenario/variables", HARNESS_CASE(variables_and_environment_are_replaced_inside_scalars),
             HARNESS_CASE(other_templates_and_literals_stay),
             HARNESS_CASE(a_replaced_text_never_becomes_structure_or_a_secret),
             HARNESS_CASE(a_secret_taints_what_its_variable_is_put_into),
             HARNESS_CASE(what_does_not_exist_is_an_error_with_a_suggestion), HARNESS_CASE(circles_show_their_chain),
             HARNESS_CASE(growth_is_bounded), HARNESS_CASE(references_are_cut_into_name_and_rest))
