#include "metrics/recorder.h"

#include <string.h>

#include "base/draw.h"
#include "harness.h"
#include "metrics/interval.h"
#include "metrics/result.h"

enum { GROUPS = 3, SEGMENTS = 4, OPERATIONS = 20000 };
static instant edges[SEGMENTS] = {INT64_MIN, 10 * SPAN_S, 20 * SPAN_S, 30 * SPAN_S};
static const struct segments segments = {edges, SEGMENTS};

static struct op an_op(enum op_kind kind, uint8_t qos) {
    return (struct op){
        .intended = 1 * SPAN_S,
        .ready = 1 * SPAN_S + 5 * SPAN_MS,
        .emitted = 1 * SPAN_S + 6 * SPAN_MS,
        .sent = 1 * SPAN_S + 16 * SPAN_MS,
        .kind = (uint8_t)kind,
        .qos = qos,
        .held = OP_HELD_WINDOW,
    };
}
static const instant answered_at = 1 * SPAN_S + 36 * SPAN_MS, felt_at = 1 * SPAN_S + 46 * SPAN_MS;

/* Records one operation and gives its only series. The interval is the caller's. */
static struct interval_series *record_one(const struct op *op, enum op_outcome outcome, enum op_drop drop,
                                          struct interval **interval) {
    struct recorder *r = recorder_new(GROUPS, &segments);
    recorder_end(r, 1, op, outcome, drop, answered_at, felt_at, 5);
    *interval = recorder_swap(r, NULL, SPAN_S);
    recorder_free(r);
    CU_ASSERT_EQUAL_FATAL((*interval)->series_count, 1);
    return &(*interval)->series[0];
}

static void answered_operations_have_three_clocks(void) {
    struct interval *i;
    struct op op = an_op(OP_MQTT_PUBLISH, 1);
    struct interval_series *s = record_one(&op, OP_REFUSED, OP_DROP_NONE, &i);
    CU_ASSERT_EQUAL(s->clocks[CLOCK_LAG].sum, 1 * SPAN_MS);
    CU_ASSERT_EQUAL(s->clocks[CLOCK_SERVICE].sum, 20 * SPAN_MS);
    CU_ASSERT_EQUAL(s->clocks[CLOCK_RESPONSE].sum, 46 * SPAN_MS);
    CU_ASSERT_EQUAL(s->outcomes[OP_REFUSED], 1);
    CU_ASSERT_EQUAL(s->held[OP_HELD_WINDOW], 1);
    CU_ASSERT_EQUAL(s->key.held, 1);
    CU_ASSERT_EQUAL(s->key.excluded, 5);
    interval_free(i);
}

static void unanswered_operations_have_lag_alone(void) {
    static const enum op_outcome outcomes[] = {OP_TIMEOUT, OP_BROKEN, OP_WITHDRAWN, OP_OPEN};
    for (size_t o = 0; o < sizeof outcomes / sizeof outcomes[0]; o++) {
        struct interval *i;
        struct op op = an_op(OP_MQTT_PUBLISH, 1);
        struct interval_series *s = record_one(&op, outcomes[o], OP_DROP_NONE, &i);
        CU_ASSERT_EQUAL(s->clocks[CLOCK_LAG].count, 1);
        CU_ASSERT_EQUAL(s->clocks[CLOCK_SERVICE].count, 0);
        CU_ASSERT_EQUAL(s->clocks[CLOCK_RESPONSE].count, 0);
        interval_free(i);
    }
}

static void operations_that_were_never_emitted_have_no_clock(void) {
    struct interval *i;
    struct op op = an_op(OP_MQTT_PUBLISH, 1);
    op.emitted = op.sent = 0;
    struct interval_series *s = record_one(&op, OP_DROPPED, OP_DROP_BUFFER_FULL, &i);
    CU_ASSERT_EQUAL(s->clocks[CLOCK_LAG].count, 0);
    CU_ASSERT_EQUAL(s->drops[OP_DROP_BUFFER_FULL], 1);
    interval_free(i);
    s = record_one(&op, OP_WITHDRAWN, OP_DROP_NONE, &i);
    CU_ASSERT_EQUAL(s->clocks[CLOCK_LAG].count, 0);
    interval_free(i);
}

