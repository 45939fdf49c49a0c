#include "scenario/plan_limits.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"

static const char head[] =
    "version: 1\nduration: 10min\ntarget: builtin\nlimits: cloud\n"
    "backends: {cloud: {as_of: 2026-08, connects: 100/s, connections: 50, publishes: 20/s, publishes_per_connection: "
    "1/s, payload: 1KiB, "
    "keepalive_min: 30s, keepalive_max: 1200s, session: 1h, inflight: 10, subscriptions: 1, qos: 1}}\n";

static struct compiled with(const char *profile, const char *fleet, const char *over) {
    char text[1600];
    snprintf(text, sizeof text,
             "%sprofiles: {p: {mqtt: {%s}}}\nfleets: {a: {profile: p, %s}}\ntimeline: [{do: connect, over: %s}]\n",
             head, profile, fleet, over);
    return compiled_with(text, &(struct plan_options){.has_seed = true, .seed = 1});
}

static bool warned(const char *profile, const char *fleet, const char *over, const char *words) {
    struct compiled c = with(profile, fleet, over);
    bool found = compiled_found(&c, "W416", words);
    compiled_free(&c);
    return found;
}

static void a_modest_fleet_is_not_warned_of(void) {
    CU_ASSERT_FALSE(
        warned("inflight: 10", "count: 50, telemetry: {every: 10s, topic: t, payload: x, qos: 1}", "10s", ""));
}

static void each_limit_has_its_warning(void) {
    static const char quiet[] = "count: 5, telemetry: {every: 10s, topic: t, payload: x}";
    CU_ASSERT_TRUE(warned("inflight: 1", "count: 51", "10s", "connections: 50"));
    CU_ASSERT_TRUE(warned("inflight: 1", "count: 150", "100ms", "connects: 100/s"));
    CU_ASSERT_FALSE(warned("inflight: 1", "count: 150", "2s", "connects: 100/s"));
    CU_ASSERT_TRUE(warned("inflight: 1", "count: 50, telemetry: {every: 2s, topic: t}", "10s", "publishes: 20/s"));
    CU_ASSERT_TRUE(
        warned("inflight: 1", "count: 1, telemetry: {every: 500ms, topic: t}", "10s", "publishes_per_connection"));
    CU_ASSERT_TRUE(
        warned("inflight: 1", "count: 1, telemetry: {every: 10s, topic: t, payload: random(2KiB)}", "1s", "payload"));
    CU_ASSERT_TRUE(warned("inflight: 1", "count: 1, telemetry: {every: 10s, topic: t, qos: 2}", "1s", "qos: 1"));
    CU_ASSERT_TRUE(warned("inflight: 11", quiet, "1s", "inflight: 10"));
    CU_ASSERT_TRUE(warned("inflight: 1, keepalive: 10s", quiet, "1s", "keepalive_min"));
    CU_ASSERT_TRUE(warned("inflight: 1, keepalive: 1300s", quiet, "1s", "keepalive_max"));
    CU_ASSERT_TRUE(warned("inflight: 1, clean_start: false, session_expiry: 2h", quiet, "1s", "session"));
    CU_ASSERT_TRUE(warned("inflight: 1", "count: 1, subscribe: [a, b]", "1s", "subscriptions"));
}

static void limits_are_those_of_the_devices_target(void) {
    struct compiled c = compiled_with(
        "version: 1\nduration: 1min\nbackends: {small: {as_of: now, qos: 0}, large: {as_of: now}}\n"
        "targets: {one: {url: builtin, limits: small}, two: {url: \"mqtt://127.0.0.1:1883\", limits: large}}\n"
        "fleets: {a: {count: 1, target: two, telemetry: {every: 1s, topic: t, qos: 1}}}\n",
        &(struct plan_options){.has_seed = true, .seed = 1});
    CU_ASSERT_PTR_NOT_NULL(c.plan);
    CU_ASSERT_FALSE(compiled_found(&c, "W416", ""));
    compiled_free(&c);
}

/* Groups of two targets take turns; a ramp is held against the devices of the one that has the limit. */
static void a_target_is_judged_once_and_by_its_own_devices(void) {
    struct compiled c =
        compiled_with("version: 1\nduration: 1min\nbackends: {small: {as_of: now, connections: 5, connects: 20/s}}\n"
                      "targets: {one: {url: builtin, limits: small}, two: {url: \"mqtt://127.0.0.1:1883\"}}\n"
                      "fleets: {a: {count: 6, target: one}, b: {count: 100, target: two}, c: {count: 6, target: one}}\n"
                      "timeline: [{do: connect, over: 1s}]\n",
                      &(struct plan_options){.has_seed = true, .seed = 1});
    CU_ASSERT_PTR_NOT_NULL(c.plan);
    unsigned warnings = 0;
    for (size_t i = 0; i < c.found.count; i++)
        warnings += strcmp(c.found.items[i].code, "W416") == 0;
    CU_ASSERT_EQUAL(warnings, 1);
    CU_ASSERT_TRUE(compiled_found(&c, "W416", "connections: 5"));
    compiled_free(&c);
}

static void limits_are_no_part_of_what_runs(void) {
    static const char one[] = "version: 1\nduration: 1min\ntarget: builtin\nfleets: {a: {count: 1}}\n";
    static const char two[] = "version: 1\nduration: 1min\ntarget: builtin\nlimits: c\nbackends: {c: {as_of: "
                              "now}}\nfleets: {a: {count: 1}}\n";
    struct compiled a = compiled_with(one, &(struct plan_options){.has_seed = true, .seed = 1});
    struct compiled b = compiled_with(two, &(struct plan_options){.has_seed = true, .seed = 1});
    CU_ASSERT_PTR_NOT_NULL_FATAL(a.plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.plan);
    CU_ASSERT_STRING_EQUAL(a.plan->scenario_hash, b.plan->scenario_hash);
    compiled_free(&a);
    compiled_free(&b);
}

HARNESS_MAIN("scenario/plan_limits", HARNESS_CASE(a_modest_fleet_is_not_warned_of),
             HARNESS_CASE(each_limit_has_its_warning), HARNESS_CASE(limits_are_those_of_the_devices_target),
             HARNESS_CASE(limits_are_no_part_of_what_runs),
             HARNESS_CASE(a_target_is_judged_once_and_by_its_own_devices))
