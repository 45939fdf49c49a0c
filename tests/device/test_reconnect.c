#include "device/reconnect.h"

#include <stdlib.h>

#include "base/check.h"
#include "goodness.h"
#include "harness.h"
#include "loop/timers.h"

static span delay(const struct reconnect *r, uint32_t failures) {
    span previous = 0;
    return reconnect_delay(r, 1, 1, failures, failures, &previous);
}

static void plain_policies_give_known_delays(void) {
    static const span quadratic[] = {1, 4, 9, 16, 25, 30, 30}, doubling[] = {1, 2, 4, 8, 16, 32, 64, 128, 128};
    struct reconnect fixed = {.policy = RECONNECT_FIXED, .first = 10 * SPAN_S, .max = SPAN_S};
    struct reconnect squares = {.policy = RECONNECT_QUADRATIC, .first = SPAN_S, .max = 30 * SPAN_S};
    struct reconnect doubles = {.policy = RECONNECT_EXPONENTIAL, .first = SPAN_S, .max = 128 * SPAN_S, .factor = 2};
    for (uint32_t n = 0; n < 5; n++)
        CU_ASSERT_EQUAL(delay(&fixed, n), 10 * SPAN_S);
    for (uint32_t n = 0; n < COUNT_OF(quadratic); n++)
        CU_ASSERT_EQUAL(delay(&squares, n), quadratic[n] * SPAN_S);
    for (uint32_t n = 0; n < COUNT_OF(doubling); n++)
        CU_ASSERT_EQUAL(delay(&doubles, n), doubling[n] * SPAN_S);
    CU_ASSERT_EQUAL(delay(&doubles, UINT32_MAX), 128 * SPAN_S);
}

static void delays_without_a_cap_stay_finite(void) {
    struct reconnect r = {.policy = RECONNECT_EXPONENTIAL, .first = SPAN_S, .factor = 10};
    CU_ASSERT_EQUAL(delay(&r, 1000), 366 * SPAN_DAY);
    r.policy = RECONNECT_QUADRATIC;
    CU_ASSERT_EQUAL(delay(&r, UINT32_MAX), 366 * SPAN_DAY);
    r.jitter = JITTER_DECORRELATED;
    span previous = INT64_MAX;
    CU_ASSERT(reconnect_delay(&r, 1, 1, 5, 5, &previous) <= 366 * SPAN_DAY);
}

/* Smallest, largest and mean delay of 20,000 devices, in seconds. */
static void spread_of(const struct reconnect *r, uint32_t failures, double *low, double *high, double *mean) {
    enum { N = 20000 };
    *low = 1e18;
    *high = *mean = 0;
    for (uint32_t device = 0; device < N; device++) {
        span previous = 10 * SPAN_S;
        double d = span_seconds(reconnect_delay(r, 3, device, failures, 8, &previous));
        *low = d < *low ? d : *low;
        *high = d > *high ? d : *high;
        *mean += d / N;
    }
}

static void jitter_spreads_as_its_rule_says(void) {
    struct reconnect r = {.policy = RECONNECT_EXPONENTIAL, .first = SPAN_S, .max = 128 * SPAN_S, .factor = 2};
    double low, high, mean;
    r.jitter = JITTER_FULL; /* U(0, 8) */
    spread_of(&r, 3, &low, &high, &mean);
    CU_ASSERT(low >= 0 && low < 0.01 && high < 8 && high > 7.99);
    CU_ASSERT_DOUBLE_EQUAL(mean, 4, 0.05);
    r.jitter = JITTER_EQUAL; /* 4 + U(0, 4) */
    spread_of(&r, 3, &low, &high, &mean);
    CU_ASSERT(low >= 4 && low < 4.01 && high < 8 && high > 7.99);
    CU_ASSERT_DOUBLE_EQUAL(mean, 6, 0.05);
    r.jitter = JITTER_DECORRELATED; /* U(1, 3 · 10) */
    spread_of(&r, 3, &low, &high, &mean);
    CU_ASSERT(low >= 1 && low < 1.01 && high < 30 && high > 29.9);
    CU_ASSERT_DOUBLE_EQUAL(mean, 15.5, 0.2);
    r.max = 20 * SPAN_S;
    spread_of(&r, 3, &low, &high, &mean);
    CU_ASSERT_EQUAL(high, 20);
    spread_of(&r, 0, &low, &high, &mean); /* the first time: U(1, 3 · 1), whatever the last delay was */
    CU_ASSERT(low >= 1 && high < 3);
}

