#include "base/draw.h"
#include "base/err.h"
#include "harness.h"
#include "mqtt/mqtt_codec.h"
#include "vector.h"

static struct vector expected;
static uint8_t buffer[1 << 20];

static bool encodes_to(const struct mqtt_packet *p, enum mqtt_version version, const char *text) {
    vector_parse(&expected, text);
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    int result = mqtt_codec_encode(&w, p, version);
    bool ok = result == 0 && mqtt_codec_size(p, version) == expected.size &&
              bytes_equal(bytes_of(buffer, bytes_written(&w)), vector_bytes(&expected));
    if (!ok) {
        vector_dump("expected", vector_bytes(&expected));
        vector_dump("got     ", bytes_of(buffer, bytes_written(&w)));
    }
    return ok;
}

static struct bytes text(const char *s) {
    return bytes_of_text(s);
}

static void connect_3_1_1(void) {
    struct mqtt_packet p = {.type = MQTT_CONNECT};
    p.connect = (struct mqtt_connect){.clean_start = true, .keep_alive = 60, .client_id = text("dev-1")};
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "10 11 00 04 'MQTT' 04 02 00 3C 00 05 'dev-1'"));
    p.connect.has_will = p.connect.will_retain = p.connect.has_user_name = p.connect.has_password = true;
    p.connect.clean_start = false;
    p.connect.will_qos = 1;
    p.connect.will_topic = text("w");
    p.connect.will_payload = text("gone");
    p.connect.user_name = text("u");
    p.connect.password = text("p");
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1,
                         "10 20 00 04 'MQTT' 04 EC 00 3C 00 05 'dev-1' 00 01 'w' 00 04 'gone' 00 01 'u' 00 01 'p'"));
}

static void connect_5_0_with_every_property(void) {
    struct mqtt_user_property user = {text("k"), text("v")};
    struct mqtt_packet p = {.type = MQTT_CONNECT};
    p.connect = (struct mqtt_connect){.client_id = text("c"), .has_will = true, .will_topic = text("w")};
    struct mqtt_properties *q = &p.properties;
    q->session_expiry_interval = 1;
    q->receive_maximum = 2;
    q->maximum_packet_size = 3;
    q->topic_alias_maximum = 4;
    q->request_response_information = 1;
    q->request_problem_information = 0;
    q->authentication_method = text("m");
    q->authentication_data = text("d");
    q->user_properties = &user;
    q->user_property_count = 1;
    mqtt_properties_mark(q, MQTT_SESSION_EXPIRY_INTERVAL);
    mqtt_properties_mark(q, MQTT_RECEIVE_MAXIMUM);
    mqtt_properties_mark(q, MQTT_MAXIMUM_PACKET_SIZE);
    mqtt_properties_mark(q, MQTT_TOPIC_ALIAS_MAXIMUM);
    mqtt_properties_mark(q, MQTT_REQUEST_RESPONSE_INFORMATION);
    mqtt_properties_mark(q, MQTT_REQUEST_PROBLEM_INFORMATION);
    mqtt_properties_mark(q, MQTT_AUTHENTICATION_METHOD);
    mqtt_properties_mark(q, MQTT_AUTHENTICATION_DATA);
    struct mqtt_properties *will = &p.connect.will_properties;
    will->will_delay_interval = 5;
    will->message_expiry_interval = 6;
    mqtt_properties_mark(will, MQTT_WILL_DELAY_INTERVAL);
    mqtt_properties_mark(will, MQTT_MESSAGE_EXPIRY_INTERVAL);
    CU_ASSERT(encodes_to(&p, MQTT_5_0,
                         "10 * 00 04 'MQTT' 05 04 00 00 23 11 00 00 00 01 15 00 01 'm' 16 00 01 'd' 17 00 19 01 "
                         "21 00 02 22 00 04 27 00 00 00 03 26 00 01 'k' 00 01 'v' 00 01 'c' "
                         "0A 02 00 00 00 06 18 00 00 00 05 00 01 'w' 00 00"));
}

static void connack(void) {
    struct mqtt_packet p = {.type = MQTT_CONNACK};
    p.connack = (struct mqtt_connack){.session_present = true};
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "20 02 01 00"));
    p.connack = (struct mqtt_connack){.reason_code = MQTT_RETURN_NOT_AUTHORIZED};
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "20 02 00 05"));
    p.connack.reason_code = MQTT_REASON_SERVER_MOVED;
    p.properties.server_reference = text("other");
    mqtt_properties_mark(&p.properties, MQTT_SERVER_REFERENCE);
    CU_ASSERT(encodes_to(&p, MQTT_5_0, "20 0B 00 9D 08 1C 00 05 'other'"));
}

