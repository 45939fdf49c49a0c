#include "device/schedule.h"

#include "base/check.h"
#include "base/draw.h"
#include "device/motion.h"
#include "device/power.h"
#include "goodness.h"
#include "harness.h"

static const int64_t epoch = 1767225600000; /* 2026-01-01T00:00:00Z */

static struct dist every(enum dist_kind kind, double a, double b) {
    return (struct dist){.kind = kind, .cut_at_zero = true, .a = a, .b = b};
}

static struct schedule of(const struct dist *d, enum telemetry_alignment alignment) {
    return (struct schedule){.every = d, .alignment = alignment, .seed = 42, .epoch_unix_ms = epoch};
}

static void the_first_message_comes_a_uniform_phase_after_the_connect(void) {
    struct dist d = every(DIST_EXP, 60e9, 0);
    struct schedule s = of(&d, ALIGN_NONE);
    enum { N = 20000 };
    static double phase[N];
    for (uint32_t device = 0; device < N; device++)
        phase[device] = span_seconds(schedule_first(&s, device, 5 * SPAN_S) - 5 * SPAN_S);
    CU_ASSERT_TRUE(goodness_uniform(phase, N, 0, 60));
}

static void gaps_follow_their_distribution(void) {
    enum { N = 20000 };
    static double gaps[N];
    struct dist d = every(DIST_EXP, 60e9, 0);
    struct schedule s = of(&d, ALIGN_NONE);
    instant at = 0;
    for (uint64_t n = 0; n < N; n++) {
        instant next = schedule_next(&s, 3, n + 1, at);
        gaps[n] = span_seconds(next - at);
        at = next;
    }
    CU_ASSERT_TRUE(goodness_exponential(gaps, N, 60));
}

static void gaps_are_the_draws_of_every(void) {
    struct dist d = every(DIST_NORMAL, 10e9, 500e6);
    struct schedule s = of(&d, ALIGN_NONE);
    instant at = schedule_first(&s, 7, 0);
    for (uint64_t n = 1; n < 100; n++) {
        span want = dist_sample_span(&d, draw_u64(42, 7, draw_stream_key(DRAW_TELEMETRY_EVERY), n));
        instant next = schedule_next(&s, 7, n, at);
        CU_ASSERT_EQUAL(next - at, want);
        at = next;
    }
}

static void the_mean_rate_is_that_of_every(void) {
    struct dist d = every(DIST_EXP, 1e9, 0);
    struct schedule s = of(&d, ALIGN_NONE);
    instant at = 0;
    for (uint64_t n = 1; n <= 20000; n++)
        at = schedule_next(&s, 1, n, at);
    CU_ASSERT_DOUBLE_EQUAL(span_seconds(at), 20000, 450);
}

static void two_streams_and_two_devices_draw_differently(void) {
    struct dist d = every(DIST_EXP, 60e9, 0);
    struct schedule a = of(&d, ALIGN_NONE), b = a;
    b.stream = 1;
    CU_ASSERT_NOT_EQUAL(schedule_first(&a, 1, 0), schedule_first(&b, 1, 0));
    CU_ASSERT_NOT_EQUAL(schedule_next(&a, 1, 1, 0), schedule_next(&b, 1, 1, 0));
    CU_ASSERT_NOT_EQUAL(schedule_next(&a, 1, 1, 0), schedule_next(&a, 2, 1, 0));
    CU_ASSERT_NOT_EQUAL(schedule_next(&a, 1, 1, 0), schedule_next(&a, 1, 2, 0));
    CU_ASSERT_EQUAL(schedule_next(&a, 1, 1, 0), schedule_next(&a, 1, 1, 0));
}

static void time_goes_on_whatever_is_drawn(void) {
    struct dist zero = every(DIST_CONSTANT, 0, 0), wild = every(DIST_NORMAL, 1e3, 1e9);
    struct schedule s = of(&zero, ALIGN_NONE), t = of(&wild, ALIGN_NONE);
    CU_ASSERT_EQUAL(schedule_first(&s, 1, 77), 77);
    CU_ASSERT_EQUAL(schedule_next(&s, 1, 1, 77), 77 + SPAN_US);
    instant at = 0;
    for (uint64_t n = 1; n < 1000; n++) {
        instant next = schedule_next(&t, 1, n, at);
        CU_ASSERT_FATAL(next > at);
        at = next;
    }
}

