#include "report/energy_backend.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "report/escape.h"
#include "report/figures.h"

const struct energy_backend_row energy_backend_rows[ENERGY_BACKEND_ROWS] = {
    {POWER_KEEPALIVE, "wanted to hear from idle connections"},
    {POWER_RECONNECT, "ended or refused connections"},
    {POWER_SESSION_LOST, "forgot sessions"},
    {POWER_RECEIVE, "sent to radios that slept"},
};

static bool in_fleet(const struct fleet_group *g, const char *fleet) {
    return g->climate != NULL && (fleet == NULL || strcmp(g->fleet, fleet) == 0);
}

/* Devices of this shard whose power is modelled; of shards that were put together, all of theirs. */
static double devices_of(const struct run_facts *f, const char *fleet) {
    const struct plan *p = f->plan;
    uint32_t step = f->shard > 0 ? f->shards : 1;
    double n = 0;
    for (uint64_t d = f->shard > 0 ? f->shard - 1 : 0; d < p->device_count; d += step)
        n += !plan_is_absent(p, (uint32_t)d) && in_fleet(&p->groups[p->group_of[d]], fleet) ? 1 : 0;
    return n;
}

/* Joules become charge at the voltage of each group's profile. */
static double coulombs_of(const struct run_facts *f, enum power_cause cause, const char *fleet) {
    double sum = 0;
    for (size_t i = 0; i < f->result->tally_count; i++) {
        const struct tally_series *t = &f->result->tallies[i];
        const struct fleet_group *g = &f->plan->groups[t->group];
        if (in_fleet(g, fleet) && g->power != NULL && g->power->volts > 0)
            sum += (double)t->counts[TALLY_ENERGY_FLOOR + cause] / 1e6 / g->power->volts;
    }
    return sum;
}

/* The longest that any battery of the fleet is good for; INFINITY: no such limit. */
static double shelf_days(const struct plan *p, const char *fleet) {
    double longest = 0;
    for (unsigned i = 0; i < p->group_count; i++) {
        const struct power *power = in_fleet(&p->groups[i], fleet) ? p->groups[i].power : NULL;
        if (power == NULL || !power->has_battery)
            continue;
        double days = power->battery.shelf_s > 0 ? power->battery.shelf_s / 86400 : INFINITY;
        longest = days > longest ? days : longest;
    }
    return longest;
}

/* A battery lasts as long as what is drawn from it is small: what the sun gave is not drawn. */
static double gained(const struct run_facts *f, const struct energy *e, double joules, double life, const char *fleet) {
    if (fleet == NULL || !isfinite(life))
        return NAN;
    double drawn = e->used - e->harvested, shelf = shelf_days(f->plan, fleet);
    if (drawn <= 0)
        return NAN;
    double without = joules < drawn ? life * drawn / (drawn - joules) : INFINITY;
    without = without > shelf ? shelf : without;
    return without > life ? without - life : 0;
}

struct energy_backend energy_backend_of(const struct run_facts *f, const struct energy *e, unsigned row,
                                        const char *fleet) {
    enum power_cause cause = energy_backend_rows[row].cause;
    double devices = devices_of(f, fleet), days = span_seconds(f->ended) / 86400;
    struct energy_backend cost = {.joules = e->causes[cause], .life_days = energy_life_days(e, 0.5)};
    cost.share = e->used > 0 ? cost.joules / e->used : NAN;
    cost.device_j = devices > 0 ? cost.joules / devices : NAN;
    cost.device_mah_day = devices > 0 && days > 0 ? coulombs_of(f, cause, fleet) / 3.6 / devices / days : NAN;
    cost.gained = gained(f, e, cost.joules, cost.life_days, fleet);
    return cost;
}

bool energy_backend_matters(const struct energy *e, unsigned row) {
    return e->used > 0 && e->causes[energy_backend_rows[row].cause] >= 0.0005 * e->used;
}

void energy_backend_write_json(struct json_write *w, const struct run_facts *f, const struct energy *e,
                               const char *fleet) {
    json_write_key(w, "backend");
    json_write_open_array(w);
    for (unsigned i = 0; i < ENERGY_BACKEND_ROWS; i++) {
        struct energy_backend cost = energy_backend_of(f, e, i, fleet);
        json_write_open_object(w);
        json_write_member_string(w, "cause", power_causes[energy_backend_rows[i].cause].name);
        json_write_member_string(w, "behaviour", energy_backend_rows[i].behaviour);
        json_write_member_double(w, "used_j", cost.joules);
        json_write_member_double(w, "share", cost.share);
        json_write_member_double(w, "per_device_j", cost.device_j);
        json_write_member_double(w, "per_device_mah_day", cost.device_mah_day);
        json_write_member_double(w, "life_lost_days", cost.gained);
        json_write_close_object(w);
    }
    json_write_close_array(w);
}

static void write_amount(struct text *out, enum units_dimension d, double value) {
    char shown[32];
    text_printf(out, " %s |", isfinite(value) ? units_format(d, value, shown, sizeof shown) : "");
}

static void write_md_row(struct text *out, const struct run_facts *f, const struct energy *e, unsigned row,
                         const char *fleet) {
    struct energy_backend cost = energy_backend_of(f, e, row, fleet);
    text_append(out, "| ");
    escape_md(out, fleet);
    text_printf(out, " | %s |", energy_backend_rows[row].behaviour);
    write_amount(out, UNITS_ENERGY, cost.device_j);
    if (isfinite(cost.device_mah_day))
        text_printf(out, " %.3g mAh | %.1f%% |", cost.device_mah_day, 100 * cost.share);
    else
        text_printf(out, " | %.1f%% |", 100 * cost.share);
    write_amount(out, UNITS_DURATION, cost.life_days * 86400e9);
    write_amount(out, UNITS_DURATION, (cost.life_days + cost.gained) * 86400e9);
    text_append(out, "\n");
}

enum { SECTION_MAX = 6 * 1024 }; /* the rest is in summary.json */

void energy_backend_write_md(struct text *out, const struct run_facts *f) {
    bool begun = false;
    size_t end = out->size + SECTION_MAX;
    for (unsigned i = 0; i < f->plan->fleet_count && out->size < end; i++) {
        const char *fleet = f->plan->fleets[i].name;
        struct energy e = energy_of(f, fleet);
        for (unsigned row = 0; row < ENERGY_BACKEND_ROWS; row++) {
            if (!energy_backend_matters(&e, row))
                continue;
            if (!begun)
                text_append(out,
                            "\n## What the backend cost its devices\n\n"
                            "| fleet | the backend | per device | a day | of its energy | projected life | without "
                            "it |\n|---|---|---:|---:|---:|---:|---:|\n");
            begun = true;
            write_md_row(out, f, &e, row, fleet);
        }
        energy_free(&e);
    }
}