static void publish(void) {
    struct mqtt_packet p = {.type = MQTT_PUBLISH};
    p.publish = (struct mqtt_publish){.topic = text("a/b"), .payload = text("hi")};
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "30 07 00 03 'a/b' 'hi'"));
    CU_ASSERT(encodes_to(&p, MQTT_5_0, "30 08 00 03 'a/b' 00 'hi'"));
    p.publish.qos = 2;
    p.publish.dup = p.publish.retain = true;
    p.publish.packet_id = 0x0102;
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "3D 09 00 03 'a/b' 01 02 'hi'"));
    uint32_t ids[] = {1, 268435455};
    p.properties.subscription_identifiers = ids;
    p.properties.subscription_identifier_count = 2;
    p.properties.topic_alias = 9;
    mqtt_properties_mark(&p.properties, MQTT_TOPIC_ALIAS);
    CU_ASSERT(encodes_to(&p, MQTT_5_0, "3D 14 00 03 'a/b' 01 02 0A 23 00 09 0B 01 0B FF FF FF 7F 'hi'"));
}

static void acks_leave_out_what_says_nothing(void) {
    struct mqtt_packet p = {.type = MQTT_PUBACK};
    p.ack.packet_id = 10;
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "40 02 00 0A"));
    CU_ASSERT(encodes_to(&p, MQTT_5_0, "40 02 00 0A"));
    p.ack.reason_code = 0x87;
    CU_ASSERT(encodes_to(&p, MQTT_5_0, "40 03 00 0A 87"));
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "40 02 00 0A"));
    p.properties.reason_string = text("no");
    mqtt_properties_mark(&p.properties, MQTT_REASON_STRING);
    CU_ASSERT(encodes_to(&p, MQTT_5_0, "40 09 00 0A 87 05 1F 00 02 'no'"));
    p.type = MQTT_PUBREC;
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "50 02 00 0A"));
    p.type = MQTT_PUBREL;
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "62 02 00 0A"));
    p.type = MQTT_PUBCOMP;
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "70 02 00 0A"));
}

static void subscribe_and_suback(void) {
    struct mqtt_filter filters[] = {
        {.filter = text("a/#"), .qos = 1},
        {.filter = text("$share/g/b"), .qos = 2, .no_local = true, .retain_as_published = true, .retain_handling = 2}};
    struct mqtt_packet p = {.type = MQTT_SUBSCRIBE};
    p.subscribe = (struct mqtt_subscribe){.packet_id = 1, .count = 1, .filters = filters};
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "82 08 00 01 00 03 'a/#' 01"));
    p.subscribe.count = 2;
    uint32_t id = 128;
    p.properties.subscription_identifiers = &id;
    p.properties.subscription_identifier_count = 1;
    CU_ASSERT(encodes_to(&p, MQTT_5_0, "82 19 00 01 03 0B 80 01 00 03 'a/#' 01 00 0A '$share/g/b' 2E"));
    struct mqtt_packet ack = {.type = MQTT_SUBACK};
    ack.suback = (struct mqtt_suback){.packet_id = 1, .codes = bytes_of("\x01\x80", 2)};
    CU_ASSERT(encodes_to(&ack, MQTT_3_1_1, "90 04 00 01 01 80"));
    CU_ASSERT(encodes_to(&ack, MQTT_5_0, "90 05 00 01 00 01 80"));
}

static void unsubscribe_and_unsuback(void) {
    struct bytes names[] = {text("a"), text("b/+")};
    struct mqtt_packet p = {.type = MQTT_UNSUBSCRIBE};
    p.subscribe = (struct mqtt_subscribe){.packet_id = 2, .count = 2, .names = names};
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "A2 0A 00 02 00 01 'a' 00 03 'b/+'"));
    CU_ASSERT(encodes_to(&p, MQTT_5_0, "A2 0B 00 02 00 00 01 'a' 00 03 'b/+'"));
    struct mqtt_packet ack = {.type = MQTT_UNSUBACK};
    ack.suback = (struct mqtt_suback){.packet_id = 2, .codes = bytes_of("\x00\x11", 2)};
    CU_ASSERT(encodes_to(&ack, MQTT_3_1_1, "B0 02 00 02"));
    CU_ASSERT(encodes_to(&ack, MQTT_5_0, "B0 05 00 02 00 00 11"));
}

