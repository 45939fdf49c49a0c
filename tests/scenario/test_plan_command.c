#include "scenario/plan_command.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"
#include "scenario/plan_observe.h"

/* A scenario with two fleets of ten; `commands` of the profile of the first, `timeline` after its connect, `more` at the end. */
static struct compiled scenario(const char *protocol, const char *commands, const char *timeline, const char *more) {
    char text[1200];
    snprintf(text, sizeof text,
             "duration: 1min\n"
             "profiles: {valve: {protocol: %s, commands: {%s}}, meter: {protocol: %s}}\n"
             "fleets:\n"
             "  valves: {count: 10, profile: valve}\n"
             "  meters: {count: 10, profile: meter, telemetry: {every: 10s, topic: \"m/${device.id}\", payload: "
             "random(32B)}}\n"
             "timeline:\n  - {do: connect}\n  - %s\n%s",
             protocol, commands, protocol, timeline, more);
    return compiled_of(text);
}

static const char usual[] = "topic: \"cmd/${device.id}\"";
static const char all_valves[] =
    "{id: shut, at: 10s, do: command, who: {fleet: valves}, over: 5s, within: 2s, qos: 0, payload: x}";

static void check_code(struct compiled c, const char *code, const char *words) {
    bool found = compiled_found(&c, code, words);
    CU_ASSERT_TRUE(found);
    if (!found)
        compiled_print(&c);
    compiled_free(&c);
}

static void one_client_per_target_hears_all_replies(void) {
    struct compiled c = scenario("mqtt5", usual, all_valves, "");
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct plan_command *p = c.plan->command;
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT(p->commander_count == 1 && p->count == 10 && p->version == MQTT_5_0 && p->identity == NULL);
    CU_ASSERT_EQUAL(p->commanders[0].reply_count, 1);
    char filter[64];
    snprintf(filter, sizeof filter, "muster/%s/reply/+", c.plan->run_id);
    CU_ASSERT_STRING_EQUAL(p->commanders[0].replies[0], filter);
    CU_ASSERT_PTR_NULL(c.plan->observe);
    const struct action *a = compiled_action(&c, "shut");
    CU_ASSERT(a->within == 2 * SPAN_S && a->qos == 0 && a->payload.count == 1 && a->selected == 10);
    CU_ASSERT_TRUE(plan_command_reaches(c.plan, a, 0));
    CU_ASSERT_FALSE(plan_command_reaches(c.plan, a, 10));
    CU_ASSERT_EQUAL(c.plan->groups[0].subscription_count, 1);
    CU_ASSERT_EQUAL(c.plan->groups[0].subscriptions[0].qos, 1);
    compiled_free(&c);
}

static void without_such_entries_nobody_sends(void) {
    struct compiled c = scenario("mqtt5", usual, "{at: 1s, do: hold}", "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_PTR_NULL(c.plan->command);
    compiled_free(&c);
}

static void the_audit_and_the_commands_share_a_client_and_its_words(void) {
    struct compiled c = scenario("mqtt5", usual, all_valves, "observe: {protocol: mqtt311}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan->observe);
    CU_ASSERT(c.plan->command->version == MQTT_3_1_1 && c.plan->observe->version == MQTT_3_1_1);
    compiled_free(&c);
    check_code(scenario("mqtt5", usual, all_valves, "observe: {topics: [\"#\"]}\n"), "E426",
               "come through the audit's filter");
}

static void each_reply_that_is_audited_is_told_once_at_its_own_profile(void) {
    struct compiled c = compiled_of("duration: 1min\n"
                                    "observe: {topics: [\"r/#\"]}\n"
                                    "profiles:\n"
                                    "  a: {commands: {topic: \"ca/${device.id}\", reply_topic: \"r/a/${device.id}\"}}\n"
                                    "  b: {commands: {topic: \"cb/${device.id}\", reply_topic: \"r/b/${device.id}\"}}\n"
                                    "fleets:\n"
                                    "  as: {count: 2, profile: a, telemetry: {every: 1s, topic: r/x, payload: "
                                    "random(32B)}}\n"
                                    "  bs: {count: 2, profile: b}\n"
                                    "timeline: [{do: connect}, {at: 2s, do: command}]\n");
    CU_ASSERT_EQUAL_FATAL(c.found.errors, 2);
    const struct diagnostic *a = &c.found.items[0], *b = &c.found.items[1];
    CU_ASSERT_PTR_NOT_NULL(strstr(a->message, "'r/a/+'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(b->message, "'r/b/+'"));
    CU_ASSERT_EQUAL(b->mark.line, a->mark.line + 1);
    compiled_free(&c);
}

static void devices_that_take_no_commands_are_told(void) {
    check_code(scenario("mqtt5", usual, "{at: 1s, do: command, who: {fleet: meters}}", ""), "E425", "no device");
    check_code(scenario("mqtt5", usual, "{at: 1s, do: command}", ""), "W415", "10 of 20");
}

static void topics_of_no_single_device_are_refused(void) {
    check_code(scenario("mqtt5", "topic: \"cmd/${device.id}/+\"", all_valves, ""), "E416", "no wildcards");
    check_code(scenario("mqtt5", "topic: cmd/all", all_valves, ""), "E426", "each other's commands");
    check_code(scenario("mqtt311", "topic: \"cmd/${device.id}\", reply_topic: done", all_valves, ""), "E426",
               "known by their topic");
    struct compiled c = scenario("mqtt5", "topic: \"cmd/${device.id}\", reply_topic: done", all_valves, "");
    CU_ASSERT_PTR_NOT_NULL(c.plan); /* Correlation Data tells them apart */
    compiled_free(&c);
}

static void commands_know_no_state(void) {
    check_code(scenario("mqtt5", usual, "{at: 1s, do: command, who: {fleet: valves, state: online}}", ""), "E427",
               "at that instant");
}

static void more_than_the_cap_lets_pass_is_told(void) {
    check_code(scenario("mqtt5", usual, all_valves, "safety: {max_publish_rate: 1/s}\n"), "W409",
               "10 commands within 5 s");
    struct compiled c = scenario("mqtt5", usual, all_valves, "safety: {max_publish_rate: 2/s}\n");
    CU_ASSERT_FALSE(compiled_found(&c, "W409", "commands"));
    compiled_free(&c);
}

HARNESS_MAIN("scenario/plan_command", HARNESS_CASE(one_client_per_target_hears_all_replies),
             HARNESS_CASE(without_such_entries_nobody_sends),
             HARNESS_CASE(the_audit_and_the_commands_share_a_client_and_its_words),
             HARNESS_CASE(each_reply_that_is_audited_is_told_once_at_its_own_profile),
             HARNESS_CASE(devices_that_take_no_commands_are_told), HARNESS_CASE(topics_of_no_single_device_are_refused),
             HARNESS_CASE(commands_know_no_state), HARNESS_CASE(more_than_the_cap_lets_pass_is_told))
