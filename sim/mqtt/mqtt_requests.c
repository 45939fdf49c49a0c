#include "mqtt/mqtt_requests.h"

#include "base/err.h"
#include "mqtt/mqtt_output.h"
#include "mqtt/mqtt_packet_id.h"

static void append(struct mqtt_session *s, struct mqtt_request *r) {
    struct mqtt_request **end = &s->requests;
    while (*end)
        end = &(*end)->next;
    *end = r;
}

static void give(struct step *step, struct mqtt_request *r) {
    pool_give(step->pool, r, sizeof *r);
}

int mqtt_requests_send(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, struct mqtt_packet *p,
                       const struct op *op) {
    if (step->op_count == STEP_OPS_MAX)
        return ERR_AGAIN;
    struct mqtt_request *r = pool_take(step->pool, sizeof *r);
    if (!r)
        return ERR_NO_MEMORY;
    *r = (struct mqtt_request){.op = *op,
                               .since = step->now,
                               .packet_id = mqtt_packet_id_take(s),
                               .count = (uint16_t)p->subscribe.count,
                               .answer = p->type == MQTT_SUBSCRIBE ? MQTT_SUBACK : MQTT_UNSUBACK};
    p->subscribe.packet_id = r->packet_id;
    int error = r->packet_id == 0 ? ERR_AGAIN : mqtt_output_packet(s, c, step, p);
    if (error < 0) {
        give(step, r);
        return error;
    }
    append(s, r);
    step_emit_op(step, &r->op);
    return 0;
}

/* The first code that says no; SUBACK of both versions and UNSUBACK of 5.0. */
static uint8_t first_failure(struct bytes codes) {
    for (size_t i = 0; i < codes.size; i++)
        if (codes.data[i] >= MQTT_REASON_FAILURE)
            return codes.data[i];
    return 0;
}

void mqtt_requests_answered(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                            const struct mqtt_packet *p, struct bytes packet) {
    struct mqtt_request **at = &s->requests;
    while (*at && ((*at)->packet_id != p->suback.packet_id || (*at)->answer != p->type))
        at = &(*at)->next;
    struct mqtt_request *r = *at;
    if (!r) {
        mqtt_output_broken(s, c, step, MQTT_RULE_SUBACK_UNKNOWN, packet);
        return;
    }
    bool has_codes = p->type == MQTT_SUBACK || c->version == MQTT_5_0;
    if (has_codes && p->suback.codes.size != r->count) {
        mqtt_output_broken(s, c, step, p->type == MQTT_SUBACK ? MQTT_RULE_SUBACK_COUNT : MQTT_RULE_UNSUBACK_COUNT,
                           packet);
        return;
    }
    uint8_t failure = first_failure(p->suback.codes);
    if (r->ended)
        step_event(step, EVENT_LATE_ANSWER)->op = r->op;
    else
        mqtt_output_end(step, &r->op, failure ? OP_REFUSED : OP_OK, failure);
    *at = r->next;
    give(step, r);
}

instant mqtt_requests_deadline(const struct mqtt_session *s, const struct mqtt_config *c) {
    const struct mqtt_request *r = s->requests;
    while (r && r->ended)
        r = r->next;
    return r && c->suback_timeout > 0 ? instant_add(r->since, c->suback_timeout) : INSTANT_NEVER;
}

void mqtt_requests_due(struct mqtt_session *s, const struct mqtt_config *c, struct step *step) {
    if (c->suback_timeout <= 0)
        return;
    for (struct mqtt_request *r = s->requests; r; r = r->next) {
        if (r->ended)
            continue;
        if (instant_add(r->since, c->suback_timeout) > step->now || !mqtt_output_has_room(step))
            return;
        mqtt_output_end(step, &r->op, OP_TIMEOUT, 0);
        r->ended = true;
    }
}

bool mqtt_requests_end_all(struct mqtt_session *s, struct step *step, enum op_outcome outcome) {
    while (s->requests) {
        if (!step_room(step))
            return true;
        struct mqtt_request *r = s->requests;
        if (!r->ended)
            mqtt_output_end(step, &r->op, outcome, 0);
        s->requests = r->next;
        give(step, r);
    }
    return false;
}
