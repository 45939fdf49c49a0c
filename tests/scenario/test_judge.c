#include "scenario/judge.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "harness.h"
#include "made.h"

#define CHECKS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const instant in_ramp = 5 * SPAN_S, in_steady = 15 * SPAN_S, in_outage = 25 * SPAN_S;

/* pass, value in printed units, samples */
static void verdict_is(struct made *m, unsigned index, bool pass, double value, uint64_t samples) {
    struct check_verdict v = made_verdict(m, index);
    double shown = v.value / v.unit_factor;
    bool right = v.pass == pass && v.value_known && shown > value * 0.9999 - 1e-9 && shown < value * 1.0001 + 1e-9 &&
                 v.samples == samples;
    if (!right)
        printf("     %s: pass %d value %g%s samples %llu, reason '%s'\n", v.check->expect, v.pass, shown, v.unit,
               (unsigned long long)v.samples, v.reason);
    CU_ASSERT_TRUE(right);
}

static void fails_saying(struct made *m, unsigned index, const char *words) {
    struct check_verdict v = made_verdict(m, index);
    bool right = !v.pass && strstr(v.reason, words) != NULL;
    if (!right)
        printf("     %s: pass %d, reason '%s'\n", v.check->expect, v.pass, v.reason);
    CU_ASSERT_TRUE(right);
}

static void percentiles_are_of_all_that_was_asked(void) {
    struct made *m = made_new(CHECKS("p50(mqtt.publish.ack) < 20ms", "p99(mqtt.publish.ack) < 20ms",
                                     "p100(mqtt.publish.ack) == 200ms", "p0(mqtt.publish.ack) == 10ms",
                                     "p50(mqtt.publish.ack{clock=service}) <= 5.1ms", "min(mqtt.publish.ack) == 10ms",
                                     "max(mqtt.publish.ack) == 200ms", "mean(mqtt.publish.ack) == 11.9ms"));
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_steady, 10 * SPAN_MS, 990);
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_steady, 200 * SPAN_MS, 10);
    struct check_verdict v = made_verdict(m, 0);
    CU_ASSERT_TRUE(v.pass && v.value >= 10e6 && v.value <= 10.1e6); /* the upper end of a bucket */
    CU_ASSERT_TRUE(made_verdict(m, 1).pass);                        /* the 990th of 1000 */
    verdict_is(m, 2, true, 200, 1000);
    verdict_is(m, 3, true, 10, 1000);
    CU_ASSERT_TRUE(made_verdict(m, 4).pass);
    verdict_is(m, 5, true, 10, 1000);
    verdict_is(m, 6, true, 200, 1000);
    verdict_is(m, 7, true, 11.9, 1000);
    made_free(m);
}

static void unanswered_operations_are_infinite(void) {
    struct made *m =
        made_new(CHECKS("p98(mqtt.publish.ack) < 20ms", "p99(mqtt.publish.ack) < 1h", "max(mqtt.publish.ack) < 1h",
                        "p99(mqtt.publish.ack{clock=lag}) < 1ms", "p99(mqtt.publish.ack) < 2 * p99(mqtt.publish.ack)"));
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_steady, 10 * SPAN_MS, 980);
    made_end(m, 0, OP_MQTT_PUBLISH, 1, in_steady, OP_TIMEOUT, 5);
    made_end(m, 0, OP_MQTT_PUBLISH, 1, in_steady, OP_BROKEN, 5);
    made_end(m, 0, OP_MQTT_PUBLISH, 1, in_steady, OP_OPEN, 10);
    CU_ASSERT_TRUE(made_verdict(m, 0).pass);
    struct check_verdict v = made_verdict(m, 1);
    CU_ASSERT_TRUE(!v.pass && v.value_known && v.value_infinite && !v.limit_infinite);
    fails_saying(m, 1, "20 of 1000 operations of mqtt.publish.ack had no answer");
    fails_saying(m, 2, "had no answer");
    CU_ASSERT_TRUE(made_verdict(m, 3).pass);
    fails_saying(m, 4, "had no answer"); /* infinite on both sides */
    made_free(m);
}