static void a_device_that_never_connects_never_sends(void) {
    struct dist d = every(DIST_EXP, 60e9, 0);
    struct schedule a = of(&d, ALIGN_NONE), b = of(&d, ALIGN_WALLCLOCK);
    CU_ASSERT_EQUAL(schedule_first(&a, 1, INSTANT_NEVER), INSTANT_NEVER);
    CU_ASSERT_EQUAL(schedule_first(&b, 1, INSTANT_NEVER), INSTANT_NEVER);
    CU_ASSERT_EQUAL(schedule_next(&a, 1, 1, INSTANT_NEVER), INSTANT_NEVER);
}

static void a_pareto_without_a_mean_uses_its_median(void) {
    struct dist d = every(DIST_PARETO, 1e9, 0.9);
    struct schedule s = of(&d, ALIGN_NONE);
    span median = (span)dist_median(&d);
    for (uint32_t device = 0; device < 100; device++) {
        span phase = schedule_first(&s, device, 0);
        CU_ASSERT_FATAL(phase >= 0 && phase < median);
    }
}

static void wallclock_streams_begin_at_the_next_multiple(void) {
    struct dist d = every(DIST_CONSTANT, (double)(15 * SPAN_MIN), 0);
    struct schedule s = of(&d, ALIGN_WALLCLOCK);
    CU_ASSERT_EQUAL(schedule_first(&s, 1, 0), 15 * SPAN_MIN); /* after the connect, not at it */
    CU_ASSERT_EQUAL(schedule_first(&s, 1, SPAN_S), 15 * SPAN_MIN);
    CU_ASSERT_EQUAL(schedule_first(&s, 2, 15 * SPAN_MIN - 1), 15 * SPAN_MIN);
    CU_ASSERT_EQUAL(schedule_first(&s, 2, -SPAN_S), 0);
    s.epoch_unix_ms = epoch + 60000; /* the run begins a minute past the hour */
    CU_ASSERT_EQUAL(schedule_first(&s, 1, 0), 14 * SPAN_MIN);
    CU_ASSERT_EQUAL(schedule_next(&s, 1, 1, 14 * SPAN_MIN), 29 * SPAN_MIN);
}

static void clock_errors_do_not_add_up(void) {
    struct dist d = every(DIST_NORMAL, 60e9, 2e9);
    struct schedule s = of(&d, ALIGN_WALLCLOCK);
    instant at = schedule_first(&s, 9, SPAN_S);
    CU_ASSERT_EQUAL(at, 60 * SPAN_S);
    enum { N = 5000 };
    static double errors[N];
    for (uint64_t n = 1; n <= N; n++) {
        at = schedule_next(&s, 9, n, at);
        errors[n - 1] = span_seconds(at - (span)(n + 1) * 60 * SPAN_S);
        CU_ASSERT_FATAL(errors[n - 1] > -12 && errors[n - 1] < 12);
    }
    CU_ASSERT_TRUE(goodness_normal(errors, N, 0, 2));
}

static void a_clock_error_stays_within_half_a_period(void) {
    struct dist d = every(DIST_EXP, 10e9, 0);
    struct schedule s = of(&d, ALIGN_WALLCLOCK);
    instant at = schedule_first(&s, 3, 0);
    for (uint64_t n = 1; n <= 2000; n++) {
        at = schedule_next(&s, 3, n, at);
        span error = at - (instant)(n + 1) * 10 * SPAN_S;
        CU_ASSERT_FATAL(error > -5 * SPAN_S && error < 5 * SPAN_S);
    }
}

static void the_schedule_of_a_group_is_that_of_its_stream(void) {
    struct telemetry streams[2] = {{.every = every(DIST_CONSTANT, 1e9, 0)},
                                   {.every = every(DIST_EXP, 2e9, 0), .alignment = ALIGN_WALLCLOCK}};
    struct fleet_group g = {.telemetry = streams, .telemetry_count = 2};
    struct schedule s = schedule_of(&g, 1, 5, epoch);
    CU_ASSERT_PTR_EQUAL(s.every, &streams[1].every);
    CU_ASSERT_EQUAL(s.alignment, ALIGN_WALLCLOCK);
    CU_ASSERT_EQUAL(s.stream, 1);
    CU_ASSERT_EQUAL(s.seed, 5);
    CU_ASSERT_EQUAL(s.epoch_unix_ms, epoch);
}

