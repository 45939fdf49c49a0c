#include "backend/broker_state.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "harness.h"
#include "transcript.h"

static struct transcript t;

#define BEGIN(...)             transcript_begin(&t, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define SEND(client, notation) transcript_send(&t, client, notation)

/* CONNACK of 5.0 with the default limits and `more` properties before and after them. */
#define CONNACK5 "21 03e8 22 0010 27 01000000"

/* --- CONNACK ------------------------------------------------------------------------------------------------------- */

static void a_3_1_1_client_is_accepted(void) {
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 04 02 003c <'a'> ]");
    GOT(0, "20 02 00 00");
    transcript_end_empty(&t);
}

static void a_5_0_client_is_told_the_limits(void) {
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 05 02 003c {} <'a'> ]");
    GOT(0, "20 [ 00 00 { " CONNACK5 " } ]");
    transcript_end_empty(&t);
}

static void a_5_0_client_is_told_the_keep_alive_and_expiry_of_the_server(void) {
    BEGIN("keep_alive=30s", "session_expiry=60s", "topic_aliases=0");
    SEND(0, "10 [ <'MQTT'> 05 02 003c { 11 00000e10 } <'a'> ]");
    GOT(0, "20 [ 00 00 { 11 0000003c 13 001e 21 03e8 27 01000000 } ]");
    SEND(1, "10 [ <'MQTT'> 05 02 003c { 11 0000003c } <'b'> ]");
    GOT(1, "20 [ 00 00 { 13 001e 21 03e8 27 01000000 } ]");
    transcript_end_empty(&t);
}

static void an_empty_identifier_is_replaced(void) {
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 05 02 0000 {} <> ]");
    GOT(0, "20 [ 00 00 { 12 <'muster-assigned-1'> " CONNACK5 " } ]");
    transcript_up5(&t, 1, "muster-assigned-2"); /* taken: the next one is 3 */
    SEND(2, "10 [ <'MQTT'> 05 02 0000 {} <> ]");
    GOT(2, "20 [ 00 00 { 12 <'muster-assigned-3'> " CONNACK5 " } ]");
    SEND(3, "10 [ <'MQTT'> 04 02 0000 <> ]");
    GOT(3, "20 02 00 00");
    SEND(4, "10 [ <'MQTT'> 04 00 0000 <> ]"); /* 3.1.1: MQTT-3.1.3-8 */
    GOT(4, "20 02 00 02");
    CLOSED(4);
    transcript_end_empty(&t);
}

static void response_information_comes_only_when_asked_for(void) {
    BEGIN("topic_aliases=0");
    SEND(0, "10 [ <'MQTT'> 05 02 0000 { 19 01 } <'dev'> ]");
    GOT(0, "20 [ 00 00 { 1a <'response/dev'> 21 03e8 27 01000000 } ]");
    SEND(1, "10 [ <'MQTT'> 05 02 0000 { 19 01 } <'d+'> ]"); /* would make no topic */
    GOT(1, "20 [ 00 00 { 21 03e8 27 01000000 } ]");
    SEND(2, "10 [ <'MQTT'> 05 02 0000 { 19 00 } <'x'> ]");
    GOT(2, "20 [ 00 00 { 21 03e8 27 01000000 } ]");
    transcript_end_empty(&t);
}

/* --- refusals ------------------------------------------------------------------------------------------------------ */

