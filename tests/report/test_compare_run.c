#include "report/compare_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "generated.h"
#include "harness.h"

static void a_run_is_read_with_its_intervals(void) {
    struct temporary t = temporary_make();
    struct compare_run r = generated_run(&t, "a", &(struct generated){.seed = 7, .connects = 30, .failed_every = 100});
    CU_ASSERT_STRING_EQUAL(r.name, "made");
    CU_ASSERT_STRING_EQUAL(r.scenario_hash, "abcd");
    CU_ASSERT_EQUAL(r.seed, 7);
    CU_ASSERT(r.complete && r.trustworthy && r.seed_given);
    CU_ASSERT_EQUAL(r.units, 20); /* each of its seconds, and none that is always empty */
    CU_ASSERT_EQUAL(r.timings[OP_MQTT_PUBLISH][CLOCK_RESPONSE].samples, 10000);
    CU_ASSERT_EQUAL(r.timings[OP_MQTT_PUBLISH][CLOCK_RESPONSE].units_hit, 20);
    CU_ASSERT_EQUAL(r.timings[OP_MQTT_PUBLISH][CLOCK_SERVICE].samples, 0);
    CU_ASSERT_EQUAL(r.timings[OP_MQTT_CONNECT][CLOCK_RESPONSE].units_hit, 1);
    CU_ASSERT_EQUAL(r.outcomes[OP_MQTT_PUBLISH].tried, 10000);
    CU_ASSERT_EQUAL(r.outcomes[OP_MQTT_PUBLISH].failed, 100);
    CU_ASSERT_EQUAL(r.outcomes[OP_MQTT_PUBLISH].tried_in[0], 500);
    CU_ASSERT_EQUAL(r.outcomes[OP_MQTT_PUBLISH].failed_in[19], 5);
    compare_run_free(&r);
    temporary_remove(&t);
}

static void the_warm_up_is_left_out(void) {
    struct temporary t = temporary_make();
    struct compare_run r = generated_run(&t, "a", &(struct generated){.seed = 7, .connects = 30, .warmup_s = 5});
    CU_ASSERT_EQUAL(r.timings[OP_MQTT_PUBLISH][CLOCK_RESPONSE].samples, 7500);
    CU_ASSERT_EQUAL(r.timings[OP_MQTT_CONNECT][CLOCK_RESPONSE].samples, 0);
    CU_ASSERT_EQUAL(r.outcomes[OP_MQTT_PUBLISH].tried, 7500);
    compare_run_free(&r);
    temporary_remove(&t);
}

static void long_runs_have_longer_intervals(void) {
    struct temporary t = temporary_make();
    struct compare_run r = generated_run(&t, "a", &(struct generated){.seed = 7, .seconds = 1500, .per_second = 2});
    CU_ASSERT_EQUAL(r.unit_s, 3);
    CU_ASSERT_EQUAL(r.units, 500);
    CU_ASSERT_EQUAL(r.timings[OP_MQTT_PUBLISH][CLOCK_RESPONSE].samples, 3000);
    compare_run_free(&r);
    r = generated_run(&t, "b", &(struct generated){.seed = 7, .seconds = COMPARE_UNITS_MAX, .per_second = 2});
    CU_ASSERT_EQUAL(r.unit_s, 1);
    CU_ASSERT_EQUAL(r.units, COMPARE_UNITS_MAX);
    compare_run_free(&r);
    temporary_remove(&t);
}

static void a_torn_log_is_read_up_to_its_last_record(void) {
    struct temporary t = temporary_make();
    struct compare_run r = generated_run(&t, "a", &(struct generated){.seed = 7, .torn = true});
    CU_ASSERT_EQUAL(r.timings[OP_MQTT_PUBLISH][CLOCK_RESPONSE].samples, 10000);
    compare_run_free(&r);
    temporary_remove(&t);
}

static void what_is_missing_is_named(void) {
    struct temporary t = temporary_make();
    struct compare_run r;
    char why[PATH_MAX + 200], path[PATH_MAX];
    CU_ASSERT_EQUAL(compare_run_read("/nonexistent", &r, why, sizeof why), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "/nonexistent/manifest.json"));
    compare_run_free(&r);
    snprintf(path, sizeof path, "%s", generated_write(&t, "a", &(struct generated){.seed = 7}));
    char log[PATH_MAX + 32];
    snprintf(log, sizeof log, "%s/intervals.hlog", path);
    CU_ASSERT_EQUAL(unlink(log), 0);
    CU_ASSERT_EQUAL(compare_run_read(path, &r, why, sizeof why), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "intervals.hlog"));
    compare_run_free(&r);
    temporary_remove(&t);
}

static void a_quantile_lies_within_its_bucket_by_rank(void) {
    uint64_t counts[3] = {2, 0, 2};
    unsigned low = histogram_bucket(100 * SPAN_US); /* 1 us wide there */
    CU_ASSERT_DOUBLE_EQUAL(compare_run_quantile_ms(counts, low, 3, 0.25), 0.1005, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(compare_run_quantile_ms(counts, low, 3, 0.5), 0.101, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(compare_run_quantile_ms(counts, low, 3, 0.75), 0.1025, 1e-9);
    memset(counts, 0, sizeof counts);
    CU_ASSERT(isnan(compare_run_quantile_ms(counts, low, 3, 0.5)));
}

HARNESS_MAIN("report/compare_run", HARNESS_CASE(a_run_is_read_with_its_intervals),
             HARNESS_CASE(the_warm_up_is_left_out), HARNESS_CASE(long_runs_have_longer_intervals),
             HARNESS_CASE(a_torn_log_is_read_up_to_its_last_record), HARNESS_CASE(what_is_missing_is_named),
             HARNESS_CASE(a_quantile_lies_within_its_bucket_by_rank))
