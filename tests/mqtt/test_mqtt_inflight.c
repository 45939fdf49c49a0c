#include "mqtt/mqtt_inflight.h"

#include "bed.h"

static struct bed bed;

/* A persistent session in that version, up. */
static void begin_kept(enum mqtt_version version) {
    bed_begin(&bed, version);
    bed.config.clean_start = false;
    bed.config.session_expiry_s = 1000;
    bed_accept(&bed, false, "00");
    bed_step(&bed, 0);
}

static void reconnect(bool present) {
    bed_down(&bed);
    CU_ASSERT_EQUAL(bed.step.event_count, 0);
    bed_accept(&bed, present, "00");
}

static void qos_0_is_ok_when_sent(void) {
    bed_online(&bed, MQTT_3_1_1);
    bed_step(&bed, 5);
    CU_ASSERT_EQUAL(bed_publish(&bed, 0, "a", "hi"), 0);
    CU_ASSERT(bed_wrote(&bed, "30 05 00 01 'a' 'hi'"));
    CU_ASSERT(bed_ended(&bed, 2, OP_OK, 0));
    CU_ASSERT(bed.step.op_count == 1 && bed.step.ops[0] == &bed.step.events[0].op);
    CU_ASSERT_EQUAL(bed.step.events[0].op.emitted, 5);
    CU_ASSERT_EQUAL(mqtt_session_in_flight(&bed.session), 0);
    bed_end(&bed);
}

static void qos_1_ends_with_puback(void) {
    bed_online(&bed, MQTT_3_1_1);
    bed_step(&bed, 7);
    CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "hi"), 0);
    CU_ASSERT(bed_wrote(&bed, "32 07 00 01 'a' 00 01 'hi'"));
    CU_ASSERT(bed.step.event_count == 0 && bed.step.op_count == 1);
    bed.step.ops[0]->sent = 9; /* the caller's business */
    CU_ASSERT_EQUAL(mqtt_session_in_flight(&bed.session), 1);
    CU_ASSERT_EQUAL(bed_feed(&bed, "40 02 00 01"), 4);
    CU_ASSERT(bed_ended(&bed, 2, OP_OK, 0));
    CU_ASSERT(bed.step.events[0].op.emitted == 7 && bed.step.events[0].op.sent == 9);
    CU_ASSERT_EQUAL(mqtt_session_in_flight(&bed.session), 0);
    CU_ASSERT(bed_wrote(&bed, ""));
    bed_end(&bed);
}

static void mqtt5_puback_reason_is_kept(void) {
    bed_online(&bed, MQTT_5_0);
    bed_publish(&bed, 1, "a", "x");
    bed_publish(&bed, 1, "a", "y");
    bed_feed(&bed, "40 03 00 01 10");
    CU_ASSERT(bed_ended(&bed, 2, OP_OK, 0x10)); /* no matching subscribers is a success */
    bed_feed(&bed, "40 * 00 02 87 05 1F 00 02 'no'");
    CU_ASSERT(bed_ended(&bed, 3, OP_REFUSED, 0x87));
    bed_end(&bed);
}

static void acks_may_come_in_any_order(void) {
    bed_online(&bed, MQTT_3_1_1);
    for (unsigned i = 0; i < 5; i++)
        bed_publish(&bed, 1, "a", "x");
    static const char *const acks[] = {"40 02 00 03", "40 02 00 05", "40 02 00 01", "40 02 00 04", "40 02 00 02"};
    static const uint32_t ops[] = {4, 6, 2, 5, 3};
    for (unsigned i = 0; i < 5; i++) {
        bed_feed(&bed, acks[i]);
        CU_ASSERT(bed_ended(&bed, ops[i], OP_OK, 0));
    }
    CU_ASSERT_EQUAL(mqtt_session_in_flight(&bed.session), 0);
    bed_end(&bed);
}

static void qos_2_ends_with_pubcomp(void) {
    bed_online(&bed, MQTT_3_1_1);
    bed_publish(&bed, 2, "a", "x");
    CU_ASSERT(bed_wrote(&bed, "34 06 00 01 'a' 00 01 'x'"));
    bed_feed(&bed, "50 02 00 01");
    CU_ASSERT(bed_wrote(&bed, "62 02 00 01") && bed.step.event_count == 0);
    CU_ASSERT_EQUAL(mqtt_session_in_flight(&bed.session), 1);
    bed_feed(&bed, "70 02 00 01");
    CU_ASSERT(bed_ended(&bed, 2, OP_OK, 0) && bed_wrote(&bed, ""));
    bed_end(&bed);
}

