#include "device/drivers.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "device/device_step.h"
#include "device/effective.h"
#include "device/identity.h"
#include "device/payload.h"
#include "mqtt/mqtt_session.h"
#include "mqtt/mqtt_session_state.h"
#include "mqtt/mqtt_tables.h"

enum { REASON_NOT_OFFERED = 0x83 }; /* for what the CONNACK ruled out: "implementation specific error" */

static const struct mqtt_config *config(struct device_host *h, const struct device_slot *s) {
    return &effective_profile(h, s)->mqtt;
}

static void init(void *session) {
    mqtt_session_init((struct mqtt_session *)session);
}

static int render(const struct template *t, const struct payload_context *c, struct bytes_writer *w,
                  struct bytes *out) {
    uint8_t *start = w->at;
    int error = t->count == 0 ? 0 : payload_render(t, c, w);
    *out = (struct bytes){start, (size_t)(w->at - start)};
    return error;
}

static int up(struct device_host *h, const struct device_slot *s, const struct op *op) {
    const struct profile *p = s->group->profile;
    struct payload_context c = device_step_context(h, s, h->step.now);
    struct bytes_writer *w = &h->scratch;
    w->at = w->start;
    w->failed = false;
    struct identity_names names;
    struct mqtt_connect_info info = {.will = {.qos = p->will_qos,
                                              .retain = p->will_retain,
                                              .delay_s = p->will_delay_s,
                                              .message_expiry_s = p->will_expiry_s}};
    int error = identity_render(&c, w, &names);
    if (error == 0)
        error = render(&p->will_topic, &c, w, &info.will.topic);
    if (error == 0)
        error = render(&p->will_payload, &c, w, &info.will.payload);
    if (error < 0)
        return error;
    info.client_id = names.client_id;
    info.user_name = names.user;
    info.password = names.password;
    info.has_user_name = names.has_user;
    info.has_password = names.has_password;
    error = mqtt_session_up(s->session, config(h, s), &h->step, &info, op);
    if (error == 0) { /* CONNECT is not the first packet of the attempt: the transport's left before it */
        struct op *kept = h->step.ops[h->step.op_count - 1];
        kept->emitted = op->emitted;
        kept->sent = op->sent;
    }
    return error;
}

static size_t input(struct device_host *h, const struct device_slot *s, struct bytes in) {
    h->step.resend_limit = device_step_way_out(s);
    return mqtt_session_input(s->session, config(h, s), &h->step, in);
}

static size_t packet_size(const struct device_host *h, const struct device_slot *s, struct bytes in) {
    (void)h;
    return mqtt_session_packet_size(s->session, &s->group->profile->mqtt, in);
}

static size_t frame(struct bytes in) {
    size_t total;
    return mqtt_codec_frame(in, &total) == 0 ? total : 0;
}

static size_t overwrite(uint8_t *packet, struct bytes part) {
    if (part.size > 0)
        memset(packet + (part.data - packet), '*', part.size);
    return part.size;
}

static size_t mask(uint8_t *packet, size_t size) {
    enum { CONNECT_PLAIN = 15 }; /* fixed header, protocol name, level, flags, keep alive: no secret before */
    unsigned type = size > 0 ? packet[0] >> 4 : 0;
    if (type != MQTT_CONNECT && type != MQTT_AUTH)
        return 0;
    struct mqtt_packet p;
    struct mqtt_fault fault;
    size_t used;
    enum mqtt_version version = type == MQTT_CONNECT ? MQTT_ANY : MQTT_5_0;
    if (mqtt_codec_decode(bytes_of(packet, size), version, MQTT_CLIENT, 0, &p, &used, &fault) < 0) {
        /* cut short, or wrong: no telling where the credentials are */
        size_t plain = type == MQTT_CONNECT && size > CONNECT_PLAIN ? CONNECT_PLAIN : size < 2 ? size : 2;
        memset(packet + plain, '*', size - plain);
        return size - plain;
    }
    size_t masked = overwrite(packet, p.properties.authentication_data);
    return type == MQTT_CONNECT ? masked + overwrite(packet, p.connect.password) : masked;
}

static void due(struct device_host *h, const struct device_slot *s) {
    h->step.resend_limit = device_step_way_out(s);
    mqtt_session_due(s->session, config(h, s), &h->step);
}

