#include "mqtt/mqtt_incoming.h"

#include "bed.h"

static struct bed bed;

/* Undecodable input in both versions; the decoder's own test has every rule. */
static const struct hostile {
    const char *what, *packet, *in_3_1_1, *in_5_0; /* NULL: not for that version */
    uint8_t reason;
} hostile[] = {
    {"1: five length bytes", "30 FF FF FF FF 7F", "M3U-2.2.3-a", "M5U-2.1.4-a", 0x81},
    {"1: a length that is not minimal", "D0 80 00", NULL, "MQTT-1.5.5-1", 0x81},
    {"3: topic longer than the packet", "30 07 FF FF 'ABCDE'", "M3U-2.2.3-c", "MQTT-4.13.1-1", 0x81},
    {"7: SUBACK without codes", "90 02 00 01", "MQTT-3.8.4-5", NULL, 0x82},
    {"7: SUBACK without codes", "90 03 00 01 00", NULL, "MQTT-3.8.4-6", 0x82},
    {"7: UNSUBACK without codes", "B0 03 00 01 00", NULL, "MQTT-3.11.3-1", 0x82},
    {"8: DISCONNECT cut short", "E0 05 00 03 1F 00 05", NULL, "M5U-2.2.2-b", 0x81},
    {"8: DISCONNECT, a property twice", "E0 08 00 06 1F 00 00 1F 00 00", NULL, "M5U-3.14.2-c", 0x82},
    {"8: DISCONNECT, an unknown property", "E0 04 00 02 06 00", NULL, "M5U-2.2.2-a", 0x81},
    {"8: DISCONNECT, another packet's property", "E0 04 00 02 25 00", NULL, "M5U-2.2.2-a", 0x81},
    {"8: AUTH, another packet's property", "F0 04 18 02 25 00", NULL, "M5U-2.2.2-a", 0x81},
    {"9: CONNECT from a server", "10 * 00 04 'MQTT' 04 02 00 00 00 00", "MQTT-4.8.0-1", "MQTT-4.13.1-1", 0x82},
    {"9: SUBSCRIBE from a server", "82 * 00 01 00 01 'a' 00", "MQTT-4.8.0-1", "MQTT-4.13.1-1", 0x82},
    {"9: PINGREQ from a server", "C0 00", "MQTT-4.8.0-1", "MQTT-4.13.1-1", 0x82},
    {"9: DISCONNECT from a 3.1.1 server", "E0 00", "MQTT-4.8.0-1", NULL, 0x82},
    {"11: overlong UTF-8", "30 * 00 02 C0 80 00", "MQTT-1.5.3-1", "MQTT-1.5.4-1", 0x81},
    {"11: a surrogate", "30 * 00 03 ED A0 80 00", "MQTT-1.5.3-1", "MQTT-1.5.4-1", 0x81},
    {"11: U+0000", "30 * 00 01 00 00", "MQTT-1.5.3-2", "MQTT-1.5.4-2", 0x81},
    {"11: a wildcard in a topic name", "30 * 00 01 '#' 00", "MQTT-3.3.2-2", "MQTT-3.3.2-2", 0x81},
};

static void hostile_packets_close_the_connection_with_their_statement(void) {
    for (unsigned i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        for (unsigned v = 0; v < 2; v++) {
            const char *statement = v ? hostile[i].in_5_0 : hostile[i].in_3_1_1;
            if (!statement)
                continue;
            bed_online(&bed, v ? MQTT_5_0 : MQTT_3_1_1);
            bed_feed(&bed, hostile[i].packet);
            bool ok = bed_violated(&bed, statement, hostile[i].reason);
            CU_ASSERT(ok);
            if (!ok)
                vector_blame(hostile[i].what, statement);
            bed_end(&bed);
        }
    }
}

