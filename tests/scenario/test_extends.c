#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "scenario/extends.h"
#include "scratch.h"

static const char *no_environment(void *context, const char *name) {
    (void)context;
    (void)name;
    return NULL;
}

static const struct load_options options = {.env = no_environment};

static struct node *load(const char *text, const struct include_roots *roots, struct diagnostic_list *list) {
    diagnostic_init(list);
    struct node *root = load_text("t.yaml", text, strlen(text), list);
    extends_resolve(root, roots, &options, list);
    return root;
}

static void children_take_what_they_do_not_say(void) {
    struct include_roots roots = {0};
    struct diagnostic_list list;
    struct node *root = load("networks:\n"
                             "  c: {extends: b, loss: 3%}\n"
                             "  b: {extends: a, rtt: 2s}\n"
                             "  a: {rtt: 1s, loss: 1%, up: 1kbps}\n",
                             &roots, &list);
    CU_ASSERT_EQUAL(list.errors, 0);
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "networks.c.rtt")), "2s");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "networks.c.loss")), "3%");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "networks.c.up")), "1kbps");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "networks.b.loss")), "1%");
    CU_ASSERT_PTR_NULL(node_at(root, "networks.c.extends"));
    CU_ASSERT(node_at(root, "networks.a")->inherited);
    CU_ASSERT_FALSE(node_at(root, "networks.c")->inherited);
    node_free(root);
    diagnostic_free(&list);
}

static void the_library_is_searched_beside_the_scenario_then_in_the_data_directory(void) {
    char *here = scratch_new(), *data = scratch_new();
    struct include_roots roots = {here, {data, NULL}};
    struct diagnostic_list list;
    free(scratch_write(here, "profiles/networks/own.yaml", "networks: {lte: {rtt: 1s}}\n"));
    free(scratch_write(data, "profiles/networks/cellular.yaml",
                       "networks: {lte: {rtt: 9s}, nbiot: {extends: lte, loss: \"${vars.loss}\"}}\n"));
    free(scratch_write(data, "profiles/devices/meter.yaml", "profiles: {meter: {protocol: mqtt311}}\n"));
    struct node *root = load("vars: {loss: 4%}\n"
                             "networks: {mine: {extends: nbiot}}\n"
                             "profiles: {p: {extends: meter}}\n",
                             &roots, &list);
    CU_ASSERT_EQUAL(list.errors, 0);
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "networks.mine.rtt")), "1s");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "networks.mine.loss")), "4%");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "profiles.p.protocol")), "mqtt311");
    node_free(root);
    diagnostic_free(&list);
    scratch_remove(here);
    scratch_remove(data);
}

static void an_unknown_parent_is_suggested_from_scenario_and_library(void) {
    char *here = scratch_new();
    struct include_roots roots = {here, {NULL, NULL}};
    struct diagnostic_list list;
    free(scratch_write(here, "profiles/networks/cellular.yaml", "networks: {nbiot: {rtt: 1s}}\n"));
    struct node *root =
        load("networks: {a: {extends: nbito}, b: {extends: [x]}, c: {extends: nothing-like-it}}\n", &roots, &list);
    CU_ASSERT_EQUAL(list.errors, 3);
    CU_ASSERT_STRING_EQUAL(list.items[0].code, "E302");
    CU_ASSERT_STRING_EQUAL(list.items[0].suggestion, "nbiot");
    CU_ASSERT_STRING_EQUAL(list.items[1].code, "E202");
    CU_ASSERT_PTR_NOT_NULL(list.items[2].help);
    node_free(root);
    diagnostic_free(&list);
    scratch_remove(here);
}

static void a_cycle_is_reported_by_those_on_it(void) {
    struct include_roots roots = {0};
    struct diagnostic_list list;
    struct node *root =
        load("profiles:\n  a: {extends: b}\n  b: {extends: a}\n  c: {extends: a}\n  d: {extends: d}\n", &roots, &list);
    CU_ASSERT_EQUAL(list.errors, 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(list.items[0].message, "a → b → a"));
    CU_ASSERT_PTR_NOT_NULL(strstr(list.items[1].message, "b → a → b"));
    CU_ASSERT_PTR_NOT_NULL(strstr(list.items[2].message, "d → d"));
    node_free(root);
    diagnostic_free(&list);
}

static void chains_are_bounded(void) {
    struct include_roots roots = {0};
    struct diagnostic_list list;
    struct text yaml = {0};
    text_append(&yaml, "profiles:\n  p0: {}\n");
    for (int i = 1; i < 30; i++)
        text_printf(&yaml, "  p%d: {extends: p%d}\n", i, i - 1);
    struct node *root = load(text_get(&yaml), &roots, &list);
    CU_ASSERT(list.errors > 0);
    CU_ASSERT_STRING_EQUAL(list.items[0].code, "E303");
    node_free(root);
    diagnostic_free(&list);
    text_free(&yaml);
}

static void fleets_of_the_library_bring_what_they_name(void) {
    char *data = scratch_new();
    struct include_roots roots = {NULL, {data, NULL}};
    struct diagnostic_list list;
    free(scratch_write(data, "profiles/networks/cellular.yaml",
                       "networks: {lte: {extends: air, rtt: 9s}, air: {loss: 1%}}\n"));
    free(scratch_write(data, "profiles/devices/trackers.yaml",
                       "profiles: {tracker: {extends: base}, base: {protocol: mqtt311}, other: {protocol: mqtt5}}\n"
                       "fleets: {tracker: {profile: tracker, network: lte}}\n"));
    struct node *root = load("networks: {}\n"
                             "fleets:\n"
                             "  a: {extends: tracker, count: 5}\n"
                             "  b: {count: 5, mix: {other: 100%}, network: none-such}\n",
                             &roots, &list);
    CU_ASSERT_EQUAL(list.errors, 0); /* what nobody has is found later, when references are followed */
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "fleets.a.profile")), "tracker");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "fleets.a.count")), "5");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "profiles.tracker.protocol")), "mqtt311");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "profiles.other.protocol")), "mqtt5");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "networks.lte.loss")), "1%");
    CU_ASSERT_PTR_NULL(node_at(root, "networks.lte.extends"));
    CU_ASSERT_PTR_NULL(node_at(root, "networks.none-such"));
    CU_ASSERT_PTR_NULL(node_at(root, "profiles.base"));
    node_free(root);
    diagnostic_free(&list);
    root = load("profiles: {tracker: {protocol: mqtt5}}\nfleets: {a: {extends: tracker, count: 5}}\n", &roots, &list);
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "profiles.tracker.protocol")),
                           "mqtt5"); /* the scenario's own comes first */
    node_free(root);
    diagnostic_free(&list);
    scratch_remove(data);
}

HARNESS_MAIN("scenario/extends", HARNESS_CASE(children_take_what_they_do_not_say),
             HARNESS_CASE(the_library_is_searched_beside_the_scenario_then_in_the_data_directory),
             HARNESS_CASE(an_unknown_parent_is_suggested_from_scenario_and_library),
             HARNESS_CASE(a_cycle_is_reported_by_those_on_it), HARNESS_CASE(chains_are_bounded),
             HARNESS_CASE(fleets_of_the_library_bring_what_they_name))
