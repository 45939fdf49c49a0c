#include "device/device_power.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "device/behaviour.h"
#include "harness.h"
#include "rig.h"

enum { LIPO = 6 }; /* row of battery_chemistries */

/* A tracker: 5 Ah, a radio with a tail of a second, a message each 10 s. */
static void make(struct rig *r, struct power *p) {
    rig_make(r);
    CHECK(strcmp(battery_chemistries[LIPO].name, "lipo") == 0);
    *p = (struct power){.volts = 3.7, .has_battery = true, .floor_w = 1e-3, .recover = 0.05, .hold_off = SPAN_MIN};
    p->battery = battery_of(&battery_chemistries[LIPO], 5, 1, 1);
    p->radio = (struct power_radio){.wake_j = 0.3,
                                    .attach_j = 5,
                                    .tx_w = 1,
                                    .rx_w = 0.2,
                                    .connected_w = 0.1,
                                    .up_bps = 100e3,
                                    .down_bps = 100e3,
                                    .overhead = 40,
                                    .inactivity = SPAN_S};
    r->group.power = p;
    r->telemetry.every.a = 10e9;
    r->profile.mqtt.keepalive_s = 1000;
}

/* Messages are intended at 10 s, 20 s … */
static void begin(struct rig *r, instant first_connect) {
    rig_begin(r, first_connect);
    behaviour_streams(r->slot.behaviour)[0].next = 10 * SPAN_S;
}

static double joules(struct rig *r, enum power_cause cause) {
    return (double)rig_tally(r, (enum tally_kind)(TALLY_ENERGY_FLOOR + cause)) / 1e6;
}

static void acknowledge(struct rig *r, instant now, unsigned id) {
    char hex[16];
    snprintf(hex, sizeof hex, "40 02 00 %02x", id);
    rig_receive(r, now, hex);
}

static void each_cause_pays_for_itself(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    p.sensing_j = 2;
    begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, 0, false);
    r.host.ends = 15 * SPAN_S;
    rig_run(&r, 15 * SPAN_S);
    acknowledge(&r, r.host.step.now, 1);
    rig_run(&r, 30 * SPAN_S);
    rig_step(&r, 100 * SPAN_S);
    device_power_end(&r.host, &r.slot);
    CU_ASSERT_DOUBLE_EQUAL(joules(&r, POWER_ATTACH), 5, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(joules(&r, POWER_FLOOR), 0.1, 1e-5);
    CU_ASSERT_EQUAL(joules(&r, POWER_RECONNECT) + joules(&r, POWER_SESSION_LOST) + joules(&r, POWER_KEEPALIVE), 0);
    double connect = joules(&r, POWER_CONNECT), message = joules(&r, POWER_MESSAGE);
    CU_ASSERT(connect > 0.4 && connect < 0.5); /* wake-up, tail of a second, bytes */
    CU_ASSERT(message > 0.4 && message < 0.5);
    CU_ASSERT_DOUBLE_EQUAL(joules(&r, POWER_SENSING), 2, 1e-5);
    rig_free(&r);
}

static void reconnects_and_forgotten_sessions_are_the_backends_doing(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    r.profile.mqtt.clean_start = false;
    r.group.subscription_count = 0;
    begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, 0, false);
    rig_run(&r, 12 * SPAN_S); /* a message is in flight */
    rig_lose(&r, 13 * SPAN_S, CLOSE_BY_PEER);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    rig_run(&r, 14 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    rig_open(&r, 14 * SPAN_S);
    double before = joules(&r, POWER_SESSION_LOST);
    rig_receive(&r, 14 * SPAN_S, "20 02 00 00");
    rig_run(&r, 14 * SPAN_S);
    CU_ASSERT(joules(&r, POWER_RECONNECT) > 0.3);
    CU_ASSERT(joules(&r, POWER_SESSION_LOST) > before);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_SESSION_LOST), 1);
    rig_free(&r);
}

static void pings_are_paid_as_keep_alive(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    r.profile.mqtt.keepalive_s = 5;
    begin(&r, 0);
    behaviour_streams(r.slot.behaviour)[0].next = INSTANT_NEVER;
    rig_due(&r, 0);
    rig_online(&r, 0, false);
    for (int i = 0; i < 4; i++) {
        instant at = device_next(&r.host, &r.slot);
        CU_ASSERT(at <= 30 * SPAN_S);
        rig_due(&r, at);
        rig_receive(&r, at, "d0 00");
    }
    rig_step(&r, 60 * SPAN_S);
    device_power_end(&r.host, &r.slot);
    double each = joules(&r, POWER_KEEPALIVE) / 4;
    CU_ASSERT(each > 0.4 && each < 0.42); /* 0.3 J wake-up, 0.1 J tail */
    CU_ASSERT_EQUAL(joules(&r, POWER_RECEIVE), 0);
    rig_free(&r);
}

