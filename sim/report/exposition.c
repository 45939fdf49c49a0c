#include "report/exposition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/version.h"
#include "report/escape.h"
#include "report/figures.h"

static const struct {
    const char *le; /* seconds */
    int64_t us;
} bounds[EXPOSITION_BUCKETS] = {
    {"0.001", 1000},  {"0.0025", 2500}, {"0.005", 5000},  {"0.01", 10000},  {"0.025", 25000},
    {"0.05", 50000},  {"0.1", 100000},  {"0.25", 250000}, {"0.5", 500000},  {"1", 1000000},
    {"2.5", 2500000}, {"5", 5000000},   {"10", 10000000}, {"30", 30000000}, {"60", 60000000},
};

struct buckets {
    uint64_t counts[EXPOSITION_BUCKETS + 1]; /* each on its own; the last: above all bounds */
    uint64_t samples;
    double sum_s;
};

struct operation {
    uint64_t outcomes[OP_OUTCOMES];
    struct buckets response, service;
};

/* What is told apart: a group, a fleet, or everything. */
struct row {
    unsigned group; /* that the labels are taken from */
    struct operation operations[FIGURES_ROWS];
    uint64_t tallies[TALLY_KINDS];
    uint64_t states[STATE_KINDS];
};

enum scope { BY_GROUP, BY_FLEET, ALL };

struct exposition {
    const struct plan *plan;
    enum scope scope;
    unsigned row_count;
    uint16_t *row_of;                    /* [group_count] */
    struct row *rows;                    /* [row_count] */
    uint8_t bound_of[HISTOGRAM_BUCKETS]; /* where a histogram's bucket goes */
    struct buckets lag;
    uint64_t emitted, late, dropped;
    instant at;
    double cpu_share, loop_late_s;
    uint64_t rss_bytes;
    bool trustworthy;
    char phase[64];
};

/* --- adding up -------------------------------------------------------------------------------------------------------- */

static bool same_labels(const struct fleet_group *a, const struct fleet_group *b) {
    return strcmp(a->fleet, b->fleet) == 0 && strcmp(a->profile_name, b->profile_name) == 0 &&
           strcmp(a->region, b->region) == 0 && strcmp(a->target_name, b->target_name) == 0;
}

/* The first group with the labels of that one: two series of one name would spoil the whole page. */
static unsigned first_alike(const struct plan *p, unsigned group) {
    unsigned first = 0;
    while (first < group && !same_labels(&p->groups[first], &p->groups[group]))
        first++;
    return first;
}

static void choose_rows(struct exposition *x) {
    const struct plan *p = x->plan;
    x->scope = p->group_count <= EXPOSITION_ROWS_MAX   ? BY_GROUP
               : p->fleet_count <= EXPOSITION_ROWS_MAX ? BY_FLEET
                                                       : ALL;
    x->row_of = calloc(p->group_count + 1, sizeof *x->row_of);
    x->rows = calloc(EXPOSITION_ROWS_MAX, sizeof *x->rows);
    CHECK(x->row_of != NULL && x->rows != NULL);
    for (unsigned g = 0; g < p->group_count; g++) {
        unsigned first = x->scope == BY_GROUP ? first_alike(p, g) : g;
        unsigned row = x->scope == BY_FLEET ? p->groups[g].fleet_index : 0;
        if (x->scope == BY_GROUP)
            row = first < g ? x->row_of[first] : x->row_count;
        if (row >= x->row_count) {
            x->row_count = row + 1;
            x->rows[row].group = g;
        }
        x->row_of[g] = (uint16_t)row;
    }
}

struct exposition *exposition_new(const struct plan *plan) {
    struct exposition *x = calloc(1, sizeof *x);
    CHECK(x != NULL);
    x->plan = plan;
    x->trustworthy = true;
    choose_rows(x);
    for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++) {
        uint8_t bound = 0;
        while (bound < EXPOSITION_BUCKETS && histogram_bucket_mid_us((uint16_t)b) > bounds[bound].us)
            bound++;
        x->bound_of[b] = bound;
    }
    return x;
}

void exposition_free(struct exposition *x) {
    if (x == NULL)
        return;
    free(x->row_of);
    free(x->rows);
    free(x);
}

static void add_times(const struct exposition *x, struct buckets *to, const struct histogram *h) {
    if (h == NULL || h->count == 0)
        return;
    for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++)
        to->counts[x->bound_of[b]] += h->counts[b];
    to->samples += h->count;
    to->sum_s += (double)h->sum_ns / 1e9;
}

