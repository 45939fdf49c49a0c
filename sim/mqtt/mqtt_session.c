#include "mqtt/mqtt_session.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "mqtt/mqtt_aliases.h"
#include "mqtt/mqtt_field.h"
#include "mqtt/mqtt_handshake.h"
#include "mqtt/mqtt_inbound.h"
#include "mqtt/mqtt_incoming.h"
#include "mqtt/mqtt_inflight.h"
#include "mqtt/mqtt_output.h"
#include "mqtt/mqtt_requests.h"
#include "mqtt/mqtt_session_state.h"
#include "mqtt/mqtt_topic.h"

void mqtt_session_init(struct mqtt_session *s) {
    memset(s, 0, sizeof *s);
    s->next_id = 1;
}

/* What holds until the server's CONNACK says otherwise. */
static void begin_connection(struct mqtt_session *s, const struct mqtt_config *c) {
    s->reauthenticating = false;
    s->retain_available = s->wildcards_available = true;
    s->subscription_ids_available = s->shared_available = true;
    s->maximum_qos = 2;
    s->receive_maximum = UINT16_MAX;
    s->alias_maximum = 0;
    s->maximum_packet_size = 0;
    s->keepalive_s = c->keepalive_s;
    mqtt_inbound_begin(s, c);
}

static struct mqtt_single *new_single(struct step *step, const struct op *op) {
    struct mqtt_single *one = pool_take(step->pool, sizeof *one);
    if (one)
        *one = (struct mqtt_single){.op = *op, .since = step->now};
    return one;
}

int mqtt_session_up(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                    const struct mqtt_connect_info *info, const struct op *op) {
    if (s->state != MQTT_IDLE)
        return ERR_PROTOCOL;
    if (step->op_count == STEP_OPS_MAX)
        return ERR_AGAIN;
    struct mqtt_single *connect = new_single(step, op);
    if (!connect)
        return ERR_NO_MEMORY;
    begin_connection(s, c);
    int error = mqtt_handshake_connect(s, c, step, info);
    if (error < 0) {
        pool_give(step->pool, connect, sizeof *connect);
        return error;
    }
    s->connect = connect;
    s->state = MQTT_CONNECTING;
    step_emit_op(step, &connect->op);
    return 0;
}

size_t mqtt_session_input(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, struct bytes in) {
    size_t used = 0;
    mqtt_aliases_settle(s, step->pool);
    while (used < in.size && (s->state == MQTT_UP || s->state == MQTT_CONNECTING) && mqtt_output_has_room(step)) {
        step->input = bytes_of(in.data + used, in.size - used);
        size_t size = mqtt_incoming_packet(s, c, step, step->input);
        if (size == 0)
            break;
        used += size;
        if (s->resend || s->dropping)
            mqtt_inflight_pump(s, c, step);
    }
    step->input = (struct bytes){0};
    return used;
}

size_t mqtt_session_packet_size(const struct mqtt_session *s, const struct mqtt_config *c, struct bytes in) {
    size_t total;
    if (s->state == MQTT_IDLE || s->state == MQTT_CLOSING || mqtt_codec_frame(in, &total) < 0 ||
        total > mqtt_incoming_cap(c))
        return 0;
    return total;
}

static instant single_deadline(const struct mqtt_single *one, span timeout) {
    return one && timeout > 0 ? instant_add(one->since, timeout) : INSTANT_NEVER;
}

/* When PINGREQ is to be sent: nothing else went out for a keep alive interval (MQTT-3.1.2-23; 5.0: MQTT-3.1.2-20). */
static instant ping_at(const struct mqtt_session *s) {
    if (s->keepalive_s == 0 || s->ping)
        return INSTANT_NEVER;
    return instant_add(s->last_sent, (span)s->keepalive_s * SPAN_S);
}

static void close_on_timeout(struct mqtt_session *s, struct step *step, struct mqtt_single **one,
                             enum close_reason reason) {
    mqtt_output_end(step, &(*one)->op, OP_TIMEOUT, 0);
    pool_give(step->pool, *one, sizeof **one);
    *one = NULL;
    mqtt_output_close(s, step, reason, 0, NULL);
}

/* Without memory or room for the operation PINGREQ goes out uncounted rather than not at all. */
static void send_ping(struct mqtt_session *s, struct step *step) {
    const uint8_t pingreq[2] = {MQTT_PINGREQ << 4, 0};
    struct op op = {.intended = ping_at(s), .ready = step->now, .kind = OP_MQTT_PING, .stream = UINT8_MAX};
    bytes_write(&step->out, bytes_of(pingreq, sizeof pingreq));
    s->last_sent = step->now;
    if (step->op_count == STEP_OPS_MAX)
        return;
    s->ping = new_single(step, &op);
    if (s->ping)
        step_emit_op(step, &s->ping->op);
}

