#include <string.h>

#include "base/err.h"
#include "mqtt/mqtt_codec.h"
#include "mqtt/mqtt_field.h"
#include "mqtt/mqtt_topic.h"

/* One packet's decoding: the reader stands in its body. */
struct decoder {
    struct bytes_reader r;
    enum mqtt_version version;
    enum mqtt_role from;
    struct mqtt_packet *out;
    struct mqtt_fault *fault;
};

static int broken(struct decoder *d, enum mqtt_rule rule) {
    return mqtt_rule_break(rule, d->version, d->fault);
}

static int read_string(struct decoder *d, struct bytes *out) {
    return mqtt_field_read_string(&d->r, d->version, MQTT_RULE_SHORT, out, d->fault);
}

static int read_binary(struct decoder *d, struct bytes *out) {
    return mqtt_field_read_binary(&d->r, d->version, MQTT_RULE_SHORT, out, d->fault);
}

static int read_id(struct decoder *d, enum mqtt_rule when_zero, uint16_t *out) {
    *out = bytes_read_u16(&d->r);
    if (d->r.failed)
        return broken(d, MQTT_RULE_SHORT);
    return *out == 0 ? broken(d, when_zero) : 0;
}

/* 3.1.1 packets have no properties. */
static int read_properties(struct decoder *d, unsigned type, struct mqtt_properties *out) {
    return d->version == MQTT_5_0 ? mqtt_properties_decode(&d->r, d->from, type, out, d->fault) : 0;
}

static const uint8_t reason_rules[MQTT_PACKET_TYPES] = {
    [MQTT_CONNACK] = MQTT_RULE_CONNACK_REASON,   [MQTT_PUBACK] = MQTT_RULE_PUBACK_REASON,
    [MQTT_PUBREC] = MQTT_RULE_PUBREC_REASON,     [MQTT_PUBREL] = MQTT_RULE_PUBREL_REASON,
    [MQTT_PUBCOMP] = MQTT_RULE_PUBCOMP_REASON,   [MQTT_SUBACK] = MQTT_RULE_SUBACK_REASON,
    [MQTT_UNSUBACK] = MQTT_RULE_UNSUBACK_REASON, [MQTT_DISCONNECT] = MQTT_RULE_DISCONNECT_REASON,
    [MQTT_AUTH] = MQTT_RULE_AUTH_REASON,
};

static int check_reason(struct decoder *d, uint8_t code) {
    unsigned type = d->out->type;
    if (mqtt_tables_reason_allowed(d->version, d->from, type, code))
        return 0;
    return broken(d, (enum mqtt_rule)reason_rules[type]);
}

/* The connect flags byte (3.1.1 section 3.1.2.3). */
enum {
    FLAG_RESERVED = 0x01,
    FLAG_CLEAN = 0x02,
    FLAG_WILL = 0x04,
    FLAG_WILL_QOS = 0x18,
    FLAG_WILL_RETAIN = 0x20,
    FLAG_PASSWORD = 0x40,
    FLAG_USER_NAME = 0x80,
    WILL_QOS_SHIFT = 3
};

static int read_connect_flags(struct decoder *d, struct mqtt_connect *c) {
    uint8_t flags = bytes_read_u8(&d->r);
    c->keep_alive = bytes_read_u16(&d->r);
    if (d->r.failed)
        return broken(d, MQTT_RULE_SHORT);
    if (flags & FLAG_RESERVED)
        return broken(d, MQTT_RULE_CONNECT_RESERVED);
    c->clean_start = flags & FLAG_CLEAN;
    c->has_will = flags & FLAG_WILL;
    c->will_qos = (uint8_t)((flags & FLAG_WILL_QOS) >> WILL_QOS_SHIFT);
    c->will_retain = flags & FLAG_WILL_RETAIN;
    c->has_password = flags & FLAG_PASSWORD;
    c->has_user_name = flags & FLAG_USER_NAME;
    if (c->will_qos == 3)
        return broken(d, MQTT_RULE_WILL_QOS_3);
    if (!c->has_will && c->will_qos)
        return broken(d, MQTT_RULE_WILL_QOS_WITHOUT_WILL);
    if (!c->has_will && c->will_retain)
        return broken(d, MQTT_RULE_WILL_RETAIN_WITHOUT_WILL);
    if (d->version == MQTT_3_1_1 && c->has_password && !c->has_user_name)
        return broken(d, MQTT_RULE_PASSWORD_WITHOUT_USER_NAME);
    return 0;
}