static void add_series(struct exposition *x, const struct series *s) {
    for (int i = 0; i < FIGURES_ROWS; i++) {
        const struct figures_row *f = &figures_rows[i];
        if (f->op != s->key.op || s->key.qos < f->qos_from || s->key.qos > f->qos_to)
            continue;
        struct operation *o = &x->rows[x->row_of[s->key.group]].operations[i];
        for (int k = 0; k < OP_OUTCOMES; k++)
            o->outcomes[k] += s->outcomes[k];
        add_times(x, &o->response, s->clocks[CLOCK_RESPONSE]);
        add_times(x, &o->service, s->clocks[CLOCK_SERVICE]);
    }
}

static void add_states(struct exposition *x, const struct result *second) {
    if (second->gauge_count == 0)
        return;
    const struct gauge_row *g = &second->gauges[second->gauge_count - 1];
    for (unsigned r = 0; r < x->row_count; r++)
        memset(x->rows[r].states, 0, sizeof x->rows[r].states);
    for (unsigned group = 0; group < x->plan->group_count; group++)
        for (int k = 0; k < STATE_KINDS; k++)
            x->rows[x->row_of[group]].states[k] += g->counts[(size_t)group * STATE_KINDS + (size_t)k];
}

void exposition_second(struct exposition *x, const struct run_second *s) {
    const struct result *second = s->second;
    for (size_t i = 0; i < second->series_count; i++)
        add_series(x, second->series[i]);
    for (size_t i = 0; i < second->tally_count; i++)
        for (int k = 0; k < TALLY_KINDS; k++)
            x->rows[x->row_of[second->tallies[i].group]].tallies[k] += second->tallies[i].counts[k];
    add_states(x, second);
    add_times(x, &x->lag, &second->lag_all);
    x->emitted += second->emitted_all;
    x->late += second->late_all;
    x->dropped += second->dropped_records;
    x->at = s->at;
    x->cpu_share = s->cpu_share_max;
    x->loop_late_s = span_seconds(second->loop_late_max);
    x->rss_bytes = s->rss_bytes;
    x->trustworthy = s->trustworthy;
    size_t length = s->phase != NULL ? strnlen(s->phase, sizeof x->phase - 1) : 0;
    memcpy(x->phase, s->phase != NULL ? s->phase : "", length);
    x->phase[length] = '\0';
}

/* --- writing ---------------------------------------------------------------------------------------------------------- */

