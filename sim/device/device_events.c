#include "base/draw.h"
#include "device/behave_command.h"
#include "device/behave_telemetry.h"
#include "device/device_audit.h"
#include "device/device_power.h"
#include "device/device_step.h"
#include "device/drivers.h"
#include "device/duplicates.h"
#include "device/effective.h"
#include "device/payload.h"
#include "mqtt/mqtt_tables.h"

static void op_ended(struct device_host *h, const struct device_slot *s, const struct event *e) {
    enum op_outcome outcome =
        device_step_end_op(h, s, &e->op, (enum op_outcome)e->outcome, (enum op_drop)e->drop, CLOSE_NONE);
    bool no_connack = e->op.kind == OP_MQTT_CONNECT && e->outcome == OP_TIMEOUT;
    if (outcome != OP_OK && device_step_counts(h, &e->op))
        device_step_failed(h, s, (enum op_kind)e->op.kind, outcome, e->reason_code,
                           no_connack ? CLOSE_CONNACK_TIMEOUT : CLOSE_NONE, e->packet);
    bool unanswered = e->outcome != OP_OK && e->outcome != OP_REFUSED;
    if (e->op.kind == OP_MQTT_SUBSCRIBE && unanswered) /* nobody knows whether the session has it */
        s->life->flags &= (uint8_t)~DEVICE_SUBSCRIBED;
    if (e->op.kind == OP_MQTT_PUBLISH) {
        h->changed |= (uint32_t)1 << VAR_IN_FLIGHT;
        bool answered = e->op.qos > 0 && (e->outcome == OP_OK || e->outcome == OP_REFUSED);
        behave_telemetry_ended(h, s, e->op.stream, answered);
        if (s->life->state == STATE_ONLINE)
            behave_telemetry_pump(h, s);
    }
}

static void subscribe(struct device_host *h, const struct device_slot *s) {
    struct op op = {.intended = h->step.now,
                    .ready = h->step.now,
                    .n = s->life->attempts,
                    .kind = OP_MQTT_SUBSCRIBE,
                    .stream = UINT8_MAX};
    s->life->flags &= (uint8_t)~DEVICE_SUBSCRIBED;
    if (s->group->subscription_count == 0)
        return;
    if (drivers_of(s->group)->subscribe(h, s, &op) == 0) {
        s->life->flags |= DEVICE_SUBSCRIBED;
    } else { /* no room or memory for it: another connection will have */
        device_step_end_op(h, s, &op, OP_BROKEN, OP_DROP_NONE, CLOSE_LOCAL);
        device_step_close(h, s, CLOSE_LOCAL);
    }
}

static void session_up(struct device_host *h, const struct device_slot *s, const struct event *e) {
    struct device *life = s->life;
    unsigned group = life->group;
    if ((life->flags & DEVICE_SESSION_EXPECTED) != 0)
        recorder_tally(h->recorder, group, h->step.now, TALLY_SESSION_EXPECTED, 1);
    if (s->behaviour->connects++ > 0)
        recorder_tally(h->recorder, group, h->step.now, TALLY_RECONNECTS, 1);
    life->flags =
        (uint8_t)(e->session_present ? life->flags | DEVICE_SESSION_PRESENT : life->flags & ~DEVICE_SESSION_PRESENT);
    const struct mqtt_config *mqtt = &effective_profile(h, s)->mqtt;
    bool kept = !mqtt->clean_start && (mqtt->version == MQTT_3_1_1 || mqtt->session_expiry_s > 0);
    life->flags = (uint8_t)(kept ? life->flags | DEVICE_SESSION_EXPECTED : life->flags & ~DEVICE_SESSION_EXPECTED);
    life->deadline = h->step.now; /* online since */
    h->changed |= (uint32_t)1 << VAR_SESSION_PRESENT | (uint32_t)1 << VAR_CONNECTS;
    device_step_state(h, s, STATE_ONLINE);
    bool first = s->behaviour->connects == 1; /* what an earlier run subscribed to is not known */
    if (first || !e->session_present || (life->flags & DEVICE_SUBSCRIBED) == 0)
        subscribe(h, s);
    if (life->state == STATE_ONLINE)
        behave_telemetry_session_up(h, s);
}

