#include "mqtt/mqtt_properties.h"

#include <string.h>

#include "mqtt/mqtt_field.h"
#include "mqtt/mqtt_topic.h"

/* Which unnumbered rule a second occurrence or a forbidden value breaks; property 0 stands for any. */
static const struct property_statement {
    uint8_t packet, property;
    const char *twice, *value; /* NULL: the general one */
} property_statements[] = {
    {MQTT_CONNECT, MQTT_SESSION_EXPIRY_INTERVAL, "M5U-3.1.2.11-a", NULL},
    {MQTT_CONNECT, MQTT_RECEIVE_MAXIMUM, "M5U-3.1.2.11-b", "M5U-3.1.2.11-c"},
    {MQTT_CONNECT, MQTT_MAXIMUM_PACKET_SIZE, "M5U-3.1.2.11-d", "M5U-3.1.2.11-e"},
    {MQTT_CONNECT, MQTT_TOPIC_ALIAS_MAXIMUM, "M5U-3.1.2.11-f", NULL},
    {MQTT_CONNECT, MQTT_REQUEST_RESPONSE_INFORMATION, "M5U-3.1.2.11-g", "M5U-3.1.2.11-g"},
    {MQTT_CONNECT, MQTT_REQUEST_PROBLEM_INFORMATION, "M5U-3.1.2.11-h", "M5U-3.1.2.11-h"},
    {MQTT_CONNECT, MQTT_AUTHENTICATION_METHOD, "M5U-3.1.2.11-i", NULL},
    {MQTT_CONNECT, MQTT_AUTHENTICATION_DATA, "M5U-3.1.2.11-j", NULL},
    {MQTT_WILL_PROPERTIES, 0, "M5U-3.1.3.2-a", NULL},
    {MQTT_CONNACK, 0, "M5U-3.2.2.3-a", "M5U-3.2.2.3-a"},
    {MQTT_PUBLISH, MQTT_SUBSCRIPTION_IDENTIFIER, NULL, "M5U-3.3.2.3-e"},
    {MQTT_PUBLISH, 0, "M5U-3.3.2.3-a", NULL},
    {MQTT_SUBSCRIBE, MQTT_SUBSCRIPTION_IDENTIFIER, "M5U-3.8.2-a", "M5U-3.8.2-a"},
    {MQTT_DISCONNECT, 0, "M5U-3.14.2-c", NULL},
};

static const struct property_statement *find_statement(unsigned type, unsigned id) {
    for (size_t i = 0; i < sizeof property_statements / sizeof property_statements[0]; i++) {
        const struct property_statement *s = &property_statements[i];
        if (s->packet == type && (s->property == id || s->property == 0))
            return s;
    }
    return NULL;
}

static int break_twice(unsigned type, unsigned id, struct mqtt_fault *fault) {
    int result = mqtt_rule_break(MQTT_RULE_PROPERTY_TWICE, MQTT_5_0, fault);
    const struct property_statement *s = find_statement(type, id);
    if (s && s->twice)
        fault->statement = s->twice;
    return result;
}

static int break_value(unsigned type, unsigned id, struct mqtt_fault *fault) {
    if (id == MQTT_TOPIC_ALIAS)
        return mqtt_rule_break(MQTT_RULE_ALIAS_ZERO, MQTT_5_0, fault);
    int result = mqtt_rule_break(MQTT_RULE_PROPERTY_VALUE, MQTT_5_0, fault);
    const struct property_statement *s = find_statement(type, id);
    if (s && s->value)
        fault->statement = s->value;
    return result;
}

/* The rule that a known property breaks by standing in this packet; two such places have numbers of their own. */
static enum mqtt_rule place_rule(enum mqtt_role from, unsigned type, unsigned id) {
    if (id == MQTT_SUBSCRIPTION_IDENTIFIER && type == MQTT_PUBLISH && from == MQTT_CLIENT)
        return MQTT_RULE_CLIENT_SUBSCRIPTION_ID;
    if (id == MQTT_SESSION_EXPIRY_INTERVAL && type == MQTT_DISCONNECT && from == MQTT_SERVER)
        return MQTT_RULE_SERVER_SESSION_EXPIRY;
    return MQTT_RULE_PROPERTY_PLACE;
}

