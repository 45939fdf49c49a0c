#include "scenario/expr_type.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

static struct expr *parse(const char *text) {
    struct expr *e;
    struct expr_error error;
    if (expr_parse(text, &e, &error) != 0)
        CU_FAIL_FATAL("the check must parse");
    return e;
}

static void dimensions_follow_from_calls(void) {
    static const struct {
        const char *text;
        expr_dimension left;
    } rows[] = {
        {"p99(mqtt.publish.ack) > 0", UNITS_DURATION},
        {"count(mqtt.publish.ack) > 0", UNITS_PLAIN},
        {"count(net.bytes_up) > 0", UNITS_BYTES},
        {"rate(net.bytes_up) > 0", UNITS_BITRATE},
        {"rate(mqtt.publish) > 0", UNITS_RATE},
        {"ratio(mqtt.connect.ok) > 0", UNITS_SHARE},
        {"max(online) > 0", EXPR_DEVICES},
        {"max(online) > 5%", UNITS_SHARE},
        {"max(online) > 5", EXPR_DEVICES},
        {"time_to(online > 5%) < 1s", UNITS_DURATION},
        {"p9(mqtt.ping.ack) / 1ms > 0", UNITS_PLAIN},
        {"2 * p9(mqtt.ping.ack) > 0", UNITS_DURATION},
        {"count(mqtt.publish) / mean(online) > 2", UNITS_PLAIN},
        {"mean(online) + 5 > 2", EXPR_DEVICES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct expr *e = parse(rows[i].text);
        CU_ASSERT_EQUAL(e->nodes[e->left].dimension, rows[i].left);
        expr_free(e);
    }
}

static void may_abort(const char *text, bool may) {
    struct expr *e = parse(text);
    char why[EXPR_WHY_MAX];
    CU_ASSERT_EQUAL(expr_type_may_abort(e, why, sizeof why), may);
    expr_free(e);
}

static void only_what_cannot_recover_may_abort(void) {
    may_abort("count(mqtt.violation) == 0", true);
    may_abort("count(mqtt.violation) + lost(mqtt.publish) == 0", true);
    may_abort("count(mqtt.violation) <= 5", true);
    may_abort("5 > count(mqtt.violation)", true);
    may_abort("max(mqtt.publish.ack) < 5s", true);
    may_abort("time_to(online >= 99%) < 5s", true);
    may_abort("ratio(mqtt.connect.refused, over=30s) < 50%", true);
    may_abort("rate(mqtt.publish.ok, over=10s) > 5/s", true);
    may_abort("count(mqtt.violation) > 5", false);
    may_abort("count(mqtt.violation) == 5", false);
    may_abort("count(mqtt.violation) != 0", false);
    may_abort("ratio(mqtt.connect.refused) < 50%", false);
    may_abort("p99(mqtt.publish.ack) < 5s", false);
    may_abort("10 - count(mqtt.violation) < 5", false);
    may_abort("p99(mqtt.publish.ack, over=5s) < 2 * p99(mqtt.publish.ack)", false);
}

static void worst_is(const char *text, enum expr_worst first, enum expr_worst second) {
    enum expr_worst worst[EXPR_CALLS_MAX];
    struct expr *e = parse(text);
    expr_type_worst(e, worst);
    CU_ASSERT_EQUAL(worst[0], first);
    CU_ASSERT_EQUAL(worst[1], second);
    expr_free(e);
}

static void the_worst_value_follows_the_comparison(void) {
    worst_is("count(mqtt.ping) < count(mqtt.connect)", EXPR_WORST_LARGEST, EXPR_WORST_SMALLEST);
    worst_is("count(mqtt.ping) >= count(mqtt.connect)", EXPR_WORST_SMALLEST, EXPR_WORST_LARGEST);
    worst_is("count(mqtt.ping) - count(mqtt.connect) < 5", EXPR_WORST_LARGEST, EXPR_WORST_SMALLEST);
    worst_is("count(mqtt.ping) / count(mqtt.connect) > 5", EXPR_WORST_SMALLEST, EXPR_WORST_LARGEST);
    worst_is("-2 * count(mqtt.ping) < 3 * count(mqtt.connect)", EXPR_WORST_SMALLEST, EXPR_WORST_SMALLEST);
    worst_is("count(mqtt.ping) == count(mqtt.connect)", EXPR_WORST_EITHER, EXPR_WORST_EITHER);
}

static void only_literal_bounds_from_above_are_duration_limits(void) {
    static const struct {
        const char *text;
        span limit;
    } rows[] = {{"p99(mqtt.ping.ack) < 250ms", 250 * SPAN_MS},
                {"250ms >= p99(mqtt.ping.ack)", 250 * SPAN_MS},
                {"p99(mqtt.ping.ack) > 250ms", 0},
                {"p99(tool.lag) < 10ms", 0},
                {"p99(mqtt.ping.ack) < 2 * p50(mqtt.ping.ack)", 0},
                {"count(mqtt.ping) < 5", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct expr *e = parse(rows[i].text);
        CU_ASSERT_EQUAL(expr_type_tightest_duration(e), rows[i].limit);
        expr_free(e);
    }
}

HARNESS_MAIN("scenario/expr_type", HARNESS_CASE(dimensions_follow_from_calls),
             HARNESS_CASE(only_what_cannot_recover_may_abort), HARNESS_CASE(the_worst_value_follows_the_comparison),
             HARNESS_CASE(only_literal_bounds_from_above_are_duration_limits))
