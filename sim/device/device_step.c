#include "device/device_step.h"

#include "base/draw.h"
#include "device/behave_telemetry.h"
#include "device/device_audit.h"
#include "device/device_power.h"
#include "device/drivers.h"
#include "device/effective.h"
#include "device/reconnect.h"

static bool sampled(const struct device_host *h, const struct device *life) {
    return draw_u64(h->seed, life->id, draw_stream_key(DRAW_SAMPLE), 0) < h->sampled_below;
}

void device_step_state(struct device_host *h, const struct device_slot *s, enum device_state to) {
    struct device *life = s->life;
    enum device_state from = (enum device_state)life->state;
    if (from == to)
        return;
    recorder_state(h->recorder, life->group, from, to);
    if (h->sampled_below > 0 && sampled(h, life))
        recorder_note(h->recorder, &(struct note){.at = h->step.now,
                                                  .device = life->id,
                                                  .group = life->group,
                                                  .kind = NOTE_STATE,
                                                  .from = (uint8_t)from,
                                                  .to = (uint8_t)to});
    life->state = (uint8_t)to;
    const struct power *power = s->group->power;
    bool radio_off = to == STATE_DEAD || (to == STATE_ASLEEP && power != NULL && power->sleeps_off);
    if (radio_off && s->radio != NULL) /* once it is on, it registers anew */
        s->radio->flags &= (uint8_t)~RADIO_REGISTERED;
    if (h->settling && to != STATE_ONLINE)
        life->flags |= DEVICE_AWAY;
    h->changed |= (uint32_t)1 << VAR_STATE;
}

void device_step_attempt(struct device_host *h, const struct device_slot *s, instant intended) {
    struct device *life = s->life;
    if (intended >= h->closes) { /* the farewell has begun, though not for this device */
        device_step_state(h, s, STATE_OFFLINE);
        return;
    }
    life->attempt_at = intended;
    life->flags |= DEVICE_ATTEMPTING;
    life->deadline = instant_add(h->step.now, effective_profile(h, s)->timeouts.connect);
    device_step_state(h, s, STATE_CONNECTING);
    if (!device_step_cut(s))
        h->orders.open = s->radio == NULL || radio_attempt(h, s);
    else if (s->behaviour->how == LINK_REFUSE || s->behaviour->how == LINK_CAPTIVE)
        device_step_abort_attempt(h, s, CLOSE_LINK_DOWN);
    /* else: nothing passes; the attempt waits for the link or for its timeout */
}

static void give_up(struct device_host *h, const struct device_slot *s) {
    s->life->flags |= DEVICE_GAVE_UP;
    recorder_tally(h->recorder, s->life->group, h->step.now, TALLY_GAVE_UP, 1);
    device_step_state(h, s, STATE_OFFLINE);
    behave_telemetry_drop_waiting(h, s, OP_DROP_GAVE_UP);
}

static void count_failure(const struct device_host *h, const struct device_slot *s, const struct reconnect *policy,
                          bool was_online) {
    struct device *life = s->life;
    if (was_online)
        life->failures = (uint16_t)reconnect_failures_after(policy, life->failures, h->step.now - life->deadline);
    else if (life->failures < UINT16_MAX)
        life->failures++;
    if (life->failures == 0)
        s->behaviour->previous_delay_us = 0;
}

void device_step_disconnected(struct device_host *h, const struct device_slot *s, enum close_reason why) {
    struct device *life = s->life;
    radio_closed(h, s);
    bool was_online = life->state == STATE_ONLINE;
    bool ours = why == CLOSE_TIMELINE || why == CLOSE_LINK_DOWN || why == CLOSE_GUARD || why == CLOSE_POLITE ||
                why == CLOSE_LOCAL;
    h->orders.next_node = !was_online && !ours && s->group->profile->failover_next;
    if (device_power_disconnected(h, s, ours))
        return;
    if ((life->flags & DEVICE_WANTED) == 0 || (life->flags & DEVICE_STOPPED) != 0) {
        device_step_state(h, s, STATE_OFFLINE);
        return;
    }
    const struct reconnect *policy = &effective_profile(h, s)->reconnect;
    count_failure(h, s, policy, was_online);
    h->changed |= (uint32_t)1 << VAR_ATTEMPTS;
    span previous = (span)s->behaviour->previous_delay_us * SPAN_US;
    span delay = reconnect_delay(policy, h->seed, life->id, life->failures, life->attempts, &previous);
    if (delay == INSTANT_NEVER) {
        give_up(h, s);
        return;
    }
    s->behaviour->previous_delay_us = previous / SPAN_US > UINT32_MAX ? UINT32_MAX : (uint32_t)(previous / SPAN_US);
    life->attempt_at = instant_add(h->step.now, delay);
    device_step_state(h, s, STATE_BACKOFF);
}

