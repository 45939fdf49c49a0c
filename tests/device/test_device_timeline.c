#include "device/behaviour.h"
#include "device/device_step.h"
#include "harness.h"
#include "rig.h"

static struct rig r;

static void online_at_zero(void) {
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
}

static void disconnect_is_polite_and_stays_away(void) {
    rig_make(&r);
    rig_action(&r, DO_DISCONNECT, SPAN_S / 2);
    r.telemetry.every.a = 1000e9;
    online_at_zero();
    rig_due(&r, SPAN_S / 2);
    CU_ASSERT_EQUAL(r.sent[0], 0xe0);
    CU_ASSERT_EQUAL(r.orders.close, CLOSE_IN_ORDER);
    CU_ASSERT_EQUAL(r.life.state, STATE_OFFLINE);
    CU_ASSERT_EQUAL(r.life.flags & DEVICE_WANTED, 0);
    rig_free(&r);
}

static void disconnect_with_for_comes_back_at_its_end(void) {
    rig_make(&r);
    struct action *a = rig_action(&r, DO_DISCONNECT, SPAN_S / 2);
    a->has_for = true;
    a->lasting = (struct dist){.kind = DIST_CONSTANT, .a = 2e9};
    a->lasting_max = 2 * SPAN_S;
    online_at_zero();
    rig_run(&r, SPAN_S / 2);
    CU_ASSERT_EQUAL(r.life.state, STATE_OFFLINE);
    rig_run(&r, 2 * SPAN_S + SPAN_S / 2);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    CU_ASSERT_EQUAL(r.life.attempt_at, 2 * SPAN_S + SPAN_S / 2);
    rig_free(&r);
}

static void reset_cuts_with_rst_and_reconnects(void) {
    rig_make(&r);
    rig_action(&r, DO_RESET, SPAN_S / 2);
    online_at_zero();
    rig_due(&r, SPAN_S / 2);
    CU_ASSERT_EQUAL(r.orders.close, CLOSE_WITH_RESET);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    rig_free(&r);
}

static void link_down_reset_makes_attempts_time_out_until_it_returns(void) {
    rig_make(&r);
    struct action *a = rig_action(&r, DO_LINK_DOWN, SPAN_S / 2);
    a->how = LINK_RESET;
    a->has_for = true;
    a->lasting = (struct dist){.kind = DIST_CONSTANT, .a = 30e9};
    a->lasting_max = 30 * SPAN_S;
    online_at_zero();
    rig_run(&r, 12 * SPAN_S);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_WITHDRAWN), 1);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_TIMEOUT), 0);
    rig_run(&r, 30 * SPAN_S + SPAN_S / 2);
    CU_ASSERT_EQUAL(r.slot.behaviour->cuts, 0);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    CU_ASSERT(r.orders.open); /* the attempt under way passes now */
    rig_free(&r);
}

static void link_down_refuse_fails_attempts_at_once(void) {
    rig_make(&r);
    struct action *a = rig_action(&r, DO_LINK_DOWN, SPAN_S / 2);
    a->how = LINK_REFUSE;
    online_at_zero();
    rig_run(&r, 4 * SPAN_S);
    CU_ASSERT(rig_outcome(&r, OP_MQTT_CONNECT, OP_WITHDRAWN) >= 3);
    rig_free(&r);
}

static void a_portal_keeps_connections_silent_and_fails_attempts(void) {
    rig_make(&r);
    rig_action(&r, DO_LINK_DOWN, SPAN_S / 2)->how = LINK_CAPTIVE;
    r.profile.mqtt.keepalive_s = 5;
    r.group.telemetry_count = 0;
    online_at_zero();
    rig_run(&r, SPAN_S / 2);
    CU_ASSERT_EQUAL(r.orders.link, LINK_FALLS_SILENT);
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
    rig_run(&r, 30 * SPAN_S);
    CU_ASSERT(rig_outcome(&r, OP_MQTT_CONNECT, OP_WITHDRAWN) >= 10);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PING, OP_TIMEOUT), 0);
    rig_free(&r);
}

