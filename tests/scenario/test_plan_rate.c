#include "scenario/plan_rate.h"

#include <stdlib.h>

#include "compiled.h"
#include "harness.h"
#include "scenario/plan_load.h"

static void is_scaled(const char *every, double rate, const char *expected) {
    char *scaled = plan_rate_scaled(every, rate);
    CU_ASSERT_STRING_EQUAL(scaled, expected);
    free(scaled);
}

static void durations_are_divided(void) {
    is_scaled("10s", 2, "5s");
    is_scaled("1min", 4, "15s");
    is_scaled("5s", 3, "1.666666667s");
    is_scaled("100ms", 0.1, "1s");
    is_scaled("1h30min", 1, "5400s");
    is_scaled("0s", 7, "0s");
}

static void distributions_keep_their_shape(void) {
    is_scaled("exp(30s)", 10, "exp(3s)");
    is_scaled("normal(5s, 500ms)", 2, "normal(2.5s, 0.25s)");
    is_scaled("lognormal(p50=2s,p99=6s)", 2, "lognormal(p50=1s, p99=3s)");
    is_scaled("pareto(10s, 1.5)", 5, "pareto(2s, 1.5)");
}

static struct compiled at_rate(double rate) {
    return compiled_with("version: 1\ntarget: builtin\nduration: 2min\nfleets:\n"
                         "  one: {count: 50, telemetry: {every: exp(4s), topic: t}}\n"
                         "  two: {count: 10, telemetry: [{every: 1s, topic: u}, {every: 10s, topic: v}]}\n"
                         "timeline:\n"
                         "  - {do: connect}\n"
                         "  - {at: 1min, do: set, set: {telemetry: {every: 20s}}, for: 10s}\n",
                         &(struct plan_options){.has_seed = true, .seed = 3, .rate = rate});
}

static void the_plan_has_so_many_times_the_messages_of_the_same_devices(void) {
    struct compiled once = at_rate(0), thrice = at_rate(3);
    CU_ASSERT_PTR_NOT_NULL_FATAL(once.plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(thrice.plan);
    struct plan_load a, b;
    plan_load_of(once.plan, 0, &a);
    plan_load_of(thrice.plan, 0, &b);
    CU_ASSERT_DOUBLE_EQUAL(b.messages_total / a.messages_total, 3, 0.15);
    CU_ASSERT_EQUAL(a.connections_peak, b.connections_peak);
    plan_load_free(&a);
    plan_load_free(&b);
    compiled_free(&once);
    compiled_free(&thrice);
}

static void the_resolved_scenario_and_its_hash_have_the_new_values(void) {
    struct compiled once = at_rate(1), twice = at_rate(2);
    CU_ASSERT_STRING_EQUAL(node_text(node_at(twice.plan->root, "fleets.one.telemetry.every")), "exp(2s)");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(twice.plan->root, "fleets.two.telemetry.1.every")), "5s");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(twice.plan->root, "timeline.1.set.telemetry.every")), "10s");
    CU_ASSERT_STRING_NOT_EQUAL(once.plan->scenario_hash, twice.plan->scenario_hash);
    compiled_free(&once);
    compiled_free(&twice);
}

static void listed_messages_and_first_ones_come_closer(void) {
    struct compiled c =
        compiled_with("version: 1\ntarget: builtin\nduration: 1min\nfleets: {a: {count: 1, telemetry: "
                      "[{topic: t, messages: [{at: 2s}, {at: 10s}]}, {topic: u, first: 4s, every: 8s}]}}\n",
                      &(struct plan_options){.has_seed = true, .rate = 2});
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct telemetry *t = c.plan->groups[0].telemetry;
    CU_ASSERT_TRUE(t[0].messages[0].at == SPAN_S && t[0].messages[1].at == 5 * SPAN_S);
    CU_ASSERT_TRUE(t[1].first == 2 * SPAN_S && t[1].every.a == 4e9);
    compiled_free(&c);
}

HARNESS_MAIN("scenario/plan_rate", HARNESS_CASE(durations_are_divided), HARNESS_CASE(distributions_keep_their_shape),
             HARNESS_CASE(the_plan_has_so_many_times_the_messages_of_the_same_devices),
             HARNESS_CASE(the_resolved_scenario_and_its_hash_have_the_new_values),
             HARNESS_CASE(listed_messages_and_first_ones_come_closer))
