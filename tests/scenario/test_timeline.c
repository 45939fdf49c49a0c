#include "scenario/timeline.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"

#define FLEET "duration: 10min\nfleets: {a: {count: 100, telemetry: {every: 10s, topic: t, payload: x}}}\n"

static struct compiled good(const char *text) {
    struct compiled c = compiled_of(text);
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    return c;
}

static void without_a_timeline_all_connect_over_ten_seconds(void) {
    struct compiled c = good(FLEET);
    const struct action *a = compiled_action(&c, "connect#1");
    CU_ASSERT_EQUAL(a->verb, DO_CONNECT);
    CU_ASSERT_EQUAL(a->over, 10 * SPAN_S);
    CU_ASSERT_EQUAL(a->selected, 100);
    instant last = INT64_MIN;
    for (uint32_t rank = 0; rank < 100; rank++)
        for (uint32_t d = 0; d < 100; d++)
            if (a->rank[d] == rank) {
                CU_ASSERT_TRUE(action_start(a, c.plan->seed, d) > last);
                last = action_start(a, c.plan->seed, d);
            }
    CU_ASSERT_EQUAL(last, 9950 * SPAN_MS);
    compiled_free(&c);
}

static void entries_follow_each_other(void) {
    struct compiled c = good(FLEET "timeline:\n"
                                   "  - {id: late, after: outage + 30s, do: hold, for: 1min}\n"
                                   "  - {id: ramp, do: connect, over: 1min}\n"
                                   "  - {id: outage, after: ramp, do: link_down, over: 10s, for: 2min}\n"
                                   "  - {id: beside, after: outage.start + 5s, do: mark}\n");
    static const struct {
        const char *id;
        instant start, end;
    } rows[] = {{"ramp", 0, 60 * SPAN_S},
                {"outage", 60 * SPAN_S, 190 * SPAN_S},
                {"late", 220 * SPAN_S, 280 * SPAN_S},
                {"beside", 65 * SPAN_S, 65 * SPAN_S}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_EQUAL(compiled_action(&c, rows[i].id)->start, rows[i].start);
        CU_ASSERT_EQUAL(compiled_action(&c, rows[i].id)->end, rows[i].end);
    }
    compiled_free(&c);
}

static void entries_without_id_are_numbered_by_verb(void) {
    struct compiled c =
        good(FLEET "timeline: [{do: connect}, {do: hold, for: 1s}, {id: x, do: hold, for: 1s}, {do: hold, for: 1s}]\n");
    CU_ASSERT_STRING_EQUAL(c.plan->actions[0].id, "connect#1");
    CU_ASSERT_STRING_EQUAL(c.plan->actions[1].id, "hold#1");
    CU_ASSERT_STRING_EQUAL(c.plan->actions[3].id, "hold#3");
    compiled_free(&c);
}

static void drawn_lengths_end_with_the_longest(void) {
    struct compiled c = good(
        FLEET
        "timeline: [{do: connect}, {id: cut, at: 1min, do: link_down, who: {count: 7}, for: \"uniform(5s, 20s)\"}]\n");
    const struct action *a = compiled_action(&c, "cut");
    instant longest = 0;
    for (uint32_t d = 0; d < 100; d++)
        if (action_selects(a, d)) {
            instant end = action_end(a, c.plan->seed, d, action_start(a, c.plan->seed, d), 0);
            longest = end > longest ? end : longest;
        }
    CU_ASSERT_EQUAL(a->end, longest);
    CU_ASSERT_TRUE(a->lasting_max > 5 * SPAN_S && a->lasting_max < 20 * SPAN_S);
    compiled_free(&c);
}

static void conditions_have_no_place_in_time(void) {
    struct compiled c =
        good(FLEET "timeline: [{do: connect}, {id: fix, when: state == backoff and attempts >= 2, do: set, "
                   "set: {reconnect: {first: 9s}}, times: 3, who: {index: 0-9}}]\n");
    const struct action *a = compiled_action(&c, "fix");
    CU_ASSERT_TRUE(a->when && a->start == INSTANT_NEVER && a->times == 3 && a->selected == 10);
    CU_ASSERT_EQUAL(c.plan->groups[0].watched, 1U << VAR_STATE | 1U << VAR_ATTEMPTS);
    CU_ASSERT_EQUAL(a->setting_count, 1);
    CU_ASSERT_EQUAL(a->settings[0].key, SET_RECONNECT_FIRST);
    CU_ASSERT_EQUAL(a->settings[0].number, 9e9);
    for (unsigned i = 0; i < c.plan->phase_count; i++)
        CU_ASSERT_STRING_NOT_EQUAL(c.plan->phases[i].id, "fix");
    compiled_free(&c);
}