static void qos_0_is_ok_without_an_answer(void) {
    struct interval *i;
    struct op op = an_op(OP_MQTT_PUBLISH, 0);
    struct interval_series *s = record_one(&op, OP_OK, OP_DROP_NONE, &i);
    CU_ASSERT_EQUAL(s->outcomes[OP_OK], 1);
    CU_ASSERT_EQUAL(s->clocks[CLOCK_LAG].count, 1);
    CU_ASSERT_EQUAL(s->clocks[CLOCK_RESPONSE].count, 0);
    interval_free(i);
}

static void end_to_end_has_the_response_alone(void) {
    struct interval *i;
    struct op op = an_op(OP_MQTT_END_TO_END, 1);
    op.ready = op.emitted = op.sent = 0;
    struct interval_series *s = record_one(&op, OP_OK, OP_DROP_NONE, &i);
    CU_ASSERT_EQUAL(s->clocks[CLOCK_LAG].count, 0);
    CU_ASSERT_EQUAL(s->clocks[CLOCK_SERVICE].count, 0);
    CU_ASSERT_EQUAL(s->clocks[CLOCK_RESPONSE].sum, 46 * SPAN_MS);
    interval_free(i);
}

static void an_operation_belongs_to_the_segment_of_its_intended_instant(void) {
    struct interval *i;
    struct op op = an_op(OP_MQTT_PUBLISH, 1);
    op.intended = edges[1];
    struct interval_series *s = record_one(&op, OP_TIMEOUT, OP_DROP_NONE, &i);
    CU_ASSERT_EQUAL(s->key.segment, 1);
    interval_free(i);
    op.intended = edges[2] - 1;
    s = record_one(&op, OP_TIMEOUT, OP_DROP_NONE, &i);
    CU_ASSERT_EQUAL(s->key.segment, 1);
    interval_free(i);
}

/* --- random operations against a model that counts one by one ----------------------------------------------------- */

struct model {
    uint64_t outcomes[GROUPS][SEGMENTS][OP_KINDS][3][OP_OUTCOMES];
    uint64_t responses[GROUPS][SEGMENTS][OP_KINDS][3];
    int64_t response_sum[GROUPS][SEGMENTS][OP_KINDS][3];
    uint64_t late;
};
static const span late_limit = 10 * SPAN_MS;

static void one_random_operation(struct recorder *r, struct model *m, uint64_t n) {
    uint64_t bits[8];
    for (unsigned k = 0; k < 8; k++)
        bits[k] = draw_u64(11, k, 1, n);
    unsigned group = (unsigned)draw_below(bits[0], GROUPS), qos = (unsigned)draw_below(bits[1], 3);
    enum op_kind kind = (enum op_kind)draw_below(bits[2], OP_MQTT_END_TO_END);
    enum op_outcome outcome = (enum op_outcome)draw_below(bits[3], OP_OUTCOMES);
    struct op op = {.kind = (uint8_t)kind, .qos = (uint8_t)qos};
    op.intended = (instant)draw_below(bits[4], 40 * (uint64_t)SPAN_S);
    op.ready = op.intended;
    span lag = (span)draw_below(bits[5], 20) * SPAN_MS; /* whole ms: 10 ms and 11 ms lie in different buckets */
    if (outcome != OP_DROPPED)
        op.emitted = op.sent = op.ready + lag + 1;
    instant answered = op.sent + (instant)draw_below(bits[6], (uint64_t)SPAN_S);
    recorder_end(r, group, &op, outcome, outcome == OP_DROPPED ? OP_DROP_END : OP_DROP_NONE, answered, answered, 0);
    unsigned segment = (unsigned)(op.intended / (10 * SPAN_S));
    m->outcomes[group][segment][kind][qos][outcome]++;
    if ((outcome == OP_OK || outcome == OP_REFUSED) && (kind != OP_MQTT_PUBLISH || qos > 0)) {
        m->responses[group][segment][kind][qos]++;
        m->response_sum[group][segment][kind][qos] += answered - op.intended;
    }
    m->late += outcome != OP_DROPPED && lag > late_limit;
}

static void agree(const struct result *all, const struct model *m) {
    uint64_t seen = 0;
    for (size_t i = 0; i < all->series_count; i++) {
        const struct series *s = all->series[i];
        const struct cell_key *k = &s->key;
        for (int o = 0; o < OP_OUTCOMES; o++) {
            CU_ASSERT_EQUAL(s->outcomes[o], m->outcomes[k->group][k->segment][k->op][k->qos][o]);
            seen += s->outcomes[o];
        }
        const struct histogram *h = s->clocks[CLOCK_RESPONSE];
        CU_ASSERT_EQUAL(h == NULL ? 0 : h->count, m->responses[k->group][k->segment][k->op][k->qos]);
        CU_ASSERT_EQUAL(h == NULL ? 0 : h->sum_ns, m->response_sum[k->group][k->segment][k->op][k->qos]);
    }
    CU_ASSERT_EQUAL(seen, OPERATIONS);
    CU_ASSERT_EQUAL(all->late_all, m->late);
}

