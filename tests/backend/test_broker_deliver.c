#include "backend/broker_state.h"

#include <stdio.h>

#include "harness.h"
#include "transcript.h"

static struct transcript t;

#define BEGIN(...)             transcript_begin(&t, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define SEND(client, notation) transcript_send(&t, client, notation)

/* Client 0 publishes, client 1 subscribes to everything at QoS 2; both 3.1.1. */
static void begin_pair(const char *setting) {
    BEGIN(setting);
    transcript_up4(&t, 0, "a");
    SEND(1, "10 [ <'MQTT'> 04 00 0000 <'b'> ]");
    transcript_subscribe4(&t, 1, "#", 2);
}

static void publish(uint8_t qos, char payload) {
    char text[64];
    snprintf(text, sizeof text,
             qos == 0   ? "30 [ <'t'> '%c' ]"
             : qos == 1 ? "32 [ <'t'> 0001 '%c' ]"
                        : "34 [ <'t'> 0001 '%c' ] 62 02 0001",
             payload);
    SEND(0, text);
    transcript_skip(&t, 0);
}

static void back_again(void) {
    transcript_drop(&t, 1);
    SEND(1, "10 [ <'MQTT'> 04 00 0000 <'b'> ]");
}

/* --- acknowledgements ---------------------------------------------------------------------------------------------- */

static void a_qos_1_message_is_repeated_until_it_is_acknowledged(void) {
    begin_pair("queue=10");
    publish(1, 'x');
    GOT(1, "32 [ <'t'> 0001 'x' ]"); /* MQTT-4.3.2-2 */
    back_again();
    GOT(1, "20 02 01 00 3a [ <'t'> 0001 'x' ]"); /* MQTT-4.4.0-1, MQTT-3.3.1-1 */
    SEND(1, "40 02 0001");
    back_again();
    GOT(1, "20 02 01 00");
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->repeated, 1);
    transcript_end(&t);
}

static void a_qos_2_message_goes_its_four_steps(void) {
    begin_pair("queue=10");
    publish(2, 'x');
    GOT(1, "34 [ <'t'> 0001 'x' ]");
    back_again();
    GOT(1, "20 02 01 00 3c [ <'t'> 0001 'x' ]"); /* MQTT-4.3.3-3 */
    SEND(1, "50 02 0001");
    GOT(1, "62 02 0001"); /* MQTT-4.3.3-4 */
    back_again();
    GOT(1, "20 02 01 00 62 02 0001"); /* MQTT-4.3.3-5, -6 */
    SEND(1, "50 02 0001");            /* asks once more */
    GOT(1, "62 02 0001");
    SEND(1, "70 02 0001");
    back_again();
    GOT(1, "20 02 01 00");
    transcript_end(&t);
}

static void a_refused_message_counts_as_acknowledged(void) {
    BEGIN();
    transcript_resume5(&t, 0, "a", "11 0000003c");
    transcript_subscribe5(&t, 0, "#", 2);
    SEND(0, "34 [ <'t'> 0001 {} 'x' ] 32 [ <'t'> 0002 {} 'y' ]");
    GOT(0, "34 [ <'t'> 0001 {} 'x' ] 50 02 0001 32 [ <'t'> 0002 {} 'y' ] 40 02 0002");
    SEND(0, "50 03 0001 97 40 03 0002 80"); /* MQTT-4.4.0-2 */
    GOT(0, "");
    transcript_drop(&t, 0);
    transcript_resume5(&t, 0, "a", "11 0000003c");
    GOT(0, "");
    transcript_end_empty(&t);
}

static void acknowledgements_of_nothing_are_let_pass(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    SEND(0, "40 02 0007 70 02 0007");
    GOT(0, "");
    SEND(0, "50 02 0007");
    GOT(0, "62 03 0007 92");
    SEND(0, "50 03 0007 80");
    GOT(0, "");
    transcript_end_empty(&t);
}

