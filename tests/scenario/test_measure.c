#include "scenario/measure.h"

#include <math.h>

#include "harness.h"
#include "made.h"
#include "scenario/plan_observe.h"

#define CHECKS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void shares_compare_as_whole_numbers(void) {
    struct measure_value third = measure_share(1, 3), same = measure_share(333333333333, 999999999999),
                         more = measure_share(333333333334, 999999999999);
    CU_ASSERT_EQUAL(measure_compare(&third, &same), 0);
    CU_ASSERT_EQUAL(measure_compare(&third, &more), -1);
    CU_ASSERT_EQUAL(measure_compare(&more, &third), 1);
    CU_ASSERT_FALSE(measure_share(0, 0).known);
    CU_ASSERT_FALSE(measure_number(NAN).known);
    struct measure_value half = measure_number(0.5);
    CU_ASSERT_EQUAL(measure_compare(&third, &half), -1);
}

static void a_scope_is_a_range_of_segments(void) {
    struct made *m = made_new(CHECKS("count(mqtt.ping, during=outage) == 0", "count(mqtt.ping, from=outage.start) == 0",
                                     "count(mqtt.ping) == 0", "count(mqtt.ping, during=steady, to=outage.start) == 0"));
    static const struct {
        unsigned first, end;
        instant from, to;
    } wanted[] = {{3, 4, 20 * SPAN_S, 30 * SPAN_S},
                  {3, 7, 20 * SPAN_S, INSTANT_NEVER},
                  {0, 7, INT64_MIN, INSTANT_NEVER},
                  {2, 3, 10 * SPAN_S, 20 * SPAN_S}};
    for (unsigned i = 0; i < 4; i++) {
        struct measure_scope s;
        measure_scope_of(&m->checks[i].expr->calls[0], &m->checks[i], &m->plan, &s);
        CU_ASSERT_EQUAL(s.first_segment, wanted[i].first);
        CU_ASSERT_EQUAL(s.end_segment, wanted[i].end);
        CU_ASSERT_EQUAL(s.from, wanted[i].from);
        CU_ASSERT_EQUAL(s.to, wanted[i].to);
        measure_scope_free(&s);
    }
    made_free(m);
}

/* part and whole of the check's only call */
static void measures(struct made *m, unsigned check, uint64_t part, uint64_t whole) {
    struct measure_scope s;
    struct measure found = {0};
    measure_scope_of(&m->checks[check].expr->calls[0], &m->checks[check], &m->plan, &s);
    measure_add(&s, m->total, &found);
    CU_ASSERT_EQUAL(found.part, part);
    CU_ASSERT_EQUAL(found.whole, whole);
    measure_scope_free(&s);
}

static void lost_messages_are_told_apart_by_qos(void) {
    struct made *m = made_new(CHECKS("lost(mqtt.publish{qos=1}) == 0", "lost(mqtt.publish{qos=2}) == 0",
                                     "lost(mqtt.publish{qos!=1}) == 0", "lost(mqtt.publish{profile=old}) == 0",
                                     "lost(mqtt.publish{qos=0}) == 0"));
    made_messages(m, 0, 0, SPAN_S, TALLY_SENT, 1000); /* without an audit nothing can be lost of them */
    made_messages(m, 0, 1, SPAN_S, TALLY_SENT, 100);
    made_messages(m, 0, 1, SPAN_S, TALLY_LOST, 3);
    made_messages(m, 1, 2, SPAN_S, TALLY_SENT, 50);
    made_messages(m, 1, 2, SPAN_S, TALLY_LOST, 2);
    measures(m, 0, 3, 100);
    measures(m, 1, 2, 50);
    measures(m, 2, 2, 50);
    measures(m, 3, 2, 50);
    measures(m, 4, 0, 0);
    made_messages(m, 0, 0, SPAN_S, TALLY_AUDITED, 990);
    made_messages(m, 0, 0, SPAN_S, TALLY_LOST, 4);
    measures(m, 4, 4, 990);
    made_free(m);
}

