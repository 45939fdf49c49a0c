#include "device/power.h"

#include <math.h>

const struct power_cause_row power_causes[POWER_CAUSES] = {
    [POWER_FLOOR] = {"floor", "board and sleeping radio"},
    [POWER_SENSING] = {"sensing", "measurements"},
    [POWER_ATTACH] = {"attach", "registration with the network"},
    [POWER_CONNECT] = {"connect", "connecting by the device's own plan"},
    [POWER_RECONNECT] = {"reconnect", "connecting again after a connection was lost"},
    [POWER_SESSION_LOST] = {"session_lost", "what was sent only because the backend forgot the session"},
    [POWER_MESSAGE] = {"message", "messages and their answers"},
    [POWER_KEEPALIVE] = {"keepalive", "pings and their answers"},
    [POWER_RECEIVE] = {"receive", "what came unasked, and its answers"},
    [POWER_RETRANSMISSION] = {"retransmission", "what the network lost, and messages sent again"},
    [POWER_TRACKING] = {"tracking", "periodic tracking-area updates"},
    [POWER_SELF_DISCHARGE] = {"self_discharge", "the battery's own, and the leak of its buffer"},
};

enum { UNIT_BYTES = 1400, MS_PER_HOUR = 3600000 };

/* --- the network's terms -------------------------------------------------------------------------------------------- */

const struct power_terms power_terms_none = {.energy = 1, .active = -1, .tracking = -1, .inactivity = -1};

static const struct power_terms *terms_of(const struct power_setting *p) {
    return p->terms == NULL ? &power_terms_none : p->terms;
}

static span granted(span asked, span given) {
    return asked > 0 && given >= 0 ? given : asked;
}

static span active_of(const struct power_setting *p) {
    return granted(p->power->radio.active, terms_of(p)->active);
}

static span tracking_of(const struct power_setting *p) {
    return granted(p->power->radio.tracking, terms_of(p)->tracking);
}

static span inactivity_of(const struct power_setting *p) {
    return granted(p->power->radio.inactivity, terms_of(p)->inactivity);
}

/* --- charge --------------------------------------------------------------------------------------------------------- */

static bool on_battery(const struct power *p, const struct power_state *s) {
    return p->has_battery && (!p->mains || s->cuts > 0);
}

static double celsius_at(const struct power_setting *p, instant at) {
    return p->climate == NULL ? 25 : harvest_celsius(p->climate, p->epoch_unix_ms + at / SPAN_MS);
}

/* What the load took on average. A day's worth of time at least: the first burst is no mean. */
static double mean_current(const struct power_state *s) {
    span time = s->powered > SPAN_DAY ? s->powered : SPAN_DAY;
    return s->load_c / span_seconds(time);
}

static void see(const struct power_setting *p, struct power_state *s, double celsius) {
    const struct power *model = p->power;
    double capacity = battery_capacity(&model->battery, mean_current(s), celsius);
    s->used_c = s->used_c < 0 ? 0 : s->used_c > model->battery.capacity_c ? model->battery.capacity_c : s->used_c;
    double left = 1 - s->used_c / capacity;
    left = left < 0 ? 0 : left;
    double soc = (left - model->flat) / (1 - model->flat);
    s->left = (float)left;
    s->soc = (float)(soc < 0 ? 0 : soc);
    s->volts = (float)battery_open_voltage(&model->battery, left);
}

static double coulombs_of(const struct power *p, const struct power_state *s, double joules) {
    return joules / (p->constant_current || s->volts <= 0 ? p->volts : (double)s->volts);
}

/* Without a look at the state of charge: the caller has one afterwards. */
static void spend(const struct power *p, struct power_state *s, enum power_cause cause, double joules,
                  struct power_ledger *ledger) {
    ledger->joules[cause] += joules;
    if (!on_battery(p, s))
        return;
    double coulombs = coulombs_of(p, s, joules);
    s->used_c += coulombs;
    s->load_c += coulombs;
}

void power_spend(const struct power_setting *p, struct power_state *s, enum power_cause cause, double joules,
                 struct power_ledger *ledger) {
    spend(p->power, s, cause, joules, ledger);
    if (p->power->has_battery)
        see(p, s, celsius_at(p, s->settled));
}

/* --- time ----------------------------------------------------------------------------------------------------------- */