static void the_last_delay_is_handed_back(void) {
    struct reconnect r = {
        .policy = RECONNECT_FIXED, .jitter = JITTER_DECORRELATED, .first = SPAN_S, .max = SPAN_MIN, .spread = SPAN_H};
    span previous = 0;
    span first = reconnect_delay(&r, 1, 1, 0, 1, &previous);
    CU_ASSERT(previous >= SPAN_S && previous < 3 * SPAN_S);
    CU_ASSERT(first > previous); /* the initial spread is not part of the rule */
    span before = previous, second = reconnect_delay(&r, 1, 1, 1, 2, &previous);
    CU_ASSERT_EQUAL(second, previous);
    CU_ASSERT(second < 3 * before);
}

static void the_initial_spread_is_added_once(void) {
    struct reconnect r = {.policy = RECONNECT_FIXED, .first = SPAN_S, .spread = 300 * SPAN_S};
    double low, high, mean;
    spread_of(&r, 0, &low, &high, &mean);
    CU_ASSERT(low >= 1 && low < 1.2 && high < 301 && high > 300.8);
    CU_ASSERT_DOUBLE_EQUAL(mean, 151, 2);
    CU_ASSERT_EQUAL(delay(&r, 1), SPAN_S);
    enum { N = 20000 };
    static double spread[N];
    for (uint32_t device = 0; device < N; device++) {
        span previous = 0;
        spread[device] = span_seconds(reconnect_delay(&r, 3, device, 0, 8, &previous));
    }
    CU_ASSERT_TRUE(goodness_uniform(spread, N, 1, 301));
}

static void giving_up_is_never(void) {
    struct reconnect r = {.policy = RECONNECT_NEVER};
    CU_ASSERT_EQUAL(delay(&r, 0), INSTANT_NEVER);
    r = (struct reconnect){.policy = RECONNECT_FIXED, .first = SPAN_S, .attempts = 3};
    CU_ASSERT_EQUAL(delay(&r, 2), SPAN_S);
    CU_ASSERT_EQUAL(delay(&r, 3), INSTANT_NEVER);
    CU_ASSERT_EQUAL(delay(&r, 4), INSTANT_NEVER);
}

static void failures_are_forgotten_after_a_long_enough_connection(void) {
    struct reconnect r = {.reset_after = 20 * SPAN_S};
    CU_ASSERT_EQUAL(reconnect_failures_after(&r, 4, 19 * SPAN_S), 4);
    CU_ASSERT_EQUAL(reconnect_failures_after(&r, 4, 20 * SPAN_S), 0);
    r.reset_after = 0;
    CU_ASSERT_EQUAL(reconnect_failures_after(&r, 4, 0), 0);
}

static void delays_are_keyed_by_seed_device_and_attempt(void) {
    struct reconnect r = {.policy = RECONNECT_FIXED, .jitter = JITTER_FULL, .first = SPAN_MIN};
    span p = 0, d = reconnect_delay(&r, 1, 1, 1, 1, &p);
    CU_ASSERT_EQUAL(reconnect_delay(&r, 1, 1, 1, 1, &p), d);
    CU_ASSERT_NOT_EQUAL(reconnect_delay(&r, 2, 1, 1, 1, &p), d);
    CU_ASSERT_NOT_EQUAL(reconnect_delay(&r, 1, 2, 1, 1, &p), d);
    CU_ASSERT_NOT_EQUAL(reconnect_delay(&r, 1, 1, 1, 2, &p), d);
}

/* 50,000 clients lose their connection at once; the backend admits 500 in each second and rejects the rest at once. */
enum { CLIENTS = 50000, ADMITTED_PER_SECOND = 500, SECONDS_MAX = 20000 };

struct drain {
    double all_back_s, attempts_per_client, worst_second;
    unsigned back_after_2h;
};

