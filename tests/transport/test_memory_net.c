#include "transport/memory_net.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "harness.h"

enum { IOS = 6 };

/* A net with one listener; what descriptors became ready for, in one line: "3r" for a descriptor that can be read. */
static struct {
    struct loop_world *world;
    struct loop *loop;
    struct memory_net *net;
    struct address at;
    int listener;
    struct loop_io io[IOS];
    char told[200];
} all;

static void on_io(void *context, struct loop_io *io, unsigned ready) {
    static const char *const names[] = {"", "r", "w", "rw"};
    (void)context;
    size_t at = strlen(all.told);
    snprintf(all.told + at, sizeof all.told - at, "%s%d%s", at == 0 ? "" : " ", (int)(io - all.io), names[ready]);
    loop_unwatch(all.loop, io);
}

static void no_timer(void *context, uint32_t token, instant deadline) {
    (void)context;
    (void)token;
    (void)deadline;
}

static struct address local(uint16_t port) {
    struct address a;
    CU_ASSERT_EQUAL_FATAL(address_parse("127.0.0.1", port, &a), 0);
    return a;
}

static void begin(size_t cap) {
    const struct loop_handlers handlers = {.io = on_io, .timer = no_timer};
    memset(&all, 0, sizeof all);
    all.at = local(1883);
    CU_ASSERT_EQUAL_FATAL(loop_world_new(&all.world), 0);
    CU_ASSERT_EQUAL_FATAL(loop_virtual_new(all.world, &handlers, 1, &all.loop), 0);
    CU_ASSERT_EQUAL_FATAL(memory_net_new(all.world, cap, &all.net), 0);
    all.listener = memory_net_listen(all.net, &all.at);
    CU_ASSERT_FATAL(all.listener >= 0);
}

static void end(void) {
    for (unsigned i = 0; i < IOS; i++)
        loop_unwatch(all.loop, &all.io[i]);
    memory_net_free(all.net);
    loop_close(all.loop);
    loop_world_free(all.world);
}

/* Which of these (−1: none) are ready now, and for what. */
static const char *ready(int a, int b) {
    all.told[0] = '\0';
    if (a >= 0)
        loop_watch(all.loop, &all.io[a], a, LOOP_READ | LOOP_WRITE);
    if (b >= 0)
        loop_watch(all.loop, &all.io[b], b, LOOP_READ | LOOP_WRITE);
    loop_world_run(all.world, loop_world_now(all.world));
    if (a >= 0)
        loop_unwatch(all.loop, &all.io[a]);
    if (b >= 0)
        loop_unwatch(all.loop, &all.io[b]);
    return all.told;
}

static void connect_two(int *near, int *far) {
    *near = memory_net_connect(all.net, &all.at, NULL);
    *far = memory_net_accept(all.net, all.listener);
    CU_ASSERT_FATAL(*near >= 0 && *far >= 0);
}

static int put(int fd, const char *text) {
    return memory_net_send(all.net, fd, (const uint8_t *)text, strlen(text));
}

/* What can be read at once; the number when there is none. */
static const char *got(int fd) {
    static char text[200];
    int n = memory_net_recv(all.net, fd, (uint8_t *)text, sizeof text - 1);
    if (n < 0)
        snprintf(text, sizeof text, "%s", err_name(n));
    else
        text[n] = '\0';
    return text;
}

static void nobody_is_reached_where_nobody_listens(void) {
    begin(1 << 20);
    struct address elsewhere = local(1884);
    CU_ASSERT_EQUAL(memory_net_connect(all.net, &elsewhere, NULL), ERR_UNREACHABLE);
    CU_ASSERT_EQUAL(memory_net_listen(all.net, &all.at), ERR_EXISTS);
    CU_ASSERT_EQUAL(memory_net_accept(all.net, all.listener), ERR_AGAIN);
    CU_ASSERT_STRING_EQUAL(ready(all.listener, -1), "");
    end();
}

static void whoever_connects_is_up_at_once_and_accepted_in_turn(void) {
    begin(1 << 20);
    int a = memory_net_connect(all.net, &all.at, NULL), b = memory_net_connect(all.net, &all.at, NULL);
    CU_ASSERT_EQUAL(put(a, "from a"), 6);
    CU_ASSERT_EQUAL(put(b, "from b"), 6);
    CU_ASSERT_STRING_EQUAL(ready(all.listener, -1), "0r");
    int far_a = memory_net_accept(all.net, all.listener), far_b = memory_net_accept(all.net, all.listener);
    CU_ASSERT_STRING_EQUAL(ready(all.listener, -1), "");
    CU_ASSERT_STRING_EQUAL(got(far_a), "from a");
    CU_ASSERT_STRING_EQUAL(got(far_b), "from b");
    CU_ASSERT_STRING_EQUAL(got(far_b), err_name(ERR_AGAIN));
    end();
}

static void bytes_go_both_ways_in_order_and_readiness_follows(void) {
    int near, far;
    begin(1 << 20);
    connect_two(&near, &far);
    CU_ASSERT_STRING_EQUAL(ready(near, far), "1w 2w");
    CU_ASSERT_EQUAL(put(far, "one "), 4);
    CU_ASSERT_EQUAL(put(far, "two"), 3);
    CU_ASSERT_STRING_EQUAL(ready(near, far), "1rw 2w");
    CU_ASSERT_STRING_EQUAL(got(near), "one two");
    CU_ASSERT_STRING_EQUAL(ready(near, far), "1w 2w");
    CU_ASSERT_EQUAL(put(near, "three"), 5);
    CU_ASSERT_STRING_EQUAL(got(far), "three");
    end();
}