/* Seconds of [from, to) that lie in [begin, end). */
static double overlap(instant from, instant to, instant begin, instant end) {
    instant first = instant_max(from, begin), last = instant_min(to, end);
    return last > first ? span_seconds(last - first) : 0;
}

/* How many multiples of `every` after `base` have come by `at`. */
static double expired(instant base, span every, instant at) {
    int64_t whole = at <= base ? 0 : (at - base) / every;
    return (double)whole;
}

static void settle_radio(const struct power_setting *setting, struct power_state *s, instant now,
                         struct power_ledger *ledger) {
    const struct power *p = setting->power;
    const struct power_radio *r = &p->radio;
    if ((s->flags & POWER_RADIO_OFF) != 0)
        return;
    instant idle_until = instant_add(s->active_until, active_of(setting));
    if (s->settled < idle_until && (s->flags & POWER_COVERED) == 0) {
        double tail = r->connected_w * overlap(s->settled, now, INT64_MIN, s->active_until) +
                      r->idle_w * overlap(s->settled, now, s->active_until, idle_until);
        ledger->tail += tail;
        spend(p, s, (enum power_cause)s->cause, tail, ledger);
    }
    span every = tracking_of(setting);
    if (every > 0 && now > idle_until) {
        double updates = expired(idle_until, every, now) - expired(idle_until, every, s->settled);
        if (updates > 0)
            spend(p, s, POWER_TRACKING, updates * r->tracking_j * terms_of(setting)->energy, ledger);
    }
}

/* Watts into the battery in that hour of the simulated clock. Frost is looked at by hours as well: a morning says nothing about
 * the day before. */
static double income_at(const struct power_setting *p, const struct power_state *s, int64_t hour) {
    const struct power *model = p->power;
    double watts = 0;
    if (model->battery.chemistry->frost_bars && p->climate != NULL &&
        harvest_celsius(p->climate, hour * MS_PER_HOUR + MS_PER_HOUR / 2) < 0)
        return 0;
    if (model->panel_w > 0 && p->climate != NULL)
        watts = model->panel_w * harvest_irradiance(p->climate, hour) / 1000 * model->panel_yield;
    if (model->alternator_w > 0) {
        span of_day = (hour % 24) * SPAN_H - model->drive_from;
        of_day = of_day < 0 ? of_day + SPAN_DAY : of_day;
        watts += of_day < model->drive_for ? model->alternator_w : 0;
    }
    watts = model->charge_max_w > 0 && watts > model->charge_max_w ? model->charge_max_w : watts;
    return model->mains && s->cuts == 0 ? watts + model->charge_w : watts;
}

static void settle_income(const struct power_setting *p, struct power_state *s, instant now,
                          struct power_ledger *ledger) {
    const struct power *model = p->power;
    bool charged = model->mains && s->cuts == 0 && model->charge_w > 0;
    if (!model->battery.chemistry->rechargeable || !(model->panel_w > 0 || model->alternator_w > 0 || charged))
        return;
    double joules = 0;
    int64_t epoch_h = p->epoch_unix_ms / MS_PER_HOUR;
    instant within = (p->epoch_unix_ms % MS_PER_HOUR) * SPAN_MS; /* t = 0 within its hour */
    for (instant at = s->settled; at < now;) {
        int64_t number = (at + within) / SPAN_H - ((at + within) % SPAN_H < 0);
        instant end = instant_min(now, (number + 1) * SPAN_H - within);
        joules += income_at(p, s, epoch_h + number) * span_seconds(end - at);
        at = end;
    }
    double coulombs = joules / (s->volts > 0 ? (double)s->volts : model->volts);
    double room = s->used_c > 0 ? s->used_c : 0;
    if (coulombs > room) {
        joules *= room / coulombs;
        coulombs = room;
    }
    ledger->harvested += joules;
    s->used_c -= coulombs;
}

/* Without a look at the state of charge, as spend. */
static void settle(const struct power_setting *p, struct power_state *s, instant now, struct power_ledger *ledger) {
    const struct power *model = p->power;
    if (now <= s->settled)
        return;
    double seconds = span_seconds(now - s->settled);
    if (s->supply != POWER_OFF) {
        spend(model, s, POWER_FLOOR, model->floor_w * seconds, ledger);
        settle_radio(p, s, now, ledger);
        s->powered += now - s->settled;
    }
    if (model->has_battery) {
        double lost = (model->battery.self_discharge_a + model->battery.buffer.leak_a) * seconds;
        s->used_c += lost;
        ledger->joules[POWER_SELF_DISCHARGE] += lost * model->volts;
        settle_income(p, s, now, ledger);
        if (model->battery.chemistry->passivation > 0)
            s->layer = (float)battery_layer_grown((double)s->layer, seconds);
    }
    s->settled = now;
}

