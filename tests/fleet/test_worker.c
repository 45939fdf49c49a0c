#include "fleet/worker.h"

#include "harness.h"
#include "made.h"

static struct made m;
static struct made_work work;

static uint64_t publishes(enum op_outcome outcome) {
    return made_outcome(work.result, OP_MQTT_PUBLISH, outcome);
}
static uint64_t connects(enum op_outcome outcome) {
    return made_outcome(work.result, OP_MQTT_CONNECT, outcome);
}

static void go(struct peer *peer, unsigned workers) {
    made_work(&m, workers, &work);
    made_books_balance(&m, &work);
    CU_ASSERT_EQUAL(atomic_load(&peer->seen->bad), 0);
}

static void done(struct peer *peer) {
    made_work_free(&work);
    made_free(&m);
    peer_free(peer);
}

static void every_message_and_attempt_ends_in_one_class_when_the_peer_is_honest(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 50, &peer);
    go(&peer, 2);
    CU_ASSERT_EQUAL(publishes(OP_OK), made_intended(&m));
    CU_ASSERT_EQUAL(made_tally(work.result, TALLY_ACKED), atomic_load(&peer.seen->acked));
    CU_ASSERT_EQUAL(made_tally(work.result, TALLY_CONNECTIONS), atomic_load(&peer.seen->accepted));
    done(&peer);
}

static void and_when_it_refuses_everybody(void) {
    const struct peer_script script = {.connack_code = 5};
    struct peer peer = peer_start(&script);
    made_plan(&m, 20, &peer);
    go(&peer, 1);
    CU_ASSERT(connects(OP_REFUSED) >= 60);
    CU_ASSERT(connects(OP_REFUSED) <= atomic_load(&peer.seen->connects)); /* while settling they are not counted */
    CU_ASSERT_EQUAL(publishes(OP_DROPPED), made_intended(&m));
    done(&peer);
}

static void and_when_it_says_nothing(void) {
    const struct peer_script script = {.mute = true};
    struct peer peer = peer_start(&script);
    made_plan(&m, 20, &peer);
    m.profile.mqtt.connack_timeout = 100 * SPAN_MS;
    m.plan.duration = 600 * SPAN_MS;
    go(&peer, 1);
    CU_ASSERT(connects(OP_TIMEOUT) >= 40);
    CU_ASSERT_EQUAL(publishes(OP_DROPPED), made_intended(&m));
    CU_ASSERT_EQUAL(made_reasons(work.result, CLOSE_CONNACK_TIMEOUT), connects(OP_TIMEOUT));
    done(&peer);
}

static void and_when_it_never_acknowledges(void) {
    const struct peer_script script = {.no_acks = true};
    struct peer peer = peer_start(&script);
    made_plan(&m, 20, &peer);
    go(&peer, 1);
    CU_ASSERT_EQUAL(publishes(OP_OPEN), made_intended(&m));
    CU_ASSERT_EQUAL(made_tally(work.result, TALLY_LOST), made_intended(&m));
    done(&peer);
}

static void and_when_acknowledgements_time_out(void) {
    const struct peer_script script = {.no_acks = true};
    struct peer peer = peer_start(&script);
    made_plan(&m, 20, &peer);
    m.profile.mqtt.ack_timeout = 80 * SPAN_MS;
    go(&peer, 1);
    CU_ASSERT(publishes(OP_TIMEOUT) > 20);
    CU_ASSERT(made_reasons(work.result, CLOSE_ACK_TIMEOUT) > 20);
    done(&peer);
}

static void and_when_it_closes_after_every_few_packets(void) {
    for (int how = 0; how < 2; how++) { /* FIN, and messages are sent again; RST, and they are dropped */
        const struct peer_script script = {.closes_after = 3, .closes_by_reset = how == 1};
        struct peer peer = peer_start(&script);
        made_plan(&m, 10, &peer);
        m.telemetry.every.a = 20e6;
        m.profile.mqtt.inflight_max = 2;
        m.profile.mqtt.drop_on_session_lost = how == 1;
        m.profile.reconnect.first = 10 * SPAN_MS;
        m.profile.buffer.messages = 5;
        go(&peer, 1);
        CU_ASSERT(made_tally(work.result, TALLY_RECONNECTS) > 20);
        CU_ASSERT_EQUAL(publishes(OP_BROKEN) > 0, how == 1);
        done(&peer);
    }
}

static void and_when_it_dies_and_comes_back(void) {
    const struct peer_script script = {.away_from_ms = 200, .away_to_ms = 400};
    struct peer peer = peer_start(&script);
    made_plan(&m, 20, &peer);
    m.plan.duration = 800 * SPAN_MS;
    go(&peer, 1);
    CU_ASSERT_EQUAL(publishes(OP_OK), made_intended(&m)); /* the buffer is large enough */
    CU_ASSERT_EQUAL(made_tally(work.result, TALLY_RECONNECTS), 20);
    CU_ASSERT(connects(OP_BROKEN) >= 20);
    done(&peer);
}

