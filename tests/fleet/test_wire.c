#include "fleet/wire.h"

#include "harness.h"
#include "made.h"

static struct made m;
static struct made_work work;

/* Runs the plan against the peer, checks what holds for every run, and leaves result and peer to be looked at. */
static void go(struct peer *peer) {
    made_work(&m, 1, &work);
    made_books_balance(&m, &work);
    CU_ASSERT_EQUAL(atomic_load(&peer->seen->bad), 0);
}

static void done(struct peer *peer) {
    made_work_free(&work);
    made_free(&m);
    peer_free(peer);
}

static uint64_t ok(enum op_kind op) {
    return made_outcome(work.result, op, OP_OK);
}

static void an_honest_peer_gets_everything_once(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 20, &peer);
    go(&peer);
    CU_ASSERT_EQUAL(ok(OP_MQTT_CONNECT), 20);
    CU_ASSERT_EQUAL(ok(OP_MQTT_PUBLISH), made_intended(&m));
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->publishes), made_intended(&m));
    CU_ASSERT_TRUE(peer_reaches(&peer.seen->polite_ends, 20));
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->resets), 0);
    CU_ASSERT(made_longest(work.result, OP_MQTT_PUBLISH, CLOCK_SERVICE) < SPAN_S);
    done(&peer);
}

/* CONNACK (4 bytes), SUBACK (5), three PUBLISH of 25: one connection for every place where the stream may be cut. */
static void packets_cut_anywhere_are_put_together(void) {
    enum { STREAM = 4 + 5 + 3 * 25 };
    const struct peer_script script = {.writing = PEER_SPLIT, .publishes = 3, .publish_size = 20, .no_acks = true};
    struct peer peer = peer_start(&script);
    made_plan(&m, STREAM + 1, &peer);
    made_subscribe(&m);
    m.group.telemetry_count = 0;
    go(&peer);
    CU_ASSERT_EQUAL(ok(OP_MQTT_CONNECT), STREAM + 1);
    CU_ASSERT_EQUAL(ok(OP_MQTT_SUBSCRIBE), STREAM + 1);
    CU_ASSERT_EQUAL(made_tally(work.result, TALLY_RECEIVED), 3 * (STREAM + 1));
    CU_ASSERT_EQUAL(made_tally(work.result, TALLY_BYTES_DOWN), (STREAM + 1) * STREAM);
    CU_ASSERT_EQUAL(made_tally(work.result, TALLY_VIOLATIONS), 0);
    done(&peer);
}

static void packets_dripping_in_byte_by_byte_are_put_together(void) {
    const struct peer_script script = {.writing = PEER_DRIP, .publishes = 2, .publish_size = 20};
    struct peer peer = peer_start(&script);
    made_plan(&m, 5, &peer);
    made_subscribe(&m);
    m.telemetry.every.a = 200e6;
    go(&peer);
    CU_ASSERT_EQUAL(made_tally(work.result, TALLY_RECEIVED), 10);
    CU_ASSERT_EQUAL(ok(OP_MQTT_PUBLISH), made_intended(&m));
    done(&peer);
}

static void a_modelled_link_delays_and_delivers_even_the_goodbye(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 10, &peer);
    made_network(&m, 100 * SPAN_MS);
    m.plan.settle = 500 * SPAN_MS;
    go(&peer);
    CU_ASSERT_EQUAL(ok(OP_MQTT_PUBLISH), made_intended(&m));
    span response = made_usual(work.result, OP_MQTT_PUBLISH, CLOCK_RESPONSE);
    CU_ASSERT(response >= 100 * SPAN_MS && response < SPAN_S);
    CU_ASSERT(made_usual(work.result, OP_MQTT_PUBLISH, CLOCK_SERVICE) < response - 90 * SPAN_MS);
    CU_ASSERT(made_longest(work.result, OP_MQTT_CONNECT, CLOCK_RESPONSE) >= 200 * SPAN_MS);
    CU_ASSERT(made_usual(work.result, OP_MQTT_CONNECT, CLOCK_LAG) < 100 * SPAN_MS);
    CU_ASSERT_TRUE(peer_reaches(&peer.seen->polite_ends, 10));
    done(&peer);
}

