#include "device/device.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "crypto/crypto_hex.h"
#include "device/behave_command.h"
#include "device/behave_telemetry.h"
#include "device/behaviour.h"
#include "device/device_power.h"
#include "device/device_step.h"
#include "device/drivers.h"
#include "device/effective.h"
#include "device/identity.h"
#include "device/waiting.h"

void device_begin(struct device_host *h, const struct device_slot *s, instant first_connect) {
    struct device *life = s->life;
    life->state = STATE_OFFLINE;
    life->attempt_at = life->deadline = INSTANT_NEVER;
    life->down_last = INT64_MIN;
    recorder_state(h->recorder, life->group, STATE_OFFLINE, STATE_OFFLINE);
    drivers_of(s->group)->init(s->session);
    memset(s->behaviour, 0, behaviour_size(s->group, h->tracked_count));
    struct fired *fired = behaviour_fired(s->group, s->behaviour);
    for (unsigned i = 0; i < h->tracked_count; i++)
        fired[i].end = INSTANT_NEVER;
    device_power_begin(h, s);
    life->action_at = device_timeline_next(h, s, INT64_MIN);
    if (s->radio != NULL)
        radio_begin(h, s);
    behave_telemetry_begin(h, s, first_connect);
}

/* The earliest of what the plan and the back-off say. The order of these tests is the order in which things of the same
 * instant happen. */
enum due {
    DUE_POWER,
    DUE_ACTION,
    DUE_FIRED_END,
    DUE_RADIO,
    DUE_ATTEMPT,
    DUE_ATTEMPT_TIMEOUT,
    DUE_TELEMETRY,
    DUE_COMMAND,
    DUE_SESSION,
    DUE_NOTHING
};

static instant session_deadline(struct device_host *h, const struct device_slot *s) {
    bool none = s->life->connection == NULL || device_opening(s->life);
    return none ? INSTANT_NEVER : drivers_of(s->group)->next_deadline(h, s);
}

static enum due earliest(struct device_host *h, const struct device_slot *s, instant *at) {
    const struct device *life = s->life;
    bool waits_for_link =
        life->state == STATE_CONNECTING && life->connection == NULL && device_step_cut(s) && !radio_registers(s);
    bool attempt_ends = waits_for_link || device_opening(life);
    const instant candidates[DUE_NOTHING] = {
        [DUE_POWER] = device_power_next(s),
        [DUE_ACTION] = life->action_at,
        [DUE_FIRED_END] = h->tracked_count == 0 ? INSTANT_NEVER : device_timeline_fired_end(h, s),
        [DUE_RADIO] = s->radio == NULL ? INSTANT_NEVER : radio_next(s),
        [DUE_ATTEMPT] = life->state == STATE_BACKOFF ? life->attempt_at : INSTANT_NEVER,
        [DUE_ATTEMPT_TIMEOUT] = attempt_ends ? life->deadline : INSTANT_NEVER,
        [DUE_TELEMETRY] = behave_telemetry_next(s),
        [DUE_COMMAND] = behave_command_next(s),
        [DUE_SESSION] = session_deadline(h, s),
    };
    enum due first = DUE_NOTHING;
    *at = INSTANT_NEVER;
    for (int i = 0; i < DUE_NOTHING; i++)
        if (candidates[i] < *at) {
            *at = candidates[i];
            first = (enum due)i;
        }
    return first;
}

static void act(struct device_host *h, const struct device_slot *s, enum due what, instant at) {
    switch (what) {
    case DUE_POWER:
        device_power_due(h, s);
        break;
    case DUE_ACTION:
        device_timeline_apply(h, s);
        break;
    case DUE_FIRED_END:
        device_timeline_fired_due(h, s);
        break;
    case DUE_RADIO:
        radio_due(h, s);
        break;
    case DUE_ATTEMPT:
        device_step_attempt(h, s, at);
        break;
    case DUE_ATTEMPT_TIMEOUT:
        device_step_abort_attempt(h, s, device_handshaking(s->life) ? CLOSE_HANDSHAKE_TIMEOUT : CLOSE_CONNECT_TIMEOUT);
        break;
    case DUE_TELEMETRY:
        behave_telemetry_due(h, s, at);
        break;
    case DUE_COMMAND:
        behave_command_due(h, s, at);
        break;
    case DUE_SESSION:
        drivers_of(s->group)->due(h, s);
        break;
    case DUE_NOTHING:
        break;
    }
    device_events_handle(h, s);
}

enum { DUE_TURNS_MAX = 32, OUT_ROOM_MIN = 4096 };

