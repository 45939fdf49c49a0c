#include "transport/transport_memory.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "harness.h"
#include "transport/memory_net.h"

/* Both ends through the table, as the worker and the broker use them. */
static struct {
    struct loop_world *world;
    struct memory_net *net;
    struct connection listener, near, far;
    struct address at;
} all;

static const struct transport_ops *const ops = &transport_memory;

static struct connection fresh(void) {
    return (struct connection){.fd = -1, .kind = TRANSPORT_MEMORY, .state = all.net, .flags = CONNECTION_OPENING};
}

static void begin(void) {
    memset(&all, 0, sizeof all);
    CU_ASSERT_EQUAL_FATAL(loop_world_new(&all.world), 0);
    CU_ASSERT_EQUAL_FATAL(memory_net_new(all.world, 1 << 20, &all.net), 0);
    CU_ASSERT_EQUAL_FATAL(address_parse("192.0.2.1", 1883, &all.at), 0);
    all.listener = fresh();
    all.near = fresh();
    all.far = fresh();
    CU_ASSERT_EQUAL_FATAL(ops->listen(&all.listener, &all.at), 0);
}

static void end(void) {
    ops->close(&all.near, false);
    ops->close(&all.far, false);
    ops->close(&all.listener, false);
    memory_net_free(all.net);
    loop_world_free(all.world);
}

static void connect_both(const struct address *from) {
    CU_ASSERT_EQUAL_FATAL(ops->open(&all.near, &all.at, from), 0);
    CU_ASSERT_EQUAL_FATAL(ops->accept(&all.listener, &all.far), 0);
}

static void it_is_the_row_of_its_kind(void) {
    CU_ASSERT_PTR_EQUAL(transport_table[TRANSPORT_MEMORY], &transport_memory);
    CU_ASSERT(transport_memory.stream);
}

static void an_open_connection_carries_bytes_both_ways(void) {
    uint8_t buffer[16];
    begin();
    connect_both(NULL);
    CU_ASSERT_EQUAL(all.near.flags & CONNECTION_OPENING, 0);
    CU_ASSERT_EQUAL(ops->send(&all.near, (const uint8_t *)"ping", 4), 4);
    CU_ASSERT_EQUAL(ops->recv(&all.far, buffer, sizeof buffer), 4);
    CU_ASSERT_EQUAL(memcmp(buffer, "ping", 4), 0);
    CU_ASSERT_EQUAL(ops->send(&all.far, (const uint8_t *)"pong!", 5), 5);
    CU_ASSERT_EQUAL(ops->recv(&all.near, buffer, sizeof buffer), 5);
    CU_ASSERT_EQUAL(ops->recv(&all.near, buffer, sizeof buffer), ERR_AGAIN);
    end();
}

static void nobody_listens_elsewhere_and_two_do_not_listen_at_one_place(void) {
    struct address elsewhere;
    begin();
    CU_ASSERT_EQUAL_FATAL(address_parse("192.0.2.9", 1883, &elsewhere), 0);
    CU_ASSERT_EQUAL(ops->open(&all.near, &elsewhere, NULL), ERR_UNREACHABLE);
    struct connection second = fresh();
    CU_ASSERT_EQUAL(ops->listen(&second, &all.at), ERR_IO);
    CU_ASSERT_EQUAL(errno, EADDRINUSE);
    CU_ASSERT_EQUAL(ops->accept(&all.listener, &all.far), ERR_AGAIN);
    end();
}

static void both_ends_know_where_they_are(void) {
    struct address from, at;
    begin();
    CU_ASSERT_EQUAL_FATAL(address_parse("10.0.0.7", 0, &from), 0);
    connect_both(&from);
    CU_ASSERT_EQUAL(ops->where(&all.listener, &at), 0);
    CU_ASSERT(address_equal(&at, &all.at));
    CU_ASSERT_EQUAL(ops->where(&all.near, &at), 0);
    CU_ASSERT(address_equal(&at, &from));
    CU_ASSERT_EQUAL(ops->where(&all.far, &at), 0);
    CU_ASSERT(address_equal(&at, &all.at));
    end();
}

static void an_end_shows_though_nobody_has_read_what_came_before(void) {
    begin();
    connect_both(NULL);
    CU_ASSERT_EQUAL(ops->send(&all.far, (const uint8_t *)"x", 1), 1);
    CU_ASSERT(!ops->ended(&all.near));
    ops->finish(&all.far);
    CU_ASSERT(ops->ended(&all.near));
    CU_ASSERT(!ops->ended(&all.far));
    end();
}

static void a_reset_is_felt_as_one(void) {
    uint8_t buffer[4];
    begin();
    connect_both(NULL);
    CU_ASSERT_EQUAL(ops->send(&all.near, (const uint8_t *)"x", 1), 1);
    ops->close(&all.near, true);
    CU_ASSERT_EQUAL(all.near.fd, -1);
    CU_ASSERT_EQUAL(ops->recv(&all.far, buffer, sizeof buffer), ERR_UNREACHABLE);
    end();
}

static void silence_only_marks_the_connection(void) {
    begin();
    connect_both(NULL);
    CU_ASSERT_EQUAL(ops->silence(&all.near, true), 0);
    CU_ASSERT_NOT_EQUAL(all.near.flags & CONNECTION_SILENT, 0);
    CU_ASSERT_EQUAL(ops->silence(&all.near, false), 0);
    CU_ASSERT_EQUAL(all.near.flags & CONNECTION_SILENT, 0);
    end();
}

HARNESS_MAIN("transport/transport_memory", HARNESS_CASE(it_is_the_row_of_its_kind),
             HARNESS_CASE(an_open_connection_carries_bytes_both_ways),
             HARNESS_CASE(nobody_listens_elsewhere_and_two_do_not_listen_at_one_place),
             HARNESS_CASE(both_ends_know_where_they_are),
             HARNESS_CASE(an_end_shows_though_nobody_has_read_what_came_before), HARNESS_CASE(a_reset_is_felt_as_one),
             HARNESS_CASE(silence_only_marks_the_connection))
