#include "base/dist.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/draw.h"
#include "harness.h"

/* |a − b| in units of b's size; absolute near zero. */
static double off(double a, double b) {
    double size = fabs(b) > 1e-300 ? fabs(b) : 1;
    return fabs(a - b) / size;
}

static void ln_agrees_with_the_library(void) {
    double worst = 0;
    for (int i = -3000; i <= 3000; i++) {
        double x = exp(i / 4.3);
        if (x > 0 && isfinite(x) && i != 0)
            worst = fmax(worst, off(dist_ln(x), log(x)));
    }
    for (uint64_t n = 0; n < 20000; n++) {
        double x = draw_unit(draw_u64(5, 0, 0, n));
        worst = fmax(worst, off(dist_ln(x), log(x)));
    }
    CU_ASSERT(worst < 4e-16);
    CU_ASSERT_EQUAL(dist_ln(1), 0);
    CU_ASSERT(off(dist_ln(5e-324), -744.4400719213812) < 1e-15);
    CU_ASSERT(off(dist_ln(DBL_MAX), 709.782712893384) < 1e-15);
}

static void exp_agrees_with_the_library_and_saturates(void) {
    double worst = 0;
    for (int i = -70800; i <= 70900; i++)
        worst = fmax(worst, off(dist_exp(i / 100.0), exp(i / 100.0)));
    CU_ASSERT(worst < 1e-15);
    CU_ASSERT_EQUAL(dist_exp(0), 1);
    CU_ASSERT_EQUAL(dist_exp(1e300), DBL_MAX);
    CU_ASSERT(isfinite(dist_exp(709.78)));
    CU_ASSERT_EQUAL(dist_exp(-1e300), 0);
}

