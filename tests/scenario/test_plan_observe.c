#include "scenario/plan_observe.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"

#define FLEETS                                                                                                         \
    "duration: 10min\nidentities: {boss: {kind: password, user: u, password: p}}\nprofiles: {old: {protocol: "         \
    "mqtt311}}\nfleets:\n"                                                                                             \
    "  a: {count: 100, telemetry: [{every: 10s, topic: \"a/${device.id}\", payload: \"random(64B)\", qos: 1}, "        \
    "{every: 10s, topic: \"a/${device.id}/log\", payload: x}]}\n"                                                      \
    "  b: {count: 100, profile: old, telemetry: {every: 10s, topic: \"b/${device.id}\", payload: x}}\n"                \
    "  c: {count: 50, profile: old, telemetry: {every: 1s, topic: c, payload: \"${msg.mark}\"}}\n"

static struct compiled with(const char *observe) {
    char text[4000];
    snprintf(text, sizeof text, "%s%s", FLEETS, observe);
    return compiled_of(text);
}

static const struct plan_observe *of(const struct compiled *c) {
    if (c->plan == NULL)
        compiled_print(c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c->plan);
    return c->plan->observe;
}

static void without_it_nobody_observes(void) {
    static const char *const nothing[] = {"", "observe: none\n"};
    for (int i = 0; i < 2; i++) {
        struct compiled c = with(nothing[i]);
        CU_ASSERT_PTR_NULL(of(&c));
        CU_ASSERT_FALSE(plan_observe_has(c.plan->observe, 0));
        CU_ASSERT_FALSE(c.plan->groups[0].telemetry[0].observed);
        compiled_free(&c);
    }
}

static void all_is_every_stream_with_a_mark(void) {
    static const char *const all[] = {"observe: all\n", "observe: {qos: 2}\n"};
    for (int i = 0; i < 2; i++) {
        struct compiled c = with(all[i]);
        const struct plan_observe *o = of(&c);
        CU_ASSERT_PTR_NOT_NULL_FATAL(o);
        CU_ASSERT(o->audited == 150 && o->candidates == 150 && o->observer_count == 1 && o->qos == 2);
        CU_ASSERT(o->version == MQTT_5_0 && o->identity == NULL && !o->by_rate);
        CU_ASSERT_DOUBLE_EQUAL(o->rate, 100 * 0.2 + 50, 0.01);
        CU_ASSERT_EQUAL_FATAL(o->observers[0].filter_count, 3);
        CU_ASSERT(plan_observe_has(o, 0) && !plan_observe_has(o, 150) && plan_observe_has(o, 249));
        CU_ASSERT(c.plan->groups[0].telemetry[0].observed && !c.plan->groups[1].telemetry[0].observed);
        CU_ASSERT_TRUE(compiled_found(&c, "W411", "messages of fleets.b carry no mark"));
        compiled_free(&c);
    }
}