void device_step_abort_attempt(struct device_host *h, const struct device_slot *s, enum close_reason why) {
    const struct op *op = NULL;
    if (device_opening(s->life)) {
        const struct dial *dial = (const struct dial *)s->life->connection->owner;
        op = dial->started ? &dial->op : NULL;
        h->orders.close = CLOSE_WITH_RESET;
        if (device_handshaking(s->life))
            device_secured(h, s, dial, why);
    }
    device_open_failed(h, s, op, why);
}

enum op_outcome device_step_ended_as(enum close_reason why) {
    switch (why) {
    case CLOSE_TIMELINE:
    case CLOSE_LINK_DOWN:
    case CLOSE_POLITE:
        return OP_WITHDRAWN;
    case CLOSE_CONNECT_TIMEOUT:
    case CLOSE_HANDSHAKE_TIMEOUT:
    case CLOSE_CONNACK_TIMEOUT:
    case CLOSE_ACK_TIMEOUT:
    case CLOSE_STREAM_TIMEOUT:
        return OP_TIMEOUT;
    default:
        return OP_BROKEN;
    }
}

void device_step_down(struct device_host *h, const struct device_slot *s, enum close_reason why) {
    bool more;
    do {
        more = drivers_of(s->group)->down(h, s, device_step_ended_as(why));
        device_events_handle(h, s);
    } while (more);
}

void device_step_close(struct device_host *h, const struct device_slot *s, enum close_reason why) {
    if (h->orders.close == KEEP_CONNECTION) {
        bool vanishes =
            device_step_unheard(s) && (!device_step_cut(s) || link_down_keeps((enum link_down_how)s->behaviour->how));
        if (vanishes)
            h->orders.close = CLOSE_AS_GHOST;
        else if (why == CLOSE_LINK_DOWN || (why == CLOSE_TIMELINE && h->step.out.at == h->step.out.start))
            h->orders.close = CLOSE_WITH_RESET;
        else
            h->orders.close = CLOSE_IN_ORDER;
    }
    if (h->orders.close != CLOSE_IN_ORDER)
        device_audit_cut(h, s);
    device_step_down(h, s, why);
    device_step_disconnected(h, s, why);
}

/* What would count against the backend does not when the device's own link was down in between. */
static enum op_outcome judged(const struct device_slot *s, const struct op *op, enum op_outcome outcome) {
    bool against_backend = outcome == OP_REFUSED || outcome == OP_TIMEOUT || outcome == OP_BROKEN;
    bool own_link = device_step_unheard(s) || s->life->down_last >= op->intended;
    return against_backend && own_link ? OP_WITHDRAWN : outcome;
}

static void count_message(struct device_host *h, const struct device_slot *s, const struct op *op,
                          enum op_outcome outcome, uint8_t excluded) {
    unsigned group = s->life->group;
    bool refused_here = outcome == OP_REFUSED && op->sent == 0;
    bool sent = (op->emitted != 0 || outcome == OP_OK) && !refused_here;
    bool here = (s->life->flags & DEVICE_AWAY) == 0 && s->life->state == STATE_ONLINE && !device_step_unheard(s);
    bool unanswered = outcome == OP_TIMEOUT || outcome == OP_BROKEN || (outcome == OP_OPEN && here);
    enum audit_verdict verdict = !sent              ? AUDIT_UNSENT
                                 : outcome == OP_OK ? AUDIT_OWED
                                 : unanswered       ? AUDIT_UNANSWERED
                                                    : AUDIT_FREE;
    bool audited = device_audit_ended(h, s, op, verdict, excluded);
    if (!sent)
        return;
    recorder_tally_message(h->recorder, group, op->qos, op->intended, TALLY_SENT, 1);
    if (op->qos == 0)
        return;
    if (outcome == OP_OK)
        recorder_tally_message(h->recorder, group, op->qos, op->intended, TALLY_ACKED, 1);
    if (unanswered && !audited)
        recorder_tally_message(h->recorder, group, op->qos, op->intended, TALLY_LOST, 1);
}

