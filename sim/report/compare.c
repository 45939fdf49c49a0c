#include "report/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "report/compare_bootstrap.h"
#include "report/rank_test.h"

const char *const compare_verdict_names[COMPARE_VERDICTS] = {"same", "better", "worse", "inconclusive"};
const char *const compare_method_names[] = {"block bootstrap", "Mann-Whitney", "none"};

static const double tail = 0.05; /* of each side: what a regression gate may err, before the margin makes it rarer */

struct sides {
    const struct compare_run *before, *after;
    unsigned before_count, after_count;
};

/* --- do they belong together ------------------------------------------------------------------------------------------ */

static const char *differs(const struct compare_run *a, const struct compare_run *b) {
    if (strcmp(a->scenario_hash, b->scenario_hash) != 0)
        return "they ran different scenarios";
    if (a->seed_given != b->seed_given)
        return "one had a seed of its own, the other a drawn one";
    if (a->shards != b->shards)
        return "they are shares of different size";
    if (strtol(a->version, NULL, 10) != strtol(b->version, NULL, 10))
        return "they were made by different major versions";
    return NULL;
}

int compare_admit(const struct compare_run *before, unsigned before_count, const struct compare_run *after,
                  unsigned after_count, char *why, size_t why_size) {
    const struct compare_run *first = &before[0];
    for (unsigned i = 0; i < before_count + after_count; i++) {
        const struct compare_run *r = i < before_count ? &before[i] : &after[i - before_count];
        const char *difference = differs(first, r);
        if (difference == NULL)
            continue;
        snprintf(why, why_size, "%.300s and %.300s cannot be compared: %s", first->directory, r->directory, difference);
        return ERR_INVALID;
    }
    return 0;
}

/* --- one figure of one run -------------------------------------------------------------------------------------------- */

static uint64_t samples_of(const struct compare_run *r, const struct compare_metric *m) {
    return m->stat == COMPARE_FAILED ? r->outcomes[m->op].tried : r->timings[m->op][m->clock].samples;
}

