#include "fleet/secure.h"

#include <string.h>

#include "base/err.h"
#include "harness.h"
#include "made.h"

static struct made m;
static struct made_work work;
static const char *names[PEER_PORTS_MAX] = {"127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1"};
static char why[256];

/* Five devices that connect once, by TLS. */
static void secured(struct target_tls *tls, const struct peer *peer) {
    made_plan(&m, 5, peer);
    m.group.telemetry_count = 0;
    m.profile.reconnect.policy = RECONNECT_NEVER;
    tls->names = names;
    m.target.tls = tls;
    m.target.transport = TRANSPORT_TLS;
}

static void run(struct secure *s) {
    m.secure = s;
    made_work(&m, 1, &work);
    made_books_balance(&m, &work);
}

static void done(struct peer *peer, struct secure *s) {
    made_work_free(&work);
    secure_close(s);
    made_free(&m);
    peer_free(peer);
}

static void nothing_is_made_for_plain_targets(void) {
    struct secure *s = (struct secure *)(void *)&m;
    made_plan(&m, 1, NULL);
    CU_ASSERT_EQUAL(secure_open(&m.plan, &s, why, sizeof why), 0);
    CU_ASSERT_PTR_NULL(s);
    secure_close(s);
    made_free(&m);
}

static void a_file_that_is_missing_is_told(void) {
    struct target_tls tls = {.ca = "/nowhere/ca.pem"};
    struct secure *s = NULL;
    secured(&tls, NULL);
    CU_ASSERT_EQUAL(secure_open(&m.plan, &s, why, sizeof why), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "/nowhere/ca.pem"));
    CU_ASSERT_PTR_NULL(s);
    made_free(&m);
}

static void a_backend_that_says_nothing_times_out_in_the_handshake(void) {
    const struct peer_script script = {.mute = true};
    struct peer peer = peer_start(&script);
    struct target_tls tls = {.insecure = true};
    struct secure *s = NULL;
    secured(&tls, &peer);
    m.profile.timeouts.handshake = 100 * SPAN_MS;
    CU_ASSERT_EQUAL_FATAL(secure_open(&m.plan, &s, why, sizeof why), 0);
    run(s);
    CU_ASSERT_EQUAL(made_outcome(work.result, OP_TLS_HANDSHAKE, OP_TIMEOUT), 5);
    CU_ASSERT_EQUAL(made_outcome(work.result, OP_MQTT_CONNECT, OP_TIMEOUT), 5);
    CU_ASSERT_EQUAL(made_reasons(work.result, CLOSE_HANDSHAKE_TIMEOUT), 5);
    CU_ASSERT_EQUAL(made_tally(work.result, TALLY_CONNECTIONS), 0);
    CU_ASSERT(made_tally(work.result, TALLY_TLS_BYTES_UP) > 5 * 100); /* a ClientHello each */
    done(&peer, s);
}

static void a_handshake_under_way_when_the_run_closes_stays_open(void) {
    const struct peer_script script = {.mute = true};
    struct peer peer = peer_start(&script);
    struct target_tls tls = {.insecure = true};
    struct secure *s = NULL;
    secured(&tls, &peer);
    m.profile.timeouts.handshake = 60 * SPAN_S;
    CU_ASSERT_EQUAL_FATAL(secure_open(&m.plan, &s, why, sizeof why), 0);
    run(s);
    CU_ASSERT_EQUAL(made_outcome(work.result, OP_TLS_HANDSHAKE, OP_OPEN), 5);
    CU_ASSERT_EQUAL(made_outcome(work.result, OP_MQTT_CONNECT, OP_OPEN), 5);
    done(&peer, s);
}

HARNESS_MAIN("fleet/secure", HARNESS_CASE(nothing_is_made_for_plain_targets),
             HARNESS_CASE(a_file_that_is_missing_is_told),
             HARNESS_CASE(a_backend_that_says_nothing_times_out_in_the_handshake),
             HARNESS_CASE(a_handshake_under_way_when_the_run_closes_stays_open))
