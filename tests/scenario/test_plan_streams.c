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

static bool refused(const char *stream, const char *code, const char *what) {
    char text[600];
    snprintf(text, sizeof text, "duration: 1min\nfleets: {a: {count: 1, telemetry: {topic: a, %s}%s}}\n", stream,
             strstr(stream, "signals") == NULL ? ", signals: {temp: 1}" : "");
    struct compiled c = compiled_of(text);
    bool found = compiled_found(&c, code, what);
    if (!found)
        compiled_print(&c);
    compiled_free(&c);
    return found;
}

static void is_refused(const char *stream, const char *code, const char *words) {
    CU_ASSERT_TRUE(refused(stream, code, words));
}

static void what_does_not_go_with_listed_messages_is_refused(void) {
    is_refused("messages: [{at: 2s}, {at: 1s}]", "E419", "before the one above");
    is_refused("messages: [{at: 2s}], pace: closed", "E419", "'pace' and 'messages'");
    is_refused("messages: [{at: 2s}], alignment: wallclock", "E419", "'alignment' and 'messages'");
    is_refused("messages: [{at: 2s}], schedule: restart_on_connect", "E419", "'schedule' and 'messages'");
    is_refused("messages: [{at: 2s}], jitter: 1s", "E419", "'jitter' and 'messages'");
    is_refused("messages: [{at: 2s}], every: 1s", "E209", "exclude each other");
    is_refused("messages: [{at: 2s}], first: 1s", "E209", "exclude each other");
    is_refused("messages: []", "E203", "'every' (or 'messages') is missing");
    is_refused("messages: [{payload: x}]", "E203", "'at' is missing");
    is_refused("qos: 1", "E203", "'every' (or 'messages') is missing");
    is_refused("every: 1s, first: 1s, pace: closed", "E419", "'first' goes with");
}

static void what_decides_when_arrives(void) {
    struct compiled c = compiled_of(
        "duration: 1min\nfleets:\n  a:\n    count: 1\n    signals: {flow: 1, temp: \"analog(20, sd=1, lsb=0.5)\"}\n"
        "    telemetry:\n"
        "      - {every: 10s, topic: a, alignment: boot, jitter: 2s}\n"
        "      - {every: 10s, topic: b, alignment: wallclock, jitter: \"normal(0s, 200ms)\"}\n"
        "      - {every: exp(10s), topic: c, shape: {day: 60%, day_peak: 19h, half_day: 30%, weekend: 40%}}\n"
        "      - {every: 15min, topic: d, motion: {moving: 8h, trips: 4, still: 6h}}\n"
        "      - {every: 10s, topic: e, trigger: {signal: temp, change: 0.5, above: 30, below: -2, at_least: 1h}}\n"
        "  b: {count: 1, signals: {n: counter()}, telemetry: {every: 1s, topic: a}}\n");
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct fleet_group *g = &c.plan->groups[0];
    const struct telemetry *t = g->telemetry;
    CU_ASSERT_TRUE(t[0].alignment == ALIGN_BOOT && t[0].jitter.kind == DIST_UNIFORM && t[0].jitter.b == 2e9);
    CU_ASSERT_TRUE(t[1].alignment == ALIGN_WALLCLOCK && t[1].jitter.kind == DIST_NORMAL && !t[1].jitter.cut_at_zero);
    CU_ASSERT_TRUE(t[2].shape.on && t[2].shape.day == 0.6 && t[2].shape.half_day == 0.3 && t[2].shape.weekend == 0.4);
    CU_ASSERT_TRUE(t[2].shape.day_peak == 19 * SPAN_H && t[2].shape.half_day_peak == 8 * SPAN_H);
    CU_ASSERT_TRUE(t[3].motion.moving == 8 * SPAN_H && t[3].motion.trips == 4 && t[3].motion.still == 6 * SPAN_H);
    CU_ASSERT_TRUE(t[4].trigger.on && t[4].trigger.signal == 1 && t[4].trigger.change == 0.5);
    CU_ASSERT_TRUE(t[4].trigger.has_above && t[4].trigger.above == 30 && t[4].trigger.below == -2 &&
                   t[4].trigger.at_least == SPAN_H);
    CU_ASSERT_TRUE(g->triggers && g->signals_evolve && !t[0].trigger.on && !t[0].shape.on);
    CU_ASSERT_FALSE(c.plan->groups[1].triggers || c.plan->groups[1].signals_evolve);
    compiled_free(&c);
}

static void ways_to_say_when_exclude_each_other(void) {
    is_refused("every: exp(1s), jitter: 1s", "E209", "constant");
    is_refused("every: 1s, jitter: 1s, shape: {day: 10%}", "E209", "jitter");
    is_refused("every: 1s, alignment: boot, shape: {day: 10%}", "E209", "shape");
    is_refused("every: 1s, alignment: boot, motion: {moving: 1h}", "E209", "motion");
    is_refused("every: 1s, pace: closed, motion: {moving: 1h}", "E209", "closed");
    is_refused("every: 1s, shape: {day: 60%, half_day: 41%}", "E205", "negative");
    is_refused("every: 1s, trigger: {signal: tmep, change: 1}", "E301", "tmep");
    is_refused("every: 1s, trigger: {signal: temp}", "W401", "one message");
    CU_ASSERT_FALSE(refused("every: 1s, trigger: {signal: temp, change: 1}", "W401", "one message"));
}

static void a_trace_is_read_from_beside_the_scenario(void) {
    is_refused("every: 1s}, signals: {x: trace(/etc/passwd)", "E114", "below");
    is_refused("every: 1s}, signals: {x: trace(../x.csv)", "E114", "below");
    is_refused("every: 1s}, signals: {x: trace(there-is-none.csv)", "E114", "there-is-none");
}

HARNESS_MAIN("scenario/plan_streams", HARNESS_CASE(streams_arrive_with_their_marks),
             HARNESS_CASE(filters_are_texts_or_maps), HARNESS_CASE(streams_agree_on_their_schedule),
             HARNESS_CASE(there_is_a_limit_of_streams), HARNESS_CASE(messages_may_be_listed_one_by_one),
             HARNESS_CASE(what_does_not_go_with_listed_messages_is_refused), HARNESS_CASE(what_decides_when_arrives),
             HARNESS_CASE(ways_to_say_when_exclude_each_other), HARNESS_CASE(a_trace_is_read_from_beside_the_scenario))
