#include "cli/shrinking.h"

#include <string.h>

#include "base/err.h"
#include "harness.h"
#include "scenario/load.h"

/* Only device 11 of `f` is in region south, and the second entry alone cuts links. */
static const char text[] = "version: 1\n"
                           "seed: 5\n"
                           "duration: 10min\n"
                           "target: builtin\n"
                           "networks: {n: {rtt: 100ms}}\n"
                           "fleets:\n"
                           "  f: {count: 40, network: n, telemetry: {every: 30s, topic: t, payload: x, qos: 1}}\n"
                           "timeline:\n"
                           "  - {id: join, do: connect, over: 10s}\n"
                           "  - {id: cut, at: 1min, do: reset, who: {index: 11}}\n"
                           "  - {id: more, at: 2min, do: burst, messages: 3}\n";

static struct diagnostic_list found;

static struct plan *compile(void) {
    const char *files[] = {"s.yaml"};
    struct load_options load = {.files = files, .file_count = 1, .text = text, .text_size = strlen(text)};
    struct node *root;
    diagnostic_init(&found);
    CU_ASSERT_EQUAL_FATAL(load_scenario(&load, &root, &found), 0);
    struct plan *plan =
        plan_compile(root, &(struct plan_options){.virtual_time = true, .skip_resources = true}, &found);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    return plan;
}

static void only_what_shows_it_is_left(void) {
    struct plan *plan = compile();
    struct shrinking_request request = {
        .plan = plan, .expression = "count(mqtt.connect.ok, from=cut.start) > 0", .trials_max = 500};
    struct shrinking_facts facts;
    struct node *tree;
    CU_ASSERT_EQUAL_FATAL(shrinking_search(&request, &tree, &facts), 0);
    CU_ASSERT_EQUAL(facts.devices_before, 40);
    CU_ASSERT_EQUAL(facts.devices, 1);
    CU_ASSERT_EQUAL(facts.entries, 2);
    CU_ASSERT(facts.duration <= 70 * SPAN_S);
    CU_ASSERT_STRING_EQUAL(node_text(node_at(tree, "fleets.f.only.0")), "11");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(tree, "timeline.1.do")), "reset");
    CU_ASSERT_PTR_NULL(node_get(tree, "networks"));
    CU_ASSERT_STRING_EQUAL(node_text(node_get(tree, "seed")), "5");
    node_free(tree);
    plan_free(plan);
    diagnostic_free(&found);
}

static void what_does_not_hold_at_all_is_not_found(void) {
    struct plan *plan = compile();
    struct shrinking_request request = {.plan = plan, .expression = "lost(mqtt.publish) > 0", .trials_max = 500};
    struct shrinking_facts facts;
    struct node *tree;
    CU_ASSERT_EQUAL(shrinking_search(&request, &tree, &facts), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(facts.trials, 1);
    plan_free(plan);
    diagnostic_free(&found);
}

static void the_search_ends_when_its_trials_are_used_up(void) {
    struct plan *plan = compile();
    struct shrinking_request request = {
        .plan = plan, .expression = "count(mqtt.connect.ok, from=cut.start) > 0", .trials_max = 4};
    struct shrinking_facts facts;
    struct node *tree;
    CU_ASSERT_EQUAL_FATAL(shrinking_search(&request, &tree, &facts), 0);
    CU_ASSERT_EQUAL(facts.trials, 4);
    node_free(tree);
    plan_free(plan);
    diagnostic_free(&found);
}

HARNESS_MAIN("cli/shrinking", HARNESS_CASE(only_what_shows_it_is_left),
             HARNESS_CASE(what_does_not_hold_at_all_is_not_found),
             HARNESS_CASE(the_search_ends_when_its_trials_are_used_up))
