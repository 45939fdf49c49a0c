#include "device/device_step.h"

#include "harness.h"
#include "rig.h"

static struct rig r;

static void online_at_zero(void) {
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
}

static uint64_t reasons(enum close_reason why) {
    const struct result *result = rig_result(&r);
    uint64_t sum = 0;
    for (size_t i = 0; i < result->reason_count; i++)
        if (result->reasons[i].close_reason == why)
            sum += result->reasons[i].count;
    return sum;
}

static void states_are_counted_as_they_change(void) {
    rig_make(&r);
    online_at_zero();
    CU_ASSERT_EQUAL(recorder_online(r.host.recorder), 1);
    rig_lose(&r, SPAN_S, CLOSE_RESET);
    CU_ASSERT_EQUAL(recorder_online(r.host.recorder), 0);
    const struct result *result = rig_result(&r);
    const uint32_t *counts = result->gauges[result->gauge_count - 1].counts;
    CU_ASSERT_EQUAL(counts[STATE_BACKOFF], 1);
    CU_ASSERT_EQUAL(counts[STATE_OFFLINE] + counts[STATE_CONNECTING] + counts[STATE_ONLINE], 0);
    rig_free(&r);
}

static void each_failed_attempt_waits_longer_and_an_accepted_one_sets_back(void) {
    rig_make(&r);
    r.profile.reconnect = (struct reconnect){
        .policy = RECONNECT_EXPONENTIAL, .first = SPAN_S, .max = 60 * SPAN_S, .factor = 2, .reset_after = 0};
    rig_begin(&r, 0);
    rig_due(&r, 0);
    instant now = 0;
    span expected[] = {2 * SPAN_S, 4 * SPAN_S, 8 * SPAN_S};
    for (int i = 0; i < 3; i++) {
        rig_refuse(&r, now, CLOSE_CONNECT_FAILED);
        CU_ASSERT_EQUAL(r.life.attempt_at - now, expected[i]);
        now = r.life.attempt_at;
        rig_run(&r, now);
    }
    rig_online(&r, now, false);
    rig_lose(&r, now + SPAN_S, CLOSE_BY_PEER);
    CU_ASSERT_EQUAL(r.life.attempt_at - (now + SPAN_S), SPAN_S);
    rig_free(&r);
}

static void a_new_connect_entry_begins_the_back_off_anew(void) {
    rig_make(&r);
    r.profile.reconnect = (struct reconnect){.policy = RECONNECT_EXPONENTIAL,
                                             .jitter = JITTER_DECORRELATED,
                                             .first = SPAN_S,
                                             .max = 600 * SPAN_S,
                                             .factor = 2};
    rig_action(&r, DO_DISCONNECT, 2000 * SPAN_S);
    rig_action(&r, DO_CONNECT, 2001 * SPAN_S);
    r.group.telemetry_count = 0;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    for (int i = 0; i < 6; i++) {
        rig_refuse(&r, r.host.step.now, CLOSE_CONNECT_FAILED);
        rig_run(&r, r.life.attempt_at);
    }
    CU_ASSERT(r.slot.behaviour->previous_delay_us > 3 * 1000000u);
    rig_run(&r, 2001 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.failures, 0);
    CU_ASSERT_EQUAL(r.slot.behaviour->previous_delay_us, 0);
    rig_free(&r);
}

static void each_attempt_is_one_operation(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_refuse(&r, 0, CLOSE_CONNECT_FAILED);
    rig_run(&r, r.life.attempt_at);
    rig_refuse(&r, r.host.step.now, CLOSE_CONNECT_TIMEOUT);
    rig_run(&r, r.life.attempt_at);
    rig_open(&r, r.host.step.now);
    rig_receive(&r, r.host.step.now, "20 02 00 05");
    rig_run(&r, r.life.attempt_at);
    rig_open(&r, r.host.step.now);
    rig_lose(&r, r.host.step.now, CLOSE_RESET);
    rig_run(&r, r.life.attempt_at);
    rig_online(&r, r.host.step.now, false);
    rig_lose(&r, r.host.step.now + SPAN_S, CLOSE_BY_PEER); /* no operation: it had ended */
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_BROKEN), 2);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_TIMEOUT), 1);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_REFUSED), 1);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_OK), 1);
    CU_ASSERT_EQUAL(r.life.attempts, 5);
    rig_free(&r);
}