static void qos_2_ends_with_a_refusing_pubrec(void) { /* MQTT-4.3.3-4 */
    bed_online(&bed, MQTT_5_0);
    bed_publish(&bed, 2, "a", "x");
    bed_feed(&bed, "50 03 00 01 97");
    CU_ASSERT(bed_ended(&bed, 2, OP_REFUSED, 0x97) && bed_wrote(&bed, ""));
    bed_publish(&bed, 2, "a", "x");
    bed_feed(&bed, "50 03 00 02 10");
    CU_ASSERT(bed_wrote(&bed, "62 02 00 02"));
    bed_feed(&bed, "70 03 00 02 92");
    CU_ASSERT(bed_ended(&bed, 3, OP_REFUSED, 0x92));
    bed_end(&bed);
}

static void a_repeated_pubrec_is_answered_again(void) {
    bed_online(&bed, MQTT_5_0);
    bed_publish(&bed, 2, "a", "x");
    bed_feed(&bed, "50 02 00 01");
    bed_feed(&bed, "50 02 00 01");
    CU_ASSERT(bed_wrote(&bed, "62 02 00 01") && bed.step.event_count == 0);
    bed_feed(&bed, "70 02 00 01");
    CU_ASSERT(bed_ended(&bed, 2, OP_OK, 0));
    bed_feed(&bed, "70 02 00 01");
    CU_ASSERT(bed.step.event_count == 1 && bed_count(&bed, EVENT_LATE_ANSWER) == 1);
    bed_end(&bed);
}

static void an_unknown_pubrec_is_answered_with_not_found(void) {
    bed_online(&bed, MQTT_5_0);
    bed_feed(&bed, "50 02 00 09");
    CU_ASSERT(bed_wrote(&bed, "62 03 00 09 92") && bed_count(&bed, EVENT_LATE_ANSWER) == 1);
    bed_end(&bed);
    bed_online(&bed, MQTT_3_1_1);
    bed_feed(&bed, "50 02 00 09");
    CU_ASSERT(bed_wrote(&bed, "62 02 00 09") && bed_count(&bed, EVENT_LATE_ANSWER) == 1);
    bed_end(&bed);
}

static void acks_that_belong_to_nothing_are_violations(void) {
    static const struct {
        uint8_t qos; /* of a message in flight under id 1 */
        const char *packet, *in_3_1_1, *in_5_0;
    } cases[] = {
        {1, "40 02 00 02", "MQTT-2.3.1-6", "MQTT-2.2.1-5"},  /* an id that is not in use */
        {2, "40 02 00 01", "MQTT-3.3.4-1", "MQTT-3.3.4-1"},  /* PUBACK for QoS 2 */
        {1, "50 02 00 01", "MQTT-3.3.4-1", "MQTT-3.3.4-1"},  /* PUBREC for QoS 1 */
        {2, "70 02 00 01", "MQTT-4.3.3-2", "MQTT-4.3.3-11"}, /* PUBCOMP before PUBREL */
    };
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned v = 0; v < 2; v++) {
            bed_online(&bed, v ? MQTT_5_0 : MQTT_3_1_1);
            bed_publish(&bed, cases[i].qos, "a", "x");
            bed_feed(&bed, cases[i].packet);
            CU_ASSERT(bed_violated(&bed, v ? cases[i].in_5_0 : cases[i].in_3_1_1, 0x82));
            bed_end(&bed);
        }
    }
}

static void puback_after_pubrel_is_a_violation(void) {
    bed_online(&bed, MQTT_5_0);
    bed_publish(&bed, 2, "a", "x");
    bed_feed(&bed, "50 02 00 01");
    bed_feed(&bed, "40 02 00 01");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.3.4-1", 0x82));
    bed_end(&bed);
}

static void the_window_is_the_smaller_of_ours_and_the_servers(void) { /* MQTT-3.3.4-7, MQTT-4.9.0-2 */
    bed_begin(&bed, MQTT_5_0);
    bed.config.inflight_max = 5;
    bed_accept(&bed, false, "03 21 00 02");
    bed_step(&bed, 0);
    CU_ASSERT_EQUAL(mqtt_session_window(&bed.session, &bed.config), 2);
    CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "x"), 0);
    CU_ASSERT_EQUAL(bed_publish(&bed, 2, "a", "x"), 0);
    CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "x"), ERR_AGAIN);
    CU_ASSERT_EQUAL(bed_publish(&bed, 0, "a", "x"), 0); /* MQTT-3.3.4-8 */
    CU_ASSERT_EQUAL(bed_subscribe(&bed, "a"), 0);
    bed_feed(&bed, "50 02 00 02"); /* PUBREC alone frees nothing */
    CU_ASSERT_EQUAL(mqtt_session_window(&bed.session, &bed.config), 0);
    bed_feed(&bed, "70 02 00 02"); /* M5U-4.9-a */
    CU_ASSERT_EQUAL(mqtt_session_window(&bed.session, &bed.config), 1);
    bed_feed(&bed, "40 02 00 01");
    CU_ASSERT_EQUAL(mqtt_session_window(&bed.session, &bed.config), 2);
    CU_ASSERT_EQUAL(bed_publish(&bed, 2, "a", "x"), 0);
    bed_feed(&bed, "50 03 00 04 83");
    CU_ASSERT_EQUAL(mqtt_session_window(&bed.session, &bed.config), 2);
    bed_end(&bed);
    bed_begin(&bed, MQTT_5_0);
    bed.config.inflight_max = 1;
    bed_accept(&bed, false, "03 21 00 02");
    CU_ASSERT_EQUAL(mqtt_session_window(&bed.session, &bed.config), 1);
    bed_end(&bed);
}