static void malformed_connects_end_as_the_version_wants_it(void) {
    static const struct {
        const char *sent, *got;
    } rows[] = {
        {"10 [ <'MQTT'> 04 03 0000 <'a'> ]", ""},            /* reserved flag; 3.1.1: MQTT-3.1.4-1 */
        {"10 [ <'MQTT'> 04 02 0000 <'a'> 00 ]", ""},         /* bytes left over */
        {"10 [ <'MQTT'> 04 42 0000 <'a'> <'p'> ]", ""},      /* password without user name */
        {"10 [ <'MQTX'> 04 02 0000 <'a'> ]", ""},            /* protocol name */
        {"10 [ <'MQIsdp'> 03 02 0000 <'a'> ]", ""},          /* 3.1 */
        {"10 [ <'MQTT'> 03 02 0000 <'a'> ]", "20 02 00 01"}, /* 3.1.1: MQTT-3.1.2-2 */
        {"10 [ <'MQTT'> 06 02 0000 {} <'a'> ]", "20 02 00 01"},
        {"30 [ <'t'> ]", ""}, /* MQTT-3.1.0-1 */
        {"c0 00", ""},
        {"00 00", ""},
        {"10 ff ff ff ff 01", ""},
    };
    BEGIN();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SEND(0, rows[i].sent);
        GOT(0, rows[i].got);
        CLOSED(0);
    }
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->violations, 11);
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->accepted, 0);
    transcript_end_empty(&t);
}

/* Only the reason code is compared: the reason string is for people. */
static bool refused5(const char *sent, uint8_t reason) {
    SEND(0, sent);
    bool is = t.clients[0].size > 5 && t.clients[0].out[0] == 0x20 && t.clients[0].out[2] == 0 &&
              t.clients[0].out[3] == reason;
    transcript_skip(&t, 0);
    return transcript_closed(&t, 0) && is;
}

static void a_5_0_client_is_told_what_was_wrong(void) {
    BEGIN();
    CU_ASSERT_TRUE(refused5("10 [ <'MQTT'> 05 03 0000 {} <'a'> ]", 0x81));
    CU_ASSERT_TRUE(refused5("10 [ <'MQTT'> 05 02 0000 { 21 0000 } <'a'> ]", 0x82));      /* M5U-3.1.2.11-c */
    CU_ASSERT_TRUE(refused5("10 [ <'MQTT'> 05 02 0000 { 27 00000000 } <'a'> ]", 0x82));  /* M5U-3.1.2.11-e */
    CU_ASSERT_TRUE(refused5("10 [ <'MQTT'> 05 02 0000 { 19 01 19 01 } <'a'> ]", 0x82));  /* M5U-3.1.2.11-g */
    CU_ASSERT_TRUE(refused5("10 [ <'MQTT'> 05 02 0000 { 15 <'other'> } <'a'> ]", 0x8C)); /* MQTT-4.12.0-1 */
    transcript_end_empty(&t);
}

static void a_reason_string_never_makes_connack_too_large(void) {
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 05 02 0000 { 15 <'other'> 27 00000008 } <'a'> ]"); /* MQTT-3.2.2-19 */
    GOT(0, "20 03 00 8c 00");
    CLOSED(0);
    transcript_end_empty(&t);
}

static void a_client_for_whom_connack_is_too_large_is_closed(void) {
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 05 02 0000 { 27 00000006 } <'a'> ]"); /* MQTT-3.1.2-24 */
    GOT(0, "");
    CLOSED(0);
    transcript_end_empty(&t);
}

static void a_second_connect_is_a_protocol_error(void) {
    BEGIN();
    transcript_up4(&t, 0, "a");
    SEND(0, "10 [ <'MQTT'> 04 02 0000 <'a'> ]"); /* MQTT-3.1.0-2 */
    GOT(0, "");
    CLOSED(0);
    transcript_up5(&t, 0, "a");
    SEND(0, "10 [ <'MQTT'> 05 02 0000 {} <'a'> ]");
    GOT(0, "e0 [ 82 { 1f <'a second CONNECT'> } ]");
    CLOSED(0);
    transcript_end_empty(&t);
}

static void who_sends_no_connect_is_closed_after_a_while(void) {
    BEGIN("connect_timeout=3s");
    transcript_open(&t, 0);
    transcript_advance(&t, 3 * SPAN_S - 1);
    CU_ASSERT_FALSE(transcript_closed(&t, 0));
    transcript_advance(&t, 1);
    CLOSED(0);
    transcript_end_empty(&t);
}

