#include "backend/broker_state.h"

#include <stdio.h>

#include "harness.h"
#include "transcript.h"

static struct transcript t;

#define BEGIN(...)             transcript_begin(&t, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define SEND(client, notation) transcript_send(&t, client, notation)

static void delivery_qos_is_the_lower_one(void) {
    static const char *const wanted[3][3] = {
        {"30 [ <'x'> 'p' ]", "30 [ <'x'> 'p' ]", "30 [ <'x'> 'p' ]"},
        {"30 [ <'x'> 'p' ]", "32 [ <'x'> 0001 'p' ]", "32 [ <'x'> 0001 'p' ]"},
        {"30 [ <'x'> 'p' ]", "32 [ <'x'> 0001 'p' ]", "34 [ <'x'> 0001 'p' ]"},
    };
    static const char *const publish[3] = {"30 [ <'x'> 'p' ]", "32 [ <'x'> 0001 'p' ]", "34 [ <'x'> 0001 'p' ]"};
    for (uint8_t published = 0; published < 3; published++)
        for (uint8_t granted = 0; granted < 3; granted++) { /* MQTT-3.8.4-8 */
            BEGIN();
            transcript_up4(&t, 0, "a");
            transcript_up4(&t, 1, "b");
            transcript_subscribe4(&t, 1, "x", granted);
            SEND(0, publish[published]);
            GOT(1, wanted[published][granted]);
            transcript_end_empty(&t);
        }
}

static void overlapping_subscriptions_give_one_copy_with_all_identifiers(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    transcript_up5(&t, 1, "b");
    SEND(1, "82 [ 0001 { 0b 05 } <'x/#'> 00 ]");
    SEND(1, "82 [ 0002 { 0b ffffff7f } <'x/y'> 01 ]");
    SEND(1, "82 [ 0003 {} <'+/y'> 00 ]");
    transcript_skip(&t, 1);
    SEND(0, "34 [ <'x/y'> 0001 {} 'p' ]"); /* MQTT-3.3.4-2, -3, -4 */
    GOT(1, "32 [ <'x/y'> 0001 { 0b 05 0b ffffff7f } 'p' ]");
    transcript_end_empty(&t);
}

static void no_local_keeps_a_clients_own_messages_from_it(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    transcript_up5(&t, 1, "b");
    transcript_subscribe5(&t, 0, "x", 0x04);
    transcript_subscribe5(&t, 1, "x", 0x04);
    SEND(0, "30 [ <'x'> {} 'p' ]"); /* MQTT-3.8.3-3 */
    GOT(0, "");
    GOT(1, "30 [ <'x'> {} 'p' ]");
    transcript_end_empty(&t);
}

static void retain_is_forwarded_only_as_published(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    transcript_up5(&t, 1, "b");
    transcript_up4(&t, 2, "c");
    transcript_subscribe5(&t, 0, "x", 0x08);
    transcript_subscribe5(&t, 1, "x", 0x00);
    transcript_subscribe4(&t, 2, "x", 0);
    SEND(0, "31 [ <'x'> {} 'p' ] 30 [ <'x'> {} 'q' ]");
    GOT(0, "31 [ <'x'> {} 'p' ] 30 [ <'x'> {} 'q' ]"); /* MQTT-3.3.1-13 */
    GOT(1, "30 [ <'x'> {} 'p' ] 30 [ <'x'> {} 'q' ]"); /* MQTT-3.3.1-12 */
    GOT(2, "30 [ <'x'> 'p' ] 30 [ <'x'> 'q' ]");       /* 3.1.1: MQTT-3.3.1-9 */
    transcript_end_empty(&t);
}

static void dollar_topics_stay_out_of_leading_wildcards(void) {
    BEGIN();
    transcript_up4(&t, 0, "a");
    transcript_subscribe4(&t, 0, "#", 0);
    transcript_subscribe4(&t, 0, "+/x", 0);
    transcript_subscribe4(&t, 0, "$own/#", 0);
    SEND(0, "30 [ <'$sys/x'> ] 30 [ <'$own/x'> '1' ]"); /* MQTT-4.7.2-1 */
    GOT(0, "30 [ <'$own/x'> '1' ]");
    transcript_end_empty(&t);
}

