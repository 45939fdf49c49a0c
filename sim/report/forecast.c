#include "report/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "report/figures.h"
#include "report/layout.h"

static const double day_s = 86400;

enum { NUMBER_ROOM = 32, CAUSES_SHOWN = 3 };

static const struct fleet *fleet_named(const struct plan *p, const char *name) {
    for (unsigned i = 0; i < p->fleet_count; i++)
        if (strcmp(p->fleets[i].name, name) == 0)
            return &p->fleets[i];
    return NULL;
}

static uint32_t present(const struct plan *p, const struct fleet *fleet) {
    uint32_t count = 0;
    for (uint32_t d = fleet->first; d < fleet->first + fleet->count; d++)
        count += !plan_is_absent(p, d);
    return count;
}

struct forecast *forecast_new(const struct plan *plan, const uint32_t *devices, span duration) {
    struct forecast *f = calloc(1, sizeof *f);
    CHECK(f != NULL);
    f->fleets = calloc(plan->fleet_count + 1, sizeof *f->fleets);
    f->factor_of = calloc(plan->group_count + 1, sizeof *f->factor_of);
    CHECK(f->fleets != NULL && f->factor_of != NULL);
    f->duration = duration;
    f->interval = plan->interval;
    f->fleet_count = plan->fleet_count;
    for (unsigned i = 0; i < plan->fleet_count; i++) {
        struct forecast_fleet *fleet = &f->fleets[i];
        fleet->name = plan->fleets[i].name;
        fleet->devices = devices[i];
        fleet->simulated = present(plan, &plan->fleets[i]);
        fleet->factor = fleet->simulated > 0 ? (double)devices[i] / fleet->simulated : 0;
        f->devices += fleet->devices;
        f->simulated += fleet->simulated;
    }
    for (unsigned g = 0; g < plan->group_count; g++) {
        const struct fleet *fleet = fleet_named(plan, plan->groups[g].fleet);
        f->factor_of[g] = fleet == NULL ? 1 : f->fleets[fleet - plan->fleets].factor;
    }
    return f;
}

void forecast_free(struct forecast *f) {
    if (f == NULL)
        return;
    for (unsigned i = 0; i < f->fleet_count; i++)
        energy_free(&f->fleets[i].energy);
    free(f->fleets);
    free(f->factor_of);
    free(f->rows);
    free(f);
}

/* --- collecting ------------------------------------------------------------------------------------------------------ */

static struct forecast_row *new_row(struct forecast *f) {
    if (f->row_count == f->row_room) {
        f->row_room = f->row_room == 0 ? 1024 : 2 * f->row_room;
        f->rows = realloc(f->rows, f->row_room * sizeof *f->rows);
        CHECK(f->rows != NULL);
    }
    f->rows[f->row_count] = (struct forecast_row){0};
    return &f->rows[f->row_count++];
}

/* As summary.json counts them: a device whose link fails meanwhile has tried as well. */
static uint64_t attempts_of(const struct series *s) {
    return series_count(s) + s->outcomes[OP_OPEN] + s->outcomes[OP_WITHDRAWN];
}

void forecast_second(struct forecast *f, const struct run_second *s) {
    struct forecast_row *row = new_row(f);
    const struct result *r = s->second, *total = s->total;
    for (size_t i = 0; i < r->series_count; i++) {
        const struct series *one = r->series[i];
        if (one->key.op != OP_MQTT_CONNECT)
            continue;
        row->connects += f->factor_of[one->key.group] * (double)attempts_of(one);
        row->connects_seen += attempts_of(one);
    }
    for (size_t i = 0; i < r->tally_count; i++) {
        row->messages += (double)r->tallies[i].counts[TALLY_SENT] * f->factor_of[r->tallies[i].group];
        row->messages_seen += r->tallies[i].counts[TALLY_SENT];
    }
    const struct gauge_row *last = total->gauge_count > 0 ? &total->gauges[total->gauge_count - 1] : NULL;
    for (unsigned g = 0; last != NULL && g < total->group_count; g++)
        row->online += last->counts[g * STATE_KINDS + STATE_ONLINE] * f->factor_of[g];
}

double forecast_sent(const struct forecast *f) {
    double sum = 0;
    for (int q = 0; q < FORECAST_QOS; q++)
        sum += f->sent[q];
    return sum;
}

