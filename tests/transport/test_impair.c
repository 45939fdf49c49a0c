#include "transport/impair.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "base/err.h"
#include "goodness.h"
#include "harness.h"

static const struct impair_key key = {.seed = 11, .device = 3};

static struct impair_params constant(span rtt) {
    return (struct impair_params){.rtt = {.kind = DIST_CONSTANT, .a = (double)rtt}, .rtt_median = rtt};
}

static struct impair_params lognormal(span median, double sigma) {
    return (struct impair_params){.rtt = {.kind = DIST_LOGNORMAL, .cut_at_zero = true, .a = (double)median, .b = sigma},
                                  .rtt_median = median};
}

static instant push(struct link_state *s, const struct impair_params *p, enum impair_direction d, const char *text,
                    instant now, struct pool *pool) {
    instant release = 0;
    CU_ASSERT_EQUAL(impair_stream_push(s, p, key, d, bytes_of_text(text), now, pool, &release), 0);
    return release;
}

static void expect(struct link_state *s, enum impair_direction d, const char *text, instant release,
                   struct pool *pool) {
    struct impair_unit u;
    CU_ASSERT_FATAL(impair_peek(s, d, &u));
    CU_ASSERT(bytes_equal(u.data, bytes_of_text(text)));
    CU_ASSERT_EQUAL(u.release, release);
    impair_pop(s, d, u.data.size, pool);
}

static void a_request_and_its_answer_take_one_round_trip(void) {
    struct impair_params p = lognormal(90 * SPAN_MS, 0.8);
    struct link_state s = {0};
    for (unsigned i = 0; i < 1000; i++) {
        instant now = (instant)(i + 1) * SPAN_H;
        span rtt = dist_sample_span(&p.rtt, draw_u64(key.seed, key.device, draw_stream_key(DRAW_LINK_RTT), i));
        instant there = impair_stream_release(&s, &p, key, IMPAIR_UP, 10, now);
        instant back = impair_stream_release(&s, &p, key, IMPAIR_DOWN, 10, there + SPAN_S);
        if (back - SPAN_S - now != rtt)
            CU_FAIL("not what was drawn");
        if (there - now < rtt / 2 || there - now > rtt / 2 + SPAN_US + 1)
            CU_FAIL("not half of it");
    }
    CU_ASSERT_EQUAL(impair_take_losses(&s), 0);
}

static void an_unsolicited_unit_takes_half_of_a_draw_of_its_own(void) {
    struct impair_params p = lognormal(100 * SPAN_MS, 0.5);
    struct link_state s = {0};
    enum { N = 20001 };
    unsigned below = 0;
    for (unsigned i = 0; i < N; i++) {
        instant now = (instant)(i + 1) * SPAN_H;
        below += impair_stream_release(&s, &p, key, IMPAIR_DOWN, 1, now) - now < 50 * SPAN_MS;
    }
    CU_ASSERT_DOUBLE_EQUAL((double)below / N, 0.5, 0.02);
}

static void streams_keep_their_order(void) {
    struct impair_params p = lognormal(SPAN_S, 1.2);
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 20);
    instant previous = 0;
    for (int i = 0; i < 200; i++) {
        instant release = push(&s, &p, IMPAIR_UP, "x", SPAN_S + i * SPAN_MS, pool);
        CU_ASSERT(release >= previous);
        previous = release;
    }
    struct impair_unit u;
    previous = 0;
    for (int i = 0; i < 200; i++) {
        CU_ASSERT_FATAL(impair_peek(&s, IMPAIR_UP, &u));
        CU_ASSERT(u.release >= previous);
        CU_ASSERT_EQUAL(u.answered, SPAN_S + i * SPAN_MS);
        previous = u.release;
        impair_pop(&s, IMPAIR_UP, 1, pool);
    }
    CU_ASSERT(impair_is_empty(&s));
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

