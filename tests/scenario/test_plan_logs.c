#include "scenario/plan_logs.h"

#include "compiled.h"
#include "harness.h"

static struct plan_logs of(const char *text) {
    struct compiled c = compiled_of(text);
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    struct plan_logs l = plan_logs_of(c.plan);
    CU_ASSERT_EQUAL(l.total, l.events + l.series + l.intervals);
    compiled_free(&c);
    return l;
}

#define TELEMETRY "telemetry: {every: 10s, qos: 1, topic: t}"

static void logs_grow_with_the_length_of_the_run(void) {
    struct plan_logs one = of("duration: 10min\nfleets: {a: {count: 100, " TELEMETRY "}}\n");
    struct plan_logs ten = of("duration: 100min\nfleets: {a: {count: 100, " TELEMETRY "}}\n");
    CU_ASSERT_TRUE(ten.series > 9 * one.series && ten.series < 11 * one.series);
    CU_ASSERT_TRUE(ten.total > 8 * one.total && ten.total < 12 * one.total);
}

static void logs_grow_with_the_groups_and_hardly_with_the_devices(void) {
    struct plan_logs small = of("duration: 10min\nfleets: {a: {count: 1000, " TELEMETRY "}}\n");
    struct plan_logs large = of("duration: 10min\nfleets: {a: {count: 100000, " TELEMETRY "}}\n");
    struct plan_logs four = of("duration: 10min\nfleets: {a: {count: 1000, " TELEMETRY "}, b: {count: 1000, " TELEMETRY
                               "}, c: {count: 1000, " TELEMETRY "}, d: {count: 1000, " TELEMETRY "}}\n");
    CU_ASSERT_TRUE(large.total < 2 * small.total);
    CU_ASSERT_TRUE(four.total > 2 * small.total);
    CU_ASSERT_EQUAL(four.series, small.series);
}

static void seconds_in_which_nothing_happens_cost_little(void) {
    struct plan_logs busy = of("duration: 1h\nfleets: {a: {count: 100, telemetry: {every: 1s, qos: 1, topic: t}}}\n");
    struct plan_logs quiet = of("duration: 1h\nfleets: {a: {count: 1, telemetry: {every: 10min, qos: 1, topic: t}}}\n");
    CU_ASSERT_TRUE(quiet.intervals < busy.intervals / 2);
    CU_ASSERT_TRUE(quiet.events < busy.events);
}

/* A year in simulated time has rows of an hour. */
static void longer_intervals_make_fewer_lines(void) {
    struct compiled c = compiled_of("duration: 1year\nfleets: {a: {count: 100, " TELEMETRY "}}\n");
    c.plan->interval = SPAN_S;
    struct plan_logs seconds = plan_logs_of(c.plan);
    c.plan->interval = 3600 * SPAN_S;
    struct plan_logs hours = plan_logs_of(c.plan);
    CU_ASSERT_TRUE(hours.series * 3000 < seconds.series);
    CU_ASSERT_TRUE(hours.total * 1000 < seconds.total);
    compiled_free(&c);
}

static void the_cap_is_the_scenario_s_or_the_default(void) {
    struct compiled c = compiled_of("duration: 1min\nfleets: {a: {count: 1}}\n");
    CU_ASSERT_EQUAL(plan_logs_cap(c.plan->root), UINT64_C(8) << 30);
    CU_ASSERT_FALSE(compiled_found(&c, "W414", ""));
    compiled_free(&c);
    c = compiled_of("duration: 1min\nfleets: {a: {count: 1}}\noutputs: {logs_max: 100MiB}\n");
    CU_ASSERT_EQUAL(plan_logs_cap(c.plan->root), UINT64_C(100) << 20);
    compiled_free(&c);
}

static void a_run_that_will_pass_its_cap_is_found(void) {
    struct compiled c =
        compiled_of("duration: 10h\nfleets: {a: {count: 100, " TELEMETRY "}}\noutputs: {logs_max: 16MiB}\n");
    CU_ASSERT_TRUE(compiled_found(&c, "W414", "outputs.logs_max allows 16MiB"));
    compiled_free(&c);
}

HARNESS_MAIN("scenario/plan_logs", HARNESS_CASE(logs_grow_with_the_length_of_the_run),
             HARNESS_CASE(longer_intervals_make_fewer_lines),
             HARNESS_CASE(logs_grow_with_the_groups_and_hardly_with_the_devices),
             HARNESS_CASE(seconds_in_which_nothing_happens_cost_little),
             HARNESS_CASE(the_cap_is_the_scenario_s_or_the_default),
             HARNESS_CASE(a_run_that_will_pass_its_cap_is_found))