static void the_peers_end_does_not_overtake_what_the_link_still_carries(void) {
    const struct peer_script script = {.publishes = 20, .publish_size = 100, .ends_after_publishes = true};
    struct peer peer = peer_start(&script);
    made_plan(&m, 10, &peer);
    made_subscribe(&m);
    made_network(&m, 100 * SPAN_MS);
    m.group.telemetry_count = 0;
    m.profile.reconnect.policy = RECONNECT_NEVER;
    go(&peer);
    CU_ASSERT_EQUAL(made_tally(work.result, TALLY_RECEIVED), 200);
    CU_ASSERT_EQUAL(made_reasons(work.result, CLOSE_BY_PEER), 10);
    done(&peer);
}

static void a_silent_link_keeps_what_it_holds_until_it_returns(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 10, &peer);
    m.plan.duration = 800 * SPAN_MS;
    m.plan.settle = 700 * SPAN_MS;
    made_action(&m, DO_LINK_DOWN, 200 * SPAN_MS, 300 * SPAN_MS)->how = LINK_SILENT;
    go(&peer);
    CU_ASSERT_EQUAL(ok(OP_MQTT_CONNECT), 10);
    CU_ASSERT_EQUAL(ok(OP_MQTT_PUBLISH), made_intended(&m));
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->publishes), made_intended(&m));
    CU_ASSERT(made_longest(work.result, OP_MQTT_PUBLISH, CLOCK_RESPONSE) >= 250 * SPAN_MS);
    done(&peer);
}

/* Over all cells: which of them appears first depends on the machine. */
static span mean_of_publishes(enum clock_kind clock) {
    static struct histogram sum;
    histogram_reset(&sum);
    const struct result *r = work.result;
    for (size_t i = result_next(r, 0, OP_MQTT_PUBLISH, -1, 1); i < r->series_count;
         i = result_next(r, i + 1, OP_MQTT_PUBLISH, -1, 1))
        if (r->series[i]->clocks[clock] != NULL)
            histogram_add(&sum, r->series[i]->clocks[clock]);
    return histogram_mean(&sum);
}

/* Three publishes of eight are held for 300 ms and more. One whose answer the kernel kept meanwhile is the exception. */
static void what_the_link_held_was_sent_when_it_left(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 20, &peer);
    m.plan.duration = 800 * SPAN_MS;
    m.plan.settle = 3 * SPAN_S;
    made_action(&m, DO_LINK_DOWN, 200 * SPAN_MS, 300 * SPAN_MS)->how = LINK_SILENT;
    go(&peer);
    CU_ASSERT_EQUAL(ok(OP_MQTT_PUBLISH), made_intended(&m));
    span response = mean_of_publishes(CLOCK_RESPONSE);
    CU_ASSERT(response > 50 * SPAN_MS);
    CU_ASSERT(mean_of_publishes(CLOCK_SERVICE) < response / 2);
    done(&peer);
}

static void silence_that_is_noticed_leaves_ghosts_and_the_devices_come_back(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 10, &peer);
    m.plan.duration = 1200 * SPAN_MS;
    m.plan.settle = 500 * SPAN_MS;
    m.profile.mqtt.ack_timeout = 150 * SPAN_MS;
    made_action(&m, DO_LINK_DOWN, 200 * SPAN_MS, 600 * SPAN_MS)->how = LINK_SILENT;
    go(&peer);
    CU_ASSERT_EQUAL(ok(OP_MQTT_CONNECT), 20); /* before and after */
    CU_ASSERT_EQUAL(made_reasons(work.result, CLOSE_ACK_TIMEOUT), 10);
    CU_ASSERT_EQUAL(made_outcome(work.result, OP_MQTT_PUBLISH, OP_TIMEOUT), 0); /* withdrawn: its own link was down */
    CU_ASSERT_EQUAL(made_outcome(work.result, OP_MQTT_PUBLISH, OP_OPEN), 0);
    CU_ASSERT_TRUE(peer_reaches(&peer.seen->polite_ends, 10));
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->polite_ends), 10); /* a ghost says nothing */
    done(&peer);
}