double forecast_mean(const struct forecast *f, double total) {
    return f->duration > 0 ? total / ((double)f->duration / (double)SPAN_S) : 0;
}

/* The fullest `width` rows in a sequence. */
static double fullest(const struct forecast *f, bool messages, unsigned width, uint64_t *seen) {
    double sum = 0, best = 0;
    uint64_t here = 0;
    *seen = 0;
    for (unsigned i = 0; i < f->row_count; i++) {
        const struct forecast_row *in = &f->rows[i], *out = i >= width ? &f->rows[i - width] : NULL;
        sum += messages ? in->messages : in->connects;
        here += messages ? in->messages_seen : in->connects_seen;
        if (out != NULL) {
            sum -= messages ? out->messages : out->connects;
            here -= messages ? out->messages_seen : out->connects_seen;
        }
        if (sum > best) {
            best = sum;
            *seen = here;
        }
    }
    return best;
}

struct forecast_peak forecast_busiest(const struct forecast *f, bool messages) {
    static const unsigned widths[] = {1, 2, 5, 10, 30, 60, 300, 900, 3600};
    struct forecast_peak peak = {0, f->interval};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        uint64_t seen;
        if (i > 0 && widths[i] > f->row_count)
            break;
        double most = fullest(f, messages, widths[i], &seen);
        peak.over = f->interval * widths[i];
        peak.per_s = most / ((double)peak.over / (double)SPAN_S);
        if (f->simulated == f->devices || seen >= FORECAST_HIT_EVENTS_MIN)
            break;
    }
    return peak;
}

/* The part of the plan that was not simulated is taken to be like the part that was. The warm-up counts: a backend is billed for it, too. */
static void add_traffic(struct forecast *f, const struct result *r, double longer) {
    for (size_t i = 0; i < r->tally_count; i++) {
        const struct tally_series *t = &r->tallies[i];
        double scale = f->factor_of[t->group] * longer;
        if (t->qos < FORECAST_QOS)
            f->sent[t->qos] += scale * (double)t->counts[TALLY_SENT];
        f->received += scale * (double)t->counts[TALLY_RECEIVED];
        f->lost += scale * (double)t->counts[TALLY_LOST];
        f->bytes_up += scale * (double)t->counts[TALLY_BYTES_UP];
        f->bytes_down += scale * (double)t->counts[TALLY_BYTES_DOWN];
    }
    for (size_t i = 0; i < r->series_count; i++) {
        const struct series *one = r->series[i];
        if (one->key.op != OP_MQTT_CONNECT)
            continue;
        f->attempts += f->factor_of[one->key.group] * longer * (double)attempts_of(one);
        f->accepted += f->factor_of[one->key.group] * longer * (double)one->outcomes[OP_OK];
    }
}

static void add_fleet(const struct forecast *f, struct forecast_fleet *fleet, const struct run_facts *facts) {
    double seconds = (double)f->covered / (double)SPAN_S;
    uint64_t sent = figures_tally(facts->result, facts->plan, TALLY_SENT, true, fleet->name);
    fleet->sent = fleet->simulated > 0 && seconds > 0 ? (double)sent / fleet->simulated / seconds : 0;
    fleet->energy = energy_of(facts, fleet->name);
    fleet->powered = fleet->energy.used > 0;
}

void forecast_finish(struct forecast *f, const struct run_facts *facts) {
    f->covered = instant_min(facts->settle_start, f->duration);
    double longer = f->covered > 0 ? (double)f->duration / (double)f->covered : 0;
    for (unsigned i = 0; i < f->fleet_count; i++)
        add_fleet(f, &f->fleets[i], facts);
    add_traffic(f, facts->result, longer);
    for (unsigned i = 0; i < f->row_count; i++) {
        f->online_peak = f->rows[i].online > f->online_peak ? f->rows[i].online : f->online_peak;
        f->device_seconds += f->rows[i].online * ((double)f->interval / (double)SPAN_S) * longer;
    }
    f->connects = forecast_busiest(f, false);
    f->messages = forecast_busiest(f, true);
}

/* --- text ------------------------------------------------------------------------------------------------------------ */

struct shown {
    char text[NUMBER_ROOM];
};

static struct shown shown_count(double n) {
    struct shown s = {""};
    layout_count((uint64_t)(n + 0.5), s.text, sizeof s.text);
    return s;
}

