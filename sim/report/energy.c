#include "report/energy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "report/energy_backend.h"
#include "report/figures.h"

static const double microjoules = 1e6;

static double joules(const struct run_facts *f, int tally, const char *fleet) {
    return (double)figures_tally(f->result, f->plan, (enum tally_kind)tally, true, fleet) / microjoules;
}

struct histogram *energy_values(const struct result *r, const struct plan *p, enum op_kind what, const char *fleet) {
    struct histogram *sum = calloc(1, sizeof *sum);
    CHECK(sum != NULL);
    histogram_reset(sum);
    for (size_t i = 0; i < r->series_count; i++) {
        const struct series *s = r->series[i];
        if (s->key.op != what || (fleet != NULL && strcmp(p->groups[s->key.group].fleet, fleet) != 0))
            continue;
        if (s->clocks[CLOCK_RESPONSE] != NULL)
            histogram_add(sum, s->clocks[CLOCK_RESPONSE]);
        sum->infinite += s->outcomes[OP_OPEN];
    }
    return sum;
}

struct energy energy_of(const struct run_facts *f, const char *fleet) {
    struct energy e = {.tail = joules(f, TALLY_ENERGY_TAIL, fleet),
                       .harvested = joules(f, TALLY_ENERGY_HARVESTED, fleet),
                       .brownouts = figures_tally(f->result, f->plan, TALLY_BROWNOUTS, true, fleet),
                       .power_lost = figures_tally(f->result, f->plan, TALLY_POWER_LOST, true, fleet),
                       .refused_work = figures_tally(f->result, f->plan, TALLY_REFUSED_WORK, true, fleet),
                       .soc = energy_values(f->result, f->plan, OP_BATTERY_SOC, fleet),
                       .life = energy_values(f->result, f->plan, OP_BATTERY_PROJECTED_LIFE, fleet)};
    for (int c = 0; c < POWER_CAUSES; c++) {
        e.causes[c] = joules(f, TALLY_ENERGY_FLOOR + c, fleet);
        e.used += e.causes[c];
    }
    struct histogram *died = energy_values(f->result, f->plan, OP_BATTERY_LIFETIME, fleet);
    e.died = died->count;
    free(died);
    uint64_t sent = figures_tally(f->result, f->plan, TALLY_SENT, true, fleet);
    e.per_message = sent > 0 ? e.used / (double)sent : NAN;
    return e;
}

void energy_free(struct energy *e) {
    free(e->soc);
    free(e->life);
}

bool energy_modelled(const struct plan *p) {
    for (unsigned g = 0; g < p->group_count; g++)
        if (p->groups[g].climate != NULL) /* one whose supply the timeline merely cuts has none */
            return true;
    return false;
}

/* In seconds, as kept. */
static double quantile(const struct histogram *h, double q) {
    if (h->count + h->infinite == 0)
        return NAN;
    int64_t ns = histogram_quantile(h, q, true);
    if (ns == INT64_MAX)
        return INFINITY;
    return (double)(ns < h->max_ns ? ns : h->max_ns) / 1e9;
}

double energy_soc(const struct energy *e, double q) {
    return quantile(e->soc, q);
}

double energy_life_days(const struct energy *e, double q) {
    return quantile(e->life, q) * RECORDER_VALUE_SPAN / 86400;
}

static void write_quantiles(struct json_write *w, const char *key, const struct energy *e,
                            double (*of)(const struct energy *e, double q)) {
    json_write_key(w, key);
    json_write_open_object(w);
    json_write_member_double(w, "p5", of(e, 0.05));
    json_write_member_double(w, "p50", of(e, 0.5));
    json_write_member_double(w, "p95", of(e, 0.95));
    json_write_close_object(w);
}

void energy_write_json(struct json_write *w, const struct run_facts *f, const char *fleet) {
    struct energy e = energy_of(f, fleet);
    json_write_key(w, "energy");
    json_write_open_object(w);
    json_write_member_double(w, "used_j", e.used);
    json_write_key(w, "causes_j");
    json_write_open_object(w);
    for (int c = 0; c < POWER_CAUSES; c++)
        json_write_member_double(w, power_causes[c].name, e.causes[c]);
    json_write_close_object(w);
    json_write_member_double(w, "tail_j", e.tail);
    json_write_member_double(w, "harvested_j", e.harvested);
    json_write_member_double(w, "per_message_j", e.per_message);
    write_quantiles(w, "soc", &e, energy_soc);
    write_quantiles(w, "projected_life_days", &e, energy_life_days);
    json_write_member_uint(w, "died", e.died);
    json_write_member_uint(w, "brownouts", e.brownouts);
    json_write_member_uint(w, "power_lost", e.power_lost);
    json_write_member_uint(w, "refused_work", e.refused_work);
    energy_backend_write_json(w, f, &e, fleet);
    json_write_close_object(w);
    energy_free(&e);
}

/* The causes that took a hundredth or more, largest first. */
static void write_causes(struct text *out, const struct energy *e) {
    bool done[POWER_CAUSES] = {false};
    for (int n = 0; n < POWER_CAUSES; n++) {
        int largest = -1;
        for (int c = 0; c < POWER_CAUSES; c++)
            if (!done[c] && (largest < 0 || e->causes[c] > e->causes[largest]))
                largest = c;
        double share = e->causes[largest] / e->used;
        if (share < 0.01)
            return;
        done[largest] = true;
        text_printf(out, "%s%s %.0f%%", n == 0 ? ": " : ", ", power_causes[largest].name, share * 100);
    }
}

void energy_write_text(struct text *out, const struct run_facts *f) {
    struct energy e = energy_of(f, NULL);
    char amount[32];
    if (e.used <= 0) {
        energy_free(&e);
        return;
    }
    text_append(out, units_format(UNITS_ENERGY, e.used, amount, sizeof amount));
    write_causes(out, &e);
    if (!isnan(e.per_message))
        text_printf(out, "  %s a message", units_format(UNITS_ENERGY, e.per_message, amount, sizeof amount));
    double life = energy_life_days(&e, 0.5) * 86400e9;
    if (!isnan(life))
        text_printf(out, "  batteries would last %s (p5 %s)", units_format(UNITS_DURATION, life, amount, sizeof amount),
                    units_format(UNITS_DURATION, energy_life_days(&e, 0.05) * 86400e9, (char[32]){0}, 32));
    if (e.died + e.brownouts > 0)
        text_printf(out, "  %llu died, %llu brown-outs", (unsigned long long)e.died, (unsigned long long)e.brownouts);
    energy_free(&e);
}