static struct drain drain(const struct reconnect *r) {
    struct timers timers;
    CU_ASSERT_EQUAL_FATAL(timers_init(&timers, CLIENTS), 0);
    uint32_t *failures = calloc(CLIENTS, sizeof *failures);
    span *previous = calloc(CLIENTS, sizeof *previous);
    CU_ASSERT_FATAL(failures != NULL && previous != NULL);
    for (uint32_t i = 0; i < CLIENTS; i++)
        timers_set(&timers, i, reconnect_delay(r, 2026, i, 0, 0, &previous[i]));
    struct drain d = {0};
    double attempts = 0, in_second = 0;
    unsigned admitted = 0, back = 0;
    int64_t second = 0;
    while (timers.count > 0) {
        uint32_t client;
        instant at;
        CU_ASSERT_FATAL(timers_pop(&timers, INSTANT_NEVER - 1, &client, &at));
        if (at / SPAN_S != second) {
            second = at / SPAN_S;
            admitted = 0;
            in_second = 0;
        }
        attempts++;
        in_second++;
        d.worst_second = in_second > d.worst_second ? in_second : d.worst_second;
        if (admitted < ADMITTED_PER_SECOND) {
            admitted++;
            back++;
            d.back_after_2h += at <= 2 * SPAN_H;
            d.all_back_s = span_seconds(at);
            continue;
        }
        failures[client]++;
        timers_set(&timers, client,
                   at + reconnect_delay(r, 2026, client, failures[client], failures[client], &previous[client]));
    }
    CU_ASSERT_EQUAL(back, CLIENTS);
    d.attempts_per_client = attempts / CLIENTS;
    timers_free(&timers);
    free(failures);
    free(previous);
    return d;
}

#define WITHIN_5_PERCENT(value, want) CU_ASSERT_DOUBLE_EQUAL(value, want, 0.05 * (want))

static struct drain drain_of(const char *personality) {
    const struct reconnect_personality *p = reconnect_personality(personality);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return drain(&p->values);
}

static void a_fixed_delay_of_1_s_drains_at_the_admission_rate_by_brute_force(void) {
    struct drain d = drain_of("fixed-1s");
    WITHIN_5_PERCENT(d.all_back_s, 100);
    WITHIN_5_PERCENT(d.attempts_per_client, 50);
    WITHIN_5_PERCENT(d.worst_second, 50000);
}

static void a_fixed_delay_of_10_s_takes_ten_times_as_long(void) {
    struct drain d = drain_of("fixed-10s");
    WITHIN_5_PERCENT(d.all_back_s, 1000);
    WITHIN_5_PERCENT(d.attempts_per_client, 50);
    WITHIN_5_PERCENT(d.worst_second, 50000);
}

static void doubling_without_jitter_is_worse_than_no_back_off(void) {
    struct drain d = drain_of("expo");
    WITHIN_5_PERCENT(d.all_back_s, 3.5 * 3600);
    WITHIN_5_PERCENT(d.back_after_2h, 31000);
    CU_ASSERT(d.attempts_per_client > 43);
    WITHIN_5_PERCENT(d.worst_second, 50000);
}

static void full_jitter_drains_in_about_twice_the_ideal_time(void) {
    struct drain d = drain_of("full-jitter");
    WITHIN_5_PERCENT(d.all_back_s, 202);
    WITHIN_5_PERCENT(d.attempts_per_client, 6.3);
    WITHIN_5_PERCENT(d.worst_second, 63000);
}

static void decorrelated_jitter_halves_the_worst_second(void) {
    struct drain d = drain_of("decorrelated");
    WITHIN_5_PERCENT(d.all_back_s, 200);
    WITHIN_5_PERCENT(d.attempts_per_client, 6.4);
    WITHIN_5_PERCENT(d.worst_second, 29000);
}

/* --- personalities ------------------------------------------------------------------------------------------------- */

static void every_personality_has_a_rule_and_a_source(void) {
    for (const struct reconnect_personality *p = reconnect_personalities; p->name != NULL; p++) {
        CU_ASSERT(p->rule[0] != '\0' && p->evidence[0] != '\0' && p->values.first > 0);
        CU_ASSERT_PTR_EQUAL(reconnect_personality(p->name), p);
    }
    CU_ASSERT_PTR_NULL(reconnect_personality("exponential"));
    CU_ASSERT_PTR_NULL(reconnect_personality(NULL));
}

