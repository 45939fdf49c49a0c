#include "scenario/plan_walk.h"

#include <stdlib.h>
#include <string.h>

#include "compiled.h"
#include "device/schedule.h"
#include "harness.h"

static struct compiled good(const char *text) {
    struct compiled c = compiled_of(text);
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    return c;
}

static void messages_follow_the_schedule(void) {
    struct compiled c = good("duration: 5min\nfleets: {a: {count: 20, telemetry: {every: exp(10s), topic: t}}}\n");
    for (uint32_t d = 0; d < 20; d++) {
        struct plan_walk *w = plan_walk_new(c.plan, d, true);
        struct plan_walk_step s;
        struct schedule schedule = schedule_of(&c.plan->groups[0], 0, c.plan->seed, c.plan->epoch_unix_ms);
        instant next = schedule_first(&schedule, d, plan_first_connect(c.plan, d));
        CU_ASSERT_TRUE_FATAL(plan_walk_next(w, &s));
        CU_ASSERT_EQUAL(s.kind, PLAN_WALK_ENTRY);
        CU_ASSERT_EQUAL(s.at, plan_first_connect(c.plan, d));
        uint64_t n = 0;
        while (plan_walk_next(w, &s)) {
            CU_ASSERT_EQUAL(s.at, next);
            CU_ASSERT_EQUAL(s.n, ++n);
            next = schedule_next(&schedule, d, n, next);
        }
        CU_ASSERT_TRUE(next >= c.plan->duration && n > 5);
        plan_walk_free(w);
    }
    compiled_free(&c);
}

/* Steps of device 0 as text: c connect, d disconnect, … upper case: undone; m message, b burst message. */
static void steps_are(const char *text, const char *wanted) {
    struct compiled c = good(text);
    struct plan_walk *w = plan_walk_new(c.plan, 0, true);
    struct plan_walk_step s;
    char found[200] = "";
    size_t count = 0;
    instant last = INT64_MIN;
    while (plan_walk_next(w, &s) && count < sizeof found - 1) {
        char letter = s.kind == PLAN_WALK_MESSAGE ? (s.entry != NULL ? 'b' : 'm') : action_verbs[s.entry->verb].name[0];
        found[count++] = s.kind == PLAN_WALK_END ? (char)(letter - 'a' + 'A') : letter;
        CU_ASSERT_TRUE(s.at >= last);
        last = s.at;
    }
    CU_ASSERT_STRING_EQUAL(found, wanted);
    plan_walk_free(w);
    compiled_free(&c);
}

#define STEADY "fleets: {a: {count: 1, telemetry: {every: 10s, topic: t}}}\n"

static void entries_and_messages_come_in_order(void) {
    steps_are("duration: 40s\n" STEADY "timeline: [{do: connect}]\n", "cmmmm");
    steps_are("duration: 40s\n" STEADY "timeline: [{do: connect}, {at: 39999ms, do: disconnect, for: 1s}]\n", "cmmmmd");
    steps_are("duration: 40s\n" STEADY "timeline: [{do: connect}, {at: 1ms, do: link_down, for: 1ms}]\n", "clLmmmm");
    steps_are("duration: 40s\n" STEADY "timeline: [{do: connect}, {at: 1ms, do: burst, messages: 3}]\n", "cbbbbmmmm");
}

static void a_stop_ends_the_schedule(void) {
    steps_are("duration: 40s\n" STEADY "timeline: [{do: connect}, {at: 1ms, do: stop}]\n", "cs");
}

static void set_changes_the_gap_while_it_lasts(void) {
    /* from a message on, gaps of 1 s until the entry is over */
    steps_are("duration: 40s\n" STEADY
              "timeline: [{do: connect}, {at: 0s, do: set, set: {telemetry: {every: 30s}}, for: 39s}]\n",
              "csmmS");
    steps_are("duration: 40s\n" STEADY "timeline: [{do: connect}, {at: 0s, do: set, who: {where: attempts > 3}, set: "
              "{telemetry: {every: 30s}}, for: 39s}]\n",
              "csmmmmS");
}

static void never_connected_devices_do_nothing(void) {
    steps_are("duration: 40s\nfleets: {a: {count: 1, telemetry: {every: 10s, topic: t}}, b: {count: 1}}\ntimeline: "
              "[{do: connect, who: {fleet: b}}]\n",
              "");
}

static void decisions_are_of_what_is_known_before(void) {
    struct compiled c = good("duration: 1min\nfleets: {a: {count: 2, signals: {x: \"uniform(0, 1)\"}, telemetry: "
                             "{every: 10s, topic: t, payload: \"${signal.x}\"}}, "
                             "b: {count: 1, telemetry: {every: 10s, topic: t, pace: closed}}}\n");
    uint64_t first = plan_walk_decisions(c.plan, 0);
    CU_ASSERT_EQUAL(first, plan_walk_decisions(c.plan, 0));
    CU_ASSERT_NOT_EQUAL(first, plan_walk_decisions(c.plan, 1));
    CU_ASSERT_FALSE(plan_walk_reacts(c.plan, 0));
    CU_ASSERT_TRUE(plan_walk_reacts(c.plan, 2));
    struct plan_walk *w = plan_walk_new(c.plan, 2, true);
    struct plan_walk_step s;
    CU_ASSERT_TRUE(plan_walk_next(w, &s) && s.kind == PLAN_WALK_ENTRY);
    CU_ASSERT_EQUAL(s.decision, plan_walk_decisions(c.plan, 2));
    CU_ASSERT_FALSE(plan_walk_next(w, &s)); /* closed pacing waits for answers */
    plan_walk_free(w);
    compiled_free(&c);
}

static void streams_of_one_instant_keep_their_order(void) {
    struct compiled c = good("duration: 10s\nfleets: {a: {count: 1, telemetry: [{every: 1s, topic: t, alignment: "
                             "wallclock}, {every: 1s, topic: u, alignment: wallclock}]}}\n"
                             "timeline: [{at: 500ms, do: connect}, {at: 3s, do: reset}]\n");
    struct plan_walk *w = plan_walk_new(c.plan, 0, false);
    struct plan_walk_step s;
    unsigned place = 0;
    bool reset_seen = false;
    while (plan_walk_next(w, &s)) {
        if (s.kind == PLAN_WALK_MESSAGE) {
            CU_ASSERT_EQUAL(s.stream, place++ % 2);
            CU_ASSERT_EQUAL(reset_seen, s.at >= 3 * SPAN_S);
        }
        reset_seen = reset_seen || (s.kind == PLAN_WALK_ENTRY && s.entry->verb == DO_RESET);
    }
    CU_ASSERT_EQUAL(place, 18);
    plan_walk_free(w);
    compiled_free(&c);
}

HARNESS_MAIN("scenario/plan_walk", HARNESS_CASE(messages_follow_the_schedule),
             HARNESS_CASE(entries_and_messages_come_in_order), HARNESS_CASE(a_stop_ends_the_schedule),
             HARNESS_CASE(set_changes_the_gap_while_it_lasts), HARNESS_CASE(never_connected_devices_do_nothing),
             HARNESS_CASE(decisions_are_of_what_is_known_before), HARNESS_CASE(streams_of_one_instant_keep_their_order))
