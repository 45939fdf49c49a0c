#include "scenario/plan_lint.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"

#define HEAD "duration: 5min\n"
#define ONE  HEAD "fleets: {a: {count: 1000, telemetry: {every: 10s, topic: t, payload: x}}}\n"

#define REPLIES(one)                                                                                                   \
    HEAD "profiles: {p: {commands: {topic: \"c/${device.id}/+\", " one "}}}\nfleets: {a: {count: 5, profile: p}}\n"

static void finds(const char *text, const char *code, const char *words) {
    struct compiled c = compiled_of(text);
    bool right = c.found.count == 1 && compiled_found(&c, code, words) && (c.plan == NULL) == (code[0] == 'E');
    if (!right) {
        printf("     wanted %s %s\n", code, words);
        compiled_print(&c);
    }
    CU_ASSERT_TRUE(right);
    compiled_free(&c);
}

static void a_clean_scenario_has_no_findings(void) {
    struct compiled c = compiled_of(ONE "timeline: [{do: connect, over: 1min}, {at: 5min, do: stop}]\n");
    compiled_print(&c);
    CU_ASSERT_EQUAL(c.found.count, 0);
    compiled_free(&c);
}

static void entries_fit_into_the_run(void) {
    finds(ONE "timeline: [{do: connect}, {at: 6min, do: hold, for: 1s}]\n", "E407", "hold#1 starts at 6m00s");
    finds(ONE "timeline: [{do: connect}, {at: 4min, do: hold, for: 2min}]\n", "W402", "hold#1 is not over");
    finds(ONE "timeline: [{do: connect, over: 6min}]\n", "W402", "connect#1 is not over");
    finds(ONE "warmup: 5min\n", "E419", "warm-up");
}

static void ramps_keep_below_the_cap(void) {
    finds(ONE "safety: {max_connect_rate: 99/s}\ntimeline: [{do: connect, over: 10s}]\n", "E417",
          "100 connects per second");
    struct compiled c = compiled_of(ONE "safety: {max_connect_rate: 100/s}\ntimeline: [{do: connect, over: 10s}]\n");
    CU_ASSERT_EQUAL(c.found.count, 0);
    compiled_free(&c);
    finds(ONE "safety: {max_publish_rate: 99/s}\n", "W409", "100 messages per second");
}

static void entries_without_effect_are_said(void) {
    finds(HEAD "fleets: {a: {count: 5}}\ntimeline: [{do: connect}, {at: 1s, do: burst, messages: 3}]\n", "W401",
          "no telemetry");
    finds(ONE "timeline: [{do: connect}, {when: attempts > 3, do: reset, over: 3s}]\n", "W401", "'over' has no effect");
    finds(HEAD "fleets: {a: {count: 5}, b: {count: 5}}\ntimeline: [{do: connect, who: {fleet: a}}]\n", "W404",
          "fleets.b");
}

static void topics_and_filters_follow_the_protocol(void) {
    finds(HEAD "fleets: {a: {count: 5, telemetry: {every: 1s, topic: \"a/${device.id}/#\"}}}\n", "E416",
          "no wildcards");
    finds(HEAD "fleets: {a: {count: 5, telemetry: {every: 1s, topic: \"a/+/b\"}}}\n", "E416", "no wildcards");
    finds(HEAD "fleets: {a: {count: 5, subscribe: [\"a/#/b\"]}}\n", "E416", "no valid topic filter for MQTT 5.0");
    finds(REPLIES("reply_topic: r/+"), "E416", "no wildcards");
    finds(REPLIES("reply_topic: \"\""), "E416", "no valid topic name");
    finds(HEAD "fleets: {a: {count: 5, subscribe: [\"a/+\", \"a/#\"]}}\n", "W406", "overlaps with 'a/+'");
}

static void messages_fit(void) {
    finds(HEAD "fleets: {a: {count: 5, telemetry: {every: 2min, topic: t, payload: x}}}\n", "W407",
          "keep-alive of 60s");
    finds(HEAD "fleets: {a: {count: 5, telemetry: {every: 0s, topic: t, payload: x}}}\n", "E419", "gap above 0");
    finds(HEAD
          "fleets: {a: {count: 5, protocol: mqtt311, subscribe: [x], telemetry: {every: 1s, topic: t, payload: x}}}\n",
          "W411", "carry no mark");
    struct text reply = {0};
    text_printf(&reply, REPLIES("payload: \"%0*d\""), 512 * 1024 + 1, 0);
    finds(text_get(&reply), "E418", "the payload has more than");
    text_free(&reply);
}

static void sessions_make_sense(void) {
    finds(HEAD "profiles: {p: {mqtt: {clean_start: false}}}\nfleets: {a: {count: 5, profile: p}}\n", "W412",
          "none to resume");
    finds(HEAD "identities: {i: {client_id: same}}\nfleets: {a: {count: 5, identity: i}}\n", "W408",
          "share client ids");
    struct compiled c = compiled_of(HEAD "identities: {i: {client_id: same}, j: {client_id: \"\"}}\n"
                                         "fleets: {a: {count: 1, identity: i}, b: {count: 5, identity: j}}\n");
    CU_ASSERT_EQUAL(c.found.count, 0);
    compiled_free(&c);
}

HARNESS_MAIN("scenario/plan_lint", HARNESS_CASE(a_clean_scenario_has_no_findings),
             HARNESS_CASE(entries_fit_into_the_run), HARNESS_CASE(ramps_keep_below_the_cap),
             HARNESS_CASE(entries_without_effect_are_said), HARNESS_CASE(topics_and_filters_follow_the_protocol),
             HARNESS_CASE(messages_fit), HARNESS_CASE(sessions_make_sense))