static void outcomes_are_counted_against_their_whole(void) {
    struct made *m = made_new(
        CHECKS("count(mqtt.connect.refused) == 3", "ratio(mqtt.connect.ok) >= 97%", "ratio(mqtt.connect.ok) > 97%",
               "ratio(mqtt.connect.failed) == 3%", "ratio(mqtt.connect.dropped) < 10%", "count(mqtt.connect) == 100",
               "count(mqtt.connect.dropped{reason=offline}) == 4", "ratio(mqtt.connect.ok) == 100%"));
    made_answer(m, 0, OP_MQTT_CONNECT, 0, in_ramp, SPAN_MS, 97);
    made_end(m, 0, OP_MQTT_CONNECT, 0, in_ramp, OP_REFUSED, 3);
    made_end(m, 0, OP_MQTT_CONNECT, 0, in_ramp, OP_DROPPED, 10);
    made_series(m, 0, OP_MQTT_CONNECT, 0, in_ramp)->drops[OP_DROP_OFFLINE] = 4;
    made_series(m, 0, OP_MQTT_CONNECT, 0, in_ramp)->drops[OP_DROP_END] = 6;
    verdict_is(m, 0, true, 3, 100);
    verdict_is(m, 1, true, 97, 100);
    verdict_is(m, 2, false, 97, 100);
    verdict_is(m, 3, true, 3, 100);
    verdict_is(m, 4, true, 1000.0 / 110, 110);
    verdict_is(m, 5, true, 100, 110);
    verdict_is(m, 6, true, 4, 110);
    verdict_is(m, 7, false, 97, 100);
    made_free(m);
}

static void a_share_of_a_hundred_means_without_exception(void) {
    struct made *m = made_new(CHECKS("ratio(mqtt.connect.ok) == 100%", "ratio(mqtt.connect.ok) >= 99.9999999%"));
    struct series *s = made_series(m, 0, OP_MQTT_CONNECT, 0, in_ramp);
    s->outcomes[OP_OK] = UINT64_C(9999999999999999);
    s->outcomes[OP_REFUSED] = 1; /* as a double this is 1 */
    CU_ASSERT_FALSE(made_verdict(m, 0).pass);
    CU_ASSERT_TRUE(made_verdict(m, 1).pass);
    made_free(m);
}

static void labels_narrow(void) {
    struct made *m = made_new(CHECKS(
        "count(mqtt.publish.ok{region=north}) == 5", "count(mqtt.publish.ok{region!=north}) == 7",
        "count(mqtt.publish.ok{profile=old, qos=0}) == 3", "count(mqtt.publish.ok{fleet=meters, target=broker}) == 12",
        "count(mqtt.publish.ok{held=true}) == 2", "count(mqtt.publish.ok{qos!=0}) == 9"));
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_steady, SPAN_MS, 3);
    made_answer(m, 1, OP_MQTT_PUBLISH, 1, in_steady, SPAN_MS, 4);
    made_answer(m, 1, OP_MQTT_PUBLISH, 0, in_steady, SPAN_MS, 3);
    struct cell_key held = {.group = 0, .segment = 2, .op = OP_MQTT_PUBLISH, .qos = 1, .held = 1};
    result_series(m->total, held, true)->outcomes[OP_OK] = 2;
    for (unsigned i = 0; i < 6; i++)
        CU_ASSERT_TRUE(made_verdict(m, i).pass);
    made_free(m);
}

static void scopes_follow_the_intended_instant(void) {
    struct made *m =
        made_new(CHECKS("count(mqtt.publish.ok, during=outage) == 4", "count(mqtt.publish.ok, during=steady) == 6",
                        "count(mqtt.publish.ok, from=outage.end) == 0", "count(mqtt.publish.ok, to=outage.start) == 3",
                        "count(mqtt.publish.ok, from=ramp.end, to=outage.start) == 2",
                        "rate(mqtt.publish.ok, during=outage) == 0.4/s"));
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_ramp, SPAN_MS, 1);
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_steady, SPAN_MS, 2);
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_outage, SPAN_MS, 4);
    verdict_is(m, 0, true, 4, 4);
    verdict_is(m, 1, true, 6, 6);
    fails_saying(m, 2, "all 7 samples of mqtt.publish.ok lie outside");
    verdict_is(m, 3, true, 3, 3);
    verdict_is(m, 4, true, 2, 2);
    verdict_is(m, 5, true, 0.4, 4);
    made_free(m);
}

