#include "device/radio.h"

#include <math.h>

#include "base/draw.h"
#include "device/device_step.h"
#include "goodness.h"
#include "harness.h"
#include "rig.h"

static struct rig r;

static struct dist constant(span s) {
    return (struct dist){.kind = DIST_CONSTANT, .a = (double)s};
}

static void make(void) {
    rig_make(&r);
    r.network = (struct network){.name = "net"};
    r.group.network = &r.network;
    r.group.radio = true;
}

static void online_at(instant now) {
    rig_begin(&r, now);
    rig_due(&r, now);
    rig_online(&r, now + SPAN_MS, false);
}

static void a_plain_network_needs_no_state(void) {
    struct network n = {.rtt = constant(SPAN_S), .loss_ppm = 5, .up_bps = 7};
    CU_ASSERT_FALSE(radio_needed(NULL));
    CU_ASSERT_FALSE(radio_needed(&n));
    n.attach = constant(SPAN_S);
    CU_ASSERT(radio_needed(&n));
    struct fleet_group g = {.outage_count = 3};
    CU_ASSERT_EQUAL(radio_size(&g), 0);
    g.radio = true;
    CU_ASSERT_EQUAL(radio_size(&g), 64 + 3 * 16);
}

/* Registration takes longer than an attempt may: it is not the attempt that takes the time. */
static void the_first_attempt_waits_for_the_registration(void) {
    make();
    r.network.attach = constant(20 * SPAN_S);
    rig_begin(&r, SPAN_S);
    rig_due(&r, SPAN_S);
    CU_ASSERT_FALSE(r.orders.open);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    rig_run(&r, 20 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_CONNECTING);
    rig_due(&r, 21 * SPAN_S);
    CU_ASSERT(r.orders.open);
    rig_online(&r, 21 * SPAN_S + SPAN_MS, false);
    CU_ASSERT_EQUAL(r.attempt.held, OP_HELD_OFFLINE);
    CU_ASSERT_EQUAL(r.attempt.ready, 21 * SPAN_S);
    rig_lose(&r, 30 * SPAN_S, CLOSE_RESET);
    rig_due(&r, 31 * SPAN_S);
    CU_ASSERT(r.orders.open); /* still registered */
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_REGISTRATIONS), 1);
    rig_free(&r);
}

static struct outage of_scope(enum outage_scope scope, enum link_down_how how) {
    return (struct outage){.id = "o",
                           .stream = draw_stream_named("outage", "o"),
                           .scope = scope,
                           .how = (uint8_t)how,
                           .up = {.kind = DIST_EXP, .a = 3600e9},
                           .down = constant(5 * SPAN_MIN)};
}

static void an_outage_cuts_the_link_and_costs_a_registration(void) {
    make();
    struct outage o = of_scope(OUTAGE_CELL, LINK_SILENT);
    r.group.outages = &o;
    r.group.outage_count = 1;
    r.network.attach = constant(2 * SPAN_S);
    r.network.cells.count = 10;
    rig_begin(&r, 0);
    struct outage_cursor c;
    outage_begin(&o, 7, r.slot.radio->cell, 0, &c);
    rig_due(&r, 0);
    rig_due(&r, 2 * SPAN_S);
    rig_online(&r, 2 * SPAN_S + SPAN_MS, false);
    while (r.slot.behaviour->cuts == 0)
        rig_due(&r, device_next(&r.host, &r.slot));
    CU_ASSERT_EQUAL(r.host.step.now, c.edge);
    CU_ASSERT_EQUAL(r.orders.link, LINK_FALLS_SILENT);
    while (r.slot.behaviour->cuts != 0)
        rig_due(&r, device_next(&r.host, &r.slot));
    CU_ASSERT_EQUAL(r.host.step.now, c.edge + 5 * SPAN_MIN + 2 * SPAN_S);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_OUTAGES_CELL), 1);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_REGISTRATIONS), 2);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_TIMEOUT) + rig_outcome(&r, OP_MQTT_PUBLISH, OP_BROKEN), 0);
    rig_free(&r);
}