void power_settle(const struct power_setting *p, struct power_state *s, instant now, struct power_ledger *ledger) {
    settle(p, s, now, ledger);
    if (p->power->has_battery)
        see(p, s, celsius_at(p, now));
}

/* --- the radio ------------------------------------------------------------------------------------------------------ */

static double units_of(double bytes) {
    return (double)(int64_t)((bytes + UNIT_BYTES - 1) / UNIT_BYTES);
}

static double air_joules(const struct power_radio *r, const struct power_traffic *t) {
    double units = units_of(t->up) + units_of(t->down); /* each has its acknowledgement */
    double up = t->up + (units + t->bare_up) * r->overhead, down = t->down + (units + t->bare_down) * r->overhead;
    double joules = 0;
    if (r->up_bps > 0)
        joules += r->tx_w * 8 * up / r->up_bps;
    if (r->down_bps > 0)
        joules += r->rx_w * 8 * down / r->down_bps;
    return joules;
}

/* What exceeds the traffic that an access with a price of its own includes. */
static struct power_traffic beyond(const struct power_radio *r, const struct power_traffic *t) {
    struct power_traffic more = {.cause = t->cause};
    more.up = t->up > r->event_bytes ? t->up - r->event_bytes : 0;
    more.down = t->down > r->event_bytes ? t->down - r->event_bytes : 0;
    return more;
}

static bool stands(const struct power_setting *p, struct power_state *s) {
    const struct power *model = p->power;
    if (model->brown_out_v <= 0 || model->radio.peak_w <= 0 || !on_battery(model, s))
        return true;
    struct battery_burst burst = {.left = (double)s->left,
                                  .celsius = celsius_at(p, s->settled),
                                  .layer = (double)s->layer,
                                  .seconds = model->radio.burst_s};
    double volts = model->constant_current
                       ? battery_voltage_at_current(&model->battery, &burst, model->radio.peak_w / model->volts)
                       : battery_voltage_at_power(&model->battery, &burst, model->radio.peak_w);
    double drawn = model->radio.peak_w / model->volts * model->radio.burst_s;
    s->layer = (float)battery_layer_worn((double)s->layer, drawn);
    return volts >= model->brown_out_v;
}

static void attach(const struct power_setting *p, struct power_state *s, instant now, struct power_ledger *ledger) {
    settle(p, s, now, ledger);
    spend(p->power, s, POWER_ATTACH, p->power->radio.attach_j * terms_of(p)->energy, ledger);
    if ((s->flags & POWER_RADIO_OFF) != 0) {
        s->flags &= (uint8_t)~POWER_RADIO_OFF;
        s->active_until = now;
    }
}

void power_attach(const struct power_setting *p, struct power_state *s, instant now, struct power_ledger *ledger) {
    attach(p, s, now, ledger);
    if (p->power->has_battery)
        see(p, s, celsius_at(p, now));
}

bool power_access(const struct power_setting *p, struct power_state *s, instant now, const struct power_traffic *t,
                  struct power_ledger *ledger) {
    const struct power *model = p->power;
    const struct power_radio *r = &model->radio;
    if ((s->flags & POWER_RADIO_OFF) != 0)
        attach(p, s, now, ledger);
    else
        settle(p, s, now, ledger);
    bool idle = !power_radio_active(s, now);
    if (idle)
        s->flags = (uint8_t)(r->event_j > 0 ? s->flags | POWER_COVERED : s->flags & ~POWER_COVERED);
    bool covered = (s->flags & POWER_COVERED) != 0;
    struct power_traffic charged = covered ? beyond(r, t) : *t;
    double joules = air_joules(r, &charged);
    if (idle)
        joules += covered ? r->event_j : r->wake_j;
    spend(model, s, t->cause, joules * terms_of(p)->energy, ledger);
    if (idle || !covered) { /* a price for the whole access is a price for one tail */
        s->cause = (uint8_t)t->cause;
        s->active_until = instant_max(s->active_until, instant_add(instant_max(now, t->until), inactivity_of(p)));
    }
    if (model->has_battery)
        see(p, s, celsius_at(p, now));
    return !idle || stands(p, s);
}

