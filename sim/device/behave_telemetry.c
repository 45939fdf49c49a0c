#include "device/behave_telemetry.h"

#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "device/behaviour.h"
#include "device/device_power.h"
#include "device/device_step.h"
#include "device/drivers.h"
#include "device/effective.h"
#include "device/payload.h"
#include "device/schedule.h"
#include "device/signal.h"
#include "device/waiting.h"
#include "transport/guard.h"

/* Reason codes that a backend announced in its CONNACK, for messages that were never worth sending. */
enum { REASON_PACKET_TOO_LARGE = 0x95, REASON_QOS_NOT_SUPPORTED = 0x9b };
enum { CLOSED_GAP_MIN = SPAN_MS }; /* a closed stream without answers may not spin */
enum { EVENTS_SPARE = 4 };         /* what handling one event may add to the step */

static struct schedule schedule_now(struct device_host *h, const struct device_slot *s, unsigned stream) {
    struct schedule schedule = schedule_of(s->group, stream, h->seed, h->epoch_unix_ms);
    schedule.every = device_power_every(h, s, effective_every(h, s, &s->group->telemetry[stream]));
    schedule.clock = device_step_clock(h, s);
    return schedule;
}

void behave_telemetry_begin(struct device_host *h, const struct device_slot *s, instant first_connect) {
    const struct fleet_group *g = s->group;
    struct stream_state *streams = behaviour_streams(s->behaviour);
    for (unsigned i = 0; i < g->telemetry_count; i++) {
        struct schedule schedule = schedule_now(h, s, i);
        bool scheduled = g->telemetry[i].pace == PACE_OPEN && !g->profile->restart_on_connect;
        streams[i].next = scheduled ? schedule_first(&schedule, s->life->id, first_connect) : INSTANT_NEVER;
        if (behaviour_triggers(g, s->behaviour) != NULL)
            behaviour_triggers(g, s->behaviour)[i] = trigger_begin();
    }
    if (behaviour_sampled(g, s->behaviour) != NULL)
        *behaviour_sampled(g, s->behaviour) = INSTANT_NEVER;
    if (behaviour_forward(g, s->behaviour) != NULL)
        *behaviour_forward(g, s->behaviour) = INT64_MIN;
    double *signals = behaviour_signals(g, s->behaviour);
    for (unsigned i = 0; i < g->signal_count; i++)
        signals[i] = signal_begin(&g->signals[i]);
}

instant behave_telemetry_next(const struct device_slot *s) {
    const struct stream_state *streams = behaviour_streams(s->behaviour);
    instant next = INSTANT_NEVER;
    for (unsigned i = 0; i < s->group->telemetry_count; i++)
        next = instant_min(next, streams[i].next);
    const instant *forward = behaviour_forward(s->group, s->behaviour);
    if (forward != NULL && *forward != INT64_MIN && s->life->state == STATE_ONLINE && s->life->waiting != NULL)
        next = instant_min(next, *forward);
    return next;
}

/* Number of the next sample: every message takes one, and so does every look of a trigger that finds no cause. */
static uint64_t sample_number(const struct device_slot *s) {
    const struct stream_state *streams = behaviour_streams(s->behaviour);
    uint64_t n = (uint64_t)s->behaviour->sequence + 1;
    for (unsigned i = 0; s->group->triggers && i < s->group->telemetry_count; i++)
        n += streams[i].silent;
    return n;
}

/* The signals' values at `at`, and their fold for the decisions' hash. */
static uint64_t advance_signals(struct device_host *h, const struct device_slot *s, instant at, double *values) {
    const struct fleet_group *g = s->group;
    double *states = behaviour_signals(g, s->behaviour);
    instant *sampled = behaviour_sampled(g, s->behaviour);
    struct signal_sample sample = {.seed = h->seed,
                                   .device = s->life->id,
                                   .n = sample_number(s),
                                   .clock = h->epoch_unix_ms * SPAN_MS + at,
                                   .begin = h->epoch_unix_ms * SPAN_MS,
                                   .since = signal_since(sampled, at),
                                   .motion = signal_motion(g)};
    uint64_t fold = 0;
    for (unsigned i = 0; i < g->signal_count; i++) {
        values[i] = signal_advance(&g->signals[i], &sample, &states[i]);
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        fold = hash_fold(fold, bits);
    }
    return fold;
}

