#include "report/compare_bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"

/* What a run contributes: rows of counts, one per interval. A share has two columns, tried and failed. */
struct table {
    unsigned units, width, low, block;
    uint64_t
        *blocks; /* [units * width]: sums over the block that begins at a unit; past the end it goes on at the start */
    uint64_t *sum; /* [width] of a resample */
};

static uint64_t cell(const struct compare_run *r, const struct compare_metric *m, unsigned unit, unsigned column) {
    if (m->stat == COMPARE_QUANTILE) {
        const struct compare_timing *t = &r->timings[m->op][m->clock];
        return t->counts[(size_t)unit * t->width + column];
    }
    const struct compare_outcomes *o = &r->outcomes[m->op];
    return column == 0 ? o->tried_in[unit] : o->failed_in[unit];
}

static struct table table_of(const struct compare_run *r, const struct compare_metric *m) {
    const struct compare_timing *timing = &r->timings[m->op][m->clock];
    struct table t = {.units = r->units, .width = m->stat == COMPARE_FAILED ? 2 : timing->width, .low = timing->low};
    t.block = COMPARE_BLOCK_S / r->unit_s;
    t.block = t.block > t.units / 5 ? t.units / 5 : t.block;
    t.block = t.block < 1 ? 1 : t.block;
    t.blocks = calloc((size_t)t.units * t.width, sizeof *t.blocks);
    t.sum = calloc(t.width, sizeof *t.sum);
    CHECK(t.blocks != NULL && t.sum != NULL);
    for (unsigned column = 0; column < t.width; column++) {
        uint64_t window = 0;
        for (unsigned u = 0; u < t.block; u++)
            window += cell(r, m, u, column);
        for (unsigned u = 0; u < t.units; u++) {
            t.blocks[(size_t)u * t.width + column] = window;
            window += cell(r, m, (u + t.block) % t.units, column) - cell(r, m, u, column);
        }
    }
    return t;
}

static void table_free(struct table *t) {
    free(t->blocks);
    free(t->sum);
}

/* The figure of one resample; NAN when it happens to hold no sample. */
static double redraw(struct table *t, const struct compare_metric *m, uint32_t side, uint32_t stream, uint64_t n) {
    memset(t->sum, 0, t->width * sizeof *t->sum);
    unsigned blocks = (t->units + t->block - 1) / t->block;
    for (unsigned b = 0; b < blocks; b++) {
        uint64_t bits = draw_u64(0, side, stream, n * blocks + b);
        const uint64_t *row = t->blocks + draw_below(bits, t->units) * t->width;
        for (unsigned column = 0; column < t->width; column++)
            t->sum[column] += row[column];
    }
    if (m->stat == COMPARE_FAILED)
        return t->sum[0] == 0 ? NAN : (double)t->sum[1] / (double)t->sum[0];
    return compare_run_quantile_ms(t->sum, t->low, t->width, m->q);
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void compare_bootstrap(const struct compare_run *before, const struct compare_run *after,
                       const struct compare_metric *m, double margin, struct compare_row *row) {
    struct table a = table_of(before, m), b = table_of(after, m);
    uint32_t stream = draw_stream_named("compare", m->name);
    double changes[COMPARE_RESAMPLES];
    unsigned count = 0, not_worse = 0, not_better = 0;
    for (uint64_t n = 0; n < COMPARE_RESAMPLES; n++) {
        double from = redraw(&a, m, 0, stream, n), to = redraw(&b, m, 1, stream, n);
        double change = m->stat == COMPARE_FAILED ? to - from : to / from - 1;
        if (!isfinite(change))
            continue;
        not_worse += change <= margin;
        not_better += change >= -margin;
        changes[count++] = change;
    }
    table_free(&a);
    table_free(&b);
    if (count == 0)
        return;
    qsort(changes, count, sizeof *changes, compare_doubles);
    row->low = changes[count / 20];
    row->high = changes[count - 1 - count / 20];
    row->p_worse = (not_worse + 1.0) / (count + 1.0); /* never zero: so few resamples cannot say so */
    row->p_better = (not_better + 1.0) / (count + 1.0);
}
