#include "harness.h"
#include "rig.h"

static struct rig r;

static void a_device_begins_offline_and_connects_when_the_timeline_says(void) {
    rig_make(&r);
    rig_begin(&r, 2 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_OFFLINE);
    CU_ASSERT_EQUAL(device_next(&r.host, &r.slot), 2 * SPAN_S);
    rig_due(&r, 2 * SPAN_S);
    CU_ASSERT(r.orders.open);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    rig_free(&r);
}

static void connack_makes_it_online(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_open(&r, SPAN_MS);
    CU_ASSERT_EQUAL(r.sent[0], 0x10); /* CONNECT */
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    rig_receive(&r, 3 * SPAN_MS, "20 02 00 00");
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_OK), 1);
    rig_free(&r);
}

static void a_connect_counts_from_its_intended_instant(void) {
    rig_make(&r);
    rig_begin(&r, SPAN_S);
    rig_due(&r, SPAN_S);
    rig_open(&r, SPAN_S + 4 * SPAN_MS);
    rig_receive(&r, SPAN_S + 9 * SPAN_MS, "20 02 00 00");
    const struct result *result = rig_result(&r);
    size_t at = result_next(result, 0, OP_MQTT_CONNECT, -1, -1);
    CU_ASSERT_FATAL(at < result->series_count);
    CU_ASSERT_EQUAL(result->series[at]->clocks[CLOCK_RESPONSE]->max_ns, 9 * SPAN_MS);
    CU_ASSERT_EQUAL(result->series[at]->clocks[CLOCK_LAG]->max_ns, 4 * SPAN_MS);
    rig_free(&r);
}

static void a_slow_transport_is_the_backends_doing_and_no_lag(void) {
    rig_make(&r);
    rig_begin(&r, SPAN_S);
    rig_due(&r, SPAN_S);
    rig_attempt(&r, SPAN_S + 2 * SPAN_MS);
    rig_opened(&r, SPAN_S + 80 * SPAN_MS);
    rig_receive(&r, SPAN_S + 90 * SPAN_MS, "20 02 00 00");
    CU_ASSERT_EQUAL(rig_longest(&r, OP_MQTT_CONNECT, CLOCK_LAG), 2 * SPAN_MS);
    CU_ASSERT_EQUAL(rig_longest(&r, OP_MQTT_CONNECT, CLOCK_RESPONSE), 90 * SPAN_MS);
    rig_free(&r);
}

static void an_attempt_that_waited_for_its_own_link_is_held_and_not_late(void) {
    rig_make(&r);
    struct action *a = rig_action(&r, DO_LINK_DOWN, 0);
    a->how = LINK_SILENT;
    a->has_for = true;
    a->lasting = (struct dist){.kind = DIST_CONSTANT, .a = 5e9};
    a->lasting_max = 5 * SPAN_S;
    rig_begin(&r, SPAN_S);
    rig_run(&r, 5 * SPAN_S);
    CU_ASSERT(r.orders.open);
    rig_attempt(&r, 5 * SPAN_S + SPAN_MS);
    rig_opened(&r, 5 * SPAN_S + SPAN_MS);
    rig_receive(&r, 5 * SPAN_S + 2 * SPAN_MS, "20 02 00 00");
    CU_ASSERT_EQUAL(rig_longest(&r, OP_MQTT_CONNECT, CLOCK_LAG), SPAN_MS);
    CU_ASSERT_EQUAL(rig_longest(&r, OP_MQTT_CONNECT, CLOCK_RESPONSE), 4 * SPAN_S + 2 * SPAN_MS);
    rig_free(&r);
}

static void an_attempt_that_never_left_is_dropped_when_the_run_closes(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_step(&r, SPAN_S);
    r.life.flags |= DEVICE_STOPPED;
    device_open_failed(&r.host, &r.slot, NULL, CLOSE_POLITE);
    rig_carry_out(&r);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_DROPPED), 1);
    rig_free(&r);
    CU_ASSERT_EQUAL(r.life.flags & DEVICE_ATTEMPTING, 0);
}

