#include "mqtt/mqtt_handshake.h"

#include "bed.h"

static struct bed bed;

static void connect_says_what_the_config_says(void) {
    bed_begin(&bed, MQTT_3_1_1);
    bed.config.keepalive_s = 30;
    CU_ASSERT_EQUAL(bed_connect(&bed), 0);
    CU_ASSERT(bed_wrote(&bed, "10 0D 00 04 'MQTT' 04 02 00 1E 00 01 'c'"));
    CU_ASSERT_EQUAL(mqtt_session_state(&bed.session), MQTT_CONNECTING);
    CU_ASSERT(bed.step.op_count == 1 && bed.step.ops[0]->kind == OP_MQTT_CONNECT);
    bed_end(&bed);
}

static void connect_5_0_sends_every_configured_property(void) {
    static const struct mqtt_user_property user = {{(const uint8_t *)"k", 1}, {(const uint8_t *)"v", 1}};
    bed_begin(&bed, MQTT_5_0);
    bed.config.session_expiry_s = 60;
    bed.config.receive_maximum = 5;
    bed.config.maximum_packet_size = 1000;
    bed.config.topic_alias_maximum = 3;
    bed.config.request_response_information = true;
    bed.config.no_problem_information = true;
    bed.config.authentication_method = bytes_of_text("m");
    bed.config.authentication_data = bytes_of_text("d");
    bed.config.user_properties = &user;
    bed.config.user_property_count = 1;
    bed.info.user_name = bytes_of_text("u");
    bed.info.has_user_name = true;
    bed.info.will = (struct mqtt_will){.topic = bytes_of_text("w"),
                                       .payload = bytes_of_text("x"),
                                       .qos = 1,
                                       .retain = true,
                                       .delay_s = 9,
                                       .message_expiry_s = 8};
    CU_ASSERT_EQUAL(bed_connect(&bed), 0);
    CU_ASSERT(bed_wrote(&bed, "10 * 00 04 'MQTT' 05 AE 00 00 23 11 00 00 00 3C 15 00 01 'm' 16 00 01 'd' 17 00 19 01 "
                              "21 00 05 22 00 03 27 00 00 03 E8 26 00 01 'k' 00 01 'v' 00 01 'c' "
                              "0A 02 00 00 00 08 18 00 00 00 09 00 01 'w' 00 01 'x' 00 01 'u'"));
    bed_end(&bed);
}

static void an_empty_client_id_needs_a_clean_session_in_3_1_1(void) { /* MQTT-3.1.3-7 */
    bed_begin(&bed, MQTT_3_1_1);
    bed.info.client_id = bytes_of(NULL, 0);
    bed.config.clean_start = false;
    CU_ASSERT_EQUAL(bed_connect(&bed), ERR_INVALID);
    CU_ASSERT(bed_wrote(&bed, "") && mqtt_session_state(&bed.session) == MQTT_IDLE);
    bed.config.clean_start = true;
    CU_ASSERT_EQUAL(bed_connect(&bed), 0);
    bed_end(&bed);
}

static void a_password_needs_a_user_name_in_3_1_1(void) { /* MQTT-3.1.2-22; 5.0: M5U-3.1.2.9-a */
    bed_begin(&bed, MQTT_3_1_1);
    bed.info.has_password = true;
    bed.info.password = bytes_of_text("p");
    CU_ASSERT_EQUAL(bed_connect(&bed), ERR_INVALID);
    bed.config.version = MQTT_5_0;
    CU_ASSERT_EQUAL(bed_connect(&bed), 0);
    CU_ASSERT(bed_wrote(&bed, "10 * 00 04 'MQTT' 05 42 00 00 00 00 01 'c' 00 01 'p'"));
    bed_end(&bed);
}

static void an_accepting_connack_ends_the_operation_and_brings_the_session_up(void) {
    bed_begin(&bed, MQTT_3_1_1);
    bed_accept(&bed, false, "");
    CU_ASSERT(bed_ended(&bed, 1, OP_OK, 0));
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_SESSION_UP), 1);
    CU_ASSERT(!bed_event(&bed, EVENT_SESSION_UP, 0)->session_present);
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_SESSION_LOST), 0);
    CU_ASSERT_EQUAL(mqtt_session_window(&bed.session, &bed.config), 65535);
    bed_end(&bed);
}

