/* What leaves on one connection. Most bytes go straight to the sink; with a service time, an acknowledgement delay or "drip"
 * they wait in the connection's list of pending bytes, whose order is the order of sending. */
#include <string.h>

#include "backend/broker_state.h"
#include "base/draw.h"
#include "base/err.h"

size_t broker_out_backlog(const struct broker *b, const struct broker_connection *c) {
    return c->pending_bytes + (b->sink.backlog != NULL ? b->sink.backlog(b->sink.context, c->peer) : 0);
}

static span drawn(struct broker *b, struct broker_connection *c, const struct dist *d) {
    if (dist_is_constant(d))
        return (span)d->a;
    return dist_sample_span(
        d, draw_u64(b->options.seed, (uint32_t)c->serial, draw_stream_named("broker", "service"), c->draws++));
}

/* One acknowledgement after the other, as a server does whose work on each takes a fixed time. */
static span throttled(struct broker *b) {
    span each = (span)(1e9 / b->misbehave->of[MISBEHAVE_THROTTLE].rate);
    instant free_at = instant_max(b->busy_until, b->now);
    b->busy_until = instant_add(free_at, each);
    if (free_at > b->now)
        misbehave_acted(b->misbehave, MISBEHAVE_THROTTLE);
    return b->busy_until - b->now;
}

/* How long these bytes are held back. */
static span delay_of(struct broker *b, struct broker_connection *c, enum broker_out_kind kind) {
    span delay = 0;
    if (kind != BROKER_OUT_PROMPT)
        delay = drawn(b, c, &b->options.service);
    if (kind == BROKER_OUT_ACK && misbehave_on(b->misbehave, MISBEHAVE_ACK_DELAY)) {
        delay += drawn(b, c, &b->misbehave->of[MISBEHAVE_ACK_DELAY].delay);
        misbehave_acted(b->misbehave, MISBEHAVE_ACK_DELAY);
    }
    if (kind == BROKER_OUT_ACK && misbehave_on(b->misbehave, MISBEHAVE_THROTTLE))
        delay = instant_max(delay, throttled(b));
    return delay;
}

static span drip_gap(const struct broker *b) {
    return (span)(1e9 / b->misbehave->of[MISBEHAVE_DRIP].rate);
}

static void append_pending(struct broker *b, struct broker_connection *c, struct bytes data, instant release) {
    struct broker_pending *p =
        c->pending_bytes + data.size > BROKER_PENDING_MAX ? NULL : pool_take(b->pool, sizeof *p + data.size);
    if (p == NULL) {
        b->counts.overflows++;
        broker_doom(b, c, 0, true);
        return;
    }
    *p = (struct broker_pending){.release = release, .size = (uint32_t)data.size};
    memcpy(p->data, data.data, data.size);
    *(c->last_pending != NULL ? &c->last_pending->next : &c->pending) = p;
    c->last_pending = p;
    c->pending_bytes += data.size;
    broker_arm_connection(b, c);
}

void broker_out_bytes(struct broker *b, struct broker_connection *c, struct bytes data, enum broker_out_kind kind) {
    if (c->doomed || c->phase == BROKER_MUTE || c->phase >= BROKER_CLOSING)
        return;
    span delay = delay_of(b, c, kind);
    bool drip = misbehave_on(b->misbehave, MISBEHAVE_DRIP);
    /* Answers keep their order, also when a shorter delay was drawn for a later one. What is prompt overtakes them, but
     * nothing overtakes CONNACK. */
    bool behind = c->pending != NULL && (kind != BROKER_OUT_PROMPT || c->greeting != NULL);
    if (delay <= 0 && !drip && !behind) {
        b->sink.send(b->sink.context, c->peer, data);
        return;
    }
    c->last_release = instant_max(c->last_release, instant_add(b->now, delay));
    append_pending(b, c, data, c->last_release);
}

static void release_first(struct broker *b, struct broker_connection *c) {
    struct broker_pending *p = c->pending;
    c->pending = p->next;
    if (c->pending == NULL)
        c->last_pending = NULL;
    c->pending_bytes -= p->size - p->sent;
    if (p->sent < p->size)
        b->sink.send(b->sink.context, c->peer, bytes_of(p->data + p->sent, p->size - p->sent));
    if (c->greeting == p)
        c->greeting = NULL;
    pool_give(b->pool, p, sizeof *p + p->size);
}