static void what_the_server_does_not_take_is_not_sent(void) {
    bed_begin(&bed, MQTT_5_0);
    bed_accept(&bed, false, "09 24 01 25 00 27 00 00 00 14"); /* QoS 1, no retain, 20 bytes */
    bed_step(&bed, 0);
    CU_ASSERT_EQUAL(bed_publish(&bed, 2, "a", "x"), ERR_DENIED); /* MQTT-3.2.2-11 */
    struct op op = bed_op(&bed, OP_MQTT_PUBLISH);
    struct mqtt_message m = {.topic = bytes_of_text("a"), .retain = true};
    CU_ASSERT_EQUAL(mqtt_session_publish(&bed.session, &bed.config, &bed.step, &m, &op),
                    ERR_DENIED);                                              /* MQTT-3.2.2-14 */
    CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "123456789012"), 0);            /* just 20 */
    CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "1234567890123"), ERR_TOO_BIG); /* MQTT-3.2.2-15 */
    CU_ASSERT_EQUAL(bed_publish(&bed, 0, "a", "123456789012345"), ERR_TOO_BIG);
    CU_ASSERT_EQUAL(bytes_written(&bed.step.out), 20);
    CU_ASSERT_EQUAL(mqtt_session_in_flight(&bed.session), 1);
    bed_end(&bed);
}

static void a_full_outbox_means_later(void) {
    bed_online(&bed, MQTT_3_1_1);
    bed.step.out = bytes_writer_of(bed.out, 30);
    CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "1234567890"), 0);
    CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "12345678901"), ERR_AGAIN);
    CU_ASSERT_EQUAL(bed_publish(&bed, 0, "a", "1234567890123"), ERR_AGAIN);
    CU_ASSERT_EQUAL(bed_publish(&bed, 0, "a", "123456789012345678901234567890"), ERR_TOO_BIG);
    CU_ASSERT_EQUAL(mqtt_session_in_flight(&bed.session), 1);
    bed.step.out = bytes_writer_of(bed.out, sizeof bed.out);
    bed_end(&bed);
}

static void publish_5_0_sends_every_property_and_the_mark_first(void) {
    bed_online(&bed, MQTT_5_0);
    struct mqtt_user_property user = {bytes_of_text("k"), bytes_of_text("v")};
    struct mqtt_message m = {.topic = bytes_of_text("a"),
                             .payload = bytes_of_text("x"),
                             .retain = true,
                             .payload_is_utf8 = true,
                             .message_expiry_s = 5,
                             .content_type = bytes_of_text("t"),
                             .response_topic = bytes_of_text("r"),
                             .correlation_data = bytes_of_text("c"),
                             .user_properties = &user,
                             .user_property_count = 1,
                             .mark = bytes_of_text("MARK")};
    struct op op = bed_op(&bed, OP_MQTT_PUBLISH);
    CU_ASSERT_EQUAL(mqtt_session_publish(&bed.session, &bed.config, &bed.step, &m, &op), 0);
    CU_ASSERT(bed_wrote(&bed, "31 * 00 01 'a' 24 01 01 02 00 00 00 05 03 00 01 't' 08 00 01 'r' 09 00 01 'c' "
                              "26 00 01 'm' 00 04 'MARK' 26 00 01 'k' 00 01 'v' 'x'"));
    bed_end(&bed);
}

static void topic_aliases_replace_known_topics(void) {
    bed_begin(&bed, MQTT_5_0);
    bed.config.use_topic_aliases = true;
    bed_accept(&bed, false, "03 22 00 01");
    bed_step(&bed, 0);
    bed_publish(&bed, 0, "a/b", "x");
    bed_publish(&bed, 1, "a/b", "y");
    bed_publish(&bed, 0, "other", "z"); /* MQTT-3.2.2-17: no second alias */
    CU_ASSERT(bed_wrote(&bed, "30 * 00 03 'a/b' 03 23 00 01 'x' | 32 * 00 00 00 01 03 23 00 01 'y' |"
                              "30 * 00 05 'other' 00 'z'"));
    bed_end(&bed);
}

