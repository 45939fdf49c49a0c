#include "backend/broker_state.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "transcript.h"

static struct transcript t;

#define BEGIN(...)             transcript_begin(&t, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define SEND(client, notation) transcript_send(&t, client, notation)

/* --- answers ------------------------------------------------------------------------------------------------------- */

static void every_qos_gets_its_answer(void) {
    BEGIN();
    transcript_up4(&t, 0, "a");
    SEND(0, "30 [ <'t'> 'x' ]");
    GOT(0, "");
    SEND(0, "32 [ <'t'> 0007 'x' ]"); /* MQTT-4.3.2-4 */
    GOT(0, "40 02 00 07");
    SEND(0, "34 [ <'t'> 0008 'x' ]"); /* MQTT-4.3.3-8 */
    GOT(0, "50 02 00 08");
    SEND(0, "62 02 0008"); /* MQTT-4.3.3-11 */
    GOT(0, "70 02 00 08");
    transcript_end_empty(&t);
}

static void a_5_0_publisher_is_told_that_nobody_listens(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    transcript_up5(&t, 1, "b");
    SEND(0, "32 [ <'t'> 0007 {} 'x' ]");
    GOT(0, "40 03 00 07 10");
    SEND(0, "34 [ <'t'> 0008 {} 'x' ]");
    GOT(0, "50 03 00 08 10");
    SEND(0, "62 02 0008");
    GOT(0, "70 02 00 08");
    transcript_subscribe5(&t, 1, "t", 0);
    SEND(0, "32 [ <'t'> 0009 {} 'x' ]");
    GOT(0, "40 02 00 09");
    GOT(1, "30 [ <'t'> {} 'x' ]");
    transcript_end_empty(&t);
}

static void a_repeat_at_qos_2_is_answered_and_not_delivered_again(void) {
    BEGIN();
    transcript_up4(&t, 0, "a");
    transcript_up4(&t, 1, "b");
    transcript_subscribe4(&t, 1, "t", 0);
    SEND(0, "34 [ <'t'> 0008 'x' ]");
    SEND(0, "3c [ <'t'> 0008 'x' ]"); /* MQTT-4.3.3-10 */
    GOT(0, "50 02 00 08 50 02 00 08");
    GOT(1, "30 [ <'t'> 'x' ]");
    SEND(0, "62 02 0008");
    SEND(0, "34 [ <'t'> 0008 'y' ]"); /* MQTT-4.3.3-12 */
    GOT(0, "70 02 00 08 50 02 00 08");
    GOT(1, "30 [ <'t'> 'y' ]");
    transcript_end_empty(&t);
}

static void the_identifier_of_a_qos_2_message_outlives_the_connection(void) {
    BEGIN();
    transcript_up4(&t, 1, "b");
    transcript_subscribe4(&t, 1, "t", 0);
    SEND(0, "10 [ <'MQTT'> 04 00 0000 <'a'> ]");
    SEND(0, "34 [ <'t'> 0008 'x' ]");
    transcript_drop(&t, 0);
    SEND(0, "10 [ <'MQTT'> 04 00 0000 <'a'> ]");
    transcript_skip(&t, 0);
    transcript_skip(&t, 1);
    SEND(0, "3c [ <'t'> 0008 'x' ]");
    GOT(0, "50 02 00 08");
    GOT(1, "");
    SEND(0, "62 02 0008");
    GOT(0, "70 02 00 08");
    transcript_end(&t);
}

static void an_unknown_identifier_in_pubrel_is_answered(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    transcript_up4(&t, 1, "b");
    SEND(0, "62 02 0008");
    GOT(0, "70 03 00 08 92");
    SEND(1, "62 02 0008");
    GOT(1, "70 02 00 08");
    transcript_end_empty(&t);
}

static void an_acknowledged_identifier_means_a_new_message_whatever_dup_says(void) {
    BEGIN();
    transcript_up4(&t, 0, "a");
    transcript_up4(&t, 1, "b");
    transcript_subscribe4(&t, 1, "t", 0);
    SEND(0, "32 [ <'t'> 0007 'x' ] 3a [ <'t'> 0007 'x' ]"); /* MQTT-4.3.2-5 */
    GOT(0, "40 02 00 07 40 02 00 07");
    GOT(1, "30 [ <'t'> 'x' ] 30 [ <'t'> 'x' ]"); /* MQTT-3.3.1-3 */
    transcript_end_empty(&t);
}

/* --- topic aliases ------------------------------------------------------------------------------------------------- */

static void aliases_stand_for_topics(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    transcript_up5(&t, 1, "b");
    transcript_subscribe5(&t, 1, "#", 0);
    SEND(0, "30 [ <'x'> { 23 0001 } '1' ]");
    SEND(0, "30 [ <> { 23 0001 } '2' ]");
    SEND(0, "30 [ <'y'> { 23 0001 } '3' ]"); /* M5U-3.3.2.3-d */
    SEND(0, "30 [ <> { 23 0001 } '4' ]");
    SEND(0, "30 [ <'z'> { 23 0010 } '5' ]"); /* MQTT-3.3.2-12 */
    GOT(1, "30 [ <'x'> {} '1' ] 30 [ <'x'> {} '2' ] 30 [ <'y'> {} '3' ] 30 [ <'y'> {} '4' ] 30 [ <'z'> {} '5' ]");
    transcript_end_empty(&t);
}