static void silence_keeps_the_connection_until_the_ping_times_out(void) {
    rig_make(&r);
    r.group.telemetry_count = 0;
    struct action *a = rig_action(&r, DO_LINK_DOWN, SPAN_S / 2);
    a->how = LINK_SILENT;
    online_at_zero();
    rig_due(&r, SPAN_S / 2);
    CU_ASSERT_EQUAL(r.orders.link, LINK_FALLS_SILENT);
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
    bool ghost = false;
    while (r.life.state == STATE_ONLINE && r.host.step.now < 100 * SPAN_S) {
        rig_due(&r, device_next(&r.host, &r.slot));
        ghost = ghost || r.orders.close == CLOSE_AS_GHOST;
    }
    CU_ASSERT(ghost);
    CU_ASSERT(r.host.step.now >= 60 * SPAN_S && r.host.step.now <= 75 * SPAN_S);
    rig_free(&r);
}

static void silence_while_the_backend_accepts_is_noticed_by_the_connack_timeout(void) {
    rig_make(&r);
    rig_action(&r, DO_LINK_DOWN, SPAN_S)->how = LINK_SILENT;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_open(&r, SPAN_S / 2);
    rig_due(&r, SPAN_S);
    CU_ASSERT_EQUAL(r.orders.link, LINK_FALLS_SILENT);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    rig_run(&r, 10 * SPAN_S + SPAN_S / 2);
    CU_ASSERT_EQUAL(r.orders.close, CLOSE_AS_GHOST);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_WITHDRAWN), 1);
    rig_free(&r);
}

static void silence_while_the_transport_opens_leaves_the_attempt_waiting(void) {
    rig_make(&r);
    struct action *a = rig_action(&r, DO_LINK_DOWN, SPAN_S);
    a->how = LINK_SILENT;
    a->has_for = true;
    a->lasting = (struct dist){.kind = DIST_CONSTANT, .a = 3e9};
    a->lasting_max = 3 * SPAN_S;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    struct dial dial = {.started = true};
    r.connection = (struct connection){.fd = 3, .owner = &dial, .flags = CONNECTION_OPENING};
    r.life.connection = &r.connection;
    rig_due(&r, SPAN_S);
    CU_ASSERT_EQUAL(r.orders.close, CLOSE_WITH_RESET);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    CU_ASSERT_FALSE(r.orders.open);
    rig_run(&r, 4 * SPAN_S);
    CU_ASSERT(r.orders.open);
    rig_online(&r, 4 * SPAN_S, false);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_OK), 1);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_WITHDRAWN), 0);
    rig_free(&r);
}

static void an_entry_that_ends_while_settling_calls_nobody_and_gives_links_back(void) {
    rig_make(&r);
    struct action *away = rig_action(&r, DO_DISCONNECT, SPAN_S), *cut = rig_action(&r, DO_LINK_DOWN, SPAN_S);
    cut->how = LINK_REFUSE;
    away->has_for = cut->has_for = true;
    away->lasting = cut->lasting = (struct dist){.kind = DIST_CONSTANT, .a = 5e9};
    away->lasting_max = cut->lasting_max = 5 * SPAN_S;
    online_at_zero();
    r.host.ends = r.host.counts_until = 4 * SPAN_S;
    rig_run(&r, 60 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_OFFLINE);
    CU_ASSERT_EQUAL(r.slot.behaviour->cuts, 0);
    CU_ASSERT_EQUAL(r.life.attempts, 1);
    rig_free(&r);
}

static void cuts_nest(void) {
    rig_make(&r);
    for (int i = 0; i < 2; i++) {
        struct action *a = rig_action(&r, DO_LINK_DOWN, (i + 1) * SPAN_S / 2);
        a->how = LINK_RESET;
        a->has_for = true;
        a->lasting = (struct dist){.kind = DIST_CONSTANT, .a = 2e9};
        a->lasting_max = 2 * SPAN_S;
    }
    online_at_zero();
    rig_run(&r, 2 * SPAN_S + SPAN_S / 2);
    CU_ASSERT_EQUAL(r.slot.behaviour->cuts, 1);
    rig_run(&r, 3 * SPAN_S);
    CU_ASSERT_EQUAL(r.slot.behaviour->cuts, 0);
    rig_free(&r);
}

static void failures_in_an_outage_of_the_own_link_are_withdrawn(void) {
    rig_make(&r);
    struct action *a = rig_action(&r, DO_LINK_DOWN, 1800 * SPAN_MS);
    a->how = LINK_RESET;
    r.profile.mqtt.drop_on_session_lost = true;
    online_at_zero();
    rig_run(&r, 2 * SPAN_S);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_BROKEN), 0);
    rig_free(&r);
}

