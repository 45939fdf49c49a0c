#include "backend/broker_state.h"

#include <stdio.h>

#include "base/err.h"
#include "harness.h"
#include "transcript.h"

static struct transcript t;

#define BEGIN(...)             transcript_begin(&t, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define SEND(client, notation) transcript_send(&t, client, notation)

/* Connected through whatever delays there are. */
static void up(unsigned client, const char *id) {
    char text[64];
    snprintf(text, sizeof text, "10 [ <'MQTT'> 04 02 0000 <'%s'> ]", id);
    SEND(client, text);
    transcript_advance(&t, SPAN_MIN);
    GOT(client, "20 02 00 00");
}

static void answers_leave_after_the_service_time(void) {
    BEGIN("service=20ms");
    SEND(0, "10 [ <'MQTT'> 04 02 0000 <'a'> ] 82 [ 0001 <'x'> 00 ] 32 [ <'x'> 0002 ] c0 00");
    transcript_advance(&t, 20 * SPAN_MS - 1);
    GOT(0, ""); /* not even the message: nothing overtakes CONNACK (MQTT-3.2.0-1) */
    transcript_advance(&t, 1);
    GOT(0, "20 02 00 00 90 03 0001 00 30 [ <'x'> ] 40 02 0002 d0 00");
    transcript_end_empty(&t);
}

static void messages_overtake_delayed_answers(void) {
    BEGIN("service=20ms");
    up(0, "a");
    SEND(0, "82 [ 0001 <'x'> 00 ]");
    SEND(0, "30 [ <'x'> '1' ]");
    GOT(0, "30 [ <'x'> '1' ]");
    transcript_advance(&t, 20 * SPAN_MS);
    GOT(0, "90 03 0001 00");
    transcript_end_empty(&t);
}

static void a_refusal_leaves_before_the_connection_ends(void) {
    BEGIN("service=20ms", "refuse_connects");
    SEND(0, "10 [ <'MQTT'> 04 02 0000 <'a'> ]");
    CU_ASSERT_PTR_NOT_NULL(t.clients[0].connection);
    SEND(0, "c0 00"); /* MQTT-3.1.4-6 */
    transcript_advance(&t, 20 * SPAN_MS);
    GOT(0, "20 02 00 03");
    CLOSED(0);
    transcript_end_empty(&t);
}

static void drawn_delays_are_repeatable_and_keep_the_order(void) {
    instant first[50];
    for (int round = 0; round < 2; round++) {
        BEGIN("service=lognormal(p50=20ms, p99=60ms)", "seed=7");
        up(0, "a");
        instant start = t.now;
        for (unsigned i = 0; i < 50; i++) {
            char text[32];
            snprintf(text, sizeof text, "32 [ <'x'> %04x ]", i + 1);
            SEND(0, text);
        }
        unsigned in_order = 0, distinct = 0;
        for (unsigned i = 0; i < 50; i++) {
            instant before = t.now;
            while (t.clients[0].size < 4 * (i + 1)) {
                t.now = broker_next_deadline(t.broker);
                broker_due(t.broker, t.now);
            }
            in_order += t.clients[0].out[4 * i + 3] == i + 1;
            distinct += t.now > before;
            if (round == 0)
                first[i] = t.now - start;
            else
                CU_ASSERT_EQUAL(first[i], t.now - start);
        }
        CU_ASSERT_EQUAL(in_order, 50);
        CU_ASSERT_TRUE(distinct > 2);
        CU_ASSERT_TRUE(first[49] > 30 * SPAN_MS && first[49] < 200 * SPAN_MS);
        transcript_end_empty(&t);
    }
}

static void ack_delay_delays_acknowledgements_alone(void) {
    BEGIN("ack_delay=30ms");
    transcript_up4(&t, 0, "a");
    SEND(0, "32 [ <'x'> 0001 ]");
    SEND(0, "c0 00"); /* an answer too: behind the acknowledgement */
    GOT(0, "");
    transcript_advance(&t, 30 * SPAN_MS);
    GOT(0, "40 02 0001 d0 00");
    SEND(0, "c0 00");
    GOT(0, "d0 00");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_ACK_DELAY].count, 1);
    transcript_end_empty(&t);
}

static void throttle_acknowledges_at_its_rate(void) {
    BEGIN("throttle=100/s");
    transcript_up4(&t, 0, "a");
    transcript_up4(&t, 1, "b");
    for (unsigned i = 0; i < 100; i++)
        SEND(i % 2, "32 [ <'x'> 0001 ]");
    transcript_advance(&t, 500 * SPAN_MS);
    CU_ASSERT_EQUAL(t.clients[0].size + t.clients[1].size, 50 * 4);
    transcript_advance(&t, 500 * SPAN_MS);
    CU_ASSERT_EQUAL(t.clients[0].size + t.clients[1].size, 100 * 4);
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_THROTTLE].count, 99);
    transcript_end_empty(&t);
}

