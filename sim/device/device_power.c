#include "device/device_power.h"

#include <math.h>

#include "base/draw.h"
#include "device/behave_command.h"
#include "device/behave_telemetry.h"
#include "device/drivers.h"
#include "device/radio.h"

enum { SYN_REPEATS = 2 };              /* of an attempt that nobody answers, before it ends */
static const span look_again = SPAN_H; /* at an empty battery that something charges */

static struct power_setting setting_of(const struct device_host *h, const struct device_slot *s) {
    const struct network *network = radio_network(s);
    return (struct power_setting){.power = s->group->power,
                                  .climate = s->group->climate,
                                  .epoch_unix_ms = h->epoch_unix_ms,
                                  .terms = network == NULL ? NULL : &network->terms};
}

static struct power_ledger *ledger_of(struct device_host *h, const struct device_slot *s) {
    if (h->step.now >= h->ledgers_until)
        device_power_flush(h, h->step.now);
    return &h->ledgers[s->life->group];
}

static uint64_t whole_microjoules(double *joules) {
    double micro = floor(*joules * 1e6);
    *joules -= micro / 1e6;
    return micro > 0 ? (uint64_t)micro : 0;
}

static void flush_one(struct device_host *h, unsigned group, instant at, enum tally_kind kind, double *joules) {
    uint64_t micro = whole_microjoules(joules);
    if (micro > 0)
        recorder_tally(h->recorder, group, at, kind, micro);
}

/* What was charged belongs to the time before `now`. */
void device_power_flush(struct device_host *h, instant now) {
    if (h->ledgers == NULL)
        return;
    for (unsigned g = 0; g < h->group_count; g++) {
        struct power_ledger *l = &h->ledgers[g];
        for (int c = 0; c < POWER_CAUSES; c++)
            flush_one(h, g, now - 1, (enum tally_kind)(TALLY_ENERGY_FLOOR + c), &l->joules[c]);
        flush_one(h, g, now - 1, TALLY_ENERGY_TAIL, &l->tail);
        flush_one(h, g, now - 1, TALLY_ENERGY_HARVESTED, &l->harvested);
    }
    unsigned next = segments_find(h->segments, now) + 1;
    h->ledgers_until = next < h->segments->count ? h->segments->edges[next] : INSTANT_NEVER;
}

/* After every charge: when the battery will be empty, and who wants to know how full it is. */
static void seen(struct device_host *h, const struct device_slot *s) {
    struct power_setting p = setting_of(h, s);
    s->power->runs_out = power_runs_out(&p, s->power);
    h->changed |= (uint32_t)1 << VAR_BATTERY_SOC;
}

static void settle(struct device_host *h, const struct device_slot *s) {
    struct power_setting p = setting_of(h, s);
    power_settle(&p, s->power, h->step.now, ledger_of(h, s));
}

static void use_radio(struct device_host *h, const struct device_slot *s, const struct power_traffic *t) {
    struct power_setting p = setting_of(h, s);
    struct power_state *power = s->power;
    if (power->supply == POWER_OFF)
        return;
    if (!power_access(&p, power, h->step.now, t, ledger_of(h, s)) && power->supply == POWER_ON)
        power->flags |= POWER_BROWNED;
    if (s->group->power->sleeps && power->supply == POWER_ON && (power->flags & POWER_SLEEPING) == 0)
        power->event_at = instant_add(instant_max(h->step.now, t->until), s->group->power->linger);
    seen(h, s);
}

static enum power_cause connect_cause(const struct device_slot *s) {
    return (s->power->flags & POWER_LOST_LINK) != 0 ? POWER_RECONNECT : POWER_CONNECT;
}

void device_power_moves(struct device_host *h, const struct device_slot *s) {
    if (s->power != NULL)
        settle(h, s);
}

void device_power_registers(struct device_host *h, const struct device_slot *s) {
    if (s->power == NULL || s->power->supply == POWER_OFF)
        return;
    struct power_setting p = setting_of(h, s);
    power_attach(&p, s->power, h->step.now, ledger_of(h, s));
    seen(h, s);
}

instant device_power_hears(const struct device_host *h, const struct device_slot *s, instant now) {
    struct power_setting p = setting_of(h, s);
    return power_reachable(&p, s->power, now);
}

/* --- life and death ------------------------------------------------------------------------------------------------- */

