#include "scenario/plan_streams.h"

#include <stdio.h>
#include <string.h>

#include "base/draw.h"
#include "compiled.h"
#include "harness.h"

static void streams_arrive_with_their_marks(void) {
    struct compiled c = compiled_of(
        "duration: 1min\nfleets:\n"
        "  five:\n    count: 1\n    signals: {temp: 21, n: \"counter()\"}\n    telemetry:\n"
        "      - {every: exp(10s), topic: a, payload: \"${signal.temp:.1f}\", qos: 2, retain: true, message_expiry: "
        "90s, content_type: t/p}\n"
        "      - {every: 5s, topic: b, payload: \"x ${msg.mark}\", pace: closed}\n"
        "      - {every: 5s, topic: c, payload: random(22B), alignment: wallclock, user_properties: {u: v}}\n"
        "      - {every: 5s, topic: d, payload: random(21B), audit: none}\n"
        "  three: {count: 1, protocol: mqtt311, telemetry: {every: 1s, topic: e, payload: x, schedule: "
        "restart_on_connect}}\n");
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct fleet_group *g = &c.plan->groups[0];
    CU_ASSERT_EQUAL_FATAL(g->telemetry_count, 4);
    const struct telemetry *t = g->telemetry;
    CU_ASSERT_TRUE(t[0].mark == MARK_PROPERTY && t[0].qos == 2 && t[0].retain && t[0].message_expiry_s == 90 &&
                   t[0].content_type.count == 1);
    CU_ASSERT_TRUE(t[0].every.kind == DIST_EXP && t[0].pace == PACE_OPEN && t[0].random_size == 0);
    CU_ASSERT_TRUE(t[1].mark == MARK_TEMPLATE && t[1].pace == PACE_CLOSED);
    CU_ASSERT_TRUE(t[2].mark == MARK_HEAD && t[2].random_size == 22 && t[2].alignment == ALIGN_WALLCLOCK &&
                   t[2].user_property_count == 1);
    CU_ASSERT_TRUE(t[3].mark == MARK_NONE && t[3].random_size == 21);
    CU_ASSERT_EQUAL(g->signal_count, 2);
    CU_ASSERT_STRING_EQUAL(g->signals[0].name, "temp");
    CU_ASSERT_EQUAL(g->signals[1].stream, draw_stream_named("signal", "n"));
    CU_ASSERT_FALSE(g->profile->restart_on_connect);
    const struct fleet_group *three = &c.plan->groups[1];
    CU_ASSERT_TRUE(three->telemetry[0].mark == MARK_NONE && three->profile->restart_on_connect);
    compiled_free(&c);
}