static int publish(struct device_host *h, const struct device_slot *s, const struct mqtt_message *m,
                   const struct op *op) {
    return mqtt_session_publish(s->session, config(h, s), &h->step, m, op);
}

/* Filters that share a subscription identifier travel in one SUBSCRIBE, which is one operation. */
static int subscribe_one_id(struct device_host *h, const struct device_slot *s, uint32_t id, const struct op *op) {
    struct payload_context c = device_step_context(h, s, h->step.now);
    struct bytes_writer *w = &h->scratch;
    w->at = w->start;
    w->failed = false;
    struct mqtt_filter filters[MQTT_FILTERS_MAX];
    unsigned count = 0;
    for (unsigned i = 0; i < s->group->subscription_count && count < MQTT_FILTERS_MAX; i++) {
        const struct subscription *sub = &s->group->subscriptions[i];
        if (sub->id != id)
            continue;
        struct mqtt_filter *f = &filters[count++];
        *f = (struct mqtt_filter){.qos = sub->qos,
                                  .no_local = sub->no_local,
                                  .retain_as_published = sub->retain_as_published,
                                  .retain_handling = sub->retain_handling};
        int error = render(&sub->filter, &c, w, &f->filter);
        if (error < 0)
            return error;
    }
    return mqtt_session_subscribe(s->session, config(h, s), &h->step, filters, count, id, op);
}

static int subscribe(struct device_host *h, const struct device_slot *s, const struct op *op) {
    const struct fleet_group *g = s->group;
    int error = 0;
    for (unsigned i = 0; i < g->subscription_count && error == 0; i++) {
        bool first_of_its_id = true;
        for (unsigned k = 0; k < i; k++)
            first_of_its_id = first_of_its_id && g->subscriptions[k].id != g->subscriptions[i].id;
        if (!first_of_its_id)
            continue;
        error = subscribe_one_id(h, s, g->subscriptions[i].id, op);
        if (error == ERR_DENIED || error == ERR_TOO_BIG || error == ERR_INVALID) {
            device_step_refuse(h, s, op, REASON_NOT_OFFERED);
            error = 0;
        }
    }
    return error;
}

static int answer(struct device_host *h, const struct device_slot *s, struct bytes data) {
    return mqtt_session_auth(s->session, config(h, s), &h->step, MQTT_REASON_CONTINUE_AUTHENTICATION, data);
}

static int bye(struct device_host *h, const struct device_slot *s) {
    return mqtt_session_disconnect(s->session, config(h, s), &h->step, 0);
}

static bool down(struct device_host *h, const struct device_slot *s, enum op_outcome outcome) {
    return mqtt_session_down(s->session, config(h, s), &h->step, outcome);
}

static bool finish(struct device_host *h, const struct device_slot *s) {
    return mqtt_session_finish(s->session, &h->step);
}

static bool forget(struct device_host *h, const struct device_slot *s) {
    return mqtt_session_forget(s->session, &h->step, OP_WITHDRAWN);
}

static struct op *next_op(const struct device_slot *s, struct op *op) {
    return mqtt_session_next_op(s->session, op);
}

static instant next_deadline(struct device_host *h, const struct device_slot *s) {
    if (mqtt_session_held_back(s->session) && device_step_way_out(s) > 0)
        return h->step.now;
    return mqtt_session_next_deadline(s->session, config(h, s));
}

static unsigned window(struct device_host *h, const struct device_slot *s) {
    return mqtt_session_window(s->session, config(h, s));
}

static unsigned in_flight(const struct device_slot *s) {
    return mqtt_session_in_flight(s->session);
}

const struct driver_ops drivers_mqtt = {
    .name = "mqtt",
    .dissector = "mqtt",
    .session_size = sizeof(struct mqtt_session),
    .init = init,
    .up = up,
    .input = input,
    .packet_size = packet_size,
    .frame = frame,
    .mask = mask,
    .due = due,
    .publish = publish,
    .subscribe = subscribe,
    .answer = answer,
    .bye = bye,
    .down = down,
    .finish = finish,
    .forget = forget,
    .next_op = next_op,
    .next_deadline = next_deadline,
    .window = window,
    .in_flight = in_flight,
};

const struct driver_ops *drivers_of(const struct fleet_group *g) {
    (void)g; /* MQTT is the only protocol so far; the group's profile will choose among rows */
    return &drivers_mqtt;
}