static void implicit_phases_surround_the_entries(void) {
    struct compiled c = good(
        FLEET
        "settle: 20s\ntimeline: [{do: connect, over: 30s}, {at: 1min, do: connect, who: {index: 0}, over: 30s}]\n");
    static const struct {
        const char *id;
        instant start, end;
    } rows[] = {
        {"ramp", 0, 90 * SPAN_S}, {"steady", 90 * SPAN_S, 600 * SPAN_S}, {"settle", 600 * SPAN_S, 620 * SPAN_S}};
    for (size_t i = 0; i < 3; i++) {
        const struct phase *p = &c.plan->phases[i];
        CU_ASSERT_STRING_EQUAL(p->id, rows[i].id);
        CU_ASSERT_TRUE(p->implicit && p->start == rows[i].start && p->end == rows[i].end);
    }
    compiled_free(&c);
}

static void the_scenario_may_use_their_names(void) {
    struct compiled c = good(FLEET "timeline: [{id: steady, do: connect, over: 30s}]\n");
    unsigned found = 0;
    for (unsigned i = 0; i < c.plan->phase_count; i++)
        if (strcmp(c.plan->phases[i].id, "steady") == 0) {
            found++;
            CU_ASSERT_FALSE(c.plan->phases[i].implicit);
        }
    CU_ASSERT_EQUAL(found, 1);
    compiled_free(&c);
}

static void value_entries_get_a_bit_each(void) {
    struct compiled c = good(FLEET "timeline: [{do: connect}, {do: link, set: {loss: 20%}, for: 1s}, {do: hold, for: "
                                   "1s}, {do: set, set: {telemetry: {every: 1s}}}]\n");
    CU_ASSERT_EQUAL(c.plan->actions[0].value_bit, -1);
    CU_ASSERT_EQUAL(c.plan->actions[1].value_bit, 0);
    CU_ASSERT_EQUAL(c.plan->actions[2].value_bit, -1);
    CU_ASSERT_EQUAL(c.plan->actions[3].value_bit, 1);
    CU_ASSERT_EQUAL(c.plan->actions[1].settings[0].number, 0.2);
    compiled_free(&c);
}

static void steps_fill_over_and_nothing_else(void) {
    struct compiled c = good(FLEET "timeline: [{do: connect, over: 1min, steps: 4}]\n");
    CU_ASSERT_EQUAL(c.plan->actions[0].steps, 4);
    unsigned at_the_end = 0;
    for (uint32_t d = 0; d < 100; d++)
        at_the_end += action_start(&c.plan->actions[0], c.plan->seed, d) == SPAN_MIN;
    CU_ASSERT_EQUAL(at_the_end, 25);
    compiled_free(&c);
    c = compiled_of(FLEET "timeline: [{do: connect, steps: 4}]\n");
    CU_ASSERT(compiled_found(&c, "E419", "steps"));
    compiled_free(&c);
    c = compiled_of(FLEET "timeline: [{do: connect, over: 10s, spread: uniform, steps: 4}]\n");
    CU_ASSERT(compiled_found(&c, "E419", "steps"));
    compiled_free(&c);
}

static void clocks_go_fast_or_slow_by_plan(void) {
    struct compiled c =
        good(FLEET "timeline: [{do: connect}, {do: clock_skew, fast: 5min, for: 1min}, {do: clock_skew, "
                   "slow: 1h, who: {percent: 10}}]\n");
    CU_ASSERT_EQUAL(compiled_action(&c, "clock_skew#1")->skew, 300 * SPAN_S);
    CU_ASSERT_EQUAL(compiled_action(&c, "clock_skew#2")->skew, -3600 * SPAN_S);
    CU_ASSERT_EQUAL(compiled_action(&c, "clock_skew#2")->selected, 10);
    compiled_free(&c);
    static const char *const wrong[] = {"{do: clock_skew}", "{do: clock_skew, fast: 1s, slow: 1s}",
                                        "{do: clock_skew, fast: 1s, who: {state: online}}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, FLEET "timeline: [{do: connect}, %s]\n", wrong[i]);
        c = compiled_of(text);
        CU_ASSERT(compiled_found(&c, "E443", ""));
        compiled_free(&c);
    }
}

HARNESS_MAIN("scenario/timeline", HARNESS_CASE(without_a_timeline_all_connect_over_ten_seconds),
             HARNESS_CASE(entries_follow_each_other), HARNESS_CASE(entries_without_id_are_numbered_by_verb),
             HARNESS_CASE(drawn_lengths_end_with_the_longest), HARNESS_CASE(conditions_have_no_place_in_time),
             HARNESS_CASE(implicit_phases_surround_the_entries), HARNESS_CASE(the_scenario_may_use_their_names),
             HARNESS_CASE(value_entries_get_a_bit_each), HARNESS_CASE(steps_fill_over_and_nothing_else),
             HARNESS_CASE(clocks_go_fast_or_slow_by_plan))