/* Reads a number of the row's type into its member; `*value` is for the range check. */
static int read_number(struct bytes_reader *r, const struct mqtt_property_row *row, uint8_t *member, uint32_t *value,
                       struct mqtt_fault *fault) {
    switch (row->type) {
    case MQTT_TYPE_BYTE: {
        uint8_t byte = bytes_read_u8(r);
        memcpy(member, &byte, sizeof byte);
        *value = byte;
        break;
    }
    case MQTT_TYPE_U16: {
        uint16_t half = bytes_read_u16(r);
        memcpy(member, &half, sizeof half);
        *value = half;
        break;
    }
    case MQTT_TYPE_U32:
        *value = bytes_read_u32(r);
        memcpy(member, value, sizeof *value);
        break;
    default: /* the only varint is the subscription identifier, which stays in the raw block */
        return mqtt_field_read_varint(r, MQTT_RULE_PROPERTY_LENGTH, value, fault);
    }
    return r->failed ? mqtt_rule_break(MQTT_RULE_PROPERTY_LENGTH, MQTT_5_0, fault) : 0;
}

static int read_pair(struct bytes_reader *r, struct mqtt_user_property *out, struct mqtt_fault *fault) {
    int result = mqtt_field_read_string(r, MQTT_5_0, MQTT_RULE_PROPERTY_LENGTH, &out->name, fault);
    if (result == 0)
        result = mqtt_field_read_string(r, MQTT_5_0, MQTT_RULE_PROPERTY_LENGTH, &out->value, fault);
    if (result < 0 && fault->statement != mqtt_rule_rows[MQTT_RULE_PROPERTY_LENGTH].statement_5)
        result = mqtt_rule_break(MQTT_RULE_USER_PROPERTY_TEXT, MQTT_5_0, fault);
    return result;
}

static int check_response_topic(struct bytes topic, struct mqtt_fault *fault) {
    if (topic.size == 0)
        return mqtt_rule_break(MQTT_RULE_NAME_EMPTY, MQTT_5_0, fault);
    if (mqtt_topic_has_wildcard(topic))
        return mqtt_rule_break(MQTT_RULE_RESPONSE_TOPIC_WILDCARD, MQTT_5_0, fault);
    return 0;
}

/* Reads the value of one property whose place is allowed. */
static int read_value(struct bytes_reader *r, unsigned type, unsigned id, struct mqtt_properties *out,
                      struct mqtt_fault *fault) {
    const struct mqtt_property_row *row = &mqtt_tables_properties[id];
    uint8_t *member = (uint8_t *)out + row->offset;
    struct mqtt_user_property pair;
    struct bytes text;
    uint32_t number = 0;
    int result;
    switch (row->type) {
    case MQTT_TYPE_STRING:
        result = mqtt_field_read_string(r, MQTT_5_0, MQTT_RULE_PROPERTY_LENGTH, &text, fault);
        if (result == 0 && id == MQTT_RESPONSE_TOPIC)
            result = check_response_topic(text, fault);
        if (result == 0)
            memcpy(member, &text, sizeof text);
        return result;
    case MQTT_TYPE_BINARY:
        result = mqtt_field_read_binary(r, MQTT_5_0, MQTT_RULE_PROPERTY_LENGTH, &text, fault);
        if (result == 0)
            memcpy(member, &text, sizeof text);
        return result;
    case MQTT_TYPE_PAIR:
        return read_pair(r, &pair, fault);
    default:
        result = read_number(r, row, member, &number, fault);
        if (result == 0 && (number < row->minimum || number > row->last))
            result = break_value(type, id, fault);
        return result;
    }
}

