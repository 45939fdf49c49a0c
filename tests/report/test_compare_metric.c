#include "base/err.h"
#include "harness.h"
#include "report/compare.h"

#include <string.h>

static void metrics_are_read_as_checks_write_them(void) {
    struct compare_metric m;
    char why[300];
    CU_ASSERT_EQUAL(compare_metric_parse("p99.9(mqtt.publish.ack)", &m, why, sizeof why), 0);
    CU_ASSERT_EQUAL(m.op, OP_MQTT_PUBLISH);
    CU_ASSERT_EQUAL(m.clock, CLOCK_RESPONSE);
    CU_ASSERT_DOUBLE_EQUAL(m.q, 0.999, 1e-12);
    CU_ASSERT_EQUAL(compare_metric_parse("p50(mqtt.connect.ack{clock=service})", &m, why, sizeof why), 0);
    CU_ASSERT_EQUAL(m.op, OP_MQTT_CONNECT);
    CU_ASSERT_EQUAL(m.clock, CLOCK_SERVICE);
    CU_ASSERT_EQUAL(compare_metric_parse("failed(mqtt.publish)", &m, why, sizeof why), 0);
    CU_ASSERT_EQUAL(m.stat, COMPARE_FAILED);
    CU_ASSERT_STRING_EQUAL(m.name, "failed(mqtt.publish)");
}

static void what_is_no_metric_is_refused_with_an_example(void) {
    static const char *const wrong[] = {"",
                                        "p99",
                                        "p99()",
                                        "p99(mqtt.publish.ack",
                                        "p99(mqtt.publish.ack))",
                                        "p(mqtt.publish.ack)",
                                        "p100(mqtt.publish.ack)",
                                        "p0(mqtt.publish.ack)",
                                        "pp(mqtt.publish.ack)",
                                        "p99(mqtt.publish.ack) ",
                                        "mean(mqtt.publish.ack)",
                                        "p99(mqtt.publish.ack{clock=wall})",
                                        "p99(mqtt.publish.ack{qos=1})"};
    struct compare_metric m;
    char why[300];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CU_ASSERT_EQUAL(compare_metric_parse(wrong[i], &m, why, sizeof why), ERR_MALFORMED);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, "p99(mqtt.publish.ack)"));
    }
}

static void a_misspelt_operation_gets_a_suggestion(void) {
    struct compare_metric m;
    char why[300];
    CU_ASSERT_EQUAL(compare_metric_parse("p99(mqtt.publish.akc)", &m, why, sizeof why), ERR_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "did you mean 'mqtt.publish.ack'?"));
}

HARNESS_MAIN("report/compare_metric", HARNESS_CASE(metrics_are_read_as_checks_write_them),
             HARNESS_CASE(what_is_no_metric_is_refused_with_an_example),
             HARNESS_CASE(a_misspelt_operation_gets_a_suggestion))
