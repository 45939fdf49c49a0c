/* Messages to one session. At QoS 0 they go out at once; at QoS 1 and 2 they are in flight until the client has acknowledged
 * them, never more than the client's Receive Maximum and our inflight_max allow. What cannot go out waits in the session. */
#include <string.h>

#include "backend/broker_state.h"
#include "base/err.h"
#include "base/hash.h"

static void append(struct broker_deliveries *list, struct broker_delivery *d) {
    d->next = NULL;
    d->previous = list->last;
    *(list->last != NULL ? &list->last->next : &list->first) = d;
    list->last = d;
    list->count++;
}

static void unlink_from(struct broker_deliveries *list, struct broker_delivery *d) {
    *(d->previous != NULL ? &d->previous->next : &list->first) = d->next;
    *(d->next != NULL ? &d->next->previous : &list->last) = d->previous;
    list->count--;
}

static void drop(struct broker *b, struct broker_delivery *d) {
    broker_message_drop(b, d->message);
    if (d->id_count > 1)
        pool_give(b->pool, d->ids, d->id_count * sizeof *d->ids);
    pool_give(b->pool, d, sizeof *d);
}

static struct broker_delivery *make(struct broker *b, struct broker_message *m, uint8_t qos, bool retain,
                                    const struct broker_subscription *subscriptions) {
    struct broker_delivery *d = pool_take(b->pool, sizeof *d);
    if (d == NULL)
        return NULL;
    *d = (struct broker_delivery){.qos = qos, .retain = retain};
    unsigned count = 0;
    for (const struct broker_subscription *s = subscriptions; s != NULL && count < UINT16_MAX; s = s->next_match)
        count += s->id > 0;
    uint32_t *ids = &d->id;
    if (count > 1) {
        ids = pool_take(b->pool, count * sizeof *ids);
        if (ids == NULL) {
            pool_give(b->pool, d, sizeof *d);
            return NULL;
        }
        d->ids = ids;
    }
    d->id_count = (uint16_t)count;
    for (const struct broker_subscription *s = subscriptions; s != NULL && count > 0; s = s->next_match)
        if (s->id > 0) {
            *ids++ = s->id;
            count--;
        }
    d->message = broker_message_hold(m);
    return d;
}

/* --- writing PUBLISH ----------------------------------------------------------------------------------------------- */

/* The alias of a topic towards this client: 0 none. *known: the client has it already; else it is to be set. The first
 * BROKER_ALIASES_OUT_MAX topics of a connection keep theirs. */
static uint16_t alias_of(struct broker *b, struct broker_connection *c, struct bytes topic, bool *known) {
    unsigned max = c->alias_maximum < BROKER_ALIASES_OUT_MAX ? c->alias_maximum : BROKER_ALIASES_OUT_MAX;
    *known = false;
    if (max == 0)
        return 0;
    if (c->aliases_out == NULL) {
        c->aliases_out = pool_take(b->pool, BROKER_ALIASES_OUT_MAX * sizeof *c->aliases_out);
        if (c->aliases_out == NULL)
            return 0;
        memset(c->aliases_out, 0, BROKER_ALIASES_OUT_MAX * sizeof *c->aliases_out);
    }
    for (unsigned i = 0; i < max; i++) {
        struct broker_alias *a = &c->aliases_out[i];
        if (a->topic == NULL)
            return (uint16_t)(i + 1);
        if (bytes_equal(bytes_of(a->topic, a->size), topic)) {
            *known = true;
            return (uint16_t)(i + 1);
        }
    }
    return 0;
}

static void set_alias(struct broker *b, struct broker_connection *c, uint16_t alias, struct bytes topic) {
    struct broker_alias *a = &c->aliases_out[alias - 1];
    a->topic = pool_take(b->pool, topic.size);
    if (a->topic == NULL)
        return; /* the client knows an alias that we shall set again before we use it */
    memcpy(a->topic, topic.data, topic.size);
    a->size = (uint16_t)topic.size;
}

static int send_publish(struct broker *b, struct broker_connection *c, const struct broker_delivery *d) {
    const struct broker_message *m = d->message;
    struct mqtt_packet p = {.type = MQTT_PUBLISH};
    p.publish = (struct mqtt_publish){.dup = d->repeated,
                                      .retain = d->retain,
                                      .qos = d->qos,
                                      .packet_id = d->packet_id,
                                      .topic = m->topic,
                                      .payload = m->payload};
    if (c->version != MQTT_5_0)
        return broker_out_packet(b, c, &p, BROKER_OUT_PROMPT);
    broker_message_properties(b, m, &p.properties);
    p.properties.subscription_identifiers = d->id_count > 1 ? d->ids : &d->id;
    p.properties.subscription_identifier_count = d->id_count;
    bool known;
    uint16_t alias = alias_of(b, c, m->topic, &known);
    if (alias == 0)
        return broker_out_packet(b, c, &p, BROKER_OUT_PROMPT);
    struct mqtt_packet with = p;
    mqtt_properties_mark(&with.properties, MQTT_TOPIC_ALIAS);
    with.properties.topic_alias = alias;
    if (known)
        with.publish.topic = bytes_of(NULL, 0);
    int result = broker_out_packet(b, c, &with, BROKER_OUT_PROMPT);
    if (result == 0 && !known)
        set_alias(b, c, alias, m->topic);
    /* Where only the alias makes it too large, it goes without. */
    return result == ERR_TOO_BIG ? broker_out_packet(b, c, &p, BROKER_OUT_PROMPT) : result;
}

