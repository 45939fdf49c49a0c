#include "fleet/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "device/secret.h"
#include "fleet/evidence_record.h"
#include "fleet/sample.h"
#include "harness.h"
#include "made.h"

enum { RECORDS_MAX = 2000 };

static struct made m;
static struct made_work work;
static struct {
    struct evidence_record record;
    uint8_t data[64];
} seen[RECORDS_MAX];
static unsigned seen_count;

static void visit(void *context, const struct evidence_record *r, const uint8_t *data) {
    (void)context;
    CHECK(seen_count < RECORDS_MAX);
    seen[seen_count].record = *r;
    memcpy(seen[seen_count].data, data, r->size < sizeof seen->data ? r->size : sizeof seen->data);
    seen_count++;
}

static void make(uint32_t devices, const struct peer *peer) {
    seen_count = 0;
    made_plan(&m, devices, peer);
    m.keeps_evidence = true;
    m.sampled_below = UINT64_MAX;
    m.evidence = visit;
}

static void go(void) {
    made_work(&m, 1, &work);
    CU_ASSERT_EQUAL(work.pool_in_use, 0);
}

static void done(struct peer *peer) {
    made_work_free(&work);
    made_free(&m);
    peer_free(peer);
}

static uint8_t type_of(unsigned i) {
    return seen[i].data[0] >> 4;
}

static void a_clean_run_leaves_none(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    make(20, &peer);
    go();
    made_books_balance(&m, &work);
    CU_ASSERT_EQUAL(seen_count, 0);
    CU_ASSERT_EQUAL(work.evidence_omitted, 0);
    done(&peer);
}

static void a_refusal_goes_out_with_what_came_before_it(void) {
    const struct peer_script script = {.connack_code = 5};
    struct peer peer = peer_start(&script);
    make(3, &peer);
    m.profile.reconnect.first = 10 * SPAN_S;
    go();
    CU_ASSERT_EQUAL_FATAL(seen_count, 6);
    for (unsigned i = 0; i < seen_count; i += 2) {
        const struct evidence_record *connect = &seen[i].record, *connack = &seen[i + 1].record;
        CU_ASSERT_EQUAL(type_of(i), 1);
        CU_ASSERT_EQUAL(connect->flags, EVIDENCE_SENT | EVIDENCE_FIRST);
        CU_ASSERT_EQUAL(connack->flags, EVIDENCE_BLAMED);
        CU_ASSERT_EQUAL(connack->device, connect->device);
        CU_ASSERT_EQUAL(connack->size, 4);
        CU_ASSERT_EQUAL(memcmp(seen[i + 1].data, "\x20\x02\x00\x05", 4), 0);
        CU_ASSERT_FALSE(connack->violated);
        CU_ASSERT_EQUAL(connack->op, OP_MQTT_CONNECT);
        CU_ASSERT_EQUAL(connack->outcome, OP_REFUSED);
        CU_ASSERT_EQUAL(connack->reason_code, 5);
        CU_ASSERT_EQUAL(connack->failed, 1);
        CU_ASSERT(connect->at <= connack->at && connack->trouble_at == connack->at);
        CU_ASSERT_EQUAL(connect->original, connect->size);
        CU_ASSERT_EQUAL(ntohs(connect->peer.v4.sin_port), peer.ports[0]);
        CU_ASSERT_EQUAL(ntohl(connect->peer.v4.sin_addr.s_addr), INADDR_LOOPBACK);
        CU_ASSERT_EQUAL(connect->local.any.sa_family, AF_INET);
        CU_ASSERT(connect->local.v4.sin_port != 0);
        CU_ASSERT_STRING_EQUAL(connect->dissector, "mqtt");
    }
    done(&peer);
}

static void of_a_device_that_nobody_watches_goes_the_offending_packet_alone(void) {
    const struct peer_script script = {.connack_code = 5};
    struct peer peer = peer_start(&script);
    make(3, &peer);
    m.sampled_below = 0;
    m.profile.reconnect.first = 10 * SPAN_S;
    go();
    CU_ASSERT_EQUAL_FATAL(seen_count, 3);
    for (unsigned i = 0; i < seen_count; i++) {
        CU_ASSERT_EQUAL(seen[i].record.flags, EVIDENCE_ALONE | EVIDENCE_BLAMED);
        CU_ASSERT_EQUAL(seen[i].record.size, 4);
        CU_ASSERT_EQUAL(type_of(i), 2);
        CU_ASSERT(seen[i].record.local.v4.sin_port != 0);
    }
    done(&peer);
}