static int read_protocol(struct decoder *d) {
    struct bytes name;
    int result = read_binary(d, &name);
    if (result < 0)
        return result;
    if (!bytes_equal(name, bytes_of("MQTT", 4)))
        return broken(d, MQTT_RULE_PROTOCOL_NAME);
    uint8_t level = bytes_read_u8(&d->r);
    if (d->r.failed)
        return broken(d, MQTT_RULE_SHORT);
    if (level != MQTT_3_1_1 && level != MQTT_5_0)
        return broken(d, MQTT_RULE_PROTOCOL_LEVEL);
    d->version = (enum mqtt_version)level;
    d->out->version = level;
    return 0;
}

static int read_will(struct decoder *d, struct mqtt_connect *c) {
    int result = read_properties(d, MQTT_WILL_PROPERTIES, &c->will_properties);
    if (result == 0)
        result = read_string(d, &c->will_topic);
    if (result == 0)
        result = read_binary(d, &c->will_payload);
    if (result < 0)
        return result;
    if (c->will_topic.size == 0)
        return broken(d, MQTT_RULE_NAME_EMPTY);
    return mqtt_topic_has_wildcard(c->will_topic) ? broken(d, MQTT_RULE_WILL_TOPIC_WILDCARD) : 0;
}

static int decode_connect(struct decoder *d, uint8_t flags) {
    (void)flags;
    struct mqtt_connect *c = &d->out->connect;
    memset(c, 0, sizeof *c);
    int result = read_protocol(d);
    if (result == 0)
        result = read_connect_flags(d, c);
    if (result == 0)
        result = read_properties(d, MQTT_CONNECT, &d->out->properties);
    if (result < 0)
        return result;
    if (mqtt_properties_has(&d->out->properties, MQTT_AUTHENTICATION_DATA) &&
        !mqtt_properties_has(&d->out->properties, MQTT_AUTHENTICATION_METHOD))
        return broken(d, MQTT_RULE_AUTH_DATA_WITHOUT_METHOD);
    result = read_string(d, &c->client_id);
    if (result == 0 && c->has_will)
        result = read_will(d, c);
    if (result == 0 && c->has_user_name)
        result = read_string(d, &c->user_name);
    if (result == 0 && c->has_password)
        result = read_binary(d, &c->password);
    return result;
}

static int decode_connack(struct decoder *d, uint8_t flags) {
    (void)flags;
    struct mqtt_connack *c = &d->out->connack;
    uint8_t acknowledge = bytes_read_u8(&d->r);
    c->session_present = acknowledge & 1;
    c->reason_code = bytes_read_u8(&d->r);
    if (d->r.failed)
        return broken(d, MQTT_RULE_SHORT);
    if (acknowledge & ~1)
        return broken(d, MQTT_RULE_CONNACK_FLAGS);
    int result = check_reason(d, c->reason_code);
    if (result < 0)
        return result;
    if (c->session_present && c->reason_code != 0)
        return broken(d, MQTT_RULE_CONNACK_PRESENT_ON_ERROR);
    return read_properties(d, MQTT_CONNACK, &d->out->properties);
}

static int decode_publish(struct decoder *d, uint8_t flags) {
    struct mqtt_publish *p = &d->out->publish;
    *p = (struct mqtt_publish){.dup = flags & 8, .qos = (flags >> 1) & 3, .retain = flags & 1};
    int result = read_string(d, &p->topic);
    if (result < 0)
        return result;
    if (mqtt_topic_has_wildcard(p->topic))
        return broken(d, MQTT_RULE_TOPIC_WILDCARD);
    if (p->qos > 0) {
        result =
            read_id(d, d->from == MQTT_CLIENT ? MQTT_RULE_CLIENT_PACKET_ID : MQTT_RULE_SERVER_PACKET_ID, &p->packet_id);
        if (result < 0)
            return result;
    }
    result = read_properties(d, MQTT_PUBLISH, &d->out->properties);
    if (result < 0)
        return result;
    if (p->topic.size == 0 && !mqtt_properties_has(&d->out->properties, MQTT_TOPIC_ALIAS))
        return broken(d, MQTT_RULE_TOPIC_EMPTY);
    p->payload = bytes_read(&d->r, bytes_left(&d->r));
    return 0;
}