static void without_an_allowance_there_are_no_aliases(void) { /* MQTT-3.2.2-18 */
    bed_online(&bed, MQTT_5_0);
    bed.config.use_topic_aliases = true;
    bed_publish(&bed, 0, "a", "x");
    CU_ASSERT(bed_wrote(&bed, "30 05 00 01 'a' 00 'x'"));
    bed_end(&bed);
}

static void resumed_messages_carry_dup_their_ids_their_order_and_full_topics(void) { /* MQTT-4.4.0-1, MQTT-4.6.0-1 */
    bed_begin(&bed, MQTT_5_0);
    bed.config.clean_start = false;
    bed.config.session_expiry_s = 1000;
    bed.config.use_topic_aliases = true;
    bed_accept(&bed, false, "03 22 00 05");
    bed_step(&bed, 3);
    bed_publish(&bed, 1, "a", "1");
    bed_publish(&bed, 2, "a", "2");
    bed_publish(&bed, 1, "a", "3");
    bed_publish(&bed, 2, "a", "4");
    bed_feed(&bed, "40 02 00 01");
    bed_feed(&bed, "50 02 00 04");
    bed_feed(&bed, "50 02 00 02"); /* PUBRECs in another order: PUBRELs keep it, MQTT-4.6.0-4 */
    bed_publish(&bed, 2, "a", "5");
    reconnect(true);
    CU_ASSERT(bed_wrote(&bed, "62 02 00 04 62 02 00 02 | 3A * 00 01 'a' 00 03 00 '3' | 3C * 00 01 'a' 00 05 00 '5'"));
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_RESENT), 2);
    CU_ASSERT_EQUAL(bed_event(&bed, EVENT_RESENT, 0)->op.emitted, 3);
    CU_ASSERT(bed.step.op_count == 0 && bed_count(&bed, EVENT_SESSION_LOST) == 0);
    bed_feed(&bed, "40 02 00 03");
    CU_ASSERT(bed_ended(&bed, 4, OP_OK, 0) && bed.step.events[0].op.emitted == 3);
    bed_feed(&bed, "70 02 00 04");
    CU_ASSERT(bed_ended(&bed, 5, OP_OK, 0));
    bed_end(&bed);
}

static void lost_messages_become_new_packets_in_their_order(void) {
    for (unsigned v = 0; v < 2; v++) {
        begin_kept(v ? MQTT_5_0 : MQTT_3_1_1);
        bed_step(&bed, 3);
        bed_publish(&bed, 2, "a", "1");
        bed_publish(&bed, 1, "a", "2");
        bed_publish(&bed, 2, "a", "3");
        bed_feed(&bed, "50 02 00 03");
        bed_feed(&bed, "50 02 00 01");
        reconnect(false);
        CU_ASSERT_EQUAL(bed_count(&bed, EVENT_SESSION_LOST), 1);
        CU_ASSERT_EQUAL(bed_count(&bed, EVENT_RESENT), 3);
        CU_ASSERT(
            bed_wrote(&bed, v ? "34 * 00 01 'a' 00 04 00 '1' | 32 * 00 01 'a' 00 05 00 '2' |"
                                "34 * 00 01 'a' 00 06 00 '3'"
                              : "34 * 00 01 'a' 00 04 '1' | 32 * 00 01 'a' 00 05 '2' | 34 * 00 01 'a' 00 06 '3'"));
        bed_feed(&bed, "40 02 00 05");
        CU_ASSERT(bed_ended(&bed, 3, OP_OK, 0) && bed.step.events[0].op.emitted == 3);
        bed_feed(&bed, "50 02 00 04");
        CU_ASSERT(bed_wrote(&bed, "62 02 00 04"));
        bed_end(&bed);
    }
}

static void released_messages_go_back_to_their_place_among_the_others(void) {
    begin_kept(MQTT_3_1_1);
    bed_publish(&bed, 2, "a", "1");
    bed_publish(&bed, 1, "a", "2");
    bed_publish(&bed, 2, "a", "3");
    bed_publish(&bed, 1, "a", "4");
    bed_publish(&bed, 2, "a", "5");
    bed_feed(&bed, "50 02 00 03");
    bed_feed(&bed, "50 02 00 05");
    bed_feed(&bed, "50 02 00 01");
    reconnect(false);
    CU_ASSERT(bed_wrote(&bed, "34 * 00 01 'a' 00 06 '1' | 32 * 00 01 'a' 00 07 '2' | 34 * 00 01 'a' 00 08 '3' |"
                              "32 * 00 01 'a' 00 09 '4' | 34 * 00 01 'a' 00 0A '5'"));
    bed_end(&bed);
}