static bool ended_with(uint8_t reason) {
    struct transcript_client *c = &t.clients[0];
    bool is = c->size > 2 && c->out[0] == 0xE0 && c->out[2] == reason;
    transcript_skip(&t, 0);
    return transcript_closed(&t, 0) && is;
}

static void wrong_aliases_end_the_connection(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    SEND(0, "30 [ <'x'> { 23 0000 } '1' ]");
    CU_ASSERT_TRUE(ended_with(0x94)); /* MQTT-3.3.2-8 */
    transcript_up5(&t, 0, "a");
    SEND(0, "30 [ <'x'> { 23 0011 } '1' ]");
    CU_ASSERT_TRUE(ended_with(0x94)); /* MQTT-3.3.2-9 */
    transcript_up5(&t, 0, "a");
    SEND(0, "30 [ <> { 23 0001 } '1' ]");
    CU_ASSERT_TRUE(ended_with(0x82)); /* M5U-3.3.2.3-b */
    transcript_up5(&t, 0, "a");
    SEND(0, "30 [ <> {} '1' ]");
    CU_ASSERT_TRUE(ended_with(0x82)); /* M5U-3.3.2.1-a */
    transcript_end_empty(&t);
}

static void aliases_end_with_their_connection(void) {
    BEGIN();
    transcript_resume5(&t, 0, "a", "11 0000003c");
    SEND(0, "30 [ <'x'> { 23 0001 } '1' ]");
    transcript_drop(&t, 0);
    transcript_resume5(&t, 0, "a", "11 0000003c");
    SEND(0, "30 [ <> { 23 0001 } '1' ]"); /* MQTT-3.3.2-7 */
    CU_ASSERT_TRUE(ended_with(0x82));
    transcript_end_empty(&t);
}

/* --- limits -------------------------------------------------------------------------------------------------------- */

static void receive_maximum_bounds_a_5_0_client(void) {
    BEGIN("receive_maximum=2");
    transcript_up5(&t, 0, "a");
    for (int i = 0; i < 5; i++)
        SEND(0, "32 [ <'x'> 0001 {} ]"); /* answered at once: none is open */
    transcript_skip(&t, 0);
    SEND(0, "34 [ <'x'> 0001 {} ] 34 [ <'x'> 0002 {} ]");
    SEND(0, "62 02 0001");
    SEND(0, "34 [ <'x'> 0003 {} ]");
    GOT(0, "50 03 00 01 10 50 03 00 02 10 70 02 00 01 50 03 00 03 10");
    SEND(0, "34 [ <'x'> 0004 {} ]"); /* M5U-3.3.4-a */
    CU_ASSERT_TRUE(ended_with(0x93));
    transcript_end_empty(&t);
}

static void a_3_1_1_client_has_no_receive_maximum(void) {
    BEGIN("receive_maximum=2");
    transcript_up4(&t, 0, "a");
    SEND(0, "34 [ <'x'> 0005 ] 34 [ <'x'> 0001 ] 34 [ <'x'> 0003 ] 34 [ <'x'> 0001 ]");
    GOT(0, "50 02 0005 50 02 0001 50 02 0003 50 02 0001");
    transcript_end_empty(&t);
}

static void a_packet_above_the_maximum_ends_the_connection(void) {
    BEGIN("packet=64B");
    transcript_up5(&t, 0, "a");
    SEND(0, "30 42"); /* MQTT-3.2.2-15: the first bytes tell */
    CU_ASSERT_TRUE(ended_with(0x95));
    transcript_end_empty(&t);
}

static void no_memory_refuses_what_cannot_be_kept(void) {
    BEGIN("memory=1MiB", "queue=100000");
    SEND(1, "10 [ <'MQTT'> 04 00 0000 <'b'> ]");
    transcript_skip(&t, 1);
    transcript_subscribe4(&t, 1, "t", 1);
    transcript_drop(&t, 1);
    transcript_up5(&t, 0, "a");
    char text[2048], filler[1001];
    memset(filler, 'x', 1000);
    filler[1000] = '\0';
    snprintf(text, sizeof text, "32 [ <'t'> 0001 {} '%s' ]", filler);
    for (int i = 0; i < 2000; i++) {
        transcript_skip(&t, 0);
        SEND(0, text);
    }
    GOT(0, "40 03 00 01 97");
    CU_ASSERT_TRUE(broker_counts_of(t.broker)->dropped_memory > 0);
    CU_ASSERT_PTR_NOT_NULL(t.clients[0].connection);
    transcript_end(&t);
}

