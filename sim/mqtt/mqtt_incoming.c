#include "mqtt/mqtt_incoming.h"

#include "base/err.h"
#include "mqtt/mqtt_handshake.h"
#include "mqtt/mqtt_inbound.h"
#include "mqtt/mqtt_inflight.h"
#include "mqtt/mqtt_output.h"
#include "mqtt/mqtt_requests.h"

uint32_t mqtt_incoming_cap(const struct mqtt_config *c) {
    return c->maximum_packet_size ? c->maximum_packet_size : MQTT_PACKET_CAP;
}

/* As much of the packet as is there. */
static struct bytes evidence(struct bytes in) {
    size_t total;
    if (mqtt_codec_frame(in, &total) == 0 && total < in.size)
        in.size = total;
    return in;
}

/* A packet above a limit that we announced breaks a rule; one above our own cap alone does not. */
static void too_big(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                    const struct mqtt_fault *fault, struct bytes packet) {
    if (c->version == MQTT_5_0 && c->maximum_packet_size)
        mqtt_output_violation(s, c, step, fault, packet);
    else
        mqtt_output_disconnect(s, c, step, CLOSE_LOCAL, MQTT_REASON_PACKET_TOO_LARGE,
                               "a packet larger than this client takes");
}

static void pingresp(struct mqtt_session *s, struct step *step) {
    if (!s->ping) {
        step_event(step, EVENT_LATE_ANSWER);
        return;
    }
    mqtt_output_end(step, &s->ping->op, OP_OK, 0);
    pool_give(step->pool, s->ping, sizeof *s->ping);
    s->ping = NULL;
}

static void disconnect(struct mqtt_session *s, struct step *step, const struct mqtt_packet *p) {
    if (mqtt_properties_has(&p->properties, MQTT_SERVER_REFERENCE)) {
        struct event *e = step_event(step, EVENT_REDIRECT);
        e->topic = p->properties.server_reference;
        e->reason_code = p->ack.reason_code;
    }
    mqtt_output_close(s, step, CLOSE_BY_PEER, p->ack.reason_code, NULL);
}

/* MQTT-3.1.2-29: with problem information off, only three packets may explain themselves. */
static bool explains_unasked(const struct mqtt_config *c, const struct mqtt_packet *p) {
    const uint16_t may = MQTT_BIT(MQTT_PUBLISH) | MQTT_BIT(MQTT_CONNACK) | MQTT_BIT(MQTT_DISCONNECT);
    return c->no_problem_information && !(may & MQTT_BIT(p->type)) &&
           (mqtt_properties_has(&p->properties, MQTT_REASON_STRING) ||
            mqtt_properties_has(&p->properties, MQTT_USER_PROPERTY));
}

static void dispatch(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                     const struct mqtt_packet *p, struct bytes packet) {
    switch (p->type) {
    case MQTT_CONNACK:
        mqtt_handshake_connack(s, c, step, p, packet);
        break;
    case MQTT_AUTH:
        mqtt_handshake_auth(s, c, step, p, packet);
        break;
    case MQTT_PUBLISH:
        mqtt_inbound_publish(s, c, step, p, packet);
        break;
    case MQTT_PUBREL:
        mqtt_inbound_pubrel(s, c, step, &p->ack);
        break;
    case MQTT_PUBACK:
        mqtt_inflight_puback(s, c, step, &p->ack, packet);
        break;
    case MQTT_PUBREC:
        mqtt_inflight_pubrec(s, c, step, &p->ack, packet);
        break;
    case MQTT_PUBCOMP:
        mqtt_inflight_pubcomp(s, c, step, &p->ack, packet);
        break;
    case MQTT_SUBACK:
    case MQTT_UNSUBACK:
        mqtt_requests_answered(s, c, step, p, packet);
        break;
    case MQTT_PINGRESP:
        pingresp(s, step);
        break;
    default: /* DISCONNECT: the decoder refuses what a server does not send */
        disconnect(s, step, p);
        break;
    }
}

static void handle(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, const struct mqtt_packet *p,
                   struct bytes packet) {
    if (explains_unasked(c, p))
        mqtt_output_broken(s, c, step, MQTT_RULE_PROBLEM_INFORMATION, packet);
    else if (s->state == MQTT_CONNECTING && p->type == MQTT_DISCONNECT)
        mqtt_output_broken(s, c, step, MQTT_RULE_EARLY_DISCONNECT, packet);
    else if (s->state == MQTT_CONNECTING && p->type != MQTT_CONNACK && p->type != MQTT_AUTH)
        mqtt_output_broken(s, c, step, MQTT_RULE_BEFORE_CONNACK, packet);
    else
        dispatch(s, c, step, p, packet);
}

/* The commonest packet of a loaded device, PUBACK without a reason code, in both versions the same four bytes. */
static bool plain_puback(const struct mqtt_session *s, struct bytes in) {
    return in.size >= 4 && in.data[0] == MQTT_PUBACK << 4 && in.data[1] == 2 && (in.data[2] | in.data[3]) != 0 &&
           s->state == MQTT_UP;
}

size_t mqtt_incoming_packet(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, struct bytes in) {
    if (plain_puback(s, in)) {
        struct mqtt_ack ack = {.packet_id = (uint16_t)(in.data[2] << 8 | in.data[3])};
        mqtt_inflight_puback(s, c, step, &ack, bytes_of(in.data, 4));
        return 4;
    }
    struct mqtt_packet p;
    struct mqtt_fault fault;
    size_t size;
    int result = mqtt_codec_decode(in, c->version, MQTT_SERVER, mqtt_incoming_cap(c), &p, &size, &fault);
    if (result == 0)
        handle(s, c, step, &p, bytes_of(in.data, size));
    else if (result == ERR_TOO_BIG)
        too_big(s, c, step, &fault, evidence(in));
    else if (result != ERR_AGAIN)
        mqtt_output_violation(s, c, step, &fault, evidence(in));
    return size;
}