static void messages_of_a_clean_session_are_sent_again_too(void) {
    bed_online(&bed, MQTT_3_1_1);
    bed_publish(&bed, 1, "a", "1");
    bed_down(&bed);
    CU_ASSERT(bed.step.event_count == 0 && mqtt_session_in_flight(&bed.session) == 1);
    bed_accept(&bed, false, "");
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_SESSION_LOST), 1);
    CU_ASSERT(bed_wrote(&bed, "32 * 00 01 'a' 00 02 '1'"));
    bed_end(&bed);
}

static void drop_on_session_lost_ends_them_as_broken(void) {
    begin_kept(MQTT_5_0);
    bed.config.drop_on_session_lost = true;
    for (unsigned i = 0; i < 100; i++) /* more than the events of one step */
        CU_ASSERT_EQUAL(bed_publish(&bed, i % 2 ? 1 : 2, "a", "1"), i < 64 ? 0 : ERR_AGAIN);
    bed_step(&bed, 0);
    for (unsigned i = 0; i < 36; i++)
        bed_publish(&bed, 1, "a", "1");
    unsigned broken = 0;
    reconnect(false);
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_SESSION_LOST), 1);
    CU_ASSERT_EQUAL(mqtt_session_window(&bed.session, &bed.config), 0);
    for (;;) {
        for (unsigned i = 0; i < bed.step.event_count; i++)
            broken += bed.step.events[i].kind == EVENT_OP_END && bed.step.events[i].outcome == OP_BROKEN;
        if (mqtt_session_next_deadline(&bed.session, &bed.config) > bed.step.now)
            break;
        bed_due(&bed, bed.step.now);
    }
    CU_ASSERT(broken == 100 && mqtt_session_in_flight(&bed.session) == 0);
    CU_ASSERT_EQUAL(mqtt_session_window(&bed.session, &bed.config), 65535);
    bed_end(&bed);
}

static void drop_without_a_session_to_wait_for_ends_them_with_the_connection(void) {
    bed_begin(&bed, MQTT_3_1_1);
    bed.config.drop_on_session_lost = true;
    bed_accept(&bed, false, "");
    bed_step(&bed, 0);
    bed_publish(&bed, 1, "a", "1");
    bed_down(&bed);
    CU_ASSERT(bed_ended(&bed, 2, OP_BROKEN, 0) && mqtt_session_in_flight(&bed.session) == 0);
    bed_end(&bed);
}

static void a_resend_stops_where_the_caller_has_no_room_for_it(void) {
    begin_kept(MQTT_3_1_1);
    for (unsigned i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "x"), 0); /* 8 bytes each */
    bed_down(&bed);
    CU_ASSERT_EQUAL(bed_connect(&bed), 0);
    bed_step(&bed, bed.step.now);
    bed.step.resend_limit = 17;
    static const uint8_t connack[] = {0x20, 2, 1, 0};
    mqtt_session_input(&bed.session, &bed.config, &bed.step, bytes_of(connack, sizeof connack));
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_RESENT), 3);
    CU_ASSERT_TRUE(mqtt_session_held_back(&bed.session));
    CU_ASSERT(mqtt_session_next_deadline(&bed.session, &bed.config) > bed.step.now); /* it does not spin */
    bed_due(&bed, bed.step.now);
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_RESENT), 7);
    CU_ASSERT_FALSE(mqtt_session_held_back(&bed.session));
    bed_end(&bed);
}

static void a_long_resend_goes_on_as_room_and_window_allow(void) {
    begin_kept(MQTT_5_0);
    for (unsigned i = 0; i < 150; i++) {
        bed_step(&bed, 0);
        CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "x"), 0);
    }
    bed_down(&bed);
    bed_accept(&bed, true, "03 21 00 78"); /* receive maximum 120 */
    unsigned resent = bed_count(&bed, EVENT_RESENT);
    CU_ASSERT(resent > 0 && resent < 64);
    CU_ASSERT_EQUAL(mqtt_session_window(&bed.session, &bed.config), 0);
    for (unsigned i = 0; i < 10 && mqtt_session_next_deadline(&bed.session, &bed.config) <= bed.step.now; i++) {
        bed_due(&bed, bed.step.now);
        resent += bed_count(&bed, EVENT_RESENT);
    }
    CU_ASSERT_EQUAL(resent, 120);
    CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "new"), ERR_AGAIN); /* new ones wait behind the old */
    for (unsigned id = 1; id <= 150; id++) {
        char ack[16];
        snprintf(ack, sizeof ack, "40 02 00 %02X", id);
        bed_feed(&bed, ack);
        CU_ASSERT(bed_ended(&bed, id + 1, OP_OK, 0));
        CU_ASSERT_EQUAL(bed_count(&bed, EVENT_RESENT), id <= 30);
    }
    CU_ASSERT_EQUAL(mqtt_session_window(&bed.session, &bed.config), 120);
    bed_end(&bed);
}