void device_power_begin(struct device_host *h, const struct device_slot *s) {
    if (s->power == NULL)
        return;
    struct power_setting p = setting_of(h, s);
    bool off = false;
    instant first = INSTANT_NEVER;
    for (unsigned i = 0; i < h->action_count; i++) {
        const struct action *a = &h->actions[i];
        bool about_power = a->verb == DO_POWER_ON || a->verb == DO_POWER_CUT;
        if (!about_power || a->when || !action_selects(a, s->life->id))
            continue;
        instant start = action_start(a, h->seed, s->life->id);
        if (start < first) {
            first = start;
            off = a->verb == DO_POWER_ON;
        }
    }
    power_begin(&p, s->power, 0, off ? POWER_OFF : POWER_ON);
    s->power->runs_out = power_runs_out(&p, s->power);
    if (off) {
        s->power->flags |= POWER_WAS_CUT;
        device_step_state(h, s, STATE_DEAD);
    }
}

/* What was in RAM is gone. */
static void forget(struct device_host *h, const struct device_slot *s) {
    bool more;
    do {
        more = drivers_of(s->group)->forget(h, s);
        device_events_handle(h, s);
    } while (more);
    s->life->flags &= (uint8_t) ~(DEVICE_SESSION_EXPECTED | DEVICE_SESSION_PRESENT | DEVICE_SUBSCRIBED);
    behave_telemetry_drop_waiting(h, s, OP_DROP_DEAD);
    h->orders.forget = true;
}

static void go_dark(struct device_host *h, const struct device_slot *s, enum power_flags why) {
    struct power_state *power = s->power;
    struct device *life = s->life;
    if (power->supply == POWER_OFF)
        return;
    settle(h, s);
    power->supply = POWER_OFF;
    power->flags = (uint8_t)((power->flags | (uint8_t)why) & ~POWER_SLEEPING);
    power->event_at = why == POWER_BROWNED ? instant_add(h->step.now, s->group->power->hold_off) : INSTANT_NEVER;
    power_radio_off(power, h->step.now);
    life->down_last = h->step.now;
    h->step.out.at = h->step.out.start; /* it never got to sending that */
    h->step.op_count = 0;
    recorder_tally(h->recorder, life->group, h->step.now, why == POWER_BROWNED ? TALLY_BROWNOUTS : TALLY_POWER_LOST, 1);
    if (life->connection != NULL && !device_opening(life)) {
        h->orders.close = CLOSE_AS_GHOST;
        device_step_close(h, s, CLOSE_LINK_DOWN);
    } else if (life->state == STATE_CONNECTING) {
        device_step_abort_attempt(h, s, CLOSE_LINK_DOWN);
    }
    behave_command_drop(h, s);
    if (!s->group->power->keeps_session)
        forget(h, s);
    device_step_state(h, s, STATE_DEAD);
    seen(h, s);
}

static void light_up(struct device_host *h, const struct device_slot *s) {
    struct power_state *power = s->power;
    struct device *life = s->life;
    settle(h, s);
    power->supply = POWER_ON;
    power->event_at = INSTANT_NEVER;
    power->boots++;
    life->down_last = h->step.now;
    life->failures = 0;
    s->behaviour->previous_delay_us = 0;
    life->flags &= (uint8_t)~DEVICE_GAVE_UP;
    seen(h, s);
    if ((life->flags & DEVICE_WANTED) == 0 || (life->flags & DEVICE_STOPPED) != 0) {
        device_step_state(h, s, STATE_OFFLINE);
        return;
    }
    uint64_t bits = draw_u64(h->seed, life->id, draw_stream_key(DRAW_POWER_BOOT), power->boots);
    life->attempt_at = instant_add(h->step.now, dist_sample_span(&s->group->power->boot, bits));
    device_step_state(h, s, STATE_BACKOFF);
    behave_telemetry_booted(h, s, life->attempt_at);
}

static bool is_charged(const struct power *p) {
    return p->has_battery && p->battery.chemistry->rechargeable &&
           (p->panel_w > 0 || p->alternator_w > 0 || (p->mains && p->charge_w > 0));
}