static void a_refusing_connack_keeps_its_code(void) {
    bed_begin(&bed, MQTT_3_1_1);
    bed_connect(&bed);
    bed_feed(&bed, "20 02 00 05");
    CU_ASSERT(bed_ended(&bed, 1, OP_REFUSED, 5) && bed_closes(&bed, CLOSE_REFUSED, 5));
    bed_down(&bed);
    CU_ASSERT_EQUAL(bed.step.event_count, 0);
    bed.config.version = MQTT_5_0;
    bed_connect(&bed);
    bed_feed(&bed, "20 * 00 9D 08 1C 00 05 'other'");
    CU_ASSERT(bed_ended(&bed, 2, OP_REFUSED, 0x9D) && bed_closes(&bed, CLOSE_REFUSED, 0x9D));
    const struct event *e = bed_event(&bed, EVENT_REDIRECT, 0);
    CU_ASSERT(e && bytes_equal(e->topic, bytes_of_text("other")) && e->reason_code == 0x9D);
    bed_end(&bed);
}

static void session_present_after_a_clean_start_is_a_violation(void) {
    bed_begin(&bed, MQTT_3_1_1);
    bed_accept(&bed, true, "");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.2.2-1", 0x82));
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_SESSION_UP), 0);
    bed_end(&bed);
    bed_begin(&bed, MQTT_5_0);
    bed_accept(&bed, true, "00");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.2.2-2", 0x82));
    bed_end(&bed);
}

static void a_session_of_an_earlier_run_is_taken_up(void) {
    for (unsigned v = 0; v < 2; v++) {
        bed_begin(&bed, v ? MQTT_5_0 : MQTT_3_1_1);
        bed.config.clean_start = false;
        bed.config.session_expiry_s = 100;
        bed_accept(&bed, true, "00");
        CU_ASSERT_EQUAL(bed_count(&bed, EVENT_VIOLATION), 0);
        CU_ASSERT(bed_event(&bed, EVENT_SESSION_UP, 0)->session_present);
        bed_end(&bed);
    }
}

static void a_kept_session_that_is_gone_is_reported_lost(void) {
    for (unsigned v = 0; v < 2; v++) {
        bed_begin(&bed, v ? MQTT_5_0 : MQTT_3_1_1);
        bed.config.clean_start = false;
        bed.config.session_expiry_s = 100;
        bed_accept(&bed, false, "00");
        CU_ASSERT_EQUAL(bed_count(&bed, EVENT_SESSION_LOST), 0); /* the first time there is nothing to lose */
        bed_down(&bed);
        bed_accept(&bed, true, "00");
        CU_ASSERT_EQUAL(bed_count(&bed, EVENT_SESSION_LOST), 0);
        bed_down(&bed);
        bed_accept(&bed, false, "00");
        CU_ASSERT_EQUAL(bed_count(&bed, EVENT_SESSION_LOST), 1);
        bed_end(&bed);
    }
}

static void an_expired_session_is_not_lost(void) {
    bed_begin(&bed, MQTT_5_0);
    bed.config.clean_start = false;
    bed.config.session_expiry_s = 100;
    bed_accept(&bed, false, "05 11 00 00 00 05"); /* the server grants 5 s only */
    bed_down(&bed);
    bed_step(&bed, 6 * SPAN_S);
    bed_accept(&bed, false, "00");
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_SESSION_LOST), 0);
    bed_down(&bed);
    bed_step(&bed, 60 * SPAN_S);
    bed_accept(&bed, false, "00"); /* granted 100 s the second time */
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_SESSION_LOST), 1);
    bed_end(&bed);
}

static void a_session_expiry_of_zero_leaves_nothing_behind(void) {
    bed_begin(&bed, MQTT_5_0);
    bed.config.clean_start = false;
    bed_accept(&bed, false, "00");
    bed_down(&bed);
    bed_accept(&bed, false, "00");
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_SESSION_LOST), 0);
    bed_down(&bed);
    bed_accept(&bed, true, "00");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.2.2-4", 0x82));
    bed_end(&bed);
}