static struct bytes rendered(struct bytes_writer *w, const struct template *t, const struct payload_context *c) {
    uint8_t *start = w->at;
    if (t->count == 0 || payload_render(t, c, w) < 0)
        return (struct bytes){0};
    return (struct bytes){start, (size_t)(w->at - start)};
}

/* Renders message n into the worker's scratch. False when it does not fit there: it ends dropped. */
static bool compose(struct device_host *h, const struct device_slot *s, const struct telemetry *t,
                    const struct payload_context *c, struct mqtt_message *m) {
    struct bytes_writer *w = &h->scratch;
    w->at = w->start;
    w->failed = false;
    *m = (struct mqtt_message){.qos = t->qos,
                               .retain = t->retain,
                               .message_expiry_s = t->message_expiry_s,
                               .user_properties = t->user_properties,
                               .user_property_count = t->user_property_count};
    m->topic = rendered(w, &t->topic, c);
    uint8_t *payload = w->at;
    if (payload_of_message(t, c, w) < 0)
        return false;
    m->payload = (struct bytes){payload, (size_t)(w->at - payload)};
    if (s->group->profile->mqtt.version == MQTT_5_0) {
        m->content_type = rendered(w, &t->content_type, c);
        m->response_topic = rendered(w, &t->response_topic, c);
        m->correlation_data = rendered(w, &t->correlation_data, c);
        if (t->mark == MARK_PROPERTY) {
            struct payload_mark mark = payload_mark_of(c);
            uint8_t *at = w->at;
            char text[PAYLOAD_MARK_SIZE];
            payload_mark_encode(&mark, text);
            bytes_write(w, (struct bytes){(const uint8_t *)text, sizeof text});
            m->mark = (struct bytes){at, sizeof text};
        }
    }
    return !w->failed;
}

static void drop(struct device_host *h, const struct device_slot *s, const struct op *op, enum op_drop why) {
    device_step_end_op(h, s, op, OP_DROPPED, why, CLOSE_NONE);
    if (op->stream < s->group->telemetry_count)
        behave_telemetry_ended(h, s, op->stream, false);
}

/* Keeps a message for later, within the profile's buffer. One that waits for nothing but the next step (not held) is no matter
 * of the device's: it has a place always. */
static void keep(struct device_host *h, const struct device_slot *s, const struct mqtt_message *m,
                 const struct op *op) {
    const struct buffer_limits *limits = &effective_profile(h, s)->buffer;
    bool offline = s->life->state != STATE_ONLINE;
    if (offline && m->qos == 0 && !limits->keep_qos0 && !device_power_waking(s)) {
        drop(h, s, op, OP_DROP_OFFLINE);
        return;
    }
    bool full = s->behaviour->queued >= limits->messages && op->held != OP_HELD_NONE;
    if (full || s->behaviour->queued == UINT16_MAX) {
        struct waiting *oldest = waiting_first(s->life);
        if (limits->on_full == BUFFER_DROP_NEWEST || oldest == NULL) {
            drop(h, s, op, OP_DROP_BUFFER_FULL);
            return;
        }
        struct op lost = oldest->op;
        waiting_pop(h->pool, s->life, s->behaviour);
        drop(h, s, &lost, OP_DROP_BUFFER_FULL);
    }
    if (waiting_push(h->pool, s->life, s->behaviour, m, op) < 0)
        drop(h, s, op, OP_DROP_BUFFER_FULL);
    h->changed |= (uint32_t)1 << VAR_QUEUED;
}