bool device_due(struct device_host *h, const struct device_slot *s) {
    instant at;
    device_power_look(h, s);
    if (waiting_first(s->life) != NULL) {
        behave_telemetry_pump(h, s);
        device_events_handle(h, s);
        device_timeline_triggers(h, s);
    }
    for (int turn = 0; turn < DUE_TURNS_MAX; turn++) {
        enum due what = earliest(h, s, &at);
        if (what == DUE_NOTHING || at > h->step.now)
            return false;
        act(h, s, what, at);
        device_timeline_triggers(h, s);
        bool orders_first = h->orders.open || h->orders.close != KEEP_CONNECTION || h->orders.link != LINK_AS_IS;
        if (orders_first || bytes_room(&h->step.out) < OUT_ROOM_MIN || h->step.op_count >= STEP_OPS_MAX - 8)
            break;
    }
    return device_next(h, s) <= h->step.now;
}

void device_attempt(struct device_host *h, const struct device_slot *s, struct op *op, enum op_held held) {
    struct device *life = s->life;
    life->attempts++;
    instant ready = held == OP_HELD_NONE ? life->attempt_at : h->step.now;
    if (life->down_last > ready) { /* it waited for its own link to return */
        ready = life->down_last;
        held = OP_HELD_OFFLINE;
    }
    *op = (struct op){.intended = life->attempt_at,
                      .ready = ready,
                      .emitted = h->step.now,
                      .sent = h->step.now,
                      .n = life->attempts,
                      .kind = OP_MQTT_CONNECT,
                      .held = (uint8_t)held,
                      .stream = UINT8_MAX};
    life->deadline = instant_add(h->step.now, s->group->profile->timeouts.connect);
    device_power_attempt(h, s);
}

void device_securing(struct device_host *h, const struct device_slot *s, instant from) {
    s->life->deadline = instant_add(from, effective_profile(h, s)->timeouts.handshake);
}

/* How a handshake ended: what TLS objects to is a refusal, whichever side says it. */
static enum op_outcome handshake_outcome(enum close_reason why) {
    if (why == CLOSE_NONE || why == CLOSE_POLITE)
        return why == CLOSE_NONE ? OP_OK : OP_OPEN;
    return close_is_of_tls(why) ? OP_REFUSED : device_step_ended_as(why);
}

void device_secured(struct device_host *h, const struct device_slot *s, const struct dial *dial,
                    enum close_reason why) {
    unsigned group = s->life->group;
    instant from = dial->secure_from;
    struct op op = {.intended = from,
                    .ready = from,
                    .emitted = instant_add(from, dial->waited),
                    .sent = instant_add(from, dial->waited),
                    .n = dial->op.n,
                    .kind = dial->resumed ? OP_TLS_RESUMPTION : OP_TLS_HANDSHAKE,
                    .stream = UINT8_MAX};
    recorder_tally(h->recorder, group, h->step.now, TALLY_TLS_BYTES_UP, dial->bytes_up);
    recorder_tally(h->recorder, group, h->step.now, TALLY_TLS_BYTES_DOWN, dial->bytes_down);
    device_power_secured(h, s, dial->bytes_up, dial->bytes_down);
    device_step_end_op(h, s, &op, handshake_outcome(why), OP_DROP_NONE, close_is_of_tls(why) ? why : CLOSE_NONE);
}

int device_shared_key(struct device_host *h, const struct device_slot *s, struct bytes *name, struct bytes *key) {
    struct payload_context c = device_step_context(h, s, h->step.now);
    struct bytes_writer *w = &h->scratch;
    struct bytes text;
    w->at = w->start;
    int error = identity_shared_key(&c, w, name, &text);
    if (error < 0)
        return error;
    size_t size = 0;
    error = crypto_hex_decode((const char *)text.data, text.size, w->at, bytes_room(w), &size);
    *key = bytes_of(w->at, size);
    explicit_bzero((uint8_t *)(uintptr_t)text.data, text.size);
    return error < 0 || size == 0 ? ERR_INVALID : 0;
}

void device_opened(struct device_host *h, const struct device_slot *s, const struct op *op) {
    recorder_tally(h->recorder, s->life->group, h->step.now, TALLY_CONNECTIONS, 1);
    s->life->flags &= (uint8_t)~DEVICE_ATTEMPTING;
    radio_opened(h, s);
    device_power_opened(h, s);
    if (drivers_of(s->group)->up(h, s, op) < 0) {
        device_step_end_op(h, s, op, OP_BROKEN, OP_DROP_NONE, CLOSE_LOCAL);
        device_step_close(h, s, CLOSE_LOCAL);
    }
    device_events_handle(h, s);
    device_timeline_triggers(h, s);
}

