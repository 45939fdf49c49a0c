#include "transport/burst.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "harness.h"

enum { SEED = 20260801, DEVICE = 5 };

/* χ² of a table of counts against what is expected of each. */
static double chi_square(const unsigned *seen, const double *expected, unsigned rows) {
    double sum = 0;
    for (unsigned i = 0; i < rows; i++)
        sum += (seen[i] - expected[i]) * (seen[i] - expected[i]) / expected[i];
    return sum;
}

/* √n · D of Kolmogorov and Smirnov; below 1.95 for 99.9 % of true samples. */
static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double ks(double *x, unsigned n, double (*cdf)(double)) {
    qsort(x, n, sizeof *x, compare);
    double distance = 0;
    for (unsigned i = 0; i < n; i++) {
        double f = cdf(x[i]);
        distance = fmax(distance, fmax(f - (double)i / n, (double)(i + 1) / n - f));
    }
    return distance * sqrt(n);
}

static void a_share_and_a_burst_make_p_and_r(void) {
    static const struct {
        double loss, burst;
        unsigned p, r;
    } rows[] = {{0.01, 2, 5051, 500000}, {0.05, 2.5, 21053, 400000}, {0.02, 4, 5102, 250000}, {0, 1, 0, 1000000}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct burst_params b = burst_of_packets(rows[i].loss, rows[i].burst);
        CU_ASSERT_EQUAL(b.enter_ppm, rows[i].p);
        CU_ASSERT_EQUAL(b.leave_ppm, rows[i].r);
        CU_ASSERT_DOUBLE_EQUAL(burst_loss(&b), rows[i].loss, 1e-6);
    }
}

/* Runs of lost packets are geometric with mean B, runs of others with mean 1/p; losses are a share L of all. */
static void packets_are_lost_in_geometric_runs(void) {
    enum { PACKETS = 2000000, CLASSES = 8 };
    struct burst_params p = burst_of_packets(0.05, 2.5);
    struct burst_state s = {0};
    unsigned lost = 0, runs = 0, run = 0, seen[CLASSES] = {0};
    for (int i = 0; i < PACKETS; i++) {
        if (burst_loses(&p, &s, SEED, DEVICE, 0)) {
            lost++;
            run++;
        } else if (run > 0) {
            runs++;
            seen[run < CLASSES ? run - 1 : CLASSES - 1]++;
            run = 0;
        }
    }
    double expected[CLASSES], left = 1;
    for (int i = 0; i < CLASSES; i++) {
        expected[i] = runs * (i < CLASSES - 1 ? left * 0.4 : left);
        left *= 0.6;
    }
    CU_ASSERT_DOUBLE_EQUAL((double)lost / PACKETS, 0.05, 0.001);
    CU_ASSERT_DOUBLE_EQUAL((double)lost / runs, 2.5, 0.05);
    CU_ASSERT(chi_square(seen, expected, CLASSES) < 24.32); /* 7 degrees of freedom, 99.9 % */
}

static const struct burst_params timed = {.kind = BURST_TIME, .good = 60 * SPAN_S, .bad = 3 * SPAN_S};

/* The law of the lazy evolution, from either state and over several gaps; a device each, so that pairs are independent. */
static void the_state_follows_from_the_last_use(void) {
    enum { DEVICES = 60000, GAPS = 5 };
    static const span gaps[GAPS] = {200 * SPAN_MS, SPAN_S, 3 * SPAN_S, 20 * SPAN_S, SPAN_DAY};
    const double share = burst_loss(&timed), rate = 1.0 / 60 + 1.0 / 3;
    CU_ASSERT_DOUBLE_EQUAL(share, 3.0 / 63, 1e-12);
    for (int g = 0; g < GAPS; g++) {
        unsigned from[2] = {0}, to_bad[2] = {0};
        for (uint32_t d = 0; d < DEVICES; d++) {
            struct burst_state s = {0};
            bool before = burst_loses(&timed, &s, SEED, d, SPAN_S);
            bool after = burst_loses(&timed, &s, SEED, d, SPAN_S + gaps[g]);
            from[before]++;
            to_bad[before] += after;
        }
        CU_ASSERT(fabs(from[1] - DEVICES * share) < 3.3 * sqrt(DEVICES * share * (1 - share)));
        for (int x = 0; x < 2; x++) {
            double p = share + (x - share) * exp(-(double)gaps[g] / SPAN_S * rate);
            CU_ASSERT(fabs(to_bad[x] - from[x] * p) < 3.3 * sqrt(from[x] * p * (1 - p)) + 1);
        }
    }
}