struct device_trouble *device_step_trouble(struct device_host *h) {
    if (h->trouble.count == 0)
        h->trouble = (struct device_trouble){0};
    h->trouble.count++;
    return &h->trouble;
}

void device_step_failed(struct device_host *h, const struct device_slot *s, enum op_kind op, enum op_outcome outcome,
                        uint8_t reason_code, enum close_reason why, struct bytes packet) {
    recorder_reason(h->recorder, s->life->group, s->life->id, op, outcome, reason_code, why, h->step.now);
    if ((outcome != OP_REFUSED && outcome != OP_TIMEOUT && outcome != OP_BROKEN) || h->step.now >= h->closes)
        return;
    struct device_trouble *t = device_step_trouble(h);
    if (t->failed++ > 0)
        return;
    t->op = (uint8_t)op;
    t->outcome = (uint8_t)outcome;
    t->reason_code = reason_code > 0 ? reason_code : t->reason_code;
    t->close_reason = why != CLOSE_NONE ? (uint8_t)why : t->close_reason;
    if (!t->violated)
        t->packet = packet;
}

enum op_outcome device_step_end_op(struct device_host *h, const struct device_slot *s, const struct op *op,
                                   enum op_outcome outcome, enum op_drop drop, enum close_reason why) {
    unsigned group = s->life->group;
    if (!device_step_counts(h, op))
        return outcome;
    outcome = judged(s, op, outcome);
    uint8_t excluded = h->excluded == NULL ? 0 : h->excluded(h->plan, s->life->id, op->intended, h->step.now);
    recorder_end(h->recorder, group, op, outcome, drop, h->step.answered, h->step.now, excluded);
    if (op->kind == OP_MQTT_PUBLISH)
        count_message(h, s, op, outcome, excluded);
    if (why != CLOSE_NONE)
        device_step_failed(h, s, (enum op_kind)op->kind, outcome, 0, why, (struct bytes){0});
    return outcome;
}

void device_step_tell_end(struct device_host *h, const struct device_slot *s, enum close_reason why,
                          uint8_t reason_code) {
    enum op_outcome outcome = device_step_unheard(s) ? OP_WITHDRAWN : OP_BROKEN;
    recorder_reason(h->recorder, s->life->group, s->life->id, OP_MQTT_CONNECT, outcome, reason_code, why, h->step.now);
    if (outcome != OP_BROKEN || h->step.now >= h->closes)
        return;
    struct device_trouble *t = device_step_trouble(h);
    t->close_reason = (uint8_t)why;
    if (t->failed > 0)
        return;
    t->op = OP_MQTT_CONNECT;
    t->outcome = OP_BROKEN;
    t->reason_code = reason_code;
}

struct payload_context device_step_context(const struct device_host *h, const struct device_slot *s, instant at) {
    const struct clock_view clock = device_step_clock(h, s);
    int64_t unix_ms = clock_shows(&clock, h->seed, h->start_unix_ms + at / SPAN_MS, at, s->behaviour->connects);
    return (struct payload_context){.group = s->group,
                                    .secrets = h->secrets,
                                    .run_id = h->run_id,
                                    .seed = h->seed,
                                    .device = s->life->id,
                                    .index = device_index_in_fleet(h, s),
                                    .intended = at,
                                    .unix_ms = unix_ms};
}

/* The rest of the link's queue is kept for acknowledgements, and for the one message that goes in last. */
size_t device_step_way_out(const struct device_slot *s) {
    enum { ROOM_KEPT = IMPAIR_QUEUE_MAX / 2 };
    const struct connection *c = s->life->connection;
    if (c == NULL || (c->flags & CONNECTION_BLOCKED) != 0)
        return 0;
    if (s->link == NULL)
        return SIZE_MAX;
    size_t room = impair_room(s->link, IMPAIR_UP);
    return room < ROOM_KEPT ? 0 : room - ROOM_KEPT + 1;
}

void device_step_refuse(struct device_host *h, const struct device_slot *s, const struct op *op, uint8_t reason_code) {
    struct op refused = *op;
    refused.emitted = h->step.now;
    device_step_end_op(h, s, &refused, OP_REFUSED, OP_DROP_NONE, CLOSE_NONE);
    if (!device_step_counts(h, op))
        return;
    device_step_failed(h, s, (enum op_kind)op->kind, OP_REFUSED, reason_code, CLOSE_NONE, (struct bytes){0});
}