static struct shown shown_as(enum units_dimension dimension, double n) {
    struct shown s = {""};
    units_format(dimension, n, s.text, sizeof s.text);
    return s;
}

static struct shown shown_life(const struct energy *e, double q) {
    return shown_as(UNITS_DURATION, energy_life_days(e, q) * day_s * (double)SPAN_S);
}

static void print_how(const struct forecast *f, struct text *out) {
    text_printf(out, "\nforecast           a run in simulated time, against the built-in broker\n");
    if (f->simulated < f->devices)
        text_printf(out, "  simulated        %s of %s devices, of every fleet; scaled up\n",
                    shown_count(f->simulated).text, shown_count(f->devices).text);
    else
        text_printf(out, "  simulated        all %s devices\n", shown_count(f->devices).text);
    if (f->covered < f->duration)
        text_printf(out, "                   the first %s of %s; the rest taken to be like it\n",
                    shown_as(UNITS_DURATION, (double)f->covered).text,
                    shown_as(UNITS_DURATION, (double)f->duration).text);
}

static void print_peak(const struct forecast *f, const struct forecast_peak *peak, double total, struct text *out) {
    text_printf(out, "                   %s on average, %s in the busiest %s\n",
                shown_as(UNITS_RATE, forecast_mean(f, total)).text, shown_as(UNITS_RATE, peak->per_s).text,
                shown_as(UNITS_DURATION, (double)peak->over).text);
}

static void print_traffic(const struct forecast *f, struct text *out) {
    double sent = forecast_sent(f);
    text_printf(out, "  messages         %s sent", shown_count(sent).text);
    for (int q = 0; q < FORECAST_QOS; q++)
        if (f->sent[q] > 0 && sent > f->sent[q])
            text_printf(out, ", QoS %d: %s", q, shown_count(f->sent[q]).text);
        else if (f->sent[q] > 0)
            text_printf(out, " with QoS %d", q);
    text_printf(out, "; %s lost", shown_count(f->lost).text);
    if (f->received > 0)
        text_printf(out, "; %s received", shown_count(f->received).text);
    text_append(out, "\n");
    print_peak(f, &f->messages, sent, out);
    text_printf(out, "  bytes            %s up, %s down, without TCP and IP\n", shown_as(UNITS_BYTES, f->bytes_up).text,
                shown_as(UNITS_BYTES, f->bytes_down).text);
    text_printf(out, "  connections      %s attempts, %s accepted; at most %s at one time\n",
                shown_count(f->attempts).text, shown_count(f->accepted).text, shown_count(f->online_peak).text);
    print_peak(f, &f->connects, f->attempts, out);
}

/* The largest causes first; equal ones in the order of the table. */
static void print_causes(const struct energy *e, struct text *out) {
    bool said[POWER_CAUSES] = {false};
    for (int n = 0; n < CAUSES_SHOWN; n++) {
        int most = -1;
        for (int c = 0; c < POWER_CAUSES; c++)
            if (!said[c] && e->causes[c] > 0 && (most < 0 || e->causes[c] > e->causes[most]))
                most = c;
        if (most < 0)
            return;
        said[most] = true;
        text_printf(out, "%s%.0f%% %s", n > 0 ? ", " : ": ", 100 * e->causes[most] / e->used, power_causes[most].name);
    }
}

static double per_device_day(const struct forecast *f, const struct forecast_fleet *fleet, double joules) {
    double days = (double)f->covered / (double)SPAN_S / day_s;
    return fleet->simulated > 0 && days > 0 ? joules / fleet->simulated / days : 0;
}

static void print_energy(const struct forecast *f, struct text *out) {
    for (unsigned i = 0; i < f->fleet_count; i++) {
        const struct forecast_fleet *fleet = &f->fleets[i];
        const struct energy *e = &fleet->energy;
        if (!fleet->powered)
            continue;
        text_printf(out, "  energy           fleet %s: %s a device and day", fleet->name,
                    shown_as(UNITS_ENERGY, per_device_day(f, fleet, e->used)).text);
        print_causes(e, out);
        text_append(out, "\n");
        if (e->life != NULL && e->life->count + e->life->infinite > 0)
            text_printf(out, "                   batteries last p5 %s, p50 %s, p95 %s\n", shown_life(e, 0.05).text,
                        shown_life(e, 0.5).text, shown_life(e, 0.95).text);
        if (e->brownouts + e->died > 0)
            text_printf(out, "                   %s brown-outs, %s devices died\n",
                        shown_count(fleet->factor * (double)e->brownouts).text,
                        shown_count(fleet->factor * (double)e->died).text);
    }
}