/* Asked every 10 ms, the channel shows the times that it was given: their distribution and their share. */
static unsigned watch(const struct burst_params *p, span every, unsigned wanted, double *bad_times, double *bad_share) {
    struct burst_state s = {0};
    unsigned found = 0;
    uint64_t bad_looks = 0, looks = 0;
    instant since = -1;
    for (instant at = 0; found < wanted; at += every) {
        bool bad = burst_loses(p, &s, SEED, DEVICE, at);
        bad_looks += bad;
        looks++;
        if (bad && since < 0 && looks > 1)
            since = at;
        if (!bad && since >= 0) {
            bad_times[found++] = (double)(at - since) / SPAN_S;
            since = -1;
        }
    }
    *bad_share = (double)bad_looks / (double)looks;
    return found;
}

static double exponential(double x) {
    return 1 - exp(-x / 3);
}
static double pareto(double x) {
    return x < 1 ? 0 : 1 - pow(1 / x, 1.5);
}

static void times_in_bad_are_as_stated(void) {
    enum { TIMES = 4000 };
    static double x[TIMES];
    double share;
    watch(&timed, 2 * SPAN_MS, TIMES, x, &share);
    CU_ASSERT(ks(x, TIMES, exponential) < 1.95);
    CU_ASSERT_DOUBLE_EQUAL(share, 3.0 / 63, 0.003);
    struct burst_params heavy = timed;
    heavy.pareto = true; /* minimum 1 s, mean 3 s */
    watch(&heavy, 2 * SPAN_MS, TIMES, x, &share);
    for (int i = 0; i < TIMES; i++)
        x[i] += 1e-3; /* half a look: no time is below its minimum */
    CU_ASSERT(ks(x, TIMES, pareto) < 1.95);
    CU_ASSERT_DOUBLE_EQUAL(share, 3.0 / 63, 0.01); /* the variance of these times is infinite */
}

/* Whoever comes upon a heavy-tailed channel, or comes back after ages, finds it bad as often as it is. */
static void heavy_tails_begin_stationary(void) {
    enum { DEVICES = 100000 };
    struct burst_params heavy = timed;
    heavy.pareto = true;
    unsigned first = 0, later = 0, ages = 0;
    for (uint32_t d = 0; d < DEVICES; d++) {
        struct burst_state s = {0};
        first += burst_loses(&heavy, &s, SEED, d, 0);
        later += burst_loses(&heavy, &s, SEED, d, 200 * SPAN_S);
        ages += burst_loses(&heavy, &s, SEED, d, 300 * SPAN_DAY);
    }
    double share = 3.0 / 63, limit = 3.3 * sqrt(DEVICES * share * (1 - share));
    CU_ASSERT(fabs(first - DEVICES * share) < limit);
    CU_ASSERT(fabs(later - DEVICES * share) < limit);
    CU_ASSERT(fabs(ages - DEVICES * share) < limit);
}

static void a_copy_tells_the_future_and_the_past_is_as_it_was_left(void) {
    for (uint32_t d = 0; d < 200; d++) {
        struct burst_state s = {0};
        (void)burst_loses(&timed, &s, SEED, d, 0);
        struct burst_state copy = s;
        bool will = burst_loses(&timed, &copy, SEED, d, 5 * SPAN_S);
        CU_ASSERT_EQUAL(burst_loses(&timed, &s, SEED, d, 5 * SPAN_S), will);
        CU_ASSERT_EQUAL(burst_loses(&timed, &s, SEED, d, SPAN_S), will);
    }
    struct burst_params none = {0};
    struct burst_state s = {0};
    CU_ASSERT_FALSE(burst_loses(&none, &s, SEED, 0, 0));
    CU_ASSERT_EQUAL(s.n, 0);
}

HARNESS_MAIN("transport/burst", HARNESS_CASE(a_share_and_a_burst_make_p_and_r),
             HARNESS_CASE(packets_are_lost_in_geometric_runs), HARNESS_CASE(the_state_follows_from_the_last_use),
             HARNESS_CASE(times_in_bad_are_as_stated), HARNESS_CASE(heavy_tails_begin_stationary),
             HARNESS_CASE(a_copy_tells_the_future_and_the_past_is_as_it_was_left))
