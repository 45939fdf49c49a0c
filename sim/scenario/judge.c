#include "scenario/judge.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "scenario/expr_type.h"
#include "scenario/measure.h"
#include "scenario/window.h"

struct judged_call {
    struct measure_scope scope;
    struct window *window; /* NULL: no over= */
    enum expr_worst worst;
};

struct judged_check {
    const struct check *check;
    struct judged_call calls[EXPR_CALLS_MAX];
};

struct judge {
    const struct plan *plan;
    struct judged_check *checks;
    struct histogram *scratch;
    int aborting;     /* index of the check that ended the run; −1 */
    bool has_windows; /* some check must see every second */
};

static void *take(size_t count, size_t size) {
    void *block = calloc(count > 0 ? count : 1, size);
    CHECK(block != NULL);
    return block;
}

struct judge *judge_new(const struct plan *plan) {
    struct judge *j = take(1, sizeof *j);
    j->plan = plan;
    j->aborting = -1;
    j->checks = take(plan->check_count, sizeof *j->checks);
    j->scratch = take(1, sizeof *j->scratch);
    for (unsigned i = 0; i < plan->check_count; i++) {
        struct judged_check *c = &j->checks[i];
        enum expr_worst worst[EXPR_CALLS_MAX];
        c->check = &plan->checks[i];
        expr_type_worst(c->check->expr, worst);
        for (int k = 0; k < c->check->expr->call_count; k++) {
            struct judged_call *call = &c->calls[k];
            measure_scope_of(&c->check->expr->calls[k], c->check, plan, &call->scope);
            call->worst = worst[k];
            if (call->scope.call->over != 0) {
                call->window = window_new(&call->scope, c->check->min_samples);
                j->has_windows = true;
            }
        }
    }
    return j;
}

void judge_free(struct judge *j) {
    if (j == NULL)
        return;
    for (unsigned i = 0; i < j->plan->check_count; i++)
        for (int k = 0; k < j->checks[i].check->expr->call_count; k++) {
            measure_scope_free(&j->checks[i].calls[k].scope);
            window_free(j->checks[i].calls[k].window);
        }
    free(j->checks);
    free(j->scratch);
    free(j);
}

/* --- the value of one call ------------------------------------------------------------------------------------------ */

/* The value of a call, how many samples it rests on, and in words why it is missing or infinite. */
struct found {
    struct measure_value value;
    uint64_t samples;
    char reason[JUDGE_REASON_MAX];
};

