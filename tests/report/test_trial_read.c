#include "report/trial_read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "harness.h"
#include "report/temporary.h"

static const char summary[] =
    "{\"schema\": 1, \"verdict\": \"fail\", \"devices\": {\"online_peak\": 900},\n"
    "\"checks\": [{\"name\": \"fast\", \"check_kind\": \"slo\", \"pass\": false, \"value\": 1340.2, \"limit\": 200, "
    "\"unit\": \"ms\"},\n"
    "{\"name\": \"told\", \"check_kind\": \"info\", \"pass\": false, \"value\": 1, \"limit\": 2, \"unit\": \"ms\"},\n"
    "{\"name\": \"all in\", \"check_kind\": \"slo\", \"pass\": true, \"value\": 100, \"limit\": 100, \"unit\": "
    "\"%\"},\n"
    "{\"name\": \"tail\", \"check_kind\": \"slo\", \"pass\": false, \"value\": null, \"limit\": 5, \"unit\": \"s\", "
    "\"reason\": \"2 % had no answer\"}],\n"
    "\"operations\": {\"mqtt.connect.ack\": {\"count\": 1000, \"failed\": 100, \"response_ms\": {\"p99\": 12.5}},\n"
    "\"mqtt.publish.ack\": {\"count\": 4000, \"failed\": 7, \"response_ms\": {\"p50\": 3, \"p99\": 1340.2}}},\n"
    "\"messages\": {\"sent\": 4100, \"lost\": 2}, \"tool\": {\"guard_held\": 5},\n"
    "\"trust\": {\"findings\": []}}\n";

static const char series[] = "time_s,phase,connects_ok,publishes_sent,publishes_acked,cpu,backend_cpu\n"
                             "1.0,ramp,700,10,5,0.9,\n"
                             "2.0,\"a,b\",200,1000,900,0.4,0.7\n"
                             "3.0,steady,0,1000,1100,0.6,0.9\n"
                             "4.0,settle,0,0,80,0.1,0.2\n";

static struct temporary place;
static struct trial_facts facts;

static void put(const char *name, const char *text) {
    char path[200];
    FILE *f = fopen(temporary_path(&place, name, path, sizeof path), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

static int read_made(const char *json) {
    place = temporary_make();
    put("summary.json", json);
    put("series.csv", series);
    int error = trial_read(place.path, 1, 3, &facts);
    temporary_remove(&place);
    return error;
}

static void numbers_come_from_the_summary(void) {
    CU_ASSERT_EQUAL_FATAL(read_made(summary), 0);
    CU_ASSERT_STRING_EQUAL(facts.verdict, "fail");
    CU_ASSERT_EQUAL(facts.online_peak, 900);
    CU_ASSERT_EQUAL(facts.publish_p50_ms, 3);
    CU_ASSERT_EQUAL(facts.publish_p99_ms, 1340.2);
    CU_ASSERT_EQUAL(facts.connect_p99_ms, 12.5);
    CU_ASSERT_EQUAL(facts.failed, 107);
    CU_ASSERT_EQUAL(facts.lost, 2);
    CU_ASSERT_EQUAL(facts.guard_held, 5);
    CU_ASSERT_STRING_EQUAL(facts.trust, "");
}

static void what_broke_is_said_with_value_and_limit(void) {
    CU_ASSERT_EQUAL_FATAL(read_made(summary), 0);
    CU_ASSERT_STRING_EQUAL(facts.broke, "fast: 1340 ms, limit 200 ms; tail: 2 % had no answer, limit 5 s");
}

static void too_few_samples_are_told_apart(void) {
    CU_ASSERT_EQUAL_FATAL(read_made(summary), 0);
    CU_ASSERT_FALSE(facts.too_few);
    CU_ASSERT_EQUAL_FATAL(
        read_made(
            "{\"verdict\": \"fail\", \"checks\": [{\"name\": \"fast\", \"check_kind\": \"slo\", \"pass\": false, "
            "\"value\": null, \"limit\": 5, \"unit\": \"s\", \"reason\": \"mqtt.publish.ack has 9 samples, and 100 "
            "are needed (min_samples)\"}]}"),
        0);
    CU_ASSERT_TRUE(facts.too_few);
}

static void without_a_failed_check_the_operation_that_failed_most_is_named(void) {
    CU_ASSERT_EQUAL_FATAL(read_made("{\"verdict\": \"pass\", \"checks\": [], \"operations\": {\"mqtt.connect.ack\": "
                                    "{\"count\": 10, \"failed\": 1}, \"mqtt.publish.ack\": {\"count\": 50, "
                                    "\"failed\": 6}}}"),
                          0);
    CU_ASSERT_STRING_EQUAL(facts.broke, "mqtt.publish.ack: 6 of 50 failed");
}

static void rates_are_means_over_the_seconds_of_the_stretch(void) {
    CU_ASSERT_EQUAL_FATAL(read_made(summary), 0);
    CU_ASSERT_DOUBLE_EQUAL(facts.messages_per_s, 1000, 1e-9); /* of 900 and 1100 */
    CU_ASSERT_DOUBLE_EQUAL(facts.cpu, 0.5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(facts.backend_cores, 0.8, 1e-9);
    CU_ASSERT_EQUAL(facts.connects_per_s, 700); /* the best second of all */
}

static void messages_of_qos_0_count_when_they_are_sent(void) {
    CU_ASSERT_EQUAL_FATAL(read_made("{\"verdict\": \"pass\", \"operations\": {\"mqtt.publish.sent\": {\"ok\": 2010}}, "
                                    "\"messages\": {\"sent\": 2010}}"),
                          0);
    CU_ASSERT_DOUBLE_EQUAL(facts.messages_per_s, 2000, 1e-9); /* 1000 sent and the made-up 1000 acknowledged */
    CU_ASSERT_TRUE(isnan(facts.publish_p99_ms));
}

static void a_run_that_is_not_trusted_says_why(void) {
    CU_ASSERT_EQUAL_FATAL(read_made("{\"verdict\": \"not_trustworthy\", \"trust\": {\"findings\": [{\"text\": \"a loop "
                                    "came 300ms late\"}, {\"text\": \"more\"}]}}"),
                          0);
    CU_ASSERT_STRING_EQUAL(facts.trust, "a loop came 300ms late");
}

static void what_is_no_finished_run_is_told(void) {
    CU_ASSERT_EQUAL(trial_read("/nonexistent", 0, 1, &facts), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(read_made("{"), ERR_MALFORMED);
    CU_ASSERT_EQUAL(read_made("{\"schema\": 1}"), ERR_MALFORMED);
    CU_ASSERT_EQUAL(read_made("{\"verdict\": \"pass\"}"), 0);
    CU_ASSERT_EQUAL(facts.failed, 0);
}

HARNESS_MAIN("report/trial_read", HARNESS_CASE(numbers_come_from_the_summary),
             HARNESS_CASE(what_broke_is_said_with_value_and_limit), HARNESS_CASE(too_few_samples_are_told_apart),
             HARNESS_CASE(without_a_failed_check_the_operation_that_failed_most_is_named),
             HARNESS_CASE(rates_are_means_over_the_seconds_of_the_stretch),
             HARNESS_CASE(messages_of_qos_0_count_when_they_are_sent), HARNESS_CASE(a_run_that_is_not_trusted_says_why),
             HARNESS_CASE(what_is_no_finished_run_is_told))