static void acknowledgements_of_the_wrong_kind_end_the_connection(void) {
    static const struct {
        uint8_t qos;
        const char *ack;
    } rows[] = {{1, "50 02 0001"}, {1, "70 02 0001"}, {2, "40 02 0001"}, {2, "70 02 0001"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin_pair("queue=10");
        publish(rows[i].qos, 'x');
        transcript_skip(&t, 1);
        SEND(1, rows[i].ack);
        CLOSED(1);
        transcript_end(&t);
    }
}

/* --- windows and queues -------------------------------------------------------------------------------------------- */

static void the_receive_maximum_of_the_client_is_kept(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    SEND(1, "10 [ <'MQTT'> 05 00 0000 { 11 0000003c 21 0002 } <'b'> ]");
    transcript_subscribe5(&t, 1, "#", 2);
    for (char c = '1'; c <= '5'; c++) {
        char text[64];
        snprintf(text, sizeof text, "32 [ <'t'> 0001 {} '%c' ]", c);
        SEND(0, text);
    }
    GOT(1, "32 [ <'t'> 0001 {} '1' ] 32 [ <'t'> 0002 {} '2' ]"); /* MQTT-4.9.0-2 */
    SEND(0, "30 [ <'t'> {} 'q' ]");
    SEND(1, "c0 00");
    GOT(1, "30 [ <'t'> {} 'q' ] d0 00"); /* MQTT-4.9.0-3 */
    SEND(1, "40 02 0002");
    GOT(1, "32 [ <'t'> 0003 {} '3' ]"); /* M5U-4.9-a */
    transcript_drop(&t, 1);
    SEND(1, "10 [ <'MQTT'> 05 00 0000 { 11 0000003c 21 0001 } <'b'> ]"); /* smaller now */
    CU_ASSERT_EQUAL(t.clients[1].out[2], 1);
    GOT_LAST(1, "3a [ <'t'> 0001 {} '1' ]");
    SEND(1, "40 02 0001");
    GOT(1, "3a [ <'t'> 0003 {} '3' ]");
    SEND(1, "40 02 0003");
    GOT(1, "32 [ <'t'> 0004 {} '4' ]");
    SEND(1, "40 02 0004 ");
    GOT(1, "32 [ <'t'> 0005 {} '5' ]");
    transcript_end_empty(&t);
}

static void messages_wait_for_an_absent_session(void) {
    begin_pair("queue=3");
    transcript_drop(&t, 1);
    publish(0, '0'); /* QoS 0 does not */
    for (char c = '1'; c <= '5'; c++)
        publish(c % 2 ? 1 : 2, c);
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->dropped_queue, 2);
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->dropped_offline, 1);
    SEND(1, "10 [ <'MQTT'> 04 00 0000 <'b'> ]");
    GOT(1, "20 02 01 00 32 [ <'t'> 0001 '1' ] 34 [ <'t'> 0002 '2' ] 32 [ <'t'> 0003 '3' ]"); /* MQTT-4.5.0-1 */
    transcript_end(&t);
}

static void a_slow_consumer_gets_its_messages_when_it_reads_again(void) {
    begin_pair("backlog=100B");
    t.clients[1].backlog = 100;
    publish(0, '0');
    publish(1, '1');
    publish(0, '2');
    GOT(1, "");
    t.clients[1].backlog = 99;
    broker_drained(t.broker, t.clients[1].connection, t.now);
    GOT(1, "30 [ <'t'> '0' ] 32 [ <'t'> 0001 '1' ] 30 [ <'t'> '2' ]");
    transcript_end(&t);
}