/* --- misbehaviours ------------------------------------------------------------------------------------------------- */

static void begin_pair(const char *misbehaviour) {
    BEGIN(misbehaviour);
    transcript_up4(&t, 0, "a");
    transcript_up4(&t, 1, "b");
    transcript_subscribe4(&t, 1, "#", 0);
}

static void publish(char payload) {
    char text[64];
    snprintf(text, sizeof text, "32 [ <'t'> 0001 '%c' ]", payload);
    SEND(0, text);
    GOT(0, "40 02 00 01");
}

static void drop_loses_every_nth(void) {
    begin_pair("drop=3");
    for (char c = '1'; c <= '7'; c++)
        publish(c);
    GOT(1, "30 [ <'t'> '1' ] 30 [ <'t'> '2' ] 30 [ <'t'> '4' ] 30 [ <'t'> '5' ] 30 [ <'t'> '7' ]");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_DROP].count, 2);
    transcript_end_empty(&t);
}

static void duplicate_delivers_every_nth_twice(void) {
    begin_pair("duplicate=2");
    SEND(0, "32 [ <'t'> 0001 '1' ] 3a [ <'t'> 0001 '1' ]"); /* a repeat does not count */
    GOT(0, "40 02 0001 40 02 0001");
    publish('2');
    GOT(1, "30 [ <'t'> '1' ] 30 [ <'t'> '1' ] 30 [ <'t'> '2' ] 30 [ <'t'> '2' ]");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_DUPLICATE].count, 1);
    transcript_end_empty(&t);
}

static void reorder_lets_the_next_one_overtake(void) {
    begin_pair("reorder=2");
    publish('1');
    publish('2'); /* held */
    GOT(1, "30 [ <'t'> '1' ]");
    SEND(0, "32 [ <'u'> 0001 'x' ]"); /* of another topic: overtakes, which is no breach of order */
    GOT(0, "40 02 00 01");
    publish('4'); /* would be held, but one is */
    GOT(1, "30 [ <'u'> 'x' ] 30 [ <'t'> '4' ] 30 [ <'t'> '2' ]");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_REORDER].count, 1);
    transcript_end_empty(&t);
}

static void what_nothing_overtakes_is_delivered_and_not_counted(void) {
    begin_pair("reorder=1");
    publish('1');
    transcript_advance(&t, 30 * SPAN_S - 1);
    GOT(1, "");
    transcript_advance(&t, 1);
    GOT(1, "30 [ <'t'> '1' ]");
    publish('2');
    transcript_drop(&t, 0);
    GOT(1, "30 [ <'t'> '2' ]");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_REORDER].count, 0);
    transcript_end_empty(&t);
}

static void reset_after_resets(void) {
    begin_pair("reset_after=2");
    publish('1');
    SEND(0, "32 [ <'t'> 0001 '2' ] 32 [ <'t'> 0002 '3' ]");
    GOT(0, "");
    CU_ASSERT_TRUE(transcript_was_reset(&t, 0));
    GOT(1, "30 [ <'t'> '1' ]");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_RESET_AFTER].count, 1);
    transcript_end_empty(&t);
}

static void second_connack_follows_every_nth_answer(void) {
    begin_pair("second_connack=2");
    publish('1');
    SEND(0, "32 [ <'t'> 0002 '2' ]");
    GOT(0, "40 02 00 02 20 02 00 00");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_SECOND_CONNACK].count, 1);
    transcript_end_empty(&t);
}

HARNESS_MAIN("broker_publish", HARNESS_CASE(every_qos_gets_its_answer),
             HARNESS_CASE(a_5_0_publisher_is_told_that_nobody_listens),
             HARNESS_CASE(a_repeat_at_qos_2_is_answered_and_not_delivered_again),
             HARNESS_CASE(the_identifier_of_a_qos_2_message_outlives_the_connection),
             HARNESS_CASE(an_unknown_identifier_in_pubrel_is_answered),
             HARNESS_CASE(an_acknowledged_identifier_means_a_new_message_whatever_dup_says),
             HARNESS_CASE(aliases_stand_for_topics), HARNESS_CASE(wrong_aliases_end_the_connection),
             HARNESS_CASE(aliases_end_with_their_connection), HARNESS_CASE(receive_maximum_bounds_a_5_0_client),
             HARNESS_CASE(a_3_1_1_client_has_no_receive_maximum),
             HARNESS_CASE(a_packet_above_the_maximum_ends_the_connection),
             HARNESS_CASE(no_memory_refuses_what_cannot_be_kept), HARNESS_CASE(drop_loses_every_nth),
             HARNESS_CASE(duplicate_delivers_every_nth_twice), HARNESS_CASE(reorder_lets_the_next_one_overtake),
             HARNESS_CASE(what_nothing_overtakes_is_delivered_and_not_counted), HARNESS_CASE(reset_after_resets),
             HARNESS_CASE(second_connack_follows_every_nth_answer))