static void a_backend_that_is_down_costs_no_registration(void) {
    make();
    struct outage o = of_scope(OUTAGE_BACKEND, LINK_REFUSE);
    r.group.outages = &o;
    r.group.outage_count = 1;
    r.network.attach = constant(2 * SPAN_S);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_due(&r, 2 * SPAN_S);
    rig_online(&r, 2 * SPAN_S + SPAN_MS, false);
    while (r.slot.behaviour->cuts == 0)
        rig_due(&r, device_next(&r.host, &r.slot));
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    rig_run(&r, r.slot.radio->outages[0].edge);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_REGISTRATIONS), 1);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_OUTAGES_BACKEND), 1);
    CU_ASSERT(rig_outcome(&r, OP_MQTT_CONNECT, OP_WITHDRAWN) > 100);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_BROKEN), 0);
    rig_free(&r);
}

/* Nobody tells the device: it finds out by its ping, and nothing of it counts against the backend. */
static void a_forgotten_connection_swallows_until_the_ping_times_out(void) {
    make();
    r.network.nat = (struct nat){.tcp = 30 * SPAN_S};
    r.group.telemetry_count = 0;
    online_at(0);
    rig_step(&r, 30 * SPAN_S);
    CU_ASSERT_EQUAL(radio_passes(&r.host, &r.slot, 30 * SPAN_S), NAT_PASSES);
    rig_step(&r, 60 * SPAN_S + SPAN_MS);
    CU_ASSERT_EQUAL(radio_passes(&r.host, &r.slot, 60 * SPAN_S + SPAN_MS), NAT_SWALLOWS);
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
    bool ghost = false;
    while (r.life.state == STATE_ONLINE && r.host.step.now < 100 * SPAN_S) {
        rig_due(&r, device_next(&r.host, &r.slot));
        ghost = ghost || r.orders.close == CLOSE_AS_GHOST;
    }
    CU_ASSERT(ghost);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_NAT_EXPIRED), 1);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PING, OP_TIMEOUT), 0);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PING, OP_WITHDRAWN), 1);
    rig_run(&r, r.life.attempt_at);
    rig_online(&r, r.host.step.now + SPAN_MS, false);
    CU_ASSERT_EQUAL(radio_passes(&r.host, &r.slot, r.host.step.now + SPAN_S), NAT_PASSES);
    rig_free(&r);
}

/* What was sent into the hole and has no answer when the run ends is not lost by the backend. */
static void messages_in_the_hole_are_open_and_not_lost(void) {
    make();
    r.network.nat = (struct nat){.tcp = 30 * SPAN_S};
    online_at(0);
    r.slot.radio->used = -SPAN_MIN;
    rig_due(&r, 2 * SPAN_S);
    CU_ASSERT_EQUAL(radio_passes(&r.host, &r.slot, 2 * SPAN_S), NAT_SWALLOWS);
    rig_step(&r, 3 * SPAN_S);
    while (device_finish(&r.host, &r.slot))
        rig_step(&r, 3 * SPAN_S);
    CU_ASSERT(rig_outcome(&r, OP_MQTT_PUBLISH, OP_OPEN) > 0);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_LOST), 0);
    rig_free(&r);
}

static void a_middlebox_with_rst_ends_the_connection(void) {
    make();
    r.network.nat = (struct nat){.tcp = 30 * SPAN_S, .on_expire = NAT_RST};
    online_at(0);
    rig_due(&r, 40 * SPAN_S);
    CU_ASSERT_EQUAL(radio_passes(&r.host, &r.slot, 40 * SPAN_S), NAT_BREAKS);
    rig_lose(&r, 40 * SPAN_S, CLOSE_LINK_DOWN);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_PUBLISH, OP_BROKEN), 0);
    rig_free(&r);
}

static void a_lookup_that_fails_takes_its_time_and_is_withdrawn(void) {
    make();
    r.group.telemetry_count = 0;
    r.network.dns = (struct lookups){.fail_ppm = 1000000, .timeout = 5 * SPAN_S, .tries = 3};
    rig_begin(&r, 0);
    rig_due(&r, 0);
    CU_ASSERT_FALSE(r.orders.open);
    CU_ASSERT_EQUAL(device_next(&r.host, &r.slot), 15 * SPAN_S);
    rig_run(&r, 15 * SPAN_S);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_WITHDRAWN), 1);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_LOOKUPS_FAILED), 1);
    r.network.dns.fail_ppm = 0;
    rig_run(&r, 16 * SPAN_S);
    CU_ASSERT(r.orders.open);
    rig_free(&r);
}

