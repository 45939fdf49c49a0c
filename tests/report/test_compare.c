#include "report/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "generated.h"
#include "harness.h"

enum { SIDE_MAX = 5 };
static struct compare_run before[SIDE_MAX], after[SIDE_MAX];
static struct comparison c;

static void make(struct compare_run *runs, unsigned count, struct generated g) {
    struct temporary t = temporary_make();
    char name[16];
    for (unsigned i = 0; i < count; i++, g.seed++) {
        snprintf(name, sizeof name, "r%u", i);
        runs[i] = generated_run(&t, name, &g);
    }
    temporary_remove(&t);
}

static void drop(unsigned before_count, unsigned after_count) {
    for (unsigned i = 0; i < before_count; i++)
        compare_run_free(&before[i]);
    for (unsigned i = 0; i < after_count; i++)
        compare_run_free(&after[i]);
}

static enum compare_verdict compared(struct generated a, struct generated b, unsigned count) {
    make(before, count, a);
    make(after, count, b);
    compare_sides(before, count, after, count, &(struct compare_options){0}, &c);
    drop(count, count);
    return c.verdict;
}

static const struct compare_row *row(const char *name) {
    for (unsigned i = 0; i < c.row_count; i++)
        if (strcmp(c.rows[i].metric.name, name) == 0)
            return &c.rows[i];
    CU_FAIL("no such row");
    return NULL;
}

/* The claim: 40 pairs of equal runs, one a side: at most two false alarms. */
static void forty_equal_pairs_give_at_most_two_alarms(void) {
    unsigned alarms = 0;
    for (uint64_t i = 0; i < 40; i++) {
        enum compare_verdict v =
            compared((struct generated){.seed = 1000 + 2 * i}, (struct generated){.seed = 1001 + 2 * i}, 1);
        alarms += v == COMPARE_WORSE || v == COMPARE_BETTER;
    }
    CU_ASSERT(alarms <= 2);
    CU_ASSERT_EQUAL(c.method, COMPARE_BOOTSTRAP);
}

static void a_fifth_more_at_p99_is_found_from_five_and_five_runs(void) {
    unsigned found = 0;
    for (uint64_t i = 0; i < 10; i++)
        found += compared((struct generated){.seed = 2000 + 10 * i},
                          (struct generated){.seed = 2005 + 10 * i, .p99_factor = 1.2}, 5) == COMPARE_WORSE;
    CU_ASSERT(found >= 9);
    CU_ASSERT_EQUAL(c.method, COMPARE_RANKS);
    const struct compare_row *p99 = row("p99(mqtt.publish.ack)");
    CU_ASSERT(p99->gate);
    CU_ASSERT(p99->low < 0.2 && p99->high > 0.15);
}

static void the_same_backwards_is_better(void) {
    CU_ASSERT_EQUAL(compared((struct generated){.seed = 1, .p99_factor = 1.3}, (struct generated){.seed = 11}, 5),
                    COMPARE_BETTER);
}

static void failures_that_rise_are_worse(void) {
    CU_ASSERT_EQUAL(compared((struct generated){.seed = 1}, (struct generated){.seed = 11, .failed_every = 50}, 1),
                    COMPARE_WORSE);
    CU_ASSERT_EQUAL(row("failed(mqtt.publish)")->verdict, COMPARE_WORSE);
    CU_ASSERT_EQUAL(row("p99(mqtt.publish.ack)")->gate, true);
}

static void two_or_three_runs_a_side_give_no_verdict(void) {
    CU_ASSERT_EQUAL(compared((struct generated){.seed = 1}, (struct generated){.seed = 11, .p99_factor = 3}, 3),
                    COMPARE_INCONCLUSIVE);
    CU_ASSERT_EQUAL(c.method, COMPARE_NONE);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.reason, "4 + 4"));
    CU_ASSERT(row("p99(mqtt.publish.ack)")->change > 1);
}

static void runs_that_cannot_be_trusted_decide_nothing(void) {
    CU_ASSERT_EQUAL(compared((struct generated){.seed = 1},
                             (struct generated){.seed = 2, .p99_factor = 3, .untrustworthy = true}, 1),
                    COMPARE_INCONCLUSIVE);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.reason, "not trustworthy"));
    CU_ASSERT_EQUAL(compared((struct generated){.seed = 1, .incomplete = true}, (struct generated){.seed = 2}, 1),
                    COMPARE_INCONCLUSIVE);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.reason, "incomplete"));
}

