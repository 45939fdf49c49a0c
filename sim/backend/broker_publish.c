/* PUBLISH from clients. A message is routed when its PUBLISH arrives, at QoS 2 as well: the identifier is kept until PUBREL, so
 * that a repeat is known for one (the specification's method B, 3.1.1 and 5.0 section 4.3.3). */
#include <string.h>

#include "backend/broker_state.h"
#include "base/err.h"

void broker_publish_free_aliases(struct broker *b, struct broker_alias *aliases, unsigned count) {
    for (unsigned i = 0; aliases != NULL && i < count; i++)
        if (aliases[i].topic != NULL)
            pool_give(b->pool, aliases[i].topic, aliases[i].size);
    pool_give(b->pool, aliases, count * sizeof *aliases);
}

static bool set_alias(struct broker *b, struct broker_alias *a, struct bytes topic) {
    uint8_t *copy = pool_take(b->pool, topic.size);
    if (copy == NULL)
        return false;
    memcpy(copy, topic.data, topic.size);
    pool_give(b->pool, a->topic, a->size);
    *a = (struct broker_alias){copy, (uint16_t)topic.size};
    return true;
}

/* The topic that is meant. False: the connection is ending. */
static bool resolve_topic(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p,
                          struct bytes *topic) {
    *topic = p->publish.topic;
    if (c->version != MQTT_5_0 || !mqtt_properties_has(&p->properties, MQTT_TOPIC_ALIAS))
        return true;
    unsigned max = b->options.limits.topic_alias_maximum, alias = p->properties.topic_alias;
    if (alias == 0 || alias > max) { /* MQTT-3.3.2-8, -9 */
        broker_violation(b, c, MQTT_REASON_TOPIC_ALIAS_INVALID, "a topic alias above Topic Alias Maximum");
        return false;
    }
    if (c->aliases_in == NULL) {
        c->aliases_in = pool_take(b->pool, max * sizeof *c->aliases_in);
        if (c->aliases_in == NULL) {
            broker_end(b, c, MQTT_REASON_QUOTA_EXCEEDED, NULL);
            return false;
        }
        memset(c->aliases_in, 0, max * sizeof *c->aliases_in);
    }
    struct broker_alias *a = &c->aliases_in[alias - 1];
    if (topic->size > 0) {
        if (set_alias(b, a, *topic))
            return true;
        broker_end(b, c, MQTT_REASON_QUOTA_EXCEEDED, NULL);
        return false;
    }
    *topic = bytes_of(a->topic, a->size);
    if (a->topic == NULL)
        broker_violation(b, c, MQTT_REASON_PROTOCOL_ERROR, "a topic alias that was never set");
    return a->topic != NULL;
}

/* --- misbehaviours ------------------------------------------------------------------------------------------------- */

void broker_publish_held(struct broker *b, struct broker_session *s) {
    struct broker_message *m = s->held;
    s->held = NULL;
    s->held_until = INSTANT_NEVER;
    if (m == NULL)
        return;
    broker_route_message(b, m, s->held_retain, s);
    broker_message_drop(b, m);
}

/* Takes the message away for later; false when another one is held already. */
static bool hold_back(struct broker *b, struct broker_session *s, struct broker_message *m, bool retain) {
    if (s->held != NULL)
        return false;
    s->held = broker_message_hold(m);
    s->held_retain = retain;
    s->held_until = instant_add(b->now, BROKER_REORDER_PATIENCE);
    broker_session_arm(b, s);
    return true;
}

/* `m` was delivered: has it overtaken the one that is held? */
static void let_overtaken_go(struct broker *b, struct broker_session *s, const struct broker_message *m) {
    if (s->held == NULL || s->held->qos != m->qos || !bytes_equal(s->held->topic, m->topic))
        return;
    broker_publish_held(b, s);
    broker_session_arm(b, s);
    misbehave_acted(b->misbehave, MISBEHAVE_REORDER);
}

/* --- routing ------------------------------------------------------------------------------------------------------- */