static void and_when_it_does_not_read(void) {
    const struct peer_script script = {.stops_reading_after = 2};
    struct peer peer = peer_start(&script);
    made_plan(&m, 10, &peer);
    go(&peer, 1);
    CU_ASSERT_EQUAL(publishes(OP_OK), 10);
    CU_ASSERT_EQUAL(publishes(OP_OK) + publishes(OP_OPEN), made_intended(&m));
    done(&peer);
}

static void publishes_go_no_faster_than_allowed_and_the_rest_waits(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 50, &peer);
    m.telemetry.every.a = 50e6;           /* 1,000 per second */
    m.plan.safety.max_publish_rate = 200; /* twenty at once, then one each 5 ms */
    m.plan.duration = 500 * SPAN_MS;
    m.plan.settle = 0;
    go(&peer, 1);
    uint64_t sent = atomic_load(&peer.seen->publishes);
    CU_ASSERT(sent >= 50 && (double)sent <= 21 + 200 * span_seconds(work.workers[0].host.closes));
    CU_ASSERT_EQUAL(publishes(OP_OK) + publishes(OP_OPEN), sent);
    CU_ASSERT(made_held(work.result, OP_MQTT_PUBLISH, OP_HELD_GUARD) > 100);
    CU_ASSERT(work.workers[0].waiters.count <= 50);
    CU_ASSERT(made_usual(work.result, OP_MQTT_PUBLISH, CLOCK_LAG) < 50 * SPAN_MS); /* the wait is the guard's */
    done(&peer);
}

static void what_the_guard_held_goes_out_in_settling(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 50, &peer);
    m.plan.safety.max_publish_rate = 400;
    m.plan.settle = 3 * SPAN_S;
    go(&peer, 1);
    CU_ASSERT_EQUAL(publishes(OP_OK), made_intended(&m));
    done(&peer);
}

static void bytes_go_no_faster_than_allowed(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 20, &peer);
    m.telemetry.every.a = 10e6;           /* some 30 kB per second */
    m.plan.safety.max_bytes_rate = 10000; /* 1,000 at once */
    m.plan.duration = 500 * SPAN_MS;
    m.plan.settle = 0;
    go(&peer, 1);
    uint64_t bytes = made_tally(work.result, TALLY_BYTES_UP);
    CU_ASSERT(bytes >= 2500 && (double)bytes <= 1200 + 10000 * span_seconds(work.workers[0].host.closes));
    CU_ASSERT(made_held(work.result, OP_MQTT_PUBLISH, OP_HELD_GUARD) > 100);
    done(&peer);
}

static void closed_streams_have_one_message_in_flight_each(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 10, &peer);
    m.telemetry.pace = PACE_CLOSED;
    m.telemetry.every.a = 0;
    made_work(&m, 1, &work);
    CU_ASSERT(publishes(OP_OK) > 500);
    CU_ASSERT(publishes(OP_OPEN) <= 10);
    CU_ASSERT_EQUAL(publishes(OP_OK) + publishes(OP_OPEN), made_sum(work.result, OP_MQTT_PUBLISH));
    CU_ASSERT_EQUAL(work.pool_in_use, 0);
    done(&peer);
}

static void pings_keep_a_quiet_connection(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 5, &peer);
    m.group.telemetry_count = 0;
    m.profile.mqtt.keepalive_s = 1;
    m.plan.duration = 1300 * SPAN_MS;
    go(&peer, 1);
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->pings), 5);
    CU_ASSERT_EQUAL(made_outcome(work.result, OP_MQTT_PING, OP_OK), 5);
    CU_ASSERT_EQUAL(connects(OP_OK), 5);
    done(&peer);
}

HARNESS_MAIN("worker", HARNESS_CASE(every_message_and_attempt_ends_in_one_class_when_the_peer_is_honest),
             HARNESS_CASE(and_when_it_refuses_everybody), HARNESS_CASE(and_when_it_says_nothing),
             HARNESS_CASE(and_when_it_never_acknowledges), HARNESS_CASE(and_when_acknowledgements_time_out),
             HARNESS_CASE(and_when_it_closes_after_every_few_packets), HARNESS_CASE(and_when_it_dies_and_comes_back),
             HARNESS_CASE(and_when_it_does_not_read),
             HARNESS_CASE(publishes_go_no_faster_than_allowed_and_the_rest_waits),
             HARNESS_CASE(what_the_guard_held_goes_out_in_settling), HARNESS_CASE(bytes_go_no_faster_than_allowed),
             HARNESS_CASE(closed_streams_have_one_message_in_flight_each), HARNESS_CASE(pings_keep_a_quiet_connection))
