#include "mqtt/mqtt_inflight.h"

#include <string.h>

#include "base/err.h"
#include "mqtt/mqtt_aliases.h"
#include "mqtt/mqtt_field.h"
#include "mqtt/mqtt_output.h"
#include "mqtt/mqtt_packet_id.h"

enum { DUP = 0x08, RETAIN = 0x01 };

static void append(struct mqtt_flights *list, struct mqtt_flight *f) {
    f->next = NULL;
    f->previous = list->last;
    if (list->last)
        list->last->next = f;
    else
        list->first = f;
    list->last = f;
}

/* What is sent again after `f`: the rest of its list, and after the released ones the published ones. */
static struct mqtt_flight *after(const struct mqtt_session *s, const struct mqtt_flight *f) {
    return f->next ? f->next : f->released ? s->published.first : NULL;
}

static void unlink_flight(struct mqtt_session *s, struct mqtt_flight *f) {
    struct mqtt_flights *list = f->released ? &s->released : &s->published;
    if (s->resend == f)
        s->resend = after(s, f);
    if (f->previous)
        f->previous->next = f->next;
    else
        list->first = f->next;
    if (f->next)
        f->next->previous = f->previous;
    else
        list->last = f->previous;
    if (f->unsent) {
        f->unsent = false;
        s->unsent--;
    }
}

static void give(struct mqtt_session *s, struct step *step, struct mqtt_flight *f) {
    unlink_flight(s, f);
    s->in_flight--;
    s->ended -= f->ended;
    pool_give(step->pool, f, sizeof *f + f->size);
}

/* The last answer to a message has come. */
static void finish(struct mqtt_session *s, struct step *step, struct mqtt_flight *f, uint8_t reason_code) {
    if (f->ended) {
        struct event *e = step_event(step, EVENT_LATE_ANSWER);
        e->op = f->op;
        e->reason_code = reason_code;
    } else {
        mqtt_output_end(step, &f->op, reason_code >= MQTT_REASON_FAILURE ? OP_REFUSED : OP_OK, reason_code);
    }
    give(s, step, f);
}

/* Answers come in order, or nearly so; the far end is tried second, so that only a random order costs a walk. */
static struct mqtt_flight *find(const struct mqtt_flights *list, uint16_t id) {
    struct mqtt_flight *f = list->first;
    if (!f || f->packet_id == id)
        return f;
    if (list->last->packet_id == id)
        return list->last;
    while (f && f->packet_id != id)
        f = f->next;
    return f;
}

static unsigned limit(const struct mqtt_session *s, const struct mqtt_config *c) {
    unsigned own = c->inflight_max ? c->inflight_max : UINT16_MAX;
    return own < s->receive_maximum ? own : s->receive_maximum;
}

static bool quota_left(const struct mqtt_session *s, const struct mqtt_config *c) {
    return (unsigned)(s->in_flight - s->unsent) < limit(s, c);
}

unsigned mqtt_inflight_window(const struct mqtt_session *s, const struct mqtt_config *c) {
    if (s->state != MQTT_UP || s->dropping || s->resend)
        return 0;
    unsigned used = s->in_flight, most = limit(s, c);
    return used < most ? most - used : 0;
}

/* The properties of a message. `mark` is room for the mark as a user property before the others. */
enum { MARK_MAX = 64, MARK_BYTES = MARK_MAX + 6 };

static void fill_properties(struct mqtt_properties *p, const struct mqtt_message *m, uint8_t mark[MARK_BYTES]) {
    memset(p, 0, sizeof *p);
    if (m->payload_is_utf8) {
        p->payload_format_indicator = 1;
        mqtt_properties_mark(p, MQTT_PAYLOAD_FORMAT_INDICATOR);
    }
    if (m->message_expiry_s) {
        p->message_expiry_interval = m->message_expiry_s;
        mqtt_properties_mark(p, MQTT_MESSAGE_EXPIRY_INTERVAL);
    }
    const struct {
        enum mqtt_property id;
        struct bytes text, *member;
    } texts[] = {{MQTT_CONTENT_TYPE, m->content_type, &p->content_type},
                 {MQTT_RESPONSE_TOPIC, m->response_topic, &p->response_topic},
                 {MQTT_CORRELATION_DATA, m->correlation_data, &p->correlation_data}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].text.size == 0)
            continue;
        *texts[i].member = texts[i].text;
        mqtt_properties_mark(p, texts[i].id);
    }
    if (m->mark.size) {
        struct bytes_writer w = bytes_writer_of(mark, MARK_BYTES);
        bytes_write_u8(&w, MQTT_USER_PROPERTY);
        mqtt_field_write_string(&w, bytes_of("m", 1));
        mqtt_field_write_string(&w, m->mark);
        p->raw = bytes_of(mark, bytes_written(&w));
    }
    p->user_properties = m->user_properties;
    p->user_property_count = m->user_property_count;
}

