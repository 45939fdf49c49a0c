#include "scenario/plan_targets.h"

#include <string.h>

#include "compiled.h"
#include "harness.h"

#define FLEET "version: 1\nduration: 1min\nfleets: {a: {count: 10}}\n"

static struct compiled with(const char *text, const char *const *targets, unsigned count) {
    return compiled_with(text, &(struct plan_options){.targets = targets, .target_count = count});
}

static void node_is(const struct plan *p, unsigned i, const char *text) {
    char shown[64];
    CU_ASSERT_TRUE_FATAL(i < p->targets[0].node_count);
    CU_ASSERT_STRING_EQUAL(address_format(&p->targets[0].nodes[i], shown, sizeof shown), text);
}

static void a_list_of_urls_is_a_cluster(void) {
    struct compiled c =
        with(FLEET "target: [mqtt://127.0.0.1, \"mqtt://[::1]:1884\", mqtt://127.0.0.1:1883]\n", NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_EQUAL(c.plan->targets[0].node_count, 2); /* the third is the first */
    node_is(c.plan, 0, "127.0.0.1:1883");
    node_is(c.plan, 1, "[::1]:1884");
    CU_ASSERT_STRING_EQUAL(c.plan->targets[0].name, "target");
    compiled_free(&c);
}

static void the_command_line_replaces_the_target(void) {
    static const char *const two[] = {"mqtt://127.0.0.1:5", "mqtt://127.0.0.1:6"};
    struct compiled c = with(FLEET "target: builtin\n", two, 2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_FALSE(c.plan->targets[0].builtin);
    node_is(c.plan, 1, "127.0.0.1:6");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(c.plan->root, "target.1")), two[1]); /* so that the run can be repeated */
    compiled_free(&c);
    c = with(FLEET, two, 2); /* and stands in for a missing one */
    CU_ASSERT_PTR_NOT_NULL(c.plan);
    compiled_free(&c);
}

static void named_targets_are_replaced_by_name(void) {
    static const char text[] =
        "version: 1\nduration: 1min\ntargets: {x: {url: builtin}, y: {url: builtin, failover: next}}\n"
        "fleets: {a: {count: 1, target: x}, b: {count: 1, target: y}}\n";
    static const char *const good[] = {"y=mqtt://127.0.0.1:7"}, *const bare[] = {"mqtt://127.0.0.1:7"},
                             *const wrong[] = {"z=mqtt://127.0.0.1:7"};
    struct compiled c = with(text, good, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_TRUE(c.plan->targets[0].builtin);
    CU_ASSERT_EQUAL(ntohs(c.plan->targets[1].nodes[0].v4.sin_port), 7);
    CU_ASSERT_TRUE(c.plan->groups[1].profile->failover_next);
    CU_ASSERT_FALSE(c.plan->groups[0].profile->failover_next);
    compiled_free(&c);
    c = with(text, bare, 1);
    CU_ASSERT_TRUE(compiled_found(&c, "E402", "several targets"));
    compiled_free(&c);
    c = with(text, wrong, 1);
    CU_ASSERT_TRUE(compiled_found(&c, "E402", "no target 'z'"));
    compiled_free(&c);
}

static void unusable_targets_are_refused(void) {
    static const char *const http[] = {"http://127.0.0.1"};
    struct compiled c = with(FLEET, http, 1);
    CU_ASSERT_TRUE(compiled_found(&c, "E401", "http"));
    compiled_free(&c);
    c = with(FLEET, NULL, 0);
    CU_ASSERT_TRUE(compiled_found(&c, "E403", "no target"));
    compiled_free(&c);
    c = with(FLEET "target: [builtin, mqtt://127.0.0.1]\n", NULL, 0);
    CU_ASSERT_TRUE(compiled_found(&c, "E401", "stands alone"));
    compiled_free(&c);
    static const char *const twice[] = {"builtin", "builtin"};
    c = with(FLEET, twice, 2);
    CU_ASSERT_TRUE(compiled_found(&c, "E401", "the built-in broker is one node"));
    compiled_free(&c);
}

static void names_are_not_looked_up_for_a_plan(void) {
    struct compiled c = with(FLEET "target: [mqtt://a.invalid, mqtt://b.invalid]\n", NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_EQUAL(c.plan->targets[0].node_count, 2);
    CU_ASSERT_EQUAL(c.plan->targets[0].nodes[0].any.sa_family, 0);
    compiled_free(&c);
}

static void ranges_become_sources(void) {
    struct compiled c = with(FLEET "target: builtin\nsources: [10.20.7.254-10.20.8.1, \"fd00::1\"]\n", NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_EQUAL(c.plan->source_count, 5);
    char text[64];
    CU_ASSERT_STRING_EQUAL(address_format(&c.plan->sources[2], text, sizeof text), "10.20.8.0");
    compiled_free(&c);
    c = with(FLEET "target: builtin\nsources: 10.0.0.0-10.200.0.0\n", NULL, 0);
    CU_ASSERT_TRUE(compiled_found(&c, "E501", "65536"));
    compiled_free(&c);
}

static void safety_allows_what_is_listed_and_the_targets(void) {
    struct compiled c = with(
        FLEET "target: mqtt://10.1.2.3:1883\nsafety: {allow: [10.20.0.0/16, \"fd00::/8\", 192.0.2.7], "
              "max_connect_rate: 100/s, max_publish_rate: 200/s, max_bandwidth: 8kbps, max_outstanding_connects: 7}\n",
        NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct guard_limits *l = &c.plan->safety;
    static const struct {
        const char *address;
        bool allowed;
    } rows[] = {{"10.20.255.1", true}, {"10.21.0.1", false}, {"10.1.2.3", true}, {"10.1.2.4", false},
                {"192.0.2.7", true},   {"192.0.2.6", false}, {"fd12::1", true},  {"fe12::1", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address a;
        CU_ASSERT_EQUAL(address_parse(rows[i].address, 1, &a), 0);
        CU_ASSERT_EQUAL(guard_limits_permit(l, &a), rows[i].allowed);
    }
    CU_ASSERT_TRUE(l->allow_given && l->max_connect_rate == 100 && l->max_publish_rate == 200 &&
                   l->max_bytes_rate == 1000);
    CU_ASSERT_EQUAL(l->max_outstanding_connects, 7);
    compiled_free(&c);
}

static void the_first_node_outside_private_networks_is_found(void) {
    const struct target *target = NULL;
    struct compiled c =
        with(FLEET "target: [mqtt://10.0.0.1:1883, mqtt://192.0.2.7:1883, mqtt://192.0.2.8:1883]\n", NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_PTR_EQUAL(plan_targets_far_node(c.plan, &target), &c.plan->targets[0].nodes[1]);
    CU_ASSERT_PTR_EQUAL(target, &c.plan->targets[0]);
    compiled_free(&c);
    c = with(FLEET "target: [mqtt://10.0.0.1:1883, mqtt://127.0.0.1:1883]\n", NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_PTR_NULL(plan_targets_far_node(c.plan, &target));
    compiled_free(&c);
}

HARNESS_MAIN("scenario/plan_targets", HARNESS_CASE(a_list_of_urls_is_a_cluster),
             HARNESS_CASE(the_command_line_replaces_the_target), HARNESS_CASE(named_targets_are_replaced_by_name),
             HARNESS_CASE(unusable_targets_are_refused), HARNESS_CASE(names_are_not_looked_up_for_a_plan),
             HARNESS_CASE(ranges_become_sources), HARNESS_CASE(safety_allows_what_is_listed_and_the_targets),
             HARNESS_CASE(the_first_node_outside_private_networks_is_found))