static void a_deadline_that_an_active_setting_takes_away_does_not_spin(void) {
    rig_make(&r);
    r.profile.mqtt.inflight_max = 4;
    r.profile.mqtt.clean_start = false;
    struct action *a = rig_action(&r, DO_SET, 3 * SPAN_S);
    a->settings[0] = (struct setting){.key = SET_INFLIGHT, .number = 1};
    a->setting_count = 1;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
    rig_run(&r, 3500 * SPAN_MS); /* three messages in flight */
    CU_ASSERT(r.slot.behaviour->sequence >= 3);
    rig_lose(&r, 3600 * SPAN_MS, CLOSE_BY_PEER);
    rig_run(&r, r.life.attempt_at);
    rig_online(&r, r.host.step.now, true); /* one is sent again, the others wait for the window */
    CU_ASSERT(device_next(&r.host, &r.slot) > r.host.step.now);
    rig_free(&r);
}

static void connack_with_a_code_is_refused_and_backs_off(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_open(&r, 0);
    rig_receive(&r, SPAN_MS, "20 02 00 03");
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    CU_ASSERT_EQUAL(r.life.attempt_at, SPAN_MS + SPAN_S);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_REFUSED), 1);
    rig_free(&r);
}

static void a_failed_attempt_ends_broken_and_is_tried_again(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_refuse(&r, SPAN_MS, CLOSE_CONNECT_FAILED);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    CU_ASSERT_EQUAL(r.life.failures, 1);
    rig_due(&r, r.life.attempt_at);
    CU_ASSERT(r.orders.open);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_BROKEN), 1);
    rig_free(&r);
}

static void an_attempt_that_times_out_ends_as_timeout(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_refuse(&r, 10 * SPAN_S, CLOSE_CONNECT_TIMEOUT);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_TIMEOUT), 1);
    rig_free(&r);
}

static void a_lost_connection_is_counted_and_replaced(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
    rig_lose(&r, 500 * SPAN_MS, CLOSE_BY_PEER);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    rig_run(&r, r.life.attempt_at);
    rig_online(&r, 2 * SPAN_S, false);
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_RECONNECTS), 1);
    rig_free(&r);
}

static void a_device_that_failed_often_enough_gives_up(void) {
    rig_make(&r);
    r.profile.reconnect.attempts = 2;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_refuse(&r, SPAN_MS, CLOSE_CONNECT_FAILED);
    rig_run(&r, r.life.attempt_at);
    rig_refuse(&r, 2 * SPAN_S, CLOSE_CONNECT_FAILED);
    CU_ASSERT_EQUAL(r.life.state, STATE_OFFLINE);
    CU_ASSERT((r.life.flags & DEVICE_GAVE_UP) != 0);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_GAVE_UP), 1);
    rig_free(&r);
}

static void every_operation_ends_when_the_run_closes(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
    rig_run(&r, 3 * SPAN_S);
    uint64_t intended = ((struct behaviour *)(void *)r.behaviour)->sequence;
    CU_ASSERT(intended >= 2);
    r.host.settling = true;
    bool more = true;
    while (more) {
        step_begin(&r.host.step, 4 * SPAN_S, 4 * SPAN_S);
        more = device_finish(&r.host, &r.slot);
    }
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_OPEN), intended);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_SENT), intended);
    rig_free(&r);
}

/* The duration is over at 4 s. */
static void settle_from_four_seconds_on(void) {
    r.host.ends = r.host.counts_until = 4 * SPAN_S;
}

