#include "scenario/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "device/power.h"

/* --- names to groups and segments ----------------------------------------------------------------------------------- */

static const char *label_of_group(const struct fleet_group *g, enum metric_label label) {
    switch (label) {
    case LABEL_FLEET:
        return g->fleet;
    case LABEL_PROFILE:
        return g->profile_name;
    case LABEL_REGION:
        return g->region;
    case LABEL_TARGET:
        return g->target_name;
    default:
        return NULL;
    }
}

static bool has_word(const struct expr_condition_label *l, const char *word) {
    return (strcmp(l->word, word) == 0) == l->equal;
}

static bool selects_group(const struct expr_call *c, const struct fleet_group *g) {
    for (unsigned i = 0; i < c->label_count; i++) {
        const struct expr_condition_label *l = &c->labels[i];
        const char *word = label_of_group(g, l->label);
        if (word != NULL && !has_word(l, word))
            return false;
    }
    return true;
}

static const struct phase *find_phase(const struct plan *p, const char *id) {
    for (unsigned i = 0; i < p->phase_count; i++)
        if (strcmp(p->phases[i].id, id) == 0)
            return &p->phases[i];
    check_failed("the phase exists", __FILE__, __LINE__);
}

static void narrow(struct measure_scope *s, instant from, instant to) {
    s->from = instant_max(s->from, from);
    s->to = instant_min(s->to, to);
}

void measure_scope_of(const struct expr_call *call, const struct check *check, const struct plan *plan,
                      struct measure_scope *s) {
    *s = (struct measure_scope){.call = call, .plan = plan, .from = INT64_MIN, .to = INSTANT_NEVER};
    s->groups = calloc(plan->group_count + 1, sizeof *s->groups);
    CHECK(s->groups != NULL);
    for (unsigned g = 0; g < plan->group_count; g++)
        s->groups[g] = selects_group(call, &plan->groups[g]);
    if (plan->warmup > 0)
        s->from = plan->warmup;
    if (call->during[0] != '\0') {
        const struct phase *p = find_phase(plan, call->during);
        narrow(s, p->start, p->end);
    }
    if (call->from.given) {
        const struct phase *p = find_phase(plan, call->from.id);
        narrow(s, call->from.end ? p->end : p->start, INSTANT_NEVER);
    }
    if (call->to.given) {
        const struct phase *p = find_phase(plan, call->to.id);
        narrow(s, INT64_MIN, call->to.end ? p->end : p->start);
    }
    s->first_segment = segments_find(&plan->segments, s->from);
    s->end_segment = s->to == INSTANT_NEVER ? plan->segments.count : segments_find(&plan->segments, s->to);
    s->excluded_bit = check->excluded_bit;
    for (unsigned i = 0; i < plan->excluded_count; i++)
        if (check->excluded_bit == 1U << i)
            s->excluded_set = &plan->excluded[i];
}

void measure_scope_free(struct measure_scope *s) {
    free(s->groups);
    s->groups = NULL;
}

bool measure_is_gauge(const struct expr_call *c) {
    return c->metric->kind == METRIC_GAUGE;
}

bool measure_is_timing(const struct expr_call *c) {
    return c->metric->kind == METRIC_TIMING || c->metric->kind == METRIC_DEVICE;
}

/* --- numbers -------------------------------------------------------------------------------------------------------- */

static bool label_allows(const struct expr_call *c, enum metric_label label, const char *word) {
    for (unsigned i = 0; i < c->label_count; i++)
        if (c->labels[i].label == label && !has_word(&c->labels[i], word))
            return false;
    return true;
}

static const char *const qos_names[] = {"0", "1", "2"};

static bool covers(const struct measure_scope *s, const struct series *series) {
    const struct cell_key *k = &series->key;
    return k->group < s->plan->group_count && s->groups[k->group] && k->segment >= s->first_segment &&
           k->segment < s->end_segment && (k->excluded & s->excluded_bit) == 0 && k->qos <= 2 &&
           label_allows(s->call, LABEL_QOS, qos_names[k->qos]) &&
           label_allows(s->call, LABEL_HELD, k->held ? "true" : "false");
}