static void drip_one(struct broker *b, struct broker_connection *c) {
    struct broker_pending *p = c->pending;
    b->sink.send(b->sink.context, c->peer, bytes_of(p->data + p->sent, 1));
    misbehave_acted(b->misbehave, MISBEHAVE_DRIP);
    p->sent++;
    c->pending_bytes--;
    c->next_drip = instant_add(instant_max(c->next_drip, p->release), drip_gap(b));
    if (p->sent == p->size)
        release_first(b, c);
}

void broker_out_due(struct broker *b, struct broker_connection *c) {
    bool drip = misbehave_on(b->misbehave, MISBEHAVE_DRIP);
    while (c->pending != NULL && broker_out_deadline(b, c) <= b->now) {
        if (drip)
            drip_one(b, c);
        else
            release_first(b, c);
    }
}

instant broker_out_deadline(const struct broker *b, const struct broker_connection *c) {
    if (c->pending == NULL)
        return INSTANT_NEVER;
    return misbehave_on(b->misbehave, MISBEHAVE_DRIP) ? instant_max(c->pending->release, c->next_drip)
                                                      : c->pending->release;
}

void broker_out_discard(struct broker *b, struct broker_connection *c) {
    for (struct broker_pending *p = c->pending, *next; p != NULL; p = next) {
        next = p->next;
        pool_give(b->pool, p, sizeof *p + p->size);
    }
    c->pending = c->last_pending = c->greeting = NULL;
    c->pending_bytes = 0;
}

/* Room for a packet of that size; kept for the next one unless it is unusually large. */
static uint8_t *scratch_of(struct broker *b, size_t size) {
    if (size <= b->scratch_size)
        return b->scratch;
    uint8_t *bigger = pool_take(b->pool, size);
    if (bigger == NULL)
        return NULL;
    pool_give(b->pool, b->scratch, b->scratch_size);
    b->scratch = bigger;
    b->scratch_size = size;
    return bigger;
}

int broker_out_packet(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p,
                      enum broker_out_kind kind) {
    enum mqtt_version version = c->version == MQTT_5_0 ? MQTT_5_0 : MQTT_3_1_1;
    size_t size = mqtt_codec_size(p, version);
    if (size == 0 || (c->packet_max > 0 && size > c->packet_max))
        return ERR_TOO_BIG;
    uint8_t *buffer = scratch_of(b, size);
    if (buffer == NULL)
        return ERR_NO_MEMORY;
    struct bytes_writer w = bytes_writer_of(buffer, size);
    int result = mqtt_codec_encode(&w, p, version);
    if (result < 0)
        return result;
    broker_out_bytes(b, c, bytes_of(buffer, bytes_written(&w)), kind);
    return 0;
}

void broker_out_must(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p,
                     enum broker_out_kind kind) {
    /* A client that accepts no packet of the size that it must get cannot be served: its connection ends. */
    if (broker_out_packet(b, c, p, kind) < 0)
        broker_doom(b, c, 0, false);
}

void broker_out_ack(struct broker *b, struct broker_connection *c, uint8_t type, uint16_t packet_id, uint8_t reason) {
    bool acknowledges = type != MQTT_PUBREL;
    if (acknowledges && misbehave_act(b->misbehave, MISBEHAVE_STOP_ACKS))
        return;
    if (acknowledges && misbehave_act(b->misbehave, MISBEHAVE_WRONG_PACKET_ID))
        packet_id = packet_id == UINT16_MAX ? 1 : (uint16_t)(packet_id + 1);
    struct mqtt_packet p = {.type = type};
    p.ack.packet_id = packet_id;
    p.ack.reason_code = c->version == MQTT_5_0 ? reason : 0;
    broker_out_must(b, c, &p, acknowledges ? BROKER_OUT_ACK : BROKER_OUT_PROMPT);
    b->counts.acknowledged += type == MQTT_PUBACK || type == MQTT_PUBCOMP;
}
