#include "report/figures.h"

#include <math.h>

#include "harness.h"
#include "report/sample.h"

static struct sample s;

static void every_row_stands_at_its_own_number(void) {
    for (int i = 0; i < FIGURES_ROWS; i++)
        CU_ASSERT_EQUAL((int)figures_rows[i].id, i);
}

static void every_operation_is_in_exactly_one_row(void) {
    for (int op = 0; op < OP_BATTERY_SOC; op++) /* values of devices are no operations */
        for (unsigned qos = 0; qos < 3; qos++) {
            int rows = 0;
            for (int i = 0; i < FIGURES_ROWS; i++)
                rows +=
                    (int)figures_rows[i].op == op && qos >= figures_rows[i].qos_from && qos <= figures_rows[i].qos_to;
            CU_ASSERT_EQUAL(rows, 1);
        }
}

static void sums_leave_the_warm_up_out_when_a_plan_says_so(void) {
    sample_make(&s);
    struct figures with = figures_of(s.result, NULL, FIGURES_PUBLISH_ACK, NULL);
    struct figures without = figures_of(s.result, &s.plan, FIGURES_PUBLISH_ACK, NULL);
    CU_ASSERT_EQUAL(with.intended, 1730);
    CU_ASSERT_EQUAL(without.intended, 730);
    CU_ASSERT_EQUAL(without.count + without.outcomes[OP_WITHDRAWN] + without.outcomes[OP_DROPPED] +
                        without.outcomes[OP_OPEN],
                    without.intended);
    figures_free(&with);
    figures_free(&without);
    CU_ASSERT_EQUAL(figures_tally(s.result, &s.plan, TALLY_CONNECTIONS, false, NULL), 0);
    CU_ASSERT_EQUAL(figures_tally(s.result, &s.plan, TALLY_CONNECTIONS, true, NULL), 10);
    sample_free(&s);
}

static void a_fleet_has_its_own_sums(void) {
    sample_make(&s);
    struct figures meters = figures_of(s.result, &s.plan, FIGURES_PUBLISH_SENT, "meters");
    struct figures gates = figures_of(s.result, &s.plan, FIGURES_PUBLISH_SENT, "gates");
    CU_ASSERT_EQUAL(meters.intended, 0);
    CU_ASSERT_EQUAL(gates.intended, 50);
    figures_free(&meters);
    figures_free(&gates);
    CU_ASSERT_EQUAL(figures_tally(s.result, &s.plan, TALLY_BYTES_DOWN, true, "gates"), 50);
    CU_ASSERT_EQUAL(figures_tally(s.result, &s.plan, TALLY_BYTES_DOWN, true, "meters"), 0);
    sample_free(&s);
}

static void a_percentile_is_never_above_the_exact_maximum(void) {
    static struct histogram h;
    histogram_reset(&h);
    histogram_record(&h, 1000 * SPAN_MS + 1);
    CU_ASSERT_EQUAL(figures_quantile_ms(&h, 0.999), (1000.0 * 1e6 + 1) / 1e6);
    CU_ASSERT_EQUAL(figures_max_ms(&h), (1000.0 * 1e6 + 1) / 1e6);
}

static void without_samples_there_is_no_number(void) {
    static struct histogram h;
    histogram_reset(&h);
    CU_ASSERT_TRUE(isnan(figures_quantile_ms(&h, 0.5)));
    CU_ASSERT_TRUE(isnan(figures_max_ms(&h)));
}

static void what_the_guard_held_is_counted_over_all_operations(void) {
    sample_make(&s);
    uint64_t intended = figures_intended(s.result, &s.plan);
    CU_ASSERT_EQUAL(intended, 730 + 50 + 3);
    struct series *series = result_series(s.result, (struct cell_key){.segment = 1, .held = 1}, true);
    series->held[OP_HELD_GUARD] = 4;
    series->outcomes[OP_OK] = 4;
    CU_ASSERT_EQUAL(figures_held(s.result, &s.plan, OP_HELD_GUARD), 4);
    CU_ASSERT_EQUAL(figures_intended(s.result, &s.plan), intended + 4);
    sample_free(&s);
}

HARNESS_MAIN("report/figures", HARNESS_CASE(every_row_stands_at_its_own_number),
             HARNESS_CASE(every_operation_is_in_exactly_one_row),
             HARNESS_CASE(sums_leave_the_warm_up_out_when_a_plan_says_so), HARNESS_CASE(a_fleet_has_its_own_sums),
             HARNESS_CASE(a_percentile_is_never_above_the_exact_maximum),
             HARNESS_CASE(without_samples_there_is_no_number),
             HARNESS_CASE(what_the_guard_held_is_counted_over_all_operations))