static void the_rate_spaces_units_in_each_direction(void) {
    struct impair_params p = constant(100 * SPAN_MS);
    p.up_bps = 8000;    /* 1 ms per byte */
    p.down_bps = 80000; /* 0.1 ms per byte */
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 20);
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_UP, "0123456789", SPAN_S, pool), SPAN_S + 60 * SPAN_MS);
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_UP, "0123456789", SPAN_S, pool), SPAN_S + 70 * SPAN_MS);
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_UP, "0123456789", 2 * SPAN_S, pool), 2 * SPAN_S + 60 * SPAN_MS);
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_DOWN, "0123456789", SPAN_S, pool), SPAN_S + 51 * SPAN_MS);
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_DOWN, "0123456789", SPAN_S, pool), SPAN_S + 52 * SPAN_MS);
    CU_ASSERT_EQUAL(impair_next_release(&s), SPAN_S + 51 * SPAN_MS);
    impair_clear(&s, pool);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

static void large_writes_travel_in_units(void) {
    struct impair_params p = constant(20 * SPAN_MS);
    p.up_bps = 8 * 1000 * 1000; /* 1 us per byte */
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 20);
    uint8_t data[3 * IMPAIR_UNIT_MAX + 7];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    instant release;
    CU_ASSERT_EQUAL(impair_stream_push(&s, &p, key, IMPAIR_UP, bytes_of(data, sizeof data), 0, pool, &release), 0);
    CU_ASSERT_EQUAL(release, 10 * SPAN_MS + (span)sizeof data * SPAN_US);
    size_t at = 0;
    struct impair_unit u;
    for (int i = 0; impair_peek(&s, IMPAIR_UP, &u); i++) {
        CU_ASSERT_EQUAL(u.data.size, i < 3 ? IMPAIR_UNIT_MAX : 7);
        CU_ASSERT(bytes_equal(u.data, bytes_of(data + at, u.data.size)));
        at += u.data.size;
        CU_ASSERT_EQUAL(u.release, 10 * SPAN_MS + (span)at * SPAN_US);
        impair_pop(&s, IMPAIR_UP, u.data.size, pool);
    }
    CU_ASSERT_EQUAL(at, sizeof data);
    pool_free(pool);
}

static void units_are_taken_piece_by_piece(void) {
    struct impair_params p = constant(0);
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 20);
    push(&s, &p, IMPAIR_UP, "hello", 5, pool);
    push(&s, &p, IMPAIR_UP, "world", 6, pool);
    struct impair_unit u;
    CU_ASSERT(impair_peek(&s, IMPAIR_UP, &u));
    impair_pop(&s, IMPAIR_UP, 2, pool);
    expect(&s, IMPAIR_UP, "llo", 5, pool);
    CU_ASSERT_EQUAL(impair_room(&s, IMPAIR_UP), IMPAIR_QUEUE_MAX - 5);
    expect(&s, IMPAIR_UP, "world", 6, pool);
    CU_ASSERT_FALSE(impair_peek(&s, IMPAIR_UP, &u));
    CU_ASSERT_EQUAL(impair_room(&s, IMPAIR_UP), IMPAIR_QUEUE_MAX);
    CU_ASSERT_EQUAL(impair_next_release(&s), INSTANT_NEVER);
    pool_free(pool);
}

