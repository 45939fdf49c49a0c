/* A session on a test bed: a pool, a step, bytes in as text, bytes and events out. */
#ifndef MUSTER_TESTS_MQTT_BED_H
#define MUSTER_TESTS_MQTT_BED_H

#include "base/err.h"
#include "base/pool.h"
#include "harness.h"
#include "mqtt/mqtt_session.h"
#include "mqtt/mqtt_session_state.h"
#include "vector.h"

enum { BED_OUT = 1 << 16 };

struct bed {
    struct mqtt_session session;
    struct mqtt_config config;
    struct mqtt_connect_info info;
    struct step step;
    struct pool *pool;
    uint8_t out[BED_OUT];
    uint32_t ops; /* operations begun */
};

static inline void bed_step(struct bed *b, instant at) {
    step_begin(&b->step, at, at);
}

static inline void bed_begin_with(struct bed *b, enum mqtt_version version, size_t pool_bytes) {
    *b = (struct bed){.config = {.version = version,
                                 .clean_start = true,
                                 .connack_timeout = 10 * SPAN_S,
                                 .suback_timeout = 10 * SPAN_S,
                                 .ping_timeout = 10 * SPAN_S}};
    b->pool = pool_new(pool_bytes);
    b->info.client_id = bytes_of_text("c");
    b->step.pool = b->pool;
    b->step.out = bytes_writer_of(b->out, sizeof b->out);
    mqtt_session_init(&b->session);
    bed_step(b, 0);
}

static inline void bed_begin(struct bed *b, enum mqtt_version version) {
    bed_begin_with(b, version, 64 << 20);
}

/* Ends the run: nothing of the pool may be left lent. */
static inline void bed_end(struct bed *b) {
    do
        bed_step(b, b->step.now);
    while (mqtt_session_finish(&b->session, &b->step));
    CU_ASSERT_EQUAL(pool_in_use(b->pool), 0);
    pool_free(b->pool);
}

static inline struct op bed_op(struct bed *b, enum op_kind kind) {
    return (struct op){.intended = b->step.now, .ready = b->step.now, .n = ++b->ops, .kind = (uint8_t)kind};
}

/* What the step has written so far is exactly this. */
static inline bool bed_wrote(const struct bed *b, const char *text) {
    static struct vector expected;
    vector_parse(&expected, "");
    /* several packets: "|" parts them, so that each may have its own * */
    const char *at = text;
    while (*at) {
        static struct vector part;
        char one[4096];
        size_t size = strcspn(at, "|");
        CHECK(size < sizeof one);
        memcpy(one, at, size);
        one[size] = 0;
        vector_parse(&part, one);
        vector_put(&expected, part.data, part.size);
        at += size + (at[size] == '|');
    }
    struct bytes got = bytes_of(b->step.out.start, bytes_written(&b->step.out));
    bool ok = bytes_equal(got, vector_bytes(&expected));
    if (!ok) {
        vector_dump("expected", vector_bytes(&expected));
        vector_dump("wrote   ", got);
    }
    return ok;
}

/* Feeds one packet into a fresh step at the present instant; returns what was consumed. */
static inline size_t bed_feed(struct bed *b, const char *text) {
    static struct vector in; /* events borrow from it until the next feed */
    vector_parse(&in, text);
    bed_step(b, b->step.now);
    return mqtt_session_input(&b->session, &b->config, &b->step, vector_bytes(&in));
}

static inline void bed_due(struct bed *b, instant at) {
    bed_step(b, at);
    mqtt_session_due(&b->session, &b->config, &b->step);
}

static inline int bed_connect(struct bed *b) {
    struct op op = bed_op(b, OP_MQTT_CONNECT);
    bed_step(b, b->step.now);
    return mqtt_session_up(&b->session, &b->config, &b->step, &b->info, &op);
}