static void due_while_up(struct mqtt_session *s, const struct mqtt_config *c, struct step *step) {
    if (single_deadline(s->ping, c->ping_timeout) <= step->now) {
        close_on_timeout(s, step, &s->ping, CLOSE_PING_TIMEOUT);
        return;
    }
    if (mqtt_inflight_due(s, c, step)) {
        mqtt_output_close(s, step, CLOSE_ACK_TIMEOUT, 0, NULL);
        return;
    }
    mqtt_requests_due(s, c, step);
    mqtt_inflight_pump(s, c, step);
    if (ping_at(s) <= step->now && mqtt_output_has_room(step))
        send_ping(s, step);
}

void mqtt_session_due(struct mqtt_session *s, const struct mqtt_config *c, struct step *step) {
    if (!mqtt_output_has_room(step))
        return;
    if (s->state == MQTT_CONNECTING && single_deadline(s->connect, c->connack_timeout) <= step->now)
        close_on_timeout(s, step, &s->connect, CLOSE_CONNACK_TIMEOUT);
    else if (s->state == MQTT_UP)
        due_while_up(s, c, step);
}

instant mqtt_session_next_deadline(const struct mqtt_session *s, const struct mqtt_config *c) {
    if (s->state == MQTT_CONNECTING)
        return single_deadline(s->connect, c->connack_timeout);
    if (s->state != MQTT_UP)
        return INSTANT_NEVER;
    if (mqtt_inflight_wants_pump(s, c))
        return s->last_sent; /* that is: at once */
    instant at = instant_min(ping_at(s), single_deadline(s->ping, c->ping_timeout));
    if (s->requests)
        at = instant_min(at, mqtt_requests_deadline(s, c));
    return instant_min(at, mqtt_inflight_deadline(s, c));
}

int mqtt_session_publish(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                         const struct mqtt_message *m, const struct op *op) {
    return mqtt_inflight_publish(s, c, step, m, op);
}

/* What the server said in CONNACK that it does not offer (5.0 sections 3.2.2.3.11 to 3.2.2.3.13). */
static bool subscription_denied(const struct mqtt_session *s, const struct mqtt_filter *f) {
    struct mqtt_share share;
    return (!s->wildcards_available && mqtt_topic_has_wildcard(f->filter)) ||
           (!s->shared_available && mqtt_topic_share(f->filter, &share));
}

int mqtt_session_subscribe(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                           const struct mqtt_filter *filters, unsigned count, uint32_t subscription_id,
                           const struct op *op) {
    if (s->state != MQTT_UP)
        return ERR_AGAIN;
    if (count == 0 || count > MQTT_FILTERS_MAX || subscription_id > MQTT_VARINT_MAX)
        return ERR_INVALID;
    bool five = c->version == MQTT_5_0;
    if (five && subscription_id && !s->subscription_ids_available)
        return ERR_DENIED;
    struct mqtt_filter sent[MQTT_FILTERS_MAX];
    for (unsigned i = 0; i < count; i++) {
        if (subscription_denied(s, &filters[i]))
            return ERR_DENIED;
        /* in 3.1.1 the options beside the QoS are reserved bits */
        sent[i] = five ? filters[i] : (struct mqtt_filter){.filter = filters[i].filter, .qos = filters[i].qos};
    }
    struct mqtt_packet p = {.type = MQTT_SUBSCRIBE};
    p.subscribe = (struct mqtt_subscribe){.count = count, .filters = sent};
    if (five && subscription_id) {
        p.properties.subscription_identifiers = &subscription_id;
        p.properties.subscription_identifier_count = 1;
    }
    return mqtt_requests_send(s, c, step, &p, op);
}

int mqtt_session_unsubscribe(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                             const struct bytes *filters, unsigned count, const struct op *op) {
    if (s->state != MQTT_UP)
        return ERR_AGAIN;
    if (count == 0 || count > MQTT_FILTERS_MAX)
        return ERR_INVALID;
    struct mqtt_packet p = {.type = MQTT_UNSUBSCRIBE};
    p.subscribe = (struct mqtt_subscribe){.count = count, .names = filters};
    return mqtt_requests_send(s, c, step, &p, op);
}

int mqtt_session_auth(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, uint8_t reason_code,
                      struct bytes data) {
    if (c->version != MQTT_5_0 || c->authentication_method.size == 0)
        return ERR_INVALID; /* MQTT-4.12.0-7 */
    bool again = reason_code == MQTT_REASON_REAUTHENTICATE;
    if (!again && reason_code != MQTT_REASON_CONTINUE_AUTHENTICATION)
        return ERR_INVALID;
    if (again ? s->state != MQTT_UP || s->reauthenticating : s->state != MQTT_CONNECTING && !s->reauthenticating)
        return ERR_AGAIN;
    struct mqtt_packet p = {.type = MQTT_AUTH};
    p.ack.reason_code = reason_code;
    p.properties.authentication_method = c->authentication_method;
    mqtt_properties_mark(&p.properties, MQTT_AUTHENTICATION_METHOD);
    if (data.size) {
        p.properties.authentication_data = data;
        mqtt_properties_mark(&p.properties, MQTT_AUTHENTICATION_DATA);
    }
    int error = mqtt_output_packet(s, c, step, &p);
    if (error == 0 && again)
        s->reauthenticating = true;
    return error;
}