static void hostile_connacks_close_the_connection(void) { /* 5 and 6 of the table */
    static const char *const packets[] = {"20 0B 00 00 80 FF FF 0A 27 00 98 96 80",
                                          "20 0B 00 00 08 22 00 0A 26 00 98 96 80"};
    for (unsigned i = 0; i < 2; i++) {
        bed_begin(&bed, MQTT_5_0);
        bed_connect(&bed);
        bed_feed(&bed, packets[i]);
        CU_ASSERT(bed_violated(&bed, "M5U-2.2.2-b", 0x81));
        bed_down(&bed);
        CU_ASSERT(bed_ended(&bed, 1, OP_BROKEN, 0));
        bed_end(&bed);
    }
}

/* 2 of the table: the declared length alone decides, long before the bytes are there. */
static void a_packet_above_our_announced_maximum_is_a_violation(void) {
    bed_begin(&bed, MQTT_5_0);
    bed.config.maximum_packet_size = 100;
    bed_accept(&bed, false, "00");
    bed_feed(&bed, "30 FF FF FF 7F 00");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.1.2-24", 0x95));
    CU_ASSERT_EQUAL(bed_event(&bed, EVENT_VIOLATION, 0)->packet.size, 6); /* as far as it was there */
    bed_end(&bed);
}

static void a_packet_above_our_own_cap_is_no_violation(void) {
    for (unsigned v = 0; v < 2; v++) {
        bed_online(&bed, v ? MQTT_5_0 : MQTT_3_1_1);
        bed_feed(&bed, "30 80 80 40"); /* 1 MiB and its header */
        CU_ASSERT(bed_count(&bed, EVENT_VIOLATION) == 0 && bed_closes(&bed, CLOSE_LOCAL, 0x95));
        CU_ASSERT(bed_wrote(&bed, v ? "E0 01 95" : ""));
        bed_end(&bed);
    }
}

static void the_evidence_is_the_packet_and_nothing_else(void) {
    bed_online(&bed, MQTT_3_1_1);
    bed_feed(&bed, "30 * 00 01 'a'");
    struct bytes two = bytes_of("\x30\x03\x00\x01+\x30\x03\x00\x01"
                                "a",
                                10);
    bed_step(&bed, 0);
    CU_ASSERT_EQUAL(mqtt_session_input(&bed.session, &bed.config, &bed.step, two), 0);
    CU_ASSERT(bytes_equal(bed_event(&bed, EVENT_VIOLATION, 0)->packet, bytes_of(two.data, 5)));
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_MESSAGE), 0); /* nothing is read after the close */
    CU_ASSERT_EQUAL(mqtt_session_input(&bed.session, &bed.config, &bed.step, two), 0);
    bed_end(&bed);
}

static void a_disconnect_of_the_server_closes_with_its_reason(void) {
    bed_online(&bed, MQTT_5_0);
    bed_feed(&bed, "E0 01 8B");
    CU_ASSERT(bed_closes(&bed, CLOSE_BY_PEER, 0x8B) && bed.step.event_count == 1 && bed_wrote(&bed, ""));
    bed_end(&bed);
    bed_online(&bed, MQTT_5_0);
    bed_feed(&bed, "E0 * 9C 08 1C 00 05 'other'");
    const struct event *e = bed_event(&bed, EVENT_REDIRECT, 0);
    CU_ASSERT(bed_closes(&bed, CLOSE_BY_PEER, 0x9C) && e && bytes_equal(e->topic, bytes_of_text("other")));
    bed_end(&bed);
}

static void a_pingresp_that_nobody_waits_for_is_late(void) {
    bed_online(&bed, MQTT_3_1_1);
    bed_feed(&bed, "D0 00");
    CU_ASSERT(bed.step.event_count == 1 && bed_count(&bed, EVENT_LATE_ANSWER) == 1);
    bed_end(&bed);
}