static void devices_move_between_cells(void) {
    make();
    r.network.cells = (struct cells){
        .count = 50, .dwell = constant(2 * SPAN_MIN), .gap = constant(200 * SPAN_MS), .new_address_ppm = 0};
    r.group.telemetry_count = 0;
    r.profile.mqtt.keepalive_s = 0;
    online_at(0);
    uint32_t before = r.slot.radio->cell;
    instant at = r.slot.radio->moves_at;
    CU_ASSERT_DOUBLE_EQUAL((double)at / SPAN_S, 120, 1);
    rig_run(&r, at);
    CU_ASSERT_NOT_EQUAL(r.slot.radio->cell, before);
    CU_ASSERT_EQUAL(r.slot.behaviour->cuts, 1);
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
    rig_run(&r, at + 200 * SPAN_MS);
    CU_ASSERT_EQUAL(r.slot.behaviour->cuts, 0);
    CU_ASSERT_EQUAL(r.orders.link, LINK_RETURNS);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_HANDOVERS), 1);
    r.network.cells.new_address_ppm = 1000000;
    rig_run(&r, r.slot.radio->moves_at);
    CU_ASSERT_EQUAL(r.orders.close, CLOSE_AS_GHOST);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_ADDRESS_CHANGES), 1);
    rig_free(&r);
}

static void roaming_changes_network_and_address_and_comes_back(void) {
    make();
    struct network other = {.name = "other", .attach = constant(3 * SPAN_S), .loss_ppm = 77};
    struct action *a = rig_action(&r, DO_ROAM, 10 * SPAN_S);
    a->network = &other;
    a->has_for = true;
    a->lasting = constant(60 * SPAN_S);
    a->lasting_max = 60 * SPAN_S;
    online_at(0);
    rig_run(&r, 10 * SPAN_S);
    CU_ASSERT_EQUAL(r.orders.close, CLOSE_AS_GHOST);
    CU_ASSERT_PTR_EQUAL(radio_network(&r.slot), &other);
    CU_ASSERT_EQUAL(r.slot.behaviour->cuts, 1);
    rig_run(&r, 13 * SPAN_S);
    CU_ASSERT(r.orders.open); /* a back-off of 1 s was over before */
    rig_online(&r, 13 * SPAN_S + SPAN_MS, false);
    rig_run(&r, 70 * SPAN_S);
    CU_ASSERT_PTR_EQUAL(radio_network(&r.slot), &r.network);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_BROKEN), 0);
    rig_free(&r);
}

/* Shares of classes, over devices; and one quality for all devices of a cell. */
static void coverage_is_the_devices_own_and_quality_its_sites(void) {
    enum { DEVICES = 20000, CELLS = 40 };
    make();
    struct network_class coverage[] = {{.share_ppm = 350000, .network = {.name = "ecl1", .parent = &r.network}},
                                       {.share_ppm = 150000, .network = {.name = "ecl2", .parent = &r.network}}};
    struct network_class quality[] = {{.share_ppm = 250000, .network = {.name = "bad", .parent = &r.network}}};
    r.network.coverage = coverage;
    r.network.coverage_count = 2;
    rig_begin(&r, INSTANT_NEVER);
    unsigned seen[3] = {0};
    for (uint32_t d = 0; d < DEVICES; d++) {
        r.life.id = d;
        radio_begin(&r.host, &r.slot);
        const struct network *n = radio_network(&r.slot);
        seen[n == &coverage[0].network ? 1 : n == &coverage[1].network ? 2 : 0]++;
    }
    const double share[] = {0.5, 0.35, 0.15};
    double chi = 0;
    for (int i = 0; i < 3; i++)
        chi += (seen[i] - DEVICES * share[i]) * (seen[i] - DEVICES * share[i]) / (DEVICES * share[i]);
    CU_ASSERT(chi < 13.82); /* 2 degrees of freedom, 99.9 % */

    r.network.quality = quality;
    r.network.quality_count = 1;
    r.network.cells.count = CELLS;
    uint32_t cells[CELLS];
    bool bad[CELLS];
    unsigned known = 0, bad_cells = 0;
    for (uint32_t d = 0; d < DEVICES; d++) {
        r.life.id = d;
        radio_begin(&r.host, &r.slot);
        unsigned i = 0;
        while (i < known && cells[i] != r.slot.radio->cell)
            i++;
        bool is_bad = radio_network(&r.slot) == &quality[0].network;
        if (i == known) {
            CU_ASSERT_FATAL(known < CELLS);
            cells[known] = r.slot.radio->cell;
            bad[known++] = is_bad;
            bad_cells += is_bad;
        }
        CU_ASSERT_EQUAL(bad[i], is_bad);
    }
    CU_ASSERT_EQUAL(known, CELLS);
    CU_ASSERT(bad_cells >= 3 && bad_cells <= 19);
    rig_free(&r);
}

