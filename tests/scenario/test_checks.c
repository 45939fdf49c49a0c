#include "scenario/checks.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"
#include "scenario/load.h"

#define FLEET                                                                                                          \
    "duration: 10min\nfleets: {a: {count: 10, telemetry: {every: 10s, topic: t, qos: 1}}}\n"                           \
    "timeline: [{id: ramp, do: connect, over: 1min}, {id: cut, at: 5min, do: link_down, for: 1min}]\n"

static struct compiled good(const char *text) {
    struct compiled c = compiled_of(text);
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    return c;
}

static void checks_arrive(void) {
    struct compiled c =
        good(FLEET
             "checks:\n  - {expect: count(mqtt.publish) > 5}\n"
             "  - {name: n, expect: \"max(mqtt.publish.ack) < 5s\", kind: conformance, abort: true, min_samples: 7}\n");
    CU_ASSERT_EQUAL_FATAL(c.plan->check_count, 2);
    const struct check *k = c.plan->checks;
    CU_ASSERT_STRING_EQUAL(k[0].name, "count(mqtt.publish) > 5");
    CU_ASSERT_TRUE(k[0].kind == CHECK_SLO && !k[0].abort && k[0].min_samples == 0 && k[0].excluded_bit == 0);
    CU_ASSERT_STRING_EQUAL(k[1].name, "n");
    CU_ASSERT_TRUE(k[1].kind == CHECK_CONFORMANCE && k[1].abort && k[1].min_samples == 7);
    CU_ASSERT_STRING_EQUAL(k[1].file, "test.yaml");
    CU_ASSERT_EQUAL(k[1].line, 9);
    compiled_free(&c);
}

static void errors_stand_inside_the_scalar(void) {
    struct compiled c = compiled_of(
        FLEET "checks:\n  - {expect: \"p99(mqtt.publsh.ack) < 1s\"}\n  - expect: count(mqtt.publish) > 5 x\n");
    CU_ASSERT_PTR_NULL(c.plan);
    CU_ASSERT_EQUAL_FATAL(c.found.count, 2);
    CU_ASSERT_STRING_EQUAL(c.found.items[0].code, "E411");
    CU_ASSERT_TRUE(c.found.items[0].mark.line == 8 && c.found.items[0].mark.column == 19);
    CU_ASSERT_STRING_EQUAL(c.found.items[0].suggestion, "mqtt.publish.ack");
    CU_ASSERT_TRUE(c.found.items[1].mark.line == 9 && c.found.items[1].mark.column == 37);
    compiled_free(&c);
}

static void the_run_is_cut_where_checks_say(void) {
    struct compiled c = good(FLEET "warmup: 10s\nchecks: [{expect: \"count(mqtt.publish, during=cut) > 5\"}, {expect: "
                                   "\"count(mqtt.publish, from=ramp.end) > 5\"}]\n");
    static const instant edges[] = {INT64_MIN, 0, 10 * SPAN_S, 60 * SPAN_S, 300 * SPAN_S, 360 * SPAN_S};
    CU_ASSERT_EQUAL_FATAL(c.plan->segments.count, 6);
    CU_ASSERT_EQUAL(memcmp(c.plan->segments.edges, edges, sizeof edges), 0);
    compiled_free(&c);
    c = good(FLEET "checks: [{expect: count(mqtt.publish) > 5}]\n");
    CU_ASSERT_EQUAL(c.plan->segments.count, 1);
    compiled_free(&c);
}

static void trust_follows_the_tightest_limit(void) {
    struct compiled c =
        good(FLEET "checks: [{expect: p99(mqtt.publish.ack) < 1s}, {expect: p50(mqtt.publish.ack) < 10s}]\n");
    CU_ASSERT_TRUE(c.plan->trust.lag == 50 * SPAN_MS && c.plan->trust.stall == 250 * SPAN_MS && !c.plan->trust.widened);
    CU_ASSERT_EQUAL(c.plan->trust.cpu, 0.8);
    compiled_free(&c);
    c = good(FLEET);
    CU_ASSERT_EQUAL(c.plan->trust.lag, 10 * SPAN_MS);
    compiled_free(&c);
    c = good(FLEET "trust: {lag: 500ms, cpu: 95%}\n");
    CU_ASSERT_TRUE(c.plan->trust.lag == 500 * SPAN_MS && c.plan->trust.stall == 500 * SPAN_MS && c.plan->trust.widened);
    compiled_free(&c);
    c = good(FLEET "trust: {lag: 5ms}\n");
    CU_ASSERT_TRUE(c.plan->trust.lag == 5 * SPAN_MS && !c.plan->trust.widened);
    compiled_free(&c);
}

static void abort_needs_what_cannot_recover(void) {
    struct compiled c = compiled_of(FLEET "checks: [{expect: \"p99(mqtt.publish.ack) < 1s\", abort: true}]\n");
    CU_ASSERT_TRUE(compiled_found(&c, "E414", "may still recover"));
    compiled_free(&c);
}

static void broken_trees_are_looked_at_too(void) {
    static const char text[] = "fleets: 5\nchecks: [7, {expect: [1]}, {expect: p99(x) < 1s}, {}, {expect: ''}]\n";
    struct diagnostic_list list;
    diagnostic_init(&list);
    struct node *root = load_text("t.yaml", text, strlen(text), &list);
    checks_validate(root, &list);
    CU_ASSERT_EQUAL(list.errors, 2); /* p99(x), and the empty one */
    checks_validate(NULL, &list);
    node_free(root);
    diagnostic_free(&list);
}

static void sets_of_expected_trouble_have_a_limit(void) {
    char text[4000] = "duration: 10min\nfleets: {a: {count: 10}}\ntimeline: [{do: connect}";
    char entry[100];
    for (int i = 0; i < 9; i++) {
        snprintf(entry, sizeof entry, ", {id: h%d, do: hold, for: 1s}", i);
        strcat(text, entry);
    }
    strcat(text, "]\nchecks:\n");
    for (int i = 0; i < 9; i++) {
        snprintf(entry, sizeof entry, "  - {expect: count(mqtt.connect) > 1, expected_during: h%d}\n", i);
        strcat(text, entry);
    }
    struct compiled c = compiled_of(text);
    CU_ASSERT_TRUE(compiled_found(&c, "E410", "more than 8"));
    compiled_free(&c);
}

HARNESS_MAIN("scenario/checks", HARNESS_CASE(checks_arrive), HARNESS_CASE(errors_stand_inside_the_scalar),
             HARNESS_CASE(the_run_is_cut_where_checks_say), HARNESS_CASE(trust_follows_the_tightest_limit),
             HARNESS_CASE(abort_needs_what_cannot_recover), HARNESS_CASE(broken_trees_are_looked_at_too),
             HARNESS_CASE(sets_of_expected_trouble_have_a_limit))