static void message_arrived(struct device_host *h, const struct device_slot *s, const struct event *e) {
    unsigned group = s->life->group;
    recorder_tally(h->recorder, group, h->step.now, TALLY_RECEIVED, 1);
    if (behave_command_arrived(h, s, e))
        return;
    struct payload_mark mark;
    bool marked = e->mark.size == PAYLOAD_MARK_SIZE
                      ? payload_mark_decode((const char *)e->mark.data, &mark) && mark.run == h->run_number &&
                            mark.device < h->device_count
                      : payload_mark_find(e->payload, h->run_number, h->device_count, &mark);
    if (!marked)
        return;
    instant intended = (instant)mark.intended_us * SPAN_US;
    if (duplicates_seen(h->duplicates, s->life->id, mark.device, mark.sequence)) {
        recorder_tally(h->recorder, group, intended, TALLY_DUPLICATED, 1);
        return;
    }
    struct op op = {.intended = intended,
                    .ready = intended,
                    .emitted = intended,
                    .sent = intended,
                    .n = mark.sequence,
                    .kind = OP_MQTT_END_TO_END,
                    .qos = e->qos,
                    .stream = UINT8_MAX};
    device_step_end_op(h, s, &op, OP_OK, OP_DROP_NONE, CLOSE_NONE);
}

static void count(struct device_host *h, const struct device_slot *s, enum tally_kind kind) {
    recorder_tally(h->recorder, s->life->group, h->step.now, kind, 1);
}

static void note(struct device_host *h, const struct device_slot *s, const struct event *e) {
    struct note n = {.at = h->step.now,
                     .device = s->life->id,
                     .group = s->life->group,
                     .kind = e->kind,
                     .close_reason = e->close_reason,
                     .reason_code = e->reason_code,
                     .statement = e->statement,
                     .detail = e->detail};
    struct bytes kept = e->kind == EVENT_VIOLATION ? e->packet : e->topic;
    n.packet_size = (uint16_t)(kept.size < RECORDER_NOTE_PACKET ? kept.size : RECORDER_NOTE_PACKET);
    for (unsigned i = 0; i < n.packet_size; i++)
        n.packet[i] = kept.data[i];
    recorder_note(h->recorder, &n);
}

/* The first broken rule explains more than operations that failed with it. */
static void violated(struct device_host *h, const struct device_slot *s, const struct event *e) {
    count(h, s, TALLY_VIOLATIONS);
    note(h, s, e);
    struct device_trouble *t = device_step_trouble(h);
    if (t->violated)
        return;
    t->violated = true;
    t->statement = e->statement;
    t->detail = e->detail;
    t->packet = e->packet;
}

static void close_wanted(struct device_host *h, const struct device_slot *s, const struct event *e) {
    enum close_reason why = (enum close_reason)e->close_reason;
    bool ours_or_told = why == CLOSE_POLITE || why == CLOSE_REFUSED || why == CLOSE_CONNACK_TIMEOUT;
    if (!ours_or_told)
        device_step_tell_end(h, s, why, e->reason_code);
    device_step_close(h, s, why);
}

/* A device computes nothing for a method of authentication: it gives a challenge back as it came. */
static void challenged(struct device_host *h, const struct device_slot *s, const struct event *e) {
    if (e->reason_code == MQTT_REASON_CONTINUE_AUTHENTICATION)
        (void)drivers_of(s->group)->answer(h, s, e->payload);
}

static void handle(struct device_host *h, const struct device_slot *s, const struct event *e) {
    switch ((enum event_kind)e->kind) {
    case EVENT_SESSION_UP:
        session_up(h, s, e);
        break;
    case EVENT_SESSION_LOST:
        count(h, s, TALLY_SESSION_LOST);
        if ((s->life->flags & DEVICE_SESSION_EXPECTED) != 0) /* else it was the device that did not want one */
            h->power_notes |= POWER_NOTE_SESSION_LOST;
        break;
    case EVENT_OP_END:
        op_ended(h, s, e);
        break;
    case EVENT_MESSAGE:
        message_arrived(h, s, e);
        break;
    case EVENT_VIOLATION:
        violated(h, s, e);
        break;
    case EVENT_REDIRECT:
        count(h, s, TALLY_REDIRECTS);
        note(h, s, e);
        break;
    case EVENT_RESENT:
        count(h, s, TALLY_RESENT);
        h->power_notes |= POWER_NOTE_RESENT;
        if (!e->duplicate)
            device_audit_sent_anew(h, s, &e->op);
        break;
    case EVENT_LATE_ANSWER:
        count(h, s, TALLY_LATE_ANSWERS);
        break;
    case EVENT_CLOSE:
        close_wanted(h, s, e);
        break;
    case EVENT_AUTH:
        challenged(h, s, e);
        break;
    case EVENT_KINDS:
        break;
    }
}

void device_events_handle(struct device_host *h, const struct device_slot *s) {
    /* Handling an event may take another step of the session, which appends: so by number, until there are no more. A nested
     * call (a close inside a close) finds `handled` beyond what it would do twice. */
    while (h->step.event_handled < h->step.event_count) {
        struct event e = h->step.events[h->step.event_handled++];
        handle(h, s, &e);
    }
    h->step.event_count = h->step.event_handled = 0;
}
