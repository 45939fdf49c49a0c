#include "mqtt/mqtt_inbound.h"

#include "bed.h"

static struct bed bed;

static bool is(struct bytes b, const char *text) {
    return bytes_equal(b, bytes_of_text(text));
}

static const struct event *message(unsigned n) {
    return bed_event(&bed, EVENT_MESSAGE, n);
}

static void qos_0_is_delivered_and_not_answered(void) {
    bed_online(&bed, MQTT_3_1_1);
    bed_feed(&bed, "31 * 00 03 'a/b' 'hello'");
    const struct event *e = message(0);
    CU_ASSERT(e && is(e->topic, "a/b") && is(e->payload, "hello") && e->qos == 0 && e->retain && !e->duplicate);
    CU_ASSERT(bed_wrote(&bed, ""));
    bed_end(&bed);
}

static void qos_1_is_answered_with_puback(void) { /* MQTT-4.3.2-4 */
    bed_online(&bed, MQTT_5_0);
    bed_feed(&bed, "32 * 00 01 'a' 12 34 00 'x'");
    CU_ASSERT(message(0) && message(0)->qos == 1 && bed_wrote(&bed, "40 02 12 34"));
    bed_feed(&bed, "3A * 00 01 'a' 12 34 00 'x'"); /* MQTT-4.3.2-5: a new message, whatever DUP says */
    CU_ASSERT(message(0) && message(0)->duplicate && bed_wrote(&bed, "40 02 12 34"));
    bed_end(&bed);
}

static void qos_2_is_delivered_once(void) { /* MQTT-4.3.3-10, MQTT-4.3.3-11, MQTT-4.3.3-12 */
    for (unsigned v = 0; v < 2; v++) {
        bed_online(&bed, v ? MQTT_5_0 : MQTT_3_1_1);
        const char *first = v ? "34 * 00 01 'a' 00 07 00 'x'" : "34 * 00 01 'a' 00 07 'x'";
        bed_feed(&bed, first);
        CU_ASSERT(message(0) && bed_wrote(&bed, "50 02 00 07"));
        bed_feed(&bed, v ? "3C * 00 01 'a' 00 07 00 'x'" : "3C * 00 01 'a' 00 07 'x'");
        CU_ASSERT(!message(0) && bed_wrote(&bed, "50 02 00 07"));
        bed_feed(&bed, "62 02 00 07");
        CU_ASSERT(bed.step.event_count == 0 && bed_wrote(&bed, "70 02 00 07"));
        bed_feed(&bed, first);
        CU_ASSERT(message(0) && bed_wrote(&bed, "50 02 00 07"));
        bed_end(&bed);
    }
}

static void an_unknown_pubrel_is_answered_with_not_found(void) { /* M5U-3.6-a */
    bed_online(&bed, MQTT_5_0);
    bed_feed(&bed, "62 02 00 07");
    CU_ASSERT(bed.step.event_count == 0 && bed_wrote(&bed, "70 03 00 07 92"));
    bed_end(&bed);
    bed_online(&bed, MQTT_3_1_1);
    bed_feed(&bed, "62 02 00 07");
    CU_ASSERT(bed.step.event_count == 0 && bed_wrote(&bed, "70 02 00 07"));
    bed_end(&bed);
}

static void a_qos_2_id_in_use_without_dup_is_a_violation(void) {
    for (unsigned v = 0; v < 2; v++) {
        bed_online(&bed, v ? MQTT_5_0 : MQTT_3_1_1);
        const char *packet = v ? "34 * 00 01 'a' 00 07 00 'x'" : "34 * 00 01 'a' 00 07 'x'";
        bed_feed(&bed, packet);
        bed_feed(&bed, packet);
        CU_ASSERT(bed_violated(&bed, v ? "MQTT-2.2.1-4" : "MQTT-2.3.1-4", 0x82) && !message(0));
        bed_end(&bed);
    }
}

