#include <string.h>

#include "device/behave_telemetry.h"
#include "device/behaviour.h"
#include "device/drivers.h"
#include "device/waiting.h"
#include "harness.h"
#include "rig.h"

static struct rig r;

static void online_at_zero(void) {
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
}

static instant first_message(void) {
    return behaviour_streams(r.slot.behaviour)[0].next;
}

static void an_open_stream_goes_on_whatever_happens_to_the_device(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_run(&r, 10 * SPAN_S);
    CU_ASSERT_EQUAL(behaviour_streams(r.slot.behaviour)[0].n, 10);
    rig_free(&r);
}

static void qos1_waits_while_offline_and_keeps_its_intended_instant(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    instant intended = first_message();
    rig_run(&r, 1500 * SPAN_MS > intended ? 1500 * SPAN_MS : intended);
    const struct waiting *w = waiting_first(&r.life);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    CU_ASSERT_EQUAL(w->op.intended, intended);
    CU_ASSERT_EQUAL(w->op.held, OP_HELD_OFFLINE);
    rig_online(&r, 2 * SPAN_S, false);
    CU_ASSERT_EQUAL(r.slot.behaviour->queued, 0);
    rig_free(&r);
}

static void qos0_is_dropped_while_offline_unless_the_buffer_keeps_it(void) {
    for (int keep = 0; keep < 2; keep++) {
        rig_make(&r);
        r.telemetry.qos = 0;
        r.profile.buffer.keep_qos0 = keep == 1;
        rig_begin(&r, 0);
        rig_run(&r, 3 * SPAN_S);
        CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_DROPPED) > 0, keep == 0);
        rig_free(&r);
    }
}

static void qos0_is_ok_when_sent(void) {
    rig_make(&r);
    r.telemetry.qos = 0;
    online_at_zero();
    rig_run(&r, 2500 * SPAN_MS);
    CU_ASSERT(rig_outcome(&r, OP_MQTT_PUBLISH, OP_OK) >= 2);
    rig_free(&r);
}

static void a_full_buffer_drops_the_oldest_by_default(void) {
    rig_make(&r);
    r.profile.buffer.messages = 2;
    rig_begin(&r, 0);
    rig_run(&r, 5 * SPAN_S);
    CU_ASSERT_EQUAL(r.slot.behaviour->queued, 2);
    CU_ASSERT_EQUAL(waiting_first(&r.life)->op.n, 4);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_DROPPED), 3);
    rig_free(&r);
}

static void or_the_newest_when_asked(void) {
    rig_make(&r);
    r.profile.buffer.messages = 2;
    r.profile.buffer.on_full = BUFFER_DROP_NEWEST;
    rig_begin(&r, 0);
    rig_run(&r, 5 * SPAN_S);
    CU_ASSERT_EQUAL(waiting_first(&r.life)->op.n, 1);
    rig_free(&r);
}

static void a_full_window_holds_messages_back(void) {
    rig_make(&r);
    r.profile.mqtt.inflight_max = 1;
    online_at_zero();
    rig_run(&r, 2500 * SPAN_MS);
    CU_ASSERT(r.slot.behaviour->queued >= 1);
    CU_ASSERT_EQUAL(waiting_first(&r.life)->op.held, OP_HELD_WINDOW);
    rig_receive(&r, 2600 * SPAN_MS, "40 02 00 01");
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_OK), 1);
    rig_free(&r);
}

static void a_full_window_takes_nothing_of_the_guards_rate(void) {
    rig_make(&r);
    r.profile.mqtt.inflight_max = 1;
    r.limits.max_publish_rate = 20; /* a bucket of two */
    r.telemetry.every.a = 1000e9;
    rig_action(&r, DO_BURST, SPAN_S / 2)->messages = 4;
    online_at_zero();
    rig_due(&r, SPAN_S / 2);
    rig_receive(&r, SPAN_S / 2, "40 02 00 01");
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_OK), 1);
    CU_ASSERT_EQUAL(r.slot.behaviour->queued, 2); /* the second went with the second token */
    rig_free(&r);
}

static void a_burst_goes_out_whole_however_small_a_step_is(void) {
    for (uint8_t qos = 0; qos < 2; qos++) {
        rig_make(&r);
        r.telemetry.qos = qos;
        r.telemetry.every.a = 1000e9;
        rig_action(&r, DO_BURST, SPAN_S / 2)->messages = 500;
        online_at_zero();
        rig_run(&r, SPAN_S / 2);
        for (int step = 0; step < 20 && r.orders.pump; step++)
            rig_due(&r, SPAN_S / 2);
        CU_ASSERT_EQUAL(r.slot.behaviour->queued, 0);
        CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_DROPPED), 0);
        CU_ASSERT_EQUAL(drivers_mqtt.in_flight(&r.slot), qos == 0 ? 0 : 500);
        CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_OK), qos == 0 ? 500 : 0);
        rig_free(&r);
    }
}