static void a_share_group_gets_one_copy_in_turn(void) {
    BEGIN();
    transcript_up5(&t, 0, "p");
    for (unsigned i = 1; i <= 3; i++) {
        transcript_up5(&t, i, (const char *[]){"", "a", "b", "c"}[i]);
        transcript_subscribe5(&t, i, i < 3 ? "$share/g/x" : "$share/h/+", 0);
    }
    transcript_subscribe5(&t, 1, "x", 0);                                   /* not shared: a copy of its own */
    SEND(0, "30 [ <'x'> {} '1' ] 30 [ <'x'> {} '2' ] 30 [ <'x'> {} '3' ]"); /* M5U-4.8.2-a */
    GOT(1, "30 [ <'x'> {} '1' ] 30 [ <'x'> {} '1' ] 30 [ <'x'> {} '2' ] 30 [ <'x'> {} '3' ] 30 [ <'x'> {} '3' ]");
    GOT(2, "30 [ <'x'> {} '2' ]");
    GOT(3, "30 [ <'x'> {} '1' ] 30 [ <'x'> {} '2' ] 30 [ <'x'> {} '3' ]");
    transcript_end_empty(&t);
}

static void shared_messages_go_to_those_who_are_there(void) {
    BEGIN();
    transcript_up5(&t, 0, "p");
    transcript_resume5(&t, 1, "a", "11 0000003c");
    transcript_resume5(&t, 2, "b", "11 0000003c");
    transcript_subscribe5(&t, 1, "$share/g/x", 1);
    transcript_subscribe5(&t, 2, "$share/g/x", 1);
    transcript_drop(&t, 1);
    SEND(0, "30 [ <'x'> {} '1' ] 30 [ <'x'> {} '2' ]");
    GOT(2, "30 [ <'x'> {} '1' ] 30 [ <'x'> {} '2' ]");
    transcript_drop(&t, 2);
    SEND(0, "30 [ <'x'> {} '3' ]"); /* nobody: QoS 0 does not wait */
    SEND(0, "32 [ <'x'> 0001 {} '4' ] 32 [ <'x'> 0002 {} '5' ]");
    transcript_resume5(&t, 1, "a", "11 0000003c");
    transcript_resume5(&t, 2, "b", "11 0000003c");
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->dropped_offline, 1);
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->delivered[1], 2);
    transcript_end_empty(&t);
}

static void the_turn_survives_those_who_leave(void) {
    BEGIN();
    transcript_up5(&t, 0, "p");
    for (unsigned i = 1; i <= 3; i++) {
        transcript_up5(&t, i, (const char *[]){"", "a", "b", "c"}[i]);
        transcript_subscribe5(&t, i, "$share/g/x", 0);
    }
    SEND(0, "30 [ <'x'> {} '1' ]");
    GOT(1, "30 [ <'x'> {} '1' ]");
    transcript_drop(&t, 2); /* whose turn it was */
    SEND(0, "30 [ <'x'> {} '2' ] 30 [ <'x'> {} '3' ]");
    GOT(3, "30 [ <'x'> {} '2' ]");
    GOT(1, "30 [ <'x'> {} '3' ]");
    transcript_drop(&t, 1);
    transcript_drop(&t, 3);
    SEND(0, "32 [ <'x'> 0001 {} '4' ]");
    GOT(0, "40 03 00 01 10");
    transcript_end_empty(&t);
}

HARNESS_MAIN("broker_route", HARNESS_CASE(delivery_qos_is_the_lower_one),
             HARNESS_CASE(overlapping_subscriptions_give_one_copy_with_all_identifiers),
             HARNESS_CASE(no_local_keeps_a_clients_own_messages_from_it),
             HARNESS_CASE(retain_is_forwarded_only_as_published),
             HARNESS_CASE(dollar_topics_stay_out_of_leading_wildcards),
             HARNESS_CASE(a_share_group_gets_one_copy_in_turn), HARNESS_CASE(shared_messages_go_to_those_who_are_there),
             HARNESS_CASE(the_turn_survives_those_who_leave))
