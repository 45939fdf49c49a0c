/* Drives MQTT sessions through every packet and property that the stack can emit and writes the conversation as a pcap file, for
 * a dissector that shares no code with us (tests/e2e/test_tshark_witness.sh). The far end's packets come from the same encoder in the
 * server's role.
 *
 *   mqtt_emit FILE     stdout: one line per MQTT packet in the order of the file, its type in decimal
 *
 * Every conversation is a TCP stream of its own over IPv4 (link type RAW), client port 40000 and up, server port 1883. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/pool.h"
#include "mqtt/mqtt_session.h"
#include "mqtt/mqtt_session_state.h"

enum {
    LINK_TYPE_RAW = 101,
    SNAP_LENGTH = 65535,
    IP_HEADER = 20,
    TCP_HEADER = 20,
    SERVER_PORT = 1883,
    FIRST_CLIENT_PORT = 40000,
    OUT_ROOM = 16384
};
enum { FIN = 0x01, SYN = 0x02, PSH = 0x08, ACK = 0x10 };

/* ---- the capture file --------------------------------------------------------------------------------------------- */

struct stream {
    uint16_t client_port;
    uint32_t client_sequence, server_sequence;
};

static FILE *capture;
static uint32_t packet_number;

static void put_native32(uint32_t value) {
    fwrite(&value, sizeof value, 1, capture);
}

static void write_capture_header(void) {
    const uint16_t version[2] = {2, 4};
    put_native32(0xa1b2c3d4);
    fwrite(version, sizeof version, 1, capture);
    put_native32(0);
    put_native32(0);
    put_native32(SNAP_LENGTH);
    put_native32(LINK_TYPE_RAW);
}

/* RFC 1071 over what is given so far. */
static uint32_t add_up(uint32_t sum, struct bytes b) {
    for (size_t i = 0; i < b.size; i++)
        sum += i % 2 ? b.data[i] : (uint32_t)b.data[i] << 8;
    return sum;
}