static void put_family(struct text *out, const char *name, const char *type, const char *help) {
    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_label(struct text *out, const char *name, const char *value) {
    text_printf(out, "%s%s=\"", out->data[out->size - 1] == '{' ? "" : ",", name);
    escape_label(out, value);
    text_append(out, "\"");
}

/* "{fleet="…",…": the labels of a row, without the closing brace. */
static void open_labels(struct text *out, const struct exposition *x, const struct row *row) {
    text_append(out, "{");
    const struct fleet_group *g = &x->plan->groups[row->group];
    if (x->scope != ALL)
        put_label(out, "fleet", g->fleet);
    if (x->scope != BY_GROUP)
        return;
    put_label(out, "profile", g->profile_name);
    put_label(out, "region", g->region);
    put_label(out, "target", g->target_name);
}

static void put_count(struct text *out, uint64_t n) {
    text_printf(out, " %llu\n", (unsigned long long)n);
}

static void write_outcomes(const struct exposition *x, struct text *out) {
    put_family(out, "muster_operations_total", "counter", "Operations by how they ended.");
    for (unsigned r = 0; r < x->row_count; r++)
        for (int i = 0; i < FIGURES_ROWS; i++)
            for (int k = 0; k < OP_OUTCOMES; k++) {
                if (x->rows[r].operations[i].outcomes[k] == 0)
                    continue;
                text_append(out, "muster_operations_total");
                open_labels(out, x, &x->rows[r]);
                put_label(out, "operation", figures_rows[i].key);
                put_label(out, "outcome", op_outcome_names[k]);
                text_append(out, "}");
                put_count(out, x->rows[r].operations[i].outcomes[k]);
            }
}

/* One classic histogram; `row` NULL: without labels. */
static void write_buckets(const struct exposition *x, struct text *out, const char *name, const struct row *row,
                          const char *operation, const struct buckets *b) {
    static const char *const parts[] = {"_bucket", "_sum", "_count"};
    uint64_t below = 0;
    for (int i = 0; i < EXPOSITION_BUCKETS + 3; i++) {
        bool is_bucket = i <= EXPOSITION_BUCKETS;
        text_printf(out, "%s%s", name, parts[is_bucket ? 0 : i - EXPOSITION_BUCKETS]);
        if (row != NULL) {
            open_labels(out, x, row);
            put_label(out, "operation", operation);
        } else if (is_bucket) {
            text_append(out, "{");
        }
        if (is_bucket) {
            put_label(out, "le", i < EXPOSITION_BUCKETS ? bounds[i].le : "+Inf");
            below += b->counts[i];
        }
        if (row != NULL || is_bucket)
            text_append(out, "}");
        if (i == EXPOSITION_BUCKETS + 1)
            text_printf(out, " %.9f\n", b->sum_s);
        else
            put_count(out, below);
    }
}

static void write_times(const struct exposition *x, struct text *out, bool response) {
    const char *name = response ? "muster_response_seconds" : "muster_service_seconds";
    put_family(out, name, "histogram",
               response ? "From the instant an operation was meant to start to the felt answer."
                        : "From sending to answer.");
    for (unsigned r = 0; r < x->row_count; r++)
        for (int i = 0; i < FIGURES_ROWS; i++) {
            const struct operation *o = &x->rows[r].operations[i];
            const struct buckets *b = response ? &o->response : &o->service;
            if (b->samples > 0) /* QoS 0 has no answer, and what is heard by an observer no service */
                write_buckets(x, out, name, &x->rows[r], figures_rows[i].key, b);
        }
}

/* "net.bytes_up" gives muster_net_bytes_up_total. */
static void write_tally(const struct exposition *x, struct text *out, enum tally_kind kind) {
    struct text name = {0};
    text_printf(&name, "muster_%s_total", tally_rows[kind].metric);
    for (size_t i = 0; i < name.size; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", name.data[i]) == NULL)
            name.data[i] = '_';
    put_family(out, text_get(&name), "counter", tally_rows[kind].doc);
    for (unsigned r = 0; r < x->row_count; r++) {
        text_append(out, text_get(&name));
        open_labels(out, x, &x->rows[r]);
        text_append(out, "}");
        put_count(out, x->rows[r].tallies[kind]);
    }
    text_free(&name);
}

static void write_devices(const struct exposition *x, struct text *out) {
    put_family(out, "muster_devices", "gauge", "Devices by state at the end of the last second.");
    for (unsigned r = 0; r < x->row_count; r++)
        for (int k = 0; k < STATE_KINDS; k++) {
            text_append(out, "muster_devices");
            open_labels(out, x, &x->rows[r]);
            put_label(out, "state", state_names[k]);
            text_append(out, "}");
            put_count(out, x->rows[r].states[k]);
        }
}

static void put_value(struct text *out, const char *name, const char *type, const char *help, double value) {
    put_family(out, name, type, help);
    text_printf(out, "%s %.15g\n", name, value);
}

static void write_run(const struct exposition *x, struct text *out) {
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)x->plan->seed);
    put_family(out, "muster_run_info", "gauge", "What runs; always 1.");
    text_append(out, "muster_run_info{");
    put_label(out, "version", VERSION_TEXT);
    put_label(out, "scenario", x->plan->name);
    put_label(out, "run_id", x->plan->run_id);
    put_label(out, "seed", seed);
    put_label(out, "plan_hash", x->plan->plan_hash);
    text_append(out, "} 1\n");
    put_family(out, "muster_run_phase", "gauge", "The phase that the last second lay in; always 1.");
    text_append(out, "muster_run_phase{");
    put_label(out, "phase", x->phase);
    text_append(out, "} 1\n");
    put_value(out, "muster_run_time_seconds", "gauge", "End of the last second, from t = 0.", span_seconds(x->at));
    put_value(out, "muster_run_trustworthy", "gauge", "1 as long as nothing speaks against the numbers, else 0.",
              x->trustworthy);
}

static void write_tool(const struct exposition *x, struct text *out) {
    put_family(out, "muster_tool_lag_seconds", "histogram", "The tool's own delay of operations.");
    write_buckets(x, out, "muster_tool_lag_seconds", NULL, NULL, &x->lag);
    put_value(out, "muster_tool_emitted_total", "counter", "Operations that were emitted.", (double)x->emitted);
    put_value(out, "muster_tool_late_total", "counter", "Of these, later than the limit of trust.", (double)x->late);
    put_value(out, "muster_tool_dropped_records_total", "counter", "Log records that were dropped.",
              (double)x->dropped);
    put_value(out, "muster_tool_loop_late_seconds", "gauge", "The latest that a loop came round in the last second.",
              x->loop_late_s);
    put_value(out, "muster_tool_cpu_share", "gauge", "Share of a core that the busiest worker used.", x->cpu_share);
    put_value(out, "muster_tool_memory_bytes", "gauge", "Anonymous memory of the process.", (double)x->rss_bytes);
}

void exposition_write(const struct exposition *x, struct text *out) {
    write_run(x, out);
    write_devices(x, out);
    write_outcomes(x, out);
    write_times(x, out, true);
    write_times(x, out, false);
    for (int k = 0; k < TALLY_KINDS; k++)
        write_tally(x, out, (enum tally_kind)k);
    write_tool(x, out);
}
