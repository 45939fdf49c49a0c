/* A session driven by bytes: each command is a call of its interface, a step in time, or bytes from the network.
 *
 * What must hold: no crash; every operation that was accepted ends once; no memory is left lent; everything written is whole,
 * well-formed packets of a client in the session's version; nothing is written or read after the wish to close. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/pool.h"
#include "mqtt/mqtt_session.h"
#include "mqtt/mqtt_session_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT_ROOM = 2048, PENDING_ROOM = 1 << 16 };

struct bench {
    struct mqtt_session session;
    struct mqtt_config config;
    struct step step;
    struct bytes_reader in; /* what is left of the fuzzer's input */
    uint8_t out[OUT_ROOM];
    uint8_t pending[PENDING_ROOM]; /* bytes of a half-received packet */
    size_t pending_size;
    uint32_t begun, ended;
    uint8_t sum; /* so that reading borrowed bytes is not optimised away */
};

static uint8_t byte(struct bench *b) {
    return bytes_read_u8(&b->in);
}

static void touch(struct bench *b, struct bytes borrowed) {
    for (size_t i = 0; i < borrowed.size; i++)
        b->sum ^= borrowed.data[i];
}

static void check_written(struct bench *b) {
    struct bytes out = bytes_of(b->out, bytes_written(&b->step.out));
    while (out.size > 0) {
        struct mqtt_packet p;
        struct mqtt_fault fault;
        size_t consumed;
        CHECK(mqtt_codec_decode(out, b->config.version, MQTT_CLIENT, 0, &p, &consumed, &fault) == 0);
        CHECK(b->session.maximum_packet_size == 0 || p.type == MQTT_CONNECT ||
              consumed <= b->session.maximum_packet_size);
        out = bytes_of(out.data + consumed, out.size - consumed);
    }
}

/* Reads the step as a device does, and begins the next one `later`. */
static void end_step(struct bench *b, span later) {
    for (unsigned i = 0; i < b->step.event_count; i++) {
        const struct event *e = &b->step.events[i];
        b->ended += e->kind == EVENT_OP_END;
        touch(b, e->topic);
        touch(b, e->payload);
        touch(b, e->mark);
        touch(b, e->packet);
        CHECK(e->kind != EVENT_VIOLATION || (e->statement && e->packet.size > 0));
        CHECK(e->kind != EVENT_CLOSE || i + 1 == b->step.event_count);
    }
    for (unsigned i = 0; i < b->step.op_count; i++)
        b->step.ops[i]->sent = b->step.now;
    check_written(b);
    step_begin(&b->step, b->step.now + later, b->step.now + later);
}

static void read_config(struct bench *b) {
    uint8_t flags = byte(b), more = byte(b);
    struct mqtt_config *c = &b->config;
    c->version = flags & 1 ? MQTT_5_0 : MQTT_3_1_1;
    c->clean_start = flags & 2;
    c->session_expiry_s = flags & 4 ? 100 : 0;
    c->receive_maximum = flags & 8 ? 3 : 0;
    c->maximum_packet_size = flags & 16 ? 200 : 0;
    c->topic_alias_maximum = flags & 32 ? 20 : 0;
    c->use_topic_aliases = flags & 64;
    c->no_problem_information = flags & 128;
    c->keepalive_s = more & 1 ? 10 : 0;
    c->drop_on_session_lost = more & 2;
    c->inflight_max = more & 4 ? 4 : 0;
    c->ack_timeout = more & 8 ? 20 * SPAN_S : 0;
    c->request_response_information = more & 16;
    if (more & 32)
        c->authentication_method = bytes_of_text("m");
    c->connack_timeout = c->suback_timeout = c->ping_timeout = 5 * SPAN_S;
}

static struct op new_op(struct bench *b, enum op_kind kind) {
    return (struct op){.intended = b->step.now, .ready = b->step.now, .kind = (uint8_t)kind};
}