void forecast_print(const struct forecast *f, struct text *out) {
    if (f->refused != NULL) {
        text_printf(out, "\nforecast           none: %s\n", f->refused);
        return;
    }
    print_how(f, out);
    print_traffic(f, out);
    print_energy(f, out);
}

/* --- JSON ------------------------------------------------------------------------------------------------------------ */

static void write_peak(struct json_write *w, const char *what, const struct forecast *f, double total,
                       const struct forecast_peak *peak) {
    json_write_key(w, what);
    json_write_open_object(w);
    json_write_member_double(w, "mean", forecast_mean(f, total));
    json_write_member_double(w, "peak", peak->per_s);
    json_write_member_double(w, "peak_over_s", (double)peak->over / (double)SPAN_S);
    json_write_close_object(w);
}

static void write_count(struct json_write *w, const char *key, double n) {
    json_write_member_uint(w, key, (uint64_t)(n + 0.5));
}

static void write_fleet(struct json_write *w, const struct forecast *f, const struct forecast_fleet *fleet) {
    const struct energy *e = &fleet->energy;
    json_write_open_object(w);
    json_write_member_string(w, "name", fleet->name);
    json_write_member_uint(w, "devices", fleet->devices);
    json_write_member_uint(w, "simulated", fleet->simulated);
    json_write_member_double(w, "messages_per_device_per_s", fleet->sent);
    if (fleet->powered) {
        json_write_key(w, "energy_j_per_device_day");
        json_write_open_object(w);
        json_write_member_double(w, "used", per_device_day(f, fleet, e->used));
        for (int c = 0; c < POWER_CAUSES; c++)
            json_write_member_double(w, power_causes[c].name, per_device_day(f, fleet, e->causes[c]));
        json_write_close_object(w);
        json_write_key(w, "projected_life_days");
        json_write_open_object(w);
        json_write_member_double(w, "p5", energy_life_days(e, 0.05));
        json_write_member_double(w, "p50", energy_life_days(e, 0.5));
        json_write_member_double(w, "p95", energy_life_days(e, 0.95));
        json_write_close_object(w);
        write_count(w, "brownouts", fleet->factor * (double)e->brownouts);
        write_count(w, "died", fleet->factor * (double)e->died);
    }
    json_write_close_object(w);
}

void forecast_write(const struct forecast *f, struct json_write *w) {
    static const char *const qos_keys[FORECAST_QOS] = {"qos0", "qos1", "qos2"};
    json_write_member_string(w, "refused", f->refused);
    if (f->refused != NULL)
        return;
    json_write_member_uint(w, "devices", f->devices);
    json_write_member_uint(w, "devices_simulated", f->simulated);
    json_write_member_double(w, "duration_s", (double)f->duration / (double)SPAN_S);
    json_write_member_double(w, "duration_simulated_s", (double)f->covered / (double)SPAN_S);
    json_write_key(w, "messages");
    json_write_open_object(w);
    write_count(w, "sent", forecast_sent(f));
    for (int q = 0; q < FORECAST_QOS; q++)
        write_count(w, qos_keys[q], f->sent[q]);
    write_count(w, "received", f->received);
    write_count(w, "lost", f->lost);
    json_write_close_object(w);
    write_peak(w, "messages_per_s", f, forecast_sent(f), &f->messages);
    write_count(w, "bytes_up", f->bytes_up);
    write_count(w, "bytes_down", f->bytes_down);
    write_count(w, "connect_attempts", f->attempts);
    write_count(w, "connects_accepted", f->accepted);
    write_peak(w, "connects_per_s", f, f->attempts, &f->connects);
    write_count(w, "online_peak", f->online_peak);
    write_count(w, "device_minutes", f->device_seconds / 60);
    json_write_key(w, "fleets");
    json_write_open_array(w);
    for (unsigned i = 0; i < f->fleet_count; i++)
        write_fleet(w, f, &f->fleets[i]);
    json_write_close_array(w);
}