/* What the server said in CONNACK that it does not take (MQTT-3.2.2-11, MQTT-3.2.2-14). */
static bool denied(const struct mqtt_session *s, uint8_t qos, bool retain) {
    return qos > s->maximum_qos || (retain && !s->retain_available);
}

/* Sends with the alias of its topic; the alias is dropped where it would make the packet too large. `full` is the size without. */
static int send_aliased(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, struct mqtt_packet *p,
                        size_t full) {
    size_t largest = full + 5; /* identifier and alias; both lengths before them may grow by a byte */
    if ((s->maximum_packet_size > 0 && largest > s->maximum_packet_size) || bytes_room(&step->out) < largest)
        return mqtt_output_packet(s, c, step, p);
    bool known;
    uint16_t alias = mqtt_aliases_use(s, step->pool, p->publish.topic, &known);
    if (alias) {
        p->properties.topic_alias = alias;
        mqtt_properties_mark(&p->properties, MQTT_TOPIC_ALIAS);
        if (known)
            p->publish.topic = bytes_of(NULL, 0);
    }
    return mqtt_output_packet(s, c, step, p);
}

static int send_qos_0(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, struct mqtt_packet *p,
                      size_t full, const struct op *op) {
    int error = c->use_topic_aliases && s->alias_maximum ? send_aliased(s, c, step, p, full)
                                                         : mqtt_output_packet(s, c, step, p);
    if (error < 0)
        return error;
    struct op sent = *op;
    sent.emitted = step->now;
    step_end_op(step, &sent, OP_OK, 0);
    step_emit_op(step, &step->events[step->event_count - 1].op);
    return 0;
}

static int send_and_keep(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, struct mqtt_packet *p,
                         size_t full, const struct op *op) {
    struct mqtt_flight *f = pool_take(step->pool, sizeof *f + full);
    if (!f)
        return ERR_NO_MEMORY;
    uint16_t id = mqtt_packet_id_take(s);
    *f = (struct mqtt_flight){
        .op = *op, .since = step->now, .size = (uint32_t)full, .packet_id = id, .qos = p->publish.qos};
    p->publish.packet_id = id;
    struct bytes_writer w = bytes_writer_of(f->bytes, full);
    int error = id == 0 ? ERR_AGAIN : mqtt_codec_encode(&w, p, c->version);
    if (error == 0 && c->use_topic_aliases && s->alias_maximum)
        error = send_aliased(s, c, step, p, full);
    else if (error == 0)
        bytes_write(&step->out, bytes_of(f->bytes, full));
    if (error < 0) {
        pool_give(step->pool, f, sizeof *f + full);
        return error;
    }
    s->last_sent = step->now;
    f->order = s->next_order++;
    append(&s->published, f);
    s->in_flight++;
    step_emit_op(step, &f->op);
    return 0;
}

int mqtt_inflight_publish(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                          const struct mqtt_message *m, const struct op *op) {
    if (s->state != MQTT_UP || step->op_count == STEP_OPS_MAX || !step_room(step))
        return ERR_AGAIN;
    if (denied(s, m->qos, m->retain))
        return ERR_DENIED;
    if (m->qos > 2 || m->mark.size > MARK_MAX)
        return ERR_INVALID;
    if (m->qos > 0 && mqtt_inflight_window(s, c) == 0)
        return ERR_AGAIN;
    struct mqtt_packet p;
    uint8_t mark[MARK_BYTES];
    p.type = MQTT_PUBLISH;
    if (c->version == MQTT_5_0) /* 3.1.1 has none and reads none */
        fill_properties(&p.properties, m, mark);
    p.publish = (struct mqtt_publish){.qos = m->qos, .retain = m->retain, .topic = m->topic, .payload = m->payload};
    size_t full = mqtt_codec_size(&p, c->version);
    if (full == 0)
        return ERR_INVALID;
    if ((s->maximum_packet_size > 0 && full > s->maximum_packet_size) ||
        full > (size_t)(step->out.end - step->out.start))
        return ERR_TOO_BIG;
    if (bytes_room(&step->out) < full)
        return ERR_AGAIN;
    return m->qos == 0 ? send_qos_0(s, c, step, &p, full, op) : send_and_keep(s, c, step, &p, full, op);
}

