#include "device/behave_command.h"
#include "device/behave_telemetry.h"
#include "device/behaviour.h"
#include "device/device_audit.h"
#include "device/device_power.h"
#include "device/device_step.h"
#include "device/drivers.h"
#include "device/schedule.h"

/* Entries are folded into decisions_hash as operations of their own kinds, beyond those of enum op_kind. */
enum { DECISION_ACTION = 128, TRIGGER_ROUNDS_MAX = 8 };

/* Tracked entries are numbered in the order of the plan. */
static struct fired *fired_of(const struct device_host *h, const struct device_slot *s, const struct action *a) {
    unsigned place = 0;
    for (const struct action *other = h->actions; other != a; other++)
        place += behaviour_tracks(other);
    return &behaviour_fired(s->group, s->behaviour)[place];
}

/* The start and end of an entry for this device, as the plan has them; never for `when` entries. */
static void planned(const struct device_host *h, const struct device_slot *s, const struct action *a, instant *start,
                    instant *end) {
    *start = *end = INSTANT_NEVER;
    if (a->when || !action_verbs[a->verb].per_device || !action_selects(a, s->life->id))
        return;
    *start = action_start(a, h->seed, s->life->id);
    *end = action_end(a, h->seed, s->life->id, *start, 0);
}

instant device_timeline_next(const struct device_host *h, const struct device_slot *s, instant after) {
    instant next = INSTANT_NEVER;
    for (unsigned i = 0; i < h->action_count; i++) {
        instant start, end;
        planned(h, s, &h->actions[i], &start, &end);
        if (start > after)
            next = instant_min(next, start);
        if (end > after)
            next = instant_min(next, end);
    }
    return next;
}

static void join(struct device_host *h, const struct device_slot *s, instant intended) {
    struct device *life = s->life;
    if ((life->flags & DEVICE_STOPPED) != 0 ||
        intended >= h->ends) /* the end of an entry asks for nothing new any more */
        return;
    life->flags = (uint8_t)((life->flags | DEVICE_WANTED) & ~DEVICE_GAVE_UP);
    life->failures = 0;
    s->behaviour->previous_delay_us = 0;
    if (life->state == STATE_OFFLINE)
        device_step_attempt(h, s, intended);
}

static void leave(struct device_host *h, const struct device_slot *s) {
    struct device *life = s->life;
    life->flags &= (uint8_t)~DEVICE_WANTED;
    if (life->state == STATE_ONLINE && !device_step_cut(s) && drivers_of(s->group)->bye(h, s) == 0)
        device_events_handle(h, s);
    else if (life->connection != NULL && !device_opening(life))
        device_step_close(h, s, CLOSE_TIMELINE);
    else if (life->state == STATE_CONNECTING)
        device_step_abort_attempt(h, s, CLOSE_TIMELINE);
    if (life->state != STATE_DEAD)
        device_step_state(h, s, STATE_OFFLINE);
}

/* The transport that opens goes, the attempt stays: its SYN is repeated until the link returns or its time is over. */
static void wait_for_link(struct device_host *h, const struct device_slot *s) {
    struct device *life = s->life;
    h->orders.close = CLOSE_WITH_RESET;
    if (life->deadline == INSTANT_NEVER) /* it was in the guard's queue */
        life->deadline = instant_add(h->step.now, s->group->profile->timeouts.connect);
}

static void cut(struct device_host *h, const struct device_slot *s, enum link_down_how how) {
    struct behaviour *b = s->behaviour;
    struct device *life = s->life;
    if (b->cuts < UINT8_MAX)
        b->cuts++;
    b->how = b->cuts == 1 || how > b->how ? (uint8_t)how : b->how;
    life->down_last = h->step.now;
    if (life->connection == NULL)
        return;
    device_audit_cut(h, s);
    if (device_opening(life) && how == LINK_SILENT)
        wait_for_link(h, s);
    else if (device_opening(life))
        device_step_abort_attempt(h, s, CLOSE_LINK_DOWN);
    else if (link_down_keeps(how))
        h->orders.link = LINK_FALLS_SILENT;
    else
        device_step_close(h, s, CLOSE_LINK_DOWN);
}

