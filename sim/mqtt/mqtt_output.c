#include "mqtt/mqtt_output.h"

#include "base/err.h"

int mqtt_output_packet(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                       const struct mqtt_packet *p) {
    size_t size = mqtt_codec_size(p, c->version);
    if (size == 0)
        return ERR_INVALID;
    if ((s->maximum_packet_size > 0 && size > s->maximum_packet_size) ||
        size > (size_t)(step->out.end - step->out.start))
        return ERR_TOO_BIG;
    int error = mqtt_codec_encode(&step->out, p, c->version);
    if (error == 0)
        s->last_sent = step->now;
    return error;
}

void mqtt_output_ack(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, enum mqtt_packet_type type,
                     uint16_t packet_id, uint8_t reason_code) {
    uint8_t packet[5] = {(uint8_t)(type << 4 | mqtt_tables_packets[type].flags), 2, (uint8_t)(packet_id >> 8),
                         (uint8_t)packet_id, reason_code};
    size_t size = 4;
    if (reason_code != 0 && c->version == MQTT_5_0) {
        packet[1] = 3;
        size = 5;
    }
    if (s->maximum_packet_size > 0 && size > s->maximum_packet_size) {
        mqtt_output_close(s, step, CLOSE_LOCAL, 0, "the server's maximum packet size forbids acknowledgements");
        return;
    }
    bytes_write(&step->out, bytes_of(packet, size));
    s->last_sent = step->now;
}

void mqtt_output_close(struct mqtt_session *s, struct step *step, enum close_reason reason, uint8_t reason_code,
                       const char *detail) {
    struct event *e = step_event(step, EVENT_CLOSE);
    e->close_reason = (uint8_t)reason;
    e->reason_code = reason_code;
    e->detail = detail;
    s->state = MQTT_CLOSING;
}

void mqtt_output_disconnect(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                            enum close_reason reason, uint8_t reason_code, const char *detail) {
    if (c->version == MQTT_5_0 && (s->maximum_packet_size == 0 || s->maximum_packet_size >= 3) &&
        bytes_room(&step->out) >= 3) {
        uint8_t code = reason_code;
        if (!mqtt_tables_reason_allowed(MQTT_5_0, MQTT_CLIENT, MQTT_DISCONNECT, code))
            code = MQTT_REASON_PROTOCOL_ERROR;
        uint8_t packet[3] = {MQTT_DISCONNECT << 4, 1, code};
        bytes_write(&step->out, bytes_of(packet, sizeof packet));
        s->last_sent = step->now;
    }
    mqtt_output_close(s, step, reason, reason_code, detail);
}

void mqtt_output_violation(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                           const struct mqtt_fault *fault, struct bytes packet) {
    struct event *e = step_event(step, EVENT_VIOLATION);
    e->statement = fault->statement;
    e->detail = fault->detail;
    e->reason_code = fault->reason_code;
    e->packet = packet;
    mqtt_output_disconnect(s, c, step, CLOSE_VIOLATION, fault->reason_code, fault->detail);
}

void mqtt_output_broken(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, enum mqtt_rule rule,
                        struct bytes packet) {
    struct mqtt_fault fault;
    mqtt_rule_break(rule, c->version, &fault);
    mqtt_output_violation(s, c, step, &fault, packet);
}

void mqtt_output_no_memory(struct mqtt_session *s, const struct mqtt_config *c, struct step *step) {
    mqtt_output_disconnect(s, c, step, CLOSE_LOCAL, MQTT_REASON_QUOTA_EXCEEDED, "the session's memory is used up");
}

void mqtt_output_end(struct step *step, const struct op *op, enum op_outcome outcome, uint8_t reason_code) {
    step_end_op(step, op, outcome, reason_code);
    for (unsigned i = 0; i < step->op_count; i++)
        if (step->ops[i] == op)
            step->ops[i] = &step->events[step->event_count - 1].op;
}