static void return_codes_follow_reason_codes(void) {
    CU_ASSERT_EQUAL(broker_connect_return_code(0x84), 1);
    CU_ASSERT_EQUAL(broker_connect_return_code(0x85), 2);
    CU_ASSERT_EQUAL(broker_connect_return_code(0x88), 3);
    CU_ASSERT_EQUAL(broker_connect_return_code(0x86), 4);
    CU_ASSERT_EQUAL(broker_connect_return_code(0x87), 5);
    CU_ASSERT_EQUAL(broker_connect_return_code(0x9F), 3);
}

/* --- sessions ------------------------------------------------------------------------------------------------------ */

static void session_present_tells_whether_there_was_one(void) {
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 04 00 0000 <'a'> ]");
    GOT(0, "20 02 00 00"); /* 3.1.1: MQTT-3.2.2-3 */
    transcript_drop(&t, 0);
    SEND(0, "10 [ <'MQTT'> 04 00 0000 <'a'> ]");
    GOT(0, "20 02 01 00"); /* 3.1.1: MQTT-3.2.2-2 */
    transcript_drop(&t, 0);
    SEND(0, "10 [ <'MQTT'> 04 02 0000 <'a'> ]");
    GOT(0, "20 02 00 00"); /* 3.1.1: MQTT-3.2.2-1 */
    transcript_drop(&t, 0);
    SEND(0, "10 [ <'MQTT'> 04 00 0000 <'a'> ]");
    GOT(0, "20 02 00 00"); /* 3.1.1: MQTT-3.1.2-6 */
    transcript_end(&t);
}

static void the_identifier_moves_to_the_newer_connection(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    transcript_up4(&t, 1, "b");
    transcript_up5(&t, 2, "a"); /* MQTT-3.1.4-3 */
    GOT(0, "e0 01 8e");
    CLOSED(0);
    transcript_up4(&t, 3, "b");
    GOT(1, "");
    CLOSED(1);
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->taken_over, 2);
    transcript_end_empty(&t);
}

static void a_session_of_no_expiry_ends_with_the_connection_that_is_taken_over(void) {
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 05 00 0000 {} <'a'> ]");
    transcript_skip(&t, 0);
    SEND(1, "10 [ <'MQTT'> 05 00 0000 {} <'a'> ]");
    CU_ASSERT_EQUAL(t.clients[1].out[2], 0);
    transcript_resume5(&t, 2, "b", "11 0000003c");
    SEND(3, "10 [ <'MQTT'> 05 00 0000 { 11 0000003c } <'b'> ]");
    CU_ASSERT_EQUAL(t.clients[3].out[2], 1);
    transcript_end_empty(&t);
}

static void no_room_for_another_session_is_a_refusal(void) {
    BEGIN("sessions=1");
    transcript_up5(&t, 0, "a");
    CU_ASSERT_TRUE(broker_counts_of(t.broker)->sessions == 1);
    SEND(1, "10 [ <'MQTT'> 05 02 0000 {} <'b'> ]");
    CU_ASSERT_EQUAL(t.clients[1].out[3], 0x97);
    CLOSED(1);
    transcript_end_empty(&t);
}

/* --- AUTH ---------------------------------------------------------------------------------------------------------- */

static void challenge_of(unsigned client, char *text) {
    struct transcript_client *c = &t.clients[client];
    CU_ASSERT_TRUE_FATAL(c->size == 2 + 1 + 1 + 3 + 11 + 3 + 16);
    CU_ASSERT_EQUAL(c->out[0], 0xF0);
    CU_ASSERT_EQUAL(c->out[2], 0x18);
    memcpy(text, c->out + c->size - 16, 16);
    text[16] = '\0';
    transcript_skip(&t, client);
}

static void echo(unsigned client, const char *challenge) {
    char text[128];
    snprintf(text, sizeof text, "f0 [ 18 { 15 <'muster-echo'> 16 <'%s'> } ]", challenge);
    SEND(client, text);
}