static void pings_disconnect_and_auth(void) {
    struct mqtt_packet p = {.type = MQTT_PINGREQ};
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "C0 00"));
    p.type = MQTT_PINGRESP;
    CU_ASSERT(encodes_to(&p, MQTT_5_0, "D0 00"));
    p.type = MQTT_DISCONNECT;
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "E0 00"));
    CU_ASSERT(encodes_to(&p, MQTT_5_0, "E0 00"));
    p.ack.reason_code = 0x04;
    CU_ASSERT(encodes_to(&p, MQTT_3_1_1, "E0 00"));
    CU_ASSERT(encodes_to(&p, MQTT_5_0, "E0 01 04"));
    p.type = MQTT_AUTH;
    p.ack.reason_code = 0x18;
    p.properties.authentication_method = text("pw");
    mqtt_properties_mark(&p.properties, MQTT_AUTHENTICATION_METHOD);
    CU_ASSERT(encodes_to(&p, MQTT_5_0, "F0 07 18 05 15 00 02 'pw'"));
}

static void what_cannot_be_encoded_writes_nothing(void) {
    static uint8_t big[65536];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    struct mqtt_packet p = {.type = MQTT_PUBLISH};
    p.publish.topic = bytes_of(big, sizeof big);
    CU_ASSERT_EQUAL(mqtt_codec_size(&p, MQTT_3_1_1), 0);
    CU_ASSERT_EQUAL(mqtt_codec_encode(&w, &p, MQTT_3_1_1), ERR_INVALID);
    p.publish.topic = text("a");
    p.properties.content_type = bytes_of(big, sizeof big);
    mqtt_properties_mark(&p.properties, MQTT_CONTENT_TYPE);
    CU_ASSERT_EQUAL(mqtt_codec_encode(&w, &p, MQTT_5_0), ERR_INVALID);
    CU_ASSERT_EQUAL(mqtt_codec_encode(&w, &p, MQTT_3_1_1), 0); /* has no properties */
    p.publish.payload = bytes_of(big, 268435456);              /* never read */
    CU_ASSERT_EQUAL(mqtt_codec_size(&p, MQTT_3_1_1), 0);
    p.type = 0;
    CU_ASSERT_EQUAL(mqtt_codec_encode(&w, &p, MQTT_3_1_1), ERR_INVALID);
    p.type = 16;
    CU_ASSERT_EQUAL(mqtt_codec_encode(&w, &p, MQTT_5_0), ERR_INVALID);
    CU_ASSERT(!w.failed && bytes_written(&w) == 4 + 1);
}

static void no_room_writes_nothing_and_can_be_tried_again(void) {
    uint8_t small[5];
    struct mqtt_packet p = {.type = MQTT_PUBACK};
    p.ack.packet_id = 1;
    struct bytes_writer w = bytes_writer_of(small, sizeof small);
    CU_ASSERT_EQUAL(mqtt_codec_encode(&w, &p, MQTT_5_0), 0);
    CU_ASSERT_EQUAL(mqtt_codec_encode(&w, &p, MQTT_5_0), ERR_AGAIN);
    CU_ASSERT(!w.failed && bytes_written(&w) == 4);
}

/* ---- round trips over generated packets --------------------------------------------------------------------------- */

struct generator {
    uint64_t n;
    enum mqtt_version version;
    enum mqtt_role from;
    struct mqtt_user_property user[3];
    uint32_t ids[3];
    struct mqtt_filter filters[3];
    struct bytes names[3];
    uint8_t codes[3];
};

static uint32_t pick(struct generator *g, uint32_t bound) {
    return (uint32_t)draw_below(draw_u64(20260101, 0, 0, g->n++), bound);
}

static struct bytes pick_text(struct generator *g) {
    static const char *const texts[] = {"a",          "a/b/c", "", "ünïcödé", "$SYS/x", "/", "emoji \xf0\x9f\x90\x9d",
                                        "longer text"};
    return text(texts[pick(g, 8)]);
}

static struct bytes pick_name(struct generator *g) {
    struct bytes t = pick_text(g);
    return t.size ? t : text("t");
}