static void a_qos_1_message_under_an_id_that_qos_2_holds_is_a_violation(void) {
    bed_online(&bed, MQTT_5_0);
    bed_feed(&bed, "34 * 00 01 'a' 00 07 00 'x'");
    bed_feed(&bed, "32 * 00 01 'a' 00 07 00 'y'");
    CU_ASSERT(bed_violated(&bed, "MQTT-2.2.1-4", 0x82) && !message(0));
    bed_end(&bed);
}

/* The receiver's half with the connection lost at each point. */
static void qos_2_is_delivered_once_across_connections(void) {
    bed_begin(&bed, MQTT_3_1_1);
    bed.config.clean_start = false;
    bed_accept(&bed, false, "");
    bed_feed(&bed, "34 * 00 01 'a' 00 07 'x'");
    CU_ASSERT(message(0) != NULL);
    bed_down(&bed); /* our PUBREC is lost */
    bed_accept(&bed, true, "");
    bed_feed(&bed, "3C * 00 01 'a' 00 07 'x'");
    CU_ASSERT(!message(0) && bed_wrote(&bed, "50 02 00 07"));
    bed_down(&bed); /* the PUBREL is lost */
    bed_accept(&bed, true, "");
    bed_feed(&bed, "62 02 00 07");
    CU_ASSERT(bed_wrote(&bed, "70 02 00 07"));
    bed_down(&bed); /* our PUBCOMP is lost */
    bed_accept(&bed, true, "");
    bed_feed(&bed, "62 02 00 07");
    CU_ASSERT(bed_wrote(&bed, "70 02 00 07"));
    bed_end(&bed);
}

static void a_lost_session_forgets_qos_2_ids(void) {
    bed_begin(&bed, MQTT_3_1_1);
    bed.config.clean_start = false;
    bed_accept(&bed, false, "");
    bed_feed(&bed, "34 * 00 01 'a' 00 07 'x'");
    bed_down(&bed);
    bed_accept(&bed, false, "");
    bed_feed(&bed, "34 * 00 01 'a' 00 07 'y'");
    CU_ASSERT(message(0) && is(message(0)->payload, "y"));
    bed_end(&bed);
}

static void more_than_the_receive_maximum_is_a_violation(void) { /* MQTT-3.3.4-9 */
    bed_begin(&bed, MQTT_5_0);
    bed.config.receive_maximum = 2;
    bed_accept(&bed, false, "00");
    bed_feed(&bed, "34 * 00 01 'a' 00 01 00");
    bed_feed(&bed, "34 * 00 01 'a' 00 02 00");
    bed_feed(&bed, "62 02 00 01"); /* M5U-4.9-a: PUBCOMP lets one more in */
    bed_feed(&bed, "34 * 00 01 'a' 00 03 00");
    bed_feed(&bed, "62 02 00 09"); /* an unknown PUBREL does not */
    bed_feed(&bed, "3C * 00 01 'a' 00 03 00");
    CU_ASSERT_EQUAL(bed_count(&bed, EVENT_VIOLATION), 0); /* a repeat is not another message */
    bed_feed(&bed, "34 * 00 01 'a' 00 04 00");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.3.4-9", 0x93) && !message(0));
    bed_end(&bed);
}

/* Hostile input 12: every id taken and none released. */
static void a_storm_of_qos_2_ids_stays_small(void) {
    bed_online(&bed, MQTT_3_1_1);
    size_t before = pool_in_use(bed.pool);
    for (unsigned id = 1; id < 65536; id++) {
        uint8_t packet[] = {0x34, 5, 0, 1, 'a', (uint8_t)(id >> 8), (uint8_t)id};
        bed_step(&bed, 0);
        CU_ASSERT_EQUAL(mqtt_session_input(&bed.session, &bed.config, &bed.step, bytes_of(packet, 7)), 7);
    }
    CU_ASSERT_EQUAL(bed.session.received.count, 65535);
    CU_ASSERT(pool_in_use(bed.pool) - before <= MQTT_IDSET_BITMAP_BYTES);
    bed_feed(&bed, "34 * 00 01 'a' 00 01");
    CU_ASSERT(bed_violated(&bed, "MQTT-2.3.1-4", 0x82));
    bed_end(&bed);
}