void mqtt_inflight_puback(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                          const struct mqtt_ack *ack, struct bytes packet) {
    struct mqtt_flight *f = find(&s->published, ack->packet_id);
    if (f && f->qos == 1)
        finish(s, step, f, ack->reason_code);
    else
        mqtt_output_broken(
            s, c, step, f || find(&s->released, ack->packet_id) ? MQTT_RULE_PUBACK_FOR_QOS_2 : MQTT_RULE_PUBACK_UNKNOWN,
            packet);
}

/* An id that we do not know is answered all the same, so that the server can let go of it (5.0: section 3.6.2.1, with 0x92). */
static void pubrec_unknown(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, uint16_t id) {
    step_event(step, EVENT_LATE_ANSWER);
    mqtt_output_ack(s, c, step, MQTT_PUBREL, id, MQTT_REASON_PACKET_IDENTIFIER_NOT_FOUND);
}

void mqtt_inflight_pubrec(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                          const struct mqtt_ack *ack, struct bytes packet) {
    struct mqtt_flight *f = find(&s->published, ack->packet_id);
    if (f && f->qos == 1) {
        mqtt_output_broken(s, c, step, MQTT_RULE_PUBREC_FOR_QOS_1, packet);
        return;
    }
    if (f && ack->reason_code >= MQTT_REASON_FAILURE) {
        finish(s, step, f, ack->reason_code);
        return;
    }
    if (f) {
        unlink_flight(s, f);
        f->released = true;
        f->since = step->now;
        append(&s->released, f);
    } else if (!find(&s->released, ack->packet_id)) {
        pubrec_unknown(s, c, step, ack->packet_id);
        return;
    }
    /* a repeated PUBREC is answered again, too */
    mqtt_output_ack(s, c, step, MQTT_PUBREL, ack->packet_id, MQTT_REASON_SUCCESS);
}

void mqtt_inflight_pubcomp(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                           const struct mqtt_ack *ack, struct bytes packet) {
    struct mqtt_flight *f = find(&s->released, ack->packet_id);
    if (f)
        finish(s, step, f, ack->reason_code);
    else if (find(&s->published, ack->packet_id))
        mqtt_output_broken(s, c, step, MQTT_RULE_PUBCOMP_EARLY, packet);
    else
        step_event(step, EVENT_LATE_ANSWER)->reason_code = ack->reason_code;
}

static void mark_unsent(struct mqtt_session *s) {
    s->unsent = 0;
    for (struct mqtt_flight *f = s->published.first; f; f = f->next) {
        f->unsent = true;
        s->unsent++;
    }
}

void mqtt_inflight_resume(struct mqtt_session *s) {
    mark_unsent(s);
    s->resend = s->released.first ? s->released.first : s->published.first;
}

/* Inserts before the first message of a higher order, looking from `from` on (NULL: from the start). The released ones come nearly
 * sorted, so that the walk goes on where the last one ended. */
static void insert_by_order(struct mqtt_flights *list, struct mqtt_flight *f, struct mqtt_flight *from) {
    struct mqtt_flight *at = from && from->order < f->order ? from : list->first;
    while (at && at->order < f->order)
        at = at->next;
    if (!at) {
        append(list, f);
        return;
    }
    f->next = at;
    f->previous = at->previous;
    if (at->previous)
        at->previous->next = f;
    else
        list->first = f;
    at->previous = f;
}

void mqtt_inflight_lost(struct mqtt_session *s, struct step *step, bool drop) {
    struct mqtt_flight *last = NULL;
    s->resend = NULL;
    while (s->released.first) {
        struct mqtt_flight *f = s->released.first;
        unlink_flight(s, f);
        f->released = false;
        insert_by_order(&s->published, f, last);
        last = f;
    }
    struct mqtt_flight *next;
    for (struct mqtt_flight *f = s->published.first; f; f = next) {
        next = f->next;
        f->packet_id = 0;
        if (f->ended)
            give(s, step, f);
    }
    mark_unsent(s);
    s->dropping = drop && s->published.first;
    s->resend = drop ? NULL : s->published.first;
}

/* Where the packet id stands in an encoded PUBLISH: behind the fixed header and the topic. */
static uint8_t *id_place(struct mqtt_flight *f) {
    uint8_t *at = f->bytes + 1;
    while (*at++ & 0x80)
        ;
    return at + 2 + (at[0] << 8 | at[1]);
}