/* --- what may go out ----------------------------------------------------------------------------------------------- */

static unsigned window_of(const struct broker *b, const struct broker_connection *c) {
    unsigned own = b->options.limits.inflight_max;
    return c->receive_maximum < own ? c->receive_maximum : own;
}

static bool has_room(const struct broker *b, const struct broker_connection *c) {
    return broker_out_backlog(b, c) < b->options.limits.backlog_max;
}

/* Those that this connection has carried and the client has not finished count against its Receive Maximum. */
static unsigned unacknowledged(const struct broker_session *s) {
    unsigned count = s->in_flight.count;
    for (const struct broker_delivery *d = s->resend; d != NULL; d = d->next)
        count -= !d->sent;
    return count;
}

static bool may_send(const struct broker *b, const struct broker_session *s, uint8_t qos) {
    const struct broker_connection *c = s->connection;
    return has_room(b, c) && (qos == 0 || unacknowledged(s) < window_of(b, c));
}

/* An identifier that nothing in flight has. Looking through all of them tells how many after it are free as well, so that
 * the search is rare. The window is far smaller than the identifiers: there always is one. */
static uint16_t take_packet_id(struct broker_session *s) {
    while (s->free_run == 0) {
        unsigned nearest = UINT16_MAX;
        s->next_packet_id = s->next_packet_id == UINT16_MAX ? 1 : (uint16_t)(s->next_packet_id + 1);
        for (const struct broker_delivery *d = s->in_flight.first; d != NULL; d = d->next) {
            unsigned ahead = d->packet_id >= s->next_packet_id
                                 ? (unsigned)(d->packet_id - s->next_packet_id)
                                 : (unsigned)(d->packet_id + UINT16_MAX - s->next_packet_id);
            nearest = ahead < nearest ? ahead : nearest;
        }
        s->free_run = (uint16_t)nearest;
        if (nearest > 0) {
            s->free_run--;
            return s->next_packet_id;
        }
    }
    s->free_run--;
    s->next_packet_id = s->next_packet_id == UINT16_MAX ? 1 : (uint16_t)(s->next_packet_id + 1);
    return s->next_packet_id;
}

/* Sends a delivery that is in no list, and puts it in flight or drops it. */
static void send_new(struct broker *b, struct broker_session *s, struct broker_delivery *d) {
    if (broker_message_expired(b, d->message)) {
        b->counts.dropped_expired++;
        drop(b, d);
        return;
    }
    d->packet_id = d->qos > 0 ? take_packet_id(s) : 0;
    int result = send_publish(b, s->connection, d);
    if (result < 0) { /* MQTT-3.1.2-25: as if it had been delivered */
        *(result == ERR_TOO_BIG ? &b->counts.dropped_too_large : &b->counts.dropped_memory) += 1;
        drop(b, d);
        return;
    }
    b->counts.delivered[d->qos]++;
    if (d->qos == 0) {
        drop(b, d);
        return;
    }
    d->sent = true;
    append(&s->in_flight, d);
}

static void wait_for_turn(struct broker *b, struct broker_session *s, struct broker_delivery *d) {
    if (s->waiting.count >= b->options.limits.queue_max) {
        b->counts.dropped_queue++;
        drop(b, d);
        return;
    }
    append(&s->waiting, d);
    s->waiting_qos_0 += d->qos == 0;
}

void broker_deliver_message(struct broker *b, struct broker_session *s, struct broker_message *m, uint8_t qos,
                            bool retain, const struct broker_subscription *subscriptions) {
    if (s->connection == NULL && qos == 0) {
        b->counts.dropped_offline++;
        return;
    }
    struct broker_delivery *d = make(b, m, qos, retain, subscriptions);
    if (d == NULL) {
        b->counts.dropped_memory++;
        return;
    }
    /* QoS 0 passes what only waits for acknowledgements, but never another QoS 0 message. */
    bool first = qos == 0 ? s->waiting_qos_0 == 0 : s->waiting.count == 0 && s->resend == NULL;
    if (s->connection != NULL && !s->connection->doomed && first && may_send(b, s, qos))
        send_new(b, s, d);
    else
        wait_for_turn(b, s, d);
}

/* --- sending again, sending on ------------------------------------------------------------------------------------- */