/* What is left of a burst for the next step waits like any other message when the connection is lost before, or the window closes. */
static void the_rest_of_a_burst_that_had_to_wait_is_no_lag(void) {
    for (int lost = 0; lost < 2; lost++) {
        rig_make(&r);
        r.telemetry.qos = lost ? 0 : 1;
        r.profile.mqtt.inflight_max = 300;
        r.telemetry.every.a = 1000e9;
        rig_action(&r, DO_BURST, SPAN_S / 2)->messages = 500;
        online_at_zero();
        rig_due(&r, SPAN_S / 2);
        CU_ASSERT(r.orders.pump && r.slot.behaviour->queued > 200);
        if (lost) {
            rig_lose(&r, SPAN_S / 2, CLOSE_BY_PEER);
            rig_run(&r, 4 * SPAN_S);
            rig_online(&r, 5 * SPAN_S, false);
        }
        instant then = lost ? 5 * SPAN_S : SPAN_S / 2;
        for (int step = 0; step < 20 && r.orders.pump; step++)
            rig_due(&r, then);
        if (!lost) {
            rig_receive(&r, 6 * SPAN_S, "40 02 00 01");
            rig_receive(&r, 7 * SPAN_S, "40 02 00 02");
            rig_receive(&r, 8 * SPAN_S, "40 02 01 2e"); /* of the second that the window had held back */
        }
        CU_ASSERT_EQUAL(r.slot.behaviour->queued, lost ? 0 : 197);
        CU_ASSERT_EQUAL(rig_longest(&r, OP_MQTT_PUBLISH, CLOCK_LAG), 0);
        rig_free(&r);
    }
}

static void waiting_messages_of_a_lost_connection_stay(void) {
    rig_make(&r);
    r.profile.mqtt.inflight_max = 1;
    r.profile.mqtt.drop_on_session_lost = true; /* what is in flight ends with the connection */
    online_at_zero();
    rig_run(&r, 3500 * SPAN_MS);
    unsigned queued = r.slot.behaviour->queued;
    CU_ASSERT(queued >= 1);
    rig_lose(&r, 3600 * SPAN_MS, CLOSE_BY_PEER);
    CU_ASSERT_EQUAL(r.slot.behaviour->queued, queued);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_BROKEN), 1);
    rig_free(&r);
}

/* 5.0, maximum QoS 0: the session itself says no. */
static void what_the_backend_does_not_take_is_refused_at_once_and_was_never_sent(void) {
    for (int closed = 0; closed < 2; closed++) {
        rig_make(&r);
        r.profile.mqtt.version = MQTT_5_0;
        r.telemetry.pace = closed ? PACE_CLOSED : PACE_OPEN;
        rig_begin(&r, 0);
        rig_due(&r, 0);
        rig_open(&r, SPAN_MS);
        rig_receive(&r, SPAN_MS, "20 05 00 00 02 24 00");
        CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
        rig_run(&r, 10 * SPAN_S + 500 * SPAN_MS);
        CU_ASSERT(r.slot.behaviour->sequence >= 9);
        CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_REFUSED), r.slot.behaviour->sequence);
        CU_ASSERT_EQUAL(rig_longest(&r, OP_MQTT_PUBLISH, CLOCK_LAG), 0);
        CU_ASSERT_EQUAL(rig_longest(&r, OP_MQTT_PUBLISH, CLOCK_SERVICE), 0);
        CU_ASSERT_EQUAL(rig_tally(&r, TALLY_SENT), 0);
        rig_free(&r);
    }
}

static void a_message_that_cannot_be_encoded_does_not_block_the_others(void) {
    rig_make(&r);
    static char topic[65537]; /* one letter more than MQTT's strings take */
    memset(topic, 'a', sizeof topic - 1);
    template_free(&r.telemetry.topic);
    struct template_error error;
    CU_ASSERT_EQUAL_FATAL(template_compile(topic, TEMPLATE_OF_DEVICE, NULL, 0, &r.telemetry.topic, &error), 0);
    online_at_zero();
    rig_run(&r, 5500 * SPAN_MS);
    CU_ASSERT_EQUAL(r.slot.behaviour->queued, 0);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_DROPPED), r.slot.behaviour->sequence);
    rig_free(&r);
}

static void a_closed_stream_waits_for_the_answer_and_thinks(void) {
    rig_make(&r);
    r.telemetry.pace = PACE_CLOSED;
    r.telemetry.every.a = 200e6;
    online_at_zero();
    rig_run(&r, 2 * SPAN_MS);
    CU_ASSERT_EQUAL(r.slot.behaviour->sequence, 1);
    CU_ASSERT_EQUAL(first_message(), INSTANT_NEVER);
    rig_receive(&r, SPAN_S, "40 02 00 01");
    CU_ASSERT_EQUAL(first_message(), SPAN_S + 200 * SPAN_MS);
    rig_free(&r);
}

