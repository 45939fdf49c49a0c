#include "mqtt/mqtt_handshake.h"

#include <string.h>

#include "base/err.h"
#include "mqtt/mqtt_inflight.h"
#include "mqtt/mqtt_output.h"

static void set_u16(struct mqtt_properties *p, enum mqtt_property id, uint16_t *member, uint16_t value) {
    *member = value;
    mqtt_properties_mark(p, id);
}

static void set_u32(struct mqtt_properties *p, enum mqtt_property id, uint32_t *member, uint32_t value) {
    *member = value;
    mqtt_properties_mark(p, id);
}

static void fill_connect_properties(struct mqtt_properties *p, const struct mqtt_config *c) {
    if (c->session_expiry_s)
        set_u32(p, MQTT_SESSION_EXPIRY_INTERVAL, &p->session_expiry_interval, c->session_expiry_s);
    if (c->receive_maximum)
        set_u16(p, MQTT_RECEIVE_MAXIMUM, &p->receive_maximum, c->receive_maximum);
    if (c->maximum_packet_size)
        set_u32(p, MQTT_MAXIMUM_PACKET_SIZE, &p->maximum_packet_size, c->maximum_packet_size);
    if (c->topic_alias_maximum)
        set_u16(p, MQTT_TOPIC_ALIAS_MAXIMUM, &p->topic_alias_maximum, c->topic_alias_maximum);
    if (c->request_response_information) {
        p->request_response_information = 1;
        mqtt_properties_mark(p, MQTT_REQUEST_RESPONSE_INFORMATION);
    }
    if (c->no_problem_information)
        mqtt_properties_mark(p, MQTT_REQUEST_PROBLEM_INFORMATION); /* its value stays 0 */
    if (c->authentication_method.size) {
        p->authentication_method = c->authentication_method;
        mqtt_properties_mark(p, MQTT_AUTHENTICATION_METHOD);
    }
    if (c->authentication_method.size && c->authentication_data.size) {
        p->authentication_data = c->authentication_data;
        mqtt_properties_mark(p, MQTT_AUTHENTICATION_DATA);
    }
    p->user_properties = c->user_properties;
    p->user_property_count = c->user_property_count;
}

static void fill_will(struct mqtt_connect *out, const struct mqtt_will *w) {
    out->has_will = true;
    out->will_qos = w->qos;
    out->will_retain = w->retain;
    out->will_topic = w->topic;
    out->will_payload = w->payload;
    if (w->delay_s)
        set_u32(&out->will_properties, MQTT_WILL_DELAY_INTERVAL, &out->will_properties.will_delay_interval, w->delay_s);
    if (w->message_expiry_s)
        set_u32(&out->will_properties, MQTT_MESSAGE_EXPIRY_INTERVAL, &out->will_properties.message_expiry_interval,
                w->message_expiry_s);
}

/* What only 3.1.1 forbids: MQTT-3.1.3-7 and MQTT-3.1.2-22. */
static bool forbidden_in_311(const struct mqtt_config *c, const struct mqtt_connect_info *info) {
    return c->version == MQTT_3_1_1 &&
           ((info->client_id.size == 0 && !c->clean_start) || (info->has_password && !info->has_user_name));
}

int mqtt_handshake_connect(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                           const struct mqtt_connect_info *info) {
    if (forbidden_in_311(c, info) || info->will.qos > 2)
        return ERR_INVALID;
    struct mqtt_packet p = {.type = MQTT_CONNECT};
    p.connect = (struct mqtt_connect){.clean_start = c->clean_start,
                                      .keep_alive = c->keepalive_s,
                                      .client_id = info->client_id,
                                      .has_user_name = info->has_user_name,
                                      .user_name = info->user_name,
                                      .has_password = info->has_password,
                                      .password = info->password};
    if (info->will.topic.size)
        fill_will(&p.connect, &info->will);
    if (c->version == MQTT_5_0)
        fill_connect_properties(&p.properties, c);
    s->maximum_packet_size = 0;
    s->empty_id = info->client_id.size == 0;
    return mqtt_output_packet(s, c, step, &p);
}