static void an_echoed_challenge_is_accepted(void) {
    char challenge[17];
    BEGIN("topic_aliases=0");
    SEND(0, "10 [ <'MQTT'> 05 02 0000 { 15 <'muster-echo'> } <'a'> ]");
    challenge_of(0, challenge);
    echo(0, challenge);
    GOT(0, "20 [ 00 00 { 15 <'muster-echo'> 21 03e8 27 01000000 } ]"); /* MQTT-4.12.0-5 */
    SEND(0, "c0 00");
    GOT(0, "d0 00");
    transcript_end_empty(&t);
}

static void a_wrong_echo_is_refused(void) {
    char challenge[17];
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 05 02 0000 { 15 <'muster-echo'> } <'a'> ]");
    challenge_of(0, challenge);
    challenge[0] = 'x';
    echo(0, challenge);
    CU_ASSERT_EQUAL(t.clients[0].out[0], 0x20);
    CU_ASSERT_EQUAL(t.clients[0].out[3], 0x87); /* MQTT-4.12.0-4 */
    CLOSED(0);
    transcript_end_empty(&t);
}

static void only_auth_and_disconnect_come_before_connack(void) {
    char challenge[17];
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 05 02 0000 { 15 <'muster-echo'> } <'a'> ]");
    challenge_of(0, challenge);
    SEND(0, "c0 00"); /* MQTT-3.1.2-30 */
    CU_ASSERT_EQUAL(t.clients[0].out[0], 0x20);
    CU_ASSERT_EQUAL(t.clients[0].out[3], 0x82);
    CLOSED(0);
    SEND(1, "10 [ <'MQTT'> 05 02 0000 { 15 <'muster-echo'> } <'a'> ]");
    challenge_of(1, challenge);
    SEND(1, "e0 00");
    GOT(1, "");
    CLOSED(1);
    transcript_end_empty(&t);
}

static void a_client_authenticates_again(void) {
    char challenge[17];
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 05 02 0000 { 15 <'muster-echo'> } <'a'> ]");
    challenge_of(0, challenge);
    echo(0, challenge);
    transcript_skip(&t, 0);
    SEND(0, "f0 [ 19 { 15 <'muster-echo'> } ]");
    challenge_of(0, challenge);
    SEND(0, "c0 00"); /* other packets go on meanwhile */
    GOT(0, "d0 00");
    echo(0, challenge);
    GOT(0, "f0 [ 00 { 15 <'muster-echo'> } ]");
    SEND(0, "f0 [ 19 { 15 <'other'> } ]"); /* MQTT-4.12.1-1 */
    CU_ASSERT_EQUAL(t.clients[0].out[0], 0xE0);
    CU_ASSERT_EQUAL(t.clients[0].out[2], 0x82);
    CLOSED(0);
    transcript_end_empty(&t);
}

static void auth_without_a_method_in_connect_is_a_protocol_error(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    SEND(0, "f0 [ 19 { 15 <'muster-echo'> } ]"); /* MQTT-4.12.0-7 */
    CU_ASSERT_EQUAL(t.clients[0].out[0], 0xE0);
    CU_ASSERT_EQUAL(t.clients[0].out[2], 0x82);
    CLOSED(0);
    transcript_end_empty(&t);
}

static void an_unanswered_challenge_ends_in_time(void) {
    char challenge[17];
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 05 02 0000 { 15 <'muster-echo'> } <'a'> ]");
    challenge_of(0, challenge);
    transcript_advance(&t, 10 * SPAN_S);
    CLOSED(0);
    transcript_end_empty(&t);
}

/* --- admission and misbehaviours ----------------------------------------------------------------------------------- */