static void a_queue_takes_one_mebibyte_and_no_more(void) {
    struct impair_params p = constant(SPAN_S);
    struct link_state s = {0};
    struct pool *pool = pool_new(8 << 20);
    uint8_t *data = calloc(1, IMPAIR_QUEUE_MAX + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    struct bytes too_much = bytes_of(data, IMPAIR_QUEUE_MAX + 1), all = bytes_of(data, IMPAIR_QUEUE_MAX);
    CU_ASSERT_EQUAL(impair_stream_push(&s, &p, key, IMPAIR_DOWN, too_much, 0, pool, NULL), ERR_TOO_BIG);
    CU_ASSERT(impair_is_empty(&s));
    CU_ASSERT_EQUAL(impair_stream_push(&s, &p, key, IMPAIR_DOWN, all, 0, pool, NULL), 0);
    CU_ASSERT_EQUAL(impair_stream_push(&s, &p, key, IMPAIR_DOWN, bytes_of(data, 1), 0, pool, NULL), ERR_TOO_BIG);
    CU_ASSERT_EQUAL(impair_stream_push(&s, &p, key, IMPAIR_UP, bytes_of(data, 1), 0, pool, NULL), 0);
    impair_clear(&s, pool);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    free(data);
    pool_free(pool);
}

static void a_push_without_memory_leaves_no_trace(void) {
    struct impair_params p = constant(SPAN_S);
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 16);
    static uint8_t data[1 << 17];
    CU_ASSERT_EQUAL(impair_stream_push(&s, &p, key, IMPAIR_UP, bytes_of(data, sizeof data), 0, pool, NULL),
                    ERR_NO_MEMORY);
    CU_ASSERT(impair_is_empty(&s));
    CU_ASSERT_EQUAL(impair_room(&s, IMPAIR_UP), IMPAIR_QUEUE_MAX);
    CU_ASSERT_EQUAL(s.units[IMPAIR_UP], 0);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

static void losses_come_as_often_as_asked_and_stall_what_follows(void) {
    enum { N = 100000 };
    struct impair_params p = constant(40 * SPAN_MS);
    p.loss_ppm = 100000;
    struct link_state s = {0};
    unsigned stalls[5] = {0};
    for (unsigned i = 0; i < N; i++) {
        instant now = (instant)i * SPAN_H;
        span stall =
            impair_stream_release(&s, &p, key, i % 2 == 0 ? IMPAIR_UP : IMPAIR_DOWN, 1, now) - now - 20 * SPAN_MS;
        /* 0, 200 ms, 200 + 400, 200 + 400 + 800 */
        for (unsigned k = 0; k < 4; k++)
            stalls[k] += stall == 200 * SPAN_MS * ((1 << k) - 1);
    }
    stalls[4] = N - stalls[0] - stalls[1] - stalls[2] - stalls[3];
    CU_ASSERT_TRUE(goodness_chi(stalls, (double[]){0.9 * N, 0.09 * N, 0.009 * N, 0.0009 * N, 0.0001 * N}, 5));
    CU_ASSERT_DOUBLE_EQUAL(impair_take_losses(&s), N / 9.0, 500);
    CU_ASSERT_EQUAL(impair_take_losses(&s), 0);

    p.loss_ppm = 1000000;
    instant lost = impair_stream_release(&s, &p, key, IMPAIR_UP, 1, N * SPAN_H);
    CU_ASSERT(lost - N * SPAN_H > 15 * SPAN_MIN);
    CU_ASSERT_EQUAL(impair_take_losses(&s), IMPAIR_REPEATS_MAX);
    p.loss_ppm = 0;
    CU_ASSERT(impair_stream_release(&s, &p, key, IMPAIR_UP, 1, N * SPAN_H) >= lost);
}

static void a_retransmission_waits_twice_the_median_and_200_ms_at_least(void) {
    struct impair_params p = constant(0);
    CU_ASSERT_EQUAL(impair_retransmission(&p), 200 * SPAN_MS);
    p = constant(100 * SPAN_MS);
    CU_ASSERT_EQUAL(impair_retransmission(&p), 200 * SPAN_MS);
    p = constant(2 * SPAN_S);
    CU_ASSERT_EQUAL(impair_retransmission(&p), 4 * SPAN_S);
    p = constant(INT64_MAX);
    CU_ASSERT_EQUAL(impair_retransmission(&p), 120 * SPAN_S);
}

static void connecting_costs_a_round_trip_and_1_3_7_seconds_for_a_lost_syn(void) {
    struct impair_params p = constant(80 * SPAN_MS);
    CU_ASSERT_EQUAL(impair_connect_delay(&p, key, 0, 0), 80 * SPAN_MS);
    p.loss_ppm = 500000;
    unsigned count[IMPAIR_SYN_REPEATS_MAX + 1] = {0}, n = 64000;
    for (unsigned i = 0; i < n; i++) {
        span wait = impair_connect_delay(&p, key, i, 0) - 80 * SPAN_MS;
        unsigned k = 0;
        while (k < IMPAIR_SYN_REPEATS_MAX && wait != ((1 << k) - 1) * SPAN_S)
            k++;
        CU_ASSERT_EQUAL_FATAL(wait, ((1 << k) - 1) * SPAN_S);
        count[k]++;
    }
    CU_ASSERT_TRUE(goodness_chi(count, (double[]){32000, 16000, 8000, 4000, 2000, 1000, 1000}, 7));
    p = lognormal(80 * SPAN_MS, 0.7);
    CU_ASSERT_NOT_EQUAL(impair_connect_delay(&p, key, 1, 0), impair_connect_delay(&p, key, 2, 0));
}

static void luck_is_keyed_by_seed_and_device(void) {
    struct impair_params p = lognormal(100 * SPAN_MS, 1);
    struct impair_key other_seed = {12, 3}, other_device = {11, 4};
    struct link_state a = {0}, b = {0}, c = {0}, d = {0};
    instant first = impair_stream_release(&a, &p, key, IMPAIR_UP, 1, 0);
    CU_ASSERT_EQUAL(impair_stream_release(&b, &p, key, IMPAIR_UP, 1, 0), first);
    CU_ASSERT_NOT_EQUAL(impair_stream_release(&c, &p, other_seed, IMPAIR_UP, 1, 0), first);
    CU_ASSERT_NOT_EQUAL(impair_stream_release(&d, &p, other_device, IMPAIR_UP, 1, 0), first);
}

static void a_silent_outage_holds_and_a_retransmission_ends_it(void) {
    struct impair_params p = constant(100 * SPAN_MS);
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 20);
    struct impair_unit u;
    push(&s, &p, IMPAIR_DOWN, "before", 10 * SPAN_S, pool);
    impair_hold(&s, 10 * SPAN_S);
    impair_hold(&s, 11 * SPAN_S); /* a second cut changes nothing */
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_UP, "during", 12 * SPAN_S, pool), INSTANT_NEVER);
    CU_ASSERT_FALSE(impair_peek(&s, IMPAIR_DOWN, &u));
    CU_ASSERT_EQUAL(impair_next_release(&s), INSTANT_NEVER);
    /* stuck since 10 s; sent again after 0.2, 0.6, 1.4, 3.0, 6.2 s … */
    impair_resume(&s, &p, 15 * SPAN_S);
    CU_ASSERT_EQUAL(impair_next_release(&s), 16200 * SPAN_MS);
    expect(&s, IMPAIR_DOWN, "before", 16200 * SPAN_MS, pool);
    expect(&s, IMPAIR_UP, "during", 16200 * SPAN_MS, pool);
    impair_resume(&s, &p, 20 * SPAN_S); /* no hold, no effect */
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_UP, "after", 20 * SPAN_S, pool), 20050 * SPAN_MS);
    impair_clear(&s, pool);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