static void think_times_are_draws_of_every_and_may_be_zero(void) {
    struct dist zero = every(DIST_CONSTANT, 0, 0), d = every(DIST_EXP, 1e9, 0);
    struct schedule s = of(&zero, ALIGN_NONE), t = of(&d, ALIGN_NONE);
    CU_ASSERT_EQUAL(schedule_think(&s, 1, 1), 0);
    CU_ASSERT_EQUAL(schedule_think(&t, 1, 1), schedule_next(&t, 1, 1, 0));
}

static void decisions_differ_in_every_part(void) {
    uint64_t base = schedule_decision(1, OP_MQTT_PUBLISH, 0, 1, 1000, 0);
    CU_ASSERT_EQUAL(schedule_decision(1, OP_MQTT_PUBLISH, 0, 1, 1000, 0), base);
    CU_ASSERT_NOT_EQUAL(schedule_decision(2, OP_MQTT_PUBLISH, 0, 1, 1000, 0), base);
    CU_ASSERT_NOT_EQUAL(schedule_decision(1, OP_MQTT_CONNECT, 0, 1, 1000, 0), base);
    CU_ASSERT_NOT_EQUAL(schedule_decision(1, OP_MQTT_PUBLISH, 1, 1, 1000, 0), base);
    CU_ASSERT_NOT_EQUAL(schedule_decision(1, OP_MQTT_PUBLISH, 0, 2, 1000, 0), base);
    CU_ASSERT_NOT_EQUAL(schedule_decision(1, OP_MQTT_PUBLISH, 0, 1, 1001, 0), base);
    CU_ASSERT_NOT_EQUAL(schedule_decision(1, OP_MQTT_PUBLISH, 0, 1, 1000, 1), base);
    CU_ASSERT_EQUAL(base, UINT64_C(0xc0ca41464dde4f4f)); /* known answer: it never changes */
}

static void a_first_message_may_have_its_time(void) {
    struct dist d = every(DIST_CONSTANT, 10e9, 0);
    struct telemetry t = {.has_first = true, .first = 1500 * SPAN_MS};
    struct schedule s = of(&d, ALIGN_NONE);
    s.telemetry = &t;
    CU_ASSERT_EQUAL(schedule_first(&s, 3, 2 * SPAN_S), 3500 * SPAN_MS);
    CU_ASSERT_EQUAL(schedule_next(&s, 3, 1, 3500 * SPAN_MS), 13500 * SPAN_MS);
    CU_ASSERT_EQUAL(schedule_first(&s, 3, INSTANT_NEVER), INSTANT_NEVER);
}

static void listed_messages_have_their_times_and_an_end(void) {
    static const struct telemetry_message listed[] = {{.at = SPAN_S}, {.at = 4 * SPAN_S}, {.at = 4 * SPAN_S}};
    struct dist d = every(DIST_CONSTANT, 10e9, 0);
    struct telemetry t = {.messages = listed, .message_count = 3};
    struct schedule s = of(&d, ALIGN_NONE);
    s.telemetry = &t;
    instant at = schedule_first(&s, 9, 7 * SPAN_S);
    CU_ASSERT_EQUAL(at, 8 * SPAN_S);
    CU_ASSERT_EQUAL(at = schedule_next(&s, 9, 1, at), 11 * SPAN_S);
    CU_ASSERT_EQUAL(at = schedule_next(&s, 9, 2, at), 11 * SPAN_S);
    CU_ASSERT_EQUAL(at = schedule_next(&s, 9, 3, at), INSTANT_NEVER);
    CU_ASSERT_EQUAL(schedule_next(&s, 9, 4, at), INSTANT_NEVER);
    CU_ASSERT_EQUAL(schedule_first(&s, 9, INSTANT_NEVER), INSTANT_NEVER);
}

static void booted_together_they_stay_together(void) {
    struct dist d = every(DIST_CONSTANT, 900e9, 0);
    struct schedule s = of(&d, ALIGN_BOOT);
    for (uint32_t device = 0; device < 100; device++) {
        instant at = schedule_first(&s, device, 77 * SPAN_S);
        CU_ASSERT_EQUAL(at, 77 * SPAN_S);
        CU_ASSERT_EQUAL(schedule_next(&s, device, 1, at), 977 * SPAN_S);
    }
}