static void connects_above_the_rate_are_refused(void) {
    BEGIN("admit=10/s", "topic_aliases=0");
    SEND(0, "10 [ <'MQTT'> 04 02 0000 <'a'> ]");
    SEND(1, "10 [ <'MQTT'> 04 02 0000 <'b'> ]"); /* the tolerance of 100 ms lets one more pass */
    SEND(2, "10 [ <'MQTT'> 04 02 0000 <'c'> ]");
    SEND(3, "10 [ <'MQTT'> 05 02 0000 {} <'d'> ]");
    GOT(0, "20 02 00 00");
    GOT(1, "20 02 00 00");
    GOT(2, "20 02 00 03");
    CLOSED(2);
    GOT(3, "20 [ 00 9f {} ]");
    CLOSED(3);
    unsigned accepted = 0;
    for (unsigned ms = 0; ms < 10000; ms += 5) {
        transcript_advance(&t, 5 * SPAN_MS);
        SEND(4, "10 [ <'MQTT'> 04 02 0000 <'x'> ]");
        accepted += t.clients[4].out[3] == 0;
        transcript_skip(&t, 4);
        if (t.clients[4].connection != NULL)
            transcript_drop(&t, 4);
        t.clients[4].closed = false;
    }
    CU_ASSERT_EQUAL(accepted, 100);
    transcript_end_empty(&t);
}

static void a_window_admits_its_share_at_one_instant(void) {
    BEGIN("admit=10/s", "admit_window=1s");
    for (unsigned second = 0; second < 3; second++) {
        unsigned accepted = 0;
        for (unsigned i = 0; i < 50; i++) {
            SEND(4, "10 [ <'MQTT'> 04 02 0000 <'x'> ]");
            accepted += t.clients[4].out[3] == 0;
            transcript_skip(&t, 4);
            if (t.clients[4].connection != NULL)
                transcript_drop(&t, 4);
            t.clients[4].closed = false;
        }
        CU_ASSERT_EQUAL(accepted, 10);
        transcript_advance(&t, SPAN_S);
    }
    transcript_end_empty(&t);
}

static void connects_above_the_rate_wait_when_told_to(void) {
    BEGIN("admit=10/s", "admit_wait");
    for (unsigned i = 0; i < 5; i++) {
        char text[64];
        snprintf(text, sizeof text, "10 [ <'MQTT'> 04 02 0000 <'%u'> ]", i);
        SEND(i, text);
    }
    SEND(4, "c0"); /* what follows the CONNECT waits with it */
    SEND(4, "00");
    transcript_drop(&t, 3); /* one gives up: the next takes its turn */
    GOT(0, "20 02 00 00");
    GOT(1, "20 02 00 00");
    GOT(2, "");
    transcript_advance(&t, 100 * SPAN_MS);
    GOT(2, "20 02 00 00");
    GOT(4, "");
    transcript_advance(&t, 100 * SPAN_MS);
    GOT(4, "20 02 00 00 d0 00");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_ADMIT_WAIT].count, 3);
    transcript_end_empty(&t);
}

static void refuse_connects_refuses(void) {
    BEGIN("refuse_connects=0x87");
    SEND(0, "10 [ <'MQTT'> 05 02 0000 {} <'a'> ]");
    GOT(0, "20 03 00 87 00");
    CLOSED(0);
    SEND(0, "10 [ <'MQTT'> 04 02 0000 <'a'> ]");
    GOT(0, "20 02 00 05");
    CLOSED(0);
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_REFUSE_CONNECTS].count, 2);
    transcript_end_empty(&t);
}

static void redirect_names_another_server(void) {
    BEGIN("redirect=192.0.2.7:1883");
    SEND(0, "10 [ <'MQTT'> 05 02 0000 {} <'a'> ]");
    GOT(0, "20 [ 00 9d { 1c <'192.0.2.7:1883'> } ]");
    CLOSED(0);
    SEND(0, "10 [ <'MQTT'> 04 02 0000 <'a'> ]");
    GOT(0, "20 02 00 03");
    CLOSED(0);
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_REDIRECT].count, 2);
    transcript_end_empty(&t);
}

static void mute_connects_leaves_every_nth_unanswered(void) {
    BEGIN("mute_connects=2");
    transcript_up4(&t, 0, "a");
    SEND(1, "10 [ <'MQTT'> 04 02 0001 <'b'> ] c0 00");
    transcript_advance(&t, SPAN_H);
    GOT(1, "");
    CU_ASSERT_PTR_NOT_NULL(t.clients[1].connection);
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_MUTE_CONNECTS].count, 1);
    transcript_end_empty(&t);
}