static void stop_acks_stops_after_n(void) {
    BEGIN("stop_acks=2");
    transcript_up4(&t, 0, "a");
    SEND(0, "32 [ <'x'> 0001 ] 34 [ <'x'> 0002 ] 32 [ <'x'> 0003 ] 62 02 0002 c0 00");
    GOT(0, "40 02 0001 50 02 0002 d0 00");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_STOP_ACKS].count, 2);
    transcript_end_empty(&t);
}

static void wrong_packet_id_is_the_next_one(void) {
    BEGIN("wrong_packet_id=2");
    transcript_up4(&t, 0, "a");
    SEND(0, "32 [ <'x'> 0001 ] 34 [ <'x'> 0002 ] 32 [ <'x'> 0003 ] 32 [ <'x'> ffff ]");
    GOT(0, "40 02 0001 50 02 0003 40 02 0003 40 02 0001");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_WRONG_PACKET_ID].count, 2);
    transcript_end_empty(&t);
}

static void drip_sends_one_byte_at_a_time(void) {
    BEGIN("drip=10/s");
    SEND(0, "10 [ <'MQTT'> 04 02 0000 <'a'> ] c0 00");
    transcript_advance(&t, 0);
    GOT(0, "20");
    transcript_advance(&t, 100 * SPAN_MS);
    GOT(0, "02");
    transcript_advance(&t, 300 * SPAN_MS);
    GOT(0, "00 00 d0");
    transcript_advance(&t, SPAN_S);
    GOT(0, "00");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_DRIP].count, 6);
    transcript_end_empty(&t);
}

static void held_back_bytes_are_bounded(void) {
    BEGIN("drip=1/s", "backlog=512MiB", "packet=4MiB");
    SEND(0, "10 [ <'MQTT'> 04 02 0000 <'a'> ] 82 [ 0001 <'x'> 00 ]");
    static uint8_t publish[4 + 3 + (3 << 20)];
    size_t length = sizeof publish - 5;
    publish[0] = 0x30;
    for (int i = 0; i < 4; i++)
        publish[1 + i] = (uint8_t)((length >> 7 * i & 0x7F) | (i < 3 ? 0x80 : 0));
    publish[6] = 1;
    publish[7] = 'x';
    for (int i = 0; i < 5; i++)
        if (t.clients[0].connection != NULL)
            broker_input(t.broker, t.clients[0].connection, bytes_of(publish, sizeof publish), t.now);
    CU_ASSERT_PTR_NOT_NULL(t.clients[0].connection);
    broker_input(t.broker, t.clients[0].connection, bytes_of(publish, sizeof publish), t.now);
    CU_ASSERT_TRUE(transcript_was_reset(&t, 0));
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->overflows, 1);
    transcript_end_empty(&t);
}

static void a_client_that_accepts_too_little_for_an_answer_is_closed(void) {
    BEGIN("topic_aliases=0");
    SEND(0, "10 [ <'MQTT'> 05 02 0000 { 27 00000010 } <'a'> ]");
    GOT(0, "20 [ 00 00 { 21 03e8 27 01000000 } ]");
    SEND(0, "82 [ 0001 {} <'a'> 00 <'b'> 00 <'c'> 00 <'d'> 00 <'e'> 00 <'f'> 00 <'g'> 00 <'h'> 00 <'i'> 00 <'j'> 00 "
            "<'k'> 00 <'l'> 00 ]"); /* MQTT-3.1.2-24 */
    GOT(0, "");
    CLOSED(0);
    transcript_end_empty(&t);
}

HARNESS_MAIN("broker_out", HARNESS_CASE(answers_leave_after_the_service_time),
             HARNESS_CASE(messages_overtake_delayed_answers), HARNESS_CASE(a_refusal_leaves_before_the_connection_ends),
             HARNESS_CASE(drawn_delays_are_repeatable_and_keep_the_order),
             HARNESS_CASE(ack_delay_delays_acknowledgements_alone), HARNESS_CASE(throttle_acknowledges_at_its_rate),
             HARNESS_CASE(stop_acks_stops_after_n), HARNESS_CASE(wrong_packet_id_is_the_next_one),
             HARNESS_CASE(drip_sends_one_byte_at_a_time), HARNESS_CASE(held_back_bytes_are_bounded),
             HARNESS_CASE(a_client_that_accepts_too_little_for_an_answer_is_closed))
