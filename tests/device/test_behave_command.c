#include "device/behave_command.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "device/device_step.h"
#include "harness.h"
#include "rig.h"

static struct rig r;
static _Atomic int64_t away[1];

static void compile(struct template *t, const char *text) {
    struct template_error error;
    CHECK(template_compile(text, TEMPLATE_OF_DEVICE | TEMPLATE_OF_MESSAGE, NULL, 0, t, &error) == 0);
}

/* A device that takes commands on cmd/bench-0, reacts after 100 ms and publishes nothing of itself. */
static void make(void) {
    rig_make(&r);
    r.group.telemetry_count = 0;
    r.profile.mqtt.version = MQTT_5_0;
    struct commands *c = &r.profile.commands;
    *c = (struct commands){.on = true, .reply_qos = 1, .delay = {.kind = DIST_CONSTANT, .a = 100e6}};
    compile(&c->topic, "cmd/${device.id}");
    compile(&c->reply_topic, "done/${device.id}");
    compile(&c->payload, "n${msg.seq}");
}

static void online(void) {
    rig_begin(&r, 0);
    away[0] = INSTANT_NEVER;
    r.host.away = away;
    rig_due(&r, 0);
    rig_open(&r, SPAN_MS);
    rig_receive(&r, SPAN_MS, "20 03 00 00 00");
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
}

static void done(void) {
    struct commands *c = &r.profile.commands;
    rig_step(&r, r.host.step.now);
    while (device_finish(&r.host, &r.slot))
        continue;
    CU_ASSERT_EQUAL(pool_in_use(r.host.pool), 0);
    template_free(&c->topic);
    template_free(&c->reply_topic);
    template_free(&c->payload);
    rig_free(&r);
}

/* A QoS 0 publish of 5.0 to `topic`; empty texts: the property is not sent. */
static void arrive(instant now, const char *topic, const char *response_topic, const char *correlation) {
    uint8_t packet[256];
    size_t t = strlen(topic), p = strlen(response_topic), c = strlen(correlation);
    size_t properties = (p > 0 ? 3 + p : 0) + (c > 0 ? 3 + c : 0), at = 0;
    packet[at++] = 0x30;
    packet[at++] = (uint8_t)(2 + t + 1 + properties);
    packet[at++] = 0;
    packet[at++] = (uint8_t)t;
    memcpy(packet + at, topic, t);
    at += t;
    packet[at++] = (uint8_t)properties;
    if (p > 0) {
        packet[at++] = 0x08;
        packet[at++] = 0;
        packet[at++] = (uint8_t)p;
        memcpy(packet + at, response_topic, p);
        at += p;
    }
    if (c > 0) {
        packet[at++] = 0x09;
        packet[at++] = 0;
        packet[at++] = (uint8_t)c;
        memcpy(packet + at, correlation, c);
        at += c;
    }
    char hex[600] = "";
    for (size_t i = 0; i < at; i++)
        sprintf(hex + 2 * i, "%02x", packet[i]);
    rig_receive(&r, now, hex);
}

static bool sent(const char *words) {
    return memmem(r.sent, r.sent_size, words, strlen(words)) != NULL;
}

static void a_reply_goes_to_the_response_topic_with_the_correlation_data_after_the_delay(void) {
    make();
    online();
    arrive(SPAN_S, "cmd/bench-0", "back/to/me", "c0ffee");
    CU_ASSERT_EQUAL(r.sent_size, 0);
    CU_ASSERT_EQUAL(device_next(&r.host, &r.slot), 1100 * SPAN_MS);
    CU_ASSERT_TRUE(device_busy(&r.host, &r.slot));
    rig_run(&r, 1100 * SPAN_MS);
    CU_ASSERT_TRUE(sent("back/to/me") && sent("c0ffee") && sent("n1"));
    CU_ASSERT_EQUAL(behave_command_received(&r.slot), 1);
    CU_ASSERT_EQUAL(behave_command_pending(&r.slot), 0);
    rig_receive(&r, 1200 * SPAN_MS, "40 02 00 01");
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_OK), 1);
    CU_ASSERT_EQUAL(rig_longest(&r, OP_MQTT_PUBLISH, CLOCK_RESPONSE), 100 * SPAN_MS); /* from the end of the delay */
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_SENT), 1);
    done();
}

static void a_command_without_a_response_topic_is_replied_to_where_the_profile_says(void) {
    make();
    online();
    arrive(SPAN_S, "cmd/bench-0", "", "");
    rig_run(&r, 2 * SPAN_S);
    CU_ASSERT_TRUE(sent("done/bench-0"));
    done();
}

static void other_topics_are_no_commands(void) {
    make();
    online();
    arrive(SPAN_S, "cmd/bench-1", "x", "");
    arrive(SPAN_S, "cmd", "x", "");
    CU_ASSERT_EQUAL(behave_command_received(&r.slot), 0);
    CU_ASSERT_EQUAL(behave_command_next(&r.slot), INSTANT_NEVER);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_RECEIVED), 2);
    done();
}