static void generate_properties(struct generator *g, unsigned type, struct mqtt_properties *p) {
    uint16_t packet = MQTT_BIT(type);
    for (unsigned id = 1; id < MQTT_PROPERTIES_END; id++) {
        const struct mqtt_property_row *row = &mqtt_tables_properties[id];
        uint16_t places = g->from == MQTT_CLIENT ? row->from_client : row->from_server;
        if (!row->name || !(places & packet) || pick(g, 2))
            continue;
        uint8_t *member = (uint8_t *)p + row->offset;
        uint32_t number = row->minimum + (row->last > row->minimum ? pick(g, row->last - row->minimum) : 0);
        struct bytes some = pick_name(g);
        if (row->type == MQTT_TYPE_PAIR || row->type == MQTT_TYPE_VARINT)
            continue;
        mqtt_properties_mark(p, (enum mqtt_property)id);
        if (row->type == MQTT_TYPE_BYTE)
            *member = (uint8_t)number;
        else if (row->type == MQTT_TYPE_U16)
            memcpy(member, &(uint16_t){(uint16_t)number}, 2);
        else if (row->type == MQTT_TYPE_U32)
            memcpy(member, &number, 4);
        else
            memcpy(member, &some, sizeof some);
    }
    if (mqtt_tables_properties[MQTT_USER_PROPERTY].from_server & packet || g->from == MQTT_CLIENT) {
        p->user_property_count = pick(g, 4);
        for (unsigned i = 0; i < p->user_property_count; i++)
            g->user[i] = (struct mqtt_user_property){pick_text(g), pick_text(g)};
        p->user_properties = g->user;
    }
    bool many = type == MQTT_PUBLISH && g->from == MQTT_SERVER;
    if (many || type == MQTT_SUBSCRIBE) {
        p->subscription_identifier_count = pick(g, many ? 4 : 2);
        for (unsigned i = 0; i < 3; i++)
            g->ids[i] = 1 + pick(g, MQTT_VARINT_MAX);
        p->subscription_identifiers = g->ids;
    }
    if (mqtt_properties_has(p, MQTT_AUTHENTICATION_DATA) || type == MQTT_AUTH) {
        p->authentication_method = text("method");
        mqtt_properties_mark(p, MQTT_AUTHENTICATION_METHOD);
    }
}

static uint8_t pick_reason(struct generator *g, unsigned type) {
    uint8_t code;
    do
        code = (uint8_t)pick(g, 256);
    while (!mqtt_tables_reason_allowed(g->version, g->from, type, code));
    return code;
}

static void generate_connect(struct generator *g, struct mqtt_packet *p) {
    struct mqtt_connect *c = &p->connect;
    *c = (struct mqtt_connect){.clean_start = pick(g, 2),
                               .has_will = pick(g, 2),
                               .has_user_name = pick(g, 2),
                               .keep_alive = (uint16_t)pick(g, 65536),
                               .client_id = pick_text(g)};
    c->has_password = (g->version == MQTT_5_0 || c->has_user_name) && pick(g, 2);
    if (c->has_user_name)
        c->user_name = pick_text(g);
    if (c->has_password)
        c->password = pick_text(g);
    if (c->has_will) {
        c->will_qos = (uint8_t)pick(g, 3);
        c->will_retain = pick(g, 2);
        c->will_topic = pick_name(g);
        c->will_payload = pick_text(g);
        if (g->version == MQTT_5_0) {
            generate_properties(g, MQTT_WILL_PROPERTIES, &c->will_properties);
            c->will_properties.user_property_count = 0; /* the generator's pairs belong to CONNECT's own */
        }
    }
}

static void generate_lists(struct generator *g, struct mqtt_packet *p) {
    if (p->type == MQTT_SUBACK || p->type == MQTT_UNSUBACK) {
        p->suback = (struct mqtt_suback){.packet_id = (uint16_t)(1 + pick(g, 65535))};
        if (p->type == MQTT_UNSUBACK && g->version == MQTT_3_1_1)
            return;
        for (unsigned i = 0; i < 3; i++)
            g->codes[i] = pick_reason(g, p->type);
        p->suback.codes = bytes_of(g->codes, 1 + pick(g, 3));
        return;
    }
    p->subscribe = (struct mqtt_subscribe){.packet_id = (uint16_t)(1 + pick(g, 65535)), .count = 1 + pick(g, 3)};
    for (unsigned i = 0; i < 3; i++) {
        g->names[i] = pick_name(g);
        g->filters[i] = (struct mqtt_filter){.filter = pick_name(g), .qos = (uint8_t)pick(g, 3)};
        if (g->version == MQTT_5_0) {
            g->filters[i].no_local = pick(g, 2);
            g->filters[i].retain_as_published = pick(g, 2);
            g->filters[i].retain_handling = (uint8_t)pick(g, 3);
        }
    }
    p->subscribe.filters = g->filters;
    p->subscribe.names = g->names;
}