int mqtt_session_disconnect(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                            uint8_t reason_code) {
    if (s->state != MQTT_UP && s->state != MQTT_CONNECTING)
        return ERR_AGAIN;
    if (!step_room(step))
        return ERR_AGAIN;
    struct mqtt_packet p = {.type = MQTT_DISCONNECT};
    p.ack.reason_code = reason_code;
    int error = mqtt_output_packet(s, c, step, &p);
    if (error == 0)
        mqtt_output_close(s, step, CLOSE_POLITE, reason_code, NULL);
    return error;
}

static bool end_single(struct step *step, struct mqtt_single **one, enum op_outcome outcome) {
    if (!*one)
        return false;
    if (!step_room(step))
        return true;
    mqtt_output_end(step, &(*one)->op, outcome, 0);
    pool_give(step->pool, *one, sizeof **one);
    *one = NULL;
    return false;
}

/* What belongs to the connection alone. Returns true when the step's room did not suffice. */
static bool end_connection(struct mqtt_session *s, struct step *step, enum op_outcome outcome) {
    if (end_single(step, &s->connect, outcome) || end_single(step, &s->ping, outcome) ||
        mqtt_requests_end_all(s, step, outcome))
        return true;
    mqtt_aliases_forget(s, step->pool);
    s->resend = NULL;
    return false;
}

/* A lost session's messages are sent again as new packets unless the device drops them; then they need a session to wait for. */
static bool carries_over(const struct mqtt_session *s, const struct mqtt_config *c) {
    return !c->drop_on_session_lost || (s->has_session && !c->clean_start);
}

bool mqtt_session_down(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                       enum op_outcome outcome) {
    if (s->state == MQTT_UP || s->state == MQTT_CLOSING)
        s->down_at = step->now;
    s->state = MQTT_IDLE;
    if (end_connection(s, step, outcome))
        return true;
    if (s->dropping)
        return mqtt_inflight_end_all(s, step, OP_BROKEN);
    return !carries_over(s, c) && mqtt_inflight_end_all(s, step, outcome);
}

static bool end_all(struct mqtt_session *s, struct step *step, enum op_outcome outcome) {
    s->state = MQTT_IDLE;
    if (end_connection(s, step, outcome) || mqtt_inflight_end_all(s, step, outcome))
        return true;
    mqtt_idset_clear(&s->received, step->pool);
    return false;
}

bool mqtt_session_finish(struct mqtt_session *s, struct step *step) {
    return end_all(s, step, OP_OPEN);
}

bool mqtt_session_forget(struct mqtt_session *s, struct step *step, enum op_outcome outcome) {
    if (end_all(s, step, outcome))
        return true;
    mqtt_session_init(s);
    return false;
}

bool mqtt_session_held_back(const struct mqtt_session *s) {
    return s->state == MQTT_UP && s->resend && s->held_back;
}

enum mqtt_session_state mqtt_session_state(const struct mqtt_session *s) {
    return (enum mqtt_session_state)s->state;
}

unsigned mqtt_session_in_flight(const struct mqtt_session *s) {
    return (unsigned)(s->in_flight - s->ended);
}

/* The session's keepers of operations have them as a member. */
static struct mqtt_flight *flight_of(struct op *op) {
    return (struct mqtt_flight *)(void *)((char *)op - offsetof(struct mqtt_flight, op));
}
static struct mqtt_request *request_of(struct op *op) {
    return (struct mqtt_request *)(void *)((char *)op - offsetof(struct mqtt_request, op));
}

struct op *mqtt_session_next_op(struct mqtt_session *s, struct op *op) {
    bool at_messages = op == NULL || op->kind == OP_MQTT_PUBLISH;
    if (op != NULL && op->kind == OP_MQTT_PING)
        return NULL;
    if (at_messages) {
        struct mqtt_flight *f = op == NULL ? s->published.first : flight_of(op)->next;
        if (f != NULL)
            return &f->op;
    }
    struct mqtt_request *r = at_messages ? s->requests : request_of(op)->next;
    if (r != NULL)
        return &r->op;
    return s->ping == NULL ? NULL : &s->ping->op;
}

unsigned mqtt_session_window(const struct mqtt_session *s, const struct mqtt_config *c) {
    return mqtt_inflight_window(s, c);
}