static enum clock_kind clock_of(const struct expr_call *c) {
    if (c->metric->source == METRIC_FROM_LAG)
        return CLOCK_LAG;
    for (unsigned i = 0; i < c->label_count; i++)
        for (int clock = 0; clock < CLOCK_KINDS; clock++)
            if (c->labels[i].label == LABEL_CLOCK && strcmp(c->labels[i].word, clock_names[clock]) == 0)
                return (enum clock_kind)clock;
    return CLOCK_RESPONSE;
}

static void add_timing(const struct measure_scope *s, const struct series *series, struct measure *m) {
    enum clock_kind clock = clock_of(s->call);
    const struct cell_key *k = &series->key;
    if (series->clocks[clock] != NULL)
        histogram_add(m->samples, series->clocks[clock]);
    bool waits_for_answer = !(k->op == OP_MQTT_PUBLISH && k->qos == 0);
    if (clock != CLOCK_LAG && waits_for_answer)
        m->samples->infinite += series_unanswered(series);
}

static uint64_t intended(const struct series *series) {
    return series_count(series) + series->outcomes[OP_WITHDRAWN] + series->outcomes[OP_DROPPED] +
           series->outcomes[OP_OPEN];
}

/* Handed over at least once, as far as the end tells. */
static uint64_t sent(const struct series *series) {
    return series_count_answered(series) + series_unanswered(series);
}

static uint64_t emitted(const struct series *series) {
    return series->clocks[CLOCK_LAG] == NULL ? 0 : series->clocks[CLOCK_LAG]->count;
}

/* Those that the label reason selects; all without one. */
static uint64_t by_reason(const struct expr_call *c, const uint64_t *counts, const char *const *names, int reasons) {
    uint64_t sum = 0;
    for (int i = 1; i < reasons; i++)
        if (label_allows(c, LABEL_REASON, names[i]))
            sum += counts[i];
    return sum;
}

static uint64_t part_of_series(const struct expr_call *c, const struct series *series) {
    const struct metric *metric = c->metric;
    switch (metric->source) {
    case METRIC_FROM_OUTCOME:
        if (metric->outcome == OP_DROPPED)
            return by_reason(c, series->drops, op_drop_names, OP_DROP_REASONS);
        return series->outcomes[metric->outcome];
    case METRIC_FROM_FAILED:
        return series_count_failed(series);
    case METRIC_FROM_HELD:
        return by_reason(c, series->held, op_held_names, OP_HELD_REASONS);
    case METRIC_FROM_OPERATIONS:
        return series_count(series);
    case METRIC_FROM_SENT:
        return c->function == METRIC_COUNT || c->function == METRIC_RATE ? sent(series) : 0;
    case METRIC_FROM_LATE:
        return series->late;
    default:
        return 0;
    }
}

static uint64_t whole_of_series(const struct expr_call *c, const struct series *series) {
    bool same = c->metric->op == series->key.op;
    if (c->metric->kind == METRIC_MESSAGE)
        return same && (c->function == METRIC_COUNT || c->function == METRIC_RATE) ? intended(series) : 0;
    switch (c->metric->of) {
    case METRIC_OF_COUNT:
        return same ? series_count(series) : 0;
    case METRIC_OF_INTENDED:
        return same ? intended(series) : 0;
    case METRIC_OF_EMITTED:
        return emitted(series);
    case METRIC_OF_ACCEPTED:
        return series->key.op == OP_MQTT_CONNECT ? series->outcomes[OP_OK] : 0;
    default:
        return 0;
    }
}

static void add_series(const struct measure_scope *s, const struct series *series, struct measure *m) {
    const struct metric *metric = s->call->metric;
    if (!covers(s, series))
        return;
    bool same = metric->op == series->key.op || metric->source == METRIC_FROM_LAG || metric->source == METRIC_FROM_LATE;
    if (measure_is_timing(s->call)) {
        if (same)
            add_timing(s, series, m);
        return;
    }
    if (same)
        m->part += part_of_series(s->call, series);
    m->whole += whole_of_series(s->call, series);
}