static void explain(struct found *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void explain(struct found *f, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(f->reason, sizeof f->reason, format, args);
    va_end(args);
}

/* The call as written, for sentences. */
struct written {
    char text[100];
};

static struct written piece_of(const struct judged_check *c, struct expr_piece piece) {
    struct written w;
    snprintf(w.text, sizeof w.text, "%.*s", (int)piece.size, c->check->expr->text + piece.offset);
    if (piece.size >= sizeof w.text)
        memcpy(w.text + sizeof w.text - 4, "...", 4);
    return w;
}
#define SUBJECT(c, call) piece_of(c, (call)->scope.call->subject).text

/* How many samples a value needs: as given, or 1 / min(q, 1 − q) for a percentile, else 1. */
static uint64_t samples_needed(const struct judged_check *c, const struct expr_call *call) {
    if (c->check->min_samples > 0)
        return c->check->min_samples;
    if (call->function != METRIC_P || call->metric->kind == METRIC_DEVICE) /* those are all there are */
        return 1;
    uint32_t rare = call->quantile_ppm > 500000 ? 1000000 - call->quantile_ppm : call->quantile_ppm;
    return rare == 0 ? 1 : (1000000 + rare - 1) / rare;
}

/* What the call would have found without its labels and scopes: names what exists. */
static uint64_t samples_anywhere(const struct judge *j, const struct judged_call *call, const struct result *total) {
    struct measure_scope wide = call->scope;
    struct expr_call bare = *call->scope.call;
    struct measure m = {.samples = j->scratch};
    bool *all = take(j->plan->group_count, sizeof *all);
    for (unsigned g = 0; g < j->plan->group_count; g++)
        all[g] = true;
    bare.label_count = 0;
    wide.call = &bare;
    wide.groups = all;
    wide.first_segment = 0;
    wide.end_segment = j->plan->segments.count;
    wide.excluded_bit = 0;
    histogram_reset(j->scratch);
    measure_add(&wide, total, &m);
    free(all);
    return m.whole;
}

static void explain_no_data(const struct judge *j, const struct judged_check *c, const struct judged_call *call,
                            const struct result *total, struct found *f) {
    const struct expr_call *e = call->scope.call;
    f->value.known = false;
    if (e->function == METRIC_REORDERED && j->plan->observe == NULL) {
        explain(f, "no data for %s: order is known only where an auditor observes the messages (observe: all)",
                SUBJECT(c, call));
        return;
    }
    uint64_t anywhere = samples_anywhere(j, call, total);
    if (e->function == METRIC_LOST && anywhere == 0)
        explain(f, "no data for %s: no message of QoS 1 or 2 was sent, and QoS 0 is audited by nobody (observe: all)",
                SUBJECT(c, call));
    else if (anywhere == 0)
        explain(f, "no data for %s: nothing of the kind happened in the whole run", SUBJECT(c, call));
    else
        explain(f, "no data for %s: all %llu samples of %s lie outside its labels, scope or window", SUBJECT(c, call),
                (unsigned long long)anywhere, e->metric->name);
}

static void explain_infinite(const struct judged_check *c, const struct judged_call *call, const struct measure *m,
                             struct found *f) {
    if (m->samples != NULL && m->samples->infinite > 0)
        explain(f, "%llu of %llu operations of %s had no answer", (unsigned long long)m->samples->infinite,
                (unsigned long long)m->whole, SUBJECT(c, call));
    else
        explain(f, "%s is infinite", SUBJECT(c, call));
}

/* From the start of the scope to its end, as far as the run has come: for rates. */
static span length_of(const struct judge *j, const struct measure_scope *s, const struct result *total) {
    instant from = instant_max(s->from, 0), to = instant_min(s->to, j->plan->duration);
    if (total->gauge_count > 0)
        to = instant_min(to, total->gauges[total->gauge_count - 1].at);
    return to > from ? to - from : 0;
}

static void find_total(const struct judge *j, const struct judged_check *c, const struct judged_call *call,
                       const struct result *total, struct found *f) {
    struct measure m = {.samples = j->scratch};
    histogram_reset(j->scratch);
    measure_add(&call->scope, total, &m);
    f->samples = m.whole;
    uint64_t needed = samples_needed(c, call->scope.call);
    if (m.whole == 0) {
        explain_no_data(j, c, call, total, f);
        return;
    }
    if (m.whole < needed) {
        explain(f, "%s has %llu samples, and %llu are needed (min_samples)", SUBJECT(c, call),
                (unsigned long long)m.whole, (unsigned long long)needed);
        return;
    }
    f->value = measure_value_of(call->scope.call, &m, length_of(j, &call->scope, total));
    if (!f->value.known)
        explain(f, "%s has no value: its scope has no length", SUBJECT(c, call));
    else if (isinf(f->value.value))
        explain_infinite(c, call, &m, f);
}

static void find_window(const struct judge *j, const struct judged_check *c, const struct judged_call *call,
                        const struct result *total, bool largest, struct found *f) {
    f->value = largest ? window_largest(call->window) : window_smallest(call->window);
    f->samples = window_samples(call->window);
    bool few = f->samples < (c->check->min_samples > 0 ? c->check->min_samples : 1);
    if (f->value.known && !few) {
        if (isinf(f->value.value))
            explain(f, "in the worst window too many operations of %s had no answer", SUBJECT(c, call));
        return;
    }
    f->value.known = false;
    if (f->samples == 0 && !measure_is_gauge(call->scope.call))
        explain_no_data(j, c, call, total, f);
    else if (window_complete(call->window) == 0)
        explain(f, "%s has no value: no window fits into its scope", SUBJECT(c, call));
    else
        explain(f, "%s has %llu samples, too few for any of its windows (min_samples)", SUBJECT(c, call),
                (unsigned long long)f->samples);
}

/* --- gauges --------------------------------------------------------------------------------------------------------- */

static struct measure_value gauge_number(const struct expr_call *c, struct measure_devices d) {
    return c->as_share ? measure_share(d.in_state, d.all) : measure_number((double)d.in_state);
}

static void find_gauge(const struct judged_check *c, const struct judged_call *call, const struct result *total,
                       struct found *f) {
    const struct expr_call *e = call->scope.call;
    uint64_t in_state = 0, all = 0;
    for (size_t i = 0; i < total->gauge_count; i++) {
        const struct gauge_row *row = &total->gauges[i];
        struct measure_devices d = measure_devices_of(&call->scope, row);
        if (!measure_covers_row(&call->scope, row->at) || d.all == 0)
            continue;
        f->samples++;
        in_state += d.in_state;
        all += d.all;
        struct measure_value v = gauge_number(e, d);
        int order = f->value.known ? measure_compare(&v, &f->value) : 0;
        if (!f->value.known || (e->function == METRIC_MIN && order < 0) || (e->function == METRIC_MAX && order > 0))
            f->value = v;
    }
    uint64_t needed = samples_needed(c, e);
    if (f->samples < needed) {
        f->value.known = false;
        explain(f, "no data for %s: its scope holds %llu seconds of devices", SUBJECT(c, call),
                (unsigned long long)f->samples);
    } else if (e->function == METRIC_MEAN) {
        f->value = e->as_share ? measure_share(in_state, all) : measure_number((double)in_state / (double)f->samples);
    }
}

static bool threshold_holds(const struct expr_call *c, struct measure_devices d) {
    struct measure_value left = gauge_number(c, d);
    struct measure_value right = measure_number(c->threshold.value);
    if (c->threshold.exact) {
        right.exact = true;
        right.part = c->threshold.numerator;
        right.whole = c->threshold.denominator;
    }
    return left.known && relop_holds(c->relop, measure_compare(&left, &right), 0);
}

/* From the edge to the first second in which it holds. The row at or before the edge tells whether it holds already. While the run
 * goes on, the time that has passed is a lower bound. */
static void find_time_to(const struct judged_check *c, const struct judged_call *call, const struct result *total,
                         bool running, struct found *f) {
    const struct expr_call *e = call->scope.call;
    instant from = instant_max(call->scope.from, 0), last = INT64_MIN;
    bool before = false;
    for (size_t i = 0; i < total->gauge_count; i++) {
        const struct gauge_row *row = &total->gauges[i];
        struct measure_devices d = measure_devices_of(&call->scope, row);
        if (row->at > call->scope.to)
            break;
        f->samples += d.all > 0;
        last = row->at;
        if (row->at <= from) {
            before = threshold_holds(e, d);
            continue;
        }
        if (before || threshold_holds(e, d)) {
            f->value = measure_number(before ? 0 : (double)(row->at - from));
            return;
        }
    }
    if (f->samples == 0 || last < from) {
        explain(f, "no data for %s: the run did not come to where it begins", SUBJECT(c, call));
    } else if (before) {
        f->value = measure_number(0);
    } else if (running) {
        f->value = measure_number((double)(last - from));
    } else {
        f->value = measure_number(INFINITY);
        explain(f, "%s never came true", SUBJECT(c, call));
    }
}

/* --- whole checks --------------------------------------------------------------------------------------------------- */

struct sides {
    struct measure_value left, right;
    uint64_t samples;
    char reason[JUDGE_REASON_MAX];
};

static struct measure_value literal_value(const struct expr_literal *l) {
    struct measure_value v = measure_number(l->value);
    v.exact = l->exact;
    v.part = l->numerator;
    v.whole = l->denominator;
    return v;
}

static struct measure_value combine(enum expr_node_kind kind, const struct measure_value *a,
                                    const struct measure_value *b) {
    if (!a->known || !b->known)
        return (struct measure_value){.known = false};
    switch (kind) {
    case EXPR_ADD:
        return measure_number(a->value + b->value);
    case EXPR_SUBTRACT:
        return measure_number(a->value - b->value);
    case EXPR_MULTIPLY:
        return measure_number(a->value * b->value);
    default:
        return measure_number(b->value == 0 ? NAN : a->value / b->value);
    }
}

/* `flip`: for ==, the smallest windows instead of the largest. */
static struct sides evaluate(const struct judge *j, const struct judged_check *c, const struct result *total,
                             bool running, bool flip) {
    const struct expr *e = c->check->expr;
    struct measure_value values[EXPR_NODES_MAX];
    struct sides s = {.samples = UINT64_MAX};
    for (int i = 0; i < e->node_count; i++) {
        const struct expr_node *n = &e->nodes[i];
        if (n->kind == EXPR_LITERAL) {
            values[i] = literal_value(&n->literal);
            continue;
        }
        if (n->kind != EXPR_CALL) {
            values[i] = combine(n->kind, &values[n->left], &values[n->right]);
            if (!values[i].known && s.reason[0] == '\0')
                snprintf(s.reason, sizeof s.reason, "%s has no value: it divides by zero", piece_of(c, n->piece).text);
            continue;
        }
        const struct judged_call *call = &c->calls[n->call];
        struct found f = {.samples = 0};
        if (call->scope.call->function == METRIC_TIME_TO)
            find_time_to(c, call, total, running, &f);
        else if (call->window != NULL)
            find_window(j, c, call, total,
                        call->worst == EXPR_WORST_LARGEST || (call->worst == EXPR_WORST_EITHER && !flip), &f);
        else if (measure_is_gauge(call->scope.call))
            find_gauge(c, call, total, &f);
        else
            find_total(j, c, call, total, &f);
        values[i] = f.value;
        if (f.samples < s.samples)
            s.samples = f.samples;
        if (f.reason[0] != '\0' && s.reason[0] == '\0')
            memcpy(s.reason, f.reason, sizeof s.reason);
    }
    s.left = values[e->left];
    s.right = values[e->right];
    return s;
}

/* Two infinite sides tell nothing about each other: that fails. */
static bool holds(enum relop relop, const struct sides *s) {
    if (s->left.known && s->right.known && isinf(s->left.value) && isinf(s->right.value))
        return false;
    return s->left.known && s->right.known && relop_holds(relop, measure_compare(&s->left, &s->right), 0);
}

/* The sides by which the check is judged: for == with windows the pair that fails, if one does. */
static struct sides decide(const struct judge *j, const struct judged_check *c, const struct result *total,
                           bool running) {
    struct sides s = evaluate(j, c, total, running, false);
    enum relop relop = c->check->expr->relop;
    bool windows = false;
    for (int k = 0; k < c->check->expr->call_count; k++)
        windows = windows || c->calls[k].window != NULL;
    if (relop == REL_EQ && windows && holds(relop, &s))
        s = evaluate(j, c, total, running, true);
    return s;
}

int judge_second(struct judge *j, instant at, const struct result *second, const struct result *total) {
    for (unsigned i = 0; j->has_windows && i < j->plan->check_count; i++)
        for (int k = 0; k < j->checks[i].check->expr->call_count; k++)
            if (j->checks[i].calls[k].window != NULL)
                window_push(j->checks[i].calls[k].window, at, second);
    if (j->aborting >= 0)
        return -1;
    for (unsigned i = 0; i < j->plan->check_count; i++) {
        const struct judged_check *c = &j->checks[i];
        if (!c->check->abort)
            continue;
        struct sides s = decide(j, c, total, true);
        if (s.left.known && s.right.known && !holds(c->check->expr->relop, &s)) {
            j->aborting = (int)i;
            return (int)i;
        }
    }
    return -1;
}

/* --- verdicts ------------------------------------------------------------------------------------------------------- */

static void set_unit(expr_dimension d, struct check_verdict *v) {
    static const struct {
        expr_dimension dimension;
        const char *unit;
        double factor;
    } rows[] = {{UNITS_DURATION, "ms", 1e6}, {UNITS_SHARE, "%", 0.01}, {UNITS_RATE, "/s", 1},
                {UNITS_BITRATE, "bps", 1},   {UNITS_BYTES, "B", 1},    {EXPR_DEVICES, "devices", 1},
                {UNITS_ENERGY, "J", 1},      {UNITS_POWER, "W", 1}};
    v->unit = "";
    v->unit_factor = 1;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].dimension == d) {
            v->unit = rows[i].unit;
            v->unit_factor = rows[i].factor;
        }
}

/* A bare 0 has the other side's dimension. */
static expr_dimension dimension_of(const struct expr *e) {
    expr_dimension left = e->nodes[e->left].dimension, right = e->nodes[e->right].dimension;
    return left == UNITS_PLAIN ? right : left;
}

void judge_finish(struct judge *j, const struct result *total, struct check_verdict *out) {
    for (unsigned i = 0; i < j->plan->check_count; i++) {
        const struct judged_check *c = &j->checks[i];
        struct check_verdict *v = &out[i];
        struct sides s = decide(j, c, total, false);
        *v = (struct check_verdict){.check = c->check,
                                    .pass = holds(c->check->expr->relop, &s),
                                    .value_known = s.left.known,
                                    .limit_known = s.right.known,
                                    .value = s.left.known ? s.left.value : 0,
                                    .limit = s.right.known ? s.right.value : 0,
                                    .samples = s.samples,
                                    .aborted_the_run = j->aborting == (int)i};
        v->value_infinite = s.left.known && isinf(s.left.value);
        v->limit_infinite = s.right.known && isinf(s.right.value);
        set_unit(dimension_of(c->check->expr), v);
        if (!v->pass)
            memcpy(v->reason, s.reason, sizeof v->reason);
    }
}