static void random_operations_add_up_like_a_model_of_them(void) {
    static struct model m;
    memset(&m, 0, sizeof m);
    struct recorder *r = recorder_new(GROUPS, &segments);
    struct result *all = result_new(GROUPS, &segments);
    struct interval *spare = NULL;
    for (uint64_t n = 0; n < OPERATIONS; n++) {
        one_random_operation(r, &m, n);
        if (n % 7001 == 0) {
            spare = recorder_swap(r, spare, SPAN_S);
            result_add(all, spare, late_limit);
        }
    }
    spare = recorder_swap(r, spare, SPAN_S);
    result_add(all, spare, late_limit);
    agree(all, &m);
    interval_free(spare);
    recorder_free(r);
    result_free(all);
}

/* --- the rest ------------------------------------------------------------------------------------------------------- */

static void states_are_gauges_that_survive_the_swap(void) {
    struct recorder *r = recorder_new(GROUPS, &segments);
    for (int n = 0; n < 5; n++)
        recorder_state(r, 2, STATE_OFFLINE, STATE_OFFLINE);
    recorder_state(r, 2, STATE_OFFLINE, STATE_CONNECTING);
    recorder_state(r, 2, STATE_CONNECTING, STATE_ONLINE);
    CU_ASSERT_EQUAL(recorder_online(r), 1);
    struct interval *first = recorder_swap(r, NULL, SPAN_S);
    recorder_state(r, 2, STATE_ONLINE, STATE_BACKOFF);
    struct interval *second = recorder_swap(r, NULL, 2 * SPAN_S);
    CU_ASSERT_EQUAL(first->states[2 * STATE_KINDS + STATE_ONLINE], 1);
    CU_ASSERT_EQUAL(first->states[2 * STATE_KINDS + STATE_OFFLINE], 4);
    CU_ASSERT_EQUAL(second->states[2 * STATE_KINDS + STATE_ONLINE], 0);
    CU_ASSERT_EQUAL(second->states[2 * STATE_KINDS + STATE_BACKOFF], 1);
    CU_ASSERT_EQUAL(recorder_online(r), 0);
    interval_free(first);
    interval_free(second);
    recorder_free(r);
}

static void reasons_beyond_the_cap_share_one_row(void) {
    struct recorder *r = recorder_new(GROUPS, &segments);
    for (unsigned code = 0; code < 100; code++)
        for (unsigned again = 0; again <= code; again++)
            recorder_reason(r, 1, code, OP_MQTT_CONNECT, OP_REFUSED, (uint8_t)code, CLOSE_REFUSED, code);
    recorder_reason(r, 0, 7, OP_MQTT_CONNECT, OP_REFUSED, 5, CLOSE_REFUSED, 1);
    struct interval *i = recorder_swap(r, NULL, SPAN_S);
    CU_ASSERT_EQUAL(i->reasons_of[1], RECORDER_REASONS);
    CU_ASSERT_EQUAL(i->reason_count, RECORDER_REASONS + 1);
    uint64_t sum = 0, others = 0;
    for (uint32_t n = 0; n < i->reason_count; n++) {
        sum += i->reasons[n].count;
        others += i->reasons[n].op == REASON_OTHERS;
    }
    CU_ASSERT_EQUAL(sum, 100 * 101 / 2 + 1);
    CU_ASSERT_EQUAL(others, 1);
    interval_free(i);
    recorder_free(r);
}

static void count_visit(void *context, const struct note *n) {
    CU_ASSERT_EQUAL(n->device, *(uint32_t *)context);
    ++*(uint32_t *)context;
}

static void notes_beyond_the_cap_are_counted(void) {
    struct recorder *r = recorder_new(GROUPS, &segments);
    for (uint32_t n = 0; n < RECORDER_NOTES_MAX + 10; n++)
        recorder_note(r, &(struct note){.device = n, .kind = NOTE_STATE});
    struct interval *i = recorder_swap(r, NULL, SPAN_S);
    uint32_t next = 0;
    interval_notes(i, count_visit, &next);
    CU_ASSERT_EQUAL(next, RECORDER_NOTES_MAX);
    CU_ASSERT_EQUAL(interval_notes_omitted(i), 10);
    interval_free(i);
    recorder_free(r);
}