static bool covers_tally(const struct measure_scope *s, const struct tally_series *t) {
    return t->group < s->plan->group_count && s->groups[t->group] && t->segment >= s->first_segment &&
           t->segment < s->end_segment;
}

/* What became of messages: from the audit, and without an observer from acknowledgements and from what subscribing devices got. */
static void add_messages(const struct measure_scope *s, const struct tally_series *t, struct measure *m) {
    const struct expr_call *c = s->call;
    bool observed = s->plan->observe != NULL;
    if (!label_allows(c, LABEL_QOS, qos_names[t->qos]))
        return;
    if (c->function == METRIC_LOST) {
        m->part += t->counts[TALLY_LOST];
        m->whole += t->qos == 0 ? t->counts[TALLY_AUDITED] : t->counts[TALLY_SENT];
    } else if (c->function == METRIC_REORDERED) {
        m->part += t->counts[TALLY_AUDIT_REORDERED];
        m->whole += t->counts[TALLY_AUDIT_RECEIVED];
    } else if (c->function == METRIC_DUPLICATED) {
        m->part += t->counts[observed ? TALLY_AUDIT_DUPLICATED : TALLY_DUPLICATED];
        m->whole += t->counts[observed ? TALLY_AUDIT_RECEIVED : TALLY_RECEIVED];
    }
}

static void add_tallies(const struct measure_scope *s, const struct tally_series *t, struct measure *m) {
    const struct expr_call *c = s->call;
    if (!covers_tally(s, t))
        return;
    if (c->metric->kind == METRIC_MESSAGE) {
        add_messages(s, t, m);
    } else if (c->metric->source == METRIC_FROM_BYTES) {
        m->part += t->counts[TALLY_BYTES_UP] + t->counts[TALLY_BYTES_DOWN];
    } else if (c->metric->source == METRIC_FROM_ENERGY) {
        for (int i = 0; i < POWER_CAUSES; i++)
            m->part += t->counts[TALLY_ENERGY_FLOOR + i];
    } else if (c->metric->source == METRIC_FROM_TALLY) {
        m->part += t->counts[c->metric->tally];
        if (c->metric->of == METRIC_OF_TALLY)
            m->whole += t->counts[c->metric->of_tally];
    }
}

static uint64_t devices(const struct measure_scope *s, const struct result *r) {
    if (r->gauge_count == 0)
        return 0;
    return measure_devices_of(s, &r->gauges[r->gauge_count - 1]).all;
}

void measure_add(const struct measure_scope *s, const struct result *r, struct measure *m) {
    const struct metric *metric = s->call->metric;
    uint64_t unanswered = measure_is_timing(s->call) ? m->samples->infinite + m->samples->count : 0;
    for (size_t i = 0; i < r->series_count; i++)
        add_series(s, r->series[i], m);
    for (size_t i = 0; i < r->tally_count; i++)
        add_tallies(s, &r->tallies[i], m);
    if (measure_is_timing(s->call)) {
        m->part = m->samples->count;
        m->whole += m->samples->infinite + m->samples->count - unanswered;
    }
    if (metric->source == METRIC_FROM_RECORDS)
        m->part += r->dropped_records;
    if (metric->of == METRIC_OF_DEVICES && metric->kind != METRIC_GAUGE)
        m->whole = devices(s, r);
}

bool measure_audit(const struct measure_scope *s, const struct result *r, uint64_t *audited, uint64_t *excluded) {
    const struct expr_call *c = s->call;
    bool judged = c->function == METRIC_LOST || c->function == METRIC_DUPLICATED || c->function == METRIC_REORDERED ||
                  (measure_is_timing(c) && c->metric->op == OP_MQTT_END_TO_END);
    *audited = *excluded = 0;
    for (size_t i = 0; judged && i < r->tally_count; i++) {
        const struct tally_series *t = &r->tallies[i];
        if (!covers_tally(s, t) || !label_allows(c, LABEL_QOS, qos_names[t->qos]))
            continue;
        *audited += t->counts[TALLY_AUDITED];
        *excluded += t->counts[TALLY_AUDIT_EXCLUDED];
    }
    return judged;
}

