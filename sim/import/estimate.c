#include "import/estimate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/dist.h"

static const double regular_share = 0.9, regular_width = 0.05, normal_cv = 1.0 / 3, exp_cv = 0.25, rounding = 0.005;
static const span regular_least = 20 * SPAN_MS;

static int by_size(const void *a, const void *b) {
    span x = *(const span *)a, y = *(const span *)b;
    return x < y ? -1 : x > y;
}

static enum estimate_kind kind_of(const struct estimate *e, const span *gaps) {
    double width = (double)e->median * regular_width;
    uint32_t near = 0;
    if (width < (double)regular_least)
        width = (double)regular_least < (double)e->median / 4 ? (double)regular_least : (double)e->median / 4;
    for (uint32_t i = 0; i < e->gaps; i++)
        near += fabs((double)(gaps[i] - e->median)) <= width;
    if (near >= regular_share * e->gaps)
        return ESTIMATE_REGULAR;
    if (e->sd < normal_cv * e->mean)
        return ESTIMATE_NORMAL;
    return fabs(e->sd - e->mean) < exp_cv * e->mean ? ESTIMATE_EXP : ESTIMATE_LOGNORMAL;
}

struct estimate estimate_of(span *gaps, uint32_t count) {
    struct estimate e = {.gaps = count};
    double sum = 0, squares = 0;
    if (count == 0)
        return e;
    qsort(gaps, count, sizeof *gaps, by_size);
    for (uint32_t i = 0; i < count; i++)
        sum += (double)gaps[i];
    e.mean = sum / count;
    for (uint32_t i = 0; i < count; i++)
        squares += ((double)gaps[i] - e.mean) * ((double)gaps[i] - e.mean);
    e.sd = sqrt(squares / count);
    e.least = gaps[0];
    e.median = gaps[count / 2];
    e.p99 = gaps[(uint32_t)((uint64_t)(count - 1) * 99 / 100)];
    e.most = gaps[count - 1];
    e.kind = kind_of(&e, gaps);
    return e;
}

span estimate_rounded(double ns) {
    static const span steps[] = {SPAN_S, 100 * SPAN_MS, 10 * SPAN_MS, SPAN_MS};
    for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        double whole = floor(ns / (double)steps[i] + 0.5) * (double)steps[i];
        if (whole > 0 && fabs(whole - ns) <= rounding * ns)
            return (span)whole;
    }
    span micro = (span)(ns / (double)SPAN_US + 0.5);
    return micro < 1 ? SPAN_US : micro * SPAN_US;
}

void estimate_write_span(span s, struct text *out) {
    char digits[40];
    bool seconds = s >= SPAN_S || s <= 0;
    span unit = seconds ? SPAN_S : SPAN_MS;
    s = s < 0 ? 0 : s;
    int size =
        snprintf(digits, sizeof digits, "%lld.%0*lld", (long long)(s / unit), seconds ? 9 : 6, (long long)(s % unit));
    while (digits[size - 1] == '0')
        size--;
    size -= digits[size - 1] == '.';
    text_append_n(out, digits, (size_t)size);
    text_append(out, seconds ? "s" : "ms");
}

void estimate_write_about(span s, struct text *out) {
    estimate_write_span(s <= 0 ? 0 : estimate_rounded((double)s), out);
}

/* Would a log-normal of that median and p99 have about the mean that was seen? One of bursts would not, by orders of magnitude. */
static bool is_lognormal(const struct estimate *e, span median, span high) {
    if (high <= median)
        return false;
    double sigma = dist_lognormal_sigma((double)median, 0.99, (double)high);
    double mean = (double)median * dist_exp(sigma * sigma / 2);
    return mean < 2 * e->mean && mean > e->mean / 2;
}

void estimate_write(const struct estimate *e, struct text *out) {
    span median = estimate_rounded((double)e->median), high = estimate_rounded((double)e->p99);
    double mean = e->mean < (double)SPAN_MS ? (double)SPAN_MS : e->mean;
    if (e->kind == ESTIMATE_REGULAR && e->median >= SPAN_MS) {
        estimate_write_span(median, out);
    } else if (e->kind == ESTIMATE_NORMAL && e->sd >= (double)SPAN_US) {
        text_append(out, "normal(");
        estimate_write_span(estimate_rounded(mean), out);
        text_append(out, ", ");
        estimate_write_span(estimate_rounded(e->sd), out);
        text_append(out, ")");
    } else if (e->kind == ESTIMATE_LOGNORMAL && is_lognormal(e, median, high)) {
        text_append(out, "lognormal(p50=");
        estimate_write_span(median, out);
        text_append(out, ", p99=");
        estimate_write_span(high, out);
        text_append(out, ")");
    } else {
        text_append(out, "exp(");
        estimate_write_span(estimate_rounded(mean), out);
        text_append(out, ")");
    }
}

span estimate_period(const int64_t *at, uint32_t count, span *tolerance) {
    span whole = at[count - 1] - at[0], period = (whole + (count - 1) / 2) / (count - 1), worst = 0;
    span round = estimate_rounded((double)period);
    if (llabs(round - period) * (count - 1) <= *tolerance)
        period = round;
    for (uint32_t i = 0; i < count; i++) {
        span off = llabs(at[i] - at[0] - (span)i * period);
        worst = off > worst ? off : worst;
    }
    if (period <= 0 || worst > *tolerance)
        return 0;
    *tolerance = worst;
    return period;
}