static void when_a_push_comes_out_can_be_asked_after_an_outage(void) {
    struct impair_params p = constant(0);
    p.up_bps = 8000; /* 1 ms per byte */
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 20);
    const struct impair_block *from = NULL;
    CU_ASSERT_EQUAL(impair_release_of(&s, IMPAIR_UP, 0, &from), INSTANT_NEVER); /* nothing was pushed */
    impair_hold(&s, 0);
    push(&s, &p, IMPAIR_UP, "0123456789", SPAN_S, pool);
    push(&s, &p, IMPAIR_UP, "abc", SPAN_S, pool);
    push(&s, &p, IMPAIR_UP, "x", 1100 * SPAN_MS, pool);
    CU_ASSERT_EQUAL(impair_release_of(&s, IMPAIR_UP, SPAN_S, &from), INSTANT_NEVER); /* held */
    impair_resume(&s, &p, 1100 * SPAN_MS);
    CU_ASSERT_EQUAL(impair_release_of(&s, IMPAIR_UP, SPAN_S / 2, &from), INSTANT_NEVER);
    CU_ASSERT_EQUAL(impair_release_of(&s, IMPAIR_UP, SPAN_S, &from), 1213 * SPAN_MS); /* the last of two */
    CU_ASSERT_EQUAL(impair_release_of(&s, IMPAIR_UP, SPAN_S, &from), 1213 * SPAN_MS); /* asked again */
    CU_ASSERT_EQUAL(impair_release_of(&s, IMPAIR_UP, 1050 * SPAN_MS, &from), INSTANT_NEVER);
    CU_ASSERT_EQUAL(impair_release_of(&s, IMPAIR_UP, 1100 * SPAN_MS, &from), 1214 * SPAN_MS);
    CU_ASSERT_EQUAL(impair_release_of(&s, IMPAIR_UP, 9 * SPAN_S, &from), INSTANT_NEVER);
    impair_clear(&s, pool);
    pool_free(pool);
}