/* --- sleep ---------------------------------------------------------------------------------------------------------- */

static void it_sleeps_between_messages_and_wakes_for_the_next(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    p.sleeps = p.sleeps_off = true;
    p.linger = SPAN_S;
    begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, 0, false);
    while (r.life.state == STATE_ONLINE)
        rig_due(&r, device_next(&r.host, &r.slot));
    CU_ASSERT_EQUAL(r.host.step.now, SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_ASLEEP);
    CU_ASSERT_EQUAL(r.orders.close, CLOSE_IN_ORDER);
    CU_ASSERT_EQUAL(r.sent_size, 2); /* DISCONNECT */
    instant next = device_next(&r.host, &r.slot);
    rig_due(&r, next);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    CU_ASSERT_TRUE(r.orders.open);
    rig_online(&r, next + SPAN_MS, false);
    CU_ASSERT_EQUAL(r.slot.behaviour->queued, 0);
    acknowledge(&r, next + 2 * SPAN_MS, 1);
    rig_run(&r, next + 3 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_ASLEEP);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_OK), 1);
    CU_ASSERT_EQUAL(rig_result(&r)->series_count, 2);
    for (size_t i = 0; i < r.result->series_count; i++)
        if (r.result->series[i]->key.op == OP_MQTT_PUBLISH)
            CU_ASSERT_EQUAL(r.result->series[i]->held[OP_HELD_ASLEEP], 1);
    CU_ASSERT_DOUBLE_EQUAL(joules(&r, POWER_ATTACH), 10, 1e-5);
    rig_free(&r);
}

static void messages_of_qos_0_wait_for_the_wake_up_too(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    p.sleeps = true;
    p.linger = SPAN_S;
    r.telemetry.qos = 0;
    begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, 0, false);
    rig_run(&r, 2 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_ASLEEP);
    instant next = device_next(&r.host, &r.slot);
    rig_due(&r, next);
    rig_online(&r, next + SPAN_MS, false);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_OK), 1);
    rig_free(&r);
}

/* --- death ---------------------------------------------------------------------------------------------------------- */

static void an_empty_battery_is_death_and_what_falls_due_is_dropped(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    struct action *drain = rig_action(&r, DO_DRAIN, 5 * SPAN_S);
    drain->soc = 0;
    begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, 0, false);
    while (r.life.state == STATE_ONLINE)
        rig_due(&r, device_next(&r.host, &r.slot));
    CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
    CU_ASSERT_EQUAL(r.orders.close, CLOSE_AS_GHOST); /* it never said goodbye */
    CU_ASSERT_EQUAL(r.sent_size, 0);
    rig_run(&r, SPAN_MIN);
    CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_DROPPED), 6);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_BATTERY_LIFETIME, OP_OK), 1);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_POWER_LOST), 1);
    rig_free(&r);
}

static void what_was_in_ram_is_lost_and_withdrawn(void) {
    for (int kept = 0; kept < 2; kept++) {
        struct rig r;
        struct power p;
        make(&r, &p);
        p.has_battery = false;
        p.mains = true;
        p.keeps_session = kept;
        r.profile.mqtt.clean_start = false;
        rig_action(&r, DO_POWER_CUT, 12 * SPAN_S);
        begin(&r, 0);
        rig_due(&r, 0);
        rig_online(&r, 0, false);
        rig_run(&r, 11 * SPAN_S);
        unsigned in_flight = mqtt_session_in_flight((struct mqtt_session *)(void *)r.session);
        CU_ASSERT_EQUAL(in_flight, 1);
        rig_run(&r, 12 * SPAN_S);
        CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
        CU_ASSERT_EQUAL(mqtt_session_in_flight((struct mqtt_session *)(void *)r.session), kept ? in_flight : 0);
        CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_WITHDRAWN), kept ? 0 : 1);
        CU_ASSERT_EQUAL((r.life.flags & DEVICE_SESSION_EXPECTED) != 0, kept != 0);
        rig_free(&r);
    }
}