void device_open_failed(struct device_host *h, const struct device_slot *s, const struct op *op,
                        enum close_reason why) {
    struct op waited;
    bool closing = why == CLOSE_POLITE, never_left = op == NULL && (s->life->flags & DEVICE_ATTEMPTING) != 0;
    if (never_left) {
        device_attempt(h, s, &waited, OP_HELD_NONE);
        waited.emitted = waited.sent = closing ? 0 : waited.ready;
        op = &waited;
    }
    s->life->flags &= (uint8_t)~DEVICE_ATTEMPTING;
    bool timed_out = why == CLOSE_CONNECT_TIMEOUT || why == CLOSE_HANDSHAKE_TIMEOUT;
    bool ours = why == CLOSE_TIMELINE || why == CLOSE_LINK_DOWN || why == CLOSE_GUARD;
    bool refused = close_is_of_tls(why); /* the handshake has told why */
    enum op_outcome outcome = ours ? OP_WITHDRAWN : timed_out ? OP_TIMEOUT : refused ? OP_REFUSED : OP_BROKEN;
    enum op_drop drop = OP_DROP_NONE;
    if (closing) {
        outcome = never_left ? OP_DROPPED : OP_OPEN;
        drop = never_left ? OP_DROP_END : OP_DROP_NONE;
    } else if (why == CLOSE_LOCAL) { /* nothing left this machine */
        outcome = OP_DROPPED;
        drop = OP_DROP_LOCAL;
    }
    if (op != NULL && !never_left)
        device_power_failed(h, s);
    if (op != NULL)
        device_step_end_op(h, s, op, outcome, drop, closing || refused ? CLOSE_NONE : why);
    device_step_disconnected(h, s, why);
    device_timeline_triggers(h, s);
}

void device_lost(struct device_host *h, const struct device_slot *s, enum close_reason why) {
    device_step_down(h, s, why);
    device_step_tell_end(h, s, why, 0);
    device_step_disconnected(h, s, why);
    device_timeline_triggers(h, s);
}

/* A closed stream that does not think goes on in the step of its answer, without a turn of the loop. */
static void go_on(struct device_host *h, const struct device_slot *s) {
    instant at;
    for (int turn = 0; turn < DUE_TURNS_MAX && (at = behave_telemetry_next(s)) <= h->step.now; turn++) {
        if (s->life->action_at <= at || h->orders.close != KEEP_CONNECTION || bytes_room(&h->step.out) < OUT_ROOM_MIN ||
            h->step.op_count >= STEP_OPS_MAX - 8)
            return;
        act(h, s, DUE_TELEMETRY, at);
    }
}

size_t device_input(struct device_host *h, const struct device_slot *s, struct bytes in) {
    enum power_cause cause = device_power_receiving(h, s);
    size_t consumed = drivers_of(s->group)->input(h, s, in);
    device_power_received(h, s, consumed, cause);
    device_events_handle(h, s);
    go_on(h, s);
    device_timeline_triggers(h, s);
    return consumed;
}

void device_pump(struct device_host *h, const struct device_slot *s) {
    behave_telemetry_pump(h, s);
    device_events_handle(h, s);
    device_timeline_triggers(h, s);
}

void device_farewell(struct device_host *h, const struct device_slot *s) {
    s->life->flags |= DEVICE_STOPPED;
    if (s->life->state == STATE_ONLINE && !device_step_cut(s)) {
        drivers_of(s->group)->bye(h, s);
        h->step.event_count = 0; /* the close is ours to order */
        h->orders.close = CLOSE_IN_ORDER;
    } else if (s->life->connection != NULL) {
        h->orders.close = device_step_cut(s) ? CLOSE_WITH_RESET : CLOSE_IN_ORDER;
    } else if (s->life->state == STATE_BACKOFF) {
        device_step_state(h, s, STATE_OFFLINE);
    }
}

bool device_finish(struct device_host *h, const struct device_slot *s) {
    if (drivers_of(s->group)->finish(h, s)) {
        device_events_handle(h, s);
        return true;
    }
    device_events_handle(h, s);
    device_power_end(h, s);
    behave_telemetry_drop_waiting(h, s, OP_DROP_END);
    behave_command_drop(h, s);
    if ((s->life->flags & DEVICE_ATTEMPTING) != 0) {
        struct op op;
        device_attempt(h, s, &op, OP_HELD_NONE);
        op.emitted = op.sent = 0;
        device_step_end_op(h, s, &op, OP_DROPPED, OP_DROP_END, CLOSE_NONE);
        s->life->flags &= (uint8_t)~DEVICE_ATTEMPTING;
    }
    return false;
}

instant device_next(struct device_host *h, const struct device_slot *s) {
    instant at;
    (void)earliest(h, s, &at);
    return at;
}

bool device_busy(const struct device_host *h, const struct device_slot *s) {
    (void)h;
    if (s->life->state != STATE_ONLINE)
        return false;
    return waiting_first(s->life) != NULL || drivers_of(s->group)->in_flight(s) > 0 || behave_command_pending(s) > 0;
}