static void warm_up_does_not_count(void) {
    struct made *m = made_new(CHECKS("count(mqtt.publish.ok) == 2"));
    m->plan.warmup = 10 * SPAN_S;
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_ramp, SPAN_MS, 1);
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_steady, SPAN_MS, 2);
    verdict_is(m, 0, true, 2, 2);
    made_free(m);
}

static void no_data_fails_and_says_what_there_is(void) {
    struct made *m =
        made_new(CHECKS("count(mqtt.connect.refused) == 0", "p99(mqtt.publish.ack) < 1s", "lost(mqtt.publish) == 0",
                        "reordered(mqtt.publish) == 0", "min(online) >= 0", "count(mqtt.publish.ok{qos=2}) == 0",
                        "count(mqtt.ping.ok) / count(mqtt.ping.failed) > 1"));
    made_answer(m, 0, OP_MQTT_PUBLISH, 0, in_steady, SPAN_MS, 50);
    fails_saying(m, 0, "nothing of the kind happened in the whole run");
    fails_saying(m, 1, "no data for mqtt.publish.ack");
    fails_saying(m, 2, "QoS 0 is audited by nobody");
    fails_saying(m, 3, "auditor");
    fails_saying(m, 4, "0 seconds of devices");
    fails_saying(m, 5, "all 50 samples of mqtt.publish.ok lie outside its labels");
    fails_saying(m, 6, "nothing of the kind");
    made_free(m);
}

static void few_samples_fail(void) {
    struct made *m =
        made_new(CHECKS("p99(mqtt.publish.ack) < 1s", "p50(mqtt.publish.ack) < 1s", "p99(mqtt.publish.ack) < 1s"));
    m->checks[2].min_samples = 99;
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_steady, SPAN_MS, 99);
    fails_saying(m, 0, "has 99 samples, and 100 are needed");
    CU_ASSERT_FALSE(made_verdict(m, 0).value_known);
    CU_ASSERT_TRUE(made_verdict(m, 1).pass);
    CU_ASSERT_TRUE(made_verdict(m, 2).pass);
    made_free(m);
}

static void messages_are_lost_by_acknowledgement(void) {
    struct made *m = made_new(CHECKS("lost(mqtt.publish{qos=1}) == 0", "lost(mqtt.publish{region=north}) == 0",
                                     "duplicated(mqtt.publish) <= 1", "count(mqtt.publish) == 153",
                                     "lost(mqtt.publish{qos=2}) == 0"));
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_steady, SPAN_MS, 100);
    made_answer(m, 1, OP_MQTT_PUBLISH, 1, in_steady, SPAN_MS, 49);
    made_end(m, 1, OP_MQTT_PUBLISH, 1, in_steady, OP_OPEN, 1);
    made_answer(m, 1, OP_MQTT_PUBLISH, 0, in_steady, SPAN_MS, 3);
    made_messages(m, 0, 1, in_steady, TALLY_SENT, 100);
    made_messages(m, 1, 1, in_steady, TALLY_SENT, 50);
    made_messages(m, 1, 0, in_steady, TALLY_SENT, 3);
    made_messages(m, 1, 1, in_steady, TALLY_LOST, 1);
    made_tally(m, 0, in_steady, TALLY_RECEIVED, 10);
    made_tally(m, 0, in_steady, TALLY_DUPLICATED, 1);
    verdict_is(m, 0, false, 1, 150);
    verdict_is(m, 1, true, 0, 100);
    verdict_is(m, 2, true, 1, 10);
    verdict_is(m, 3, true, 153, 153);
    fails_saying(m, 4, "no data");
    made_free(m);
}