static void a_given_up_device_drops_what_waits_and_what_comes(void) {
    rig_make(&r);
    r.profile.reconnect.attempts = 1;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_run(&r, 1500 * SPAN_MS);
    rig_refuse(&r, 1600 * SPAN_MS, CLOSE_CONNECT_FAILED);
    rig_run(&r, 3 * SPAN_S);
    CU_ASSERT_EQUAL(r.slot.behaviour->queued, 0);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_DROPPED), 3);
    rig_free(&r);
}

static void nothing_is_intended_after_the_end(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    r.host.ends = 3 * SPAN_S;
    rig_run(&r, 10 * SPAN_S);
    CU_ASSERT(r.slot.behaviour->sequence <= 3);
    CU_ASSERT_EQUAL(first_message(), INSTANT_NEVER);
    rig_free(&r);
}

static void decisions_do_not_depend_on_the_connection(void) {
    uint64_t hashes[2];
    for (int online = 0; online < 2; online++) {
        rig_make(&r);
        rig_begin(&r, 0);
        rig_due(&r, 0);
        if (online)
            rig_online(&r, SPAN_MS, false);
        rig_run(&r, 20 * SPAN_S);
        hashes[online] = r.host.decisions_hash;
        rig_free(&r);
    }
    CU_ASSERT_EQUAL(hashes[0], hashes[1]);
    CU_ASSERT_NOT_EQUAL(hashes[0], 0);
}

/* Five messages were kept; each half second one of them goes, the first at once. */
static void a_backlog_goes_out_at_its_pace(void) {
    rig_make(&r);
    r.profile.buffer.forward_gap = SPAN_S / 2;
    rig_begin(&r, 0);
    rig_run(&r, 5 * SPAN_S + SPAN_MS);
    unsigned kept = r.slot.behaviour->queued;
    CU_ASSERT_FATAL(kept >= 4);
    r.host.ends = 5 * SPAN_S + 2 * SPAN_MS; /* nothing new */
    instant since = 6 * SPAN_S;
    rig_online(&r, since, false);
    CU_ASSERT_EQUAL(r.slot.behaviour->queued, kept - 1);
    for (unsigned i = 1; i < kept; i++) {
        CU_ASSERT_EQUAL(behave_telemetry_next(&r.slot), since + (span)i * SPAN_S / 2);
        rig_run(&r, since + (span)i * SPAN_S / 2 - SPAN_MS);
        CU_ASSERT_EQUAL(r.slot.behaviour->queued, kept - i);
        rig_run(&r, since + (span)i * SPAN_S / 2);
        CU_ASSERT_EQUAL(r.slot.behaviour->queued, kept - i - 1);
    }
    CU_ASSERT_EQUAL(behave_telemetry_next(&r.slot), INSTANT_NEVER);
    rig_free(&r);
}

static void a_boot_begins_schedules_that_hang_on_it_anew(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    struct stream_state *stream = behaviour_streams(r.slot.behaviour);
    stream->next = 77 * SPAN_S;
    behave_telemetry_booted(&r.host, &r.slot, 500 * SPAN_S);
    CU_ASSERT_EQUAL(stream->next, 77 * SPAN_S);
    r.telemetry.alignment = ALIGN_BOOT;
    behave_telemetry_booted(&r.host, &r.slot, 500 * SPAN_S);
    CU_ASSERT_EQUAL(stream->next, 500 * SPAN_S);
    rig_free(&r);
}

HARNESS_MAIN("behave_telemetry", HARNESS_CASE(an_open_stream_goes_on_whatever_happens_to_the_device),
             HARNESS_CASE(qos1_waits_while_offline_and_keeps_its_intended_instant),
             HARNESS_CASE(qos0_is_dropped_while_offline_unless_the_buffer_keeps_it), HARNESS_CASE(qos0_is_ok_when_sent),
             HARNESS_CASE(a_full_buffer_drops_the_oldest_by_default), HARNESS_CASE(or_the_newest_when_asked),
             HARNESS_CASE(a_full_window_holds_messages_back),
             HARNESS_CASE(a_full_window_takes_nothing_of_the_guards_rate),
             HARNESS_CASE(a_burst_goes_out_whole_however_small_a_step_is),
             HARNESS_CASE(the_rest_of_a_burst_that_had_to_wait_is_no_lag),
             HARNESS_CASE(waiting_messages_of_a_lost_connection_stay),
             HARNESS_CASE(what_the_backend_does_not_take_is_refused_at_once_and_was_never_sent),
             HARNESS_CASE(a_message_that_cannot_be_encoded_does_not_block_the_others),
             HARNESS_CASE(a_closed_stream_waits_for_the_answer_and_thinks),
             HARNESS_CASE(a_given_up_device_drops_what_waits_and_what_comes),
             HARNESS_CASE(nothing_is_intended_after_the_end), HARNESS_CASE(decisions_do_not_depend_on_the_connection),
             HARNESS_CASE(a_backlog_goes_out_at_its_pace), HARNESS_CASE(a_boot_begins_schedules_that_hang_on_it_anew))