/* One burst larger than what kernels take. */
static void burst_of_big_messages(uint32_t devices, unsigned messages) {
    m.telemetry.every.a = 1000e9;
    template_free(&m.telemetry.payload);
    struct template_error error;
    CU_ASSERT_EQUAL_FATAL(template_compile("random(64KiB)", TEMPLATE_RANDOMS, NULL, 0, &m.telemetry.payload, &error),
                          0);
    m.telemetry.random_size = 64 << 10;
    m.plan.device_count = m.fleet.count = devices;
    m.profile.buffer.messages = 1000;
    made_action(&m, DO_BURST, 100 * SPAN_MS, 0)->messages = messages;
}

static void a_link_that_is_too_slow_holds_messages_back_and_breaks_nothing(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 2, &peer);
    made_network(&m, 0);
    m.network.up_bps = 40000000; /* 5 MB/s */
    burst_of_big_messages(2, 60);
    m.telemetry.qos = 0;
    m.plan.settle = 3 * SPAN_S;
    made_work(&m, 1, &work);
    CU_ASSERT_EQUAL(ok(OP_MQTT_CONNECT), 2);
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->connects), 2);
    CU_ASSERT_EQUAL(ok(OP_MQTT_PUBLISH), 120);
    CU_ASSERT(made_held(work.result, OP_MQTT_PUBLISH, OP_HELD_WINDOW) > 0);
    CU_ASSERT_EQUAL(work.pool_in_use, 0);
    done(&peer);
}

/* 40 messages of 64 KiB are in flight when the connections are cut: more than a link may have on its way. */
static void what_is_sent_again_waits_for_a_link_that_is_too_slow(void) {
    const struct peer_script script = {.no_acks = true};
    struct peer peer = peer_start(&script);
    made_plan(&m, 2, &peer);
    made_network(&m, 0);
    m.network.up_bps = 400000000; /* 50 MB/s */
    burst_of_big_messages(2, 40);
    made_action(&m, DO_RESET, 600 * SPAN_MS, 0);
    m.plan.duration = 700 * SPAN_MS;
    m.plan.settle = 3 * SPAN_S;
    m.awaits = &peer.seen->publishes;
    m.awaited = 160;
    made_work(&m, 1, &work);
    CU_ASSERT_EQUAL(made_reasons(work.result, CLOSE_LOCAL), 0);
    CU_ASSERT_EQUAL(made_tally(work.result, TALLY_RESENT), 80);
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->connects), 4);
    CU_ASSERT_EQUAL(work.pool_in_use, 0);
    done(&peer);
}

static void sends_that_the_kernel_does_not_take_go_on_when_it_does(void) {
    const struct peer_script script = {.stops_reading_after = 1, .reads_again_after_ms = 1000};
    struct peer peer = peer_start(&script);
    made_plan(&m, 2, &peer);
    burst_of_big_messages(2, 150);
    m.plan.settle = 8 * SPAN_S;
    made_work(&m, 1, &work);
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->bad), 0);
    CU_ASSERT_EQUAL(made_sum(work.result, OP_MQTT_PUBLISH), 300);
    CU_ASSERT_EQUAL(ok(OP_MQTT_PUBLISH), 300);
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->publishes), 300);
    CU_ASSERT(made_held(work.result, OP_MQTT_PUBLISH, OP_HELD_WINDOW) > 0);
    CU_ASSERT_EQUAL(work.pool_in_use, 0);
    done(&peer);
}