/* Reason code and properties, each left out when nothing follows (5.0 sections 3.4.2.1 and 3.14.2.1). */
static int read_optional_reason(struct decoder *d) {
    struct mqtt_ack *a = &d->out->ack;
    a->reason_code = 0;
    if (d->version != MQTT_5_0 || bytes_left(&d->r) == 0)
        return 0;
    a->reason_code = bytes_read_u8(&d->r);
    int result = check_reason(d, a->reason_code);
    if (result == 0 && bytes_left(&d->r) > 0)
        result = read_properties(d, d->out->type, &d->out->properties);
    return result;
}

static int decode_ack(struct decoder *d, uint8_t flags) {
    (void)flags;
    int result = read_id(d, MQTT_RULE_ACK_PACKET_ID, &d->out->ack.packet_id);
    return result < 0 ? result : read_optional_reason(d);
}

/* Splits one filter and its options off a list, judging nothing but the sizes. */
static bool take_filter(struct bytes_reader *r, struct bytes *filter, uint8_t *options) {
    size_t size = bytes_read_u16(r);
    *filter = bytes_read(r, size);
    *options = bytes_read_u8(r);
    return !r->failed;
}

static int check_options(struct decoder *d, struct bytes filter, uint8_t options) {
    uint8_t reserved = d->version == MQTT_5_0 ? 0xc0 : 0xfc;
    struct mqtt_share share;
    if (options & reserved)
        return broken(d, MQTT_RULE_SUBSCRIBE_RESERVED);
    if ((options & 3) == 3)
        return broken(d, MQTT_RULE_SUBSCRIBE_QOS_3);
    if ((options & 0x30) == 0x30)
        return broken(d, MQTT_RULE_RETAIN_HANDLING_3);
    if ((options & 4) && mqtt_topic_share(filter, &share))
        return broken(d, MQTT_RULE_NO_LOCAL_SHARED);
    return 0;
}

static int read_filter(struct decoder *d) {
    struct bytes filter;
    int result = read_string(d, &filter);
    if (result == 0)
        result = mqtt_topic_check_filter(filter, d->version, d->fault);
    if (result < 0 || d->out->type == MQTT_UNSUBSCRIBE)
        return result;
    uint8_t options = bytes_read_u8(&d->r);
    return d->r.failed ? broken(d, MQTT_RULE_SHORT) : check_options(d, filter, options);
}

static int decode_subscribe(struct decoder *d, uint8_t flags) {
    (void)flags;
    struct mqtt_subscribe *s = &d->out->subscribe;
    memset(s, 0, sizeof *s);
    int result = read_id(d, MQTT_RULE_CLIENT_PACKET_ID, &s->packet_id);
    if (result == 0)
        result = read_properties(d, d->out->type, &d->out->properties);
    if (result < 0)
        return result;
    s->raw = bytes_of(d->r.at, bytes_left(&d->r));
    for (; bytes_left(&d->r) > 0; s->count++) {
        result = read_filter(d);
        if (result < 0)
            return result;
    }
    if (s->count == 0)
        return broken(d, d->out->type == MQTT_SUBSCRIBE ? MQTT_RULE_SUBSCRIBE_EMPTY : MQTT_RULE_UNSUBSCRIBE_EMPTY);
    return 0;
}