static int read_property(struct bytes_reader *r, enum mqtt_role from, unsigned type, struct mqtt_properties *out,
                         struct mqtt_fault *fault) {
    uint32_t id;
    int result = mqtt_field_read_varint(r, MQTT_RULE_PROPERTY_LENGTH, &id, fault);
    if (result < 0)
        return result;
    if (id >= MQTT_PROPERTIES_END || !mqtt_tables_properties[id].name)
        return mqtt_rule_break(MQTT_RULE_PROPERTY_UNKNOWN, MQTT_5_0, fault);
    const struct mqtt_property_row *row = &mqtt_tables_properties[id];
    uint16_t packet = MQTT_BIT(type);
    if (!((from == MQTT_CLIENT ? row->from_client : row->from_server) & packet))
        return mqtt_rule_break(place_rule(from, type, id), MQTT_5_0, fault);
    if (((out->present >> id) & 1) && !(row->many & packet))
        return break_twice(type, id, fault);
    out->present |= (uint64_t)1 << id;
    return read_value(r, type, id, out, fault);
}

int mqtt_properties_decode(struct bytes_reader *r, enum mqtt_role from, unsigned type, struct mqtt_properties *out,
                           struct mqtt_fault *fault) {
    memset(out, 0, sizeof *out);
    uint32_t size;
    int result = mqtt_field_read_varint(r, MQTT_RULE_PROPERTY_LENGTH, &size, fault);
    if (result < 0)
        return result;
    if (bytes_left(r) < size)
        return mqtt_rule_break(MQTT_RULE_PROPERTY_LENGTH, MQTT_5_0, fault);
    if (size == 0)
        return 0;
    out->raw = bytes_read(r, size);
    struct bytes_reader block = bytes_reader_of(out->raw);
    while (bytes_left(&block) > 0) {
        result = read_property(&block, from, type, out, fault);
        if (result < 0)
            return result;
    }
    return 0;
}

/* One property of a block that decoded well, without judging it again. */
struct raw_property {
    uint8_t id;
    uint32_t number;
    struct bytes first, second; /* first: string, binary, or a pair's name */
};

static struct bytes skip_string(struct bytes_reader *r) {
    size_t size = bytes_read_u16(r);
    return bytes_read(r, size);
}

/* False at the end, and for anything that the decoder would have refused. */
static bool next_raw(struct bytes *rest, struct raw_property *out) {
    if (rest->size == 0)
        return false;
    struct bytes_reader r = bytes_reader_of(*rest);
    struct mqtt_fault fault;
    *out = (struct raw_property){.id = bytes_read_u8(&r)};
    if (out->id >= MQTT_PROPERTIES_END || !mqtt_tables_properties[out->id].name)
        return false;
    switch (mqtt_tables_properties[out->id].type) {
    case MQTT_TYPE_BYTE:
        out->number = bytes_read_u8(&r);
        break;
    case MQTT_TYPE_U16:
        out->number = bytes_read_u16(&r);
        break;
    case MQTT_TYPE_U32:
        out->number = bytes_read_u32(&r);
        break;
    case MQTT_TYPE_VARINT:
        if (mqtt_field_read_varint(&r, MQTT_RULE_PROPERTY_LENGTH, &out->number, &fault) < 0)
            return false;
        break;
    case MQTT_TYPE_PAIR:
        out->first = skip_string(&r);
        out->second = skip_string(&r);
        break;
    default:
        out->first = skip_string(&r);
        break;
    }
    *rest = bytes_of(r.at, bytes_left(&r));
    return !r.failed;
}

bool mqtt_properties_next_user(struct bytes *rest, struct mqtt_user_property *out) {
    struct raw_property p;
    while (next_raw(rest, &p)) {
        if (p.id == MQTT_USER_PROPERTY) {
            *out = (struct mqtt_user_property){p.first, p.second};
            return true;
        }
    }
    return false;
}

bool mqtt_properties_next_subscription(struct bytes *rest, uint32_t *out) {
    struct raw_property p;
    while (next_raw(rest, &p)) {
        if (p.id == MQTT_SUBSCRIPTION_IDENTIFIER) {
            *out = p.number;
            return true;
        }
    }
    return false;
}

