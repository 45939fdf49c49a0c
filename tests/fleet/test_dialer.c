#include "fleet/dialer.h"

#include "harness.h"
#include "made.h"

static struct made m;
static struct made_work work;

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

static uint64_t connects(enum op_outcome outcome) {
    return made_outcome(work.result, OP_MQTT_CONNECT, outcome);
}

static void quiet(uint32_t devices, const struct peer *peer) {
    made_plan(&m, devices, peer);
    m.group.telemetry_count = 0;
    m.plan.duration = 200 * SPAN_MS;
}

static void no_more_attempts_are_outstanding_than_allowed(void) {
    const struct peer_script script = {.connack_delay_ms = 20};
    struct peer peer = peer_start(&script);
    quiet(60, &peer);
    m.plan.safety.max_outstanding_connects = 6;
    m.awaits = &peer.seen->connects;
    m.awaited = 60;
    go(&peer);
    CU_ASSERT_EQUAL(connects(OP_OK), 60);
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->unanswered_max), 6);
    CU_ASSERT(made_held(work.result, OP_MQTT_CONNECT, OP_HELD_GUARD) >= 50);
    CU_ASSERT(made_usual(work.result, OP_MQTT_CONNECT, CLOCK_LAG) < 50 * SPAN_MS); /* the wait is the guard's */
    CU_ASSERT(made_longest(work.result, OP_MQTT_CONNECT, CLOCK_RESPONSE) >= 180 * SPAN_MS);
    done(&peer);
}

/* Telemetry keeps the worker busy between the guard's refills. */
static void attempts_go_no_faster_than_allowed_and_none_is_forgotten(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 40, &peer);
    m.telemetry.every.a = 20e6;
    m.plan.duration = 600 * SPAN_MS;
    m.plan.safety.max_connect_rate = 100; /* ten at once, then one each 10 ms */
    m.awaits = &peer.seen->connects;
    m.awaited = 40;
    go(&peer);
    CU_ASSERT_EQUAL(connects(OP_OK), 40);
    unsigned count = atomic_load(&peer.seen->log_count);
    CU_ASSERT_EQUAL_FATAL(count, 40);
    CU_ASSERT(peer.seen->log[39].at_ms - peer.seen->log[0].at_ms >= 280);
    for (unsigned i = 0; i + 20 < count; i++) /* any 20 after another take the time of ten at least */
        CU_ASSERT(peer.seen->log[i + 20].at_ms - peer.seen->log[i].at_ms + 20 >= 100);
    done(&peer);
}

static void whoever_asked_first_goes_first(void) {
    const struct peer_script script = {.connack_delay_ms = 5};
    struct peer peer = peer_start(&script);
    quiet(30, &peer);
    m.plan.safety.max_outstanding_connects = 1;
    m.actions[0].over = 30 * SPAN_MS; /* one asks each millisecond, in the order of their rank */
    for (uint32_t i = 0; i < 30; i++)
        m.rank[i] = (i * 7) % 30;
    m.awaits = &peer.seen->connects;
    m.awaited = 30;
    go(&peer);
    CU_ASSERT_EQUAL_FATAL(atomic_load(&peer.seen->log_count), 30);
    for (unsigned i = 0; i < 30; i++)
        CU_ASSERT_EQUAL(m.rank[peer.seen->log[i].index], i);
    done(&peer);
}

static void nodes_get_the_devices_in_turn(void) {
    const struct peer_script script = {.ports = 3};
    struct peer peer = peer_start(&script);
    quiet(30, &peer);
    m.awaits = &peer.seen->connects;
    m.awaited = 30;
    go(&peer);
    for (unsigned i = 0; i < 30; i++)
        CU_ASSERT_EQUAL(peer.seen->log[i].port, peer.seen->log[i].index % 3);
    for (unsigned port = 0; port < 3; port++)
        CU_ASSERT_EQUAL(atomic_load(&peer.seen->port_connects[port]), 10);
    done(&peer);
}

static void each_node_has_slots_of_its_own(void) {
    const struct peer_script script = {.ports = 2, .connack_delay_ms = 10};
    struct peer peer = peer_start(&script);
    quiet(40, &peer);
    m.plan.safety.max_outstanding_connects = 3;
    m.awaits = &peer.seen->connects;
    m.awaited = 40;
    go(&peer);
    for (unsigned port = 0; port < 2; port++)
        CU_ASSERT_EQUAL(atomic_load(&peer.seen->port_unanswered_max[port]), 3);
    done(&peer);
}