static void cells_and_stays_in_them_follow_their_distributions(void) {
    enum { DEVICES = 20000, CELLS = 40 };
    static double stays[DEVICES];
    uint32_t cells[CELLS];
    unsigned known = 0, seen[CELLS] = {0};
    double expected[CELLS];
    make();
    r.network.cells = (struct cells){.count = CELLS, .dwell = {.kind = DIST_EXP, .a = 120e9}};
    rig_begin(&r, INSTANT_NEVER);
    for (uint32_t d = 0; d < DEVICES; d++) {
        r.life.id = d;
        radio_begin(&r.host, &r.slot);
        stays[d] = span_seconds(r.slot.radio->moves_at);
        unsigned i = 0;
        while (i < known && cells[i] != r.slot.radio->cell)
            i++;
        CU_ASSERT_FATAL(i < CELLS);
        cells[i] = r.slot.radio->cell;
        known += i == known;
        seen[i]++;
    }
    for (unsigned i = 0; i < CELLS; i++)
        expected[i] = (double)DEVICES / CELLS;
    CU_ASSERT_TRUE(goodness_exponential(stays, DEVICES, 120));
    CU_ASSERT_TRUE(goodness_chi(seen, expected, CELLS));
    rig_free(&r);
}

static double registration_cdf(double seconds) {
    return 0.5 * erfc(-log(seconds / 6) / 0.42 / sqrt(2));
}

static void registrations_and_lookups_follow_their_distributions(void) {
    enum { N = 4000 };
    static double lasting[N];
    unsigned failed = 0;
    make();
    r.group.telemetry_count = 0;
    r.network.attach = (struct dist){.kind = DIST_LOGNORMAL, .a = 6e9, .b = 0.42};
    rig_begin(&r, 0);
    rig_due(&r, 0);
    for (int i = 0; i < N; i++) {
        radio_roam(&r.host, &r.slot, &r.network);
        lasting[i] = span_seconds(r.slot.radio->ready_at - r.host.step.now);
    }
    CU_ASSERT_TRUE(goodness_ks(lasting, N, registration_cdf));
    rig_free(&r);
    make();
    r.network.dns = (struct lookups){.fail_ppm = 20000, .timeout = 5 * SPAN_S, .tries = 3};
    rig_begin(&r, INSTANT_NEVER);
    for (uint32_t i = 0; i < 50000; i++) {
        r.life.attempts = (uint16_t)i;
        failed += !radio_attempt(&r.host, &r.slot);
    }
    CU_ASSERT_TRUE(goodness_share(failed, 50000, 0.02));
    rig_free(&r);
}

static void addresses_change_as_often_as_said(void) {
    make();
    r.network.cells = (struct cells){.count = 50, .dwell = constant(SPAN_MIN), .new_address_ppm = 50000};
    r.group.telemetry_count = 0;
    rig_begin(&r, INSTANT_NEVER);
    rig_run(&r, 20000 * SPAN_MIN);
    double moves = (double)rig_tally(&r, TALLY_HANDOVERS);
    CU_ASSERT(moves > 19000);
    CU_ASSERT_TRUE(goodness_share((double)rig_tally(&r, TALLY_ADDRESS_CHANGES), moves, 0.05));
    rig_free(&r);
}

HARNESS_MAIN("device/radio", HARNESS_CASE(cells_and_stays_in_them_follow_their_distributions),
             HARNESS_CASE(registrations_and_lookups_follow_their_distributions),
             HARNESS_CASE(addresses_change_as_often_as_said), HARNESS_CASE(a_plain_network_needs_no_state),
             HARNESS_CASE(the_first_attempt_waits_for_the_registration),
             HARNESS_CASE(an_outage_cuts_the_link_and_costs_a_registration),
             HARNESS_CASE(a_backend_that_is_down_costs_no_registration),
             HARNESS_CASE(a_forgotten_connection_swallows_until_the_ping_times_out),
             HARNESS_CASE(messages_in_the_hole_are_open_and_not_lost),
             HARNESS_CASE(a_middlebox_with_rst_ends_the_connection),
             HARNESS_CASE(a_lookup_that_fails_takes_its_time_and_is_withdrawn),
             HARNESS_CASE(devices_move_between_cells), HARNESS_CASE(roaming_changes_network_and_address_and_comes_back),
             HARNESS_CASE(coverage_is_the_devices_own_and_quality_its_sites))
