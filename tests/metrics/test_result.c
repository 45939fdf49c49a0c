#include "metrics/result.h"

#include <string.h>

#include "base/draw.h"
#include "harness.h"
#include "metrics/interval.h"

enum { GROUPS = 2, PARTS = 6, PART_OPERATIONS = 3000 };
static instant edges[] = {INT64_MIN, 10 * SPAN_S};
static const struct segments segments = {edges, 2};
static const span late_limit = 10 * SPAN_MS;

static void record(struct recorder *r, uint64_t n) {
    uint64_t bits[6];
    for (unsigned k = 0; k < 6; k++)
        bits[k] = draw_u64(3, k, 9, n);
    unsigned group = (unsigned)draw_below(bits[0], GROUPS);
    struct op op = {.kind = (uint8_t)draw_below(bits[1], OP_MQTT_END_TO_END),
                    .qos = 1,
                    .intended = (instant)draw_below(bits[2], 20 * (uint64_t)SPAN_S)};
    op.ready = op.intended;
    op.emitted = op.sent = op.ready + (instant)draw_below(bits[3], 20 * (uint64_t)SPAN_MS);
    enum op_outcome outcome = (enum op_outcome)draw_below(bits[4], OP_OUTCOMES);
    instant end = op.sent + (instant)draw_below(bits[5], (uint64_t)SPAN_S);
    recorder_end(r, group, &op, outcome, outcome == OP_DROPPED ? OP_DROP_DEAD : OP_DROP_NONE, end, end, 0);
    recorder_tally(r, group, end, TALLY_BYTES_UP, n);
    if (outcome == OP_REFUSED)
        recorder_reason(r, group, (uint32_t)n, (enum op_kind)op.kind, outcome, (uint8_t)(n % 5), CLOSE_NONE, end);
}

/* One worker's interval of the given part of the operations. */
static struct interval *part(unsigned number) {
    struct recorder *r = recorder_new(GROUPS, &segments);
    for (uint64_t n = 0; n < PART_OPERATIONS; n++)
        record(r, number * PART_OPERATIONS + n);
    recorder_loop_late(r, (span)number * SPAN_MS);
    struct interval *i = recorder_swap(r, NULL, SPAN_S);
    recorder_free(r);
    return i;
}

static void equal_series(struct result *a, const struct result *b) {
    CU_ASSERT_EQUAL(a->series_count, b->series_count);
    for (size_t i = 0; i < b->series_count; i++) {
        const struct series *y = b->series[i], *x = result_series(a, y->key, false);
        CU_ASSERT_PTR_NOT_NULL_FATAL(x);
        CU_ASSERT_EQUAL(memcmp(x->outcomes, y->outcomes, sizeof x->outcomes), 0);
        CU_ASSERT_EQUAL(memcmp(x->drops, y->drops, sizeof x->drops), 0);
        CU_ASSERT_EQUAL(memcmp(x->held, y->held, sizeof x->held), 0);
        CU_ASSERT_EQUAL(x->late, y->late);
        for (int c = 0; c < CLOCK_KINDS; c++) {
            CU_ASSERT_EQUAL_FATAL(x->clocks[c] == NULL, y->clocks[c] == NULL);
            if (x->clocks[c] != NULL)
                CU_ASSERT_EQUAL(memcmp(x->clocks[c], y->clocks[c], sizeof *x->clocks[c]), 0);
        }
    }
}

static void equal_rows(const struct result *a, const struct result *b) {
    CU_ASSERT_EQUAL_FATAL(a->tally_count, b->tally_count);
    CU_ASSERT_EQUAL_FATAL(a->reason_count, b->reason_count);
    for (size_t i = 0; i < b->tally_count; i++) {
        bool found = false;
        for (size_t k = 0; k < a->tally_count; k++)
            found |= memcmp(&a->tallies[k], &b->tallies[i], sizeof a->tallies[k]) == 0;
        CU_ASSERT_TRUE(found);
    }
    for (size_t i = 0; i < b->reason_count; i++) {
        bool found = false;
        for (size_t k = 0; k < a->reason_count; k++)
            found |= interval_reason_key(&a->reasons[k]) == interval_reason_key(&b->reasons[i]) &&
                     a->reasons[k].count == b->reasons[i].count && a->reasons[k].first_at == b->reasons[i].first_at &&
                     a->reasons[k].example_device == b->reasons[i].example_device;
        CU_ASSERT_TRUE(found);
    }
}

static void equal(struct result *a, const struct result *b) {
    equal_series(a, b);
    equal_rows(a, b);
    CU_ASSERT_EQUAL(memcmp(&a->lag_all, &b->lag_all, sizeof a->lag_all), 0);
    CU_ASSERT_EQUAL(a->late_all, b->late_all);
    CU_ASSERT_EQUAL(a->emitted_all, b->emitted_all);
    CU_ASSERT_EQUAL(a->loop_late_max, b->loop_late_max);
}

static struct result *sum_of(struct interval *const *parts, const unsigned *order, unsigned count) {
    struct result *r = result_new(GROUPS, &segments);
    for (unsigned i = 0; i < count; i++)
        result_add(r, parts[order[i]], late_limit);
    return r;
}

