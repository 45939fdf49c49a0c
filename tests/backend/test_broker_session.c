#include "backend/broker_state.h"

#include "harness.h"
#include "transcript.h"

static struct transcript t;

#define BEGIN(...)             transcript_begin(&t, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define SEND(client, notation) transcript_send(&t, client, notation)

static uint64_t sessions(void) {
    return broker_counts_of(t.broker)->sessions;
}

/* --- expiry -------------------------------------------------------------------------------------------------------- */

static void a_session_ends_when_its_expiry_has_passed(void) {
    BEGIN();
    transcript_resume5(&t, 0, "a", "11 0000000a");
    transcript_advance(&t, SPAN_H); /* not while it is connected: MQTT-4.1.0-1 */
    CU_ASSERT_EQUAL(sessions(), 1);
    transcript_drop(&t, 0);
    transcript_advance(&t, 10 * SPAN_S - 1);
    CU_ASSERT_EQUAL(sessions(), 1);
    transcript_advance(&t, 1); /* MQTT-4.1.0-2 */
    CU_ASSERT_EQUAL(sessions(), 0);
    transcript_end_empty(&t);
}

static void no_expiry_ends_with_the_connection_and_all_ones_never(void) {
    BEGIN();
    transcript_resume5(&t, 0, "a", "");
    transcript_resume5(&t, 1, "b", "11 ffffffff"); /* M5U-3.1.2.11-k */
    transcript_drop(&t, 0);
    transcript_drop(&t, 1);
    CU_ASSERT_EQUAL(sessions(), 1);
    transcript_advance(&t, 1000 * SPAN_DAY);
    CU_ASSERT_EQUAL(sessions(), 1);
    transcript_end(&t);
}

static void the_limit_of_the_server_binds_3_1_1_too(void) {
    BEGIN("session_expiry=60s");
    SEND(0, "10 [ <'MQTT'> 04 00 0000 <'a'> ]");
    transcript_drop(&t, 0);
    transcript_advance(&t, 60 * SPAN_S);
    CU_ASSERT_EQUAL(sessions(), 0);
    transcript_end_empty(&t);
}

static void disconnect_may_change_the_expiry(void) {
    BEGIN();
    transcript_resume5(&t, 0, "a", "11 0000000a");
    SEND(0, "e0 [ 00 { 11 00000014 } ]"); /* M5U-3.14.2-b */
    CLOSED(0);
    transcript_advance(&t, 15 * SPAN_S);
    CU_ASSERT_EQUAL(sessions(), 1);
    transcript_resume5(&t, 0, "a", "11 0000000a");
    SEND(0, "e0 [ 00 { 11 00000000 } ]");
    CU_ASSERT_EQUAL(sessions(), 0);
    CLOSED(0);
    transcript_up5(&t, 0, "a");
    SEND(0, "e0 [ 00 { 11 00000005 } ]"); /* M5U-3.14.2-a */
    CU_ASSERT_EQUAL(t.clients[0].out[2], 0x82);
    CLOSED(0);
    transcript_end_empty(&t);
}

static void sessions_are_told_apart_byte_by_byte(void) {
    BEGIN();
    transcript_resume5(&t, 0, "a", "11 0000000a");
    transcript_resume5(&t, 1, "A", "11 0000000a");
    CU_ASSERT_EQUAL(sessions(), 2);
    CU_ASSERT_PTR_NOT_NULL(broker_session_find(t.broker, bytes_of_text("a")));
    CU_ASSERT_PTR_NULL(broker_session_find(t.broker, bytes_of_text("aa")));
    transcript_end_empty(&t);
}

/* --- wills --------------------------------------------------------------------------------------------------------- */

/* Client 1 listens to "w"; client 0 has the will "gone" on it, at QoS 1. */
static void begin_with_will(const char *connect) {
    BEGIN();
    transcript_up4(&t, 1, "listener");
    transcript_subscribe4(&t, 1, "w", 0);
    SEND(0, connect);
    transcript_skip(&t, 0);
}

#define WILL4             "10 [ <'MQTT'> 04 0e 0000 <'a'> <'w'> <'gone'> ]"
#define WILL5(properties) "10 [ <'MQTT'> 05 0c 0000 { 11 0000003c } <'a'> {" properties "} <'w'> <'gone'> ]"
#define GONE              "30 [ <'w'> 'gone' ]"

static void a_lost_connection_publishes_the_will(void) {
    begin_with_will(WILL4);
    transcript_drop(&t, 0); /* 3.1.1: MQTT-3.1.2-8 */
    GOT(1, GONE);
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->wills, 1);
    transcript_end_empty(&t);
}

static void a_violation_publishes_the_will(void) {
    begin_with_will(WILL4);
    SEND(0, "00 00");
    GOT(1, GONE);
    CLOSED(0);
    transcript_end_empty(&t);
}

static void a_taken_over_connection_publishes_its_will(void) {
    begin_with_will(WILL4);
    SEND(2, "10 [ <'MQTT'> 04 02 0000 <'a'> ]");
    GOT(1, GONE);
    transcript_end_empty(&t);
}

static void disconnect_removes_the_will_unless_it_asks_for_it(void) {
    begin_with_will(WILL4);
    SEND(0, "e0 00"); /* 3.1.1: MQTT-3.14.4-3 */
    GOT(1, "");
    transcript_end_empty(&t);
    begin_with_will(WILL5(""));
    SEND(0, "e0 01 00"); /* MQTT-3.14.4-3 */
    GOT(1, "");
    transcript_end_empty(&t);
    begin_with_will(WILL5(""));
    SEND(0, "e0 01 04"); /* M5U-3.1.2.5-a */
    GOT(1, GONE);
    transcript_end_empty(&t);
}