static void mains_that_return_bring_it_back_after_its_boot(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    p.has_battery = false;
    p.mains = true;
    p.boot = (struct dist){.kind = DIST_CONSTANT, .a = 3e9};
    struct action *a = rig_action(&r, DO_POWER_CUT, 5 * SPAN_S);
    a->has_for = true;
    a->lasting = (struct dist){.kind = DIST_CONSTANT, .a = 10e9};
    begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, 0, false);
    rig_run(&r, 5 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
    rig_run(&r, 15 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    CU_ASSERT_EQUAL(r.life.attempt_at, 18 * SPAN_S);
    rig_run(&r, 18 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    rig_free(&r);
}

static void a_device_waits_for_its_first_power(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    rig_action(&r, DO_POWER_ON, 7 * SPAN_S);
    begin(&r, INSTANT_NEVER);
    CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
    CU_ASSERT_EQUAL(device_next(&r.host, &r.slot), 7 * SPAN_S);
    rig_run(&r, 7 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    rig_free(&r);
}

static void a_capacitor_leaves_time_for_a_last_gasp(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    p.has_battery = false;
    p.mains = true;
    p.hold_up = 2 * SPAN_S;
    const struct telemetry gasp = {.name = "last_gasp", .topic = r.telemetry.topic};
    r.group.last_gasp = &gasp;
    rig_action(&r, DO_POWER_CUT, 5 * SPAN_S);
    begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, 0, false);
    rig_run(&r, 5 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
    CU_ASSERT(r.sent_size > 0);
    CU_ASSERT_EQUAL(device_next(&r.host, &r.slot), 7 * SPAN_S);
    rig_run(&r, 7 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_OK), 1);
    rig_free(&r);
}

static void a_reserve_battery_carries_on_without_mains(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    p.mains = true;
    rig_action(&r, DO_POWER_CUT, 5 * SPAN_S);
    begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, 0, false);
    rig_run(&r, 6 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
    CU_ASSERT(r.power.runs_out < INSTANT_NEVER);
    rig_free(&r);
}

static void mains_that_return_need_no_reserve(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    p.mains = true;
    struct action *cut = rig_action(&r, DO_POWER_CUT, 5 * SPAN_S), *drain = rig_action(&r, DO_DRAIN, 6 * SPAN_S);
    cut->has_for = true;
    cut->lasting = (struct dist){.kind = DIST_CONSTANT, .a = 10e9};
    drain->soc = 0;
    begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, 0, false);
    rig_run(&r, 7 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
    rig_run(&r, 15 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    rig_free(&r);
}

static void a_burst_that_is_too_much_resets_the_device(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    p.battery.resistance_ohm = 5;
    p.brown_out_v = 3.2;
    p.radio.peak_w = 2;
    p.radio.burst_s = 0.2;
    begin(&r, 0);
    rig_due(&r, 0);
    rig_attempt(&r, 0);
    CU_ASSERT_EQUAL(device_next(&r.host, &r.slot), 0);
    rig_due(&r, 0);
    CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_BROWNOUTS), 1);
    p.radio.peak_w = 0.1;
    rig_run(&r, 61 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    rig_free(&r);
}

/* A battery that is taken out while the device recovers from a brown-out leaves it dark. */
static void a_cut_during_a_brown_out_outlasts_it(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    p.battery.resistance_ohm = 5;
    p.brown_out_v = 3.2;
    p.radio.peak_w = 2;
    p.radio.burst_s = 0.2;
    struct action *cut = rig_action(&r, DO_POWER_CUT, 5 * SPAN_S);
    cut->has_for = true;
    cut->lasting = (struct dist){.kind = DIST_CONSTANT, .a = 120e9};
    begin(&r, 0);
    rig_due(&r, 0);
    rig_attempt(&r, 0);
    rig_due(&r, 0);
    CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
    p.radio.peak_w = 0.1;
    rig_run(&r, 61 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
    rig_run(&r, 126 * SPAN_S);
    CU_ASSERT_NOT_EQUAL(r.life.state, STATE_DEAD);
    rig_free(&r);
}

/* lipo shows 3.30 V at a tenth and 3.53 V at three tenths. */
static void a_battery_that_stays_low_keeps_the_device_down(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    p.battery.resistance_ohm = 5;
    p.brown_out_v = 3.2;
    p.hysteresis_v = 0.2;
    p.radio.peak_w = 2;
    p.radio.burst_s = 0.2;
    begin(&r, 0);
    struct power_setting set = {.power = &p, .epoch_unix_ms = r.host.epoch_unix_ms};
    power_drain(&set, &r.power, 0.1);
    rig_due(&r, 0);
    rig_attempt(&r, 0);
    rig_due(&r, 0);
    CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
    p.radio.peak_w = 0.1;
    rig_run(&r, 2 * SPAN_H);
    CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
    power_drain(&set, &r.power, 0.3);
    rig_run(&r, 3 * SPAN_H + 2 * SPAN_MIN);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_BROWNOUTS), 1);
    rig_free(&r);
}

static void an_empty_device_comes_back_when_it_is_charged(void) {
    static float sky[48];
    for (int i = 0; i < 48; i++)
        sky[i] = 1000;
    const struct climate c = {.mean = 20, .hours = 48, .sky = sky};
    struct rig r;
    struct power p;
    make(&r, &p);
    p.panel_w = 20;
    p.panel_yield = 1;
    r.group.climate = &c;
    struct action *drain = rig_action(&r, DO_DRAIN, 5 * SPAN_S);
    drain->soc = 0;
    begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, 0, false);
    rig_run(&r, 6 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_DEAD);
    rig_run(&r, SPAN_H + 20 * SPAN_S);
    CU_ASSERT_NOT_EQUAL(r.life.state, STATE_DEAD);
    CU_ASSERT(r.power.soc > 0.05F);
    CU_ASSERT(rig_tally(&r, TALLY_ENERGY_HARVESTED) > 50000000);
    rig_free(&r);
}