/* Connects that all lie in one second cannot be drawn again second by second. */
static void what_is_not_spread_over_one_run_steps_back(void) {
    compared((struct generated){.seed = 1, .connects = 500}, (struct generated){.seed = 2, .connects = 500}, 1);
    CU_ASSERT_FALSE(row("p99(mqtt.connect.ack)")->gate);
    CU_ASSERT_PTR_NOT_NULL(strstr(row("p99(mqtt.connect.ack)")->reason, "spread"));
    compared((struct generated){.seed = 1, .connects = 500}, (struct generated){.seed = 6, .connects = 500}, 5);
    CU_ASSERT(row("p99(mqtt.connect.ack)")->gate);
}

static void a_metric_that_was_asked_for_may_not_step_back(void) {
    struct compare_metric m;
    char why[300];
    CU_ASSERT_EQUAL_FATAL(compare_metric_parse("p99.99(mqtt.publish.ack)", &m, why, sizeof why), 0);
    make(before, 1, (struct generated){.seed = 1, .per_second = 100});
    make(after, 1, (struct generated){.seed = 2, .per_second = 100});
    compare_sides(before, 1, after, 1, &(struct compare_options){.metrics = &m, .metric_count = 1}, &c);
    drop(1, 1);
    CU_ASSERT_EQUAL(c.row_count, 1);
    CU_ASSERT(c.rows[0].gate);
    CU_ASSERT_EQUAL(c.verdict, COMPARE_INCONCLUSIVE);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.rows[0].reason, "fewer than 10000 samples"));
}

static void a_wider_margin_takes_in_the_change(void) {
    make(before, 5, (struct generated){.seed = 1});
    make(after, 5, (struct generated){.seed = 11, .p99_factor = 1.2});
    compare_sides(before, 5, after, 5, &(struct compare_options){.margin = 0.4}, &c);
    CU_ASSERT_EQUAL(c.verdict, COMPARE_SAME);
    drop(5, 5);
}

static void the_correction_counts_the_gates(void) {
    make(before, 4, (struct generated){.seed = 1});
    make(after, 4, (struct generated){.seed = 11, .p99_factor = 2});
    compare_sides(before, 4, after, 4, &(struct compare_options){0}, &c);
    drop(4, 4);
    /* p99 and failures decide: the smaller probability, one of the 70 ways, counts twice */
    CU_ASSERT_DOUBLE_EQUAL(row("p99(mqtt.publish.ack)")->p_worse, 2 / 70.0, 1e-12);
    CU_ASSERT_EQUAL(c.verdict, COMPARE_WORSE);
}

static void runs_that_do_not_belong_together_are_not_admitted(void) {
    char why[700];
    struct generated other[] = {{.seed = 2, .hash = "ef01"}, {.seed = 2, .drawn_seed = true}};
    const char *said[] = {"different scenarios", "seed"};
    for (int i = 0; i < 2; i++) {
        make(before, 1, (struct generated){.seed = 1});
        make(after, 1, other[i]);
        CU_ASSERT_EQUAL(compare_admit(before, 1, after, 1, why, sizeof why), ERR_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, said[i]));
        drop(1, 1);
    }
    make(before, 1, (struct generated){.seed = 1});
    make(after, 1, (struct generated){.seed = 2});
    CU_ASSERT_EQUAL(compare_admit(before, 1, after, 1, why, sizeof why), 0);
    snprintf(after[0].version, sizeof after[0].version, "1.0.0");
    CU_ASSERT_EQUAL(compare_admit(before, 1, after, 1, why, sizeof why), ERR_INVALID);
    drop(1, 1);
}

HARNESS_MAIN("report/compare", HARNESS_CASE(forty_equal_pairs_give_at_most_two_alarms),
             HARNESS_CASE(a_fifth_more_at_p99_is_found_from_five_and_five_runs),
             HARNESS_CASE(the_same_backwards_is_better), HARNESS_CASE(failures_that_rise_are_worse),
             HARNESS_CASE(two_or_three_runs_a_side_give_no_verdict),
             HARNESS_CASE(runs_that_cannot_be_trusted_decide_nothing),
             HARNESS_CASE(what_is_not_spread_over_one_run_steps_back),
             HARNESS_CASE(a_metric_that_was_asked_for_may_not_step_back),
             HARNESS_CASE(a_wider_margin_takes_in_the_change), HARNESS_CASE(the_correction_counts_the_gates),
             HARNESS_CASE(runs_that_do_not_belong_together_are_not_admitted))
