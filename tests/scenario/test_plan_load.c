#include "scenario/plan_load.h"

#include <string.h>

#include "compiled.h"
#include "harness.h"
#include "scenario/plan_walk.h"

static void load_of(const char *text, uint64_t steps, struct plan_load *l) {
    struct compiled c = compiled_of(text);
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    plan_load_of(c.plan, steps, l);
    compiled_free(&c);
}

static void the_sum_is_what_devices_do_one_by_one(void) {
    struct compiled c =
        compiled_of("duration: 5min\nfleets: {a: {count: 50, telemetry: {every: exp(10s), topic: t}}}\n");
    struct plan_load l;
    uint64_t messages = 0;
    plan_load_of(c.plan, 0, &l);
    for (uint32_t d = 0; d < 50; d++) {
        struct plan_walk *w = plan_walk_new(c.plan, d, false);
        struct plan_walk_step s;
        while (plan_walk_next(w, &s))
            messages += s.kind == PLAN_WALK_MESSAGE;
        plan_walk_free(w);
    }
    CU_ASSERT_EQUAL(l.messages_total, (double)messages);
    CU_ASSERT_FALSE(l.estimate);
    double buckets = 0;
    for (unsigned i = 0; i < l.bucket_count; i++)
        buckets += l.buckets[i].messages;
    CU_ASSERT_EQUAL(buckets, l.messages_total);
    plan_load_free(&l);
    compiled_free(&c);
}

static void connections_follow_the_timeline(void) {
    struct plan_load l;
    load_of("duration: 1min\nfleets: {a: {count: 100}}\n"
            "timeline: [{do: connect, over: 10s}, {at: 20s, do: disconnect, who: {percent: 30}, for: 10s}, {at: 50s, "
            "do: stop}]\n",
            0, &l);
    CU_ASSERT_EQUAL(l.connections_peak, 100);
    CU_ASSERT_EQUAL(l.connects_per_s_peak, 30); /* those that return together */
    CU_ASSERT_EQUAL(plan_load_connected(&l, 4), 50);
    CU_ASSERT_EQUAL(plan_load_connected(&l, 15), 100);
    CU_ASSERT_EQUAL(plan_load_connected(&l, 25), 70);
    CU_ASSERT_EQUAL(plan_load_connected(&l, 35), 100);
    CU_ASSERT_EQUAL(plan_load_connected(&l, 55), 0);
    plan_load_free(&l);
}

static void who_is_left_out_loads_nothing(void) {
    static const char text[] =
        "duration: 5min\nfleets: {a: {count: 2000, only: [3, 100-108], telemetry: {every: 10s, topic: t}}}\n"
        "timeline: [{do: connect, over: 10s}]\n";
    struct plan_load all, some;
    load_of(text, 0, &all);
    CU_ASSERT_EQUAL(all.connections_peak, 10);
    CU_ASSERT(all.messages_total > 250 && all.messages_total <= 310);
    load_of(text, 100, &some);
    CU_ASSERT_TRUE(some.estimate);
    CU_ASSERT(some.connections_peak > 5 && some.connections_peak < 15);
    plan_load_free(&all);
    plan_load_free(&some);
}

static void beyond_the_cap_a_sample_is_scaled_up(void) {
    static const char text[] = "duration: 5min\nfleets: {a: {count: 2000, telemetry: {every: 10s, topic: t}}}\n";
    struct plan_load all, some;
    load_of(text, 0, &all);
    load_of(text, 5000, &some);
    CU_ASSERT_TRUE(some.estimate && !all.estimate);
    CU_ASSERT_TRUE(some.messages_total > 0.9 * all.messages_total && some.messages_total < 1.1 * all.messages_total);
    CU_ASSERT_TRUE(some.connections_peak > 1990 && some.connections_peak < 2010);
    plan_load_free(&all);
    plan_load_free(&some);
}

static void closed_pacing_is_an_estimate(void) {
    struct plan_load l;
    load_of("duration: 1min\nfleets: {a: {count: 10, telemetry: {every: 1s, topic: t, pace: closed}}}\n", 0, &l);
    CU_ASSERT_TRUE(l.estimate);
    CU_ASSERT_TRUE(l.messages_total > 500 && l.messages_total <= 600);
    plan_load_free(&l);
}

static void long_runs_have_wider_buckets(void) {
    struct plan_load l;
    load_of("duration: 10day\nfleets: {a: {count: 1, telemetry: {every: 1h, topic: t}}}\n", 0, &l);
    CU_ASSERT_EQUAL(l.width, 10 * SPAN_S);
    CU_ASSERT_EQUAL(l.bucket_count, 86400);
    CU_ASSERT_EQUAL(l.messages_total, 240);
    plan_load_free(&l);
}

static void bytes_count_topic_payload_and_overhead(void) {
    struct plan_load small, large;
    load_of("duration: 11s\nfleets: {a: {count: 1, protocol: mqtt311, telemetry: {every: 1s, topic: t, payload: "
            "x}}}\ntimeline: [{do: connect}]\n",
            0, &small);
    load_of("duration: 11s\nfleets: {a: {count: 1, protocol: mqtt311, telemetry: {every: 1s, topic: t, payload: "
            "random(1001B)}}}\ntimeline: [{do: connect}]\n",
            0, &large);
    CU_ASSERT_EQUAL(small.messages_total, large.messages_total);
    CU_ASSERT_EQUAL(large.bytes_total - small.bytes_total, 1000 * small.messages_total);
    plan_load_free(&small);
    plan_load_free(&large);
}

HARNESS_MAIN("scenario/plan_load", HARNESS_CASE(the_sum_is_what_devices_do_one_by_one),
             HARNESS_CASE(connections_follow_the_timeline), HARNESS_CASE(who_is_left_out_loads_nothing),
             HARNESS_CASE(beyond_the_cap_a_sample_is_scaled_up), HARNESS_CASE(closed_pacing_is_an_estimate),
             HARNESS_CASE(long_runs_have_wider_buckets), HARNESS_CASE(bytes_count_topic_payload_and_overhead))