static double figure_of(const struct compare_run *r, const struct compare_metric *m) {
    if (m->stat == COMPARE_FAILED) {
        const struct compare_outcomes *o = &r->outcomes[m->op];
        return o->tried == 0 ? NAN : (double)o->failed / (double)o->tried;
    }
    const struct compare_timing *t = &r->timings[m->op][m->clock];
    if (t->counts == NULL)
        return NAN;
    uint64_t *sum = calloc(t->width, sizeof *sum);
    CHECK(sum != NULL);
    for (size_t i = 0; i < (size_t)r->units * t->width; i++)
        sum[i % t->width] += t->counts[i];
    double ms = compare_run_quantile_ms(sum, t->low, t->width, m->q);
    free(sum);
    return ms;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, unsigned count) {
    double sorted[COMPARE_RUNS_MAX];
    memcpy(sorted, values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

/* --- one row ---------------------------------------------------------------------------------------------------------- */

/* Enough for a percentile that one outlier does not make. */
static uint64_t samples_wanted(const struct compare_metric *m) {
    if (m->stat == COMPARE_FAILED)
        return 1;
    double rarer = m->q < 1 - m->q ? m->q : 1 - m->q;
    return (uint64_t)ceil(1 / rarer - 1e-9);
}

static uint64_t least_samples(const struct compare_run *runs, unsigned count, const struct compare_metric *m) {
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < count; i++) {
        uint64_t samples = samples_of(&runs[i], m);
        least = samples < least ? samples : least;
    }
    return least;
}

static bool spreads(const struct compare_run *r, const struct compare_metric *m) {
    unsigned hit = 0;
    if (m->stat == COMPARE_QUANTILE) {
        hit = r->timings[m->op][m->clock].units_hit;
    } else {
        for (unsigned u = 0; r->outcomes[m->op].tried_in != NULL && u < r->units; u++)
            hit += r->outcomes[m->op].tried_in[u] > 0;
    }
    return hit >= COMPARE_UNITS_LEAST && 2 * hit >= r->units;
}

static void by_ranks(const struct sides *s, const double *before, const double *after, double margin,
                     struct compare_row *row) {
    double worse[COMPARE_RUNS_MAX], better[COMPARE_RUNS_MAX], shown_before[COMPARE_RUNS_MAX],
        shown_after[COMPARE_RUNS_MAX];
    bool share = row->metric.stat == COMPARE_FAILED;
    for (unsigned i = 0; i < s->before_count; i++) {
        worse[i] = share ? before[i] + margin : before[i] * (1 + margin);
        better[i] = share ? before[i] - margin : before[i] * (1 - margin);
        shown_before[i] = share ? before[i] : log(before[i]);
    }
    for (unsigned i = 0; i < s->after_count; i++)
        shown_after[i] = share ? after[i] : log(after[i]);
    row->p_worse = rank_test_greater(worse, s->before_count, after, s->after_count);
    row->p_better = rank_test_greater(after, s->after_count, better, s->before_count);
    struct rank_shift shift = rank_test_shift(shown_before, s->before_count, shown_after, s->after_count, 1 - 2 * tail);
    row->change = share ? shift.shift : exp(shift.shift) - 1;
    row->low = share ? shift.low : exp(shift.low) - 1;
    row->high = share ? shift.high : exp(shift.high) - 1;
}

static void fill_row(const struct sides *s, enum compare_method method, double margin, struct compare_row *row) {
    double before[COMPARE_RUNS_MAX] = {0}, after[COMPARE_RUNS_MAX] = {0};
    const struct compare_metric *m = &row->metric;
    for (unsigned i = 0; i < s->before_count; i++)
        before[i] = figure_of(&s->before[i], m);
    for (unsigned i = 0; i < s->after_count; i++)
        after[i] = figure_of(&s->after[i], m);
    row->before = median(before, s->before_count);
    row->after = median(after, s->after_count);
    row->change = m->stat == COMPARE_FAILED ? row->after - row->before : row->after / row->before - 1;
    row->low = row->high = NAN;
    row->p_worse = row->p_better = 1;
    row->verdict = COMPARE_INCONCLUSIVE;
    row->samples_before = least_samples(s->before, s->before_count, m);
    row->samples_after = least_samples(s->after, s->after_count, m);
    uint64_t wanted = samples_wanted(m);
    if (row->samples_before < wanted || row->samples_after < wanted)
        snprintf(row->reason, sizeof row->reason, "fewer than %llu samples in a run", (unsigned long long)wanted);
    else if (method == COMPARE_RANKS)
        by_ranks(s, before, after, margin, row);
    else if (method == COMPARE_BOOTSTRAP && !(spreads(&s->before[0], m) && spreads(&s->after[0], m)))
        snprintf(row->reason, sizeof row->reason, "not spread over the run: only several runs a side can tell");
    else if (method == COMPARE_BOOTSTRAP)
        compare_bootstrap(&s->before[0], &s->after[0], m, margin, row);
}

/* --- which rows ------------------------------------------------------------------------------------------------------- */

static struct compare_row *add_row(struct comparison *c, enum compare_stat stat, int op, double q, bool gate) {
    if (c->row_count == COMPARE_METRICS_MAX)
        return NULL;
    struct compare_row *row = &c->rows[c->row_count++];
    row->metric = (struct compare_metric){.stat = stat, .op = (enum op_kind)op, .clock = CLOCK_RESPONSE, .q = q};
    row->gate = gate;
    if (stat == COMPARE_FAILED)
        snprintf(row->metric.name, sizeof row->metric.name, "failed(%s)", op_kinds[op].name);
    else
        snprintf(row->metric.name, sizeof row->metric.name, "p%g(%s)", q * 100, op_kinds[op].timing);
    return row;
}

/* What was measured on both sides: of every operation the 99th percentile decides, or the median where there are too few samples
 * for it, and the share of failures. */
static void choose_rows(const struct sides *s, struct comparison *c) {
    static const double quantiles[] = {0.5, 0.99, 0.999};
    for (int op = 0; op < OP_BATTERY_SOC; op++) { /* values of devices are no operations */
        bool decided = false;
        for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
            struct compare_metric m = {.op = (enum op_kind)op, .clock = CLOCK_RESPONSE, .q = quantiles[i]};
            uint64_t a = least_samples(s->before, s->before_count, &m), b = least_samples(s->after, s->after_count, &m);
            if (a >= samples_wanted(&m) && b >= samples_wanted(&m))
                add_row(c, COMPARE_QUANTILE, op, quantiles[i], false);
        }
        for (unsigned i = c->row_count; i > 0 && !decided; i--) { /* the highest up to p99 */
            struct compare_row *row = &c->rows[i - 1];
            if (row->metric.op == (enum op_kind)op && row->metric.q < 0.995)
                decided = row->gate = true;
        }
        struct compare_metric failed = {.stat = COMPARE_FAILED, .op = (enum op_kind)op};
        if (least_samples(s->before, s->before_count, &failed) > 0 &&
            least_samples(s->after, s->after_count, &failed) > 0)
            add_row(c, COMPARE_FAILED, op, 0, true);
    }
}

static void ask_rows(const struct compare_options *o, struct comparison *c) {
    for (unsigned i = 0; i < o->metric_count && i < COMPARE_METRICS_MAX; i++) {
        c->rows[i].metric = o->metrics[i];
        c->rows[i].gate = true;
        c->row_count = i + 1;
    }
}

/* --- verdicts --------------------------------------------------------------------------------------------------------- */

