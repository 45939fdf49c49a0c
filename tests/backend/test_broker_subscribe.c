#include "backend/broker_state.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "transcript.h"

static struct transcript t;

#define BEGIN(...)             transcript_begin(&t, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define SEND(client, notation) transcript_send(&t, client, notation)

static void every_filter_gets_its_code(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    SEND(0, "82 [ 1234 {} <'x'> 00 <'y/+'> 01 <'$share/g/z'> 02 ]"); /* MQTT-3.8.4-2, -6, MQTT-3.9.3-1 */
    GOT(0, "90 [ 1234 {} 00 01 02 ]");
    transcript_up4(&t, 1, "b");
    SEND(1, "82 [ 1234 <'x'> 00 <'y'> 02 ]");
    GOT(1, "90 [ 1234 00 02 ]");
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->subscriptions, 5);
    transcript_end_empty(&t);
}

static void unsubscribe_tells_whether_there_was_one(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    transcript_subscribe5(&t, 0, "x", 0);
    transcript_subscribe5(&t, 0, "$share/g/x", 0);
    SEND(0, "a2 [ 0009 {} <'x'> <'x'> <'X'> <'$share/h/x'> <'$share/g/x'> ]"); /* MQTT-3.10.4-1, -5, MQTT-3.11.3-1 */
    GOT(0, "b0 [ 0009 {} 00 11 11 11 00 ]");
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->subscriptions, 0);
    SEND(0, "30 [ <'x'> {} ]");
    GOT(0, ""); /* MQTT-3.10.4-2 */
    transcript_up4(&t, 1, "b");
    SEND(1, "a2 [ 0009 <'x'> ]");
    GOT(1, "b0 02 00 09");
    transcript_end_empty(&t);
}

static void subscribing_again_replaces(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    SEND(0, "82 [ 0001 { 0b 01 } <'x'> 00 ]");
    SEND(0, "82 [ 0002 { 0b 02 } <'x'> 01 ]"); /* MQTT-3.8.4-3 */
    transcript_skip(&t, 0);
    SEND(0, "32 [ <'x'> 0001 {} ]");
    GOT(0, "32 [ <'x'> 0001 { 0b 02 } ] 40 02 00 01");
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->subscriptions, 1);
    transcript_end_empty(&t);
}

static void broken_subscribes_end_the_connection(void) {
    static const char *const rows[] = {
        "82 [ 0001 {} ]",                       /* MQTT-3.8.3-2 */
        "82 [ 0000 {} <'x'> 00 ]",              /* packet identifier 0 */
        "80 [ 0001 {} <'x'> 00 ]",              /* MQTT-3.8.1-1 */
        "82 [ 0001 {} <'x'> 03 ]",              /* M5U-3.8.3-a */
        "82 [ 0001 {} <'x'> 30 ]",              /* M5U-3.8.3-b */
        "82 [ 0001 {} <'x'> 40 ]",              /* MQTT-3.8.3-5 */
        "82 [ 0001 {} <'a#'> 00 ]",             /* MQTT-4.7.1-1 */
        "82 [ 0001 {} <'a+/b'> 00 ]",           /* MQTT-4.7.1-2 */
        "82 [ 0001 {} <> 00 ]",                 /* MQTT-4.7.3-1 */
        "82 [ 0001 {} <'$share/g'> 00 ]",       /* MQTT-4.8.2-2 */
        "82 [ 0001 {} <'$share//x'> 00 ]",      /* MQTT-4.8.2-1 */
        "82 [ 0001 {} <'$share/g/x'> 04 ]",     /* MQTT-3.8.3-4 */
        "82 [ 0001 { 0b 00 } <'x'> 00 ]",       /* M5U-3.8.2-a */
        "82 [ 0001 { 0b 01 0b 02 } <'x'> 00 ]", /* M5U-3.8.2-a */
        "82 [ 0001 {} <c080> 00 ]",             /* MQTT-3.8.3-1 */
        "a2 [ 0001 {} ]",                       /* MQTT-3.10.3-2 */
        "a0 [ 0001 {} <'x'> ]",                 /* MQTT-3.10.1-1 */
    };
    BEGIN();
    transcript_up5(&t, 1, "watcher");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        transcript_up5(&t, 0, "a");
        SEND(0, rows[i]);
        bool told = t.clients[0].size > 2 && t.clients[0].out[0] == 0xE0 && t.clients[0].out[2] >= 0x80;
        bool closed = transcript_closed(&t, 0);
        CU_ASSERT_TRUE(told && closed);
        if (!told || !closed)
            printf("  row %zu: %s\n", i, rows[i]);
    }
    SEND(1, "c0 00"); /* M5U-ROB-b */
    GOT(1, "d0 00");
    transcript_end_empty(&t);
}

static void share_is_an_ordinary_word_in_3_1_1(void) {
    BEGIN();
    transcript_up4(&t, 0, "a");
    transcript_subscribe4(&t, 0, "$share/g/x", 0);
    SEND(0, "30 [ <'x'> ] 30 [ <'$share/g/x'> '1' ]");
    GOT(0, "30 [ <'$share/g/x'> '1' ]");
    transcript_end_empty(&t);
}

static void a_session_keeps_its_subscriptions(void) {
    BEGIN();
    transcript_resume5(&t, 0, "a", "11 0000003c");
    transcript_subscribe5(&t, 0, "x", 0);
    transcript_subscribe5(&t, 0, "$share/g/y", 1);
    transcript_drop(&t, 0);
    transcript_resume5(&t, 0, "a", "11 0000003c");
    transcript_up5(&t, 1, "b");
    SEND(1, "30 [ <'x'> {} ] 30 [ <'y'> {} ]");
    GOT(0, "30 [ <'x'> {} ] 30 [ <'y'> {} ]");
    transcript_end_empty(&t);
}

static void ten_thousand_subscriptions_to_one_topic_come_and_go(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    char text[64];
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(text, sizeof text, "82 [ 0001 {} <'$share/g%u/x'> 00 <'x/%u'> 00 ]", i, i);
        SEND(0, text);
        transcript_skip(&t, 0);
    }
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->subscriptions, 20000);
    for (unsigned i = 0; i < 10000; i += 2) {
        snprintf(text, sizeof text, "a2 [ 0001 {} <'$share/g%u/x'> <'x/%u'> ]", i, i);
        SEND(0, text);
        transcript_skip(&t, 0);
    }
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->subscriptions, 10000);
    size_t before = broker_memory(t.broker);
    transcript_drop(&t, 0);
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->subscriptions, 0);
    CU_ASSERT_TRUE(broker_memory(t.broker) < before / 2);
    transcript_end_empty(&t);
}

HARNESS_MAIN("broker_subscribe", HARNESS_CASE(every_filter_gets_its_code),
             HARNESS_CASE(unsubscribe_tells_whether_there_was_one), HARNESS_CASE(subscribing_again_replaces),
             HARNESS_CASE(broken_subscribes_end_the_connection), HARNESS_CASE(share_is_an_ordinary_word_in_3_1_1),
             HARNESS_CASE(a_session_keeps_its_subscriptions),
             HARNESS_CASE(ten_thousand_subscriptions_to_one_topic_come_and_go))