static void counters_have_their_units(void) {
    struct made *m =
        made_new(CHECKS("count(net.bytes_up) == 60kB", "rate(net.bytes_up) == 8kbps", "count(net.bytes) == 66kB",
                        "ratio(mqtt.session.lost) == 25%", "count(device.gave_up) == 0", "ratio(device.gave_up) == 0"));
    made_tally(m, 0, in_steady, TALLY_BYTES_UP, 60000);
    made_tally(m, 1, in_steady, TALLY_BYTES_DOWN, 6000);
    made_tally(m, 0, in_steady, TALLY_SESSION_EXPECTED, 8);
    made_tally(m, 0, in_steady, TALLY_SESSION_LOST, 2);
    made_second(m, 60 * SPAN_S, 60, 40);
    verdict_is(m, 0, true, 60000, 100);
    verdict_is(m, 1, true, 8000, 100);
    CU_ASSERT_STRING_EQUAL(made_verdict(m, 1).unit, "bps");
    verdict_is(m, 2, true, 66000, 100);
    verdict_is(m, 3, true, 25, 8);
    verdict_is(m, 4, true, 0, 100);
    verdict_is(m, 5, true, 0, 100);
    made_free(m);
}

static void gauges_are_seen_once_a_second(void) {
    struct made *m = made_new(CHECKS(
        "min(online, during=outage) == 50", "max(online, during=outage) == 100%", "mean(online, during=outage) == 75",
        "min(online{region=north}, during=outage) >= 50%", "max(backoff) <= 50", "min(online, during=outage) >= 50%"));
    for (int s = 20; s < 30; s++)
        made_second(m, s * SPAN_S, s < 25 ? 60 : 30, s < 25 ? 40 : 20);
    verdict_is(m, 0, true, 50, 10);
    CU_ASSERT_STRING_EQUAL(made_verdict(m, 0).unit, "devices");
    verdict_is(m, 1, true, 100, 10);
    verdict_is(m, 2, true, 75, 10);
    verdict_is(m, 3, true, 50, 10);
    verdict_is(m, 4, true, 50, 10);
    verdict_is(m, 5, true, 50, 10);
    made_free(m);
}

static void time_to_counts_from_the_edge(void) {
    struct made *m = made_new(CHECKS(
        "time_to(online >= 99%, from=outage.end) < 5s", "time_to(online{region=south} == 100%, from=outage.end) < 5s",
        "time_to(online >= 60, from=outage.end) == 0s", "time_to(online > 100%, from=outage.end) < 1h",
        "time_to(online >= 99%, from=outage.end, to=settle.start) < 5s", "time_to(online >= 99%) < 1min"));
    for (int s = 20; s <= 40; s++)
        made_second(m, s * SPAN_S, 60, s < 34 ? 0 : s < 36 ? 39 : 40);
    verdict_is(m, 0, true, 4000, 15);
    verdict_is(m, 1, false, 6000, 17);
    CU_ASSERT_TRUE(made_verdict(m, 2).pass);
    CU_ASSERT_EQUAL(made_verdict(m, 2).value, 0);
    fails_saying(m, 3, "never came true");
    CU_ASSERT_TRUE(made_verdict(m, 3).value_infinite);
    CU_ASSERT_TRUE(made_verdict(m, 4).pass);
    CU_ASSERT_TRUE(made_verdict(m, 5).pass);
    made_free(m);
}

static void an_edge_that_never_came_has_no_data(void) {
    struct made *m = made_new(CHECKS("time_to(online >= 99%, from=outage.end) < 5s"));
    made_second(m, 5 * SPAN_S, 60, 40);
    fails_saying(m, 0, "did not come to where it begins");
    made_free(m);
}

static void expected_trouble_is_left_out(void) {
    struct made *m =
        made_new(CHECKS("ratio(mqtt.publish.ok) == 100%", "ratio(mqtt.publish.ok) == 100%", "min(online) >= 100%"));
    m->checks[1].excluded_bit = m->checks[2].excluded_bit = 1;
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_steady, SPAN_MS, 10);
    struct cell_key key = {.group = 0, .segment = 3, .op = OP_MQTT_PUBLISH, .qos = 1, .excluded = 1};
    result_series(m->total, key, true)->outcomes[OP_TIMEOUT] = 5;
    made_second(m, 15 * SPAN_S, 60, 40);
    made_second(m, 25 * SPAN_S, 60, 0);
    CU_ASSERT_FALSE(made_verdict(m, 0).pass);
    verdict_is(m, 1, true, 100, 10);
    verdict_is(m, 2, true, 100, 1);
    made_free(m);
}

