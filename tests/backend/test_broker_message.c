#include "backend/broker_state.h"

#include "harness.h"
#include "transcript.h"

static struct transcript t;

#define SEND(client, notation) transcript_send(&t, client, notation)

static void every_property_of_a_publish_is_passed_on(void) {
    transcript_begin(&t, NULL);
    transcript_up5(&t, 0, "a");
    transcript_up5(&t, 1, "b");
    transcript_subscribe5(&t, 1, "t", 0);
    /* MQTT-3.3.2-4, -15, -16, -17, -18, -20: the order of the user properties is kept, equal names included */
    SEND(0, "30 [ <'t'> { 01 01 08 <'r'> 09 <00ff> 26 <'k'> <'2'> 03 <'text'> 26 <'k'> <'1'> 26 <> <> } 'p' ]");
    GOT(1, "30 [ <'t'> { 01 01 03 <'text'> 08 <'r'> 09 <00ff> 26 <'k'> <'2'> 26 <'k'> <'1'> 26 <> <> } 'p' ]");
    SEND(0, "30 [ <'t'> { 01 00 08 <'r'> } 'p' ]");
    GOT(1, "30 [ <'t'> { 01 00 08 <'r'> } 'p' ]");
    transcript_end_empty(&t);
}

static void what_belongs_to_one_connection_is_not_passed_on(void) {
    transcript_begin(&t, NULL);
    transcript_up5(&t, 0, "a");
    transcript_up5(&t, 1, "b");
    transcript_subscribe5(&t, 1, "t", 0);
    SEND(0, "30 [ <'t'> { 23 0001 26 <'k'> <'v'> } 'p' ]"); /* the alias is the publisher's */
    GOT(1, "30 [ <'t'> { 26 <'k'> <'v'> } 'p' ]");
    SEND(0, "30 [ <'t'> { 0b 05 } 'p' ]"); /* MQTT-3.3.4-6 */
    GOT(1, "");
    CLOSED(0);
    transcript_end_empty(&t);
}

static void a_3_1_1_subscriber_gets_no_properties(void) {
    transcript_begin(&t, NULL);
    transcript_up5(&t, 0, "a");
    transcript_up4(&t, 1, "b");
    transcript_up5(&t, 2, "c");
    transcript_subscribe4(&t, 1, "t", 0);
    transcript_subscribe5(&t, 2, "t", 0);
    SEND(0, "30 [ <'t'> { 26 <'k'> <'v'> } 'p' ]");
    GOT(1, "30 [ <'t'> 'p' ]");
    SEND(1, "30 [ <'t'> 'q' ]");
    transcript_skip(&t, 1);
    GOT(2, "30 [ <'t'> { 26 <'k'> <'v'> } 'p' ] 30 [ <'t'> {} 'q' ]");
    transcript_end_empty(&t);
}

static void the_rest_of_the_expiry_is_rounded_up(void) {
    transcript_begin(&t, NULL);
    struct mqtt_publish publish = {.qos = 1};
    struct mqtt_properties in = {.message_expiry_interval = 2}, out = {0};
    mqtt_properties_mark(&in, MQTT_MESSAGE_EXPIRY_INTERVAL);
    broker_due(t.broker, 0);
    struct broker_message *m = broker_message_new(t.broker, &publish, bytes_of_text("t"), &in);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    broker_message_properties(t.broker, m, &out);
    CU_ASSERT_EQUAL(out.message_expiry_interval, 2);
    broker_due(t.broker, 2 * SPAN_S - 1);
    CU_ASSERT_FALSE(broker_message_expired(t.broker, m));
    broker_message_properties(t.broker, m, &out);
    CU_ASSERT_EQUAL(out.message_expiry_interval, 1);
    broker_due(t.broker, 2 * SPAN_S);
    CU_ASSERT_TRUE(broker_message_expired(t.broker, m));
    broker_message_drop(t.broker, broker_message_hold(m));
    size_t in_use = broker_memory(t.broker);
    broker_message_drop(t.broker, m);
    CU_ASSERT_TRUE(broker_memory(t.broker) < in_use);
    transcript_end(&t);
}

HARNESS_MAIN("broker_message", HARNESS_CASE(every_property_of_a_publish_is_passed_on),
             HARNESS_CASE(what_belongs_to_one_connection_is_not_passed_on),
             HARNESS_CASE(a_3_1_1_subscriber_gets_no_properties), HARNESS_CASE(the_rest_of_the_expiry_is_rounded_up))