/* Chi-square over 20 classes: 43.8 is the 99.9 % point. */
static void jitter_moves_messages_around_their_places_and_does_not_add_up(void) {
    static const enum telemetry_alignment alignments[] = {ALIGN_NONE, ALIGN_WALLCLOCK, ALIGN_BOOT};
    struct dist d = every(DIST_CONSTANT, 60e9, 0), j = {.kind = DIST_UNIFORM, .a = 0, .b = 20e9};
    for (unsigned i = 0; i < COUNT_OF(alignments); i++) {
        struct schedule s = of(&d, alignments[i]);
        instant place = schedule_first(&s, 5, SPAN_S), at;
        unsigned seen[20] = {0};
        s.jitter = &j;
        at = schedule_first(&s, 5, SPAN_S);
        for (uint64_t n = 1; n <= 20000; n++) {
            CU_ASSERT_FATAL(at >= place && at < place + 20 * SPAN_S);
            seen[(at - place) / SPAN_S]++;
            at = schedule_next(&s, 5, n, at);
            place += SPAN_MIN;
        }
        double squares = 0;
        for (int k = 0; k < 20; k++)
            squares += (seen[k] - 1000.0) * (seen[k] - 1000.0) / 1000;
        CU_ASSERT(squares < 43.8);
    }
}

static void jitter_wider_than_the_gap_is_cut_and_keeps_the_order(void) {
    static const struct dist jitters[] = {{.kind = DIST_UNIFORM, .a = 0, .b = 600e9},
                                          {.kind = DIST_NORMAL, .b = 600e9}};
    struct dist d = every(DIST_CONSTANT, 60e9, 0);
    for (unsigned i = 0; i < COUNT_OF(jitters); i++) {
        struct schedule s = of(&d, ALIGN_WALLCLOCK);
        s.jitter = &jitters[i];
        instant at = schedule_first(&s, 5, SPAN_S), first = at;
        CU_ASSERT(first >= SPAN_MIN);
        for (uint64_t n = 1; n <= 10000; n++) {
            instant next = schedule_next(&s, 5, n, at);
            CU_ASSERT_FATAL(next > at);
            at = next;
        }
        CU_ASSERT_DOUBLE_EQUAL(span_seconds(at - first), 600000, 120);
    }
}

static void a_shape_moves_messages_to_its_hours(void) {
    struct dist d = every(DIST_CONSTANT, 60e9, 0);
    struct daily shape = {.on = true, .day = 0.8, .day_peak = 19 * SPAN_H, .weekend = 1};
    struct schedule s = of(&d, ALIGN_NONE);
    s.shape = &shape;
    unsigned evening = 0, morning = 0, all = 0;
    for (instant at = schedule_first(&s, 1, 0); at < SPAN_DAY; at = schedule_next(&s, 1, ++all, at)) {
        evening += at / SPAN_H == 18;
        morning += at / SPAN_H == 6;
    }
    CU_ASSERT_DOUBLE_EQUAL(all, 1440, 1);
    CU_ASSERT_DOUBLE_EQUAL(evening, 60 * (1 + 0.8 * 0.989), 2);
    CU_ASSERT_DOUBLE_EQUAL(morning, 60 * (1 - 0.8 * 0.989), 2);
}

/* Asset trackers: every 15 min while they move, 8 h a day, and once a day while they stand. */
static void motion_decides_between_two_gaps(void) {
    struct dist d = every(DIST_CONSTANT, 900e9, 0);
    struct motion m = {.trips = 2, .moving = 8 * SPAN_H, .still = SPAN_DAY};
    struct schedule s = of(&d, ALIGN_NONE);
    s.motion = &m;
    unsigned all = 0, standing = 0;
    for (uint32_t device = 0; device < 200; device++) {
        uint64_t n = 0;
        for (instant at = schedule_first(&s, device, 0); at < 30 * SPAN_DAY; at = schedule_next(&s, device, n, at)) {
            n++;
            standing += !motion_moves(&m, 42, device, epoch * SPAN_MS + at);
        }
        all += (unsigned)n;
    }
    CU_ASSERT_DOUBLE_EQUAL(all / 200.0 / 30, 33, 0.5); /* a trip of 4 h begins with one and has on average 15.5 more */
    CU_ASSERT_EQUAL(standing, 0);
    m.still = 2 * SPAN_H;
    for (instant at = schedule_first(&s, 7, 0); at < 30 * SPAN_DAY; at = schedule_next(&s, 7, 1, at))
        standing += !motion_moves(&m, 42, 7, epoch * SPAN_MS + at);
    CU_ASSERT(standing > 100);
    struct dist rare = every(DIST_CONSTANT, 9.2e18, 0); /* later than any clock can show */
    s.every = &rare;
    for (instant at = 0; at < SPAN_DAY; at += SPAN_H)
        CU_ASSERT(schedule_next(&s, 7, 1, at) <= at + m.still);
}