static void a_will_waits_for_its_delay(void) {
    begin_with_will(WILL5("18 0000000a"));
    transcript_drop(&t, 0);
    transcript_advance(&t, 10 * SPAN_S - 1);
    GOT(1, "");
    transcript_advance(&t, 1); /* MQTT-3.1.2-8 */
    GOT(1, GONE);
    transcript_end_empty(&t);
}

static void a_client_that_is_back_in_time_stops_its_will(void) {
    begin_with_will(WILL5("18 0000000a"));
    transcript_drop(&t, 0);
    transcript_advance(&t, 5 * SPAN_S);
    transcript_resume5(&t, 0, "a", "11 0000003c"); /* MQTT-3.1.3-9 */
    transcript_advance(&t, SPAN_MIN);
    transcript_drop(&t, 0);
    transcript_advance(&t, SPAN_H);
    GOT(1, "");
    transcript_end_empty(&t);
}

static void the_end_of_the_session_ends_the_delay(void) {
    begin_with_will(WILL5("18 000000ff"));
    transcript_drop(&t, 0);
    transcript_advance(&t, 60 * SPAN_S - 1);
    GOT(1, "");
    transcript_advance(&t, 1); /* M5U-3.1.3.2-b */
    GOT(1, GONE);
    transcript_end_empty(&t);
    begin_with_will(WILL5("18 000000ff"));
    transcript_drop(&t, 0);
    transcript_up5(&t, 2, "a"); /* clean start ends it too */
    GOT(1, GONE);
    transcript_end_empty(&t);
}

static void a_will_keeps_its_flags_and_properties(void) {
    BEGIN();
    transcript_up5(&t, 1, "listener");
    transcript_subscribe5(&t, 1, "w", 1);
    SEND(
        0,
        "10 [ <'MQTT'> 05 2e 0000 {} <'a'> { 02 00000005 03 <'text'> 26 <'k'> <'2'> 26 <'k'> <'1'> } <'w'> <'gone'> ]");
    transcript_advance(&t, SPAN_MIN); /* the expiry counts from the publication */
    transcript_drop(&t, 0);
    GOT(1, "32 [ <'w'> 0001 { 02 00000005 03 <'text'> 26 <'k'> <'2'> 26 <'k'> <'1'> } 'gone' ]"); /* MQTT-3.1.3-10 */
    SEND(1, "82 [ 0001 {} <'w'> 00 ]");
    GOT(1,
        "90 [ 0001 {} 00 ] 31 [ <'w'> { 02 00000005 03 <'text'> 26 <'k'> <'2'> 26 <'k'> <'1'> } 'gone' ]"); /* MQTT-3.1.2-15 */
    transcript_end(&t);
}

static void a_will_can_end_others(void) {
    /* The listener's own answer to the will is more than its connection can hold; nothing recurses. */
    BEGIN("drip=1/s");
    SEND(1, "10 [ <'MQTT'> 04 02 0000 <'l'> ] 82 [ 0001 <'w'> 00 ]");
    SEND(0, WILL4);
    transcript_drop(&t, 0);
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->wills, 1);
    transcript_end_empty(&t);
}

/* --- QoS 2 identifiers --------------------------------------------------------------------------------------------- */

static void received_identifiers_are_a_set(void) {
    BEGIN();
    transcript_up4(&t, 0, "a");
    struct broker_session *s = broker_session_find(t.broker, bytes_of_text("a"));
    for (unsigned i = 0; i < 65535; i++)
        CU_ASSERT_EQUAL(broker_session_add_received(t.broker, s, (uint16_t)(i * 7919 % 65535 + 1)), 0);
    CU_ASSERT_EQUAL(s->received_count, 65535);
    unsigned missing = 0;
    for (unsigned i = 1; i <= 65535; i++)
        missing += !broker_session_has_received(s, (uint16_t)i);
    for (unsigned i = 1; i <= 65535; i += 2)
        missing += !broker_session_remove_received(s, (uint16_t)i);
    for (unsigned i = 1; i <= 65535; i++)
        missing += broker_session_has_received(s, (uint16_t)i) != (i % 2 == 0);
    CU_ASSERT_EQUAL(missing, 0);
    CU_ASSERT_FALSE(broker_session_remove_received(s, 1));
    transcript_end_empty(&t);
}

HARNESS_MAIN("broker_session", HARNESS_CASE(a_session_ends_when_its_expiry_has_passed),
             HARNESS_CASE(no_expiry_ends_with_the_connection_and_all_ones_never),
             HARNESS_CASE(the_limit_of_the_server_binds_3_1_1_too), HARNESS_CASE(disconnect_may_change_the_expiry),
             HARNESS_CASE(sessions_are_told_apart_byte_by_byte), HARNESS_CASE(a_lost_connection_publishes_the_will),
             HARNESS_CASE(a_violation_publishes_the_will), HARNESS_CASE(a_taken_over_connection_publishes_its_will),
             HARNESS_CASE(disconnect_removes_the_will_unless_it_asks_for_it), HARNESS_CASE(a_will_waits_for_its_delay),
             HARNESS_CASE(a_client_that_is_back_in_time_stops_its_will),
             HARNESS_CASE(the_end_of_the_session_ends_the_delay), HARNESS_CASE(a_will_keeps_its_flags_and_properties),
             HARNESS_CASE(a_will_can_end_others), HARNESS_CASE(received_identifiers_are_a_set))
