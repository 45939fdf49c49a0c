#include "mqtt/mqtt_properties.h"

#include "base/err.h"
#include "harness.h"
#include "vector.h"

static struct vector vector;

static int decode(const char *text, enum mqtt_role from, unsigned type, struct mqtt_properties *out,
                  struct mqtt_fault *fault) {
    vector_parse(&vector, text);
    struct bytes_reader r = bytes_reader_of(vector_bytes(&vector));
    return mqtt_properties_decode(&r, from, type, out, fault);
}

/* One value for each property, in the form that its type has on the wire. */
static const char *value_of(unsigned id) {
    switch (mqtt_tables_properties[id].type) {
    case MQTT_TYPE_BYTE:
    case MQTT_TYPE_VARINT:
        return "01";
    case MQTT_TYPE_U16:
        return "00 01";
    case MQTT_TYPE_U32:
        return "00 00 00 01";
    case MQTT_TYPE_PAIR:
        return "00 01 'k' 00 01 'v'";
    default:
        return "00 01 'x'";
    }
}

static void a_property_is_accepted_in_its_packets_and_in_no_other(void) {
    for (unsigned id = 0; id < MQTT_PROPERTIES_END; id++) {
        const struct mqtt_property_row *row = &mqtt_tables_properties[id];
        if (!row->name)
            continue;
        char text[64];
        snprintf(text, sizeof text, "* %02X %s", id, value_of(id));
        for (unsigned type = 0; type < MQTT_PACKET_TYPES; type++) {
            for (unsigned from = MQTT_CLIENT; from <= MQTT_SERVER; from++) {
                struct mqtt_properties p;
                struct mqtt_fault fault;
                uint16_t places = from == MQTT_CLIENT ? row->from_client : row->from_server;
                int result = decode(text, (enum mqtt_role)from, type, &p, &fault);
                bool may = (places >> type) & 1;
                CU_ASSERT_EQUAL(result == 0, may);
                CU_ASSERT(!may || mqtt_properties_has(&p, (enum mqtt_property)id));
                CU_ASSERT(may || (fault.statement && fault.reason_code >= 0x81));
            }
        }
    }
}

static void a_property_occurs_once_unless_it_may_repeat(void) {
    for (unsigned id = 0; id < MQTT_PROPERTIES_END; id++) {
        const struct mqtt_property_row *row = &mqtt_tables_properties[id];
        if (!row->name)
            continue;
        char text[128];
        snprintf(text, sizeof text, "* %02X %s %02X %s", id, value_of(id), id, value_of(id));
        for (unsigned type = 0; type < MQTT_PACKET_TYPES; type++) {
            if (!((row->from_server >> type) & 1))
                continue;
            struct mqtt_properties p;
            struct mqtt_fault fault;
            int result = decode(text, MQTT_SERVER, type, &p, &fault);
            CU_ASSERT_EQUAL(result, (row->many >> type) & 1 ? 0 : ERR_PROTOCOL);
        }
    }
}

static void values_outside_their_range_are_refused(void) {
    for (unsigned id = 0; id < MQTT_PROPERTIES_END; id++) {
        const struct mqtt_property_row *row = &mqtt_tables_properties[id];
        bool server = row->name && row->from_server;
        if (!row->name || row->type > MQTT_TYPE_VARINT)
            continue;
        unsigned type = (unsigned)__builtin_ctz(server ? row->from_server : row->from_client);
        struct mqtt_properties p;
        struct mqtt_fault fault;
        char text[64];
        const char *zero = row->type == MQTT_TYPE_U32 ? "00 00 00 00" : row->type == MQTT_TYPE_U16 ? "00 00" : "00";
        snprintf(text, sizeof text, "* %02X %s", id, zero);
        CU_ASSERT_EQUAL(decode(text, server ? MQTT_SERVER : MQTT_CLIENT, type, &p, &fault),
                        row->minimum > 0 ? ERR_PROTOCOL : 0);
        if (row->type != MQTT_TYPE_BYTE)
            continue;
        snprintf(text, sizeof text, "* %02X 02", id);
        CU_ASSERT_EQUAL(decode(text, server ? MQTT_SERVER : MQTT_CLIENT, type, &p, &fault), ERR_PROTOCOL);
    }
}