/* A device whose clock is 2 min fast reports 2 min before the quarter hour, and as often. */
static void alignment_follows_the_devices_own_clock(void) {
    struct action skew = {.verb = DO_CLOCK_SKEW, .start = 0, .skew = 2 * SPAN_MIN};
    struct dist quarter = {.kind = DIST_CONSTANT, .a = 900e9};
    struct schedule s = {.every = &quarter, .alignment = ALIGN_WALLCLOCK, .seed = 5, .epoch_unix_ms = 1767225600000};
    s.clock = (struct clock_view){.actions = &skew, .action_count = 1, .device = 0};
    instant first = schedule_first(&s, 0, 5 * SPAN_S);
    CU_ASSERT_EQUAL(first, 13 * SPAN_MIN);
    CU_ASSERT_EQUAL(schedule_next(&s, 0, 1, first), 28 * SPAN_MIN);
}

static void only_what_nothing_can_move_is_planned(void) {
    struct power battery = {.has_battery = true}, careful = {.refuse_below = 0.1};
    struct profile profile = {.name = "p"};
    struct telemetry t = {.pace = PACE_OPEN};
    struct fleet_group g = {.profile = &profile, .telemetry = &t, .telemetry_count = 1};
    CU_ASSERT_TRUE(schedule_planned(&g, 0));
    t.alignment = ALIGN_BOOT;
    CU_ASSERT_TRUE(schedule_planned(&g, 0));
    g.power = &battery; /* and power may return */
    CU_ASSERT_FALSE(schedule_planned(&g, 0));
    t.alignment = ALIGN_WALLCLOCK;
    CU_ASSERT_TRUE(schedule_planned(&g, 0));
    g.power = &careful;
    CU_ASSERT_FALSE(schedule_planned(&g, 0));
    g.power = NULL;
    t.pace = PACE_CLOSED;
    CU_ASSERT_FALSE(schedule_planned(&g, 0));
    t.pace = PACE_OPEN;
    profile.restart_on_connect = true;
    CU_ASSERT_FALSE(schedule_planned(&g, 0));
}

HARNESS_MAIN("schedule", HARNESS_CASE(gaps_follow_their_distribution),
             HARNESS_CASE(the_first_message_comes_a_uniform_phase_after_the_connect),
             HARNESS_CASE(gaps_are_the_draws_of_every), HARNESS_CASE(the_mean_rate_is_that_of_every),
             HARNESS_CASE(two_streams_and_two_devices_draw_differently), HARNESS_CASE(time_goes_on_whatever_is_drawn),
             HARNESS_CASE(a_device_that_never_connects_never_sends),
             HARNESS_CASE(a_pareto_without_a_mean_uses_its_median),
             HARNESS_CASE(wallclock_streams_begin_at_the_next_multiple), HARNESS_CASE(clock_errors_do_not_add_up),
             HARNESS_CASE(a_clock_error_stays_within_half_a_period),
             HARNESS_CASE(the_schedule_of_a_group_is_that_of_its_stream),
             HARNESS_CASE(think_times_are_draws_of_every_and_may_be_zero), HARNESS_CASE(decisions_differ_in_every_part),
             HARNESS_CASE(a_first_message_may_have_its_time), HARNESS_CASE(listed_messages_have_their_times_and_an_end),
             HARNESS_CASE(booted_together_they_stay_together),
             HARNESS_CASE(jitter_moves_messages_around_their_places_and_does_not_add_up),
             HARNESS_CASE(jitter_wider_than_the_gap_is_cut_and_keeps_the_order),
             HARNESS_CASE(a_shape_moves_messages_to_its_hours), HARNESS_CASE(motion_decides_between_two_gaps),
             HARNESS_CASE(alignment_follows_the_devices_own_clock), HARNESS_CASE(only_what_nothing_can_move_is_planned))