/* Connects with an accepting CONNACK; `properties` is the 5.0 property block with its length ("00" for none). */
static inline void bed_accept(struct bed *b, bool present, const char *properties) {
    char text[512];
    snprintf(text, sizeof text, "20 * 0%d 00 %s", present, b->config.version == MQTT_5_0 ? properties : "");
    CU_ASSERT_EQUAL(bed_connect(b), 0);
    bed_feed(b, text);
}

static inline void bed_online(struct bed *b, enum mqtt_version version) {
    bed_begin(b, version);
    bed_accept(b, false, "00");
    CU_ASSERT_EQUAL(mqtt_session_state(&b->session), MQTT_UP);
    bed_step(b, 0);
}

static inline void bed_down(struct bed *b) {
    do
        bed_step(b, b->step.now);
    while (mqtt_session_down(&b->session, &b->config, &b->step, OP_BROKEN));
}

static inline int bed_publish(struct bed *b, uint8_t qos, const char *topic, const char *payload) {
    struct op op = bed_op(b, OP_MQTT_PUBLISH);
    op.qos = qos;
    struct mqtt_message m = {.topic = bytes_of_text(topic), .payload = bytes_of_text(payload), .qos = qos};
    return mqtt_session_publish(&b->session, &b->config, &b->step, &m, &op);
}

static inline int bed_subscribe(struct bed *b, const char *filter) {
    struct op op = bed_op(b, OP_MQTT_SUBSCRIBE);
    struct mqtt_filter f = {.filter = bytes_of_text(filter), .qos = 1};
    return mqtt_session_subscribe(&b->session, &b->config, &b->step, &f, 1, 0, &op);
}

/* The n-th event of that kind in the step, or NULL. */
static inline const struct event *bed_event(const struct bed *b, enum event_kind kind, unsigned n) {
    for (unsigned i = 0; i < b->step.event_count; i++)
        if (b->step.events[i].kind == kind && n-- == 0)
            return &b->step.events[i];
    return NULL;
}

static inline unsigned bed_count(const struct bed *b, enum event_kind kind) {
    unsigned n = 0;
    for (unsigned i = 0; i < b->step.event_count; i++)
        n += b->step.events[i].kind == kind;
    return n;
}

/* The step ended operation `n` (bed.ops when it began) like this. */
static inline bool bed_ended(const struct bed *b, uint32_t n, enum op_outcome outcome, uint8_t reason_code) {
    for (unsigned i = 0; i < b->step.event_count; i++) {
        const struct event *e = &b->step.events[i];
        if (e->kind == EVENT_OP_END && e->op.n == n)
            return e->outcome == outcome && e->reason_code == reason_code;
    }
    return false;
}

static inline bool bed_closes(const struct bed *b, enum close_reason reason, uint8_t reason_code) {
    const struct event *e = bed_event(b, EVENT_CLOSE, 0);
    return e && bed_count(b, EVENT_CLOSE) == 1 && e->close_reason == reason && e->reason_code == reason_code &&
           mqtt_session_state(&b->session) == MQTT_CLOSING;
}

/* The step reported exactly this violation and asked for the close; in 5.0 it wrote DISCONNECT with the code. */
static inline bool bed_violated(const struct bed *b, const char *statement, uint8_t reason_code) {
    const struct event *e = bed_event(b, EVENT_VIOLATION, 0);
    bool ok = e && bed_count(b, EVENT_VIOLATION) == 1 && strcmp(e->statement, statement) == 0 &&
              e->reason_code == reason_code && e->packet.size > 0 && bed_closes(b, CLOSE_VIOLATION, reason_code);
    if (b->config.version == MQTT_5_0 && ok) {
        const uint8_t *end = b->step.out.at;
        ok = bytes_written(&b->step.out) >= 3 && end[-3] == 0xE0 && end[-2] == 1 && end[-1] == reason_code;
    }
    if (!ok)
        vector_blame(statement, e ? e->statement : "no violation");
    return ok;
}

#endif