static void a_full_window_takes_no_more_until_somebody_reads(void) {
    static uint8_t block[MEMORY_NET_WINDOW], back[MEMORY_NET_WINDOW];
    int near, far;
    begin(1 << 20);
    connect_two(&near, &far);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (uint8_t)(i * 7);
    CU_ASSERT_EQUAL(memory_net_send(all.net, near, block, 1000), 1000);
    CU_ASSERT_EQUAL(memory_net_send(all.net, near, block + 1000, sizeof block), (int)sizeof block - 1000);
    CU_ASSERT_EQUAL(put(near, "x"), ERR_AGAIN);
    CU_ASSERT_STRING_EQUAL(ready(near, far), "2rw");
    CU_ASSERT_EQUAL(memory_net_recv(all.net, far, back, 10), 10);
    CU_ASSERT_STRING_EQUAL(ready(near, -1), "1w");
    CU_ASSERT_EQUAL(memory_net_send(all.net, near, block, 100), 10);
    CU_ASSERT_EQUAL(memory_net_recv(all.net, far, back + 10, sizeof back - 10), (int)sizeof back - 10);
    CU_ASSERT_EQUAL(memcmp(block, back, sizeof block), 0);
    CU_ASSERT_EQUAL(memory_net_recv(all.net, far, back, sizeof back), 10);
    end();
}

static void an_end_that_closed_is_read_to_its_last_byte(void) {
    int near, far;
    begin(1 << 20);
    connect_two(&near, &far);
    CU_ASSERT_EQUAL(put(near, "goodbye"), 7);
    memory_net_close(all.net, near, false);
    CU_ASSERT_STRING_EQUAL(ready(far, -1), "2rw");
    CU_ASSERT_STRING_EQUAL(got(far), "goodbye");
    CU_ASSERT_STRING_EQUAL(got(far), err_name(ERR_CLOSED));
    CU_ASSERT_EQUAL(put(far, "x"), ERR_UNREACHABLE);
    memory_net_close(all.net, far, false);
    end();
}

static void an_end_that_finished_still_reads(void) {
    int near, far;
    begin(1 << 20);
    connect_two(&near, &far);
    memory_net_finish(all.net, near);
    CU_ASSERT_STRING_EQUAL(got(far), err_name(ERR_CLOSED));
    CU_ASSERT_EQUAL(put(far, "last words"), 10);
    memory_net_close(all.net, far, false);
    CU_ASSERT_STRING_EQUAL(got(near), "last words");
    CU_ASSERT_STRING_EQUAL(got(near), err_name(ERR_CLOSED));
    end();
}

static void a_reset_leaves_nothing_to_read(void) {
    int near, far;
    begin(1 << 20);
    connect_two(&near, &far);
    CU_ASSERT_EQUAL(put(far, "lost"), 4);
    memory_net_close(all.net, far, true);
    CU_ASSERT_STRING_EQUAL(ready(near, -1), "1rw");
    CU_ASSERT_STRING_EQUAL(got(near), err_name(ERR_UNREACHABLE));
    CU_ASSERT_EQUAL(put(near, "x"), ERR_UNREACHABLE);
    end();
}

static void a_listener_that_closes_resets_who_waits(void) {
    begin(1 << 20);
    int near = memory_net_connect(all.net, &all.at, NULL);
    memory_net_close(all.net, all.listener, false);
    CU_ASSERT_STRING_EQUAL(got(near), err_name(ERR_UNREACHABLE));
    CU_ASSERT_EQUAL(memory_net_connect(all.net, &all.at, NULL), ERR_UNREACHABLE);
    end();
}

static void whoever_left_before_being_accepted_can_still_be_read(void) {
    begin(1 << 20);
    int near = memory_net_connect(all.net, &all.at, NULL);
    CU_ASSERT_EQUAL(put(near, "hello"), 5);
    memory_net_close(all.net, near, false);
    int far = memory_net_accept(all.net, all.listener);
    CU_ASSERT_STRING_EQUAL(got(far), "hello");
    CU_ASSERT_STRING_EQUAL(got(far), err_name(ERR_CLOSED));
    end();
}

static void memory_is_capped(void) {
    static uint8_t block[MEMORY_NET_WINDOW];
    int near, far, error = 0;
    begin(1 << 20);
    for (int i = 0; i < 1000 && error >= 0; i++) {
        connect_two(&near, &far);
        error = memory_net_send(all.net, near, block, sizeof block);
    }
    CU_ASSERT_EQUAL(error, ERR_NO_MEMORY);
    end();
}

HARNESS_MAIN("transport/memory_net", HARNESS_CASE(nobody_is_reached_where_nobody_listens),
             HARNESS_CASE(whoever_connects_is_up_at_once_and_accepted_in_turn),
             HARNESS_CASE(bytes_go_both_ways_in_order_and_readiness_follows),
             HARNESS_CASE(a_full_window_takes_no_more_until_somebody_reads),
             HARNESS_CASE(an_end_that_closed_is_read_to_its_last_byte), HARNESS_CASE(an_end_that_finished_still_reads),
             HARNESS_CASE(a_reset_leaves_nothing_to_read), HARNESS_CASE(a_listener_that_closes_resets_who_waits),
             HARNESS_CASE(whoever_left_before_being_accepted_can_still_be_read), HARNESS_CASE(memory_is_capped))