static void arithmetic_joins_calls(void) {
    struct made *m = made_new(
        CHECKS("max(mqtt.publish.ack, during=outage) < 1.5 * max(mqtt.publish.ack, during=steady)",
               "count(mqtt.publish.ok) / count(mqtt.connect.ok) == 3", "count(mqtt.publish.ok) - 2 * 3 - 20 == 4",
               "count(mqtt.publish.ok) / count(mqtt.connect.refused) > 1",
               "ratio(mqtt.publish.ok) - ratio(mqtt.connect.ok) < 1%"));
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_outage, 20 * SPAN_MS, 15);
    made_answer(m, 0, OP_MQTT_PUBLISH, 1, in_steady, 10 * SPAN_MS, 15);
    made_answer(m, 0, OP_MQTT_CONNECT, 0, in_ramp, 10 * SPAN_MS, 10);
    struct check_verdict v = made_verdict(m, 0);
    CU_ASSERT_TRUE(v.pass && v.value == 20e6 && v.limit == 30e6); /* steady holds the outage */
    verdict_is(m, 1, true, 3, 10);
    verdict_is(m, 2, true, 4, 30);
    fails_saying(m, 3, "divides by zero");
    CU_ASSERT_TRUE(made_verdict(m, 4).pass);
    made_free(m);
}

static void windows_judge_their_worst(void) {
    struct made *m =
        made_new(CHECKS("rate(mqtt.publish.ok, over=5s) >= 8/s", "rate(mqtt.publish.ok, over=5s) <= 10/s",
                        "max(mqtt.publish.ack, during=outage, over=2s) < 10ms",
                        "ratio(mqtt.publish.failed, over=5s) < 20%", "min(online, over=3s) >= 90%",
                        "count(mqtt.publish.ok, over=5s) == 50", "p50(mqtt.publish.ack, during=ramp, over=11s) < 1s"));
    for (int s = 1; s <= 60; s++) {
        made_answer(m, 0, OP_MQTT_PUBLISH, 1, (s - 1) * SPAN_S, s == 40 ? 20 * SPAN_MS : SPAN_MS, s == 40 ? 5 : 10);
        if (s == 40)
            made_end(m, 0, OP_MQTT_PUBLISH, 1, (s - 1) * SPAN_S, OP_REFUSED, 5);
        made_second(m, s * SPAN_S, 60, s == 50 ? 20 : 40);
    }
    verdict_is(m, 0, true, 9, 600);
    verdict_is(m, 1, true, 10, 600);
    verdict_is(m, 2, true, 1, 100);
    verdict_is(m, 3, true, 10, 600);
    verdict_is(m, 4, false, 80, 60);
    verdict_is(m, 5, false, 45, 600);
    fails_saying(m, 6, "no window fits");
    made_free(m);
}

static void a_window_without_anything_is_a_low_rate(void) {
    struct made *m =
        made_new(CHECKS("rate(mqtt.publish.ok, over=5s) > 1/s", "ratio(mqtt.publish.ok, over=5s) == 100%"));
    for (int s = 1; s <= 60; s++) {
        if (s < 30 || s > 40)
            made_answer(m, 0, OP_MQTT_PUBLISH, 1, (s - 1) * SPAN_S, SPAN_MS, 10);
        made_second(m, s * SPAN_S, 60, 40);
    }
    verdict_is(m, 0, false, 0, 490);
    verdict_is(m, 1, true, 100, 490);
    made_free(m);
}

static void unanswered_operations_of_a_window_are_infinite(void) {
    struct made *m = made_new(CHECKS("p50(mqtt.publish.ack, over=5s) < 10ms", "p99(mqtt.publish.ack, over=5s) < 10ms"));
    for (int s = 1; s <= 20; s++) {
        made_answer(m, 0, OP_MQTT_PUBLISH, 1, (s - 1) * SPAN_S, SPAN_MS, 10);
        if (s == 10)
            made_end(m, 0, OP_MQTT_PUBLISH, 1, (s - 1) * SPAN_S, OP_TIMEOUT, 5);
        made_second(m, s * SPAN_S, 60, 40);
    }
    CU_ASSERT_TRUE(made_verdict(m, 0).pass);
    fails_saying(m, 1, "in the worst window");
    made_free(m);
}

