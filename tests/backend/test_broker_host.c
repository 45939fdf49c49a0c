#include "backend/broker_host.h"

#include <string.h>

#include "harness.h"
#include "loop/loop_virtual.h"
#include "transport/memory_net.h"

/* The broker on a simulated clock, and clients that are bytes. What sockets add stands in test_broker_server.c. */
static struct {
    struct loop_world *world;
    struct memory_net *net;
    struct broker_host *host;
    struct loop *loop;
    struct address at;
} all;

static const uint8_t connect_alive_60[] = {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 1, 'a'};
static const uint8_t connack[] = {0x20, 2, 0, 0};

static void run_for(span length) {
    loop_world_run(all.world, instant_add(loop_world_now(all.world), length));
}

static void begin(span service) {
    struct broker_options o;
    struct address bound;
    memset(&all, 0, sizeof all);
    broker_options_default(&o);
    o.service = (struct dist){.kind = DIST_CONSTANT, .a = (double)service};
    CU_ASSERT_EQUAL_FATAL(loop_world_new(&all.world), 0);
    CU_ASSERT_EQUAL_FATAL(memory_net_new(all.world, 1 << 24, &all.net), 0);
    CU_ASSERT_EQUAL_FATAL(broker_host_new(&o, &all.host), 0);
    const struct loop_handlers handlers = broker_host_handlers(all.host);
    CU_ASSERT_EQUAL_FATAL(loop_virtual_new(all.world, &handlers, BROKER_HOST_TOKENS, &all.loop), 0);
    CU_ASSERT_EQUAL_FATAL(address_parse("192.0.2.1", 1883, &all.at), 0);
    CU_ASSERT_EQUAL_FATAL(broker_host_listen(all.host, all.loop, TRANSPORT_MEMORY, all.net, &all.at, &bound), 0);
    CU_ASSERT(address_equal(&bound, &all.at));
}

static void end(void) {
    broker_host_free(all.host);
    loop_close(all.loop);
    memory_net_free(all.net);
    loop_world_free(all.world);
}

static int client(void) {
    int fd = memory_net_connect(all.net, &all.at, NULL);
    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

static void send_all(int fd, const uint8_t *data, size_t size) {
    CU_ASSERT_EQUAL(memory_net_send(all.net, fd, data, size), (int)size);
}

static bool got(int fd, const uint8_t *expected, size_t size) {
    uint8_t buffer[64];
    int n = memory_net_recv(all.net, fd, buffer, sizeof buffer);
    return n == (int)size && memcmp(buffer, expected, size) == 0;
}

static void a_client_is_accepted_and_answered_at_the_same_instant(void) {
    begin(0);
    int fd = client();
    send_all(fd, connect_alive_60, sizeof connect_alive_60);
    run_for(0);
    CU_ASSERT_EQUAL(loop_world_now(all.world), 0);
    CU_ASSERT(got(fd, connack, sizeof connack));
    CU_ASSERT_EQUAL(broker_counts_of(broker_host_broker(all.host))->accepted, 1);
    memory_net_close(all.net, fd, false);
    end();
}

static void a_slow_broker_answers_later_on_the_simulated_clock(void) {
    begin(20 * SPAN_MS);
    int fd = client();
    send_all(fd, connect_alive_60, sizeof connect_alive_60);
    run_for(19 * SPAN_MS);
    CU_ASSERT(!got(fd, connack, sizeof connack));
    run_for(2 * SPAN_MS);
    CU_ASSERT(got(fd, connack, sizeof connack));
    memory_net_close(all.net, fd, false);
    end();
}

static void whoever_is_silent_for_one_and_a_half_keep_alives_is_closed(void) {
    uint8_t byte;
    begin(0);
    int fd = client();
    send_all(fd, connect_alive_60, sizeof connect_alive_60);
    run_for(0);
    CU_ASSERT(got(fd, connack, sizeof connack));
    run_for(89 * SPAN_S);
    CU_ASSERT(!memory_net_ended(all.net, fd));
    run_for(2 * SPAN_S);
    CU_ASSERT(memory_net_ended(all.net, fd));
    CU_ASSERT(memory_net_recv(all.net, fd, &byte, 1) < 0);
    memory_net_close(all.net, fd, false);
    end();
}

static void a_client_that_goes_leaves_nothing_behind(void) {
    begin(0);
    for (int i = 0; i < 50; i++) {
        int fd = client();
        send_all(fd, connect_alive_60, sizeof connect_alive_60);
        run_for(SPAN_S);
        memory_net_close(all.net, fd, i % 2 == 0);
        run_for(SPAN_S);
    }
    const struct broker_counts *counts = broker_counts_of(broker_host_broker(all.host));
    CU_ASSERT_EQUAL(counts->accepted, 50);
    CU_ASSERT_EQUAL(counts->connections, 0);
    end();
}

static void stopping_says_goodbye_and_stops_the_loop(void) {
    begin(0);
    int fd = client();
    send_all(fd, connect_alive_60, sizeof connect_alive_60);
    run_for(0);
    CU_ASSERT(got(fd, connack, sizeof connack));
    broker_host_stop(all.host);
    run_for(0);
    CU_ASSERT(memory_net_ended(all.net, fd));
    memory_net_close(all.net, fd, false);
    loop_world_run(all.world, 3600 * SPAN_S);
    CU_ASSERT(loop_world_now(all.world) < 3600 * SPAN_S); /* stopped before */
    end();
}

HARNESS_MAIN("backend/broker_host", HARNESS_CASE(a_client_is_accepted_and_answered_at_the_same_instant),
             HARNESS_CASE(a_slow_broker_answers_later_on_the_simulated_clock),
             HARNESS_CASE(whoever_is_silent_for_one_and_a_half_keep_alives_is_closed),
             HARNESS_CASE(a_client_that_goes_leaves_nothing_behind),
             HARNESS_CASE(stopping_says_goodbye_and_stops_the_loop))