static void what_fails_while_the_own_link_is_down_is_withdrawn(void) {
    struct op op = {.intended = 10 * SPAN_S, .emitted = 10 * SPAN_S, .kind = OP_MQTT_PUBLISH, .qos = 1};
    static const enum op_outcome against[] = {OP_REFUSED, OP_TIMEOUT, OP_BROKEN};
    for (unsigned i = 0; i < 3; i++) {
        rig_make(&r);
        r.group.telemetry_count = 0;
        online_at_zero();
        rig_step(&r, 20 * SPAN_S);
        r.life.down_last = 9 * SPAN_S; /* before it was intended */
        device_step_end_op(&r.host, &r.slot, &op, against[i], OP_DROP_NONE, CLOSE_NONE);
        r.life.down_last = 11 * SPAN_S;
        device_step_end_op(&r.host, &r.slot, &op, against[i], OP_DROP_NONE, CLOSE_NONE);
        device_step_end_op(&r.host, &r.slot, &op, OP_OK, OP_DROP_NONE, CLOSE_NONE);
        CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, against[i]), 1);
        CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_WITHDRAWN), 1);
        CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_OK), 1);
        rig_free(&r);
    }
}

static void open_messages_of_devices_that_were_away_are_not_lost(void) {
    struct op op = {.intended = SPAN_S, .emitted = SPAN_S, .sent = SPAN_S, .kind = OP_MQTT_PUBLISH, .qos = 1};
    for (int away = 0; away < 2; away++) {
        rig_make(&r);
        r.group.telemetry_count = 0;
        online_at_zero();
        rig_step(&r, 2 * SPAN_S);
        if (away)
            r.life.flags |= DEVICE_AWAY;
        device_step_end_op(&r.host, &r.slot, &op, OP_OPEN, OP_DROP_NONE, CLOSE_NONE);
        CU_ASSERT_EQUAL(rig_tally(&r, TALLY_LOST), away ? 0 : 1);
        CU_ASSERT_EQUAL(rig_tally(&r, TALLY_SENT), 1);
        rig_free(&r);
    }
}

static void failover_is_ordered_for_failed_attempts_only(void) {
    for (int next = 0; next < 2; next++) {
        rig_make(&r);
        r.profile.failover_next = next == 1;
        rig_begin(&r, 0);
        rig_due(&r, 0);
        rig_refuse(&r, 0, CLOSE_CONNECT_FAILED);
        CU_ASSERT_EQUAL(r.orders.next_node, next == 1);
        rig_run(&r, r.life.attempt_at);
        rig_online(&r, r.host.step.now, false);
        rig_lose(&r, r.host.step.now + SPAN_S, CLOSE_BY_PEER);
        CU_ASSERT_FALSE(r.orders.next_node);
        rig_free(&r);
    }
}

static void an_attempt_that_our_own_side_could_not_make_is_dropped_and_tried_again(void) {
    rig_make(&r);
    r.profile.failover_next = true;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_refuse(&r, 0, CLOSE_LOCAL);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_DROPPED), 1);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_BROKEN), 0);
    CU_ASSERT_EQUAL(reasons(CLOSE_LOCAL), 1);
    CU_ASSERT_FALSE(r.orders.next_node); /* another node would not help */
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    rig_free(&r);
}

static void why_a_connection_ended_is_told_once(void) {
    rig_make(&r);
    r.group.telemetry_count = 0;
    online_at_zero();
    rig_run(&r, 75 * SPAN_S); /* nobody answers the ping */
    CU_ASSERT_EQUAL(reasons(CLOSE_PING_TIMEOUT), 1);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PING, OP_TIMEOUT), 1);
    rig_run(&r, r.life.attempt_at);
    rig_open(&r, r.host.step.now);
    rig_run(&r, r.host.step.now + 10 * SPAN_S); /* nor CONNECT */
    CU_ASSERT_EQUAL(reasons(CLOSE_CONNACK_TIMEOUT), 1);
    rig_free(&r);
}

static void reasons_name_the_class_that_was_counted(void) {
    rig_make(&r);
    r.group.telemetry_count = 0;
    rig_action(&r, DO_LINK_DOWN, SPAN_S)->how = LINK_SILENT;
    online_at_zero();
    rig_run(&r, 75 * SPAN_S);
    const struct result *result = rig_result(&r);
    CU_ASSERT(result->reason_count >= 2);
    for (size_t i = 0; i < result->reason_count; i++)
        CU_ASSERT_EQUAL(result->reasons[i].outcome, OP_WITHDRAWN);
    rig_free(&r);
}

HARNESS_MAIN("device_step", HARNESS_CASE(states_are_counted_as_they_change),
             HARNESS_CASE(each_failed_attempt_waits_longer_and_an_accepted_one_sets_back),
             HARNESS_CASE(a_new_connect_entry_begins_the_back_off_anew), HARNESS_CASE(each_attempt_is_one_operation),
             HARNESS_CASE(what_fails_while_the_own_link_is_down_is_withdrawn),
             HARNESS_CASE(open_messages_of_devices_that_were_away_are_not_lost),
             HARNESS_CASE(failover_is_ordered_for_failed_attempts_only),
             HARNESS_CASE(an_attempt_that_our_own_side_could_not_make_is_dropped_and_tried_again),
             HARNESS_CASE(why_a_connection_ended_is_told_once), HARNESS_CASE(reasons_name_the_class_that_was_counted))