static uint16_t fold(uint32_t sum) {
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void write_segment(struct stream *s, bool from_client, uint8_t flags, struct bytes payload) {
    static const uint8_t client[4] = {192, 0, 2, 1}, server[4] = {192, 0, 2, 2};
    uint8_t packet[IP_HEADER + TCP_HEADER + OUT_ROOM];
    size_t total = IP_HEADER + TCP_HEADER + payload.size;
    struct bytes_writer w = bytes_writer_of(packet, sizeof packet);
    uint32_t *own = from_client ? &s->client_sequence : &s->server_sequence;
    uint32_t other = from_client ? s->server_sequence : s->client_sequence;
    bytes_write(&w, bytes_of("\x45\x00", 2));
    bytes_write_u16(&w, (uint16_t)total);
    bytes_write_u16(&w, (uint16_t)packet_number);
    bytes_write(&w, bytes_of("\x40\x00\x40\x06\x00\x00", 6));
    bytes_write(&w, bytes_of(from_client ? client : server, 4));
    bytes_write(&w, bytes_of(from_client ? server : client, 4));
    bytes_write_u16(&w, from_client ? s->client_port : SERVER_PORT);
    bytes_write_u16(&w, from_client ? SERVER_PORT : s->client_port);
    bytes_write_u32(&w, *own);
    bytes_write_u32(&w, flags & ACK ? other : 0);
    bytes_write_u8(&w, 5 << 4);
    bytes_write_u8(&w, flags);
    bytes_write(&w, bytes_of("\xff\xff\x00\x00\x00\x00", 6));
    bytes_write(&w, payload);
    CHECK(!w.failed && bytes_written(&w) == total);
    uint16_t ip = fold(add_up(0, bytes_of(packet, IP_HEADER)));
    packet[10] = (uint8_t)(ip >> 8);
    packet[11] = (uint8_t)ip;
    uint32_t pseudo = add_up(6 + (uint32_t)(TCP_HEADER + payload.size), bytes_of(packet + 12, 8));
    uint16_t tcp = fold(add_up(pseudo, bytes_of(packet + IP_HEADER, TCP_HEADER + payload.size)));
    packet[IP_HEADER + 16] = (uint8_t)(tcp >> 8);
    packet[IP_HEADER + 17] = (uint8_t)tcp;
    put_native32(packet_number / 1000);
    put_native32(packet_number++ % 1000 * 1000);
    put_native32((uint32_t)total);
    put_native32((uint32_t)total);
    fwrite(packet, total, 1, capture);
    *own += (uint32_t)payload.size + (flags & (SYN | FIN) ? 1 : 0);
}

static void list_types(struct bytes b) {
    size_t total;
    while (b.size > 0) {
        CHECK(mqtt_codec_frame(b, &total) == 0 && total <= b.size);
        printf("%d\n", b.data[0] >> 4);
        b = bytes_of(b.data + total, b.size - total);
    }
}

static void write_data(struct stream *s, bool from_client, struct bytes payload) {
    if (payload.size == 0)
        return;
    list_types(payload);
    write_segment(s, from_client, PSH | ACK, payload);
    write_segment(s, !from_client, ACK, bytes_of(NULL, 0));
}

/* ---- a session and its far end ------------------------------------------------------------------------------------ */

struct talk {
    struct mqtt_session session;
    struct mqtt_config config;
    struct mqtt_connect_info info;
    struct step step;
    struct pool *pool;
    struct stream stream;
    uint8_t out[OUT_ROOM];
};

static uint16_t streams;

static void open_stream(struct talk *t) {
    t->stream = (struct stream){(uint16_t)(FIRST_CLIENT_PORT + streams++), 1000, 2000};
    write_segment(&t->stream, true, SYN, bytes_of(NULL, 0));
    write_segment(&t->stream, false, SYN | ACK, bytes_of(NULL, 0));
    write_segment(&t->stream, true, ACK, bytes_of(NULL, 0));
}

static void close_stream(struct talk *t) {
    write_segment(&t->stream, true, FIN | ACK, bytes_of(NULL, 0));
    write_segment(&t->stream, false, FIN | ACK, bytes_of(NULL, 0));
    write_segment(&t->stream, true, ACK, bytes_of(NULL, 0));
}

/* What the step wrote goes into the capture. */
static void flush(struct talk *t) {
    write_data(&t->stream, true, bytes_of(t->out, bytes_written(&t->step.out)));
    step_begin(&t->step, t->step.now, t->step.now);
}

static struct op op_of(const struct talk *t, enum op_kind kind) {
    return (struct op){.intended = t->step.now, .ready = t->step.now, .kind = (uint8_t)kind};
}

static void begin(struct talk *t, enum mqtt_version version) {
    *t = (struct talk){.config = {.version = version}, .pool = pool_new(1 << 24)};
    CHECK(t->pool);
    t->info.client_id = bytes_of_text("muster-witness");
    t->step.pool = t->pool;
    t->step.out = bytes_writer_of(t->out, sizeof t->out);
    mqtt_session_init(&t->session);
    step_begin(&t->step, 0, 0);
}

static void connect_session(struct talk *t) {
    struct op op = op_of(t, OP_MQTT_CONNECT);
    open_stream(t);
    CHECK(mqtt_session_up(&t->session, &t->config, &t->step, &t->info, &op) == 0);
    flush(t);
}

/* The far end sends a packet; the session has to accept it. */
static void answer(struct talk *t, const struct mqtt_packet *p) {
    uint8_t buffer[OUT_ROOM];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    CHECK(mqtt_codec_encode(&w, p, t->config.version) == 0);
    struct bytes in = bytes_of(buffer, bytes_written(&w));
    write_data(&t->stream, false, in);
    CHECK(mqtt_session_input(&t->session, &t->config, &t->step, in) == in.size);
    for (unsigned i = 0; i < t->step.event_count; i++)
        CHECK(t->step.events[i].kind != EVENT_VIOLATION);
    flush(t);
}

/* The far end breaks a rule; what the session says to that is emitted. */
static void provoke(struct talk *t, const char *packet, size_t size) {
    struct bytes in = bytes_of(packet, size);
    step_begin(&t->step, t->step.now, t->step.now);
    mqtt_session_input(&t->session, &t->config, &t->step, in);
    CHECK(mqtt_session_state(&t->session) == MQTT_CLOSING);
    flush(t);
}

static void hang_up(struct talk *t) {
    close_stream(t);
    while (mqtt_session_down(&t->session, &t->config, &t->step, OP_BROKEN))
        flush(t);
    flush(t);
}

static void end(struct talk *t) {
    hang_up(t);
    while (mqtt_session_finish(&t->session, &t->step))
        flush(t);
    pool_free(t->pool);
}

static struct mqtt_packet connack(bool present) {
    struct mqtt_packet p = {.type = MQTT_CONNACK};
    p.connack = (struct mqtt_connack){.session_present = present};
    return p;
}

static void accept_session(struct talk *t, bool present) {
    struct mqtt_packet p = connack(present);
    if (t->config.authentication_method.size) {
        p.properties.authentication_method = t->config.authentication_method;
        mqtt_properties_mark(&p.properties, MQTT_AUTHENTICATION_METHOD);
    }
    answer(t, &p);
}

static void ack(struct talk *t, enum mqtt_packet_type type, uint16_t id, uint8_t reason) {
    struct mqtt_packet p = {.type = (uint8_t)type};
    p.ack = (struct mqtt_ack){id, reason};
    answer(t, &p);
}

static void suback(struct talk *t, enum mqtt_packet_type type, uint16_t id, const char *codes, size_t count) {
    struct mqtt_packet p = {.type = (uint8_t)type};
    p.suback = (struct mqtt_suback){id, bytes_of(codes, count)};
    answer(t, &p);
}

static void deliver(struct talk *t, uint8_t qos, uint16_t id) {
    struct mqtt_packet p = {.type = MQTT_PUBLISH};
    p.publish = (struct mqtt_publish){
        .qos = qos, .packet_id = id, .topic = bytes_of_text("to/device"), .payload = bytes_of_text("command")};
    answer(t, &p);
}

static void publish(struct talk *t, const struct mqtt_message *m) {
    struct op op = op_of(t, OP_MQTT_PUBLISH);
    CHECK(mqtt_session_publish(&t->session, &t->config, &t->step, m, &op) == 0);
    flush(t);
}

static void publish_plain(struct talk *t, uint8_t qos, bool retain) {
    struct mqtt_message m = {
        .topic = bytes_of_text("from/device"), .payload = bytes_of_text("21.5"), .qos = qos, .retain = retain};
    publish(t, &m);
}

static void subscribe(struct talk *t, uint32_t id) {
    struct mqtt_filter filters[] = {{.filter = bytes_of_text("a/#"), .qos = 1, .retain_handling = 1},
                                    {.filter = bytes_of_text("+/b"), .no_local = true, .retain_as_published = true},
                                    {.filter = bytes_of_text("$share/g/c"), .qos = 2, .retain_handling = 2}};
    struct op op = op_of(t, OP_MQTT_SUBSCRIBE);
    CHECK(mqtt_session_subscribe(&t->session, &t->config, &t->step, filters, 3, id, &op) == 0);
    flush(t);
}

static void unsubscribe(struct talk *t) {
    struct bytes names[] = {bytes_of_text("a/#"), bytes_of_text("$share/g/c")};
    struct op op = op_of(t, OP_MQTT_UNSUBSCRIBE);
    CHECK(mqtt_session_unsubscribe(&t->session, &t->config, &t->step, names, 2, &op) == 0);
    flush(t);
}

static void ping(struct talk *t) {
    instant at = mqtt_session_next_deadline(&t->session, &t->config);
    step_begin(&t->step, at, at);
    mqtt_session_due(&t->session, &t->config, &t->step);
    CHECK(bytes_written(&t->step.out) == 2);
    flush(t);
    struct mqtt_packet p = {.type = MQTT_PINGRESP};
    answer(t, &p);
}

static void say_goodbye(struct talk *t, uint8_t reason) {
    CHECK(mqtt_session_disconnect(&t->session, &t->config, &t->step, reason) == 0);
    flush(t);
}

/* All QoS in both directions. */
static void exchange(struct talk *t) {
    publish_plain(t, 0, false);
    publish_plain(t, 1, true);
    publish_plain(t, 2, false);
    ack(t, MQTT_PUBACK, 2, 0);
    ack(t, MQTT_PUBREC, 3, 0);
    ack(t, MQTT_PUBCOMP, 3, 0);
    deliver(t, 0, 0);
    deliver(t, 1, 7);
    deliver(t, 2, 8);
    ack(t, MQTT_PUBREL, 8, 0);
    ack(t, MQTT_PUBREL, 9, 0);  /* unknown: PUBCOMP, in 5.0 with 0x92 */
    ack(t, MQTT_PUBREC, 99, 0); /* unknown: PUBREL, in 5.0 with 0x92 */
}

/* ---- the conversations ---------------------------------------------------------------------------------------------- */

static const struct mqtt_user_property users[] = {{{(const uint8_t *)"name", 4}, {(const uint8_t *)"value", 5}},
                                                  {{(const uint8_t *)"name", 4}, {(const uint8_t *)"w\xc3\xa4rme", 6}}};

static void plain_3_1_1(void) {
    struct talk t;
    begin(&t, MQTT_3_1_1);
    t.config.clean_start = true;
    t.config.keepalive_s = 60;
    connect_session(&t);
    accept_session(&t, false);
    subscribe(&t, 0);
    suback(&t, MQTT_SUBACK, 1, "\x01\x00\x80", 3);
    exchange(&t);
    unsubscribe(&t);
    suback(&t, MQTT_UNSUBACK, 4, "", 0);
    ping(&t);
    say_goodbye(&t, 0);
    end(&t);
}

/* A will, credentials, and a session that is taken up again with all that was in flight. */
static void resumed(enum mqtt_version version) {
    struct talk t;
    begin(&t, version);
    t.config.session_expiry_s = UINT32_MAX;
    t.info = (struct mqtt_connect_info){.client_id = bytes_of_text("muster-resumed"),
                                        .user_name = bytes_of_text("user"),
                                        .password = bytes_of_text("secret"),
                                        .has_user_name = true,
                                        .has_password = true,
                                        .will = {.topic = bytes_of_text("gone"),
                                                 .payload = bytes_of_text("bye"),
                                                 .qos = 2,
                                                 .retain = true,
                                                 .delay_s = 30,
                                                 .message_expiry_s = 60}};
    connect_session(&t);
    accept_session(&t, false);
    publish_plain(&t, 1, false);
    publish_plain(&t, 2, false);
    publish_plain(&t, 2, true);
    ack(&t, MQTT_PUBREC, 3, 0);
    hang_up(&t);
    connect_session(&t);
    accept_session(&t, true); /* PUBREL 3, PUBLISH 1 and 2 with DUP */
    hang_up(&t);
    connect_session(&t);
    accept_session(&t, false); /* lost: three new packets */
    say_goodbye(&t, 0);
    end(&t);
}

static void configure_everything(struct mqtt_config *c) {
    c->keepalive_s = 30;
    c->session_expiry_s = 3600;
    c->receive_maximum = 20;
    c->maximum_packet_size = 100000;
    c->topic_alias_maximum = 10;
    c->use_topic_aliases = true;
    c->request_response_information = true;
    c->no_problem_information = true;
    c->authentication_method = bytes_of_text("SCRAM-SHA-256");
    c->authentication_data = bytes_of_text("client-first");
    c->user_properties = users;
    c->user_property_count = 2;
}

static struct mqtt_packet full_connack(const struct mqtt_config *c) {
    struct mqtt_packet p = connack(false);
    struct mqtt_properties *q = &p.properties;
    for (unsigned id = 1; id < MQTT_PROPERTIES_END; id++)
        if (mqtt_tables_properties[id].name && (mqtt_tables_properties[id].from_server & MQTT_BIT(MQTT_CONNACK)) &&
            id != MQTT_SERVER_REFERENCE)
            mqtt_properties_mark(q, (enum mqtt_property)id);
    q->session_expiry_interval = 1800;
    q->receive_maximum = 10;
    q->maximum_qos = 1; /* the only values that may be sent are 0 and 1 */
    q->retain_available = q->wildcard_subscription_available = 1;
    q->subscription_identifier_available = q->shared_subscription_available = 1;
    q->maximum_packet_size = 50000;
    q->assigned_client_identifier = bytes_of_text("assigned-1");
    q->topic_alias_maximum = 5;
    q->server_keep_alive = 20;
    q->response_information = bytes_of_text("answers/");
    q->reason_string = bytes_of_text("welcome");
    q->authentication_method = c->authentication_method;
    q->authentication_data = bytes_of_text("server-final");
    q->user_properties = users;
    q->user_property_count = 2;
    return p;
}

static void challenge(struct talk *t, uint8_t reason, const char *data) {
    struct mqtt_packet p = {.type = MQTT_AUTH};
    p.ack.reason_code = reason;
    p.properties.authentication_method = t->config.authentication_method;
    p.properties.authentication_data = bytes_of_text(data);
    mqtt_properties_mark(&p.properties, MQTT_AUTHENTICATION_METHOD);
    mqtt_properties_mark(&p.properties, MQTT_AUTHENTICATION_DATA);
    answer(t, &p);
}

static void respond(struct talk *t, uint8_t reason, const char *data) {
    CHECK(mqtt_session_auth(&t->session, &t->config, &t->step, reason, bytes_of_text(data)) == 0);
    flush(t);
}

/* Every property of CONNECT, PUBLISH, SUBSCRIBE and AUTH, aliases both ways, re-authentication. */
static void everything_5_0(void) {
    struct talk t;
    begin(&t, MQTT_5_0);
    configure_everything(&t.config);
    t.info.client_id = bytes_of(NULL, 0);
    connect_session(&t);
    challenge(&t, MQTT_REASON_CONTINUE_AUTHENTICATION, "server-first");
    respond(&t, MQTT_REASON_CONTINUE_AUTHENTICATION, "client-final");
    struct mqtt_packet accepting = full_connack(&t.config);
    answer(&t, &accepting);
    subscribe(&t, 268435455);
    suback(&t, MQTT_SUBACK, 1, "\x01\x00\x02", 3);
    struct mqtt_message m = {.topic = bytes_of_text("from/device"),
                             .payload = bytes_of_text("21.5"),
                             .qos = 1,
                             .payload_is_utf8 = true,
                             .message_expiry_s = 60,
                             .content_type = bytes_of_text("text/plain"),
                             .response_topic = bytes_of_text("answers/1"),
                             .correlation_data = bytes_of("\x00\x01\xff", 3),
                             .user_properties = users,
                             .user_property_count = 2,
                             .mark = bytes_of_text("AAAAAAAAAAAAAAAAAAAAAA")};
    publish(&t, &m); /* with topic and alias */
    ack(&t, MQTT_PUBACK, 2, MQTT_REASON_NO_MATCHING_SUBSCRIBERS);
    m.qos = 0;
    publish(&t, &m); /* with the alias alone */
    struct mqtt_packet p = {.type = MQTT_PUBLISH};
    p.publish = (struct mqtt_publish){.topic = bytes_of_text("to/device"), .payload = bytes_of_text("1")};
    p.properties.topic_alias = 3;
    mqtt_properties_mark(&p.properties, MQTT_TOPIC_ALIAS);
    const uint32_t ids[] = {268435455, 7};
    p.properties.subscription_identifiers = ids;
    p.properties.subscription_identifier_count = 2;
    answer(&t, &p);
    p.publish.topic = bytes_of(NULL, 0);
    answer(&t, &p);
    respond(&t, MQTT_REASON_REAUTHENTICATE, "client-first");
    challenge(&t, MQTT_REASON_SUCCESS, "server-final");
    unsubscribe(&t);
    suback(&t, MQTT_UNSUBACK, 3, "\x00\x11", 2);
    ping(&t);
    say_goodbye(&t, MQTT_REASON_DISCONNECT_WITH_WILL);
    end(&t);
}

static void exchange_5_0(void) {
    struct talk t;
    begin(&t, MQTT_5_0);
    t.config.clean_start = true;
    t.info.has_password = true; /* without a user name */
    t.info.password = bytes_of_text("token");
    connect_session(&t);
    accept_session(&t, false);
    subscribe(&t, 0);
    suback(&t, MQTT_SUBACK, 1, "\x01\x00\x87", 3);
    exchange(&t);
    say_goodbye(&t, 0);
    end(&t);
}

/* Each DISCONNECT that a breach of the server's calls for. */
static void every_complaint(void) {
    static const struct {
        const char *packet;
        size_t size;
    } breaches[] = {
        {"\xd1\x00", 2},             /* 0x81 */
        {"\x20\x03\x00\x00\x00", 5}, /* 0x82: a second CONNACK */
        {"\x30\x07\x00\x01"
         "a\x03\x23\x00\x63",
         9},                         /* 0x94 */
        {"\x30\xff\xff\xff\x7f", 5}, /* 0x95 */
    };
    for (size_t i = 0; i < sizeof breaches / sizeof breaches[0]; i++) {
        struct talk t;
        begin(&t, MQTT_5_0);
        t.config.maximum_packet_size = 1000;
        connect_session(&t);
        accept_session(&t, false);
        provoke(&t, breaches[i].packet, breaches[i].size);
        end(&t);
    }
    struct talk t;
    begin(&t, MQTT_5_0);
    t.config.receive_maximum = 1;
    connect_session(&t);
    accept_session(&t, false);
    deliver(&t, 2, 1);
    provoke(&t,
            "\x34\x06\x00\x01"
            "a\x00\x02\x00",
            8); /* 0x93 */
    end(&t);
}

/* What the encoder can write beyond what sessions say: every reason code, with every property, from both sides. */
static void encode_reason(struct talk *t, enum mqtt_role from, uint8_t type, uint8_t code, bool explain) {
    uint8_t buffer[512];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    struct mqtt_packet p = {.type = type};
    if (type == MQTT_SUBACK || type == MQTT_UNSUBACK)
        p.suback = (struct mqtt_suback){.packet_id = 5, .codes = bytes_of(&code, 1)};
    else if (type == MQTT_CONNACK)
        p.connack.reason_code = code;
    else
        p.ack = (struct mqtt_ack){.packet_id = type < MQTT_SUBSCRIBE ? 5 : 0, .reason_code = code};
    if (type == MQTT_AUTH) {
        p.properties.authentication_method = bytes_of_text("m");
        mqtt_properties_mark(&p.properties, MQTT_AUTHENTICATION_METHOD);
    }
    if (explain) {
        p.properties.reason_string = bytes_of_text("because");
        mqtt_properties_mark(&p.properties, MQTT_REASON_STRING);
        p.properties.user_properties = users;
        p.properties.user_property_count = 2;
    }
    if (explain && from == MQTT_SERVER && (type == MQTT_CONNACK || type == MQTT_DISCONNECT)) {
        p.properties.server_reference = bytes_of_text("other.example:1883");
        mqtt_properties_mark(&p.properties, MQTT_SERVER_REFERENCE);
    }
    if (explain && from == MQTT_CLIENT && type == MQTT_DISCONNECT) {
        p.properties.session_expiry_interval = 9;
        mqtt_properties_mark(&p.properties, MQTT_SESSION_EXPIRY_INTERVAL);
    }
    CHECK(mqtt_codec_encode(&w, &p, MQTT_5_0) == 0);
    write_data(&t->stream, from == MQTT_CLIENT, bytes_of(buffer, bytes_written(&w)));
}

static void every_reason_code(void) {
    struct talk t;
    begin(&t, MQTT_5_0);
    connect_session(&t);
    for (const struct mqtt_reason_row *row = mqtt_tables_reasons; row->name; row++) {
        for (unsigned type = 1; type < MQTT_PACKET_TYPES; type++) {
            for (unsigned explain = 0; explain < 2; explain++) {
                if (row->from_client & MQTT_BIT(type))
                    encode_reason(&t, MQTT_CLIENT, (uint8_t)type, row->code, explain);
                if (row->from_server & MQTT_BIT(type))
                    encode_reason(&t, MQTT_SERVER, (uint8_t)type, row->code, explain);
            }
        }
    }
    end(&t);
}

int main(int argc, char **argv) {
    if (argc != 2 || !(capture = fopen(argv[1], "wb"))) {
        fprintf(stderr, "usage: mqtt_emit FILE\n");
        return 2;
    }
    write_capture_header();
    plain_3_1_1();
    resumed(MQTT_3_1_1);
    resumed(MQTT_5_0);
    everything_5_0();
    exchange_5_0();
    every_complaint();
    every_reason_code();
    return fclose(capture) == 0 ? 0 : 1;
}