static void what_was_held_keeps_its_order_and_its_rate(void) {
    struct impair_params p = constant(0);
    p.up_bps = 8000; /* 1 ms per byte */
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 20);
    impair_hold(&s, 0);
    push(&s, &p, IMPAIR_UP, "0123456789", SPAN_S, pool);
    push(&s, &p, IMPAIR_UP, "abc", SPAN_S, pool);
    impair_resume(&s, &p, SPAN_S); /* the first repeat: 200 ms after the push */
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_UP, "x", SPAN_S, pool), 1214 * SPAN_MS);
    expect(&s, IMPAIR_UP, "0123456789", 1210 * SPAN_MS, pool);
    expect(&s, IMPAIR_UP, "abc", 1213 * SPAN_MS, pool);
    expect(&s, IMPAIR_UP, "x", 1214 * SPAN_MS, pool);
    pool_free(pool);
}

static void a_new_connection_begins_a_new_order_under_the_same_hold(void) {
    struct impair_params p = constant(10 * SPAN_S);
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 20);
    push(&s, &p, IMPAIR_UP, "old", 0, pool);
    impair_hold(&s, 0);
    impair_clear(&s, pool);
    CU_ASSERT(s.held);
    impair_resume(&s, &p, SPAN_S);
    p = constant(2 * SPAN_MS);
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_UP, "new", SPAN_S, pool), 1001 * SPAN_MS);
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_DOWN, "new", SPAN_S, pool), 1001 * SPAN_MS);
    impair_clear(&s, pool);
    pool_free(pool);
}

static void a_link_is_clear_only_without_delay_loss_and_rate(void) {
    struct impair_params p = {0};
    CU_ASSERT(impair_is_clear(&p));
    p.loss_ppm = 1;
    CU_ASSERT_FALSE(impair_is_clear(&p));
    p = (struct impair_params){.down_bps = 1};
    CU_ASSERT_FALSE(impair_is_clear(&p));
    p = (struct impair_params){.up_bps = 1};
    CU_ASSERT_FALSE(impair_is_clear(&p));
    p = constant(1);
    CU_ASSERT_FALSE(impair_is_clear(&p));
    p = lognormal(SPAN_MS, 1);
    CU_ASSERT_FALSE(impair_is_clear(&p));
}

/* RTT = d0 + LogN(ln m, s), cut at a maximum: one sample in two lies below d0 + m, and none above the maximum. */
static double shifted(double x) {
    return x <= 50 ? 0 : 0.5 * erfc(-log((x - 50) / 120) / 0.6 / sqrt(2));
}
static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static void round_trips_are_shifted_log_normal_and_cut(void) {
    enum { N = 20000 };
    static double x[N];
    struct impair_params p = lognormal(120 * SPAN_MS, 0.6);
    p.rtt_shift = 50 * SPAN_MS;
    for (unsigned i = 0; i < N; i++)
        x[i] = (double)impair_connect_delay(&p, key, i, 0) / SPAN_MS;
    qsort(x, N, sizeof x[0], compare);
    double distance = 0;
    for (int i = 0; i < N; i++)
        distance = fmax(distance, fmax(shifted(x[i]) - (double)i / N, (double)(i + 1) / N - shifted(x[i])));
    CU_ASSERT(distance * sqrt(N) < 1.95);
    p.rtt_max = 300 * SPAN_MS;
    unsigned at_most = 0;
    for (unsigned i = 0; i < N; i++) {
        span rtt = impair_connect_delay(&p, key, i, 0);
        CU_ASSERT(rtt <= p.rtt_max);
        at_most += rtt == p.rtt_max;
    }
    CU_ASSERT_DOUBLE_EQUAL((double)at_most / N, 1 - shifted(300), 0.01);
}