static void an_answer_to_a_message_not_yet_sent_again_counts(void) {
    begin_kept(MQTT_5_0);
    bed_publish(&bed, 1, "a", "1");
    bed_publish(&bed, 2, "a", "2");
    bed_publish(&bed, 1, "a", "3");
    bed_down(&bed);
    bed_accept(&bed, true, "03 21 00 01");
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_RESENT), 1);
    bed_feed(&bed, "50 02 00 02");
    CU_ASSERT(bed_wrote(&bed, "62 02 00 02"));
    bed_feed(&bed, "40 02 00 03");
    CU_ASSERT(bed_ended(&bed, 4, OP_OK, 0));
    bed_feed(&bed, "40 02 00 01");
    bed_feed(&bed, "70 02 00 02");
    CU_ASSERT(bed_ended(&bed, 3, OP_OK, 0));
    CU_ASSERT(bed.session.unsent == 0 && bed.session.resend == NULL);
    bed_end(&bed);
}

static void what_a_new_connection_forbids_is_not_sent_again(void) {
    begin_kept(MQTT_5_0);
    bed_publish(&bed, 1, "a", "small");
    bed_publish(&bed, 1, "a", "larger than that");
    bed_publish(&bed, 2, "a", "q");
    bed_down(&bed);
    bed_accept(&bed, true, "07 24 01 27 00 00 00 10");
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_RESENT), 1);
    CU_ASSERT(bed_ended(&bed, 3, OP_BROKEN, 0) && bed_ended(&bed, 4, OP_BROKEN, 0));
    CU_ASSERT_EQUAL(mqtt_session_in_flight(&bed.session), 1);
    bed_end(&bed);
}

static void an_ack_timeout_ends_the_operation_and_closes(void) {
    begin_kept(MQTT_5_0);
    bed.config.ack_timeout = 5 * SPAN_S;
    bed_step(&bed, SPAN_S);
    bed_publish(&bed, 1, "a", "1");
    CU_ASSERT_EQUAL(mqtt_session_next_deadline(&bed.session, &bed.config), 6 * SPAN_S);
    bed_step(&bed, 2 * SPAN_S);
    bed_publish(&bed, 2, "a", "2");
    bed_due(&bed, 6 * SPAN_S);
    CU_ASSERT(bed_ended(&bed, 2, OP_TIMEOUT, 0) && bed_closes(&bed, CLOSE_ACK_TIMEOUT, 0));
    CU_ASSERT_EQUAL(bed.step.event_count, 2);
    CU_ASSERT_EQUAL(mqtt_session_in_flight(&bed.session), 1);
    reconnect(true); /* the exchange goes on, its answer is late */
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_RESENT), 2);
    bed_feed(&bed, "40 02 00 01");
    const struct event *late = bed_event(&bed, EVENT_LATE_ANSWER, 0);
    CU_ASSERT(bed.step.event_count == 1 && late && late->op.n == 2);
    bed_feed(&bed, "50 02 00 02");
    bed_feed(&bed, "70 02 00 02");
    CU_ASSERT(bed_ended(&bed, 3, OP_OK, 0));
    bed_end(&bed);
}

static void an_operation_that_timed_out_is_not_sent_anew(void) {
    begin_kept(MQTT_5_0);
    bed.config.ack_timeout = SPAN_S;
    bed_publish(&bed, 1, "a", "1");
    bed_due(&bed, SPAN_S);
    reconnect(false);
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_RESENT), 0);
    bed_end(&bed);
}

static void a_second_ack_timeout_ends_nothing_twice(void) {
    begin_kept(MQTT_5_0);
    bed.config.ack_timeout = SPAN_S;
    bed_publish(&bed, 1, "a", "1");
    bed_due(&bed, SPAN_S);
    reconnect(true);
    CU_ASSERT_EQUAL(mqtt_session_next_deadline(&bed.session, &bed.config), 2 * SPAN_S);
    bed_due(&bed, 2 * SPAN_S);
    CU_ASSERT(bed.step.event_count == 1 && bed_closes(&bed, CLOSE_ACK_TIMEOUT, 0));
    bed_step(&bed, 2 * SPAN_S);
    CU_ASSERT(!mqtt_session_finish(&bed.session, &bed.step) && bed.step.event_count == 0);
    bed_end(&bed);
}

