#include "mqtt/mqtt_field.h"

#include "base/err.h"
#include "harness.h"

static int read_varint(const char *data, size_t size, uint32_t *out, struct mqtt_fault *fault) {
    struct bytes_reader r = bytes_reader_of(bytes_of(data, size));
    return mqtt_field_read_varint(&r, MQTT_RULE_SHORT, out, fault);
}

static void varints_change_their_size_at_the_limits_of_the_table(void) { /* 5.0 table 1-1 */
    static const struct {
        uint32_t value;
        size_t size;
    } cases[] = {{0, 1}, {127, 1}, {128, 2}, {16383, 2}, {16384, 3}, {2097151, 3}, {2097152, 4}, {268435455, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t buffer[4];
        struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
        mqtt_field_write_varint(&w, cases[i].value);
        CU_ASSERT(bytes_written(&w) == cases[i].size && mqtt_field_varint_size(cases[i].value) == cases[i].size);
        uint32_t value = 1;
        struct mqtt_fault fault;
        CU_ASSERT_EQUAL(read_varint((const char *)buffer, cases[i].size, &value, &fault), 0);
        CU_ASSERT_EQUAL(value, cases[i].value);
        CU_ASSERT_EQUAL(read_varint((const char *)buffer, cases[i].size - 1, &value, &fault), ERR_MALFORMED);
    }
}

static void varints_are_short_and_minimal(void) { /* MQTT-1.5.5-1 */
    uint32_t value;
    struct mqtt_fault fault;
    CU_ASSERT_EQUAL(read_varint("\x80\x00", 2, &value, &fault), ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(fault.statement, "MQTT-1.5.5-1");
    CU_ASSERT_EQUAL(read_varint("\xff\xff\xff\x00", 4, &value, &fault), ERR_MALFORMED);
    CU_ASSERT_EQUAL(read_varint("\x80\x80\x80\x80\x01", 5, &value, &fault), ERR_MALFORMED);
    CU_ASSERT_EQUAL(read_varint("\x00", 1, &value, &fault), 0);
}

static void strings_are_borrowed_and_checked(void) {
    static const char data[] = "\x00\x02"
                               "ab"
                               "\x00\x01\xff"
                               "\x00\x01\x00"
                               "\x00\x05"
                               "abc";
    struct bytes_reader r = bytes_reader_of(bytes_of(data, sizeof data - 1));
    struct mqtt_fault fault;
    struct bytes text;
    CU_ASSERT_EQUAL(mqtt_field_read_string(&r, MQTT_3_1_1, MQTT_RULE_SHORT, &text, &fault), 0);
    CU_ASSERT(text.data == (const uint8_t *)data + 2 && text.size == 2);
    CU_ASSERT_EQUAL(mqtt_field_read_string(&r, MQTT_3_1_1, MQTT_RULE_SHORT, &text, &fault), ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(fault.statement, "MQTT-1.5.3-1");
    CU_ASSERT_EQUAL(mqtt_field_read_string(&r, MQTT_5_0, MQTT_RULE_SHORT, &text, &fault), ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(fault.statement, "MQTT-1.5.4-2");
    CU_ASSERT_EQUAL(mqtt_field_read_string(&r, MQTT_5_0, MQTT_RULE_PROPERTY_LENGTH, &text, &fault), ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(fault.statement, "M5U-2.2.2-b");
}

static void binary_data_may_be_anything(void) {
    struct bytes_reader r = bytes_reader_of(bytes_of("\x00\x02\xff\x00", 4));
    struct mqtt_fault fault;
    struct bytes data;
    CU_ASSERT_EQUAL(mqtt_field_read_binary(&r, MQTT_5_0, MQTT_RULE_SHORT, &data, &fault), 0);
    CU_ASSERT(data.size == 2 && bytes_left(&r) == 0);
    CU_ASSERT_EQUAL(mqtt_field_read_binary(&r, MQTT_5_0, MQTT_RULE_SHORT, &data, &fault), ERR_MALFORMED);
}

HARNESS_MAIN("mqtt_field", HARNESS_CASE(varints_change_their_size_at_the_limits_of_the_table),
             HARNESS_CASE(varints_are_short_and_minimal), HARNESS_CASE(strings_are_borrowed_and_checked),
             HARNESS_CASE(binary_data_may_be_anything))