/* Does the session outlive its connection, as agreed with the server? */
static bool is_persistent(const struct mqtt_session *s, const struct mqtt_config *c) {
    return c->version == MQTT_5_0 ? s->session_expiry_s > 0 : !c->clean_start;
}

static void announce_redirect(struct step *step, const struct mqtt_packet *p) {
    if (!mqtt_properties_has(&p->properties, MQTT_SERVER_REFERENCE))
        return;
    struct event *e = step_event(step, EVENT_REDIRECT);
    e->topic = p->properties.server_reference;
    e->reason_code = p->connack.reason_code;
}

static void end_connect(struct mqtt_session *s, struct step *step, enum op_outcome outcome, uint8_t reason_code) {
    mqtt_output_end(step, &s->connect->op, outcome, reason_code);
    pool_give(step->pool, s->connect, sizeof *s->connect);
    s->connect = NULL;
}

static bool same_method(const struct mqtt_config *c, const struct mqtt_properties *p) {
    return bytes_equal(p->authentication_method, c->authentication_method);
}

/* What an accepting CONNACK may not say. MQTT_RULES: nothing is wrong. */
static enum mqtt_rule find_breach(const struct mqtt_session *s, const struct mqtt_config *c,
                                  const struct mqtt_packet *p) {
    const struct mqtt_properties *q = &p->properties;
    bool present = p->connack.session_present;
    if (present && c->clean_start)
        return MQTT_RULE_SESSION_AFTER_CLEAN;
    /* The first time it may be the session of an earlier run under the same client id: the device stands for one that has kept
     * its state, too. Later, a 5.0 server that remembers what has ended is wrong; 3.1.1 lets a client take up what it has forgotten
     * (section 3.2.2.2). */
    if (present && s->accepted && !s->has_session && c->version == MQTT_5_0)
        return MQTT_RULE_SESSION_NOT_OURS;
    if (c->version == MQTT_3_1_1)
        return MQTT_RULES;
    if (s->empty_id && q->assigned_client_identifier.size == 0)
        return MQTT_RULE_NO_ASSIGNED_ID;
    if (mqtt_properties_has(q, MQTT_RESPONSE_INFORMATION) && !c->request_response_information)
        return MQTT_RULE_RESPONSE_INFORMATION;
    if (c->authentication_method.size == 0 &&
        (mqtt_properties_has(q, MQTT_AUTHENTICATION_METHOD) || mqtt_properties_has(q, MQTT_AUTHENTICATION_DATA)))
        return MQTT_RULE_AUTH_UNASKED;
    return same_method(c, q) ? MQTT_RULES : MQTT_RULE_AUTH_METHOD;
}

/* What the server grants; absent properties leave what `up` assumed. */
static void adopt(struct mqtt_session *s, const struct mqtt_properties *p) {
    if (mqtt_properties_has(p, MQTT_SESSION_EXPIRY_INTERVAL))
        s->session_expiry_s = p->session_expiry_interval;
    if (mqtt_properties_has(p, MQTT_RECEIVE_MAXIMUM))
        s->receive_maximum = p->receive_maximum;
    if (mqtt_properties_has(p, MQTT_MAXIMUM_QOS))
        s->maximum_qos = p->maximum_qos;
    if (mqtt_properties_has(p, MQTT_RETAIN_AVAILABLE))
        s->retain_available = p->retain_available;
    if (mqtt_properties_has(p, MQTT_MAXIMUM_PACKET_SIZE))
        s->maximum_packet_size = p->maximum_packet_size;
    if (mqtt_properties_has(p, MQTT_TOPIC_ALIAS_MAXIMUM))
        s->alias_maximum = p->topic_alias_maximum;
    if (mqtt_properties_has(p, MQTT_WILDCARD_SUBSCRIPTION_AVAILABLE))
        s->wildcards_available = p->wildcard_subscription_available;
    if (mqtt_properties_has(p, MQTT_SUBSCRIPTION_IDENTIFIER_AVAILABLE))
        s->subscription_ids_available = p->subscription_identifier_available;
    if (mqtt_properties_has(p, MQTT_SHARED_SUBSCRIPTION_AVAILABLE))
        s->shared_available = p->shared_subscription_available;
    if (mqtt_properties_has(p, MQTT_SERVER_KEEP_ALIVE))
        s->keepalive_s = p->server_keep_alive;
}

