#include "report/evidence_comment.h"

#include <string.h>

#include "harness.h"

static struct profile profile = {.mqtt = {.version = MQTT_5_0}};
static struct fleet_group group = {.fleet = "meters", .profile = &profile};
static struct fleet fleet = {"meters", 0, 100};
static struct plan plan = {.name = "night\x1b[31m",
                           .seed = 7,
                           .fleets = &fleet,
                           .fleet_count = 1,
                           .groups = &group,
                           .group_count = 1,
                           .device_count = 100,
                           .scenario_hash = "aa",
                           .plan_hash = "bb",
                           .run_id = "3f9a"};
static struct text text;

static const char *packet(const struct evidence_record *r) {
    text.size = 0;
    evidence_comment_packet(&text, &plan, r);
    return text_get(&text);
}

static void an_innocent_packet_has_its_device_and_time(void) {
    struct evidence_record r = {.device = 17, .at = 1500 * SPAN_MS, .flags = EVIDENCE_SENT};
    CU_ASSERT_STRING_EQUAL(packet(&r), "device: meters-17\nsent: at 1.500000 s of the run");
    r.flags = 0;
    r.link = 40 * SPAN_MS;
    CU_ASSERT_STRING_EQUAL(
        packet(&r), "device: meters-17\nreceived: at 1.500000 s of the run, 40.000 ms after it came to this machine");
    text_free(&text);
}

static void a_violation_names_the_statement(void) {
    struct evidence_record r = {.device = 3,
                                .flags = EVIDENCE_BLAMED,
                                .violated = true,
                                .statement = "MQTT-3.2.2-1",
                                .detail = "reserved acknowledge flags are set",
                                .op = OP_MQTT_CONNECT,
                                .outcome = OP_BROKEN,
                                .failed = 3};
    CU_ASSERT_STRING_EQUAL(packet(&r), "device: meters-3\nreceived: at 0.000000 s of the run\n"
                                       "expected: [MQTT-3.2.2-1] holds\n"
                                       "observed: reserved acknowledge flags are set\n"
                                       "verdict: violation of [MQTT-3.2.2-1]\n"
                                       "operation: mqtt.connect broken, and 2 more");
    text_free(&text);
}

static void a_refusal_names_the_reason_in_the_words_of_its_version(void) {
    struct evidence_record r = {.device = 3,
                                .flags = EVIDENCE_BLAMED | EVIDENCE_ALONE,
                                .op = OP_MQTT_CONNECT,
                                .outcome = OP_REFUSED,
                                .reason_code = 0x87,
                                .failed = 1};
    const char *five = packet(&r);
    CU_ASSERT_PTR_NOT_NULL(strstr(five, "observed: reason code 0x87 (Not authorized)"));
    CU_ASSERT_PTR_NOT_NULL(strstr(five, "expected: a CONNACK that accepts"));
    CU_ASSERT_PTR_NOT_NULL(strstr(five, "verdict: operation refused\noperation: mqtt.connect refused"));
    CU_ASSERT_PTR_NOT_NULL(strstr(five, "MQTT 5.0"));
    profile.mqtt.version = MQTT_3_1_1;
    r.reason_code = 5;
    CU_ASSERT_PTR_NOT_NULL(strstr(packet(&r), "observed: reason code 0x05 ("));
    CU_ASSERT_PTR_NOT_NULL(strstr(packet(&r), "MQTT 3.1.1"));
    profile.mqtt.version = MQTT_5_0;
    text_free(&text);
}

static void what_came_after_a_packet_tells_how_much_later(void) {
    struct evidence_record r = {.at = SPAN_S,
                                .trouble_at = 3 * SPAN_S,
                                .flags = EVIDENCE_SENT | EVIDENCE_AFTER,
                                .op = OP_MQTT_PUBLISH,
                                .outcome = OP_TIMEOUT,
                                .close_reason = CLOSE_ACK_TIMEOUT,
                                .failed = 1};
    const char *comment = packet(&r);
    CU_ASSERT_PTR_NOT_NULL(strstr(comment, "after this packet: 2.000000 s later"));
    CU_ASSERT_PTR_NOT_NULL(strstr(comment, "observed: no answer in time, ack_timeout"));
    text_free(&text);
}

static void a_connection_that_ends_with_nothing_in_flight_is_no_operation(void) {
    struct evidence_record r = {.flags = EVIDENCE_AFTER,
                                .op = OP_MQTT_CONNECT,
                                .outcome = OP_BROKEN,
                                .reason_code = 0x8b,
                                .close_reason = CLOSE_BY_PEER};
    const char *comment = packet(&r);
    CU_ASSERT_PTR_NOT_NULL(strstr(comment, "expected: the connection lasts"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(comment, "observed: the connection ended, reason code 0x8b (Server shutting down), by_peer"));
    CU_ASSERT_PTR_NOT_NULL(strstr(comment, "verdict: connection broken"));
    CU_ASSERT_PTR_NULL(strstr(comment, "operation: "));
    text_free(&text);
}

static void what_is_masked_or_torn_is_said(void) {
    struct evidence_record r = {.flags = EVIDENCE_TORN, .masked = 14};
    CU_ASSERT_PTR_NOT_NULL(strstr(packet(&r), "incomplete: the rest of this packet never came"));
    CU_ASSERT_PTR_NOT_NULL(strstr(packet(&r), "masked: 14 secret bytes are written as *"));
    text_free(&text);
}

static void a_file_says_what_run_it_is_from_and_lets_no_escape_through(void) {
    evidence_comment_file(&text, &plan, "meters-17");
    CU_ASSERT_PTR_NULL(strchr(text_get(&text), 0x1b));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&text), "packets of: meters-17\nrun: 3f9a\nseed: 7\nscenario hash: aa\n"));
    text_free(&text);
}

HARNESS_MAIN("evidence_comment", HARNESS_CASE(an_innocent_packet_has_its_device_and_time),
             HARNESS_CASE(a_violation_names_the_statement),
             HARNESS_CASE(a_refusal_names_the_reason_in_the_words_of_its_version),
             HARNESS_CASE(what_came_after_a_packet_tells_how_much_later),
             HARNESS_CASE(a_connection_that_ends_with_nothing_in_flight_is_no_operation),
             HARNESS_CASE(what_is_masked_or_torn_is_said),
             HARNESS_CASE(a_file_says_what_run_it_is_from_and_lets_no_escape_through))