static void generate(struct generator *g, unsigned type, struct mqtt_packet *p) {
    *p = (struct mqtt_packet){.type = (uint8_t)type};
    switch (type) {
    case MQTT_CONNECT:
        generate_connect(g, p);
        break;
    case MQTT_CONNACK:
        p->connack.reason_code = pick_reason(g, type);
        p->connack.session_present = p->connack.reason_code == 0 && pick(g, 2);
        break;
    case MQTT_PUBLISH:
        p->publish = (struct mqtt_publish){
            .qos = (uint8_t)pick(g, 3), .retain = pick(g, 2), .topic = pick_name(g), .payload = pick_text(g)};
        p->publish.dup = p->publish.qos && pick(g, 2);
        p->publish.packet_id = p->publish.qos ? (uint16_t)(1 + pick(g, 65535)) : 0;
        break;
    case MQTT_PINGREQ:
    case MQTT_PINGRESP:
        return;
    case MQTT_SUBSCRIBE:
    case MQTT_UNSUBSCRIBE:
    case MQTT_SUBACK:
    case MQTT_UNSUBACK:
        generate_lists(g, p);
        break;
    default:
        p->ack.packet_id = type < MQTT_SUBSCRIBE ? (uint16_t)(1 + pick(g, 65535)) : 0;
        p->ack.reason_code = g->version == MQTT_5_0 ? pick_reason(g, type) : 0;
        break;
    }
    if (g->version == MQTT_5_0)
        generate_properties(g, type, &p->properties);
}

static bool round_trips(struct generator *g, unsigned type) {
    static uint8_t again[1 << 16];
    struct mqtt_packet p, q;
    struct mqtt_fault fault = {0};
    size_t consumed = 0;
    generate(g, type, &p);
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    if (mqtt_codec_encode(&w, &p, g->version) < 0)
        return false;
    struct bytes first = bytes_of(buffer, bytes_written(&w));
    int result = mqtt_codec_decode(first, g->version, g->from, 0, &q, &consumed, &fault);
    if (result < 0 || consumed != first.size) {
        vector_blame(mqtt_tables_packets[type].name, fault.detail ? fault.detail : err_name(result));
        vector_dump("packet", first);
        return false;
    }
    struct bytes_writer v = bytes_writer_of(again, sizeof again);
    return mqtt_codec_encode(&v, &q, g->version) == 0 && bytes_equal(first, bytes_of(again, bytes_written(&v)));
}

static void generated_packets_survive_decoding_and_encoding(void) {
    static const enum mqtt_version versions[] = {MQTT_3_1_1, MQTT_5_0};
    static const enum mqtt_role roles[] = {MQTT_CLIENT, MQTT_SERVER};
    unsigned packets = 0;
    for (unsigned v = 0; v < 2; v++) {
        for (unsigned r = 0; r < 2; r++) {
            struct generator g = {.version = versions[v], .from = roles[r]};
            for (unsigned type = 1; type < MQTT_PACKET_TYPES; type++) {
                const struct mqtt_packet_row *row = &mqtt_tables_packets[type];
                if (!((g.version == MQTT_3_1_1 ? row->senders_311 : row->senders_5) & g.from))
                    continue;
                for (unsigned i = 0; i < 500; i++, packets++)
                    CU_ASSERT(round_trips(&g, type));
            }
        }
    }
    CU_ASSERT(packets > 15000);
}

static void user_properties_of_a_received_packet_can_be_passed_on_in_order(void) {
    static struct vector in;
    vector_parse(&in, "30 * 00 01 'a' 12 26 00 01 'x' 00 01 '1' 01 01 0B 05 26 00 01 'x' 00 01 '2' 'p'");
    struct mqtt_packet p;
    struct mqtt_fault fault;
    size_t consumed;
    CU_ASSERT_EQUAL(mqtt_codec_decode(vector_bytes(&in), MQTT_5_0, MQTT_SERVER, 0, &p, &consumed, &fault), 0);
    uint32_t id = 7;
    p.properties.subscription_identifiers = &id;
    p.properties.subscription_identifier_count = 1;
    CU_ASSERT(encodes_to(&p, MQTT_5_0,
                         "30 * 00 01 'a' 14 01 01 26 00 01 'x' 00 01 '1' 0B 05 26 00 01 'x' 00 01 '2' 0B 07 'p'"));
}

HARNESS_MAIN("mqtt_codec_encode", HARNESS_CASE(connect_3_1_1), HARNESS_CASE(connect_5_0_with_every_property),
             HARNESS_CASE(connack), HARNESS_CASE(publish), HARNESS_CASE(acks_leave_out_what_says_nothing),
             HARNESS_CASE(subscribe_and_suback), HARNESS_CASE(unsubscribe_and_unsuback),
             HARNESS_CASE(pings_disconnect_and_auth), HARNESS_CASE(what_cannot_be_encoded_writes_nothing),
             HARNESS_CASE(no_room_writes_nothing_and_can_be_tried_again),
             HARNESS_CASE(generated_packets_survive_decoding_and_encoding),
             HARNESS_CASE(user_properties_of_a_received_packet_can_be_passed_on_in_order))