/* May a message go to the session now? False: *held says what it waits for; OP_HELD_NONE: for the next step. */
static bool may_go(struct device_host *h, const struct device_slot *s, const struct mqtt_message *m,
                   enum op_held *held) {
    *held = device_power_waking(s) ? OP_HELD_ASLEEP : OP_HELD_OFFLINE;
    if (s->life->state != STATE_ONLINE || s->life->connection == NULL)
        return false;
    *held = OP_HELD_WINDOW;
    if (bytes_written(&h->step.out) >= device_step_way_out(s) ||
        (m->qos > 0 && drivers_of(s->group)->window(h, s) == 0))
        return false;
    *held = OP_HELD_NONE;
    if (step_room(&h->step) <= EVENTS_SPARE || h->step.op_count == STEP_OPS_MAX) {
        h->orders.pump = true;
        return false;
    }
    instant again;
    if (guard_take(h->guard, GUARD_BYTES, 0, h->step.now, &again) < 0 ||
        guard_take(h->guard, GUARD_PUBLISHES, 1, h->step.now, &again) < 0) {
        *held = OP_HELD_GUARD;
        h->orders.guard_wait = true;
        return false;
    }
    return true;
}

/* The session says no for good, without asking the backend. */
static void refuse(struct device_host *h, const struct device_slot *s, const struct op *op, int result) {
    uint8_t code = result == ERR_TOO_BIG ? REASON_PACKET_TOO_LARGE : REASON_QOS_NOT_SUPPORTED;
    device_step_refuse(h, s, op, code);
    behave_telemetry_ended(h, s, op->stream, false);
}

/* One try to hand a message to the session. True: taken, or its operation has ended. False: it must wait, *held says for what. */
static bool hand_over(struct device_host *h, const struct device_slot *s, const struct mqtt_message *m,
                      const struct op *op, enum op_held *held) {
    if (!may_go(h, s, m, held))
        return false;
    h->changed |= (uint32_t)1 << VAR_IN_FLIGHT;
    size_t before = bytes_written(&h->step.out);
    int result = drivers_of(s->group)->publish(h, s, m, op);
    size_t size = bytes_written(&h->step.out) - before;
    guard_spend(h->guard, GUARD_BYTES, (double)size, h->step.now);
    h->spent += size;
    switch (result) {
    case 0:
        return true;
    case ERR_TOO_BIG:
    case ERR_DENIED:
        refuse(h, s, op, result);
        return true;
    case ERR_INVALID:
        drop(h, s, op, OP_DROP_BUFFER_FULL);
        return true;
    case ERR_NO_MEMORY:
        h->orders.guard_wait = true;
        return false;
    default:
        h->orders.pump = true;
        return false;
    }
}

void behave_telemetry_publish(struct device_host *h, const struct device_slot *s, const struct mqtt_message *m,
                              struct op *op) {
    if ((s->life->flags & DEVICE_GAVE_UP) != 0) {
        drop(h, s, op, OP_DROP_GAVE_UP);
        return;
    }
    if (s->life->state == STATE_DEAD) {
        drop(h, s, op, OP_DROP_DEAD);
        return;
    }
    enum op_held held = OP_HELD_OFFLINE;
    if (s->life->waiting != NULL && s->life->state == STATE_ONLINE)
        held = (enum op_held)s->life->waiting->op.held; /* what those before it wait for */
    else if (hand_over(h, s, m, op, &held))
        return;
    op->held = (uint8_t)held;
    keep(h, s, m, op);
    device_power_wake(h, s);
}

/* The telemetry stream whose topic and payload burst messages have. */
static const struct telemetry *stream_of(const struct fleet_group *g, unsigned stream) {
    return &g->telemetry[stream < g->telemetry_count ? stream : 0];
}