/* Power may be back: for which of the reasons is it off still? */
static void revive(struct device_host *h, const struct device_slot *s) {
    struct power_state *power = s->power;
    const struct power *p = s->group->power;
    bool on_mains = p->mains && power->cuts == 0, charged = (double)power->soc >= p->recover && power->soc > 0;
    if ((power->flags & POWER_EMPTY) != 0 && (on_mains || charged))
        power->flags &= (uint8_t)~POWER_EMPTY;
    bool rested = on_mains || !p->has_battery || (double)power->volts >= p->brown_out_v + p->hysteresis_v;
    if ((power->flags & POWER_BROWNED) != 0 && power->event_at <= h->step.now && rested)
        power->flags &= (uint8_t)~POWER_BROWNED;
    bool off = (power->flags & (POWER_WAS_CUT | POWER_EMPTY | POWER_BROWNED)) != 0;
    if (!off)
        light_up(h, s);
    else if ((power->flags & POWER_BROWNED) != 0 && power->event_at <= h->step.now)
        power->event_at = instant_add(h->step.now, look_again); /* warmth or charge may raise its voltage */
    else if ((power->flags & POWER_EMPTY) != 0)
        power->event_at = is_charged(p) ? instant_add(h->step.now, look_again) : INSTANT_NEVER;
    else if (power->event_at <= h->step.now)
        power->event_at = INSTANT_NEVER;
}

/* --- sleep ---------------------------------------------------------------------------------------------------------- */

static bool has_work(const struct device_host *h, const struct device_slot *s) {
    return device_busy(h, s) || drivers_of(s->group)->next_op(s, NULL) != NULL;
}

static void fall_asleep(struct device_host *h, const struct device_slot *s) {
    struct power_state *power = s->power;
    const struct power *p = s->group->power;
    power->event_at = INSTANT_NEVER;
    if (s->life->state != STATE_ONLINE || h->settling)
        return;
    if (has_work(h, s) || device_step_cut(s)) {
        power->event_at = instant_add(h->step.now, p->linger > SPAN_S ? p->linger : SPAN_S);
        return;
    }
    power->flags |= POWER_SLEEPING;
    if (drivers_of(s->group)->bye(h, s) == 0)
        device_events_handle(h, s);
    else
        device_step_close(h, s, CLOSE_TIMELINE);
    if (p->sleeps_off && h->step.out.at == h->step.out.start)
        power_radio_off(power, h->step.now);
}

void device_power_wake(struct device_host *h, const struct device_slot *s) {
    if (s->power == NULL || s->life->state != STATE_ASLEEP)
        return;
    s->power->flags &= (uint8_t)~POWER_SLEEPING;
    device_step_attempt(h, s, h->step.now);
}

bool device_power_waking(const struct device_slot *s) {
    return s->power != NULL && s->group->power->sleeps &&
           (s->life->state == STATE_ASLEEP || s->life->state == STATE_CONNECTING);
}

/* --- due ------------------------------------------------------------------------------------------------------------ */

instant device_power_next(const struct device_slot *s) {
    const struct power_state *power = s->power;
    if (power == NULL)
        return INSTANT_NEVER;
    if (power->supply != POWER_OFF && (power->flags & POWER_BROWNED) != 0)
        return power->settled;
    return instant_min(power->event_at, power->supply == POWER_OFF ? INSTANT_NEVER : power->runs_out);
}

void device_power_due(struct device_host *h, const struct device_slot *s) {
    struct power_state *power = s->power;
    settle(h, s);
    seen(h, s);
    bool battery = s->group->power->has_battery && (!s->group->power->mains || power->cuts > 0);
    if (power->supply == POWER_OFF)
        revive(h, s);
    else if (power->supply == POWER_HELD_UP && power->event_at <= h->step.now)
        go_dark(h, s, POWER_WAS_CUT);
    else if ((power->flags & POWER_BROWNED) != 0)
        go_dark(h, s, POWER_BROWNED);
    else if (battery && power->soc <= 0) {
        go_dark(h, s, POWER_EMPTY);
        recorder_value(h->recorder, s->life->group, OP_BATTERY_LIFETIME, h->step.now - 1,
                       (power->settled - power->since) / RECORDER_VALUE_SPAN, false);
        revive(h, s);
    } else if (power->event_at <= h->step.now)
        fall_asleep(h, s);
}

/* --- the wire ------------------------------------------------------------------------------------------------------- */

void device_power_attempt(struct device_host *h, const struct device_slot *s) {
    if (s->power != NULL)
        use_radio(h, s, &(struct power_traffic){.cause = connect_cause(s), .bare_up = 1, .until = h->step.now});
}