static void a_stream_without_progress_ends_by_its_timeout(void) {
    const struct peer_script script = {.stops_reading_after = 1};
    struct peer peer = peer_start(&script);
    made_plan(&m, 2, &peer);
    burst_of_big_messages(2, 150);
    m.profile.timeouts.stream = 200 * SPAN_MS;
    m.plan.settle = 8 * SPAN_S;
    m.profile.reconnect.policy = RECONNECT_NEVER;
    made_work(&m, 1, &work);
    CU_ASSERT_EQUAL(made_reasons(work.result, CLOSE_STREAM_TIMEOUT), 2);
    CU_ASSERT_EQUAL(made_sum(work.result, OP_MQTT_PUBLISH), 300);
    CU_ASSERT_EQUAL(work.pool_in_use, 0);
    CU_ASSERT_TRUE(peer_reaches(&peer.seen->accepted, 2));
    done(&peer);
}

/* The middlebox forgets after 150 ms, and messages come after the first 200: what they are sent into is a hole, or an end. */
static void forget(enum nat_expiry how) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 20, &peer);
    made_network(&m, 0);
    m.network.nat = (struct nat){.tcp = 150 * SPAN_MS, .on_expire = how};
    m.group.radio = true;
    m.telemetry.every.a = 400e6;
    m.telemetry.has_first = true;
    m.telemetry.first = 300 * SPAN_MS;
    m.plan.duration = SPAN_S;
    m.profile.mqtt.ack_timeout = 200 * SPAN_MS;
    go(&peer);
    CU_ASSERT(made_tally(work.result, TALLY_NAT_EXPIRED) >= 20);
    CU_ASSERT_EQUAL(made_outcome(work.result, OP_MQTT_PUBLISH, OP_TIMEOUT), 0);
    CU_ASSERT_EQUAL(made_outcome(work.result, OP_MQTT_PUBLISH, OP_BROKEN), 0);
    CU_ASSERT(ok(OP_MQTT_CONNECT) >= 40);
    done(&peer);
}

static void a_forgotten_connection_is_a_hole(void) {
    forget(NAT_BLACKHOLE);
}

/* Nobody pings and nothing times out but the stream itself. */
static void a_hole_ends_a_stream_without_progress(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 10, &peer);
    made_action(&m, DO_LINK_DOWN, 50 * SPAN_MS, 0)->how = LINK_SILENT;
    m.profile.timeouts.stream = 300 * SPAN_MS;
    m.plan.duration = SPAN_S;
    go(&peer);
    CU_ASSERT_EQUAL(made_reasons(work.result, CLOSE_STREAM_TIMEOUT), 10);
    CU_ASSERT_EQUAL(made_outcome(work.result, OP_MQTT_PUBLISH, OP_TIMEOUT), 0);
    done(&peer);
}

static void a_forgotten_connection_is_an_end(void) {
    forget(NAT_RST);
}

HARNESS_MAIN("wire", HARNESS_CASE(an_honest_peer_gets_everything_once),
             HARNESS_CASE(packets_cut_anywhere_are_put_together),
             HARNESS_CASE(packets_dripping_in_byte_by_byte_are_put_together),
             HARNESS_CASE(a_modelled_link_delays_and_delivers_even_the_goodbye),
             HARNESS_CASE(the_peers_end_does_not_overtake_what_the_link_still_carries),
             HARNESS_CASE(a_silent_link_keeps_what_it_holds_until_it_returns),
             HARNESS_CASE(what_the_link_held_was_sent_when_it_left),
             HARNESS_CASE(silence_that_is_noticed_leaves_ghosts_and_the_devices_come_back),
             HARNESS_CASE(a_link_that_is_too_slow_holds_messages_back_and_breaks_nothing),
             HARNESS_CASE(what_is_sent_again_waits_for_a_link_that_is_too_slow),
             HARNESS_CASE(sends_that_the_kernel_does_not_take_go_on_when_it_does),
             HARNESS_CASE(a_stream_without_progress_ends_by_its_timeout),
             HARNESS_CASE(a_forgotten_connection_is_a_hole), HARNESS_CASE(a_forgotten_connection_is_an_end),
             HARNESS_CASE(a_hole_ends_a_stream_without_progress))