static void who_is_told_to_ignore_stays_silent_while_it_lasts(void) {
    make();
    struct action *a = rig_action(&r, DO_SET, 0);
    a->settings[0] = (struct setting){.key = SET_COMMANDS_REPLY, .number = COMMAND_IGNORE};
    a->setting_count = 1;
    a->has_for = true;
    a->lasting = (struct dist){.kind = DIST_CONSTANT, .a = 3e9};
    online();
    arrive(SPAN_S, "cmd/bench-0", "x", "");
    rig_run(&r, 1100 * SPAN_MS);
    CU_ASSERT_EQUAL(r.sent_size, 0);
    CU_ASSERT_EQUAL(behave_command_pending(&r.slot), 0);
    rig_run(&r, 3 * SPAN_S);
    arrive(4 * SPAN_S, "cmd/bench-0", "x", "");
    CU_ASSERT_FALSE(sent("n1"));
    rig_run(&r, 4100 * SPAN_MS);
    CU_ASSERT_TRUE(sent("n1"));
    done();
}

static void a_reply_that_meets_an_outage_waits_as_other_messages_do(void) {
    make();
    online();
    arrive(SPAN_S, "cmd/bench-0", "x", "");
    rig_lose(&r, 1050 * SPAN_MS, CLOSE_RESET);
    rig_run(&r, 1100 * SPAN_MS);
    CU_ASSERT_EQUAL(r.slot.behaviour->queued, 1);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_SENT), 0);
    done();
}

static void no_more_than_a_few_commands_are_thought_about_at_once(void) {
    make();
    online();
    for (int i = 0; i < BEHAVE_COMMAND_PENDING_MAX + 5; i++)
        arrive(SPAN_S, "cmd/bench-0", "x", "");
    CU_ASSERT_EQUAL(behave_command_received(&r.slot), BEHAVE_COMMAND_PENDING_MAX + 5);
    CU_ASSERT_EQUAL(behave_command_pending(&r.slot), BEHAVE_COMMAND_PENDING_MAX);
    rig_run(&r, 2 * SPAN_S);
    CU_ASSERT_EQUAL(behave_command_pending(&r.slot), 0);
    done();
}

static void what_happens_after_the_reply(void) {
    static const struct {
        enum command_then then;
        enum device_state state;
        bool opens, stopped;
    } rows[] = {{COMMAND_GO_ON, STATE_ONLINE, false, false},
                {COMMAND_RESTART, STATE_CONNECTING, true, false},
                {COMMAND_DISCONNECT, STATE_OFFLINE, false, false},
                {COMMAND_STOP, STATE_OFFLINE, false, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        make();
        r.profile.commands.then = rows[i].then;
        r.profile.commands.reply_qos = 0;
        online();
        arrive(SPAN_S, "cmd/bench-0", "x", "");
        rig_due(&r, 1100 * SPAN_MS);
        CU_ASSERT_TRUE(sent("n1"));
        CU_ASSERT_EQUAL(r.life.state, rows[i].state);
        CU_ASSERT_EQUAL(r.orders.open, rows[i].opens);
        CU_ASSERT_EQUAL((r.life.flags & DEVICE_STOPPED) != 0, rows[i].stopped);
        bool stays_away = rows[i].state == STATE_OFFLINE;
        CU_ASSERT_EQUAL(away[0], stays_away ? INSTANT_NEVER : rows[i].opens ? 1100 * SPAN_MS : 0);
        done();
    }
}

static void a_stopped_device_forgets_what_it_thought_about(void) {
    make();
    rig_action(&r, DO_STOP, 1050 * SPAN_MS);
    online();
    arrive(SPAN_S, "cmd/bench-0", "x", "");
    rig_run(&r, 2 * SPAN_S);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_SENT), 0);
    CU_ASSERT_EQUAL(behave_command_pending(&r.slot), 0);
    done();
}

static void an_entry_may_hang_on_the_first_command(void) {
    make();
    struct action *a = rig_action(&r, DO_DISCONNECT, INSTANT_NEVER);
    a->when = true;
    a->condition = (struct predicate){.count = 1, .terms = {{VAR_COMMANDS, REL_GE, 1}}};
    r.group.watched = 1U << VAR_COMMANDS;
    online();
    arrive(SPAN_S, "cmd/bench-0", "x", "");
    CU_ASSERT_EQUAL(r.life.state, STATE_OFFLINE);
    done();
}

HARNESS_MAIN("behave_command",
             HARNESS_CASE(a_reply_goes_to_the_response_topic_with_the_correlation_data_after_the_delay),
             HARNESS_CASE(a_command_without_a_response_topic_is_replied_to_where_the_profile_says),
             HARNESS_CASE(other_topics_are_no_commands),
             HARNESS_CASE(who_is_told_to_ignore_stays_silent_while_it_lasts),
             HARNESS_CASE(a_reply_that_meets_an_outage_waits_as_other_messages_do),
             HARNESS_CASE(no_more_than_a_few_commands_are_thought_about_at_once),
             HARNESS_CASE(what_happens_after_the_reply), HARNESS_CASE(a_stopped_device_forgets_what_it_thought_about),
             HARNESS_CASE(an_entry_may_hang_on_the_first_command))