static void packet_identifiers_pass_over_those_in_use(void) {
    begin_pair("queue=10");
    publish(1, 'x'); /* id 1 stays in flight */
    publish(1, 'y'); /* id 2 too */
    transcript_skip(&t, 1);
    char ack[32];
    unsigned wrong = 0;
    for (unsigned i = 0; i < 140000; i++) { /* twice around */
        publish(1, 'z');
        uint8_t *out = t.clients[1].out;
        unsigned id = (unsigned)out[5] << 8 | out[6];
        wrong += t.clients[1].size != 8 || id <= 2;
        t.clients[1].size = 0;
        snprintf(ack, sizeof ack, "40 02 %04x", id);
        SEND(1, ack);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    transcript_end(&t);
}

/* --- what the client wants and does not want ----------------------------------------------------------------------- */

static void expired_messages_are_not_sent(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    transcript_resume5(&t, 1, "b", "11 0000003c");
    transcript_subscribe5(&t, 1, "#", 1);
    transcript_drop(&t, 1);
    SEND(0, "32 [ <'t'> 0001 { 02 00000005 } '1' ] 32 [ <'t'> 0002 { 02 0000001e } '2' ]");
    transcript_advance(&t, 5 * SPAN_S);
    SEND(1, "10 [ <'MQTT'> 05 00 0000 { 11 0000003c } <'b'> ]");
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->dropped_expired, 1); /* MQTT-3.3.2-5 */
    GOT_LAST(1, "32 [ <'t'> 0001 { 02 00000019 } '2' ]");            /* MQTT-3.3.2-6 */
    transcript_drop(&t, 1);
    transcript_advance(&t, 40 * SPAN_S);
    SEND(1, "10 [ <'MQTT'> 05 00 0000 { 11 0000003c } <'b'> ]");
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->repeated,
                    1); /* once it has gone out, it is not given up: MQTT-4.3.3-7 */
    transcript_end_empty(&t);
}

static void what_is_too_large_for_the_client_is_left_out(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    SEND(1, "10 [ <'MQTT'> 05 02 0000 { 27 00000014 } <'b'> ]");
    transcript_subscribe5(&t, 1, "#", 1);
    SEND(0, "32 [ <'t'> 0001 {} '0123456789012345678' ] 32 [ <'t'> 0002 {} 'small' ]"); /* MQTT-3.1.2-24, -25 */
    GOT(1, "32 [ <'t'> 0002 {} 'small' ]");
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->dropped_too_large, 1);
    transcript_end_empty(&t);
}

static void aliases_are_used_up_to_the_clients_limit(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    SEND(1, "10 [ <'MQTT'> 05 02 0000 { 22 0002 } <'b'> ]");
    transcript_subscribe5(&t, 1, "#", 0);
    SEND(0, "30 [ <'x'> {} '1' ] 30 [ <'y'> {} '2' ] 30 [ <'z'> {} '3' ] 30 [ <'x'> {} '4' ] 30 [ <'y'> {} '5' ]");
    GOT(1, "30 [ <'x'> { 23 0001 } '1' ] 30 [ <'y'> { 23 0002 } '2' ] 30 [ <'z'> {} '3' ] "
           "30 [ <> { 23 0001 } '4' ] 30 [ <> { 23 0002 } '5' ]"); /* MQTT-3.1.2-26 */
    GOT(0, "");
    transcript_end_empty(&t);
}

static void an_alias_never_makes_a_message_too_large(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    SEND(1, "10 [ <'MQTT'> 05 02 0000 { 22 0002 27 00000014 } <'b'> ]");
    transcript_subscribe5(&t, 1, "#", 0);
    SEND(0, "30 [ <'t'> {} '01234567890123' ]");
    GOT(1, "30 [ <'t'> {} '01234567890123' ]");
    SEND(0, "30 [ <'t'> {} '0' ]"); /* the alias was not set then */
    GOT(1, "30 [ <'t'> { 23 0001 } '0' ]");
    transcript_end_empty(&t);
}

HARNESS_MAIN("broker_deliver", HARNESS_CASE(a_qos_1_message_is_repeated_until_it_is_acknowledged),
             HARNESS_CASE(a_qos_2_message_goes_its_four_steps), HARNESS_CASE(a_refused_message_counts_as_acknowledged),
             HARNESS_CASE(acknowledgements_of_nothing_are_let_pass),
             HARNESS_CASE(acknowledgements_of_the_wrong_kind_end_the_connection),
             HARNESS_CASE(the_receive_maximum_of_the_client_is_kept), HARNESS_CASE(messages_wait_for_an_absent_session),
             HARNESS_CASE(a_slow_consumer_gets_its_messages_when_it_reads_again),
             HARNESS_CASE(packet_identifiers_pass_over_those_in_use), HARNESS_CASE(expired_messages_are_not_sent),
             HARNESS_CASE(what_is_too_large_for_the_client_is_left_out),
             HARNESS_CASE(aliases_are_used_up_to_the_clients_limit),
             HARNESS_CASE(an_alias_never_makes_a_message_too_large))