static void an_observer_knows_copies_and_order(void) {
    struct made *m = made_new(CHECKS("duplicated(mqtt.publish) == 0", "reordered(mqtt.publish{qos=1}) == 0"));
    made_tally(m, 0, SPAN_S, TALLY_RECEIVED, 7);
    made_tally(m, 0, SPAN_S, TALLY_DUPLICATED, 5);
    made_messages(m, 0, 1, SPAN_S, TALLY_AUDIT_RECEIVED, 70);
    made_messages(m, 0, 1, SPAN_S, TALLY_AUDIT_DUPLICATED, 2);
    made_messages(m, 0, 1, SPAN_S, TALLY_AUDIT_REORDERED, 3);
    made_messages(m, 0, 2, SPAN_S, TALLY_AUDIT_REORDERED, 9);
    measures(m, 0, 5, 7); /* nobody observes: what subscribing devices got */
    struct plan_observe observe = {0};
    m->plan.observe = &observe;
    measures(m, 0, 2, 70);
    measures(m, 1, 3, 70);
    made_free(m);
}

static void what_fell_out_of_the_audit_is_counted_per_check(void) {
    struct made *m = made_new(CHECKS("lost(mqtt.publish{qos=1}, during=outage) == 0", "p50(mqtt.end_to_end) < 1s",
                                     "count(mqtt.publish) > 0"));
    made_messages(m, 0, 1, 25 * SPAN_S, TALLY_AUDITED, 10);
    made_messages(m, 0, 1, 25 * SPAN_S, TALLY_AUDIT_EXCLUDED, 4);
    made_messages(m, 0, 2, 25 * SPAN_S, TALLY_AUDITED, 100);
    made_messages(m, 1, 1, 5 * SPAN_S, TALLY_AUDITED, 1000);
    static const uint64_t audited[] = {10, 1110, 0}, excluded[] = {4, 4, 0};
    for (unsigned i = 0; i < 3; i++) {
        struct measure_scope s;
        uint64_t judged, out;
        measure_scope_of(&m->checks[i].expr->calls[0], &m->checks[i], &m->plan, &s);
        CU_ASSERT_EQUAL(measure_audit(&s, m->total, &judged, &out), i < 2);
        CU_ASSERT_EQUAL(judged, audited[i]);
        CU_ASSERT_EQUAL(out, excluded[i]);
        measure_scope_free(&s);
    }
    made_free(m);
}

static void lag_is_of_all_operations(void) {
    struct made *m = made_new(CHECKS("count(tool.lag) == 7", "ratio(tool.late) == 0", "count(tool.dropped) == 0"));
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, 0, SPAN_MS, 4);
    made_answer(m, 1, OP_MQTT_PUBLISH, 0, 0, SPAN_MS, 2);
    made_answer(m, 1, OP_MQTT_CONNECT, 0, 0, SPAN_MS, 1);
    made_series(m, 0, OP_MQTT_PUBLISH, 1, 0)->late = 2;
    m->total->dropped_records = 3;
    static const uint64_t parts[] = {7, 2, 3}, wholes[] = {7, 7, 7};
    for (unsigned i = 0; i < 3; i++) {
        static struct histogram samples;
        struct measure_scope s;
        struct measure found = {.samples = &samples};
        histogram_reset(&samples);
        measure_scope_of(&m->checks[i].expr->calls[0], &m->checks[i], &m->plan, &s);
        measure_add(&s, m->total, &found);
        CU_ASSERT_EQUAL(found.part, parts[i]);
        CU_ASSERT_EQUAL(found.whole, wholes[i]);
        measure_scope_free(&s);
    }
    made_free(m);
}

HARNESS_MAIN("scenario/measure", HARNESS_CASE(shares_compare_as_whole_numbers),
             HARNESS_CASE(a_scope_is_a_range_of_segments), HARNESS_CASE(lost_messages_are_told_apart_by_qos),
             HARNESS_CASE(an_observer_knows_copies_and_order),
             HARNESS_CASE(what_fell_out_of_the_audit_is_counted_per_check), HARNESS_CASE(lag_is_of_all_operations))
