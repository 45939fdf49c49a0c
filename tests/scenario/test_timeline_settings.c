#include "scenario/timeline_settings.h"

#include "compiled.h"
#include "harness.h"

#define HEAD "duration: 1min\nfleets: {a: {count: 1, telemetry: {every: 1s, topic: t}}}\ntimeline: [{do: connect}, "

static double number_of(const struct action *a, enum setting_key key) {
    for (unsigned i = 0; i < a->setting_count; i++)
        if (a->settings[i].key == key)
            return a->settings[i].number;
    CU_FAIL("the setting is there");
    return -1;
}

static void link_values_arrive(void) {
    struct compiled c =
        compiled_of(HEAD "{id: x, do: link, set: {rtt: exp(2s), loss: 20%, up: 16kbps, down: unlimited}}]\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct action *a = compiled_action(&c, "x");
    CU_ASSERT_EQUAL(a->setting_count, 4);
    CU_ASSERT_TRUE(a->settings[0].key == SET_RTT && a->settings[0].dist.kind == DIST_EXP &&
                   a->settings[0].dist.a == 2e9);
    CU_ASSERT_EQUAL(number_of(a, SET_LOSS), 0.2);
    CU_ASSERT_EQUAL(number_of(a, SET_UP), 16000);
    CU_ASSERT_EQUAL(number_of(a, SET_DOWN), 0);
    compiled_free(&c);
}

static void profile_values_arrive(void) {
    struct compiled c = compiled_of(
        HEAD "{id: x, do: set, set: {telemetry: {every: 3s}, mqtt: {keepalive: 30s, clean_start: true, inflight: 2}, "
             "reconnect: {first: 5s, jitter: equal, factor: 1.5}, buffer: {messages: 0}}}]\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct action *a = compiled_action(&c, "x");
    CU_ASSERT_EQUAL(a->setting_count, 8);
    CU_ASSERT_EQUAL(number_of(a, SET_KEEPALIVE), 30e9);
    CU_ASSERT_EQUAL(number_of(a, SET_CLEAN_START), 1);
    CU_ASSERT_EQUAL(number_of(a, SET_INFLIGHT), 2);
    CU_ASSERT_EQUAL(number_of(a, SET_RECONNECT_FIRST), 5e9);
    CU_ASSERT_EQUAL(number_of(a, SET_RECONNECT_JITTER), JITTER_EQUAL);
    CU_ASSERT_EQUAL(number_of(a, SET_RECONNECT_FACTOR), 1.5);
    CU_ASSERT_EQUAL(number_of(a, SET_BUFFER_MESSAGES), 0);
    compiled_free(&c);
}

static void an_entry_has_a_limit_of_values(void) {
    struct compiled c = compiled_of(
        HEAD "{id: x, do: set, set: {telemetry: {every: 3s}, mqtt: {keepalive: 30s, clean_start: true, inflight: 2}, "
             "reconnect: {first: 5s, max: 9s, jitter: equal, factor: 1.5}, buffer: {messages: 0}}}]\n");
    CU_ASSERT_TRUE(compiled_found(&c, "E410", "at most 8 values"));
    compiled_free(&c);
}

HARNESS_MAIN("scenario/timeline_settings", HARNESS_CASE(link_values_arrive), HARNESS_CASE(profile_values_arrive),
             HARNESS_CASE(an_entry_has_a_limit_of_values))