static void a_storm_of_refusals_sends_out_some_and_counts_the_rest(void) {
    enum { DEVICES = 200 };
    const struct peer_script script = {.connack_code = 3};
    struct peer peer = peer_start(&script);
    make(DEVICES, &peer);
    m.sampled_below = 0;
    m.profile.reconnect.first = 10 * SPAN_S;
    go();
    CU_ASSERT_EQUAL(seen_count, EVIDENCE_REFUSALS_MAX);
    CU_ASSERT_EQUAL(work.evidence_omitted, DEVICES - EVIDENCE_REFUSALS_MAX);
    done(&peer);
}

static void a_storm_of_failures_sends_out_some_rings_and_counts_the_rest(void) {
    enum { DEVICES = 200 };
    const struct peer_script script = {.connack_code = 3};
    struct peer peer = peer_start(&script);
    make(DEVICES, &peer);
    m.profile.reconnect.first = 10 * SPAN_S;
    go();
    CU_ASSERT_EQUAL(seen_count, 2 * EVIDENCE_RINGS_MAX);
    CU_ASSERT_EQUAL(work.evidence_omitted, DEVICES - EVIDENCE_RINGS_MAX);
    done(&peer);
}

static void a_timeout_comes_after_the_last_packet(void) {
    const struct peer_script script = {.mute = true};
    struct peer peer = peer_start(&script);
    make(2, &peer);
    m.profile.mqtt.connack_timeout = 100 * SPAN_MS;
    m.profile.reconnect.first = 10 * SPAN_S;
    go();
    CU_ASSERT_EQUAL_FATAL(seen_count, 2);
    for (unsigned i = 0; i < seen_count; i++) {
        const struct evidence_record *r = &seen[i].record;
        CU_ASSERT_EQUAL(type_of(i), 1);
        CU_ASSERT_EQUAL(r->flags, EVIDENCE_SENT | EVIDENCE_FIRST | EVIDENCE_AFTER);
        CU_ASSERT_EQUAL(r->outcome, OP_TIMEOUT);
        CU_ASSERT_EQUAL(r->close_reason, CLOSE_CONNACK_TIMEOUT);
        CU_ASSERT(r->trouble_at - r->at >= 100 * SPAN_MS);
    }
    done(&peer);
}

static void what_had_come_of_a_packet_goes_out_too(void) {
    const struct peer_script script = {.unfinished = 500000, .no_acks = true};
    struct peer peer = peer_start(&script);
    make(1, &peer);
    m.profile.mqtt.ack_timeout = 150 * SPAN_MS;
    go();
    bool torn = false;
    for (unsigned i = 0; i < seen_count; i++)
        torn = torn || ((seen[i].record.flags & EVIDENCE_TORN) != 0 && type_of(i) == 3 &&
                        (seen[i].record.flags & EVIDENCE_SENT) == 0);
    CU_ASSERT_TRUE(torn);
    done(&peer);
}

static void everything_of_a_device_that_was_asked_for_goes_out_in_order(void) {
    static const uint32_t asked[] = {4, 2, 999};
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    make(5, &peer);
    m.sampled_below = 0;
    m.asked = asked;
    m.asked_count = 3;
    go();
    unsigned places[5] = {0}, ended = 0;
    for (unsigned i = 0; i < seen_count; i++) {
        const struct evidence_record *r = &seen[i].record;
        CU_ASSERT_FATAL(r->device < 5);
        unsigned place = places[r->device]++; /* CONNECT, CONNACK, then PUBLISH and PUBACK in turn, and DISCONNECT */
        unsigned type = place < 2 ? place + 1 : place % 2 == 0 && type_of(i) == 14 ? 14 : 3 + place % 2;
        ended += type == 14;
        CU_ASSERT_EQUAL(type_of(i), type);
        CU_ASSERT_EQUAL(r->flags & EVIDENCE_STREAMED, EVIDENCE_STREAMED);
        CU_ASSERT_EQUAL((r->flags & EVIDENCE_SENT) != 0, type != 2 && type != 4);
        CU_ASSERT_EQUAL((r->flags & EVIDENCE_FIRST) != 0, place == 0);
    }
    CU_ASSERT_EQUAL(ended, 2);
    CU_ASSERT(places[2] > 6 && places[4] > 6 && places[0] + places[1] + places[3] == 0);
    done(&peer);
}