static void an_assigned_client_id_is_handed_up(void) {
    bed_begin(&bed, MQTT_5_0);
    bed.info.client_id = bytes_of(NULL, 0);
    bed.config.request_response_information = true;
    bed_accept(&bed, false, "0D 12 00 04 'auto' 1A 00 03 'r/i'");
    const struct event *e = bed_event(&bed, EVENT_SESSION_UP, 0);
    CU_ASSERT(e && bytes_equal(e->topic, bytes_of_text("auto")) && bytes_equal(e->payload, bytes_of_text("r/i")));
    bed_end(&bed);
    bed_begin(&bed, MQTT_5_0);
    bed.info.client_id = bytes_of(NULL, 0);
    bed_accept(&bed, false, "00");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.2.2-16", 0x82));
    bed_end(&bed);
}

static void response_information_must_have_been_asked_for(void) {
    bed_begin(&bed, MQTT_5_0);
    bed_accept(&bed, false, "04 1A 00 01 'r'");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.1.2-28", 0x82));
    bed_end(&bed);
}

static void the_first_packet_is_connack(void) {
    static const char *const packets[] = {"D0 00", "30 * 00 01 'a'", "40 02 00 01", "90 03 00 01 00"};
    for (unsigned i = 0; i < 4; i++) {
        bed_begin(&bed, MQTT_3_1_1);
        bed_connect(&bed);
        bed_feed(&bed, packets[i]);
        CU_ASSERT(bed_violated(&bed, "MQTT-3.2.0-1", 0x82));
        bed_end(&bed);
    }
    bed_begin(&bed, MQTT_5_0);
    bed_connect(&bed);
    bed_feed(&bed, "E0 01 8B");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.14.0-1", 0x82));
    bed_end(&bed);
}

static void there_is_one_connack(void) {
    bed_online(&bed, MQTT_3_1_1);
    bed_feed(&bed, "20 02 00 00");
    CU_ASSERT(bed_violated(&bed, "MQTT-4.8.0-1", 0x82));
    bed_end(&bed);
    bed_online(&bed, MQTT_5_0);
    bed_feed(&bed, "20 03 00 00 00");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.2.0-2", 0x82));
    bed_end(&bed);
}

static void a_receive_maximum_of_zero_is_a_violation(void) {
    bed_begin(&bed, MQTT_5_0);
    bed_accept(&bed, false, "03 21 00 00");
    CU_ASSERT(bed_violated(&bed, "M5U-3.2.2.3-a", 0x82));
    bed_end(&bed);
}

static void begin_auth(void) {
    bed_begin(&bed, MQTT_5_0);
    bed.config.authentication_method = bytes_of_text("pw");
}

static int auth(uint8_t reason_code, const char *data) {
    return mqtt_session_auth(&bed.session, &bed.config, &bed.step, reason_code, bytes_of_text(data));
}

static void an_authentication_exchange_is_passed_through(void) {
    begin_auth();
    bed_connect(&bed);
    bed_feed(&bed, "F0 * 18 0A 15 00 02 'pw' 16 00 02 'ch'");
    const struct event *e = bed_event(&bed, EVENT_AUTH, 0);
    CU_ASSERT(e && e->reason_code == 0x18 && bytes_equal(e->payload, bytes_of_text("ch")));
    CU_ASSERT_EQUAL(auth(0x18, "re"), 0);
    CU_ASSERT(bed_wrote(&bed, "F0 0C 18 0A 15 00 02 'pw' 16 00 02 're'"));
    bed_feed(&bed, "20 * 00 00 0A 15 00 02 'pw' 16 00 02 'ok'");
    CU_ASSERT(bed_ended(&bed, 1, OP_OK, 0));
    CU_ASSERT(bytes_equal(bed_event(&bed, EVENT_AUTH, 0)->payload, bytes_of_text("ok")));
    bed_end(&bed);
}