static void begin_aliases(uint16_t maximum) {
    bed_begin(&bed, MQTT_5_0);
    bed.config.topic_alias_maximum = maximum;
    bed_accept(&bed, false, "00");
}

static void the_servers_aliases_stand_for_topics(void) {
    begin_aliases(10);
    bed_feed(&bed, "30 * 00 03 'a/b' 03 23 00 0A 'x'");
    CU_ASSERT(is(message(0)->topic, "a/b"));
    bed_feed(&bed, "30 * 00 00 03 23 00 0A 'y'");
    CU_ASSERT(is(message(0)->topic, "a/b") && is(message(0)->payload, "y"));
    bed_feed(&bed, "30 * 00 01 'c' 03 23 00 0A"); /* M5U-3.3.2.3-d */
    bed_feed(&bed, "30 * 00 00 03 23 00 0A");
    CU_ASSERT(is(message(0)->topic, "c"));
    bed_end(&bed);
}

static void a_topic_of_an_event_survives_a_new_meaning_of_its_alias(void) {
    begin_aliases(1);
    bed_feed(&bed, "30 * 00 03 'old' 03 23 00 01");
    static const uint8_t three[] = {0x30, 6, 0,    0, 3, 0x23, 0, 1, 0x30, 9, 0,    3, 'n', 'e',
                                    'w',  3, 0x23, 0, 1, 0x30, 6, 0, 0,    3, 0x23, 0, 1};
    bed_step(&bed, 0);
    CU_ASSERT_EQUAL(mqtt_session_input(&bed.session, &bed.config, &bed.step, bytes_of(three, sizeof three)),
                    sizeof three);
    CU_ASSERT(is(message(0)->topic, "old") && is(message(1)->topic, "new") && is(message(2)->topic, "new"));
    bed_end(&bed);
}

static void broken_aliases_are_violations(void) {
    begin_aliases(10);
    bed_feed(&bed, "30 * 00 01 'a' 03 23 00 0B");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.1.2-26", 0x94));
    bed_end(&bed);
    begin_aliases(0);
    bed_feed(&bed, "30 * 00 01 'a' 03 23 00 01");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.1.2-27", 0x94));
    bed_end(&bed);
    begin_aliases(10);
    bed_feed(&bed, "30 * 00 00 03 23 00 01");
    CU_ASSERT(bed_violated(&bed, "M5U-3.3.2.3-b", 0x82));
    bed_end(&bed);
}

static void aliases_end_with_the_connection(void) { /* MQTT-3.3.2-7 */
    begin_aliases(10);
    bed_feed(&bed, "30 * 00 01 'a' 03 23 00 01");
    bed_down(&bed);
    bed_accept(&bed, false, "00");
    bed_feed(&bed, "30 * 00 00 03 23 00 01");
    CU_ASSERT(bed_violated(&bed, "M5U-3.3.2.3-b", 0x82));
    bed_end(&bed);
}