/* Holm: the smallest of m probabilities counts m times, the next m − 1 times, and none less than one before it. */
static void correct(struct comparison *c, double *(*of)(struct compare_row *row)) {
    double *values[COMPARE_METRICS_MAX];
    unsigned count = 0;
    for (unsigned i = 0; i < c->row_count; i++) {
        if (!c->rows[i].gate)
            continue;
        unsigned at = count++;
        for (; at > 0 && *values[at - 1] > *of(&c->rows[i]); at--)
            values[at] = values[at - 1];
        values[at] = of(&c->rows[i]);
    }
    double least = 0;
    for (unsigned i = 0; i < count; i++) {
        double p = *values[i] * (count - i);
        least = p > least ? p : least;
        *values[i] = least < 1 ? least : 1;
    }
}

static double *p_worse(struct compare_row *row) {
    return &row->p_worse;
}
static double *p_better(struct compare_row *row) {
    return &row->p_better;
}

static void judge_row(struct compare_row *row, double margin) {
    if (row->reason[0] != '\0')
        return;
    if (row->p_worse <= tail)
        row->verdict = COMPARE_WORSE;
    else if (row->p_better <= tail)
        row->verdict = COMPARE_BETTER;
    else if (row->low >= -margin && row->high <= margin)
        row->verdict = COMPARE_SAME;
}

double compare_margin(const struct comparison *c, const struct compare_row *row) {
    return row->metric.stat == COMPARE_FAILED ? COMPARE_MARGIN_SHARE : c->margin;
}

static const struct compare_run *untrusted(const struct sides *s) {
    for (unsigned i = 0; i < s->before_count + s->after_count; i++) {
        const struct compare_run *r = i < s->before_count ? &s->before[i] : &s->after[i - s->before_count];
        if (!r->complete || !r->trustworthy)
            return r;
    }
    return NULL;
}

static void judge_all(const struct sides *s, struct comparison *c) {
    unsigned counts[COMPARE_VERDICTS] = {0}, gates = 0;
    for (unsigned i = 0; i < c->row_count; i++)
        if (c->rows[i].gate) {
            counts[c->rows[i].verdict]++;
            gates++;
        }
    const struct compare_run *bad = untrusted(s);
    c->verdict = COMPARE_INCONCLUSIVE;
    if (bad != NULL)
        snprintf(c->reason, sizeof c->reason, "%.150s is %s", bad->directory,
                 bad->complete ? "not trustworthy" : "incomplete");
    else if (c->method == COMPARE_NONE)
        snprintf(c->reason, sizeof c->reason,
                 "%u + %u runs cannot tell: take one a side, or at least %d + %d (the least p of these: %.2f)",
                 c->before_count, c->after_count, COMPARE_RUNS_TESTED, COMPARE_RUNS_TESTED,
                 rank_test_least_p(c->before_count, c->after_count));
    else if (gates == 0)
        snprintf(c->reason, sizeof c->reason, "no metric has enough samples on both sides");
    else if (counts[COMPARE_WORSE] > 0)
        c->verdict = COMPARE_WORSE;
    else if (counts[COMPARE_INCONCLUSIVE] > 0)
        snprintf(c->reason, sizeof c->reason,
                 "the change of %u metric%s is not known well enough: longer or more runs narrow it",
                 counts[COMPARE_INCONCLUSIVE], counts[COMPARE_INCONCLUSIVE] == 1 ? "" : "s");
    else
        c->verdict = counts[COMPARE_BETTER] > 0 ? COMPARE_BETTER : COMPARE_SAME;
}

void compare_sides(const struct compare_run *before, unsigned before_count, const struct compare_run *after,
                   unsigned after_count, const struct compare_options *o, struct comparison *out) {
    struct sides s = {before, after, before_count, after_count};
    *out = (struct comparison){.method = COMPARE_NONE,
                               .margin = o->margin > 0 ? o->margin : COMPARE_MARGIN,
                               .before_count = before_count,
                               .after_count = after_count};
    if (before_count == 1 && after_count == 1)
        out->method = COMPARE_BOOTSTRAP;
    else if (before_count >= COMPARE_RUNS_TESTED && after_count >= COMPARE_RUNS_TESTED)
        out->method = COMPARE_RANKS;
    if (o->metrics != NULL)
        ask_rows(o, out);
    else
        choose_rows(&s, out);
    for (unsigned i = 0; i < out->row_count; i++) {
        struct compare_row *row = &out->rows[i];
        fill_row(&s, out->method, compare_margin(out, row), row);
        if (row->reason[0] != '\0' && o->metrics == NULL)
            row->gate = false; /* chosen by us, so it may step back; what was asked for may not */
    }
    correct(out, p_worse);
    correct(out, p_better);
    for (unsigned i = 0; i < out->row_count; i++)
        judge_row(&out->rows[i], compare_margin(out, &out->rows[i]));
    judge_all(&s, out);
}