static const uint64_t list_bits = (uint64_t)1 << MQTT_USER_PROPERTY | (uint64_t)1 << MQTT_SUBSCRIPTION_IDENTIFIER;

static struct bytes text_member(const struct mqtt_properties *p, const struct mqtt_property_row *row) {
    struct bytes text;
    memcpy(&text, (const uint8_t *)p + row->offset, sizeof text);
    return text;
}

size_t mqtt_properties_size(const struct mqtt_properties *p) {
    size_t size = 0;
    for (uint64_t left = p->present & ~list_bits; left; left &= left - 1) {
        const struct mqtt_property_row *row = &mqtt_tables_properties[__builtin_ctzll(left)];
        switch (row->type) {
        case MQTT_TYPE_BYTE:
            size += 2;
            break;
        case MQTT_TYPE_U16:
            size += 3;
            break;
        case MQTT_TYPE_U32:
            size += 5;
            break;
        default:
            size += 3 + text_member(p, row).size;
            break;
        }
    }
    struct raw_property q;
    for (struct bytes rest = p->raw; next_raw(&rest, &q);) {
        if (q.id == MQTT_USER_PROPERTY)
            size += 5 + q.first.size + q.second.size;
        else if (q.id == MQTT_SUBSCRIPTION_IDENTIFIER)
            size += 1 + mqtt_field_varint_size(q.number);
    }
    for (unsigned i = 0; i < p->user_property_count; i++)
        size += 5 + p->user_properties[i].name.size + p->user_properties[i].value.size;
    for (unsigned i = 0; i < p->subscription_identifier_count; i++)
        size += 1 + mqtt_field_varint_size(p->subscription_identifiers[i]);
    return size;
}

static void write_user(struct bytes_writer *w, struct bytes name, struct bytes value) {
    bytes_write_u8(w, MQTT_USER_PROPERTY);
    mqtt_field_write_string(w, name);
    mqtt_field_write_string(w, value);
}

static void write_subscription(struct bytes_writer *w, uint32_t id) {
    bytes_write_u8(w, MQTT_SUBSCRIPTION_IDENTIFIER);
    mqtt_field_write_varint(w, id);
}

static void write_value(struct bytes_writer *w, const struct mqtt_properties *p, const struct mqtt_property_row *row) {
    const uint8_t *member = (const uint8_t *)p + row->offset;
    uint16_t half;
    uint32_t word;
    switch (row->type) {
    case MQTT_TYPE_BYTE:
        bytes_write_u8(w, *member);
        break;
    case MQTT_TYPE_U16:
        memcpy(&half, member, sizeof half);
        bytes_write_u16(w, half);
        break;
    case MQTT_TYPE_U32:
        memcpy(&word, member, sizeof word);
        bytes_write_u32(w, word);
        break;
    default:
        mqtt_field_write_string(w, text_member(p, row));
        break;
    }
}

void mqtt_properties_encode(struct bytes_writer *w, const struct mqtt_properties *p, size_t size) {
    mqtt_field_write_varint(w, (uint32_t)size);
    for (uint64_t left = p->present & ~list_bits; left; left &= left - 1) {
        unsigned id = (unsigned)__builtin_ctzll(left);
        bytes_write_u8(w, (uint8_t)id);
        write_value(w, p, &mqtt_tables_properties[id]);
    }
    struct raw_property q;
    for (struct bytes rest = p->raw; next_raw(&rest, &q);) {
        if (q.id == MQTT_USER_PROPERTY)
            write_user(w, q.first, q.second);
        else if (q.id == MQTT_SUBSCRIPTION_IDENTIFIER)
            write_subscription(w, q.number);
    }
    for (unsigned i = 0; i < p->user_property_count; i++)
        write_user(w, p->user_properties[i].name, p->user_properties[i].value);
    for (unsigned i = 0; i < p->subscription_identifier_count; i++)
        write_subscription(w, p->subscription_identifiers[i]);
}