/* True when it went out; false: no room, or no id, or it may not go out at all and has ended. */
static bool send_again(struct mqtt_session *s, struct step *step, struct mqtt_flight *f) {
    if ((s->maximum_packet_size > 0 && f->size > s->maximum_packet_size) ||
        denied(s, f->qos, (f->bytes[0] & RETAIN) != 0)) {
        if (!f->ended)
            mqtt_output_end(step, &f->op, OP_BROKEN, 0);
        give(s, step, f);
        return true;
    }
    if (bytes_room(&step->out) < f->size)
        return false;
    if (f->packet_id) {
        f->bytes[0] |= DUP;
    } else {
        f->packet_id = mqtt_packet_id_take(s);
        uint8_t *id = id_place(f);
        id[0] = (uint8_t)(f->packet_id >> 8);
        id[1] = (uint8_t)f->packet_id;
        f->bytes[0] &= (uint8_t)~DUP;
    }
    bytes_write(&step->out, bytes_of(f->bytes, f->size));
    struct event *resent = step_event(step, EVENT_RESENT);
    resent->op = f->op;
    resent->duplicate = (f->bytes[0] & DUP) != 0;
    f->unsent = false;
    s->unsent--;
    f->since = step->now;
    s->last_sent = step->now;
    s->resend = after(s, f);
    return true;
}

static void drop_lost(struct mqtt_session *s, struct step *step) {
    while (s->published.first && mqtt_output_has_room(step)) {
        struct mqtt_flight *f = s->published.first;
        mqtt_output_end(step, &f->op, OP_BROKEN, 0);
        give(s, step, f);
    }
    s->dropping = s->published.first != NULL;
}

void mqtt_inflight_pump(struct mqtt_session *s, const struct mqtt_config *c, struct step *step) {
    if (s->dropping)
        drop_lost(s, step);
    s->held_back = false;
    while (s->resend && s->state == MQTT_UP && mqtt_output_has_room(step)) {
        struct mqtt_flight *f = s->resend;
        if (f->released) {
            f->since = step->now;
            s->resend = after(s, f);
            mqtt_output_ack(s, c, step, MQTT_PUBREL, f->packet_id, MQTT_REASON_SUCCESS);
            continue;
        }
        bool may_go = quota_left(s, c);
        s->held_back = may_go && bytes_written(&step->out) >= step->resend_limit;
        if (!may_go || s->held_back || !send_again(s, step, f))
            return;
    }
}

bool mqtt_inflight_wants_pump(const struct mqtt_session *s, const struct mqtt_config *c) {
    return s->state == MQTT_UP &&
           (s->dropping || (s->resend && !s->held_back && (s->resend->released || quota_left(s, c))));
}

static instant overdue_at(const struct mqtt_flights *list, const struct mqtt_config *c) {
    const struct mqtt_flight *f = list->first;
    return f && !f->unsent ? instant_add(f->since, c->ack_timeout) : INSTANT_NEVER;
}

instant mqtt_inflight_deadline(const struct mqtt_session *s, const struct mqtt_config *c) {
    if (c->ack_timeout <= 0 || s->dropping)
        return INSTANT_NEVER;
    return instant_min(overdue_at(&s->published, c), overdue_at(&s->released, c));
}

static bool end_overdue(struct mqtt_session *s, const struct mqtt_flights *list, const struct mqtt_config *c,
                        struct step *step) {
    bool any = false;
    for (struct mqtt_flight *f = list->first; f && !f->unsent; f = f->next) {
        if (instant_add(f->since, c->ack_timeout) > step->now || !mqtt_output_has_room(step))
            break;
        any = true;
        if (f->ended)
            continue;
        mqtt_output_end(step, &f->op, OP_TIMEOUT, 0);
        f->ended = true;
        s->ended++;
    }
    return any;
}

bool mqtt_inflight_due(struct mqtt_session *s, const struct mqtt_config *c, struct step *step) {
    if (mqtt_inflight_deadline(s, c) > step->now)
        return false;
    bool published = end_overdue(s, &s->published, c, step);
    return end_overdue(s, &s->released, c, step) || published;
}

bool mqtt_inflight_end_all(struct mqtt_session *s, struct step *step, enum op_outcome outcome) {
    s->resend = NULL;
    while (s->released.first || s->published.first) {
        struct mqtt_flight *f = s->released.first ? s->released.first : s->published.first;
        if (!step_room(step))
            return true;
        if (!f->ended)
            mqtt_output_end(step, &f->op, outcome, 0);
        give(s, step, f);
    }
    s->dropping = false;
    return false;
}