static void nodes_share_the_rate_evenly(void) {
    const struct peer_script script = {.ports = 2};
    struct peer peer = peer_start(&script);
    quiet(60, &peer);
    m.plan.safety.max_connect_rate = 100;
    m.plan.duration = 700 * SPAN_MS;
    m.awaits = &peer.seen->connects;
    m.awaited = 60;
    go(&peer);
    unsigned first[2] = {0};
    for (unsigned i = 0; i < 30; i++)
        first[peer.seen->log[i].port]++;
    CU_ASSERT(first[0] >= 12 && first[1] >= 12);
    done(&peer);
}

static void failover_goes_to_the_next_node_after_a_failed_attempt(void) {
    for (int failover = 0; failover < 2; failover++) {
        const struct peer_script script = {.ports = 2, .port_refuses = {true, false}};
        struct peer peer = peer_start(&script);
        quiet(10, &peer);
        m.profile.failover_next = failover == 1;
        m.awaits = &peer.seen->port_connects[failover];
        m.awaited = 10;
        go(&peer);
        CU_ASSERT_EQUAL(connects(OP_OK), failover == 1 ? 10 : 5);
        CU_ASSERT_EQUAL(atomic_load(&peer.seen->port_connects[1]), failover == 1 ? 10 : 5);
        CU_ASSERT(connects(OP_REFUSED) >= 5);
        done(&peer);
    }
}

static void a_port_where_nobody_listens_fails_attempts_and_they_are_repeated(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    quiet(10, &peer);
    peer_stop(&peer);
    go(&peer);
    CU_ASSERT_EQUAL(connects(OP_OK), 0);
    CU_ASSERT(connects(OP_BROKEN) >= 20);
    CU_ASSERT_EQUAL(made_reasons(work.result, CLOSE_CONNECT_FAILED), connects(OP_BROKEN));
    done(&peer);
}

static void whoever_is_never_accepted_times_out(void) {
    const struct peer_script script = {.deaf = true};
    struct peer peer = peer_start(&script);
    quiet(12, &peer);
    m.profile.timeouts.connect = 150 * SPAN_MS;
    m.profile.mqtt.connack_timeout = 150 * SPAN_MS;
    go(&peer);
    CU_ASSERT_EQUAL(connects(OP_OK), 0);
    CU_ASSERT(connects(OP_TIMEOUT) >= 12);
    CU_ASSERT(made_reasons(work.result, CLOSE_CONNECT_TIMEOUT) >= 10);
    done(&peer);
}

static void a_modelled_connect_that_takes_too_long_times_out_too(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    quiet(10, &peer);
    made_network(&m, 20 * SPAN_MS);
    m.network.loss_ppm = 1000000; /* every SYN is lost: the first repeat comes after a second */
    m.profile.timeouts.connect = 100 * SPAN_MS;
    go(&peer);
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->accepted), 0);
    CU_ASSERT(connects(OP_TIMEOUT) >= 10);
    done(&peer);
}

static void connections_leave_from_the_given_sources_in_turn(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    quiet(30, &peer);
    struct address sources[3];
    for (unsigned i = 0; i < 3; i++) {
        char text[] = "127.9.0.1";
        text[8] = (char)('1' + i);
        CU_ASSERT_EQUAL_FATAL(address_parse(text, 0, &sources[i]), 0);
    }
    m.plan.sources = sources;
    m.plan.source_count = 3;
    m.awaits = &peer.seen->connects;
    m.awaited = 30;
    go(&peer);
    for (unsigned i = 0; i < 30; i++)
        CU_ASSERT_EQUAL(peer.seen->log[i].source, 0x7f090001 + peer.seen->log[i].index % 3);
    done(&peer);
}