static void a_server_cannot_fill_our_memory_with_aliases(void) {
    static uint8_t packet[40000];
    begin_aliases(65535);
    unsigned learnt = 0;
    for (unsigned alias = 1; alias < 65536 && mqtt_session_state(&bed.session) == MQTT_UP; alias++, learnt++) {
        struct mqtt_packet p = {.type = MQTT_PUBLISH};
        static uint8_t topic[30000];
        memset(topic, 'a' + (int)(alias % 26), sizeof topic);
        p.publish.topic = bytes_of(topic, sizeof topic);
        p.properties.topic_alias = (uint16_t)alias;
        mqtt_properties_mark(&p.properties, MQTT_TOPIC_ALIAS);
        struct bytes_writer w = bytes_writer_of(packet, sizeof packet);
        CU_ASSERT_EQUAL(mqtt_codec_encode(&w, &p, MQTT_5_0), 0);
        bed_step(&bed, 0);
        mqtt_session_input(&bed.session, &bed.config, &bed.step, bytes_of(packet, bytes_written(&w)));
    }
    CU_ASSERT(learnt > 100 && learnt < 160);
    CU_ASSERT(pool_in_use(bed.pool) < MQTT_SESSION_POOL_CAP + MQTT_SESSION_POOL_CAP / 4); /* pool classes round up */
    CU_ASSERT(bed_closes(&bed, CLOSE_LOCAL, 0x97) && bed_count(&bed, EVENT_VIOLATION) == 0);
    CU_ASSERT(bed_wrote(&bed, "E0 01 97"));
    bed_end(&bed);
}

static void the_mark_is_found_among_user_properties(void) {
    bed_online(&bed, MQTT_5_0);
    bed_feed(&bed, "30 * 00 01 'a' 11 26 00 01 'k' 00 01 'v' 26 00 01 'm' 00 04 'MARK' 'x'");
    CU_ASSERT(is(message(0)->mark, "MARK"));
    bed_feed(&bed, "30 * 00 01 'a' 07 26 00 01 'k' 00 01 'v' 'x'");
    CU_ASSERT_EQUAL(message(0)->mark.size, 0);
    bed_end(&bed);
}

/* Hostile input 10. */
static void a_topic_of_65535_slashes_is_delivered(void) {
    static uint8_t packet[65535 + 6];
    bed_online(&bed, MQTT_3_1_1);
    struct mqtt_packet p = {.type = MQTT_PUBLISH};
    static uint8_t topic[65535];
    memset(topic, '/', sizeof topic);
    p.publish.topic = bytes_of(topic, sizeof topic);
    struct bytes_writer w = bytes_writer_of(packet, sizeof packet);
    CU_ASSERT_EQUAL(mqtt_codec_encode(&w, &p, MQTT_3_1_1), 0);
    bed_step(&bed, 0);
    CU_ASSERT_EQUAL(mqtt_session_input(&bed.session, &bed.config, &bed.step, bytes_of(packet, bytes_written(&w))),
                    bytes_written(&w));
    CU_ASSERT_EQUAL(message(0)->topic.size, 65535);
    bed_end(&bed);
}

HARNESS_MAIN("mqtt_inbound", HARNESS_CASE(qos_0_is_delivered_and_not_answered),
             HARNESS_CASE(qos_1_is_answered_with_puback), HARNESS_CASE(qos_2_is_delivered_once),
             HARNESS_CASE(an_unknown_pubrel_is_answered_with_not_found),
             HARNESS_CASE(a_qos_2_id_in_use_without_dup_is_a_violation),
             HARNESS_CASE(a_qos_1_message_under_an_id_that_qos_2_holds_is_a_violation),
             HARNESS_CASE(qos_2_is_delivered_once_across_connections), HARNESS_CASE(a_lost_session_forgets_qos_2_ids),
             HARNESS_CASE(more_than_the_receive_maximum_is_a_violation), HARNESS_CASE(a_storm_of_qos_2_ids_stays_small),
             HARNESS_CASE(the_servers_aliases_stand_for_topics),
             HARNESS_CASE(a_topic_of_an_event_survives_a_new_meaning_of_its_alias),
             HARNESS_CASE(broken_aliases_are_violations), HARNESS_CASE(aliases_end_with_the_connection),
             HARNESS_CASE(a_server_cannot_fill_our_memory_with_aliases),
             HARNESS_CASE(the_mark_is_found_among_user_properties), HARNESS_CASE(a_topic_of_65535_slashes_is_delivered))