static void absent_properties_are_zero(void) {
    struct mqtt_properties p;
    struct mqtt_fault fault;
    memset(&p, 0xff, sizeof p);
    CU_ASSERT_EQUAL(decode("00", MQTT_SERVER, MQTT_CONNACK, &p, &fault), 0);
    static const struct mqtt_properties none;
    CU_ASSERT_EQUAL(memcmp(&p, &none, sizeof p), 0);
}

static void lists_are_iterated_past_other_properties(void) {
    struct mqtt_properties p;
    struct mqtt_fault fault;
    CU_ASSERT_EQUAL(decode("* 26 00 01 'a' 00 01 '1' 02 00 00 00 05 0B 07 23 00 01 01 01 09 00 02 FF FF 03 00 01 't' "
                           "26 00 00 00 00 0B 80 01",
                           MQTT_SERVER, MQTT_PUBLISH, &p, &fault),
                    0);
    struct bytes rest = p.raw;
    struct mqtt_user_property user;
    CU_ASSERT(mqtt_properties_next_user(&rest, &user) && bytes_equal(user.name, bytes_of_text("a")));
    CU_ASSERT(mqtt_properties_next_user(&rest, &user) && user.name.size == 0 && user.value.size == 0);
    CU_ASSERT(!mqtt_properties_next_user(&rest, &user));
    uint32_t id;
    rest = p.raw;
    CU_ASSERT(mqtt_properties_next_subscription(&rest, &id) && id == 7);
    CU_ASSERT(mqtt_properties_next_subscription(&rest, &id) && id == 128);
    CU_ASSERT(!mqtt_properties_next_subscription(&rest, &id));
}

static void iterators_stop_at_what_no_decoder_passed(void) {
    static const char *const blocks[] = {"04 00", "26 00 05 'a'", "0B 80 80 80 80 01", "7F", "02 00"};
    for (unsigned i = 0; i < 5; i++) {
        vector_parse(&vector, blocks[i]);
        struct bytes rest = vector_bytes(&vector);
        struct mqtt_user_property user;
        CU_ASSERT(!mqtt_properties_next_user(&rest, &user));
    }
}

static void the_size_is_what_is_written(void) {
    struct mqtt_user_property user = {bytes_of_text("name"), bytes_of_text("value")};
    uint32_t ids[] = {1, 300};
    struct mqtt_properties p = {.user_properties = &user,
                                .user_property_count = 1,
                                .subscription_identifiers = ids,
                                .subscription_identifier_count = 2,
                                .raw = bytes_of("\x26\x00\x01r\x00\x01v\x01\x01", 9),
                                .topic_alias = 3,
                                .content_type = bytes_of_text("t")};
    mqtt_properties_mark(&p, MQTT_TOPIC_ALIAS);
    mqtt_properties_mark(&p, MQTT_CONTENT_TYPE);
    mqtt_properties_mark(&p, MQTT_USER_PROPERTY); /* the lists speak for themselves */
    size_t size = mqtt_properties_size(&p);
    uint8_t buffer[64];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    mqtt_properties_encode(&w, &p, size);
    vector_parse(&vector,
                 "* 03 00 01 't' 23 00 03 26 00 01 'r' 00 01 'v' 26 00 04 'name' 00 05 'value' 0B 01 0B AC 02");
    CU_ASSERT(!w.failed && bytes_written(&w) == 1 + size);
    CU_ASSERT(bytes_equal(bytes_of(buffer, bytes_written(&w)), vector_bytes(&vector)));
}

HARNESS_MAIN("mqtt_properties", HARNESS_CASE(a_property_is_accepted_in_its_packets_and_in_no_other),
             HARNESS_CASE(a_property_occurs_once_unless_it_may_repeat),
             HARNESS_CASE(values_outside_their_range_are_refused), HARNESS_CASE(absent_properties_are_zero),
             HARNESS_CASE(lists_are_iterated_past_other_properties),
             HARNESS_CASE(iterators_stop_at_what_no_decoder_passed), HARNESS_CASE(the_size_is_what_is_written))