static void bursts_on_a_stream_become_time(void) {
    struct burst_state channel = {0};
    struct impair_params p = constant(100 * SPAN_MS);
    p.burst = (struct burst_params){.kind = BURST_TIME, .good = 60 * SPAN_S, .bad = 5 * SPAN_S};
    CU_ASSERT(impair_is_clear(&(struct impair_params){.burst = p.burst}));
    p.bursts = &channel;
    CU_ASSERT_FALSE(impair_is_clear(&p));
    struct link_state s = {0};
    unsigned late = 0, waits = 0;
    enum { UNITS = 20000 };
    for (unsigned i = 0; i < UNITS; i++) { /* far apart: each meets the channel anew */
        instant now = (instant)(i + 1) * SPAN_H;
        span wait = impair_stream_release(&s, &p, key, IMPAIR_UP, 10, now) - now - 50 * SPAN_MS;
        late += wait > 0;
        waits += impair_take_losses(&s);
        CU_ASSERT(wait == 0 || wait >= 200 * SPAN_MS);
        CU_ASSERT(channel.until >= now); /* repeats lie in the future: they move nothing */
    }
    CU_ASSERT_DOUBLE_EQUAL((double)late / UNITS, 5.0 / 65, 0.007);
    CU_ASSERT(waits > 3 * late); /* a burst swallows repeats too, until one comes after it */
}

static void a_duty_cycle_keeps_the_device_silent(void) {
    struct impair_params p = constant(0);
    p.up_bps = 8000;
    p.duty_ppm = 10000; /* 1 % */
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 20);
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_UP, "0123456789", SPAN_S, pool), SPAN_S + 10 * SPAN_MS);
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_UP, "0123456789", SPAN_S, pool), 2 * SPAN_S + 10 * SPAN_MS);
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_UP, "0123456789", 10 * SPAN_S, pool), 10 * SPAN_S + 10 * SPAN_MS);
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_DOWN, "x", SPAN_S, pool), SPAN_S);
    CU_ASSERT_EQUAL(push(&s, &p, IMPAIR_DOWN, "x", SPAN_S, pool), SPAN_S);
    impair_clear(&s, pool);
    pool_free(pool);
}

static void since_when_bytes_are_stuck_can_be_asked(void) {
    struct impair_params p = constant(SPAN_MS);
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 20);
    push(&s, &p, IMPAIR_UP, "on its way", 0, pool);
    CU_ASSERT_EQUAL(impair_stuck(&s), INSTANT_NEVER);
    impair_hold(&s, SPAN_S);
    CU_ASSERT_EQUAL(impair_stuck(&s), SPAN_S);
    impair_clear(&s, pool);
    CU_ASSERT_EQUAL(impair_stuck(&s), INSTANT_NEVER);
    push(&s, &p, IMPAIR_DOWN, "an answer", 2 * SPAN_S, pool);
    CU_ASSERT_EQUAL(impair_stuck(&s), INSTANT_NEVER);
    push(&s, &p, IMPAIR_UP, "later", 3 * SPAN_S, pool);
    CU_ASSERT_EQUAL(impair_stuck(&s), 3 * SPAN_S);
    impair_clear(&s, pool);
    pool_free(pool);
}

static void datagrams_overtake_and_come_in_the_order_of_arrival(void) {
    struct impair_params p = lognormal(SPAN_S, 1.2);
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 20);
    enum { N = 500 };
    for (unsigned i = 0; i < N; i++) {
        uint8_t number[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        unsigned copies = 0;
        CU_ASSERT_EQUAL(impair_datagram_push(&s, &p, key, IMPAIR_UP, bytes_of(number, 2), i * SPAN_MS, pool, &copies),
                        0);
        CU_ASSERT_EQUAL(copies, 1);
    }
    struct impair_unit u;
    unsigned overtaken = 0, last = 0, count = 0;
    instant previous = 0;
    for (; impair_peek(&s, IMPAIR_UP, &u); count++) {
        unsigned number = (unsigned)u.data.data[0] << 8 | u.data.data[1];
        CU_ASSERT(u.release >= previous);
        CU_ASSERT_EQUAL(u.answered, number * SPAN_MS);
        overtaken += number < last;
        last = number;
        previous = u.release;
        impair_pop(&s, IMPAIR_UP, u.data.size, pool);
    }
    CU_ASSERT_EQUAL(count, N);
    CU_ASSERT(overtaken > N / 4);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

static void datagrams_are_lost_for_good_and_some_come_twice(void) {
    struct impair_params p = constant(100 * SPAN_MS);
    p.loss_ppm = 100000;
    p.duplicate_ppm = 50000;
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 22);
    enum { N = 20000 };
    unsigned by_copies[3] = {0}, copies = 0, arrived = 0;
    for (unsigned i = 0; i < N; i++) {
        CU_ASSERT_EQUAL(impair_datagram_push(&s, &p, key, IMPAIR_UP, bytes_of_text("x"), i * SPAN_S, pool, &copies), 0);
        by_copies[copies]++;
        struct impair_unit u;
        for (; impair_peek(&s, IMPAIR_UP, &u); arrived++) {
            CU_ASSERT_EQUAL(u.release, i * SPAN_S + 50 * SPAN_MS);
            impair_pop(&s, IMPAIR_UP, 1, pool);
        }
    }
    CU_ASSERT_TRUE(goodness_chi(by_copies, (double[]){0.1 * N, 0.9 * 0.95 * N, 0.9 * 0.05 * N}, 3));
    CU_ASSERT_EQUAL(arrived, by_copies[1] + 2 * by_copies[2]);
    CU_ASSERT_EQUAL(impair_take_losses(&s), by_copies[0]);
    CU_ASSERT_EQUAL(impair_datagram_push(&s, &p, key, IMPAIR_UP, bytes_of_text(""), 0, pool, &copies), ERR_TOO_BIG);
    pool_free(pool);
}