static void intervals_add_up_the_same_in_any_order(void) {
    static const unsigned orders[][PARTS] = {{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {3, 0, 5, 1, 4, 2}};
    struct interval *parts[PARTS];
    for (unsigned i = 0; i < PARTS; i++)
        parts[i] = part(i);
    struct result *first = sum_of(parts, orders[0], PARTS);
    CU_ASSERT_TRUE(first->reason_count > 0 && first->late_all > 0);
    for (unsigned o = 1; o < 3; o++) {
        struct result *other = sum_of(parts, orders[o], PARTS);
        equal(other, first);
        result_free(other);
    }
    result_free(first);
    for (unsigned i = 0; i < PARTS; i++)
        interval_free(parts[i]);
}

static void two_halves_merge_to_the_whole(void) {
    static const unsigned all[] = {0, 1, 2, 3, 4, 5}, left[] = {4, 0, 1}, right[] = {5, 2, 3};
    struct interval *parts[PARTS];
    for (unsigned i = 0; i < PARTS; i++)
        parts[i] = part(i);
    struct result *whole = sum_of(parts, all, PARTS), *a = sum_of(parts, left, 3), *b = sum_of(parts, right, 3);
    result_merge(a, b);
    equal(a, whole);
    result_free(a);
    result_free(b);
    result_free(whole);
    for (unsigned i = 0; i < PARTS; i++)
        interval_free(parts[i]);
}

static void seconds_that_are_cleared_in_between_add_up_to_the_run(void) {
    struct interval *parts[PARTS];
    static const unsigned order[] = {0, 1, 2, 3, 4, 5};
    struct result *second = result_new(GROUPS, &segments), *total = result_new(GROUPS, &segments);
    for (unsigned i = 0; i < PARTS; i++) {
        parts[i] = part(i);
        result_add(second, parts[i], late_limit);
        result_end_second(second, (instant)i * SPAN_S);
        result_merge(total, second);
        result_clear(second);
        CU_ASSERT_EQUAL(second->emitted_all, 0);
        CU_ASSERT_EQUAL(second->gauge_count, 0);
    }
    CU_ASSERT_EQUAL(total->gauge_count, PARTS);
    struct result *whole = sum_of(parts, order, PARTS);
    equal(total, whole);
    result_free(whole);
    result_free(total);
    result_free(second);
    for (unsigned i = 0; i < PARTS; i++)
        interval_free(parts[i]);
}

static void online_is_the_sum_of_what_workers_last_said(void) {
    struct recorder *a = recorder_new(GROUPS, &segments), *b = recorder_new(GROUPS, &segments);
    struct result *r = result_new(GROUPS, &segments);
    for (int n = 0; n < 3; n++)
        recorder_state(a, 0, STATE_ONLINE, STATE_ONLINE);
    for (int n = 0; n < 4; n++)
        recorder_state(b, 1, STATE_ONLINE, STATE_ONLINE);
    struct interval *of_a = recorder_swap(a, NULL, SPAN_S), *of_b = recorder_swap(b, NULL, SPAN_S);
    result_add(r, of_a, late_limit);
    result_add(r, of_b, late_limit);
    result_end_second(r, SPAN_S);
    recorder_state(a, 0, STATE_ONLINE, STATE_BACKOFF);
    of_a = recorder_swap(a, of_a, 2 * SPAN_S);
    result_add(r, of_a, late_limit); /* the other worker is late */
    result_end_second(r, 2 * SPAN_S);
    CU_ASSERT_EQUAL_FATAL(r->gauge_count, 2);
    CU_ASSERT_EQUAL(r->gauges[0].counts[STATE_ONLINE], 3);
    CU_ASSERT_EQUAL(r->gauges[0].counts[STATE_KINDS + STATE_ONLINE], 4);
    CU_ASSERT_EQUAL(r->gauges[1].counts[STATE_ONLINE], 2);
    CU_ASSERT_EQUAL(r->gauges[1].counts[STATE_BACKOFF], 1);
    CU_ASSERT_EQUAL(r->gauges[1].counts[STATE_KINDS + STATE_ONLINE], 4);
    CU_ASSERT_EQUAL(r->online_peak, 7);
    interval_free(of_a);
    interval_free(of_b);
    recorder_free(a);
    recorder_free(b);
    result_free(r);
}

static void gauges_of_shards_add_up_at_equal_instants(void) {
    struct result *shards[2];
    for (int s = 0; s < 2; s++) {
        struct recorder *r = recorder_new(GROUPS, &segments);
        for (int n = 0; n <= s; n++)
            recorder_state(r, 0, STATE_ONLINE, STATE_ONLINE);
        shards[s] = result_new(GROUPS, &segments);
        struct interval *i = recorder_swap(r, NULL, SPAN_S);
        result_add(shards[s], i, late_limit);
        for (int second = 1; second <= 3 - s; second++)
            result_end_second(shards[s], second * SPAN_S);
        interval_free(i);
        recorder_free(r);
    }
    result_merge(shards[1], shards[0]);
    CU_ASSERT_EQUAL_FATAL(shards[1]->gauge_count, 3);
    CU_ASSERT_EQUAL(shards[1]->gauges[0].counts[STATE_ONLINE], 3);
    CU_ASSERT_EQUAL(shards[1]->gauges[2].at, 3 * SPAN_S);
    CU_ASSERT_EQUAL(shards[1]->gauges[2].counts[STATE_ONLINE], 1);
    CU_ASSERT_EQUAL(shards[1]->online_peak, 3);
    result_free(shards[0]);
    result_free(shards[1]);
}

static void lag_above_the_limit_is_late_and_lag_at_the_limit_is_not(void) {
    static const struct {
        span lag;
        uint64_t late;
    } cases[] = {{0, 0}, {10 * SPAN_MS, 0}, {10 * SPAN_MS + 1, 1}, {11 * SPAN_MS, 1}, {SPAN_S, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct recorder *rec = recorder_new(GROUPS, &segments);
        struct op op = {.kind = OP_MQTT_PUBLISH, .qos = 1, .emitted = 1 + cases[c].lag, .ready = 1};
        recorder_end(rec, 0, &op, OP_OPEN, OP_DROP_NONE, 0, 0, 0);
        struct interval *i = recorder_swap(rec, NULL, SPAN_S);
        struct result *r = result_new(GROUPS, &segments);
        result_add(r, i, late_limit);
        CU_ASSERT_EQUAL(r->late_all, cases[c].late);
        CU_ASSERT_EQUAL(r->series[0]->late, cases[c].late);
        CU_ASSERT_EQUAL(r->emitted_all, 1);
        result_free(r);
        interval_free(i);
        recorder_free(rec);
    }
}

static void walking_finds_what_matches_and_only_that(void) {
    struct result *r = result_new(GROUPS, &segments);
    for (uint16_t g = 0; g < 2; g++)
        for (uint8_t op = 0; op < OP_KINDS; op++)
            for (uint8_t qos = 0; qos < 3; qos++)
                result_series(r, (struct cell_key){.group = g, .op = op, .qos = qos}, true);
    unsigned all = 0, some = 0, one = 0;
    for (size_t i = result_next(r, 0, -1, -1, -1); i < r->series_count; i = result_next(r, i + 1, -1, -1, -1))
        all++;
    for (size_t i = result_next(r, 0, OP_MQTT_PING, -1, 1); i < r->series_count;
         i = result_next(r, i + 1, OP_MQTT_PING, -1, 1))
        some++;
    for (size_t i = result_next(r, 0, OP_MQTT_PING, 1, 0); i < r->series_count;
         i = result_next(r, i + 1, OP_MQTT_PING, 1, 0))
        one++;
    CU_ASSERT_EQUAL(all, 2 * OP_KINDS * 3);
    CU_ASSERT_EQUAL(some, 2);
    CU_ASSERT_EQUAL(one, 1);
    CU_ASSERT_PTR_NULL(result_series(r, (struct cell_key){.segment = 1}, false));
    result_free(r);
}

static void what_a_log_tells_adds_to_what_is_there(void) {
    struct result *r = result_new(GROUPS, &segments);
    struct tally_series tally = {.group = 1, .segment = 1};
    tally.counts[TALLY_SENT] = 5;
    struct reason_row reason = {.group = 1, .count = 2, .first_at = 7, .example_device = 9};
    const uint32_t states[GROUPS * STATE_KINDS] = {[STATE_ONLINE] = 3, [STATE_KINDS + STATE_ONLINE] = 4};
    for (int i = 0; i < 2; i++) {
        result_add_tally(r, &tally);
        result_add_reason(r, &reason);
        result_add_gauge(r, SPAN_S, states);
    }
    CU_ASSERT_EQUAL_FATAL(r->tally_count, 1);
    CU_ASSERT_EQUAL(r->tallies[0].counts[TALLY_SENT], 10);
    CU_ASSERT_EQUAL_FATAL(r->reason_count, 1);
    CU_ASSERT_EQUAL(r->reasons[0].count, 4);
    CU_ASSERT_EQUAL_FATAL(r->gauge_count, 1);
    CU_ASSERT_EQUAL(r->gauges[0].counts[STATE_ONLINE], 6);
    CU_ASSERT_EQUAL(r->online_peak, 14);
    result_free(r);
}

HARNESS_MAIN("metrics/result", HARNESS_CASE(intervals_add_up_the_same_in_any_order),
             HARNESS_CASE(two_halves_merge_to_the_whole),
             HARNESS_CASE(seconds_that_are_cleared_in_between_add_up_to_the_run),
             HARNESS_CASE(online_is_the_sum_of_what_workers_last_said),
             HARNESS_CASE(gauges_of_shards_add_up_at_equal_instants),
             HARNESS_CASE(lag_above_the_limit_is_late_and_lag_at_the_limit_is_not),
             HARNESS_CASE(what_a_log_tells_adds_to_what_is_there),
             HARNESS_CASE(walking_finds_what_matches_and_only_that))
