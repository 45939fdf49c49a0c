#include "fleet/ghosts.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/pool.h"
#include "harness.h"
#include "metrics/recorder.h"

static instant edges[1] = {INT64_MIN};
static const struct segments segments = {edges, 1};

/* A connected pair on loopback: the ghost's end in a connection, the backend's end in *peer. */
static struct connection *connected(struct pool *pool, int *peer) {
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    bind(listener, (struct sockaddr *)&address, size);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *)&address, &size);
    struct connection *c = pool_take(pool, sizeof *c);
    *c = (struct connection){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    CU_ASSERT_EQUAL_FATAL(connect(c->fd, (struct sockaddr *)&address, size), 0);
    *peer = accept(listener, NULL, NULL);
    close(listener);
    return c;
}

static bool peer_is_open(int peer) {
    char byte;
    return recv(peer, &byte, 1, MSG_DONTWAIT) < 0;
}

static void a_ghost_stays_until_its_time_is_over(void) {
    struct pool *pool = pool_new(1 << 20);
    struct ghosts g = {0};
    int peer;
    CU_ASSERT_TRUE(ghosts_add(&g, connected(pool, &peer), 10 * SPAN_S, 0));
    ghosts_sweep(&g, pool, 9 * SPAN_S);
    CU_ASSERT_EQUAL(g.count, 1);
    CU_ASSERT_TRUE(peer_is_open(peer));
    ghosts_sweep(&g, pool, 10 * SPAN_S);
    CU_ASSERT_EQUAL(g.count, 0);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    close(peer);
    ghosts_free(&g, pool);
    pool_free(pool);
}

static void a_ghost_goes_when_the_backend_has_closed(void) {
    struct pool *pool = pool_new(1 << 20);
    struct ghosts g = {0};
    int peer;
    CU_ASSERT_TRUE(ghosts_add(&g, connected(pool, &peer), INSTANT_NEVER, 0));
    close(peer);
    usleep(20000);
    ghosts_sweep(&g, pool, 0);
    CU_ASSERT_EQUAL(g.count, 0);
    ghosts_free(&g, pool);
    pool_free(pool);
}

static void the_oldest_are_reset_when_descriptors_run_short(void) {
    struct pool *pool = pool_new(1 << 20);
    struct recorder *recorder = recorder_new(1, &segments);
    struct ghosts g = {0};
    enum { GHOSTS = 100 };
    int peers[GHOSTS];
    for (int i = 0; i < GHOSTS; i++)
        CU_ASSERT_TRUE(ghosts_add(&g, connected(pool, &peers[i]), INSTANT_NEVER, 0));
    CU_ASSERT_EQUAL(ghosts_reset_oldest(&g, pool, recorder, 16, 0), 16);
    CU_ASSERT_EQUAL(g.count, GHOSTS - 16);
    CU_ASSERT_TRUE(peer_is_open(peers[16]));
    char byte;
    CU_ASSERT(recv(peers[0], &byte, 1, 0) < 0); /* reset */
    for (int i = 0; i < GHOSTS; i++)
        close(peers[i]);
    ghosts_free(&g, pool);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    recorder_free(recorder);
    pool_free(pool);
}

HARNESS_MAIN("ghosts", HARNESS_CASE(a_ghost_stays_until_its_time_is_over),
             HARNESS_CASE(a_ghost_goes_when_the_backend_has_closed),
             HARNESS_CASE(the_oldest_are_reset_when_descriptors_run_short))