static void datagrams_vanish_in_an_outage(void) {
    struct impair_params p = constant(100 * SPAN_MS);
    struct link_state s = {0};
    struct pool *pool = pool_new(1 << 20);
    unsigned copies;
    CU_ASSERT_EQUAL(impair_datagram_push(&s, &p, key, IMPAIR_UP, bytes_of_text("a"), 0, pool, &copies), 0);
    impair_datagram_hold(&s, 10 * SPAN_MS, pool);
    CU_ASSERT(impair_is_empty(&s));
    CU_ASSERT_EQUAL(impair_datagram_push(&s, &p, key, IMPAIR_UP, bytes_of_text("b"), SPAN_S, pool, &copies), 0);
    CU_ASSERT_EQUAL(copies, 0);
    impair_resume(&s, &p, 2 * SPAN_S);
    CU_ASSERT_EQUAL(impair_datagram_push(&s, &p, key, IMPAIR_UP, bytes_of_text("c"), 3 * SPAN_S, pool, &copies), 0);
    expect(&s, IMPAIR_UP, "c", 3 * SPAN_S + 50 * SPAN_MS, pool);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

HARNESS_MAIN("impair", HARNESS_CASE(a_request_and_its_answer_take_one_round_trip),
             HARNESS_CASE(an_unsolicited_unit_takes_half_of_a_draw_of_its_own), HARNESS_CASE(streams_keep_their_order),
             HARNESS_CASE(the_rate_spaces_units_in_each_direction), HARNESS_CASE(large_writes_travel_in_units),
             HARNESS_CASE(units_are_taken_piece_by_piece), HARNESS_CASE(a_queue_takes_one_mebibyte_and_no_more),
             HARNESS_CASE(a_push_without_memory_leaves_no_trace),
             HARNESS_CASE(losses_come_as_often_as_asked_and_stall_what_follows),
             HARNESS_CASE(a_retransmission_waits_twice_the_median_and_200_ms_at_least),
             HARNESS_CASE(connecting_costs_a_round_trip_and_1_3_7_seconds_for_a_lost_syn),
             HARNESS_CASE(luck_is_keyed_by_seed_and_device),
             HARNESS_CASE(a_silent_outage_holds_and_a_retransmission_ends_it),
             HARNESS_CASE(when_a_push_comes_out_can_be_asked_after_an_outage),
             HARNESS_CASE(what_was_held_keeps_its_order_and_its_rate),
             HARNESS_CASE(a_new_connection_begins_a_new_order_under_the_same_hold),
             HARNESS_CASE(a_link_is_clear_only_without_delay_loss_and_rate),
             HARNESS_CASE(round_trips_are_shifted_log_normal_and_cut), HARNESS_CASE(bursts_on_a_stream_become_time),
             HARNESS_CASE(a_duty_cycle_keeps_the_device_silent), HARNESS_CASE(since_when_bytes_are_stuck_can_be_asked),
             HARNESS_CASE(datagrams_overtake_and_come_in_the_order_of_arrival),
             HARNESS_CASE(datagrams_are_lost_for_good_and_some_come_twice), HARNESS_CASE(datagrams_vanish_in_an_outage))
