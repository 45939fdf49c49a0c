#include <string.h>

#include "device/behave_telemetry.h"
#include "device/device_step.h"
#include "device/payload.h"
#include "harness.h"
#include "rig.h"

static struct rig r;

static void online(uint8_t version) {
    r.profile.mqtt.version = version == 5 ? MQTT_5_0 : MQTT_3_1_1;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_open(&r, SPAN_MS);
    rig_receive(&r, SPAN_MS, version == 5 ? "20 03 00 00 00" : "20 02 00 00");
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
}

static void a_violation_is_noted_with_its_bytes_and_ends_the_connection(void) {
    rig_make(&r);
    online(4);
    rig_receive(&r, SPAN_S / 10, "f1 00");
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_VIOLATIONS), 1);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    CU_ASSERT_EQUAL(r.orders.close, CLOSE_IN_ORDER);
    rig_free(&r);
}

/* A QoS 0 publish with that payload. */
static void publish_to_it(instant now, const char *payload) {
    uint8_t packet[128] = {0x30, (uint8_t)(3 + strlen(payload)), 0, 1, 't'};
    memcpy(packet + 5, payload, strlen(payload));
    char hex[300] = "";
    for (size_t i = 0; i < 5 + strlen(payload); i++)
        sprintf(hex + 2 * i, "%02x", packet[i]);
    rig_receive(&r, now, hex);
}

static void a_marked_message_counts_end_to_end_and_its_copies_as_duplicates(void) {
    rig_make(&r);
    online(4);
    struct payload_mark mark = {.run = 0xff, .device = 0, .sequence = 3, .intended_us = 100000};
    char text[PAYLOAD_MARK_SIZE + 1] = "";
    payload_mark_encode(&mark, text);
    publish_to_it(250 * SPAN_MS, text);
    publish_to_it(260 * SPAN_MS, text);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_END_TO_END, OP_OK), 1);
    CU_ASSERT_EQUAL(rig_longest(&r, OP_MQTT_END_TO_END, CLOCK_RESPONSE), 150 * SPAN_MS);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_DUPLICATED), 1);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_RECEIVED), 2);
    rig_free(&r);
}

static void a_mark_of_another_run_is_just_a_payload(void) {
    rig_make(&r);
    online(4);
    struct payload_mark mark = {.run = 0xfe, .sequence = 3};
    char text[PAYLOAD_MARK_SIZE + 1] = "";
    payload_mark_encode(&mark, text);
    publish_to_it(250 * SPAN_MS, text);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_END_TO_END, OP_OK), 0);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_RECEIVED), 1);
    rig_free(&r);
}

static void a_redirect_is_counted_and_not_followed(void) {
    rig_make(&r);
    online(5);
    rig_receive(&r, SPAN_S / 10, "e0 0a 9d 08 1c 00 05 68 3a 31 38 38"); /* DISCONNECT, server moved, "h:188" */
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_REDIRECTS), 1);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    rig_free(&r);
}

static void a_session_that_was_expected_and_is_gone_is_counted(void) {
    rig_make(&r);
    r.profile.mqtt.clean_start = false;
    online(4);
    rig_lose(&r, SPAN_S / 10, CLOSE_BY_PEER);
    rig_run(&r, r.life.attempt_at);
    rig_online(&r, r.host.step.now, false);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_SESSION_EXPECTED), 1);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_SESSION_LOST), 1);
    rig_free(&r);
}

static void whether_a_session_is_expected_follows_the_settings_that_hold(void) {
    rig_make(&r); /* its profile asks for clean sessions */
    struct action *a = rig_action(&r, DO_SET, 0);
    a->settings[0] = (struct setting){.key = SET_CLEAN_START, .number = 0};
    a->setting_count = 1;
    online(4);
    CU_ASSERT((r.life.flags & DEVICE_SESSION_EXPECTED) != 0);
    rig_free(&r);
}

static void a_late_answer_changes_nothing_but_a_count(void) {
    rig_make(&r);
    r.group.telemetry_count = 0;
    online(4);
    rig_receive(&r, SPAN_S / 10, "d0 00");
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_LATE_ANSWERS), 1);
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
    rig_free(&r);
}