void device_power_opened(struct device_host *h, const struct device_slot *s) {
    if (s->power != NULL)
        use_radio(
            h, s,
            &(struct power_traffic){.cause = connect_cause(s), .bare_up = 1, .bare_down = 1, .until = h->step.now});
}

void device_power_secured(struct device_host *h, const struct device_slot *s, uint64_t up, uint64_t down) {
    if (s->power != NULL && up + down > 0)
        use_radio(h, s,
                  &(struct power_traffic){
                      .cause = connect_cause(s), .up = (double)up, .down = (double)down, .until = h->step.now});
}

void device_power_failed(struct device_host *h, const struct device_slot *s) {
    if (s->power != NULL)
        use_radio(h, s,
                  &(struct power_traffic){.cause = connect_cause(s), .bare_up = SYN_REPEATS, .until = h->step.now});
}

/* What a step sends besides messages has one cause nearly always: the packets that begin or keep a connection travel alone. */
static enum power_cause cause_of(const struct device_host *h, const struct device_slot *s) {
    bool lost = (h->power_notes & POWER_NOTE_SESSION_LOST) != 0;
    if (lost)
        return POWER_SESSION_LOST;
    for (unsigned i = 0; i < h->step.op_count; i++) {
        if (h->step.ops[i]->kind == OP_MQTT_PING)
            return POWER_KEEPALIVE;
        if (h->step.ops[i]->kind != OP_MQTT_PUBLISH)
            return connect_cause(s);
    }
    if ((h->power_notes & POWER_NOTE_RESENT) != 0)
        return POWER_RETRANSMISSION;
    if (s->life->state != STATE_ONLINE)
        return connect_cause(s);
    return power_radio_active(s->power, h->step.now) ? (enum power_cause)s->power->cause : POWER_RECEIVE;
}

void device_power_sent(struct device_host *h, const struct device_slot *s, size_t size, unsigned lost, instant until) {
    if (s->power == NULL)
        return;
    size_t messages = h->spent < size ? h->spent : size;
    struct power_traffic t = {.cause = cause_of(h, s), .up = (double)(size - messages), .until = until};
    if (size > messages)
        use_radio(h, s, &t);
    if (messages > 0) {
        t.cause = POWER_MESSAGE;
        t.up = (double)messages;
        use_radio(h, s, &t);
    }
    if (lost > 0) {
        t.cause = POWER_RETRANSMISSION;
        t.up = (double)(size < IMPAIR_UNIT_MAX ? size : IMPAIR_UNIT_MAX) * lost;
        use_radio(h, s, &t);
    }
    if ((s->power->flags & POWER_SLEEPING) != 0 && s->group->power->sleeps_off)
        power_radio_off(s->power, h->step.now);
}

enum power_cause device_power_receiving(const struct device_host *h, const struct device_slot *s) {
    if (s->power == NULL)
        return POWER_RECEIVE;
    if (s->life->state == STATE_CONNECTING)
        return connect_cause(s);
    return power_radio_active(s->power, h->step.now) ? (enum power_cause)s->power->cause : POWER_RECEIVE;
}

void device_power_received(struct device_host *h, const struct device_slot *s, size_t size, enum power_cause cause) {
    if (s->power != NULL && size > 0)
        use_radio(h, s, &(struct power_traffic){.cause = cause, .down = (double)size, .until = h->step.now});
}

bool device_power_disconnected(struct device_host *h, const struct device_slot *s, bool ours) {
    struct power_state *power = s->power;
    if (power == NULL)
        return false;
    power->flags = (uint8_t)(ours ? power->flags & ~POWER_LOST_LINK : power->flags | POWER_LOST_LINK);
    if (power->supply == POWER_OFF) {
        device_step_state(h, s, STATE_DEAD);
        return true;
    }
    if ((power->flags & POWER_SLEEPING) != 0) {
        device_step_state(h, s, STATE_ASLEEP);
        return true;
    }
    return false;
}

/* --- messages ------------------------------------------------------------------------------------------------------- */