static void unasked_explanations_are_violations(void) { /* MQTT-3.1.2-29 */
    static const char *const packets[] = {"40 * 00 01 00 04 1F 00 01 'r'", "62 * 00 01 00 05 26 00 00 00 00"};
    for (unsigned i = 0; i < 2; i++) {
        bed_begin(&bed, MQTT_5_0);
        bed.config.no_problem_information = true;
        bed_accept(&bed, false, "04 1F 00 01 'r'"); /* CONNACK may */
        bed_step(&bed, 0);
        bed_publish(&bed, 1, "a", "x");
        bed_feed(&bed, "30 * 00 01 'a' 05 26 00 00 00 00"); /* PUBLISH may */
        CU_ASSERT_EQUAL(bed_count(&bed, EVENT_VIOLATION), 0);
        bed_feed(&bed, packets[i]);
        CU_ASSERT(bed_violated(&bed, "MQTT-3.1.2-29", 0x82));
        bed_end(&bed);
    }
    bed_begin(&bed, MQTT_5_0);
    bed.config.no_problem_information = true;
    bed_accept(&bed, false, "00");
    bed_feed(&bed, "E0 * 8B 04 1F 00 01 'r'"); /* DISCONNECT may */
    CU_ASSERT(bed_closes(&bed, CLOSE_BY_PEER, 0x8B));
    bed_end(&bed);
}

/* 27 of the table: 64 KiB of text for other readers changes nothing here. */
static void a_long_reason_string_is_only_text(void) {
    static uint8_t packet[70000], reason[65535];
    static const char evil[] = "\x1b[2J::error::=cmd()</script>";
    for (size_t i = 0; i < sizeof reason; i++)
        reason[i] = (uint8_t)evil[i % (sizeof evil - 1)];
    bed_online(&bed, MQTT_5_0);
    struct mqtt_packet p = {.type = MQTT_DISCONNECT};
    p.ack.reason_code = 0x98;
    p.properties.reason_string = bytes_of(reason, sizeof reason);
    mqtt_properties_mark(&p.properties, MQTT_REASON_STRING);
    struct bytes_writer w = bytes_writer_of(packet, sizeof packet);
    CU_ASSERT_EQUAL(mqtt_codec_encode(&w, &p, MQTT_5_0), 0);
    bed_step(&bed, 0);
    mqtt_session_input(&bed.session, &bed.config, &bed.step, bytes_of(packet, bytes_written(&w)));
    CU_ASSERT(bed_closes(&bed, CLOSE_BY_PEER, 0x98) && bed.step.event_count == 1);
    bed_end(&bed);
}

static void input_stops_while_the_step_is_full_and_goes_on(void) {
    static uint8_t many[100 * 5];
    for (unsigned i = 0; i < 100; i++)
        memcpy(many + 5 * i,
               "\x30\x03\x00\x01"
               "a",
               5);
    bed_online(&bed, MQTT_3_1_1);
    size_t used = 0;
    unsigned delivered = 0, steps = 0;
    while (used < sizeof many && steps++ < 10) {
        bed_step(&bed, 0);
        used += mqtt_session_input(&bed.session, &bed.config, &bed.step, bytes_of(many + used, sizeof many - used));
        delivered += bed_count(&bed, EVENT_MESSAGE);
    }
    CU_ASSERT(delivered == 100 && steps == 2);
    /* and while there is no room for answers */
    bed_step(&bed, 0);
    bed.step.out = bytes_writer_of(bed.out, 8);
    CU_ASSERT_EQUAL(mqtt_session_input(&bed.session, &bed.config, &bed.step, bytes_of(many, 5)), 0);
    bed.step.out = bytes_writer_of(bed.out, sizeof bed.out);
    bed_end(&bed);
}

HARNESS_MAIN("mqtt_incoming", HARNESS_CASE(hostile_packets_close_the_connection_with_their_statement),
             HARNESS_CASE(hostile_connacks_close_the_connection),
             HARNESS_CASE(a_packet_above_our_announced_maximum_is_a_violation),
             HARNESS_CASE(a_packet_above_our_own_cap_is_no_violation),
             HARNESS_CASE(the_evidence_is_the_packet_and_nothing_else),
             HARNESS_CASE(a_disconnect_of_the_server_closes_with_its_reason),
             HARNESS_CASE(a_pingresp_that_nobody_waits_for_is_late), HARNESS_CASE(unasked_explanations_are_violations),
             HARNESS_CASE(a_long_reason_string_is_only_text),
             HARNESS_CASE(input_stops_while_the_step_is_full_and_goes_on))