static void up(struct bench *b) {
    uint8_t flags = byte(b);
    struct mqtt_connect_info info = {.client_id = bytes_of_text(flags & 1 ? "" : "c"), .has_user_name = flags & 2};
    if (flags & 4)
        info.will = (struct mqtt_will){.topic = bytes_of_text("w"), .qos = 1, .delay_s = 3};
    struct op op = new_op(b, OP_MQTT_CONNECT);
    b->begun += mqtt_session_up(&b->session, &b->config, &b->step, &info, &op) == 0;
    b->pending_size = 0;
}

static void publish(struct bench *b) {
    static const char *const topics[] = {"a", "a/b", "telemetry/device/7"};
    static uint8_t payload[256];
    uint8_t flags = byte(b);
    struct mqtt_message m = {.topic = bytes_of_text(topics[flags % 3]),
                             .payload = bytes_of(payload, byte(b)),
                             .qos = (flags >> 2) % 3,
                             .retain = flags & 16,
                             .message_expiry_s = flags & 32 ? 9 : 0};
    if (flags & 64)
        m.mark = bytes_of_text("MARK");
    struct op op = new_op(b, OP_MQTT_PUBLISH);
    b->begun += mqtt_session_publish(&b->session, &b->config, &b->step, &m, &op) == 0;
}

static void request(struct bench *b) {
    uint8_t flags = byte(b);
    struct mqtt_filter f[2] = {{.filter = bytes_of_text(flags & 1 ? "a/+" : "a"), .qos = 1},
                               {.filter = bytes_of_text(flags & 2 ? "$share/g/a" : "b"), .retain_handling = 1}};
    struct bytes names[2] = {f[0].filter, f[1].filter};
    unsigned count = flags & 4 ? 2 : 1;
    struct op op = new_op(b, flags & 8 ? OP_MQTT_UNSUBSCRIBE : OP_MQTT_SUBSCRIBE);
    int result = flags & 8 ? mqtt_session_unsubscribe(&b->session, &b->config, &b->step, names, count, &op)
                           : mqtt_session_subscribe(&b->session, &b->config, &b->step, f, count, flags & 16, &op);
    b->begun += result == 0;
}

/* Feeds what is pending until it is used up, incomplete or unwelcome. */
static void feed(struct bench *b) {
    size_t used = 0;
    for (;;) {
        /* a block of just this size, so that a sanitizer sees reads beyond it */
        size_t left = b->pending_size - used;
        uint8_t *copy = malloc(left + 1);
        CHECK(copy);
        memcpy(copy, b->pending + used, left);
        enum mqtt_session_state before = mqtt_session_state(&b->session);
        size_t size = mqtt_session_input(&b->session, &b->config, &b->step, bytes_of(copy, left));
        CHECK(size <= left && (before == MQTT_UP || before == MQTT_CONNECTING || size == 0));
        used += size;
        bool more = size > 0 && used < b->pending_size && b->step.event_count > STEP_EVENTS_MAX / 2;
        end_step(b, 0);
        free(copy);
        if (!more)
            break;
    }
    memmove(b->pending, b->pending + used, b->pending_size - used);
    b->pending_size -= used;
}

static void receive(struct bench *b, struct bytes bytes) {
    if (bytes.size > PENDING_ROOM - b->pending_size)
        bytes.size = PENDING_ROOM - b->pending_size;
    if (bytes.size)
        memcpy(b->pending + b->pending_size, bytes.data, bytes.size);
    b->pending_size += bytes.size;
    feed(b);
}