/* Routes the message; returns the reason code of the answer. */
static uint8_t accept(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p, struct bytes topic) {
    struct broker_session *s = c->session;
    bool first = !p->publish.dup;
    if (first && misbehave_act(b->misbehave, MISBEHAVE_DROP))
        return MQTT_REASON_SUCCESS;
    bool wanted = broker_route_match(b, topic, s);
    b->counts.unmatched += !wanted;
    if (!wanted && !p->publish.retain)
        return MQTT_REASON_NO_MATCHING_SUBSCRIBERS;
    struct broker_message *m = broker_message_new(b, &p->publish, topic, &p->properties);
    if (m == NULL) {
        b->counts.dropped_memory++;
        return MQTT_REASON_QUOTA_EXCEEDED;
    }
    if (first && wanted && misbehave_due(b->misbehave, MISBEHAVE_REORDER) && hold_back(b, s, m, p->publish.retain)) {
        broker_message_drop(b, m);
        return MQTT_REASON_SUCCESS;
    }
    bool twice = first && wanted && misbehave_act(b->misbehave, MISBEHAVE_DUPLICATE);
    broker_route_deliver(b, m, p->publish.retain, twice ? 2 : 1);
    let_overtaken_go(b, s, m);
    broker_message_drop(b, m);
    return wanted ? MQTT_REASON_SUCCESS : MQTT_REASON_NO_MATCHING_SUBSCRIBERS;
}

/* A first copy at QoS 2 is remembered before it is routed, so that no repeat can be routed again. */
static uint8_t accept_qos_2(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p,
                            struct bytes topic) {
    struct broker_session *s = c->session;
    uint16_t id = p->publish.packet_id;
    if (broker_session_has_received(s, id))
        return MQTT_REASON_SUCCESS; /* MQTT-4.3.3-10 */
    if (broker_session_add_received(b, s, id) < 0) {
        b->counts.dropped_memory++;
        return MQTT_REASON_QUOTA_EXCEEDED;
    }
    uint8_t reason = accept(b, c, p, topic);
    if (reason >= MQTT_REASON_FAILURE)
        broker_session_remove_received(s, id); /* MQTT-4.3.3-9 */
    return reason;
}

static void second_connack(struct broker *b, struct broker_connection *c) {
    struct mqtt_packet again = {.type = MQTT_CONNACK};
    if (misbehave_act(b->misbehave, MISBEHAVE_SECOND_CONNACK))
        broker_out_must(b, c, &again, BROKER_OUT_ACK);
}

void broker_publish_packet(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p) {
    struct bytes topic;
    uint8_t qos = p->publish.qos;
    b->counts.published[qos]++;
    if (misbehave_act(b->misbehave, MISBEHAVE_RESET_AFTER)) {
        broker_doom(b, c, 0, true);
        return;
    }
    /* 3.1.1 has no Receive Maximum: there only the identifiers bound what a client leaves open. */
    if (qos > 0 && c->version == MQTT_5_0 && c->unanswered >= b->options.limits.receive_maximum) {
        broker_violation(b, c, MQTT_REASON_RECEIVE_MAXIMUM_EXCEEDED, "more messages unanswered than Receive Maximum");
        return;
    }
    if (!resolve_topic(b, c, p, &topic))
        return;
    if (qos > 0 && c->unanswered < UINT16_MAX)
        c->unanswered++;
    uint8_t reason = qos == 2 ? accept_qos_2(b, c, p, topic) : accept(b, c, p, topic);
    if (reason >= MQTT_REASON_FAILURE && c->version != MQTT_5_0 && qos > 0) {
        /* 3.1.1 cannot refuse a message: the connection ends, and the client sends it again later (MQTT-4.8.0-2). */
        broker_end(b, c, 0, NULL);
        return;
    }
    if (qos == 1)
        broker_out_ack(b, c, MQTT_PUBACK, p->publish.packet_id, reason);
    else if (qos == 2)
        broker_out_ack(b, c, MQTT_PUBREC, p->publish.packet_id, reason);
    if (c->unanswered > 0 && (qos == 1 || (qos == 2 && reason >= MQTT_REASON_FAILURE)))
        c->unanswered--;
    second_connack(b, c);
}

void broker_publish_release(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p) {
    bool known = broker_session_remove_received(c->session, p->ack.packet_id);
    broker_out_ack(b, c, MQTT_PUBCOMP, p->ack.packet_id,
                   known ? MQTT_REASON_SUCCESS : MQTT_REASON_PACKET_IDENTIFIER_NOT_FOUND);
    if (known && c->unanswered > 0)
        c->unanswered--;
}