static void mend(struct device_host *h, const struct device_slot *s) {
    struct behaviour *b = s->behaviour;
    if (b->cuts == 0 || --b->cuts > 0)
        return;
    s->life->down_last = h->step.now;
    if (s->life->connection != NULL)
        h->orders.link = device_step_unheard(s) ? LINK_AS_IS : LINK_RETURNS; /* a middlebox may have forgotten it */
    else if (s->life->state == STATE_CONNECTING && (s->life->flags & DEVICE_STOPPED) == 0)
        h->orders.open = true; /* the attempt's SYN is repeated until its timeout, and now it passes */
}

static void stop(struct device_host *h, const struct device_slot *s) {
    behave_telemetry_stop(h, s);
    behave_command_drop(h, s);
    leave(h, s);
    s->life->flags |= DEVICE_STOPPED;
    behave_telemetry_drop_waiting(h, s, OP_DROP_END);
}

/* Whether a device answers is no longer the backend's doing alone while the timeline or its own link keeps it away. */
static void tell_away(const struct device_host *h, const struct device_slot *s, bool came_back_at_once) {
    const struct device *life = s->life;
    if (h->away == NULL)
        return;
    _Atomic int64_t *place = &h->away[life->id];
    bool away = life->state == STATE_DEAD || (life->flags & DEVICE_WANTED) == 0 ||
                (life->flags & DEVICE_STOPPED) != 0 || device_step_cut(s);
    if (away)
        atomic_store_explicit(place, INSTANT_NEVER, memory_order_relaxed);
    else if (came_back_at_once || atomic_load_explicit(place, memory_order_relaxed) == INSTANT_NEVER)
        atomic_store_explicit(place, h->step.now, memory_order_relaxed);
}

void device_timeline_cut(struct device_host *h, const struct device_slot *s, enum link_down_how how) {
    cut(h, s, how);
    device_events_handle(h, s);
    tell_away(h, s, false);
}

void device_timeline_mend(struct device_host *h, const struct device_slot *s) {
    mend(h, s);
    device_events_handle(h, s);
    tell_away(h, s, false);
}

/* A device that boots connects: firmware does. */
static void power_on(struct device_host *h, const struct device_slot *s, instant intended) {
    if ((s->life->flags & DEVICE_STOPPED) != 0 || intended >= h->ends)
        return;
    s->life->flags |= DEVICE_WANTED;
    device_power_on(h, s);
}

static void begin(struct device_host *h, const struct device_slot *s, const struct action *a, instant at) {
    switch (a->verb) {
    case DO_CONNECT:
        join(h, s, at);
        break;
    case DO_DISCONNECT:
        leave(h, s);
        break;
    case DO_BURST:
        behave_telemetry_burst(h, s, at, a->messages);
        break;
    case DO_LINK:
    case DO_SET:
        s->life->values |= (uint32_t)1 << a->value_bit;
        break;
    case DO_LINK_DOWN:
        cut(h, s, a->how);
        break;
    case DO_RESET:
        if (device_opening(s->life)) {
            device_step_abort_attempt(h, s, CLOSE_TIMELINE);
        } else if (s->life->connection != NULL) {
            h->orders.close = CLOSE_WITH_RESET;
            device_step_close(h, s, CLOSE_TIMELINE);
        }
        break;
    case DO_STOP:
        stop(h, s);
        break;
    case DO_ROAM:
        radio_roam(h, s, a->network);
        break;
    case DO_POWER_ON:
        power_on(h, s, at);
        break;
    case DO_POWER_CUT:
        device_power_cut(h, s);
        break;
    case DO_DRAIN:
        device_power_drain(h, s, a->soc);
        break;
    case DO_HOLD:
    case DO_MARK:
    case DO_CLOCK_SKEW: /* clock_error looks at the plan */
    case DO_COMMAND:    /* the control thread sends it */
    case ACTION_VERBS:
        break;
    }
    device_events_handle(h, s);
    tell_away(h, s, a->verb == DO_RESET);
}

void device_timeline_do(struct device_host *h, const struct device_slot *s, enum action_verb verb, instant at) {
    begin(h, s, &(struct action){.verb = verb, .value_bit = -1}, at);
}

static void undo(struct device_host *h, const struct device_slot *s, const struct action *a, instant at) {
    switch (a->verb) {
    case DO_CONNECT:
        leave(h, s);
        break;
    case DO_DISCONNECT:
        join(h, s, at);
        break;
    case DO_LINK:
    case DO_SET:
        s->life->values &= ~((uint32_t)1 << a->value_bit);
        break;
    case DO_LINK_DOWN:
        mend(h, s);
        break;
    case DO_ROAM:
        radio_roam(h, s, s->group->network);
        break;
    case DO_POWER_ON:
        device_power_cut(h, s);
        break;
    case DO_POWER_CUT:
        device_power_restore(h, s);
        break;
    default:
        break;
    }
    device_events_handle(h, s);
    tell_away(h, s, false);
}