static void a_resend_waits_for_room_in_the_outbox(void) {
    static const char payload[] = "more than is left";
    begin_kept(MQTT_3_1_1);
    bed_publish(&bed, 1, "a", payload);
    bed_publish(&bed, 1, "a", payload);
    bed_down(&bed);
    bed.step.out = bytes_writer_of(bed.out, 40);
    bed_accept(&bed, true, "");
    CU_ASSERT(bed_count(&bed, EVENT_RESENT) == 1);
    CU_ASSERT(mqtt_session_next_deadline(&bed.session, &bed.config) <= bed.step.now);
    bed_due(&bed, bed.step.now);
    CU_ASSERT(bed_count(&bed, EVENT_RESENT) == 1);
    CU_ASSERT_EQUAL(mqtt_session_next_deadline(&bed.session, &bed.config), INSTANT_NEVER);
    bed.step.out = bytes_writer_of(bed.out, sizeof bed.out);
    bed_end(&bed);
}

static void a_connection_lost_while_dropping_drops_the_rest(void) {
    begin_kept(MQTT_3_1_1);
    bed.config.drop_on_session_lost = true;
    for (unsigned i = 0; i < 64; i++)
        bed_publish(&bed, 1, "a", "x");
    bed_step(&bed, 0);
    bed_publish(&bed, 1, "a", "x");
    reconnect(false);
    unsigned ended = bed_count(&bed, EVENT_OP_END) - 1; /* one is CONNECT's */
    CU_ASSERT(ended > 0 && ended < 65);
    bool more;
    do {
        bed_step(&bed, 0);
        more = mqtt_session_down(&bed.session, &bed.config, &bed.step, OP_WITHDRAWN);
        ended += bed_count(&bed, EVENT_OP_END);
        for (unsigned i = 0; i < bed.step.event_count; i++)
            CU_ASSERT_EQUAL(bed.step.events[i].outcome, OP_BROKEN); /* the session was lost before the link was */
    } while (more);
    CU_ASSERT_EQUAL(ended, 65);
    bed_end(&bed);
}

static void messages_that_cannot_be_encoded_are_refused(void) {
    static uint8_t text[65536];
    bed_online(&bed, MQTT_5_0);
    struct op op = bed_op(&bed, OP_MQTT_PUBLISH);
    struct mqtt_message m = {.topic = bytes_of(text, sizeof text), .qos = 1};
    CU_ASSERT_EQUAL(mqtt_session_publish(&bed.session, &bed.config, &bed.step, &m, &op), ERR_INVALID);
    m = (struct mqtt_message){.topic = bytes_of_text("a"), .mark = bytes_of(text, 65)};
    CU_ASSERT_EQUAL(mqtt_session_publish(&bed.session, &bed.config, &bed.step, &m, &op), ERR_INVALID);
    m = (struct mqtt_message){.topic = bytes_of_text("a"), .qos = 3};
    CU_ASSERT_EQUAL(mqtt_session_publish(&bed.session, &bed.config, &bed.step, &m, &op), ERR_DENIED);
    CU_ASSERT(bed_wrote(&bed, "") && mqtt_session_in_flight(&bed.session) == 0);
    bed_end(&bed);
}

static void an_alias_that_would_make_the_packet_too_large_is_left_out(void) {
    bed_begin(&bed, MQTT_5_0);
    bed.config.use_topic_aliases = true;
    bed_accept(&bed, false, "08 22 00 05 27 00 00 00 0B");
    bed_step(&bed, 0);
    CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "123"), 0);
    CU_ASSERT(bed_wrote(&bed, "32 09 00 01 'a' 00 01 00 '123'"));
    bed_end(&bed);
}

static void finish_leaves_messages_open(void) {
    bed_online(&bed, MQTT_3_1_1);
    for (unsigned i = 0; i < 64; i++)
        bed_publish(&bed, 1, "a", "1");
    bed_step(&bed, 0);
    bed_publish(&bed, 2, "a", "1");
    bed_step(&bed, 0);
    CU_ASSERT(mqtt_session_finish(&bed.session, &bed.step));
    CU_ASSERT(bed.step.event_count == STEP_EVENTS_MAX && bed.step.events[0].outcome == OP_OPEN);
    bed_step(&bed, 0);
    CU_ASSERT(!mqtt_session_finish(&bed.session, &bed.step));
    CU_ASSERT_EQUAL(bed.step.event_count, 1);
    bed_end(&bed);
}