static void keys_narrow_it(void) {
    struct compiled c = with("observe: {fleets: c, qos: 1, identity: boss}\n");
    const struct plan_observe *o = of(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(o);
    CU_ASSERT(o->audited == 50 && o->qos == 1 && o->version == MQTT_3_1_1 && strcmp(o->identity->name, "boss") == 0);
    CU_ASSERT_EQUAL_FATAL(o->observers[0].filter_count, 1);
    CU_ASSERT_STRING_EQUAL(o->observers[0].filters[0], "c");
    CU_ASSERT(!compiled_found(&c, "W411", "") && !compiled_found(&c, "W413", ""));
    compiled_free(&c);
    c = with("observe: {fleets: [a, c], protocol: mqtt311}\n");
    CU_ASSERT(of(&c)->version == MQTT_3_1_1 && of(&c)->audited == 150);
    compiled_free(&c);
}

static void a_mark_in_a_property_needs_an_observer_of_5_0(void) {
    struct compiled c = with("observe: {fleets: [a, c], protocol: mqtt311}\n");
    CU_ASSERT(c.plan->groups[0].telemetry[0].observed && !c.plan->groups[0].telemetry[1].observed);
    CU_ASSERT_TRUE(compiled_found(&c, "W413", "carry their mark as a property"));
    compiled_free(&c);
    c = compiled_of("duration: 10min\nprofiles: {old: {protocol: mqtt311}}\nfleets:\n"
                    "  first: {count: 5, profile: old, telemetry: {every: 1s, topic: f, payload: \"${msg.mark}\"}}\n"
                    "  second: {count: 5, telemetry: {every: 1s, topic: s, payload: x}}\nobserve: all\n");
    CU_ASSERT_EQUAL(of(&c)->version, MQTT_5_0);
    CU_ASSERT(c.plan->groups[0].telemetry[0].observed && c.plan->groups[1].telemetry[0].observed);
    CU_ASSERT_FALSE(compiled_found(&c, "W413", ""));
    compiled_free(&c);
}

static void a_share_is_exact_and_the_same_every_time(void) {
    struct compiled c = with("observe: {fleets: a, share: 10%}\n"), again = with("observe: {fleets: a, share: 10%}\n");
    const struct plan_observe *o = of(&c);
    unsigned audited = 0;
    CU_ASSERT(o->audited == 10 && o->candidates == 100);
    CU_ASSERT_EQUAL(o->observers[0].filter_count, 20); /* two streams each */
    for (uint32_t d = 0; d < c.plan->device_count; d++) {
        audited += plan_observe_has(o, d);
        CU_ASSERT_EQUAL(plan_observe_has(o, d), plan_observe_has(of(&again), d));
        char topic[32];
        snprintf(topic, sizeof topic, "a/a-%u", d);
        bool subscribed = false;
        for (unsigned f = 0; f < o->observers[0].filter_count; f++)
            subscribed = subscribed || strcmp(o->observers[0].filters[f], topic) == 0;
        CU_ASSERT_EQUAL(subscribed, plan_observe_has(o, d));
    }
    CU_ASSERT_EQUAL(audited, 10);
    compiled_free(&c);
    compiled_free(&again);
}

static void above_20000_messages_per_second_it_is_a_sample(void) {
    struct compiled c = compiled_of("duration: 1min\nobserve: all\nfleets: {a: {count: 50000, telemetry: {every: 1s, "
                                    "topic: \"a/${device.id}\", payload: \"random(22B)\"}}}\n");
    const struct plan_observe *o = of(&c);
    CU_ASSERT(o->audited == 20000 && o->by_rate && o->observers[0].filter_count == 20000);
    compiled_free(&c);
    c = compiled_of("duration: 1min\nobserve: all\nfleets: {a: {count: 1000000, telemetry: {every: 10s, "
                    "topic: \"a/${device.id}\", payload: \"random(22B)\"}}}\n");
    o = of(&c);
    CU_ASSERT(o->audited == PLAN_OBSERVE_FILTERS_MAX && o->by_rate);
    compiled_free(&c);
    c = compiled_of("duration: 1min\nobserve: {share: 100%}\nfleets: {a: {count: 50000, telemetry: {every: 1s, "
                    "topic: \"a/${device.id}\", payload: \"random(22B)\"}}}\n");
    o = of(&c);
    CU_ASSERT(o->audited == 50000 && !o->by_rate && o->observers[0].filter_count == 1);
    compiled_free(&c);
}

static void what_is_switched_off_is_not_warned_about(void) {
    struct compiled c =
        compiled_of("duration: 1min\nobserve: all\nfleets: {a: {count: 5, telemetry: [{every: 1s, topic: "
                    "t, payload: \"random(22B)\"}, {every: 1s, topic: u, audit: none}]}}\n");
    CU_ASSERT(of(&c)->audited == 5 && !compiled_found(&c, "W411", ""));
    compiled_free(&c);
}

static void filters_may_be_given(void) {
    struct compiled c = with("observe: {fleets: [a, c], topics: [\"a/+\", c]}\n");
    const struct plan_observe *o = of(&c);
    CU_ASSERT_EQUAL(o->observers[0].filter_count, 2);
    CU_ASSERT(c.plan->groups[0].telemetry[0].observed && !c.plan->groups[0].telemetry[1].observed);
    CU_ASSERT_TRUE(compiled_found(&c, "W413", "'1' of fleets.a"));
    compiled_free(&c);
}

static void refused(const char *observe, const char *code, const char *words) {
    struct compiled c = with(observe);
    bool found = compiled_found(&c, code, words);
    if (!found)
        compiled_print(&c);
    CU_ASSERT_TRUE(found);
    compiled_free(&c);
}

static void what_cannot_be_is_refused(void) {
    refused("observe: {topics: [\"a/#\", \"a/b\"]}\n", "E422", "overlaps with 'a/#'");
    refused("observe: {topics: [\"a/#b\"]}\n", "E421", "no topic filter");
    refused("observe: {topics: [\"$share/g/a\"]}\n", "E421", "no topic filter");
    refused("observe: {fleets: b}\n", "E424", "nothing to observe");
    struct compiled c =
        compiled_of("duration: 1min\nobserve: {share: 90%}\nfleets: {a: {count: 50000, telemetry: {every: "
                    "100s, topic: \"a/${device.id}\", payload: \"random(22B)\"}}}\n");
    CU_ASSERT_TRUE(compiled_found(&c, "E423", "45000 devices"));
    compiled_free(&c);
}

HARNESS_MAIN("scenario/plan_observe", HARNESS_CASE(without_it_nobody_observes),
             HARNESS_CASE(all_is_every_stream_with_a_mark), HARNESS_CASE(keys_narrow_it),
             HARNESS_CASE(a_mark_in_a_property_needs_an_observer_of_5_0),
             HARNESS_CASE(a_share_is_exact_and_the_same_every_time),
             HARNESS_CASE(above_20000_messages_per_second_it_is_a_sample),
             HARNESS_CASE(what_is_switched_off_is_not_warned_about), HARNESS_CASE(filters_may_be_given),
             HARNESS_CASE(what_cannot_be_is_refused))
