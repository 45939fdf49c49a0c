#include "mqtt/mqtt_inbound.h"

#include "base/err.h"
#include "mqtt/mqtt_aliases.h"
#include "mqtt/mqtt_output.h"

static uint16_t receive_maximum(const struct mqtt_config *c) {
    return c->version == MQTT_5_0 && c->receive_maximum ? c->receive_maximum : UINT16_MAX;
}

void mqtt_inbound_begin(struct mqtt_session *s, const struct mqtt_config *c) {
    s->inbound_quota = receive_maximum(c);
}

/* The topic behind a topic alias; false when the packet ended the connection. */
static bool resolve_alias(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                          const struct mqtt_packet *p, struct bytes packet, struct bytes *topic) {
    uint16_t alias = p->properties.topic_alias;
    if (alias > c->topic_alias_maximum) {
        mqtt_output_broken(s, c, step, c->topic_alias_maximum ? MQTT_RULE_ALIAS_TOO_HIGH : MQTT_RULE_ALIAS_NOT_OFFERED,
                           packet);
        return false;
    }
    if (topic->size > 0) {
        if (mqtt_aliases_learn(s, step->pool, alias, *topic) == 0)
            return true;
        mqtt_output_no_memory(s, c, step);
        return false;
    }
    *topic = mqtt_aliases_topic(s, alias);
    if (topic->size == 0)
        mqtt_output_broken(s, c, step, MQTT_RULE_ALIAS_UNKNOWN, packet);
    return topic->size > 0;
}

/* Notes the id of a QoS 2 message. `*repeated`: it was delivered before. False when the packet ended the connection.
 *
 * Only QoS 2 counts against our receive maximum: QoS 1 is acknowledged at once, so that how many of those the server had
 * outstanding depends on how the network cut its bytes. */
static bool accept_qos_2(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                         const struct mqtt_publish *p, struct bytes packet, bool *repeated) {
    *repeated = mqtt_idset_has(&s->received, p->packet_id);
    if (*repeated) {
        if (!p->dup)
            mqtt_output_broken(s, c, step, MQTT_RULE_PACKET_ID_IN_USE, packet);
        return p->dup;
    }
    if (s->inbound_quota == 0) {
        mqtt_output_broken(s, c, step, MQTT_RULE_RECEIVE_MAXIMUM, packet);
        return false;
    }
    if (mqtt_idset_add(&s->received, step->pool, p->packet_id) < 0) {
        mqtt_output_no_memory(s, c, step);
        return false;
    }
    s->inbound_quota--;
    return true;
}

static struct bytes find_mark(const struct mqtt_properties *p) {
    struct bytes rest = p->raw;
    struct mqtt_user_property user;
    while (mqtt_properties_next_user(&rest, &user))
        if (bytes_equal(user.name, bytes_of("m", 1)))
            return user.value;
    return bytes_of(NULL, 0);
}

static void deliver(struct step *step, const struct mqtt_packet *p, struct bytes topic) {
    struct event *e = step_event(step, EVENT_MESSAGE);
    e->topic = topic;
    e->payload = p->publish.payload;
    e->qos = p->publish.qos;
    e->retain = p->publish.retain;
    e->duplicate = p->publish.dup;
    e->response_topic = p->properties.response_topic;
    e->correlation_data = p->properties.correlation_data;
    if (mqtt_properties_has(&p->properties, MQTT_USER_PROPERTY))
        e->mark = find_mark(&p->properties);
}

void mqtt_inbound_publish(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                          const struct mqtt_packet *p, struct bytes packet) {
    struct bytes topic = p->publish.topic;
    bool repeated = false;
    if (mqtt_properties_has(&p->properties, MQTT_TOPIC_ALIAS) && !resolve_alias(s, c, step, p, packet, &topic))
        return;
    if (p->publish.qos == 2 && !accept_qos_2(s, c, step, &p->publish, packet, &repeated))
        return;
    if (p->publish.qos == 1 && mqtt_idset_has(&s->received, p->publish.packet_id)) {
        mqtt_output_broken(s, c, step, MQTT_RULE_PACKET_ID_IN_USE, packet);
        return;
    }
    if (!repeated)
        deliver(step, p, topic);
    if (p->publish.qos > 0)
        mqtt_output_ack(s, c, step, p->publish.qos == 1 ? MQTT_PUBACK : MQTT_PUBREC, p->publish.packet_id,
                        MQTT_REASON_SUCCESS);
}

void mqtt_inbound_pubrel(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                         const struct mqtt_ack *ack) {
    bool known = mqtt_idset_remove(&s->received, step->pool, ack->packet_id);
    if (known && s->inbound_quota < receive_maximum(c))
        s->inbound_quota++;
    mqtt_output_ack(s, c, step, MQTT_PUBCOMP, ack->packet_id,
                    known ? MQTT_REASON_SUCCESS : MQTT_REASON_PACKET_IDENTIFIER_NOT_FOUND);
}