bool device_power_works(struct device_host *h, const struct device_slot *s) {
    if (s->power == NULL || s->power->supply == POWER_OFF)
        return true;
    const struct power *p = s->group->power;
    settle(h, s);
    if (p->has_battery && (double)s->power->soc < p->refuse_below) {
        recorder_tally(h->recorder, s->life->group, h->step.now, TALLY_REFUSED_WORK, 1);
        return false;
    }
    if (p->sensing_j > 0) {
        struct power_setting setting = setting_of(h, s);
        power_spend(&setting, s->power, POWER_SENSING, p->sensing_j, ledger_of(h, s));
    }
    seen(h, s);
    return true;
}

const struct dist *device_power_every(struct device_host *h, const struct device_slot *s, const struct dist *every) {
    if (s->power == NULL)
        return every;
    span longer = power_stretch(s->group->power, s->power);
    if ((double)longer <= dist_mean(every))
        return every;
    h->stretched = (struct dist){.kind = DIST_CONSTANT, .a = (double)longer};
    return &h->stretched;
}

/* --- the timeline --------------------------------------------------------------------------------------------------- */

void device_power_cut(struct device_host *h, const struct device_slot *s) {
    struct power_state *power = s->power;
    const struct power *p = s->group->power;
    settle(h, s);
    if (power->cuts < UINT8_MAX)
        power->cuts++;
    bool reserve = p->mains && p->has_battery;
    if (power->cuts > 1 || power->supply == POWER_OFF) {
        power->flags |= power->supply == POWER_OFF && !reserve ? POWER_WAS_CUT : 0;
        return;
    }
    bool held = p->mains && !reserve && p->hold_up > 0;
    if (held) {
        power->supply = POWER_HELD_UP;
        power->event_at = instant_add(h->step.now, p->hold_up);
    } else if (!reserve) {
        go_dark(h, s, POWER_WAS_CUT);
        return;
    }
    seen(h, s);
    if (s->group->last_gasp != NULL)
        behave_telemetry_last_gasp(h, s, h->step.now);
}

void device_power_restore(struct device_host *h, const struct device_slot *s) {
    struct power_state *power = s->power;
    settle(h, s);
    if (power->cuts == 0 || --power->cuts > 0)
        return;
    if (power->supply == POWER_HELD_UP) {
        power->supply = POWER_ON;
        power->event_at = INSTANT_NEVER;
    }
    power->flags &= (uint8_t)~POWER_WAS_CUT;
    if (power->supply == POWER_OFF)
        revive(h, s);
    seen(h, s);
}

void device_power_on(struct device_host *h, const struct device_slot *s) {
    s->power->cuts = s->power->cuts > 0 ? 1 : 0;
    s->power->flags &= (uint8_t)~POWER_WAS_CUT;
    if (s->power->cuts > 0)
        device_power_restore(h, s);
    else if (s->power->supply == POWER_OFF)
        revive(h, s);
}

void device_power_drain(struct device_host *h, const struct device_slot *s, double soc) {
    struct power_setting p = setting_of(h, s);
    settle(h, s);
    power_drain(&p, s->power, soc);
    if (s->power->supply == POWER_OFF)
        revive(h, s);
    seen(h, s);
    if (s->power->soc <= 0 && s->group->power->has_battery)
        s->power->runs_out = h->step.now;
}

void device_power_level(struct device_host *h, const struct device_slot *s, instant now) {
    if (s->power == NULL || !s->group->power->has_battery)
        return;
    struct power_setting p = setting_of(h, s);
    struct power_state then = *s->power; /* a look must not move it: not every device is looked at */
    struct power_ledger nobody = {0};
    power_settle(&p, &then, now, &nobody);
    recorder_value(h->recorder, s->life->group, OP_BATTERY_LEVEL, now - 1, (span)((double)then.soc * (double)SPAN_S),
                   false);
}

void device_power_end(struct device_host *h, const struct device_slot *s) {
    if (s->power == NULL)
        return;
    struct power_setting p = setting_of(h, s);
    settle(h, s);
    if (!s->group->power->has_battery)
        return;
    instant at = h->counts_until - 1;
    recorder_value(h->recorder, s->life->group, OP_BATTERY_SOC, at, (span)((double)s->power->soc * (double)SPAN_S),
                   false);
    double life = power_projected_life(&p, s->power);
    bool endless = !(life < 1e12);
    recorder_value(h->recorder, s->life->group, OP_BATTERY_PROJECTED_LIFE, at,
                   endless ? 0 : (span)(life * ((double)SPAN_S / (double)RECORDER_VALUE_SPAN)), endless);
}