/* The first of base + every, base + 2 · every, … from `at` on. */
static instant next_of(instant base, span every, instant at) {
    int64_t passed = (at - base + every - 1) / every;
    return instant_add(base, (passed < 1 ? 1 : passed) * every);
}

instant power_reachable(const struct power_setting *p, const struct power_state *s, instant now) {
    const struct power_radio *r = &p->power->radio;
    if (now < s->active_until || (!r->power_saving && r->edrx == 0))
        return now;
    instant idle_until = instant_add(s->active_until, active_of(p));
    bool listens = !r->power_saving || now < idle_until;
    instant heard = !listens ? INSTANT_NEVER : r->edrx > 0 ? next_of(s->active_until, r->edrx, now) : now;
    if (!r->power_saving || heard < idle_until)
        return heard;
    span every = tracking_of(p);
    return every > 0 ? next_of(idle_until, every, now) : INSTANT_NEVER;
}

void power_radio_off(struct power_state *s, instant now) {
    s->active_until = instant_min(s->active_until, now);
    s->flags |= POWER_RADIO_OFF;
}

/* --- the battery's end ---------------------------------------------------------------------------------------------- */

void power_begin(const struct power_setting *p, struct power_state *s, instant at, enum power_supply supply) {
    *s = (struct power_state){.since = at,
                              .settled = at,
                              .active_until = at,
                              .event_at = INSTANT_NEVER,
                              .runs_out = INSTANT_NEVER,
                              .supply = (uint8_t)supply,
                              .soc = 1,
                              .left = 1,
                              .flags = POWER_RADIO_OFF};
    if (p->power->has_battery)
        see(p, s, celsius_at(p, at));
}

void power_drain(const struct power_setting *p, struct power_state *s, double soc) {
    const struct power *model = p->power;
    if (!model->has_battery)
        return;
    double celsius = celsius_at(p, s->settled);
    double left = model->flat + soc * (1 - model->flat);
    double used = (1 - left) * battery_capacity(&model->battery, mean_current(s), celsius);
    s->drained_c += (float)(used - s->used_c);
    s->used_c = used;
    see(p, s, celsius);
}

static const double spans_max = 9e18;

instant power_runs_out(const struct power_setting *p, const struct power_state *s) {
    const struct power *model = p->power;
    if (!on_battery(model, s) || s->supply == POWER_OFF)
        return INSTANT_NEVER;
    double watts = model->floor_w;
    span tracking = tracking_of(p);
    if (tracking > 0)
        watts += model->radio.tracking_j * terms_of(p)->energy / span_seconds(tracking);
    double amperes = coulombs_of(model, s, watts) + model->battery.self_discharge_a + model->battery.buffer.leak_a;
    double gone = 1 - (double)s->left; /* of the effective capacity, which `left` was seen with */
    double capacity = gone > 0 ? s->used_c / gone : model->battery.capacity_c;
    double coulombs = ((double)s->left - model->flat) * capacity;
    double wait = coulombs <= 0 ? 0 : amperes <= 0 ? spans_max : coulombs / amperes * (double)SPAN_S;
    if (wait >= spans_max)
        return INSTANT_NEVER;
    return instant_add(s->settled, (span)wait > SPAN_MIN ? (span)wait : SPAN_MIN);
}

double power_projected_life(const struct power_setting *p, const struct power_state *s) {
    const struct power *model = p->power;
    double out = s->used_c - (double)s->drained_c;
    if (!model->has_battery || s->powered <= 0 || out <= 0)
        return INFINITY;
    double celsius = p->climate == NULL ? 25 : p->climate->mean;
    double usable = battery_capacity(&model->battery, mean_current(s), celsius) * (1 - model->flat);
    double life = usable / (out / span_seconds(s->powered));
    return model->battery.shelf_s > 0 && life > model->battery.shelf_s ? model->battery.shelf_s : life;
}

span power_stretch(const struct power *p, const struct power_state *s) {
    double lowest = 2;
    span every = 0;
    for (unsigned i = 0; i < p->stretch_count; i++)
        if ((double)s->soc < p->stretch[i].below && p->stretch[i].below < lowest) {
            lowest = p->stretch[i].below;
            every = p->stretch[i].every;
        }
    return every;
}