static void a_client_re_authenticates(void) {
    begin_auth();
    bed_accept(&bed, false, "05 15 00 02 'pw'");
    bed_step(&bed, 0);
    CU_ASSERT_EQUAL(auth(0x18, "x"), ERR_AGAIN);
    CU_ASSERT_EQUAL(auth(0x19, "x"), 0);
    CU_ASSERT(bed_wrote(&bed, "F0 0B 19 09 15 00 02 'pw' 16 00 01 'x'"));
    CU_ASSERT_EQUAL(auth(0x19, "x"), ERR_AGAIN);
    bed_feed(&bed, "F0 * 18 05 15 00 02 'pw'");
    CU_ASSERT_EQUAL(auth(0x18, ""), 0);
    CU_ASSERT(bed_wrote(&bed, "F0 07 18 05 15 00 02 'pw'"));
    bed_feed(&bed, "F0 * 00 05 15 00 02 'pw'");
    CU_ASSERT_EQUAL(bed_event(&bed, EVENT_AUTH, 0)->reason_code, 0);
    bed_feed(&bed, "F0 * 18 05 15 00 02 'pw'");
    CU_ASSERT(bed_violated(&bed, "MQTT-4.12.0-2", 0x82));
    bed_end(&bed);
}

static void auth_without_a_method_of_ours_is_a_violation(void) {
    bed_begin(&bed, MQTT_5_0);
    CU_ASSERT_EQUAL(auth(0x18, ""), ERR_INVALID); /* MQTT-4.12.0-7 */
    bed_connect(&bed);
    bed_feed(&bed, "F0 * 18 05 15 00 02 'pw'");
    CU_ASSERT(bed_violated(&bed, "MQTT-4.12.0-6", 0x82));
    bed_end(&bed);
    bed_begin(&bed, MQTT_5_0);
    bed_accept(&bed, false, "05 15 00 02 'pw'");
    CU_ASSERT(bed_violated(&bed, "MQTT-4.12.0-6", 0x82));
    bed_end(&bed);
}

static void another_method_than_ours_is_a_violation(void) {
    begin_auth();
    bed_connect(&bed);
    bed_feed(&bed, "F0 * 18 05 15 00 02 'xy'");
    CU_ASSERT(bed_violated(&bed, "MQTT-4.12.0-5", 0x82));
    bed_end(&bed);
    begin_auth();
    bed_accept(&bed, false, "00");
    CU_ASSERT(bed_violated(&bed, "MQTT-4.12.0-5", 0x82));
    bed_end(&bed);
    begin_auth();
    bed_accept(&bed, false, "05 15 00 02 'pw'");
    bed_feed(&bed, "F0 * 00 05 15 00 02 'pw'"); /* no re-authentication is under way */
    CU_ASSERT(bed_violated(&bed, "MQTT-4.12.0-2", 0x82));
    bed_end(&bed);
}

HARNESS_MAIN("mqtt_handshake", HARNESS_CASE(connect_says_what_the_config_says),
             HARNESS_CASE(connect_5_0_sends_every_configured_property),
             HARNESS_CASE(an_empty_client_id_needs_a_clean_session_in_3_1_1),
             HARNESS_CASE(a_password_needs_a_user_name_in_3_1_1),
             HARNESS_CASE(an_accepting_connack_ends_the_operation_and_brings_the_session_up),
             HARNESS_CASE(a_refusing_connack_keeps_its_code),
             HARNESS_CASE(session_present_after_a_clean_start_is_a_violation),
             HARNESS_CASE(a_session_of_an_earlier_run_is_taken_up),
             HARNESS_CASE(a_kept_session_that_is_gone_is_reported_lost), HARNESS_CASE(an_expired_session_is_not_lost),
             HARNESS_CASE(a_session_expiry_of_zero_leaves_nothing_behind),
             HARNESS_CASE(an_assigned_client_id_is_handed_up),
             HARNESS_CASE(response_information_must_have_been_asked_for), HARNESS_CASE(the_first_packet_is_connack),
             HARNESS_CASE(there_is_one_connack), HARNESS_CASE(a_receive_maximum_of_zero_is_a_violation),
             HARNESS_CASE(an_authentication_exchange_is_passed_through), HARNESS_CASE(a_client_re_authenticates),
             HARNESS_CASE(auth_without_a_method_of_ours_is_a_violation),
             HARNESS_CASE(another_method_than_ours_is_a_violation))