/* A source that is no address of this machine: connections fail before a packet has left. */
static void what_this_machine_lacks_is_not_the_backends_failure(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    quiet(5, &peer);
    struct address source;
    CU_ASSERT_EQUAL_FATAL(address_parse("192.0.2.77", 0, &source), 0);
    m.plan.sources = &source;
    m.plan.source_count = 1;
    go(&peer);
    CU_ASSERT(connects(OP_DROPPED) >= 5);
    CU_ASSERT_EQUAL(connects(OP_DROPPED), made_sum(work.result, OP_MQTT_CONNECT));
    CU_ASSERT_EQUAL(made_reasons(work.result, CLOSE_LOCAL), connects(OP_DROPPED));
    CU_ASSERT_EQUAL(atomic_load(&work.workers[0].shortages), 1U << SHORT_OF_PORTS);
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->accepted), 0);
    done(&peer);
}

static void every_node_meets_every_source(void) {
    const struct peer_script script = {.ports = 2};
    struct peer peer = peer_start(&script);
    quiet(40, &peer);
    struct address sources[2];
    CU_ASSERT_EQUAL_FATAL(address_parse("127.9.0.1", 0, &sources[0]), 0);
    CU_ASSERT_EQUAL_FATAL(address_parse("127.9.0.2", 0, &sources[1]), 0);
    m.plan.sources = sources;
    m.plan.source_count = 2;
    m.awaits = &peer.seen->connects;
    m.awaited = 40;
    go(&peer);
    unsigned met[2][2] = {{0}};
    for (unsigned i = 0; i < 40; i++)
        met[peer.seen->log[i].port][peer.seen->log[i].source - 0x7f090001]++;
    for (unsigned i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(met[i / 2][i % 2], 10);
    done(&peer);
}

static void a_forbidden_address_is_never_called(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    quiet(5, &peer);
    CU_ASSERT_EQUAL_FATAL(address_parse("192.0.2.1", 1883, &m.nodes[0]), 0);
    go(&peer);
    CU_ASSERT(work.workers[0].guard.refused >= 5);
    CU_ASSERT_EQUAL(connects(OP_OK), 0);
    CU_ASSERT_EQUAL(made_reasons(work.result, CLOSE_GUARD), connects(OP_WITHDRAWN));
    done(&peer);
}

static void attempts_still_queued_when_the_run_closes_were_never_sent(void) {
    const struct peer_script script = {.mute = true};
    struct peer peer = peer_start(&script);
    quiet(300, &peer);
    m.plan.safety.max_outstanding_connects = 4;
    go(&peer);
    CU_ASSERT_EQUAL(connects(OP_OPEN), 4);
    CU_ASSERT_EQUAL(connects(OP_DROPPED), 296);
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->connects), 4);
    done(&peer);
}

static void an_attempt_that_the_timeline_ends_in_the_queue_leaves_it(void) {
    const struct peer_script script = {.connack_delay_ms = 20};
    struct peer peer = peer_start(&script);
    quiet(20, &peer);
    m.plan.safety.max_outstanding_connects = 1;
    made_action(&m, DO_DISCONNECT, 100 * SPAN_MS, 200 * SPAN_MS);
    m.plan.duration = 2300 * SPAN_MS;
    go(&peer);
    CU_ASSERT(connects(OP_WITHDRAWN) >= 13);
    CU_ASSERT(connects(OP_OK) >= 18);
    done(&peer);
}

HARNESS_MAIN("dialer", HARNESS_CASE(no_more_attempts_are_outstanding_than_allowed),
             HARNESS_CASE(attempts_go_no_faster_than_allowed_and_none_is_forgotten),
             HARNESS_CASE(whoever_asked_first_goes_first), HARNESS_CASE(nodes_get_the_devices_in_turn),
             HARNESS_CASE(each_node_has_slots_of_its_own), HARNESS_CASE(nodes_share_the_rate_evenly),
             HARNESS_CASE(failover_goes_to_the_next_node_after_a_failed_attempt),
             HARNESS_CASE(a_port_where_nobody_listens_fails_attempts_and_they_are_repeated),
             HARNESS_CASE(whoever_is_never_accepted_times_out),
             HARNESS_CASE(a_modelled_connect_that_takes_too_long_times_out_too),
             HARNESS_CASE(connections_leave_from_the_given_sources_in_turn),
             HARNESS_CASE(what_this_machine_lacks_is_not_the_backends_failure),
             HARNESS_CASE(every_node_meets_every_source), HARNESS_CASE(a_forbidden_address_is_never_called),
             HARNESS_CASE(attempts_still_queued_when_the_run_closes_were_never_sent),
             HARNESS_CASE(an_attempt_that_the_timeline_ends_in_the_queue_leaves_it))