/* A likely packet of the server, so that the fuzzer need not find each by itself. */
static void receive_likely(struct bench *b) {
    static const uint8_t acks[] = {0x40, 0x50, 0x62, 0x70, 0x90, 0xB0};
    uint8_t kind = byte(b), id = byte(b) % 8, extra = byte(b);
    bool five = b->config.version == MQTT_5_0;
    uint8_t packet[32];
    struct bytes_writer w = bytes_writer_of(packet, sizeof packet);
    if (kind % 9 < 6) {
        bytes_write_u8(&w, acks[kind % 9]);
        bool codes = acks[kind % 9] >= 0x90;
        bytes_write_u8(&w, (uint8_t)(2 + (codes && five) + (codes ? 1 : 0)));
        bytes_write_u16(&w, id);
        if (codes && five)
            bytes_write_u8(&w, 0);
        if (codes)
            bytes_write_u8(&w, extra & 1 ? 0x80 : 0);
    } else if (kind % 9 == 6) {
        bytes_write_u8(&w, 0x20);
        bytes_write_u8(&w, five ? 12 : 2);
        bytes_write_u8(&w, extra & 1);
        bytes_write_u8(&w, 0);
        if (five)
            bytes_write(&w, bytes_of("\x09\x21\x00\x03\x22\x00\x02\x13\x00\x07", 10));
    } else if (kind % 9 == 7) {
        bytes_write_u8(&w, (uint8_t)(0x30 | (extra & 0x0f)));
        bool qos = extra & 6;
        bytes_write_u8(&w, (uint8_t)(4 + (qos ? 2 : 0) + (five ? 4 : 0)));
        bytes_write(&w, bytes_of("\x00\x01"
                                 "a",
                                 3));
        if (qos)
            bytes_write_u16(&w, id);
        if (five)
            bytes_write(&w, bytes_of("\x03\x23\x00\x01", 4));
        bytes_write_u8(&w, 'x');
    } else {
        bytes_write(&w, bytes_of("\xd0\x00", 2));
    }
    receive(b, bytes_of(packet, bytes_written(&w)));
}

static void due(struct bench *b, instant at) {
    step_begin(&b->step, at, at);
    mqtt_session_due(&b->session, &b->config, &b->step);
    for (unsigned i = 0; i < b->step.op_count; i++)
        b->begun += b->step.ops[i]->kind == OP_MQTT_PING;
    end_step(b, 0);
}

static void down(struct bench *b) {
    while (mqtt_session_down(&b->session, &b->config, &b->step, OP_BROKEN))
        end_step(b, 0);
    end_step(b, 0);
    b->pending_size = 0;
}

static void command(struct bench *b) {
    uint8_t what = byte(b);
    switch (what % 12) {
    case 0:
        up(b);
        break;
    case 1:
        receive(b, bytes_read(&b->in, what / 12 < bytes_left(&b->in) ? what / 12 : bytes_left(&b->in)));
        break;
    case 2:
    case 3:
        publish(b);
        break;
    case 4:
        request(b);
        break;
    case 5:
        mqtt_session_auth(&b->session, &b->config, &b->step, what & 16 ? 0x18 : 0x19, bytes_of_text("d"));
        break;
    case 6:
        if (what & 128)
            mqtt_session_disconnect(&b->session, &b->config, &b->step, what & 64 ? 4 : 0);
        break;
    case 7:
        down(b);
        break;
    case 8: {
        instant next = mqtt_session_next_deadline(&b->session, &b->config);
        due(b, next == INSTANT_NEVER || next < b->step.now ? b->step.now : next);
        break;
    }
    case 9:
        due(b, b->step.now + (span)what * SPAN_S / 8);
        break;
    default:
        receive_likely(b);
        break;
    }
    end_step(b, what * SPAN_MS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct bench bench;
    struct bench *b = &bench;
    memset(b, 0, sizeof *b);
    b->in = bytes_reader_of(bytes_of(data, size));
    uint8_t memory = byte(b);
    struct pool *pool = pool_new(memory & 1 ? (size_t)memory * 64 : 64 << 20);
    CHECK(pool);
    b->step.pool = pool;
    b->step.out = bytes_writer_of(b->out, sizeof b->out);
    read_config(b);
    mqtt_session_init(&b->session);
    step_begin(&b->step, 0, 0);
    while (bytes_left(&b->in) > 0)
        command(b);
    while (mqtt_session_finish(&b->session, &b->step))
        end_step(b, 0);
    end_step(b, 0);
    CHECK(b->begun == b->ended);
    CHECK(pool_in_use(pool) == 0);
    pool_free(pool);
    return 0;
}