static void who_loses_the_connection_while_settling_calls_again_and_it_does_not_count(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    settle_from_four_seconds_on();
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
    rig_run(&r, 4 * SPAN_S);
    uint64_t sent = rig_tally(&r, TALLY_SENT);
    rig_lose(&r, 5 * SPAN_S, CLOSE_RESET);
    rig_run(&r, r.life.attempt_at);
    CU_ASSERT_TRUE(r.orders.open);
    rig_refuse(&r, r.host.step.now, CLOSE_CONNECT_FAILED);
    rig_run(&r, r.life.attempt_at);
    rig_open(&r, r.host.step.now);
    rig_receive(&r, r.host.step.now, "20 02 00 05");
    rig_run(&r, r.life.attempt_at);
    rig_online(&r, r.host.step.now, false);
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_OK), 1);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_BROKEN), 0);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_REFUSED), 0);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_RECONNECTS), 1); /* what happened is counted all the same */
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_SENT), sent);
    const struct result *result = rig_result(&r);
    for (size_t i = 0; i < result->reason_count; i++) /* why the connection was lost; not the attempts */
        CU_ASSERT_EQUAL(result->reasons[i].close_reason, CLOSE_RESET);
    rig_free(&r);
}

static void an_attempt_intended_before_the_end_counts_when_it_ends_while_settling(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    settle_from_four_seconds_on();
    rig_due(&r, 0);
    rig_online(&r, 4 * SPAN_S + SPAN_MS, false);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_OK), 1);
    rig_free(&r);
}

static void what_is_intended_after_the_close_is_not_part_of_the_run(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    r.host.counts_until = 0;
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_OK), 0);
    rig_free(&r);
}

static void nobody_calls_again_once_the_farewell_has_begun(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_refuse(&r, 0, CLOSE_CONNECT_FAILED);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    r.host.closes = r.life.attempt_at - SPAN_MS;
    rig_due(&r, r.life.attempt_at);
    CU_ASSERT_FALSE(r.orders.open);
    CU_ASSERT_EQUAL(r.life.state, STATE_OFFLINE);
    rig_free(&r);
    CU_ASSERT_EQUAL(r.life.attempts, 1);
}

static void a_device_that_backs_off_stays_away_after_its_farewell(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_refuse(&r, 0, CLOSE_CONNECT_FAILED);
    rig_step(&r, SPAN_MS);
    device_farewell(&r.host, &r.slot);
    rig_carry_out(&r);
    rig_run(&r, 10 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_OFFLINE);
    rig_free(&r);
}

static void farewell_is_polite(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
    step_begin(&r.host.step, SPAN_S / 2, SPAN_S / 2);
    r.host.orders = (struct device_orders){0};
    device_farewell(&r.host, &r.slot);
    CU_ASSERT_EQUAL(r.host.orders.close, CLOSE_IN_ORDER);
    CU_ASSERT_EQUAL(r.out[0], 0xe0); /* DISCONNECT */
    rig_free(&r);
}

HARNESS_MAIN("device", HARNESS_CASE(a_device_begins_offline_and_connects_when_the_timeline_says),
             HARNESS_CASE(connack_makes_it_online), HARNESS_CASE(a_connect_counts_from_its_intended_instant),
             HARNESS_CASE(a_slow_transport_is_the_backends_doing_and_no_lag),
             HARNESS_CASE(an_attempt_that_waited_for_its_own_link_is_held_and_not_late),
             HARNESS_CASE(an_attempt_that_never_left_is_dropped_when_the_run_closes),
             HARNESS_CASE(a_deadline_that_an_active_setting_takes_away_does_not_spin),
             HARNESS_CASE(connack_with_a_code_is_refused_and_backs_off),
             HARNESS_CASE(a_failed_attempt_ends_broken_and_is_tried_again),
             HARNESS_CASE(an_attempt_that_times_out_ends_as_timeout),
             HARNESS_CASE(a_lost_connection_is_counted_and_replaced),
             HARNESS_CASE(a_device_that_failed_often_enough_gives_up),
             HARNESS_CASE(every_operation_ends_when_the_run_closes),
             HARNESS_CASE(who_loses_the_connection_while_settling_calls_again_and_it_does_not_count),
             HARNESS_CASE(an_attempt_intended_before_the_end_counts_when_it_ends_while_settling),
             HARNESS_CASE(what_is_intended_after_the_close_is_not_part_of_the_run),
             HARNESS_CASE(nobody_calls_again_once_the_farewell_has_begun),
             HARNESS_CASE(a_device_that_backs_off_stays_away_after_its_farewell), HARNESS_CASE(farewell_is_polite))