void device_timeline_variables(const struct device_slot *s, int64_t *values) {
    values[VAR_STATE] = s->life->state;
    values[VAR_ATTEMPTS] = s->life->failures;
    values[VAR_SESSION_PRESENT] = (s->life->flags & DEVICE_SESSION_PRESENT) != 0;
    values[VAR_CONNECTS] = s->behaviour->connects;
    values[VAR_QUEUED] = s->behaviour->queued;
    values[VAR_IN_FLIGHT] = drivers_of(s->group)->in_flight(s);
    values[VAR_COMMANDS] = behave_command_received(s);
    values[VAR_BATTERY_SOC] = s->power == NULL ? SHARE_PARTS : (int64_t)((double)s->power->soc * SHARE_PARTS + 0.5);
}

static bool allowed(const struct device_slot *s, const struct action *a) {
    if (a->where.count == 0)
        return true;
    int64_t values[STATE_VARIABLES];
    device_timeline_variables(s, values);
    return predicate_holds(&a->where, values);
}

static void start_planned(struct device_host *h, const struct device_slot *s, const struct action *a, instant at,
                          instant end) {
    h->decisions_hash += schedule_decision(s->life->id, (enum op_kind)(DECISION_ACTION + a->verb), a->index, 0, at, 0);
    if (!allowed(s, a))
        return;
    if (behaviour_tracks(a)) {
        struct fired *f = fired_of(h, s, a);
        f->count++;
        f->end = end;
    }
    begin(h, s, a, at);
}

void device_timeline_apply(struct device_host *h, const struct device_slot *s) {
    instant at = s->life->action_at;
    s->life->action_at = device_timeline_next(h, s, at);
    for (unsigned i = 0; i < h->action_count; i++) {
        const struct action *a = &h->actions[i];
        instant start, end;
        planned(h, s, a, &start, &end);
        if (start == at && at < h->ends)
            start_planned(h, s, a, at, end);
        if (end == at && !behaviour_tracks(a))
            undo(h, s, a, at);
    }
}

instant device_timeline_fired_end(const struct device_host *h, const struct device_slot *s) {
    instant next = INSTANT_NEVER;
    const struct fired *f = behaviour_fired(s->group, s->behaviour);
    for (unsigned i = 0; i < h->tracked_count; i++)
        next = instant_min(next, f[i].end);
    return next;
}

void device_timeline_fired_due(struct device_host *h, const struct device_slot *s) {
    struct fired *f = behaviour_fired(s->group, s->behaviour);
    for (unsigned i = 0; i < h->action_count; i++) {
        const struct action *a = &h->actions[i];
        if (!behaviour_tracks(a))
            continue;
        if (f->end <= h->step.now) {
            instant end = f->end;
            f->end = INSTANT_NEVER;
            undo(h, s, a, end);
        }
        f++;
    }
}

/* True when an entry's condition turned true in this step and the entry may still fire. */
static bool turned_true(struct device_host *h, const struct device_slot *s, const struct action *a, struct fired *f,
                        const int64_t *values) {
    bool holds = predicate_holds(&a->condition, values);
    bool turned = holds && f->holding == 0;
    f->holding = holds;
    return turned && f->count < a->times && f->end == INSTANT_NEVER && h->step.now < h->ends &&
           action_selects(a, s->life->id) && allowed(s, a);
}

void device_timeline_triggers(struct device_host *h, const struct device_slot *s) {
    for (int round = 0; round < TRIGGER_ROUNDS_MAX && (h->changed & s->group->watched) != 0; round++) {
        uint32_t changed = h->changed;
        h->changed = 0;
        for (unsigned i = 0; i < h->action_count; i++) {
            const struct action *a = &h->actions[i];
            if (!a->when || (predicate_mask(&a->condition) & changed) == 0)
                continue;
            int64_t values[STATE_VARIABLES];
            device_timeline_variables(s, values);
            struct fired *f = fired_of(h, s, a);
            if (!turned_true(h, s, a, f, values))
                continue;
            f->end = action_end(a, h->seed, s->life->id, h->step.now, f->count);
            f->count++;
            begin(h, s, a, h->step.now);
        }
    }
    h->changed = 0;
}
