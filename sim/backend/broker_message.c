#include <string.h>

#include "backend/broker_state.h"

static const enum mqtt_property passed_on[] = {MQTT_PAYLOAD_FORMAT_INDICATOR, MQTT_MESSAGE_EXPIRY_INTERVAL,
                                               MQTT_CONTENT_TYPE, MQTT_RESPONSE_TOPIC, MQTT_CORRELATION_DATA};

static struct bytes copy(uint8_t **at, struct bytes from) {
    uint8_t *start = *at;
    if (from.size > 0)
        memcpy(start, from.data, from.size);
    *at += from.size;
    return bytes_of(start, from.size);
}

/* The raw block is kept only for user properties: without them the few known strings are smaller. */
static struct bytes user_block(const struct mqtt_properties *p) {
    struct bytes rest = p->raw;
    struct mqtt_user_property user;
    return mqtt_properties_next_user(&rest, &user) ? p->raw : bytes_of(NULL, 0);
}

struct broker_message *broker_message_new(struct broker *b, const struct mqtt_publish *publish, struct bytes topic,
                                          const struct mqtt_properties *p) {
    struct bytes user = user_block(p);
    size_t size = sizeof(struct broker_message) + topic.size + publish->payload.size + user.size;
    for (unsigned i = 2; i < sizeof passed_on / sizeof passed_on[0]; i++)
        if (mqtt_properties_has(p, passed_on[i]))
            size += passed_on[i] == MQTT_CONTENT_TYPE     ? p->content_type.size
                    : passed_on[i] == MQTT_RESPONSE_TOPIC ? p->response_topic.size
                                                          : p->correlation_data.size;
    struct broker_message *m = pool_take(b->pool, size);
    if (m == NULL)
        return NULL;
    *m =
        (struct broker_message){.references = 1, .size = (uint32_t)size, .expires = INSTANT_NEVER, .qos = publish->qos};
    uint8_t *at = (uint8_t *)(m + 1);
    m->topic = copy(&at, topic);
    m->payload = copy(&at, publish->payload);
    m->properties = copy(&at, user);
    for (unsigned i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++)
        m->present |= p->present & (uint64_t)1 << passed_on[i];
    if (mqtt_properties_has(p, MQTT_CONTENT_TYPE))
        m->content_type = copy(&at, p->content_type);
    if (mqtt_properties_has(p, MQTT_RESPONSE_TOPIC))
        m->response_topic = copy(&at, p->response_topic);
    if (mqtt_properties_has(p, MQTT_CORRELATION_DATA))
        m->correlation_data = copy(&at, p->correlation_data);
    if (mqtt_properties_has(p, MQTT_MESSAGE_EXPIRY_INTERVAL))
        m->expires = instant_add(b->now, (span)p->message_expiry_interval * SPAN_S);
    m->payload_format = p->payload_format_indicator;
    return m;
}

struct broker_message *broker_message_hold(struct broker_message *m) {
    m->references++;
    return m;
}

void broker_message_drop(struct broker *b, struct broker_message *m) {
    if (m != NULL && --m->references == 0)
        pool_give(b->pool, m, m->size);
}

bool broker_message_expired(const struct broker *b, const struct broker_message *m) {
    return m->expires <= b->now;
}

void broker_message_properties(const struct broker *b, const struct broker_message *m, struct mqtt_properties *out) {
    out->present = m->present;
    out->payload_format_indicator = m->payload_format;
    out->content_type = m->content_type;
    out->response_topic = m->response_topic;
    out->correlation_data = m->correlation_data;
    out->raw = m->properties;
    if (m->expires == INSTANT_NEVER)
        return;
    /* Rounded up: a message that has not expired yet must not arrive with an interval of 0. */
    span left = m->expires - b->now;
    out->message_expiry_interval = left > 0 ? (uint32_t)((left + SPAN_S - 1) / SPAN_S) : 0;
}