static void abort_comes_in_the_second_that_decides(void) {
    struct made *m = made_new(CHECKS("count(mqtt.publish.refused) <= 3", "ratio(mqtt.publish.refused, over=5s) < 50%",
                                     "time_to(online >= 50%, from=ramp.start) < 5s"));
    m->checks[0].abort = m->checks[1].abort = true;
    for (int s = 1; s <= 3; s++) {
        made_end(m, 0, OP_MQTT_PUBLISH, 1, s * SPAN_S, OP_REFUSED, 1);
        CU_ASSERT_EQUAL(made_second(m, s * SPAN_S, 0, 0), -1);
    }
    made_end(m, 0, OP_MQTT_PUBLISH, 1, 4 * SPAN_S, OP_REFUSED, 1);
    CU_ASSERT_EQUAL(made_second(m, 4 * SPAN_S, 0, 0), 0);
    CU_ASSERT_EQUAL(made_second(m, 5 * SPAN_S, 0, 0), -1); /* once */
    CU_ASSERT_TRUE(made_verdict(m, 0).aborted_the_run);
    CU_ASSERT_FALSE(made_verdict(m, 0).pass);
    CU_ASSERT_FALSE(made_verdict(m, 1).aborted_the_run);
    made_free(m);
}

static void a_window_aborts_only_with_enough_samples(void) {
    struct made *m = made_new(CHECKS("ratio(mqtt.publish.refused, over=3s) < 50%"));
    m->checks[0].abort = true;
    for (int s = 1; s <= 8; s++) {
        made_end(m, 0, OP_MQTT_PUBLISH, 1, s * SPAN_S, OP_REFUSED, s < 6 ? 2 : 8);
        /* three seconds hold 20 samples only when two of them have 8 */
        CU_ASSERT_EQUAL(made_second(m, s * SPAN_S, 60, 40), s == 8 ? 0 : -1);
    }
    made_free(m);
}

static void waiting_too_long_aborts(void) {
    struct made *m = made_new(CHECKS("time_to(online >= 50%, from=outage.end) < 5s"));
    m->checks[0].abort = true;
    for (int s = 25; s <= 34; s++)
        CU_ASSERT_EQUAL(made_second(m, s * SPAN_S, 0, 0), -1);
    CU_ASSERT_EQUAL(made_second(m, 35 * SPAN_S, 0, 0), 0);
    made_free(m);
}

HARNESS_MAIN("scenario/judge", HARNESS_CASE(percentiles_are_of_all_that_was_asked),
             HARNESS_CASE(unanswered_operations_are_infinite), HARNESS_CASE(outcomes_are_counted_against_their_whole),
             HARNESS_CASE(a_share_of_a_hundred_means_without_exception), HARNESS_CASE(labels_narrow),
             HARNESS_CASE(scopes_follow_the_intended_instant), HARNESS_CASE(warm_up_does_not_count),
             HARNESS_CASE(no_data_fails_and_says_what_there_is), HARNESS_CASE(few_samples_fail),
             HARNESS_CASE(messages_are_lost_by_acknowledgement), HARNESS_CASE(counters_have_their_units),
             HARNESS_CASE(gauges_are_seen_once_a_second), HARNESS_CASE(time_to_counts_from_the_edge),
             HARNESS_CASE(an_edge_that_never_came_has_no_data), HARNESS_CASE(expected_trouble_is_left_out),
             HARNESS_CASE(arithmetic_joins_calls), HARNESS_CASE(windows_judge_their_worst),
             HARNESS_CASE(a_window_without_anything_is_a_low_rate),
             HARNESS_CASE(unanswered_operations_of_a_window_are_infinite),
             HARNESS_CASE(abort_comes_in_the_second_that_decides),
             HARNESS_CASE(a_window_aborts_only_with_enough_samples), HARNESS_CASE(waiting_too_long_aborts))
