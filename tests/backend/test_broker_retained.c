#include "backend/broker_state.h"

#include "harness.h"
#include "transcript.h"

static struct transcript t;

#define BEGIN(...)             transcript_begin(&t, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define SEND(client, notation) transcript_send(&t, client, notation)

static void a_new_subscription_gets_what_was_retained_last(void) {
    BEGIN();
    transcript_up4(&t, 0, "a");
    SEND(0, "31 [ <'x'> '1' ] 33 [ <'x'> 0001 '2' ] 30 [ <'x'> 'no' ] 31 [ <'y'> '3' ]"); /* MQTT-3.3.1-5, -8 */
    transcript_skip(&t, 0);
    SEND(0, "82 [ 0001 <'#'> 01 ]");
    GOT(0, "90 03 0001 01 33 [ <'x'> 0001 '2' ] 31 [ <'y'> '3' ]"); /* 3.1.1: MQTT-3.3.1-6, -8 */
    SEND(0, "82 [ 0002 <'#'> 00 ]");                                /* again: 3.1.1: MQTT-3.8.4-3 */
    GOT(0, "90 03 0002 00 31 [ <'x'> '2' ] 31 [ <'y'> '3' ]");
    transcript_end_empty(&t);
}

static void an_empty_one_removes_it(void) {
    BEGIN();
    transcript_up4(&t, 0, "a");
    transcript_up4(&t, 1, "b");
    transcript_subscribe4(&t, 1, "x", 0);
    SEND(0, "31 [ <'x'> '1' ] 31 [ <'x'> ] 31 [ <'never'> ]"); /* MQTT-3.3.1-6, -7 */
    GOT(1, "30 [ <'x'> '1' ] 30 [ <'x'> ]");
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->retained, 0);
    SEND(1, "82 [ 0001 <'#'> 00 ]");
    GOT(1, "90 03 0001 00");
    transcript_end_empty(&t);
}

static void retained_messages_are_no_part_of_a_session(void) {
    BEGIN();
    transcript_up4(&t, 0, "a");
    SEND(0, "31 [ <'x'> '1' ]");
    transcript_drop(&t, 0);
    transcript_up4(&t, 0, "b");
    SEND(0, "82 [ 0001 <'x'> 00 ]"); /* 3.1.1: MQTT-3.1.2-7 */
    GOT(0, "90 03 0001 00 31 [ <'x'> '1' ]");
    transcript_end_empty(&t);
}

static void retain_handling_says_when_they_are_sent(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    SEND(0, "31 [ <'x'> {} '1' ]");
    SEND(0, "82 [ 0001 {} <'x'> 20 ]");
    GOT(0, "90 [ 0001 {} 00 ]"); /* MQTT-3.3.1-11 */
    SEND(0, "82 [ 0002 {} <'x'> 10 ]");
    GOT(0, "90 [ 0002 {} 00 ]"); /* MQTT-3.3.1-10: it was there */
    SEND(0, "82 [ 0003 { 0b 07 } <'x'> 00 ]");
    GOT(0, "90 [ 0003 {} 00 ] 31 [ <'x'> { 0b 07 } '1' ]"); /* MQTT-3.3.1-9 */
    SEND(0, "82 [ 0004 {} <'+'> 10 ]");
    GOT(0, "90 [ 0004 {} 00 ] 31 [ <'x'> {} '1' ]"); /* MQTT-3.3.1-10: it is new */
    SEND(0, "82 [ 0005 {} <'$share/g/x'> 00 ]");
    GOT(0, "90 [ 0005 {} 00 ]"); /* M5U-4.8.2-b */
    transcript_end_empty(&t);
}

static void they_expire(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    SEND(0, "31 [ <'x'> { 02 0000000a } '1' ] 31 [ <'x/y'> { 02 00000014 } '2' ] 31 [ <'z'> {} '3' ]");
    transcript_advance(&t, 4 * SPAN_S);
    SEND(0, "82 [ 0001 {} <'#'> 00 ]"); /* MQTT-3.3.2-6 */
    GOT(0, "90 [ 0001 {} 00 ] 31 [ <'x'> { 02 00000006 } '1' ] 31 [ <'x/y'> { 02 00000010 } '2' ] 31 [ <'z'> {} '3' ]");
    transcript_advance(&t, 6 * SPAN_S);
    SEND(0, "82 [ 0001 {} <'#'> 00 ]"); /* M5U-3.3.1.3-a */
    GOT(0, "90 [ 0001 {} 00 ] 31 [ <'x/y'> { 02 0000000a } '2' ] 31 [ <'z'> {} '3' ]");
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->retained, 2);
    transcript_advance(&t, 10 * SPAN_S);
    SEND(0, "82 [ 0001 {} <'x/#'> 00 ]");
    GOT(0, "90 [ 0001 {} 00 ]");
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->retained, 1);
    transcript_end_empty(&t);
}

HARNESS_MAIN("broker_retained", HARNESS_CASE(a_new_subscription_gets_what_was_retained_last),
             HARNESS_CASE(an_empty_one_removes_it), HARNESS_CASE(retained_messages_are_no_part_of_a_session),
             HARNESS_CASE(retain_handling_says_when_they_are_sent), HARNESS_CASE(they_expire))