struct measure_value measure_number(double value) {
    return (struct measure_value){.known = !isnan(value), .value = value};
}

struct measure_value measure_share(uint64_t part, uint64_t whole) {
    if (whole == 0)
        return (struct measure_value){.known = false};
    return (struct measure_value){.known = true,
                                  .value = (double)part / (double)whole,
                                  .exact = true,
                                  .part = (int64_t)part,
                                  .whole = (int64_t)whole};
}

int measure_compare(const struct measure_value *a, const struct measure_value *b) {
    if (a->exact && b->exact) {
        __int128 left = (__int128)a->part * b->whole, right = (__int128)b->part * a->whole;
        return left < right ? -1 : left > right;
    }
    return a->value < b->value ? -1 : a->value > b->value;
}

/* Quantiles are the upper ends of buckets; no sample is beyond the exact minimum and maximum. */
static double quantile_of(const struct histogram *h, uint32_t ppm) {
    int64_t value = histogram_quantile(h, (double)ppm / 1e6, true);
    if (value == INT64_MAX)
        return INFINITY;
    if (value > h->max_ns)
        value = h->max_ns;
    return (double)(value < h->min_ns ? h->min_ns : value);
}

static double timing_of(const struct expr_call *c, const struct histogram *h) {
    if (h->count + h->infinite == 0)
        return NAN;
    switch (c->function) {
    case METRIC_P:
        return quantile_of(h, c->quantile_ppm);
    case METRIC_MAX:
        return h->infinite > 0 ? INFINITY : (double)h->max_ns;
    case METRIC_MIN:
        return h->count > 0 ? (double)h->min_ns : INFINITY;
    default:
        return h->count > 0 ? (double)h->sum_ns / (double)h->exact : INFINITY;
    }
}

/* From what is kept as a duration to what it stands for (op_kinds). */
static double scale_of(const struct metric *m) {
    if (m->kind != METRIC_DEVICE)
        return 1;
    return m->unit == UNITS_SHARE ? 1 / (double)SPAN_S : (double)RECORDER_VALUE_SPAN;
}

struct measure_value measure_value_of(const struct expr_call *c, const struct measure *m, span length) {
    double bits = c->metric->unit == UNITS_BYTES ? 8 : c->metric->unit == UNITS_ENERGY ? 1e-6 : 1;
    switch (c->function) {
    case METRIC_P:
    case METRIC_MIN:
    case METRIC_MEAN:
    case METRIC_MAX:
        return measure_number(timing_of(c, m->samples) * scale_of(c->metric));
    case METRIC_RATE:
        return measure_number(length > 0 ? bits * (double)m->part / span_seconds(length) : NAN);
    case METRIC_RATIO:
        return measure_share(m->part, m->whole);
    default:
        return measure_number((c->metric->unit == UNITS_ENERGY ? 1e-6 : 1) * (double)m->part);
    }
}

struct measure_devices measure_devices_of(const struct measure_scope *s, const struct gauge_row *row) {
    struct measure_devices d = {0, 0};
    for (unsigned g = 0; g < s->plan->group_count; g++)
        for (unsigned state = 0; s->groups[g] && state < STATE_KINDS; state++) {
            d.all += row->counts[g * STATE_KINDS + state];
            if (state == (unsigned)s->call->metric->state)
                d.in_state += row->counts[g * STATE_KINDS + state];
        }
    return d;
}

bool measure_covers_row(const struct measure_scope *s, instant at) {
    /* after `duration` devices are on their way out */
    if (at < s->from || at >= instant_min(s->to, s->plan->duration))
        return false;
    for (unsigned i = 0; s->excluded_set != NULL && i < s->excluded_set->count; i++)
        if (at >= s->excluded_set->actions[i]->start && at < s->excluded_set->actions[i]->end)
            return false;
    return true;
}