/* The QoS 2 exchange with the connection lost at each point, in each direction, resumed: one message, one end. */
static void qos_2_survives_a_loss_at_each_point(void) {
    for (unsigned lost_at = 0; lost_at < 3; lost_at++) {
        begin_kept(MQTT_3_1_1);
        bed_publish(&bed, 2, "a", "x");
        if (lost_at >= 1)
            bed_feed(&bed, "50 02 00 01"); /* PUBREC came, our PUBREL is lost, or its PUBCOMP */
        reconnect(true);
        CU_ASSERT(bed_wrote(&bed, lost_at == 0 ? "3C 06 00 01 'a' 00 01 'x'" : "62 02 00 01"));
        if (lost_at == 0) {
            bed_feed(&bed, "50 02 00 01");
            CU_ASSERT(bed_wrote(&bed, "62 02 00 01"));
        }
        if (lost_at == 2)
            reconnect(true);
        bed_feed(&bed, "70 02 00 01");
        CU_ASSERT(bed_ended(&bed, 2, OP_OK, 0));
        bed_end(&bed);
    }
}

/* A server that acknowledges what has not left the outbox: the operation's end holds what the caller still has to set. */
static void an_answer_in_the_step_of_its_question_leaves_no_dangling_operation(void) {
    bed_online(&bed, MQTT_3_1_1);
    bed_publish(&bed, 1, "a", "x");
    mqtt_session_input(&bed.session, &bed.config, &bed.step, bytes_of("\x40\x02\x00\x01", 4));
    CU_ASSERT(bed.step.op_count == 1 && bed.step.ops[0] == &bed_event(&bed, EVENT_OP_END, 0)->op);
    bed.step.ops[0]->sent = 3; /* a sanitizer would see a write into the message's block */
    bed_end(&bed);
}

HARNESS_MAIN("mqtt_inflight", HARNESS_CASE(qos_0_is_ok_when_sent), HARNESS_CASE(qos_1_ends_with_puback),
             HARNESS_CASE(mqtt5_puback_reason_is_kept), HARNESS_CASE(acks_may_come_in_any_order),
             HARNESS_CASE(qos_2_ends_with_pubcomp), HARNESS_CASE(qos_2_ends_with_a_refusing_pubrec),
             HARNESS_CASE(a_repeated_pubrec_is_answered_again),
             HARNESS_CASE(an_unknown_pubrec_is_answered_with_not_found),
             HARNESS_CASE(acks_that_belong_to_nothing_are_violations), HARNESS_CASE(puback_after_pubrel_is_a_violation),
             HARNESS_CASE(the_window_is_the_smaller_of_ours_and_the_servers),
             HARNESS_CASE(what_the_server_does_not_take_is_not_sent), HARNESS_CASE(a_full_outbox_means_later),
             HARNESS_CASE(publish_5_0_sends_every_property_and_the_mark_first),
             HARNESS_CASE(topic_aliases_replace_known_topics), HARNESS_CASE(without_an_allowance_there_are_no_aliases),
             HARNESS_CASE(resumed_messages_carry_dup_their_ids_their_order_and_full_topics),
             HARNESS_CASE(lost_messages_become_new_packets_in_their_order),
             HARNESS_CASE(released_messages_go_back_to_their_place_among_the_others),
             HARNESS_CASE(messages_of_a_clean_session_are_sent_again_too),
             HARNESS_CASE(drop_on_session_lost_ends_them_as_broken),
             HARNESS_CASE(drop_without_a_session_to_wait_for_ends_them_with_the_connection),
             HARNESS_CASE(a_resend_stops_where_the_caller_has_no_room_for_it),
             HARNESS_CASE(a_long_resend_goes_on_as_room_and_window_allow),
             HARNESS_CASE(an_answer_to_a_message_not_yet_sent_again_counts),
             HARNESS_CASE(what_a_new_connection_forbids_is_not_sent_again),
             HARNESS_CASE(an_ack_timeout_ends_the_operation_and_closes),
             HARNESS_CASE(an_operation_that_timed_out_is_not_sent_anew),
             HARNESS_CASE(a_second_ack_timeout_ends_nothing_twice), HARNESS_CASE(a_resend_waits_for_room_in_the_outbox),
             HARNESS_CASE(a_connection_lost_while_dropping_drops_the_rest),
             HARNESS_CASE(messages_that_cannot_be_encoded_are_refused),
             HARNESS_CASE(an_alias_that_would_make_the_packet_too_large_is_left_out),
             HARNESS_CASE(finish_leaves_messages_open), HARNESS_CASE(qos_2_survives_a_loss_at_each_point),
             HARNESS_CASE(an_answer_in_the_step_of_its_question_leaves_no_dangling_operation))