static void filters_are_texts_or_maps(void) {
    struct compiled c = compiled_of(
        "duration: 1min\nfleets: {a: {count: 1, subscribe: [\"x/${device.id}\", {filter: y/#, qos: 2, no_local: true, "
        "retain_handling: 1, retain_as_published: true, id: 9}]}}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct fleet_group *g = &c.plan->groups[0];
    CU_ASSERT_EQUAL_FATAL(g->subscription_count, 2);
    CU_ASSERT_TRUE(g->subscriptions[0].filter.count == 2 && g->subscriptions[0].qos == 0);
    const struct subscription *s = &g->subscriptions[1];
    CU_ASSERT_TRUE(s->qos == 2 && s->no_local && s->retain_handling == 1 && s->retain_as_published && s->id == 9);
    compiled_free(&c);
}

static void streams_agree_on_their_schedule(void) {
    struct compiled c = compiled_of("duration: 1min\nfleets: {a: {count: 1, telemetry: [{every: 1s, topic: a, "
                                    "schedule: restart_on_connect}, {every: 1s, topic: b}]}}\n");
    CU_ASSERT_TRUE(compiled_found(&c, "E406", "differ in schedule"));
    compiled_free(&c);
}

static void there_is_a_limit_of_streams(void) {
    char text[2000] = "duration: 1min\nfleets: {a: {count: 1, telemetry: [";
    for (int i = 0; i <= PLAN_STREAMS_MAX; i++)
        strcat(text, "{every: 1s, topic: a},");
    strcat(text, "]}}\n");
    struct compiled c = compiled_of(text);
    CU_ASSERT_TRUE(compiled_found(&c, "E406", "more than 64"));
    compiled_free(&c);
}

static void messages_may_be_listed_one_by_one(void) {
    struct compiled c = compiled_of(
        "duration: 1min\nfleets: {a: {count: 1, telemetry: [\n"
        "  {topic: a, payload: std, messages: [{at: 1s}, {at: 2s, payload: \"random(40B)\"}, {at: 2s, payload: "
        "\"hex(00ff)\"}]},\n"
        "  {topic: b, payload: \"random(22B)\", messages: [{at: 0s}, {at: 3s, payload: \"random(30B)\"}]},\n"
        "  {topic: c, first: 250ms, every: 10s}]}}\n");
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct telemetry *t = c.plan->groups[0].telemetry;
    CU_ASSERT_EQUAL_FATAL(t[0].message_count, 3);
    CU_ASSERT_TRUE(t[0].messages[0].at == SPAN_S && t[0].messages[2].at == 2 * SPAN_S);
    CU_ASSERT_TRUE(bytes_equal(t[0].messages[0].payload.tokens[0].text, bytes_of_text("std")));
    CU_ASSERT_EQUAL(t[0].messages[1].random_size, 40);
    CU_ASSERT_TRUE(bytes_equal(t[0].messages[2].payload.tokens[0].text, bytes_of("\0\xff", 2)));
    CU_ASSERT_TRUE(t[0].mark == MARK_PROPERTY && t[1].mark == MARK_HEAD);     /* a place that all of them have */
    CU_ASSERT_TRUE(t[0].every.kind == DIST_CONSTANT && t[0].every.a == 20e9); /* three in a minute */
    CU_ASSERT_TRUE(!t[0].has_first && t[2].has_first && t[2].first == 250 * SPAN_MS && t[2].message_count == 0);
    compiled_free(&c);
}

static void is_refused(const char *stream, const char *code, const char *words) {
    char text[400];
    snprintf(text, sizeof text, "duration: 1min\nfleets: {a: {count: 1, telemetry: {topic: a, %s}}}\n", stream);
    struct compiled c = compiled_of(text);
    CU_ASSERT_TRUE(compiled_found(&c, code, words));
    if (!compiled_found(&c, code, words))
        compiled_print(&c);
    compiled_free(&c);
}

static void what_does_not_go_with_listed_messages_is_refused(void) {
    is_refused("messages: [{at: 2s}, {at: 1s}]", "E419", "before the one above");
    is_refused("messages: [{at: 2s}], pace: closed", "E419", "'pace' and 'messages'");
    is_refused("messages: [{at: 2s}], alignment: wallclock", "E419", "'alignment' and 'messages'");
    is_refused("messages: [{at: 2s}], schedule: restart_on_connect", "E419", "'schedule' and 'messages'");
    is_refused("messages: [{at: 2s}], every: 1s", "E209", "exclude each other");
    is_refused("messages: [{at: 2s}], first: 1s", "E209", "exclude each other");
    is_refused("messages: []", "E203", "'every' (or 'messages') is missing");
    is_refused("messages: [{payload: x}]", "E203", "'at' is missing");
    is_refused("qos: 1", "E203", "'every' (or 'messages') is missing");
    is_refused("every: 1s, first: 1s, pace: closed", "E419", "'first' goes with");
}

HARNESS_MAIN("scenario/plan_streams", HARNESS_CASE(streams_arrive_with_their_marks),
             HARNESS_CASE(filters_are_texts_or_maps), HARNESS_CASE(streams_agree_on_their_schedule),
             HARNESS_CASE(there_is_a_limit_of_streams), HARNESS_CASE(messages_may_be_listed_one_by_one),
             HARNESS_CASE(what_does_not_go_with_listed_messages_is_refused))
