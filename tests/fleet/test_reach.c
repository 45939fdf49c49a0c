#include "fleet/reach.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "harness.h"
#include "loop/loop.h"

static char why[256];
static volatile const int *signals; /* NULL: nobody counts them */

static struct address loopback(uint16_t port) {
    struct address a;
    CU_ASSERT_EQUAL_FATAL(address_parse("127.0.0.1", port, &a), 0);
    return a;
}

/* A port that somebody (or, when `closed`, nobody) listens on. */
static struct address listening(int *listener, bool closed) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(*listener, (struct sockaddr *)&address, size);
    if (!closed)
        listen(*listener, 8);
    getsockname(*listener, (struct sockaddr *)&address, &size);
    return loopback(ntohs(address.sin_port));
}

static int reach(struct address *nodes, unsigned count, span wait) {
    struct target target = {.name = "t", .url = "mqtt://127.0.0.1", .nodes = nodes, .node_count = count};
    struct plan plan = {.targets = &target, .target_count = 1};
    CU_ASSERT_EQUAL_FATAL(guard_limits_allow(&plan.safety, &nodes[0], 32), 0);
    int error = reach_targets(&plan, wait, signals, why, sizeof why);
    guard_limits_free(&plan.safety);
    return error;
}

static void a_listening_node_is_enough(void) {
    int up, down;
    struct address nodes[2] = {listening(&down, true), listening(&up, false)};
    CU_ASSERT_EQUAL(reach(nodes, 2, 0), 0);
    close(up);
    close(down);
}

static void nobody_there_is_told_with_the_address(void) {
    int down;
    struct address node = listening(&down, true);
    char text[64];
    CU_ASSERT_EQUAL(reach(&node, 1, 0), ERR_UNREACHABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, address_format(&node, text, sizeof text)));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "refused"));
    close(down);
}

static void waiting_repeats_the_attempt(void) {
    int down;
    struct address node = listening(&down, true);
    if (fork() == 0) {
        usleep(400000);
        listen(down, 8);
        usleep(3000000);
        _exit(0);
    }
    CU_ASSERT_EQUAL(reach(&node, 1, 0), ERR_UNREACHABLE);
    CU_ASSERT_EQUAL(reach(&node, 1, 10 * SPAN_S), 0);
    close(down);
}

static void localhost_keeps_the_family_that_answers(void) {
    int up, down;
    struct address nodes[2] = {listening(&down, true), listening(&up, false)};
    nodes[0] = (struct address){
        .v6 = {.sin6_family = AF_INET6, .sin6_port = nodes[0].v4.sin_port, .sin6_addr = IN6ADDR_LOOPBACK_INIT}};
    struct target target = {.name = "t", .url = "mqtt://localhost", .nodes = nodes, .node_count = 2};
    struct target named = target;
    named.url = "mqtt://cluster.example";
    reach_choose_family(&named);
    CU_ASSERT_EQUAL(named.node_count, 2);
    reach_choose_family(&target);
    CU_ASSERT_EQUAL(target.node_count, 1);
    CU_ASSERT_EQUAL(target.nodes[0].any.sa_family, AF_INET);
    close(up);
    close(down);
}

static void a_name_is_asked_for_until_the_wait_is_over(void) {
    CU_ASSERT_TRUE(reach_name("mqtt://localhost:1883", 0, NULL));
    CU_ASSERT_FALSE(reach_name("no url", 3600 * SPAN_S, NULL));
    int64_t begin = loop_clock_monotonic();
    CU_ASSERT_FALSE(reach_name("mqtt://nobody.invalid:1883", 600 * SPAN_MS, NULL));
    CU_ASSERT(loop_clock_monotonic() - begin >= 600 * SPAN_MS);
    int seen = 1;
    CU_ASSERT_FALSE(reach_name("mqtt://nobody.invalid:1883", 3600 * SPAN_S, &seen));
}

static void a_signal_ends_the_waiting(void) {
    int down, seen = 1;
    struct address node = listening(&down, true);
    signals = &seen;
    CU_ASSERT_EQUAL(reach(&node, 1, 3600 * SPAN_S), ERR_CLOSED);
    signals = NULL;
    close(down);
}

HARNESS_MAIN("reach", HARNESS_CASE(a_listening_node_is_enough), HARNESS_CASE(nobody_there_is_told_with_the_address),
             HARNESS_CASE(waiting_repeats_the_attempt), HARNESS_CASE(a_name_is_asked_for_until_the_wait_is_over),
             HARNESS_CASE(a_signal_ends_the_waiting), HARNESS_CASE(localhost_keeps_the_family_that_answers))
