#include <string.h>

#include "base/err.h"
#include "mqtt/mqtt_codec.h"
#include "mqtt/mqtt_field.h"

/* The sizes that a packet's header needs before its body can be written. */
struct layout {
    size_t remaining, properties, will_properties;
    bool reason, with_properties; /* acks: whether the optional tail is written */
    bool ok;                      /* every string fits its two-byte length */
};

static size_t string_size(struct layout *l, struct bytes text) {
    l->ok = l->ok && text.size <= MQTT_STRING_MAX;
    return 2 + text.size;
}

static void check_strings(struct layout *l, const struct mqtt_properties *p) {
    const struct bytes texts[] = {
        p->content_type,          p->response_topic,      p->correlation_data,     p->assigned_client_identifier,
        p->authentication_method, p->authentication_data, p->response_information, p->server_reference,
        p->reason_string};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        l->ok = l->ok && texts[i].size <= MQTT_STRING_MAX;
    for (unsigned i = 0; i < p->user_property_count; i++) {
        string_size(l, p->user_properties[i].name);
        string_size(l, p->user_properties[i].value);
    }
    for (unsigned i = 0; i < p->subscription_identifier_count; i++)
        l->ok = l->ok && p->subscription_identifiers[i] <= MQTT_VARINT_MAX;
}

static bool has_properties(const struct mqtt_properties *p) {
    return p->present || p->raw.size || p->user_property_count || p->subscription_identifier_count;
}

/* Length field and block. */
static size_t block_size(struct layout *l, const struct mqtt_properties *p, size_t *size) {
    *size = 0;
    if (has_properties(p)) {
        check_strings(l, p);
        *size = mqtt_properties_size(p);
        l->ok = l->ok && *size <= MQTT_VARINT_MAX;
    }
    return l->ok ? mqtt_field_varint_size((uint32_t)*size) + *size : 0;
}

static size_t connect_size(struct layout *l, const struct mqtt_packet *p, enum mqtt_version version) {
    const struct mqtt_connect *c = &p->connect;
    size_t size = 6 + 1 + 1 + 2 + string_size(l, c->client_id);
    if (version == MQTT_5_0)
        size += block_size(l, &p->properties, &l->properties);
    if (c->has_will) {
        if (version == MQTT_5_0)
            size += block_size(l, &c->will_properties, &l->will_properties);
        size += string_size(l, c->will_topic) + string_size(l, c->will_payload);
    }
    if (c->has_user_name)
        size += string_size(l, c->user_name);
    if (c->has_password)
        size += string_size(l, c->password);
    return size;
}

/* The tail that PUBACK and the like leave out when it says nothing. 3.1.1 has none. */
static size_t tail_size(struct layout *l, const struct mqtt_packet *p, enum mqtt_version version) {
    if (version != MQTT_5_0)
        return 0;
    l->with_properties = has_properties(&p->properties);
    l->reason = l->with_properties || p->ack.reason_code != 0;
    /* AUTH has a reason code without properties in no form (section 3.15.2.1) */
    if (p->type == MQTT_AUTH && l->reason)
        l->with_properties = true;
    size_t size = l->reason ? 1 : 0;
    return l->with_properties ? size + block_size(l, &p->properties, &l->properties) : size;
}

static size_t list_size(struct layout *l, const struct mqtt_packet *p) {
    const struct mqtt_subscribe *s = &p->subscribe;
    if (s->raw.size > 0)
        return s->raw.size;
    size_t size = 0;
    for (unsigned i = 0; i < s->count; i++)
        size += p->type == MQTT_SUBSCRIBE ? string_size(l, s->filters[i].filter) + 1 : string_size(l, s->names[i]);
    return size;
}

static size_t body_size(struct layout *l, const struct mqtt_packet *p, enum mqtt_version version) {
    size_t block = 0;
    switch (p->type) {
    case MQTT_CONNECT:
        return connect_size(l, p, version);
    case MQTT_PUBACK:
    case MQTT_PUBREC:
    case MQTT_PUBREL:
    case MQTT_PUBCOMP:
        return 2 + tail_size(l, p, version);
    case MQTT_DISCONNECT:
    case MQTT_AUTH:
        return tail_size(l, p, version);
    case MQTT_PINGREQ:
    case MQTT_PINGRESP:
        return 0;
    default:
        break;
    }
    if (version == MQTT_5_0)
        block = block_size(l, &p->properties, &l->properties);
    switch (p->type) {
    case MQTT_CONNACK:
        return 2 + block;
    case MQTT_PUBLISH:
        return string_size(l, p->publish.topic) + (p->publish.qos ? 2 : 0) + block + p->publish.payload.size;
    case MQTT_SUBSCRIBE:
    case MQTT_UNSUBSCRIBE:
        return 2 + block + list_size(l, p);
    case MQTT_SUBACK:
        return 2 + block + p->suback.codes.size;
    case MQTT_UNSUBACK:
        return 2 + block + (version == MQTT_5_0 ? p->suback.codes.size : 0);
    default:
        l->ok = false;
        return 0;
    }
}

static struct layout lay_out(const struct mqtt_packet *p, enum mqtt_version version) {
    struct layout l = {.ok = true};
    l.remaining = body_size(&l, p, version);
    l.ok = l.ok && l.remaining <= MQTT_VARINT_MAX;
    return l;
}