/* Message n of a stream, with these values. */
static void intend(struct device_host *h, const struct device_slot *s, unsigned stream, uint32_t n, instant at,
                   const double *values, uint64_t fold) {
    const struct telemetry *t = stream_of(s->group, stream);
    struct behaviour *b = s->behaviour;
    b->sequence++;
    if (schedule_planned(s->group, stream < s->group->telemetry_count ? stream : 0))
        h->decisions_hash += schedule_decision(s->life->id, OP_MQTT_PUBLISH, stream, n, at, fold);
    struct op op = {.intended = at,
                    .ready = at,
                    .n = b->sequence,
                    .kind = OP_MQTT_PUBLISH,
                    .qos = t->qos,
                    .stream = (uint8_t)stream};
    struct payload_context context = device_step_context(h, s, at);
    context.seq = b->sequence;
    context.n = n;
    context.signals = values;
    struct mqtt_message m;
    if (s->life->state == STATE_DEAD)
        drop(h, s, &op, OP_DROP_DEAD);
    else if (compose(h, s, t, &context, &m))
        behave_telemetry_publish(h, s, &m, &op);
    else
        drop(h, s, &op, OP_DROP_BUFFER_FULL);
}

/* The stream's instant has come: a message, unless its trigger finds no cause in the sample. */
static void look(struct device_host *h, const struct device_slot *s, unsigned stream, instant at) {
    struct stream_state *state = &behaviour_streams(s->behaviour)[stream];
    const struct trigger *trigger = &s->group->telemetry[stream].trigger;
    double values[TEMPLATE_SIGNALS_MAX];
    uint64_t fold = advance_signals(h, s, at, values);
    if (trigger->on &&
        !trigger_fires(trigger, values[trigger->signal], at, &behaviour_triggers(s->group, s->behaviour)[stream]))
        state->silent++;
    else
        intend(h, s, stream, state->n, at, values, fold);
}

void behave_telemetry_due(struct device_host *h, const struct device_slot *s, instant at) {
    struct stream_state *streams = behaviour_streams(s->behaviour);
    for (unsigned i = 0; i < s->group->telemetry_count; i++) {
        if (streams[i].next != at)
            continue;
        if (at >= h->ends) {
            streams[i].next = INSTANT_NEVER;
            continue;
        }
        streams[i].n++;
        if (s->group->telemetry[i].pace == PACE_OPEN) {
            struct schedule schedule = schedule_now(h, s, i);
            streams[i].next = schedule_next(&schedule, s->life->id, streams[i].n, at);
        } else {
            streams[i].next = INSTANT_NEVER;
        }
        if (device_power_works(h, s))
            look(h, s, i, at);
        else
            behave_telemetry_ended(h, s, i, false);
    }
    instant *forward = behaviour_forward(s->group, s->behaviour);
    if (forward != NULL && *forward == at) {
        *forward = INT64_MIN; /* if the window is full, its opening pumps */
        behave_telemetry_pump(h, s);
    }
}

void behave_telemetry_last_gasp(struct device_host *h, const struct device_slot *s, instant at) {
    const struct telemetry *t = s->group->last_gasp;
    double values[TEMPLATE_SIGNALS_MAX] = {0};
    struct op op = {.intended = at,
                    .ready = at,
                    .n = ++s->behaviour->sequence,
                    .kind = OP_MQTT_PUBLISH,
                    .qos = t->qos,
                    .stream = UINT8_MAX};
    struct payload_context context = device_step_context(h, s, at);
    context.seq = op.n;
    context.signals = values;
    struct mqtt_message m;
    if (compose(h, s, t, &context, &m))
        behave_telemetry_publish(h, s, &m, &op);
    else
        drop(h, s, &op, OP_DROP_BUFFER_FULL);
}

void behave_telemetry_burst(struct device_host *h, const struct device_slot *s, instant at, uint32_t count) {
    if (s->group->telemetry_count == 0 || at >= h->ends)
        return;
    for (uint32_t i = 0; i < count; i++) {
        double values[TEMPLATE_SIGNALS_MAX];
        uint64_t fold = advance_signals(h, s, at, values);
        intend(h, s, UINT8_MAX, i + 1, at, values, fold);
    }
}