/* --- a low battery -------------------------------------------------------------------------------------------------- */

static void a_low_battery_makes_messages_rarer_and_then_ends_them(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    p.stretch[0].below = 0.5;
    p.stretch[0].every = SPAN_MIN;
    p.stretch_count = 1;
    p.refuse_below = 0.2;
    struct action *low = rig_action(&r, DO_DRAIN, SPAN_S), *lower = rig_action(&r, DO_DRAIN, 10 * SPAN_MIN);
    low->soc = 0.4;
    lower->soc = 0.1;
    begin(&r, 0);
    rig_run(&r, 0);
    uint32_t at_ten;
    rig_run(&r, 10 * SPAN_MIN - SPAN_S);
    at_ten = r.slot.behaviour->sequence;
    CU_ASSERT(at_ten >= 9 && at_ten <= 12);
    rig_run(&r, 30 * SPAN_MIN);
    CU_ASSERT(r.slot.behaviour->sequence <= at_ten + 1);
    CU_ASSERT(rig_tally(&r, TALLY_REFUSED_WORK) > 10);
    rig_free(&r);
}

static void conditions_see_the_state_of_charge(void) {
    struct rig r;
    struct power p;
    make(&r, &p);
    struct action *drain = rig_action(&r, DO_DRAIN, 5 * SPAN_S);
    drain->soc = 0.1;
    struct action *when = rig_action(&r, DO_DISCONNECT, INSTANT_NEVER);
    when->when = true;
    when->condition.count = 1;
    when->condition.terms[0].variable = VAR_BATTERY_SOC;
    when->condition.terms[0].relop = REL_LT;
    when->condition.terms[0].literal = SHARE_PARTS / 5;
    r.group.watched = (uint32_t)1 << VAR_BATTERY_SOC;
    begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, 0, false);
    rig_run(&r, 4 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
    rig_run(&r, 5 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_OFFLINE);
    rig_free(&r);
}

HARNESS_MAIN("device/device_power", HARNESS_CASE(each_cause_pays_for_itself),
             HARNESS_CASE(reconnects_and_forgotten_sessions_are_the_backends_doing),
             HARNESS_CASE(pings_are_paid_as_keep_alive),
             HARNESS_CASE(it_sleeps_between_messages_and_wakes_for_the_next),
             HARNESS_CASE(messages_of_qos_0_wait_for_the_wake_up_too),
             HARNESS_CASE(an_empty_battery_is_death_and_what_falls_due_is_dropped),
             HARNESS_CASE(what_was_in_ram_is_lost_and_withdrawn),
             HARNESS_CASE(mains_that_return_bring_it_back_after_its_boot),
             HARNESS_CASE(a_device_waits_for_its_first_power), HARNESS_CASE(a_capacitor_leaves_time_for_a_last_gasp),
             HARNESS_CASE(a_reserve_battery_carries_on_without_mains), HARNESS_CASE(mains_that_return_need_no_reserve),
             HARNESS_CASE(a_burst_that_is_too_much_resets_the_device),
             HARNESS_CASE(a_cut_during_a_brown_out_outlasts_it),
             HARNESS_CASE(a_battery_that_stays_low_keeps_the_device_down),
             HARNESS_CASE(an_empty_device_comes_back_when_it_is_charged),
             HARNESS_CASE(a_low_battery_makes_messages_rarer_and_then_ends_them),
             HARNESS_CASE(conditions_see_the_state_of_charge))