static void take_up_session(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, bool present,
                            uint32_t expiry_before_s) {
    bool expired = expiry_before_s != UINT32_MAX && step->now > instant_add(s->down_at, (span)expiry_before_s * SPAN_S);
    bool expected = s->has_session && !c->clean_start && !expired;
    s->has_session = is_persistent(s, c);
    if (present) {
        mqtt_inflight_resume(s);
        return;
    }
    mqtt_idset_clear(&s->received, step->pool);
    if (expected || s->in_flight > s->ended)
        step_event(step, EVENT_SESSION_LOST);
    mqtt_inflight_lost(s, step, c->drop_on_session_lost);
}

void mqtt_handshake_connack(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                            const struct mqtt_packet *p, struct bytes packet) {
    if (s->state != MQTT_CONNECTING) {
        mqtt_output_broken(s, c, step, MQTT_RULE_SECOND_CONNACK, packet);
        return;
    }
    if (p->connack.reason_code != 0) {
        end_connect(s, step, OP_REFUSED, p->connack.reason_code);
        announce_redirect(step, p);
        mqtt_output_close(s, step, CLOSE_REFUSED, p->connack.reason_code, NULL);
        return;
    }
    enum mqtt_rule breach = find_breach(s, c, p);
    if (breach != MQTT_RULES) {
        mqtt_output_broken(s, c, step, breach, packet);
        return;
    }
    uint32_t expiry_before_s = s->session_expiry_s;
    s->session_expiry_s = c->version == MQTT_5_0 ? c->session_expiry_s : UINT32_MAX;
    adopt(s, &p->properties);
    s->state = MQTT_UP;
    s->accepted = true;
    end_connect(s, step, OP_OK, 0);
    struct event *e = step_event(step, EVENT_SESSION_UP);
    e->session_present = p->connack.session_present;
    e->topic = p->properties.assigned_client_identifier;
    e->payload = p->properties.response_information;
    if (mqtt_properties_has(&p->properties, MQTT_AUTHENTICATION_DATA))
        step_event(step, EVENT_AUTH)->payload = p->properties.authentication_data;
    announce_redirect(step, p);
    take_up_session(s, c, step, p->connack.session_present, expiry_before_s);
    mqtt_inflight_pump(s, c, step);
}

/* Before CONNACK, and after a re-authentication of ours was sent, the server asks for more with 0x18; only the latter it ends
 * with 0x00 (sections 4.12 and 4.12.1). */
static bool auth_expected(const struct mqtt_session *s, uint8_t reason_code) {
    if (reason_code == MQTT_REASON_SUCCESS)
        return s->state == MQTT_UP && s->reauthenticating;
    return s->state == MQTT_CONNECTING || s->reauthenticating;
}

void mqtt_handshake_auth(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                         const struct mqtt_packet *p, struct bytes packet) {
    bool named = mqtt_properties_has(&p->properties, MQTT_AUTHENTICATION_METHOD);
    if (c->authentication_method.size == 0) {
        mqtt_output_broken(s, c, step, MQTT_RULE_AUTH_UNASKED, packet);
    } else if (named && !same_method(c, &p->properties)) {
        mqtt_output_broken(s, c, step, MQTT_RULE_AUTH_METHOD, packet);
    } else if (!auth_expected(s, p->ack.reason_code)) {
        mqtt_output_broken(s, c, step, MQTT_RULE_AUTH_STEP, packet);
    } else {
        struct event *e = step_event(step, EVENT_AUTH);
        e->payload = p->properties.authentication_data;
        e->reason_code = p->ack.reason_code;
        if (p->ack.reason_code == MQTT_REASON_SUCCESS)
            s->reauthenticating = false;
    }
}
