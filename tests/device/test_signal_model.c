#include "device/signal_model.h"

#include <math.h>
#include <stdlib.h>

#include "goodness.h"
#include "harness.h"

static const int64_t begin = INT64_C(1767225600) * SPAN_S; /* a Thursday, midnight */

/* Sample n at t, `since` after the last one. */
static double sample(const struct signal *s, uint32_t device, uint64_t n, span t, span since, double *state) {
    struct signal_sample at = {
        .seed = 42, .device = device, .n = n, .clock = begin + t, .begin = begin, .since = since};
    return signal_model(s, &at, state);
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* sqrt(n)·D of Kolmogorov and Smirnov against N(mean, sd); below 1.95 in 99.9 % of honest samples. */
static double ks_normal(double *x, int n, double mean, double sd) {
    qsort(x, (size_t)n, sizeof *x, compare_doubles);
    double distance = 0;
    for (int i = 0; i < n; i++) {
        double f = 0.5 * erfc(-(x[i] - mean) / sd / sqrt(2));
        distance = fmax(distance, fmax(f - (double)i / n, (double)(i + 1) / n - f));
    }
    return distance * sqrt(n);
}

enum { N = 20000 };
static double values[N], later[N];

/* --- analog --------------------------------------------------------------------------------------------------------- */

static void noise_is_stationary_and_forgets_as_its_memory_says(void) {
    struct signal s = {
        .kind = SIGNAL_ANALOG, .stream = 3, .of.analog = {.mean = -95, .sd = 6, .memory = 10 * SPAN_MIN}};
    double both = 0;
    for (uint32_t device = 0; device < N; device++) {
        double state = 0;
        values[device] = sample(&s, device, 1, 0, -1, &state);
        (void)sample(&s, device, 2, SPAN_MIN, SPAN_MIN, &state); /* two ways of different length to the same age */
        later[device] = sample(&s, device, 3, 10 * SPAN_MIN, 9 * SPAN_MIN, &state);
        both += (values[device] + 95) * (later[device] + 95) / N;
    }
    CU_ASSERT_DOUBLE_EQUAL(both / 36, exp(-1), 0.03);
    CU_ASSERT(ks_normal(values, N, -95, 6) < 1.95);
    CU_ASSERT(ks_normal(later, N, -95, 6) < 1.95);
}

static void the_day_and_the_device_move_the_mean(void) {
    struct signal s = {.kind = SIGNAL_ANALOG, .of.analog = {.mean = 18, .amplitude = 6, .peak = 15 * SPAN_H}};
    double state = 0;
    CU_ASSERT_DOUBLE_EQUAL(sample(&s, 1, 1, 15 * SPAN_H, -1, &state), 24, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(sample(&s, 1, 2, 27 * SPAN_H, SPAN_H, &state), 12, 1e-9);
    s.of.analog = (struct signal_analog){.mean = 18, .spread = 2};
    for (uint32_t device = 0; device < N; device++)
        values[device] = sample(&s, device, 1, 0, -1, &state);
    CU_ASSERT_EQUAL(values[7], sample(&s, 7, 2, SPAN_DAY, SPAN_DAY, &state));
    CU_ASSERT(ks_normal(values, N, 18, 2) < 1.95);
}

static void values_come_in_steps(void) {
    struct signal s = {.kind = SIGNAL_ANALOG, .of.analog = {.mean = -3, .sd = 5, .lsb = 0.25}};
    double state = 0;
    for (uint64_t n = 1; n < 1000; n++) {
        double steps = sample(&s, 1, n, 0, SPAN_S, &state) / 0.25;
        CU_ASSERT_EQUAL(steps, round(steps));
    }
}

static void faults_have_their_shares(void) {
    struct signal s = {.kind = SIGNAL_ANALOG,
                       .of.analog = {.mean = 20, .sd = 1, .memory = SPAN_S, .gap = 0.02, .spike = 0.01, .stuck = 0.1}};
    unsigned gaps = 0, spikes = 0, high = 0, stuck_hours = 0;
    double state = 0, last = 0, run = 0;
    for (uint64_t n = 1; n <= 200000; n++) { /* ten samples an hour */
        double x = sample(&s, 1, n, (span)n * 6 * SPAN_MIN, 6 * SPAN_MIN, &state);
        if (isnan(x)) {
            gaps++;
            continue;
        }
        spikes += fabs(x - 20) > 5;
        high += x > 25;
        if (fabs(x - 20) > 5)
            continue;
        run = x == last ? run + 1 : 0;
        stuck_hours += run == 5;
        last = x;
    }
    CU_ASSERT_TRUE(goodness_share(gaps, 200000, 0.02));
    CU_ASSERT_TRUE(goodness_share(spikes, 200000 - gaps, 0.01));
    CU_ASSERT_TRUE(goodness_share(high, spikes, 0.5));
    CU_ASSERT_DOUBLE_EQUAL(stuck_hours, 2000,
                           150); /* of 20,000; an hour with a gap or spike in the wrong place is not seen */
}

/* --- meter ---------------------------------------------------------------------------------------------------------- */

static void a_meter_adds_up_a_compound_poisson_process(void) {
    struct signal s = {.kind = SIGNAL_METER, .stream = 5, .of.meter = {.per_day = 20, .size = 12}};
    double mean = 0, squares = 0;
    unsigned none = 0;
    for (uint32_t device = 0; device < N; device++) {
        double state = 0, before = sample(&s, device, 1, 0, -1, &state);
        double quiet = sample(&s, device, 2, SPAN_H, SPAN_H, &state);
        none += quiet == before;
        double day = sample(&s, device, 3, SPAN_DAY, SPAN_DAY - SPAN_H, &state);
        CU_ASSERT_FATAL(before == 0 && day >= quiet);
        mean += day / N;
        squares += day * day / N;
    }
    CU_ASSERT_DOUBLE_EQUAL(mean, 240, 2);
    CU_ASSERT_DOUBLE_EQUAL(squares - mean * mean, 2 * 20 * 144.0, 250); /* λ·E(X²) */
    CU_ASSERT_DOUBLE_EQUAL((double)none / N, exp(-20.0 / 24), 0.01);    /* a Poisson number of 0 */
}

/* A Poisson number of 0 in an hour, exponential amounts, and exchanges whose gaps are exponential. */
static void events_amounts_and_exchanges_follow_their_distributions(void) {
    struct signal s = {.kind = SIGNAL_METER, .stream = 5, .of.meter = {.per_day = 20, .size = 12}};
    unsigned none = 0, exchanged = 0, some = 0;
    for (uint32_t device = 0; device < N; device++) {
        double state = 0, before = sample(&s, device, 1, 0, -1, &state);
        none += sample(&s, device, 2, SPAN_H, SPAN_H, &state) == before;
    }
    CU_ASSERT_TRUE(goodness_share(none, N, exp(-20.0 / 24)));
    s.of.meter.per_day = 0.2; /* two events in an hour are one in 14,000 then */
    for (uint32_t device = 0; some < 2000; device++) {
        double state = 0, before = sample(&s, device, 1, 0, -1, &state);
        double amount = sample(&s, device, 2, SPAN_H, SPAN_H, &state) - before;
        if (amount > 0)
            values[some++] = amount;
    }
    CU_ASSERT_TRUE(goodness_exponential(values, some, 12));
    s.of.meter = (struct signal_meter){.per_day = 24, .size = 1, .swap = 10 * SPAN_DAY};
    for (uint32_t device = 0; device < N; device++) {
        double state = 1e6;
        exchanged += sample(&s, device, 2, 7 * SPAN_DAY, 7 * SPAN_DAY, &state) < 1e5;
    }
    CU_ASSERT_TRUE(goodness_share(exchanged, N, 1 - exp(-0.7)));
}

static void long_sleep_gives_the_same_sums(void) {
    struct signal s = {.kind = SIGNAL_METER, .stream = 5, .of.meter = {.per_day = 20, .size = 12}};
    for (uint32_t device = 0; device < N; device++) {
        double state = 0;
        values[device] = sample(&s, device, 1, 100 * SPAN_DAY, -1, &state); /* the first sample counts from t = 0 */
    }
    CU_ASSERT(ks_normal(values, N, 24000, sqrt(2000 * 2 * 144.0)) < 1.95);
}

static void a_meter_shows_steps_rolls_over_and_is_exchanged(void) {
    struct signal s = {.kind = SIGNAL_METER,
                       .of.meter = {.start = 990, .per_day = 24, .size = 3, .lsb = 10, .max = 1000, .swap = 0}};
    double state = signal_begin(&(struct signal){.kind = SIGNAL_METER, .start = 990}), last = 990;
    unsigned rolled = 0;
    for (uint64_t n = 1; n <= 2000; n++) {
        double x = sample(&s, 1, n, (span)n * SPAN_H, SPAN_H, &state);
        CU_ASSERT_FATAL(x >= 0 && x < 1000 && x == 10 * floor(x / 10));
        rolled += x < last;
        last = x;
    }
    CU_ASSERT_DOUBLE_EQUAL(rolled, 7, 1); /* 990 + 6000 */
    s.of.meter = (struct signal_meter){.per_day = 24, .size = 1, .swap = 10 * SPAN_DAY};
    unsigned exchanged = 0;
    for (uint32_t device = 0; device < 200; device++) {
        state = last = 500;
        for (uint64_t n = 1; n <= 100; n++) {
            double x = sample(&s, device, n, (span)n * SPAN_DAY, SPAN_DAY, &state);
            exchanged += x < last - 1;
            last = x;
        }
    }
    CU_ASSERT(exchanged > 1500 && exchanged < 2100); /* 1,903 expected; some return to nearly what they were */
}

static void a_meter_of_a_household_counts_by_the_hour(void) {
    struct signal s = {.kind = SIGNAL_METER,
                       .of.meter = {.per_day = 24,
                                    .size = 1,
                                    .daily = {.on = true, .day = 0.8, .day_peak = 19 * SPAN_H, .weekend = 1}}};
    double evening = 0, night = 0;
    for (uint32_t device = 0; device < 5000; device++) {
        double state = 0;
        evening += sample(&s, device, 1, 20 * SPAN_H, 2 * SPAN_H, &state);
        state = 0;
        night += sample(&s, device, 2, 8 * SPAN_H, 2 * SPAN_H, &state);
    }
    CU_ASSERT_DOUBLE_EQUAL(evening / 5000, 2 * (1 + 0.8 * 0.9886), 0.1);
    CU_ASSERT_DOUBLE_EQUAL(night / 5000, 2 * (1 - 0.8 * 0.9886), 0.05);
}

/* --- position ------------------------------------------------------------------------------------------------------- */

static const struct signal axis = {
    .kind = SIGNAL_POSITION,
    .stream = 8,
    .of.position = {.centre = 50, .reach = 1e7, .speed = 10, .memory = 2 * SPAN_MIN, .scale = 1}};

/* The way made in T by an Ornstein–Uhlenbeck speed: variance 2 s² τ (T − τ(1 − e^(−T/τ))), however it is cut into samples. */
static void the_way_made_does_not_depend_on_how_often_one_looks(void) {
    double sd = sqrt(2 * 100 * 120 * (600 - 120 * (1 - exp(-5))));
    for (uint32_t device = 0; device < N; device++) {
        double state = 0, x = sample(&axis, device, 1, 0, -1, &state);
        values[device] = sample(&axis, device, 2, 10 * SPAN_MIN, 10 * SPAN_MIN, &state) - x;
        state = 0;
        x = sample(&axis, device, 1, 0, -1, &state);
        double y = x;
        for (uint64_t n = 2; n <= 21; n++)
            y = sample(&axis, device, n, (span)n * 30 * SPAN_S, 30 * SPAN_S, &state);
        later[device] = y - x;
    }
    CU_ASSERT(ks_normal(values, N, 0, sd) < 1.95);
    CU_ASSERT(ks_normal(later, N, 0, sd) < 1.95);
}

static void a_vehicle_stays_within_its_reach(void) {
    struct signal s = axis;
    s.of.position.reach = 500;
    double low = 1e9, high = -1e9;
    for (uint32_t device = 0; device < 50; device++) {
        double state = 0;
        for (uint64_t n = 1; n < 500; n++) {
            double x = sample(&s, device, n, (span)n * SPAN_H, n == 1 ? -1 : SPAN_H, &state) - 50;
            low = fmin(low, x);
            high = fmax(high, x);
        }
    }
    CU_ASSERT(low >= -500.01 && low < -490 && high <= 500.01 && high > 490);
}

static void a_vehicle_that_stands_is_where_it_was_but_for_the_fix(void) {
    struct signal s = axis;
    struct motion m = {.trips = 1, .moving = 2 * SPAN_H};
    double state = 0, x = sample(&s, 3, 1, 0, -1, &state);
    unsigned stood = 0, moved = 0;
    for (uint64_t n = 2; n < 1000; n++) {
        struct signal_sample at = {.seed = 42,
                                   .device = 3,
                                   .n = n,
                                   .clock = begin + (span)n * 10 * SPAN_MIN,
                                   .begin = begin,
                                   .since = 10 * SPAN_MIN,
                                   .motion = &m};
        double y = signal_model(&s, &at, &state);
        stood += y == x;
        moved += y != x;
        x = y;
    }
    CU_ASSERT(stood > 880 && moved > 70);
    s.of.position.reach = 1000;
    s.of.position.speed = 0;
    x = sample(&s, 3, 1, 0, -1, &state) - 50;
    s.of.position.fix = 4;
    s.of.position.scale = 2;
    for (int n = 0; n < N; n++)
        values[n] = sample(&s, 3, (uint64_t)n + 2, 0, 0, &state);
    CU_ASSERT(ks_normal(values, N, 50 + x / 2, 2) < 1.95);
}

/* --- vibration and trace -------------------------------------------------------------------------------------------- */

static void a_defect_makes_vibration_grow(void) {
    struct signal s = {.kind = SIGNAL_VIBRATION,
                       .of.vibration = {.base = 2, .onset = 30 * SPAN_DAY, .doubling = 14 * SPAN_DAY, .idle = 0.1}};
    double state = 0;
    unsigned grown = 0;
    for (uint32_t device = 0; device < N; device++) {
        double now = sample(&s, device, 1, 60 * SPAN_DAY, -1, &state);
        double then = sample(&s, device, 2, 74 * SPAN_DAY, 14 * SPAN_DAY, &state);
        CU_ASSERT_FATAL(now >= 2 && then >= now);
        if (now > 2)
            CU_ASSERT_DOUBLE_EQUAL(then / now, 2, 1e-9);
        grown += now > 2;
    }
    CU_ASSERT_DOUBLE_EQUAL((double)grown / N, 1 - exp(-2), 0.01);
}

/* The defect's time, told from how far vibration has grown after a hundred mean times. */
static void defects_come_at_exponential_times(void) {
    struct signal s = {.kind = SIGNAL_VIBRATION,
                       .of.vibration = {.base = 2, .onset = 30 * SPAN_DAY, .doubling = 14 * SPAN_DAY}};
    double state = 0;
    for (uint32_t device = 0; device < N; device++) {
        double rms = sample(&s, device, 1, 1000 * SPAN_DAY, -1, &state);
        values[device] = 1000 - 14 * log2(rms / 2);
    }
    CU_ASSERT_TRUE(goodness_exponential(values, N, 30));
}

static void machines_rest_outside_the_shift(void) {
    struct signal s = {.kind = SIGNAL_VIBRATION,
                       .of.vibration = {.base = 2, .doubling = 1, .idle = 0.1, .from = 6 * SPAN_H, .to = 22 * SPAN_H}};
    double state = 0;
    CU_ASSERT_EQUAL(sample(&s, 1, 1, 6 * SPAN_H, -1, &state), 2);
    CU_ASSERT_EQUAL(sample(&s, 1, 1, 5 * SPAN_H, -1, &state), 0.1);
    CU_ASSERT_EQUAL(sample(&s, 1, 1, 22 * SPAN_H, -1, &state), 0.1);
    CU_ASSERT_EQUAL(sample(&s, 1, 1, 2 * SPAN_DAY + 12 * SPAN_H, -1, &state), 0.1); /* Saturday */
    s.of.vibration.from = 22 * SPAN_H;
    s.of.vibration.to = 6 * SPAN_H;
    CU_ASSERT_EQUAL(sample(&s, 1, 1, 23 * SPAN_H, -1, &state), 2);
    CU_ASSERT_EQUAL(sample(&s, 1, 1, 12 * SPAN_H, -1, &state), 0.1);
}

static void a_trace_is_replayed_and_begins_again(void) {
    static const double seconds[] = {0, 10, 40}, heights[] = {1, 3, 0};
    struct signal s = {.kind = SIGNAL_TRACE, .of.trace = {.seconds = seconds, .values = heights, .count = 3}};
    double state = 0;
    CU_ASSERT_EQUAL(sample(&s, 1, 1, 0, -1, &state), 1);
    CU_ASSERT_DOUBLE_EQUAL(sample(&s, 1, 1, 5 * SPAN_S, -1, &state), 2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(sample(&s, 1, 1, 25 * SPAN_S, -1, &state), 1.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(sample(&s, 1, 1, 45 * SPAN_S, -1, &state), 2, 1e-12);
    s.of.trace.steps = true;
    CU_ASSERT_EQUAL(sample(&s, 1, 1, 25 * SPAN_S, -1, &state), 3);
    s.of.trace.shuffle = 1;
    unsigned first = 0;
    for (uint32_t device = 0; device < N; device++)
        first += sample(&s, device, 1, 0, -1, &state) == 1;
    CU_ASSERT_DOUBLE_EQUAL((double)first / N, 0.25, 0.01);
    s.of.trace.count = 1;
    CU_ASSERT_EQUAL(sample(&s, 1, 1, SPAN_DAY, -1, &state), 1);
}

HARNESS_MAIN(
    "device/signal_model", HARNESS_CASE(events_amounts_and_exchanges_follow_their_distributions),
    HARNESS_CASE(defects_come_at_exponential_times), HARNESS_CASE(noise_is_stationary_and_forgets_as_its_memory_says),
    HARNESS_CASE(the_day_and_the_device_move_the_mean), HARNESS_CASE(values_come_in_steps),
    HARNESS_CASE(faults_have_their_shares), HARNESS_CASE(a_meter_adds_up_a_compound_poisson_process),
    HARNESS_CASE(long_sleep_gives_the_same_sums), HARNESS_CASE(a_meter_shows_steps_rolls_over_and_is_exchanged),
    HARNESS_CASE(a_meter_of_a_household_counts_by_the_hour),
    HARNESS_CASE(the_way_made_does_not_depend_on_how_often_one_looks), HARNESS_CASE(a_vehicle_stays_within_its_reach),
    HARNESS_CASE(a_vehicle_that_stands_is_where_it_was_but_for_the_fix), HARNESS_CASE(a_defect_makes_vibration_grow),
    HARNESS_CASE(machines_rest_outside_the_shift), HARNESS_CASE(a_trace_is_replayed_and_begins_again))