/* From now on messages that waited for the next step alone wait for something else, all of them: their turn has passed. */
static void hold_all(const struct device *life, enum op_held held) {
    struct waiting *at = waiting_first(life);
    if (at == NULL)
        return;
    do {
        if (at->op.held == OP_HELD_NONE)
            at->op.held = (uint8_t)held;
        at = at->next;
    } while (at != waiting_first(life));
}

void behave_telemetry_session_up(struct device_host *h, const struct device_slot *s) {
    hold_all(s->life, OP_HELD_OFFLINE); /* what a step had left over when the connection before was lost */
    struct stream_state *streams = behaviour_streams(s->behaviour);
    for (unsigned i = 0; i < s->group->telemetry_count; i++) {
        const struct telemetry *t = &s->group->telemetry[i];
        struct schedule schedule = schedule_now(h, s, i);
        if (t->pace == PACE_CLOSED && streams[i].next == INSTANT_NEVER && streams[i].n == 0)
            streams[i].next = h->step.now;
        else if (t->pace == PACE_OPEN && s->group->profile->restart_on_connect)
            streams[i].next = schedule_first(&schedule, s->life->id, h->step.now);
    }
    behave_telemetry_pump(h, s);
}

void behave_telemetry_booted(struct device_host *h, const struct device_slot *s, instant at) {
    struct stream_state *streams = behaviour_streams(s->behaviour);
    for (unsigned i = 0; i < s->group->telemetry_count; i++) {
        const struct telemetry *t = &s->group->telemetry[i];
        if (t->pace != PACE_OPEN || t->alignment != ALIGN_BOOT || s->group->profile->restart_on_connect)
            continue;
        struct schedule schedule = schedule_now(h, s, i);
        streams[i].next = schedule_first(&schedule, s->life->id, at);
    }
}

void behave_telemetry_ended(struct device_host *h, const struct device_slot *s, unsigned stream, bool answered) {
    if (stream >= s->group->telemetry_count || s->group->telemetry[stream].pace != PACE_CLOSED)
        return;
    struct stream_state *state = &behaviour_streams(s->behaviour)[stream];
    if (state->next != INSTANT_NEVER || (s->life->flags & DEVICE_STOPPED) != 0)
        return;
    struct schedule schedule = schedule_now(h, s, stream);
    span think = schedule_think(&schedule, s->life->id, state->n);
    if (!answered && think < CLOSED_GAP_MIN)
        think = CLOSED_GAP_MIN;
    state->next = instant_add(h->step.now, think);
}

void behave_telemetry_pump(struct device_host *h, const struct device_slot *s) {
    struct waiting *first;
    instant *forward = behaviour_forward(s->group, s->behaviour);
    while ((first = waiting_first(s->life)) != NULL) {
        struct op op = first->op;
        enum op_held held;
        bool kept = forward != NULL && (op.held == OP_HELD_OFFLINE || op.held == OP_HELD_ASLEEP);
        if (kept && h->step.now < *forward)
            return;
        if (op.held != OP_HELD_NONE) /* else it was ready all the time, and what passed meanwhile is ours */
            op.ready = h->step.now;
        if (!hand_over(h, s, &first->message, &op, &held)) {
            if (first->op.held == OP_HELD_NONE)
                hold_all(s->life, held);
            return;
        }
        if (kept)
            *forward = instant_add(h->step.now, s->group->profile->buffer.forward_gap);
        waiting_pop(h->pool, s->life, s->behaviour);
        h->changed |= (uint32_t)1 << VAR_QUEUED;
    }
}

void behave_telemetry_drop_waiting(struct device_host *h, const struct device_slot *s, enum op_drop why) {
    struct waiting *first;
    while ((first = waiting_first(s->life)) != NULL) {
        struct op op = first->op;
        waiting_pop(h->pool, s->life, s->behaviour);
        drop(h, s, &op, why);
    }
}

void behave_telemetry_stop(struct device_host *h, const struct device_slot *s) {
    (void)h;
    struct stream_state *streams = behaviour_streams(s->behaviour);
    for (unsigned i = 0; i < s->group->telemetry_count; i++)
        streams[i].next = INSTANT_NEVER;
}