static void a_ring_keeps_the_last_packets_and_the_first_of_the_connection(void) {
    const struct peer_script script = {.closes_after = 101, .closes_by_reset = true};
    struct peer peer = peer_start(&script);
    make(1, &peer);
    m.telemetry.every.a = 1e6;
    m.profile.reconnect.first = 10 * SPAN_S;
    go();
    CU_ASSERT_EQUAL_FATAL(seen_count, EVIDENCE_RING_PACKETS + 1);
    CU_ASSERT_EQUAL(type_of(0), 1);
    CU_ASSERT_EQUAL(seen[0].record.flags, EVIDENCE_SENT | EVIDENCE_FIRST);
    for (unsigned i = 1; i < seen_count; i++) {
        CU_ASSERT(type_of(i) == 3 || type_of(i) == 4);
        CU_ASSERT(seen[i].record.at >= seen[i - 1].record.at);
        CU_ASSERT_EQUAL((seen[i].record.flags & EVIDENCE_AFTER) != 0, i == seen_count - 1);
    }
    CU_ASSERT_EQUAL(seen[seen_count - 1].record.outcome, OP_BROKEN);
    CU_ASSERT_EQUAL(seen[seen_count - 1].record.close_reason, CLOSE_RESET);
    done(&peer);
}

static void a_delayed_packet_tells_how_long_its_link_kept_it(void) {
    static const uint32_t asked[] = {0};
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    make(1, &peer);
    made_network(&m, 100 * SPAN_MS);
    m.sampled_below = 0;
    m.asked = asked;
    m.asked_count = 1;
    m.plan.settle = SPAN_S;
    go();
    CU_ASSERT_FATAL(seen_count > 4);
    for (unsigned i = 0; i < seen_count; i++)
        CU_ASSERT(seen[i].record.link >= 40 * SPAN_MS && seen[i].record.link < SPAN_S);
    done(&peer);
}

static void secrets_are_overwritten(void) {
    static const uint32_t asked[] = {0};
    static uint8_t value[] = "a/fleet", inside[] = "fle";
    struct secret_table secrets = {.rows = {{.name = "y", .data = inside, .size = sizeof inside - 1},
                                            {.name = "x", .data = value, .size = sizeof value - 1}},
                                   .count = 2};
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    make(1, &peer);
    m.secrets = &secrets;
    m.asked = asked;
    m.asked_count = 1;
    go();
    unsigned masked = 0;
    for (unsigned i = 0; i < seen_count; i++) {
        size_t size = seen[i].record.size < sizeof seen->data ? seen[i].record.size : sizeof seen->data;
        CU_ASSERT_PTR_NULL(memmem(seen[i].data, size, value, sizeof value - 1));
        if (type_of(i) == 3) {
            CU_ASSERT_EQUAL(seen[i].record.masked, sizeof value - 1);
            CU_ASSERT_PTR_NOT_NULL(memmem(seen[i].data, sizeof seen->data, "*******", 7));
            masked++;
        }
    }
    CU_ASSERT(masked > 0);
    done(&peer);
}

static void the_sample_is_dealt_over_any_number_of_workers(void) {
    enum { DEVICES = 3000 };
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    make(DEVICES, &peer);
    uint64_t below = sample_below(&m.plan);
    for (unsigned workers = 1; workers <= 3; workers++) {
        unsigned watched = 0;
        for (unsigned i = 0; i < workers; i++) {
            struct worker *w = &work.workers[i];
            CHECK(worker_build(w, &m.plan, i, workers, 1, 1, NULL, NULL) == 0 && evidence_init(w, below, NULL, 0) == 0);
            for (uint32_t n = 0; n < w->count; n++)
                watched += evidence_watches(w, n);
            worker_build_free(w);
        }
        CU_ASSERT_EQUAL(watched, SAMPLE_DEVICES);
    }
    made_free(&m);
    peer_free(&peer);
}

HARNESS_MAIN("evidence", HARNESS_CASE(a_clean_run_leaves_none),
             HARNESS_CASE(a_refusal_goes_out_with_what_came_before_it),
             HARNESS_CASE(of_a_device_that_nobody_watches_goes_the_offending_packet_alone),
             HARNESS_CASE(a_storm_of_refusals_sends_out_some_and_counts_the_rest),
             HARNESS_CASE(a_storm_of_failures_sends_out_some_rings_and_counts_the_rest),
             HARNESS_CASE(a_timeout_comes_after_the_last_packet), HARNESS_CASE(what_had_come_of_a_packet_goes_out_too),
             HARNESS_CASE(everything_of_a_device_that_was_asked_for_goes_out_in_order),
             HARNESS_CASE(a_ring_keeps_the_last_packets_and_the_first_of_the_connection),
             HARNESS_CASE(a_delayed_packet_tells_how_long_its_link_kept_it), HARNESS_CASE(secrets_are_overwritten),
             HARNESS_CASE(the_sample_is_dealt_over_any_number_of_workers))
