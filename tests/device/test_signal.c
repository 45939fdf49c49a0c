#include "device/signal.h"

#include <math.h>

#include "goodness.h"
#include "harness.h"

static double advance(const struct signal *s, uint64_t seed, uint32_t device, uint64_t n, int64_t clock,
                      double *state) {
    struct signal_sample at = {.seed = seed, .device = device, .n = n, .clock = clock, .since = -1};
    return signal_advance(s, &at, state);
}

static double next(const struct signal *s, uint64_t n, double *state) {
    return advance(s, 42, 7, n, 0, state);
}

static void a_constant_stays(void) {
    struct signal s = {.kind = SIGNAL_CONSTANT, .start = 3.6};
    double state = signal_begin(&s);
    CU_ASSERT_EQUAL(next(&s, 1, &state), 3.6);
    CU_ASSERT_EQUAL(next(&s, 2, &state), 3.6);
}

static void a_walk_begins_at_start_and_stays_within_its_walls(void) {
    struct signal s = {.kind = SIGNAL_WALK, .stream = 9, .start = 21, .step = 0.5, .min = 20, .max = 22};
    double state = signal_begin(&s), previous = 21, low = 22, high = 20, moved = 0;
    CU_ASSERT_EQUAL(next(&s, 1, &state), 21);
    for (uint64_t n = 2; n < 20000; n++) {
        double value = next(&s, n, &state);
        CU_ASSERT_FATAL(value >= 20 && value <= 22 && fabs(value - previous) <= 0.5);
        moved += fabs(value - previous);
        low = fmin(low, value);
        high = fmax(high, value);
        previous = value;
    }
    CU_ASSERT(low < 20.01 && high > 21.99);
    CU_ASSERT_DOUBLE_EQUAL(moved / 20000, 0.23, 0.02); /* E|U(−½, ½)| = ¼, less what the walls reflect */
}

static void a_step_wider_than_the_room_ends_at_a_wall(void) {
    struct signal s = {.kind = SIGNAL_WALK, .stream = 9, .start = 0, .step = 100, .min = -1, .max = 1};
    double state = signal_begin(&s);
    for (uint64_t n = 1; n < 1000; n++) {
        double value = next(&s, n, &state);
        CU_ASSERT_FATAL(value >= -1 && value <= 1);
    }
}