/* Known answers from tables of the normal distribution (the last from Wichura's paper). */
static void normal_quantile_gives_known_answers(void) {
    static const struct {
        double p, z;
    } rows[] = {
        {0.5, 0},
        {0.84134474606854293, 1},
        {0.975, 1.959963984540054},
        {0.99, 2.3263478740408408},
        {0.999, 3.090232306167813},
        {0.25, -0.6744897501960817},
        {0.001, -3.0902323061678132},
        {1e-20, -9.262340089798408},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CU_ASSERT_DOUBLE_EQUAL(dist_normal_quantile(rows[i].p), rows[i].z, 1e-12);
    double worst = 0;
    for (int i = 1; i < 10000; i++) { /* against the library's distribution function */
        double p = i / 10000.0;
        worst = fmax(worst, fabs(0.5 * erfc(-dist_normal_quantile(p) / sqrt(2)) - p));
    }
    CU_ASSERT(worst < 1e-12);
}

static void sine_takes_turns(void) {
    double worst = 0;
    for (int i = -4000; i <= 4000; i++)
        worst = fmax(worst, fabs(dist_sine(i / 1000.0) - sin(2 * 3.14159265358979323846 * (i / 1000.0))));
    CU_ASSERT(worst < 1e-14);
    CU_ASSERT(off(dist_sine(0.25), 1) < 1e-15);
    CU_ASSERT_EQUAL(dist_sine(1e18), 0);
    CU_ASSERT_EQUAL(dist_sine((double)INFINITY), 0);
}

static double cdf_uniform(double x) {
    return (x - 10) / 20;
}
static double cdf_normal(double x) {
    return 0.5 * erfc(-(x - 100) / 15 / sqrt(2));
}
static double cdf_exp(double x) {
    return 1 - exp(-x / 60);
}
static double cdf_lognormal(double x) {
    return 0.5 * erfc(-log(x / 90) / 0.88 / sqrt(2));
}
static double cdf_pareto(double x) {
    return 1 - pow(2 / x, 1.5);
}

static const struct {
    struct dist d;
    double (*cdf)(double);
} continuous[] = {
    {{DIST_UNIFORM, false, 10, 30}, cdf_uniform}, {{DIST_NORMAL, false, 100, 15}, cdf_normal},
    {{DIST_EXP, false, 60, 0}, cdf_exp},          {{DIST_LOGNORMAL, false, 90, 0.88}, cdf_lognormal},
    {{DIST_PARETO, false, 2, 1.5}, cdf_pareto},
};

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov–Smirnov: sqrt(n)·D stays below 1.95 in 99.9 % of honest samples; the seeds are fixed, so this never flickers. */
static void samples_follow_their_distribution(void) {
    enum { N = 20000 };
    static double x[N];
    for (size_t k = 0; k < COUNT_OF(continuous); k++)
        for (uint64_t seed = 1; seed <= 3; seed++) {
            for (uint64_t n = 0; n < N; n++)
                x[n] = dist_sample(&continuous[k].d, draw_u64(seed, 7, draw_stream_key(DRAW_LINK_RTT), n));
            qsort(x, N, sizeof x[0], compare_doubles);
            double distance = 0;
            for (int i = 0; i < N; i++) {
                double f = continuous[k].cdf(x[i]);
                distance = fmax(distance, fmax(f - (double)i / N, (double)(i + 1) / N - f));
            }
            CU_ASSERT(distance * sqrt(N) < 1.95);
        }
}

static void samples_grow_with_their_bits(void) {
    for (size_t k = 0; k < COUNT_OF(continuous); k++) {
        double last = dist_sample(&continuous[k].d, 0);
        for (uint64_t i = 1; i <= 1000; i++) {
            double x = dist_sample(&continuous[k].d, i * (UINT64_MAX / 1000));
            CU_ASSERT(x >= last);
            last = x;
        }
        CU_ASSERT(isfinite(last));
    }
}

/* Byte-for-byte results: a change here changes what a seed means. */
static void samples_at_fixed_bits_never_change(void) {
    static const struct {
        struct dist d;
        uint64_t bits;
        int64_t span;
    } rows[] = {
        {{DIST_UNIFORM, false, 0.0, 60000000000.0}, 0x0123456789abcdefULL, 266666667},
        {{DIST_UNIFORM, false, 0.0, 60000000000.0}, 0x8000000000000000ULL, 30000000000},
        {{DIST_UNIFORM, false, 0.0, 60000000000.0}, 0xfedcba9876543210ULL, 59733333333},
        {{DIST_NORMAL, false, 10000000000.0, 500000000.0}, 0x0123456789abcdefULL, 8691850898},
        {{DIST_NORMAL, false, 10000000000.0, 500000000.0}, 0x8000000000000000ULL, 10000000000},
        {{DIST_NORMAL, false, 10000000000.0, 500000000.0}, 0xfedcba9876543210ULL, 11308149102},
        {{DIST_EXP, false, 60000000000.0, 0.0}, 0x0123456789abcdefULL, 267261021},
        {{DIST_EXP, false, 60000000000.0, 0.0}, 0x8000000000000000ULL, 41588830834},
        {{DIST_EXP, false, 60000000000.0, 0.0}, 0xfedcba9876543210ULL, 324966024132},
        {{DIST_LOGNORMAL, false, 90000000.0, 0.88}, 0x0123456789abcdefULL, 9002184},
        {{DIST_LOGNORMAL, false, 90000000.0, 0.88}, 0x8000000000000000ULL, 90000000},
        {{DIST_LOGNORMAL, false, 90000000.0, 0.88}, 0xfedcba9876543210ULL, 899781620},
        {{DIST_PARETO, false, 1000000000.0, 1.5}, 0x0123456789abcdefULL, 1002973980},
        {{DIST_PARETO, false, 1000000000.0, 1.5}, 0x8000000000000000ULL, 1587401052},
        {{DIST_PARETO, false, 1000000000.0, 1.5}, 0xfedcba9876543210ULL, 36993181115},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CU_ASSERT_EQUAL(dist_sample_span(&rows[i].d, rows[i].bits), rows[i].span);
}

static void uniform_never_reaches_its_upper_end(void) {
    struct dist wide = {DIST_UNIFORM, false, 0, 30}, narrow = {DIST_UNIFORM, false, 1, 1 + DBL_EPSILON};
    CU_ASSERT(dist_sample(&wide, UINT64_MAX) < 30);
    CU_ASSERT(dist_sample(&narrow, UINT64_MAX) < narrow.b);
    struct dist point = {DIST_UNIFORM, false, 5, 5};
    CU_ASSERT_EQUAL(dist_sample(&point, 12345), 5);
}

static void durations_are_cut_at_zero_only_when_asked(void) {
    struct dist d = {DIST_NORMAL, true, 1, 10};
    CU_ASSERT_EQUAL(dist_sample(&d, 0), 0);
    d.cut_at_zero = false;
    CU_ASSERT(dist_sample(&d, 0) < -50);
}

static void spans_are_rounded_and_saturate(void) {
    struct dist d = {DIST_CONSTANT, false, 1.5, 0};
    CU_ASSERT_EQUAL(dist_sample_span(&d, 0), 2);
    d.a = -1.5;
    CU_ASSERT_EQUAL(dist_sample_span(&d, 0), -2);
    d.a = 1.4999;
    CU_ASSERT_EQUAL(dist_sample_span(&d, 0), 1);
    d.a = 1e300;
    CU_ASSERT_EQUAL(dist_sample_span(&d, 0), INT64_MAX);
    d.a = -1e300;
    CU_ASSERT_EQUAL(dist_sample_span(&d, 0), INT64_MIN);
}

static void means_and_medians(void) {
    static const struct {
        struct dist d;
        double mean, median;
    } rows[] = {
        {{DIST_CONSTANT, false, 7, 0}, 7, 7},
        {{DIST_UNIFORM, false, 10, 30}, 20, 20},
        {{DIST_NORMAL, true, 100, 15}, 100, 100},
        {{DIST_EXP, false, 60, 0}, 60, 41.58883083359672},
        {{DIST_LOGNORMAL, false, 90, 0.88}, 132.55659, 90},
        {{DIST_PARETO, false, 2, 1.5}, 6, 3.174802103936399},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CU_ASSERT_DOUBLE_EQUAL(dist_mean(&rows[i].d), rows[i].mean, 1e-3);
        CU_ASSERT_DOUBLE_EQUAL(dist_median(&rows[i].d), rows[i].median, 1e-9);
    }
    struct dist heavy = {DIST_PARETO, false, 2, 1};
    CU_ASSERT(isinf(dist_mean(&heavy)));
}

static void a_lognormal_given_by_percentiles_has_them(void) {
    struct dist d = {DIST_LOGNORMAL, false, 90e6, dist_lognormal_sigma(90e6, 0.99, 700e6)};
    CU_ASSERT(off(d.a * dist_exp(d.b * dist_normal_quantile(0.99)), 700e6) < 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(d.b, 0.8817, 1e-4);
}

static void constants_are_known_as_such(void) {
    static const struct {
        struct dist d;
        bool constant;
    } rows[] = {
        {{DIST_CONSTANT, false, 1, 2}, true},   {{DIST_UNIFORM, false, 3, 3}, true},
        {{DIST_UNIFORM, false, 3, 4}, false},   {{DIST_NORMAL, false, 3, 0}, true},
        {{DIST_NORMAL, false, 3, 1}, false},    {{DIST_EXP, false, 0, 0}, true},
        {{DIST_EXP, false, 1, 0}, false},       {{DIST_LOGNORMAL, false, 3, 0}, true},
        {{DIST_LOGNORMAL, false, 3, 1}, false}, {{DIST_PARETO, false, 3, 2}, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CU_ASSERT_EQUAL(dist_is_constant(&rows[i].d), rows[i].constant);
}

/* Chi-square over the counts whose expectation is at least 5, the rest in one class; the limit is the 99.9 % point by Wilson and Hilferty. */
static void check_poisson(double mean, uint64_t seed) {
    enum { N = 20000, CLASSES = 256 };
    unsigned seen[CLASSES] = {0}, classes = 0;
    double p = exp(-mean), expected_rest = N, seen_rest = N, squares = 0;
    for (uint64_t n = 0; n < N; n++) {
        uint32_t count = dist_poisson(mean, draw_u64(seed, 1, 2, n));
        seen[count < CLASSES ? count : CLASSES - 1]++;
    }
    for (unsigned k = 0; k < CLASSES - 1; k++) {
        double expected = N * p;
        if (expected >= 5) {
            squares += (seen[k] - expected) * (seen[k] - expected) / expected;
            expected_rest -= expected;
            seen_rest -= seen[k];
            classes++;
        }
        p *= mean / (k + 1);
    }
    if (expected_rest >= 5)
        squares += (seen_rest - expected_rest) * (seen_rest - expected_rest) / expected_rest;
    double freedom = classes - (expected_rest >= 5 ? 0 : 1), ninth = 2 / (9 * freedom);
    double limit = freedom * pow(1 - ninth + 3.09 * sqrt(ninth), 3);
    CU_ASSERT(squares < limit);
}

static void poisson_numbers_follow_their_distribution(void) {
    static const double means[] = {0.05, 0.7, 3, 12, 40, 64, 120};
    for (size_t i = 0; i < COUNT_OF(means); i++)
        for (uint64_t seed = 1; seed <= 3; seed++)
            check_poisson(means[i], seed);
    CU_ASSERT_EQUAL(dist_poisson(0, 77), 0);
    CU_ASSERT_EQUAL(dist_poisson(-1, 77), 0);
    CU_ASSERT_EQUAL(dist_poisson(1e30, 77), INT32_MAX);
    CU_ASSERT(dist_poisson(1e-9, UINT64_MAX) < 4);
}

HARNESS_MAIN("base/dist", HARNESS_CASE(ln_agrees_with_the_library),
             HARNESS_CASE(exp_agrees_with_the_library_and_saturates), HARNESS_CASE(normal_quantile_gives_known_answers),
             HARNESS_CASE(sine_takes_turns), HARNESS_CASE(samples_follow_their_distribution),
             HARNESS_CASE(samples_grow_with_their_bits), HARNESS_CASE(samples_at_fixed_bits_never_change),
             HARNESS_CASE(uniform_never_reaches_its_upper_end), HARNESS_CASE(durations_are_cut_at_zero_only_when_asked),
             HARNESS_CASE(spans_are_rounded_and_saturate), HARNESS_CASE(means_and_medians),
             HARNESS_CASE(a_lognormal_given_by_percentiles_has_them), HARNESS_CASE(constants_are_known_as_such),
             HARNESS_CASE(poisson_numbers_follow_their_distribution))