static int decode_suback(struct decoder *d, uint8_t flags) {
    (void)flags;
    struct mqtt_suback *s = &d->out->suback;
    s->codes = bytes_of(NULL, 0);
    int result = read_id(d, MQTT_RULE_SUBACK_PACKET_ID, &s->packet_id);
    if (result == 0)
        result = read_properties(d, d->out->type, &d->out->properties);
    if (result < 0 || (d->version == MQTT_3_1_1 && d->out->type == MQTT_UNSUBACK))
        return result;
    s->codes = bytes_read(&d->r, bytes_left(&d->r));
    if (s->codes.size == 0)
        return broken(d, d->out->type == MQTT_SUBACK ? MQTT_RULE_SUBACK_COUNT : MQTT_RULE_UNSUBACK_COUNT);
    for (size_t i = 0; i < s->codes.size; i++) {
        result = check_reason(d, s->codes.data[i]);
        if (result < 0)
            return result;
    }
    return 0;
}

static int decode_ping(struct decoder *d, uint8_t flags) {
    (void)flags;
    return bytes_left(&d->r) > 0 ? broken(d, MQTT_RULE_HEADER_ONLY_BODY) : 0;
}

static int decode_disconnect(struct decoder *d, uint8_t flags) {
    (void)flags;
    d->out->ack.packet_id = 0;
    return read_optional_reason(d);
}

/* An empty AUTH stands for success without properties (section 3.15.2.1), although the method may not be missing
 * elsewhere (3.15.2.2.2): the text allows both readings, so it is taken. */
static int decode_auth(struct decoder *d, uint8_t flags) {
    (void)flags;
    struct mqtt_ack *a = &d->out->ack;
    *a = (struct mqtt_ack){0};
    if (bytes_left(&d->r) == 0)
        return check_reason(d, 0);
    a->reason_code = bytes_read_u8(&d->r);
    int result = check_reason(d, a->reason_code);
    if (result == 0 && bytes_left(&d->r) > 0)
        result = read_properties(d, MQTT_AUTH, &d->out->properties);
    if (result == 0 && !mqtt_properties_has(&d->out->properties, MQTT_AUTHENTICATION_METHOD))
        result = broken(d, MQTT_RULE_AUTH_WITHOUT_METHOD);
    return result;
}

static int (*const bodies[MQTT_PACKET_TYPES])(struct decoder *, uint8_t) = {
    [MQTT_CONNECT] = decode_connect, [MQTT_CONNACK] = decode_connack,
    [MQTT_PUBLISH] = decode_publish, [MQTT_PUBACK] = decode_ack,
    [MQTT_PUBREC] = decode_ack,      [MQTT_PUBREL] = decode_ack,
    [MQTT_PUBCOMP] = decode_ack,     [MQTT_SUBSCRIBE] = decode_subscribe,
    [MQTT_SUBACK] = decode_suback,   [MQTT_UNSUBSCRIBE] = decode_subscribe,
    [MQTT_UNSUBACK] = decode_suback, [MQTT_PINGREQ] = decode_ping,
    [MQTT_PINGRESP] = decode_ping,   [MQTT_DISCONNECT] = decode_disconnect,
    [MQTT_AUTH] = decode_auth,
};

static const uint8_t flag_rules[MQTT_PACKET_TYPES] = {
    [MQTT_PUBREL] = MQTT_RULE_PUBREL_FLAGS,
    [MQTT_SUBSCRIBE] = MQTT_RULE_SUBSCRIBE_FLAGS,
    [MQTT_UNSUBSCRIBE] = MQTT_RULE_UNSUBSCRIBE_FLAGS,
    [MQTT_PINGREQ] = MQTT_RULE_HEADER_ONLY_FLAGS,
    [MQTT_PINGRESP] = MQTT_RULE_HEADER_ONLY_FLAGS,
    [MQTT_DISCONNECT] = MQTT_RULE_DISCONNECT_FLAGS,
    [MQTT_AUTH] = MQTT_RULE_AUTH_FLAGS,
};