static void accepted_and_closed_in_one_breath_leaves_nothing_behind(void) {
    rig_make(&r);
    r.profile.mqtt.version = MQTT_5_0;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_open(&r, SPAN_MS);
    rig_receive(&r, 2 * SPAN_MS, "20 03 00 00 00 e0 00");
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_OK), 1);
    CU_ASSERT_EQUAL(recorder_online(r.host.recorder), 0);
    rig_free(&r);
}

/* What the worker hears of the last step. */
static struct device_trouble trouble(void) {
    struct device_trouble t = r.host.trouble;
    r.host.trouble = (struct device_trouble){0};
    return t;
}

static void a_violation_is_trouble_with_the_packet_and_the_first_operation_that_fell(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_open(&r, SPAN_MS);
    CU_ASSERT_EQUAL(trouble().count, 0);
    rig_receive(&r, SPAN_MS, "f1 00");
    struct device_trouble t = trouble();
    CU_ASSERT_TRUE(t.count > 0 && t.violated);
    CU_ASSERT_PTR_NOT_NULL(t.statement);
    CU_ASSERT_EQUAL(t.packet.size, 2);
    CU_ASSERT_EQUAL(t.failed, 1);
    CU_ASSERT_EQUAL(t.op, OP_MQTT_CONNECT);
    CU_ASSERT_EQUAL(t.outcome, OP_BROKEN);
    CU_ASSERT_EQUAL(t.close_reason, CLOSE_VIOLATION);
    rig_free(&r);
}

static void a_refusal_is_trouble_with_the_packet_that_said_so(void) {
    rig_make(&r);
    r.profile.mqtt.version = MQTT_5_0;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_open(&r, SPAN_MS);
    rig_receive(&r, SPAN_MS, "20 03 00 87 00");
    struct device_trouble t = trouble();
    CU_ASSERT_EQUAL(t.failed, 1);
    CU_ASSERT_FALSE(t.violated);
    CU_ASSERT_EQUAL(t.op, OP_MQTT_CONNECT);
    CU_ASSERT_EQUAL(t.outcome, OP_REFUSED);
    CU_ASSERT_EQUAL(t.reason_code, 0x87);
    CU_ASSERT_EQUAL(t.packet.size, 5);
    rig_free(&r);
}

static void the_end_of_an_idle_connection_is_trouble_without_an_operation(void) {
    rig_make(&r);
    online(5);
    rig_receive(&r, 100 * SPAN_MS, "e0 02 8b 00");
    struct device_trouble t = trouble();
    CU_ASSERT(t.count > 0);
    CU_ASSERT_EQUAL(t.failed, 0);
    CU_ASSERT_EQUAL(t.close_reason, CLOSE_BY_PEER);
    CU_ASSERT_EQUAL(t.reason_code, 0x8b);
    rig_free(&r);
}

static void what_the_device_ends_itself_is_no_trouble(void) {
    rig_make(&r);
    rig_action(&r, DO_DISCONNECT, 2600 * SPAN_MS);
    online(4);
    rig_run(&r, 3 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_OFFLINE);
    CU_ASSERT_EQUAL(trouble().count, 0);
    rig_free(&r);
}

HARNESS_MAIN("device_events", HARNESS_CASE(a_violation_is_noted_with_its_bytes_and_ends_the_connection),
             HARNESS_CASE(a_marked_message_counts_end_to_end_and_its_copies_as_duplicates),
             HARNESS_CASE(a_mark_of_another_run_is_just_a_payload),
             HARNESS_CASE(a_redirect_is_counted_and_not_followed),
             HARNESS_CASE(a_session_that_was_expected_and_is_gone_is_counted),
             HARNESS_CASE(whether_a_session_is_expected_follows_the_settings_that_hold),
             HARNESS_CASE(a_late_answer_changes_nothing_but_a_count),
             HARNESS_CASE(accepted_and_closed_in_one_breath_leaves_nothing_behind),
             HARNESS_CASE(a_violation_is_trouble_with_the_packet_and_the_first_operation_that_fell),
             HARNESS_CASE(a_refusal_is_trouble_with_the_packet_that_said_so),
             HARNESS_CASE(the_end_of_an_idle_connection_is_trouble_without_an_operation),
             HARNESS_CASE(what_the_device_ends_itself_is_no_trouble))