static void counters_go_to_the_segment_of_their_instant(void) {
    struct recorder *r = recorder_new(GROUPS, &segments);
    recorder_tally(r, 1, 5 * SPAN_S, TALLY_BYTES_UP, 10);
    recorder_tally(r, 1, 6 * SPAN_S, TALLY_BYTES_UP, 10);
    recorder_tally(r, 1, 15 * SPAN_S, TALLY_BYTES_UP, 3);
    recorder_tally(r, 2, 15 * SPAN_S, TALLY_BYTES_DOWN, 4);
    struct interval *i = recorder_swap(r, NULL, SPAN_S);
    CU_ASSERT_EQUAL(i->tally_count, 3);
    CU_ASSERT_EQUAL(interval_tally_of(i, 1, 0, 0)->counts[TALLY_BYTES_UP], 20);
    CU_ASSERT_EQUAL(interval_tally_of(i, 1, 1, 0)->counts[TALLY_BYTES_UP], 3);
    CU_ASSERT_EQUAL(interval_tally_of(i, 2, 1, 0)->counts[TALLY_BYTES_DOWN], 4);
    interval_free(i);
    recorder_free(r);
}

static void an_idle_recorder_is_small(void) {
    struct recorder *r = recorder_new(40, &segments);
    struct interval *spare = NULL;
    for (int second = 0; second < 5; second++) {
        for (unsigned g = 0; g < 40; g++) { /* what a worker with 4,000 devices at one message a minute sees */
            struct op op = an_op(OP_MQTT_PUBLISH, 1);
            recorder_end(r, g, &op, OP_OK, OP_DROP_NONE, answered_at, felt_at, 0);
            recorder_end(r, g, &op, OP_OK, OP_DROP_NONE, answered_at, felt_at, 0);
            recorder_tally(r, g, SPAN_S, TALLY_BYTES_UP, 64);
        }
        spare = recorder_swap(r, spare, second * SPAN_S);
    }
    CU_ASSERT_TRUE(interval_bytes(spare) <= 64 * 1024);
    interval_free(spare);
    recorder_free(r);
}

static void reports_are_kept_in_order_up_to_a_cap(void) {
    struct recorder *r = recorder_new(1, &segments);
    for (uint32_t n = 1; n <= RECORDER_REPORTS_MAX + 2; n++)
        recorder_report(r, &(struct audit_report){.sequence = n}, (instant)n);
    struct interval *i = recorder_swap(r, NULL, SPAN_S);
    CU_ASSERT_EQUAL(i->report_count, RECORDER_REPORTS_MAX);
    CU_ASSERT(i->reports[0].sequence == 1 && i->reports[RECORDER_REPORTS_MAX - 1].sequence == RECORDER_REPORTS_MAX);
    CU_ASSERT(i->reports_omitted == 2 && i->reports_omitted_from == RECORDER_REPORTS_MAX + 1);
    CU_ASSERT(interval_bytes(i) > RECORDER_REPORTS_MAX * sizeof *i->reports);
    interval_clear(i);
    CU_ASSERT(i->report_count == 0 && i->reports_omitted == 0);
    interval_free(i);
    recorder_free(r);
}

HARNESS_MAIN("metrics/recorder", HARNESS_CASE(answered_operations_have_three_clocks),
             HARNESS_CASE(unanswered_operations_have_lag_alone),
             HARNESS_CASE(operations_that_were_never_emitted_have_no_clock),
             HARNESS_CASE(qos_0_is_ok_without_an_answer), HARNESS_CASE(end_to_end_has_the_response_alone),
             HARNESS_CASE(an_operation_belongs_to_the_segment_of_its_intended_instant),
             HARNESS_CASE(random_operations_add_up_like_a_model_of_them),
             HARNESS_CASE(states_are_gauges_that_survive_the_swap), HARNESS_CASE(reasons_beyond_the_cap_share_one_row),
             HARNESS_CASE(notes_beyond_the_cap_are_counted), HARNESS_CASE(counters_go_to_the_segment_of_their_instant),
             HARNESS_CASE(an_idle_recorder_is_small), HARNESS_CASE(reports_are_kept_in_order_up_to_a_cap))