static void stepping_waits_three_times_before_it_doubles_and_gives_up(void) {
    static const span minutes[] = {1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8, 8, 16, 16, 16, 30, 30, 30};
    const struct reconnect *r = &reconnect_personality("step-60")->values;
    for (uint32_t n = 0; n < COUNT_OF(minutes); n++)
        CU_ASSERT_EQUAL(delay(r, n), minutes[n] * SPAN_MIN);
    CU_ASSERT_EQUAL(delay(r, COUNT_OF(minutes)), INSTANT_NEVER);
}

static void a_tenth_less_begins_at_once_and_stays_within_a_tenth(void) {
    const struct reconnect *r = &reconnect_personality("minus10")->values;
    double low, high, mean;
    CU_ASSERT_EQUAL(delay(r, 0), 0);
    spread_of(r, 1, &low, &high, &mean);
    CU_ASSERT(low >= 0.1152 && high <= 0.128);
    CU_ASSERT_DOUBLE_EQUAL(mean, 0.1216, 0.0002);
    spread_of(r, 4, &low, &high, &mean);
    CU_ASSERT(low >= 0.9216 && high <= 1.024);
    spread_of(r, 30, &low, &high, &mean);
    CU_ASSERT(low >= 54 && high <= 60);
}

static void squares_are_what_libmosquitto_computes(void) {
    static const span seconds[] = {1, 4, 9, 16, 25, 30, 30};
    for (uint32_t n = 0; n < COUNT_OF(seconds); n++)
        CU_ASSERT_EQUAL(delay(&reconnect_personality("quadratic-30s")->values, n), seconds[n] * SPAN_S);
}

static void full_equal_and_decorrelated_jitter_are_uniform(void) {
    enum { N = 20000 };
    static const struct {
        const char *name;
        uint32_t failures;
        span previous;
        double low, high;
    } rows[] = {
        {"full-jitter", 4, 0, 0, 16},  {"full-jitter", 40, 0, 0, 128}, {"equal-jitter", 4, 0, 8, 16},
        {"decorrelated", 2, 5, 1, 15}, {"decorrelated", 9, 30, 1, 90}, {"minus10", 21, 0, 54, 60},
    };
    for (size_t k = 0; k < COUNT_OF(rows); k++) {
        unsigned below[100] = {0};
        for (uint32_t device = 0; device < N; device++) {
            span previous = rows[k].previous * SPAN_S;
            span d = reconnect_delay(&reconnect_personality(rows[k].name)->values, 11, device, rows[k].failures, 3,
                                     &previous);
            double u = (span_seconds(d) - rows[k].low) / (rows[k].high - rows[k].low);
            CU_ASSERT_FATAL(u >= 0 && u < 1);
            below[(unsigned)(u * 100)]++;
        }
        double squares = 0; /* chi-square with 99 degrees of freedom: below 148.2 in 99.9 % of honest samples */
        for (unsigned i = 0; i < 100; i++)
            squares += (below[i] - N / 100.0) * (below[i] - N / 100.0) / (N / 100.0);
        CU_ASSERT(squares < 148.2);
    }
}

HARNESS_MAIN("reconnect", HARNESS_CASE(plain_policies_give_known_delays),
             HARNESS_CASE(delays_without_a_cap_stay_finite), HARNESS_CASE(jitter_spreads_as_its_rule_says),
             HARNESS_CASE(the_last_delay_is_handed_back), HARNESS_CASE(the_initial_spread_is_added_once),
             HARNESS_CASE(giving_up_is_never), HARNESS_CASE(failures_are_forgotten_after_a_long_enough_connection),
             HARNESS_CASE(delays_are_keyed_by_seed_device_and_attempt),
             HARNESS_CASE(a_fixed_delay_of_1_s_drains_at_the_admission_rate_by_brute_force),
             HARNESS_CASE(a_fixed_delay_of_10_s_takes_ten_times_as_long),
             HARNESS_CASE(doubling_without_jitter_is_worse_than_no_back_off),
             HARNESS_CASE(full_jitter_drains_in_about_twice_the_ideal_time),
             HARNESS_CASE(decorrelated_jitter_halves_the_worst_second),
             HARNESS_CASE(every_personality_has_a_rule_and_a_source),
             HARNESS_CASE(stepping_waits_three_times_before_it_doubles_and_gives_up),
             HARNESS_CASE(a_tenth_less_begins_at_once_and_stays_within_a_tenth),
             HARNESS_CASE(squares_are_what_libmosquitto_computes),
             HARNESS_CASE(full_equal_and_decorrelated_jitter_are_uniform))
