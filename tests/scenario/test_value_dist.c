#include "harness.h"

#include <string.h>

#include "base/err.h"
#include "scenario/value.h"

static char why[VALUE_WHY_MAX];

static void quantities_are_constants(void) {
    struct dist d;
    CU_ASSERT(value_dist("10s", UNITS_DURATION, &d, why) == 0 && d.kind == DIST_CONSTANT && d.a == 10e9 &&
              d.cut_at_zero);
    CU_ASSERT(value_dist("0", UNITS_DURATION, &d, why) == 0 && d.a == 0);
}

static void functions_take_the_dimension_of_their_key(void) {
    struct dist d;
    CU_ASSERT(value_dist("exp(60s)", UNITS_DURATION, &d, why) == 0 && d.kind == DIST_EXP && d.a == 60e9);
    CU_ASSERT(value_dist("uniform(5s, 20min)", UNITS_DURATION, &d, why) == 0 && d.a == 5e9 && d.b == 1200e9);
    CU_ASSERT(value_dist("normal(sd=500ms, mean=10s)", UNITS_DURATION, &d, why) == 0 && d.a == 10e9 && d.b == 500e6);
    CU_ASSERT(value_dist("pareto(1s, 1.5)", UNITS_DURATION, &d, why) == 0 && d.a == 1e9 && d.b == 1.5);
    CU_ASSERT_EQUAL(value_dist("exp(60kB)", UNITS_DURATION, &d, why), ERR_MALFORMED);
    CU_ASSERT_EQUAL(value_dist("exp(60)", UNITS_DURATION, &d, why), ERR_MALFORMED);
}

static void lognormal_takes_its_median_and_any_high_percentile(void) {
    struct dist d99, d95;
    CU_ASSERT_EQUAL(value_dist("lognormal(p50=90ms, p99=700ms)", UNITS_DURATION, &d99, why), 0);
    CU_ASSERT_DOUBLE_EQUAL(d99.a, 90e6, 1);
    CU_ASSERT_DOUBLE_EQUAL(d99.b, dist_ln(700.0 / 90) / dist_normal_quantile(0.99), 1e-9);
    CU_ASSERT_EQUAL(value_dist("lognormal(p50=90ms, p95=700ms)", UNITS_DURATION, &d95, why), 0);
    CU_ASSERT(d95.b > d99.b);
    CU_ASSERT_EQUAL(value_dist("lognormal(p50=90ms, p20=70ms)", UNITS_DURATION, &d95, why), ERR_MALFORMED);
}

static void wrong_arguments_are_refused_with_an_example(void) {
    static const char *const wrong[] = {"exp()",
                                        "exp(1s, 2s)",
                                        "uniform(5s)",
                                        "uniform(5s, 1s)",
                                        "normal(1s)",
                                        "lognormal(p50=0s, p99=1s)",
                                        "lognormal(p50=2s, p99=1s)",
                                        "pareto(0s, 1)",
                                        "pareto(1s, 0)",
                                        "exp(mean=1s, mean=2s)",
                                        "uniform(-5s, 1s)",
                                        "normal(mu=1s, sd=2s)",
                                        "exp(1s",
                                        ""};
    struct dist d;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        why[0] = '\0';
        CU_ASSERT_EQUAL(value_dist(wrong[i], UNITS_DURATION, &d, why), ERR_MALFORMED);
        CU_ASSERT(why[0] != '\0');
    }
    value_dist("lognomal(p50=1s, p99=2s)", UNITS_DURATION, &d, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "did you mean 'lognormal'?"));
}

HARNESS_MAIN("scenario/value_dist", HARNESS_CASE(quantities_are_constants),
             HARNESS_CASE(functions_take_the_dimension_of_their_key),
             HARNESS_CASE(lognormal_takes_its_median_and_any_high_percentile),
             HARNESS_CASE(wrong_arguments_are_refused_with_an_example))