/* The first byte: type, who may send it, flags. */
static int check_first_byte(struct decoder *d, uint8_t first) {
    unsigned type = first >> 4;
    uint8_t flags = first & 15;
    const struct mqtt_packet_row *row = &mqtt_tables_packets[type];
    if (d->version == MQTT_ANY && type != MQTT_CONNECT)
        return broken(d, MQTT_RULE_FIRST_PACKET);
    uint8_t senders = d->version == MQTT_3_1_1 ? row->senders_311 : row->senders_5;
    if (senders == 0)
        return broken(d, MQTT_RULE_TYPE);
    if (!(senders & d->from))
        return broken(d, MQTT_RULE_ROLE);
    if (type == MQTT_PUBLISH) {
        if ((flags & 6) == 6)
            return broken(d, MQTT_RULE_QOS_3);
        return (flags & 14) == 8 ? broken(d, MQTT_RULE_DUP_QOS_0) : 0;
    }
    if (flags != row->flags)
        return broken(d, flag_rules[type] ? (enum mqtt_rule)flag_rules[type] : MQTT_RULE_FLAGS);
    return 0;
}

struct header {
    size_t size, remaining;
    bool minimal;
};

static int read_header(struct bytes in, struct header *h) {
    *h = (struct header){.size = 1, .minimal = true};
    for (unsigned i = 0; i < 4; i++) {
        if (in.size <= h->size)
            return ERR_AGAIN;
        uint8_t byte = in.data[h->size++];
        h->remaining |= (size_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80)
            continue;
        h->minimal = byte != 0 || i == 0;
        return 0;
    }
    return ERR_MALFORMED;
}

int mqtt_codec_frame(struct bytes in, size_t *total) {
    struct header h;
    int result = read_header(in, &h);
    if (result == 0)
        *total = h.size + h.remaining;
    return result;
}

int mqtt_codec_decode(struct bytes in, enum mqtt_version version, enum mqtt_role from, uint32_t max_size,
                      struct mqtt_packet *out, size_t *consumed, struct mqtt_fault *fault) {
    *consumed = 0;
    if (in.size == 0)
        return ERR_AGAIN;
    struct decoder d = {.version = version, .from = from, .out = out, .fault = fault};
    out->type = in.data[0] >> 4;
    out->version = out->type == MQTT_CONNECT ? MQTT_ANY : (uint8_t)version;
    int result = check_first_byte(&d, in.data[0]);
    if (result < 0)
        return result;
    struct header h;
    result = read_header(in, &h);
    if (result == ERR_MALFORMED)
        return broken(&d, MQTT_RULE_LENGTH_LONG);
    if (result < 0)
        return result;
    if (!h.minimal && version == MQTT_5_0)
        return broken(&d, MQTT_RULE_LENGTH_NOT_MINIMAL);
    size_t total = h.size + h.remaining;
    if (max_size > 0 && total > max_size)
        return broken(&d, from == MQTT_CLIENT ? MQTT_RULE_CLIENT_PACKET_SIZE : MQTT_RULE_SERVER_PACKET_SIZE);
    if (in.size < total)
        return ERR_AGAIN;
    memset(&out->properties, 0, sizeof out->properties);
    d.r = bytes_reader_of(bytes_of(in.data + h.size, h.remaining));
    result = bodies[out->type](&d, in.data[0] & 15);
    if (result < 0)
        return result;
    if (bytes_left(&d.r) > 0)
        return broken(&d, MQTT_RULE_TRAILING);
    if (!h.minimal && d.version == MQTT_5_0)
        return broken(&d, MQTT_RULE_LENGTH_NOT_MINIMAL);
    *consumed = total;
    return 0;
}

bool mqtt_codec_next_filter(struct bytes *rest, struct mqtt_filter *out) {
    if (rest->size == 0)
        return false;
    struct bytes_reader r = bytes_reader_of(*rest);
    struct bytes filter;
    uint8_t options;
    if (!take_filter(&r, &filter, &options))
        return false;
    *out = (struct mqtt_filter){.filter = filter,
                                .qos = options & 3,
                                .no_local = options & 4,
                                .retain_as_published = options & 8,
                                .retain_handling = (options >> 4) & 3};
    *rest = bytes_of(r.at, bytes_left(&r));
    return true;
}

bool mqtt_codec_next_name(struct bytes *rest, struct bytes *out) {
    if (rest->size == 0)
        return false;
    struct bytes_reader r = bytes_reader_of(*rest);
    size_t size = bytes_read_u16(&r);
    *out = bytes_read(&r, size);
    *rest = bytes_of(r.at, bytes_left(&r));
    return !r.failed;
}
