/* Backends that want to hurt: what they may cost one connection, and its neighbours. */
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

static uint64_t ok(enum op_kind op) {
    return made_outcome(work.result, op, OP_OK);
}

static void a_packet_that_never_ends_costs_its_connection_only_what_has_come(void) {
    const struct peer_script script = {.unfinished = (1 << 20) - 10};
    struct peer peer = peer_start(&script);
    made_plan(&m, 10, &peer);
    m.group.telemetry_count = 0;
    go(&peer); /* frees what there is of it */
    CU_ASSERT_EQUAL(ok(OP_MQTT_CONNECT), 10);
    CU_ASSERT_EQUAL(atomic_load(&peer.seen->connects), 10);
    CU_ASSERT_EQUAL(made_tally(work.result, TALLY_BYTES_DOWN), 10 * (4 + 100000));
    CU_ASSERT(pool_reserved(work.workers[0].pool) < 10 * 500000);
    done(&peer);
}

static void a_packet_larger_than_a_client_takes_ends_the_connection_at_its_head(void) {
    const struct peer_script script = {.unfinished = (1 << 20) + 1};
    struct peer peer = peer_start(&script);
    made_plan(&m, 10, &peer);
    go(&peer);
    CU_ASSERT(made_reasons(work.result, CLOSE_LOCAL) >= 10);
    CU_ASSERT(made_tally(work.result, TALLY_RECONNECTS) >= 10);
    done(&peer);
}

static void a_flood_to_some_delays_nobody(void) {
    const struct peer_script script = {.floods = true};
    struct peer peer = peer_start(&script);
    made_plan(&m, 10, &peer);
    m.plan.settle = 20 * SPAN_S; /* over as soon as all is answered; sanitizers take their time with a flood */
    go(&peer);
    CU_ASSERT_EQUAL(ok(OP_MQTT_PUBLISH), made_intended(&m));
    CU_ASSERT(made_tally(work.result, TALLY_LATE_ANSWERS) > 10000);
    CU_ASSERT(made_longest(work.result, OP_MQTT_PUBLISH, CLOCK_LAG) < 3 * SPAN_S); /* not for ever */
    done(&peer);
}

HARNESS_MAIN("hostile", HARNESS_CASE(a_packet_that_never_ends_costs_its_connection_only_what_has_come),
             HARNESS_CASE(a_packet_larger_than_a_client_takes_ends_the_connection_at_its_head),
             HARNESS_CASE(a_flood_to_some_delays_nobody))