static void write_connect(struct bytes_writer *w, const struct mqtt_packet *p, enum mqtt_version version,
                          const struct layout *l) {
    const struct mqtt_connect *c = &p->connect;
    mqtt_field_write_string(w, bytes_of("MQTT", 4));
    bytes_write_u8(w, (uint8_t)version);
    bytes_write_u8(w, (uint8_t)(c->clean_start << 1 | c->has_will << 2 | (c->will_qos & 3) << 3 | c->will_retain << 5 |
                                c->has_password << 6 | c->has_user_name << 7));
    bytes_write_u16(w, c->keep_alive);
    if (version == MQTT_5_0)
        mqtt_properties_encode(w, &p->properties, l->properties);
    mqtt_field_write_string(w, c->client_id);
    if (c->has_will) {
        if (version == MQTT_5_0)
            mqtt_properties_encode(w, &c->will_properties, l->will_properties);
        mqtt_field_write_string(w, c->will_topic);
        mqtt_field_write_string(w, c->will_payload);
    }
    if (c->has_user_name)
        mqtt_field_write_string(w, c->user_name);
    if (c->has_password)
        mqtt_field_write_string(w, c->password);
}

static void write_tail(struct bytes_writer *w, const struct mqtt_packet *p, const struct layout *l) {
    if (l->reason)
        bytes_write_u8(w, p->ack.reason_code);
    if (l->with_properties)
        mqtt_properties_encode(w, &p->properties, l->properties);
}

static void write_list(struct bytes_writer *w, const struct mqtt_packet *p) {
    const struct mqtt_subscribe *s = &p->subscribe;
    if (s->raw.size > 0) {
        bytes_write(w, s->raw);
        return;
    }
    for (unsigned i = 0; i < s->count; i++) {
        if (p->type == MQTT_UNSUBSCRIBE) {
            mqtt_field_write_string(w, s->names[i]);
            continue;
        }
        const struct mqtt_filter *f = &s->filters[i];
        mqtt_field_write_string(w, f->filter);
        bytes_write_u8(w, (uint8_t)((f->qos & 3) | f->no_local << 2 | f->retain_as_published << 3 |
                                    (f->retain_handling & 3) << 4));
    }
}

static void write_body(struct bytes_writer *w, const struct mqtt_packet *p, enum mqtt_version version,
                       const struct layout *l) {
    bool five = version == MQTT_5_0;
    switch (p->type) {
    case MQTT_CONNECT:
        write_connect(w, p, version, l);
        break;
    case MQTT_CONNACK:
        bytes_write_u8(w, p->connack.session_present);
        bytes_write_u8(w, p->connack.reason_code);
        if (five)
            mqtt_properties_encode(w, &p->properties, l->properties);
        break;
    case MQTT_PUBLISH:
        mqtt_field_write_string(w, p->publish.topic);
        if (p->publish.qos)
            bytes_write_u16(w, p->publish.packet_id);
        if (five)
            mqtt_properties_encode(w, &p->properties, l->properties);
        bytes_write(w, p->publish.payload);
        break;
    case MQTT_PUBACK:
    case MQTT_PUBREC:
    case MQTT_PUBREL:
    case MQTT_PUBCOMP:
        bytes_write_u16(w, p->ack.packet_id);
        write_tail(w, p, l);
        break;
    case MQTT_SUBSCRIBE:
    case MQTT_UNSUBSCRIBE:
        bytes_write_u16(w, p->subscribe.packet_id);
        if (five)
            mqtt_properties_encode(w, &p->properties, l->properties);
        write_list(w, p);
        break;
    case MQTT_SUBACK:
    case MQTT_UNSUBACK:
        bytes_write_u16(w, p->suback.packet_id);
        if (five)
            mqtt_properties_encode(w, &p->properties, l->properties);
        if (five || p->type == MQTT_SUBACK)
            bytes_write(w, p->suback.codes);
        break;
    default: /* DISCONNECT and AUTH; the pings have an empty tail */
        write_tail(w, p, l);
        break;
    }
}

size_t mqtt_codec_size(const struct mqtt_packet *p, enum mqtt_version version) {
    struct layout l = lay_out(p, version);
    return l.ok ? 1 + mqtt_field_varint_size((uint32_t)l.remaining) + l.remaining : 0;
}

int mqtt_codec_encode(struct bytes_writer *w, const struct mqtt_packet *p, enum mqtt_version version) {
    struct layout l = lay_out(p, version);
    if (!l.ok)
        return ERR_INVALID;
    if (w->failed || bytes_room(w) < 1 + mqtt_field_varint_size((uint32_t)l.remaining) + l.remaining)
        return ERR_AGAIN;
    uint8_t flags = mqtt_tables_packets[p->type].flags;
    if (p->type == MQTT_PUBLISH)
        flags = (uint8_t)(p->publish.dup << 3 | (p->publish.qos & 3) << 1 | p->publish.retain);
    bytes_write_u8(w, (uint8_t)(p->type << 4 | flags));
    mqtt_field_write_varint(w, (uint32_t)l.remaining);
    write_body(w, p, version, &l);
    return 0;
}