static void a_sine_follows_the_simulated_clock(void) {
    struct signal s = {.kind = SIGNAL_SINE, .mean = 10, .amplitude = 5, .period = SPAN_DAY, .phase_turns = 0.25};
    double state = signal_begin(&s);
    int64_t midnight = INT64_C(1767225600) * SPAN_S;
    CU_ASSERT_DOUBLE_EQUAL(advance(&s, 1, 1, 1, midnight, &state), 15, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(advance(&s, 1, 1, 2, midnight + 6 * SPAN_H, &state), 10, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(advance(&s, 1, 1, 3, midnight + 12 * SPAN_H, &state), 5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(advance(&s, 1, 1, 4, midnight + SPAN_DAY, &state), 15, 1e-12);
}

static void uniform_and_normal_are_drawn_anew(void) {
    struct signal u = {.kind = SIGNAL_UNIFORM, .stream = 1, .min = -2, .max = 6};
    struct signal z = {.kind = SIGNAL_NORMAL, .stream = 2, .start = 50, .step = 10, .min = 30, .max = 70};
    enum { N = 20000 };
    double state = 0, sum_u = 0, sum_z = 0, squares = 0;
    unsigned at_wall = 0;
    for (uint64_t n = 1; n <= N; n++) {
        double a = next(&u, n, &state), b = next(&z, n, &state);
        CU_ASSERT_FATAL(a > -2 && a < 6 && b >= 30 && b <= 70);
        sum_u += a;
        sum_z += b;
        squares += (b - 50) * (b - 50);
        at_wall += b == 30 || b == 70;
    }
    CU_ASSERT_DOUBLE_EQUAL(sum_u / N, 2, 0.06);
    CU_ASSERT_DOUBLE_EQUAL(sum_z / N, 50, 0.3);
    CU_ASSERT_DOUBLE_EQUAL(squares / N, 92, 3); /* 100, less what the cut at 2 sigma takes */
    CU_ASSERT_DOUBLE_EQUAL((double)at_wall / N, 0.0455, 0.006);
}

static void a_counter_counts_and_rolls_over(void) {
    struct signal s = {.kind = SIGNAL_COUNTER, .start = 65530, .step = 3, .max = 65536};
    double state = signal_begin(&s);
    static const double want[] = {65530, 65533, 0, 3, 6};
    for (uint64_t n = 0; n < 5; n++)
        CU_ASSERT_EQUAL(next(&s, n + 1, &state), want[n]);
    struct signal endless = {.kind = SIGNAL_COUNTER, .start = 0, .step = 0.5};
    state = signal_begin(&endless);
    for (uint64_t n = 1; n <= 1000; n++)
        CU_ASSERT_EQUAL(next(&endless, n, &state), 0.5 * (double)(n - 1));
}

static void a_choice_keeps_its_weights(void) {
    static const uint32_t weights[] = {80, 0, 15, 5};
    static const char *const words[] = {"ok", "never", "warn", "fail"};
    struct signal s = {
        .kind = SIGNAL_CHOICE, .stream = 3, .words = words, .weights = weights, .word_count = 4, .weight_sum = 100};
    enum { N = 20000 };
    unsigned count[4] = {0};
    double state = signal_begin(&s);
    for (uint64_t n = 1; n <= N; n++)
        count[(unsigned)next(&s, n, &state)]++;
    CU_ASSERT_EQUAL(count[1], 0);
    count[1] = count[3];
    CU_ASSERT_TRUE(goodness_chi(count, (double[]){0.8 * N, 0.05 * N, 0.15 * N}, 3));
}

static void values_are_keyed_by_seed_device_signal_and_message(void) {
    struct signal s = {.kind = SIGNAL_UNIFORM, .stream = 1, .min = 0, .max = 1}, other = s;
    other.stream = 2;
    double state = 0, value = advance(&s, 1, 1, 1, 0, &state);
    CU_ASSERT_EQUAL(advance(&s, 1, 1, 1, 99, &state), value);
    CU_ASSERT_NOT_EQUAL(advance(&s, 2, 1, 1, 0, &state), value);
    CU_ASSERT_NOT_EQUAL(advance(&s, 1, 2, 1, 0, &state), value);
    CU_ASSERT_NOT_EQUAL(advance(&s, 1, 1, 2, 0, &state), value);
    CU_ASSERT_NOT_EQUAL(advance(&other, 1, 1, 1, 0, &state), value);
}

static void the_time_since_the_last_sample_is_kept_where_it_matters(void) {
    instant sampled = INSTANT_NEVER;
    CU_ASSERT(signal_since(NULL, 5) < 0);
    CU_ASSERT(signal_since(&sampled, 5) < 0);
    CU_ASSERT_EQUAL(signal_since(&sampled, 12), 7);
    CU_ASSERT_EQUAL(signal_since(&sampled, 12), 0);
    CU_ASSERT_FALSE(signal_evolves(&(struct signal){.kind = SIGNAL_WALK}));
    CU_ASSERT_FALSE(signal_evolves(&(struct signal){.kind = SIGNAL_VIBRATION}));
    CU_ASSERT_TRUE(signal_evolves(&(struct signal){.kind = SIGNAL_METER}));
}

static void the_first_stream_that_moves_moves_the_signals(void) {
    struct telemetry streams[2] = {{.name = "0"}, {.name = "1"}};
    struct fleet_group g = {.telemetry = streams, .telemetry_count = 2};
    CU_ASSERT_PTR_NULL(signal_motion(&g));
    streams[1].motion.trips = 2;
    CU_ASSERT_PTR_EQUAL(signal_motion(&g), &streams[1].motion);
}

static void values_follow_their_distributions(void) {
    enum { N = 20000 };
    static double u[N], z[N], steps[N];
    struct signal uniform = {.kind = SIGNAL_UNIFORM, .stream = 1, .min = -2, .max = 6};
    struct signal normal = {.kind = SIGNAL_NORMAL, .stream = 2, .start = 50, .step = 10, .min = -1e3, .max = 1e3};
    struct signal walk = {.kind = SIGNAL_WALK, .stream = 9, .start = 0, .step = 0.5, .min = -1e9, .max = 1e9};
    double state = 0, place = signal_begin(&walk), before = next(&walk, 1, &place);
    for (uint64_t n = 0; n < N; n++) {
        u[n] = next(&uniform, n + 1, &state);
        z[n] = next(&normal, n + 1, &state);
        double now = next(&walk, n + 2, &place);
        steps[n] = now - before;
        before = now;
    }
    CU_ASSERT_TRUE(goodness_uniform(u, N, -2, 6));
    CU_ASSERT_TRUE(goodness_normal(z, N, 50, 10));
    CU_ASSERT_TRUE(goodness_uniform(steps, N, -0.5, 0.5));
}

HARNESS_MAIN("signal", HARNESS_CASE(values_follow_their_distributions), HARNESS_CASE(a_constant_stays),
             HARNESS_CASE(a_walk_begins_at_start_and_stays_within_its_walls),
             HARNESS_CASE(a_step_wider_than_the_room_ends_at_a_wall), HARNESS_CASE(a_sine_follows_the_simulated_clock),
             HARNESS_CASE(uniform_and_normal_are_drawn_anew), HARNESS_CASE(a_counter_counts_and_rolls_over),
             HARNESS_CASE(a_choice_keeps_its_weights), HARNESS_CASE(values_are_keyed_by_seed_device_signal_and_message),
             HARNESS_CASE(the_time_since_the_last_sample_is_kept_where_it_matters),
             HARNESS_CASE(the_first_stream_that_moves_moves_the_signals))
