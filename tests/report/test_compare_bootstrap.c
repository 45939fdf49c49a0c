#include "report/compare_bootstrap.h"

#include "generated.h"
#include "harness.h"

static struct compare_row bootstrap(const struct compare_run *a, const struct compare_run *b, const char *metric,
                                    double margin) {
    struct compare_row row = {0};
    char why[300];
    CU_ASSERT_EQUAL_FATAL(compare_metric_parse(metric, &row.metric, why, sizeof why), 0);
    compare_bootstrap(a, b, &row.metric, margin, &row);
    return row;
}

static void the_interval_holds_the_change_and_the_draws_repeat(void) {
    struct temporary t = temporary_make();
    struct compare_run a = generated_run(&t, "a", &(struct generated){.seed = 1}),
                       b = generated_run(&t, "b", &(struct generated){.seed = 2, .p99_factor = 1.2});
    struct compare_row row = bootstrap(&a, &b, "p99(mqtt.publish.ack)", 0.05),
                       again = bootstrap(&a, &b, "p99(mqtt.publish.ack)", 0.05);
    CU_ASSERT(row.low < 0.2 && row.high > 0.2);
    CU_ASSERT(row.low > 0.05);
    CU_ASSERT(row.p_worse < 0.01);
    CU_ASSERT(row.p_better > 0.9);
    CU_ASSERT_EQUAL(row.low, again.low);
    CU_ASSERT_EQUAL(row.high, again.high);
    compare_run_free(&a);
    compare_run_free(&b);
    temporary_remove(&t);
}

static void shares_differ_by_points(void) {
    struct temporary t = temporary_make();
    struct compare_run a = generated_run(&t, "a", &(struct generated){.seed = 1, .failed_every = 1000}),
                       b = generated_run(&t, "b", &(struct generated){.seed = 2, .failed_every = 100});
    struct compare_row row = bootstrap(&a, &b, "failed(mqtt.publish)", COMPARE_MARGIN_SHARE);
    /* failures come so evenly that every resample has the same share, but for rounding */
    CU_ASSERT_DOUBLE_EQUAL(row.low, 0.009, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row.high, 0.009, 1e-9);
    CU_ASSERT(row.p_worse < 0.01);
    compare_run_free(&a);
    compare_run_free(&b);
    temporary_remove(&t);
}

HARNESS_MAIN("report/compare_bootstrap", HARNESS_CASE(the_interval_holds_the_change_and_the_draws_repeat),
             HARNESS_CASE(shares_differ_by_points))