void broker_deliver_resume(struct broker *b, struct broker_session *s) {
    for (struct broker_delivery *d = s->in_flight.first; d != NULL; d = d->next) {
        d->sent = false;
        d->repeated = true;
    }
    s->resend = s->in_flight.first;
    broker_deliver_pump(b, s);
}

static void finish(struct broker *b, struct broker_session *s, struct broker_delivery *d) {
    if (s->resend == d)
        s->resend = d->next;
    unlink_from(&s->in_flight, d);
    drop(b, d);
}

/* In the original order, and only as many as the new connection's Receive Maximum allows (MQTT-4.4.0-1). */
static void send_again(struct broker *b, struct broker_session *s) {
    while (s->resend != NULL && may_send(b, s, s->resend->qos)) {
        struct broker_delivery *d = s->resend;
        s->resend = d->next;
        d->sent = true;
        if (d->received) {
            broker_out_ack(b, s->connection, MQTT_PUBREL, d->packet_id, MQTT_REASON_SUCCESS);
            continue;
        }
        int result = send_publish(b, s->connection, d);
        if (result < 0) {
            *(result == ERR_TOO_BIG ? &b->counts.dropped_too_large : &b->counts.dropped_memory) += 1;
            finish(b, s, d);
            continue;
        }
        b->counts.delivered[d->qos]++;
        b->counts.repeated++;
    }
}

void broker_deliver_pump(struct broker *b, struct broker_session *s) {
    if (s->connection == NULL || s->connection->doomed)
        return;
    send_again(b, s);
    struct broker_delivery *d = s->resend == NULL ? s->waiting.first : NULL;
    while (d != NULL && has_room(b, s->connection) && !s->connection->doomed) {
        struct broker_delivery *next = d->next;
        if (may_send(b, s, d->qos)) {
            unlink_from(&s->waiting, d);
            s->waiting_qos_0 -= d->qos == 0;
            send_new(b, s, d);
        } else if (s->waiting_qos_0 == 0) {
            return;
        }
        d = next;
    }
}

/* --- acknowledgements ---------------------------------------------------------------------------------------------- */

static struct broker_delivery *find(const struct broker_session *s, uint16_t packet_id) {
    struct broker_delivery *d = s->in_flight.first;
    while (d != NULL && d->packet_id != packet_id)
        d = d->next;
    return d;
}

static void received(struct broker *b, struct broker_session *s, struct broker_delivery *d,
                     const struct mqtt_ack *ack) {
    if (ack->reason_code >= MQTT_REASON_FAILURE) { /* MQTT-4.4.0-2 */
        finish(b, s, d);
        broker_deliver_pump(b, s);
        return;
    }
    d->received = true;
    broker_message_drop(b, d->message);
    d->message = NULL;
    broker_out_ack(b, s->connection, MQTT_PUBREL, ack->packet_id, MQTT_REASON_SUCCESS);
}

void broker_deliver_acked(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p) {
    struct broker_session *s = c->session;
    struct broker_delivery *d = find(s, p->ack.packet_id);
    if (d == NULL) {
        /* Left over from before a session was lost, perhaps. Only PUBREC has an answer that says so (5.0 section 3.6.2.1). */
        if (p->type == MQTT_PUBREC && p->ack.reason_code < MQTT_REASON_FAILURE)
            broker_out_ack(b, c, MQTT_PUBREL, p->ack.packet_id, MQTT_REASON_PACKET_IDENTIFIER_NOT_FOUND);
        return;
    }
    if (d->qos == 1 && p->type != MQTT_PUBACK) {
        broker_violation(b, c, MQTT_REASON_PROTOCOL_ERROR, "a QoS 1 message is acknowledged with PUBACK");
    } else if (d->qos == 2 && p->type == MQTT_PUBACK) {
        broker_violation(b, c, MQTT_REASON_PROTOCOL_ERROR, "a QoS 2 message is acknowledged with PUBREC");
    } else if (d->qos == 2 && p->type == MQTT_PUBCOMP && !d->received) {
        broker_violation(b, c, MQTT_REASON_PROTOCOL_ERROR, "PUBCOMP before PUBREL");
    } else if (p->type == MQTT_PUBREC && d->received) {
        broker_out_ack(b, c, MQTT_PUBREL, p->ack.packet_id, MQTT_REASON_SUCCESS);
    } else if (p->type == MQTT_PUBREC) {
        received(b, s, d, &p->ack);
    } else {
        finish(b, s, d);
        broker_deliver_pump(b, s);
    }
}

void broker_deliver_discard(struct broker *b, struct broker_session *s) {
    struct broker_deliveries *lists[] = {&s->waiting, &s->in_flight};
    for (unsigned i = 0; i < 2; i++) {
        for (struct broker_delivery *d = lists[i]->first, *next; d != NULL; d = next) {
            next = d->next;
            drop(b, d);
        }
        *lists[i] = (struct broker_deliveries){0};
    }
    s->resend = NULL;
    s->waiting_qos_0 = 0;
}