static void spoiled_connacks_are_spoiled_as_announced(void) {
    BEGIN("truncated_connack=2", "malformed_connack=3");
    transcript_up4(&t, 0, "a");
    SEND(1, "10 [ <'MQTT'> 04 02 0000 <'b'> ] c0 00");
    GOT(1, "20 02 00");
    SEND(2, "10 [ <'MQTT'> 04 02 0000 <'c'> ] c0 00");
    GOT(2, "20 02 fe 00 d0 00");
    transcript_end_empty(&t);
    /* a remaining length of two bytes */
    BEGIN("malformed_connack=1", "topic_aliases=0");
    SEND(0,
         "10 [ <'MQTT'> 05 02 0000 { 19 01 } <'0123456789012345678901234567890123456789012345678901234567890123456789"
         "012345678901234567890123456789012345678901234567890123456789'> ]");
    CU_ASSERT_EQUAL(t.clients[0].out[3], 0xFE);
    CU_ASSERT_EQUAL(t.clients[0].out[4], 0);
    transcript_end_empty(&t);
}

static void forget_sessions_forgets_them(void) {
    BEGIN("forget_sessions");
    SEND(0, "10 [ <'MQTT'> 04 00 0000 <'a'> ]");
    transcript_drop(&t, 0);
    SEND(0, "10 [ <'MQTT'> 04 00 0000 <'a'> ]");
    GOT(0, "20 02 00 00");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_FORGET_SESSIONS].count, 1);
    transcript_end_empty(&t);
}

HARNESS_MAIN(
    "broker_connect", HARNESS_CASE(a_3_1_1_client_is_accepted), HARNESS_CASE(a_5_0_client_is_told_the_limits),
    HARNESS_CASE(a_5_0_client_is_told_the_keep_alive_and_expiry_of_the_server),
    HARNESS_CASE(an_empty_identifier_is_replaced), HARNESS_CASE(response_information_comes_only_when_asked_for),
    HARNESS_CASE(malformed_connects_end_as_the_version_wants_it), HARNESS_CASE(a_5_0_client_is_told_what_was_wrong),
    HARNESS_CASE(a_reason_string_never_makes_connack_too_large),
    HARNESS_CASE(a_client_for_whom_connack_is_too_large_is_closed), HARNESS_CASE(a_second_connect_is_a_protocol_error),
    HARNESS_CASE(who_sends_no_connect_is_closed_after_a_while), HARNESS_CASE(return_codes_follow_reason_codes),
    HARNESS_CASE(session_present_tells_whether_there_was_one),
    HARNESS_CASE(the_identifier_moves_to_the_newer_connection),
    HARNESS_CASE(a_session_of_no_expiry_ends_with_the_connection_that_is_taken_over),
    HARNESS_CASE(no_room_for_another_session_is_a_refusal), HARNESS_CASE(an_echoed_challenge_is_accepted),
    HARNESS_CASE(a_wrong_echo_is_refused), HARNESS_CASE(only_auth_and_disconnect_come_before_connack),
    HARNESS_CASE(a_client_authenticates_again), HARNESS_CASE(auth_without_a_method_in_connect_is_a_protocol_error),
    HARNESS_CASE(an_unanswered_challenge_ends_in_time), HARNESS_CASE(connects_above_the_rate_are_refused),
    HARNESS_CASE(a_window_admits_its_share_at_one_instant), HARNESS_CASE(connects_above_the_rate_wait_when_told_to),
    HARNESS_CASE(refuse_connects_refuses), HARNESS_CASE(redirect_names_another_server),
    HARNESS_CASE(mute_connects_leaves_every_nth_unanswered), HARNESS_CASE(spoiled_connacks_are_spoiled_as_announced),
    HARNESS_CASE(forget_sessions_forgets_them))