static void a_when_entry_fires_once_as_its_condition_turns_true(void) {
    rig_make(&r);
    struct action *a = rig_action(&r, DO_RESET, INSTANT_NEVER);
    a->when = true;
    a->condition = (struct predicate){.count = 1, .terms = {{VAR_STATE, REL_EQ, STATE_ONLINE}}};
    r.group.watched = predicate_mask(&a->condition);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
    CU_ASSERT_EQUAL(r.orders.close, CLOSE_WITH_RESET);
    rig_run(&r, r.life.attempt_at);
    rig_online(&r, 2 * SPAN_S, false);
    CU_ASSERT_EQUAL(r.orders.close, KEEP_CONNECTION);
    rig_free(&r);
}

static void where_is_tested_at_the_instant_of_firing(void) {
    rig_make(&r);
    struct action *a = rig_action(&r, DO_RESET, SPAN_S / 2);
    a->where = (struct predicate){.count = 1, .terms = {{VAR_STATE, REL_EQ, STATE_BACKOFF}}};
    online_at_zero();
    rig_due(&r, SPAN_S / 2);
    CU_ASSERT_EQUAL(r.orders.close, KEEP_CONNECTION);
    rig_free(&r);
}

static void values_hold_while_the_entry_lasts(void) {
    rig_make(&r);
    struct action *a = rig_action(&r, DO_SET, SPAN_S);
    a->settings[0] = (struct setting){.key = SET_BUFFER_MESSAGES, .number = 3};
    a->setting_count = 1;
    a->has_for = true;
    a->lasting = (struct dist){.kind = DIST_CONSTANT, .a = 1e9};
    a->lasting_max = SPAN_S;
    online_at_zero();
    rig_run(&r, SPAN_S);
    CU_ASSERT_EQUAL(r.life.values, 1u);
    rig_run(&r, 2 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.values, 0u);
    rig_free(&r);
}

static void stop_ends_a_device_for_good(void) {
    rig_make(&r);
    rig_action(&r, DO_STOP, SPAN_S / 2);
    rig_action(&r, DO_CONNECT, SPAN_S);
    online_at_zero();
    rig_run(&r, 10 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_OFFLINE);
    CU_ASSERT_EQUAL(device_next(&r.host, &r.slot), INSTANT_NEVER);
    rig_free(&r);
}

static void a_burst_publishes_extra_messages_at_once(void) {
    rig_make(&r);
    r.telemetry.every.a = 1000e9;
    rig_action(&r, DO_BURST, SPAN_S / 2)->messages = 5;
    online_at_zero();
    rig_due(&r, SPAN_S / 2);
    CU_ASSERT_EQUAL(r.slot.behaviour->sequence, 5);
    rig_free(&r);
}

HARNESS_MAIN("device_timeline", HARNESS_CASE(disconnect_is_polite_and_stays_away),
             HARNESS_CASE(disconnect_with_for_comes_back_at_its_end), HARNESS_CASE(reset_cuts_with_rst_and_reconnects),
             HARNESS_CASE(link_down_reset_makes_attempts_time_out_until_it_returns),
             HARNESS_CASE(link_down_refuse_fails_attempts_at_once),
             HARNESS_CASE(a_portal_keeps_connections_silent_and_fails_attempts),
             HARNESS_CASE(silence_keeps_the_connection_until_the_ping_times_out),
             HARNESS_CASE(silence_while_the_backend_accepts_is_noticed_by_the_connack_timeout),
             HARNESS_CASE(silence_while_the_transport_opens_leaves_the_attempt_waiting), HARNESS_CASE(cuts_nest),
             HARNESS_CASE(an_entry_that_ends_while_settling_calls_nobody_and_gives_links_back),
             HARNESS_CASE(failures_in_an_outage_of_the_own_link_are_withdrawn),
             HARNESS_CASE(a_when_entry_fires_once_as_its_condition_turns_true),
             HARNESS_CASE(where_is_tested_at_the_instant_of_firing), HARNESS_CASE(values_hold_while_the_entry_lasts),
             HARNESS_CASE(stop_ends_a_device_for_good), HARNESS_CASE(a_burst_publishes_extra_messages_at_once))
