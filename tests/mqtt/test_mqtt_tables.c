#include "mqtt/mqtt_tables.h"

#include "base/check.h"
#include "harness.h"
#include "mqtt/mqtt_properties.h"

static void every_packet_type_has_a_sender_in_5_0(void) {
    for (unsigned type = 1; type < MQTT_PACKET_TYPES; type++)
        CU_ASSERT(mqtt_tables_packets[type].name && mqtt_tables_packets[type].senders_5);
    CU_ASSERT_EQUAL(mqtt_tables_packets[0].senders_5, 0);
    CU_ASSERT_EQUAL(mqtt_tables_packets[MQTT_AUTH].senders_311, 0);
}

static void there_are_27_properties_each_with_a_place(void) { /* 5.0 table 2-4 */
    unsigned count = 0;
    for (unsigned id = 0; id < MQTT_PROPERTIES_END; id++) {
        const struct mqtt_property_row *row = &mqtt_tables_properties[id];
        if (!row->name)
            continue;
        count++;
        CU_ASSERT(row->from_client | row->from_server);
        bool listed = id == MQTT_USER_PROPERTY || id == MQTT_SUBSCRIPTION_IDENTIFIER;
        CU_ASSERT((row->offset == 0) == listed && row->offset < sizeof(struct mqtt_properties));
        CU_ASSERT(row->minimum <= row->last);
        for (unsigned other = 0; other < id; other++)
            CU_ASSERT(listed || !mqtt_tables_properties[other].name ||
                      mqtt_tables_properties[other].offset != row->offset);
    }
    CU_ASSERT_EQUAL(count, 27);
}

static void reason_codes_are_listed_once_in_order(void) {
    unsigned count = 0;
    for (const struct mqtt_reason_row *row = mqtt_tables_reasons; row->name; row++, count++) {
        CU_ASSERT(row[1].code > row->code);
        CU_ASSERT(row->from_client | row->from_server);
    }
    CU_ASSERT_EQUAL(count, 43); /* 5.0 section 2.4, where 0x00 has three names */
}

static void reason_codes_belong_to_packets_and_senders(void) {
    CU_ASSERT(mqtt_tables_reason_allowed(MQTT_5_0, MQTT_SERVER, MQTT_PUBACK, 0x10));
    CU_ASSERT(!mqtt_tables_reason_allowed(MQTT_5_0, MQTT_CLIENT, MQTT_PUBACK, 0x10));
    CU_ASSERT(mqtt_tables_reason_allowed(MQTT_5_0, MQTT_CLIENT, MQTT_DISCONNECT, 0x04));
    CU_ASSERT(!mqtt_tables_reason_allowed(MQTT_5_0, MQTT_SERVER, MQTT_DISCONNECT, 0x04));
    CU_ASSERT(!mqtt_tables_reason_allowed(MQTT_5_0, MQTT_SERVER, MQTT_SUBACK, 0x03));
    CU_ASSERT(mqtt_tables_reason_allowed(MQTT_3_1_1, MQTT_SERVER, MQTT_CONNACK, 5));
    CU_ASSERT(!mqtt_tables_reason_allowed(MQTT_3_1_1, MQTT_SERVER, MQTT_CONNACK, 6));
    CU_ASSERT(mqtt_tables_reason_allowed(MQTT_3_1_1, MQTT_SERVER, MQTT_SUBACK, 0x80));
    CU_ASSERT(!mqtt_tables_reason_allowed(MQTT_3_1_1, MQTT_SERVER, MQTT_SUBACK, 0x87));
}

static void reason_codes_have_names(void) {
    CU_ASSERT_STRING_EQUAL(mqtt_tables_reason_name(MQTT_5_0, MQTT_CONNACK, 0x87), "Not authorized");
    CU_ASSERT_STRING_EQUAL(mqtt_tables_reason_name(MQTT_3_1_1, MQTT_CONNACK, 5), "Not authorized");
    CU_ASSERT_STRING_EQUAL(mqtt_tables_reason_name(MQTT_5_0, MQTT_DISCONNECT, 0), "Normal disconnection");
    CU_ASSERT_STRING_EQUAL(mqtt_tables_reason_name(MQTT_5_0, MQTT_SUBACK, 0), "Granted QoS 0");
    CU_ASSERT_STRING_EQUAL(mqtt_tables_reason_name(MQTT_3_1_1, MQTT_SUBACK, 0x80), "Failure");
    CU_ASSERT_PTR_NULL(mqtt_tables_reason_name(MQTT_5_0, MQTT_PUBACK, 0x7f));
    CU_ASSERT_PTR_NULL(mqtt_tables_reason_name(MQTT_3_1_1, MQTT_CONNACK, 6));
}

HARNESS_MAIN("mqtt_tables", HARNESS_CASE(every_packet_type_has_a_sender_in_5_0),
             HARNESS_CASE(there_are_27_properties_each_with_a_place),
             HARNESS_CASE(reason_codes_are_listed_once_in_order),
             HARNESS_CASE(reason_codes_belong_to_packets_and_senders), HARNESS_CASE(reason_codes_have_names))
