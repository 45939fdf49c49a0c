#include "backend/broker_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

enum { PATIENCE_MS = 20000, REPORT_MAX = 8192 };

struct server {
    pid_t pid;
    int report_fd;
    struct address address;
};

static int read_some(int fd, void *data, size_t size) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, PATIENCE_MS) <= 0)
        return -1;
    return (int)read(fd, data, size);
}

/* In the child: serves until a signal, and ends without the test program's own clean-up. */
static void serve(const char *listen, const char *const *settings, int ready_fd, int report_fd) {
    struct broker_server_options o;
    char why[256] = "";
    broker_server_options_default(&o);
    CHECK(address_parse(listen, 0, &o.listen) == 0);
    for (size_t i = 0; settings != NULL && settings[i] != NULL; i++)
        CHECK(broker_server_set(&o, settings[i], why, sizeof why) == 0);
    o.ready_fd = ready_fd;
    o.report_fd = report_fd;
    o.quiet = true;
    _exit(broker_server_run(&o, why, sizeof why) == 0 ? 0 : 1);
}

static struct server start(const char *listen, const char *const *settings) {
    struct server s = {0};
    int ready[2], report[2];
    char port[16] = "";
    CU_ASSERT_EQUAL_FATAL(pipe(ready) | pipe(report), 0);
    fflush(stdout);
    s.pid = fork();
    if (s.pid == 0) {
        close(ready[0]);
        close(report[0]);
        serve(listen, settings, ready[1], report[1]);
    }
    close(ready[1]);
    close(report[1]);
    CU_ASSERT_TRUE_FATAL(read_some(ready[0], port, sizeof port - 1) > 1);
    CU_ASSERT_PTR_NOT_NULL(strchr(port, '\n'));
    close(ready[0]);
    s.report_fd = report[0];
    CU_ASSERT_EQUAL_FATAL(address_parse(listen, 0, &s.address), 0);
    s.address.v4.sin_port = htons((uint16_t)atoi(port)); /* the same place in sockaddr_in6 */
    return s;
}

static void stop(struct server *s, int signal_number, char *report) {
    int status = -1;
    size_t size = 0;
    CU_ASSERT_EQUAL(kill(s->pid, signal_number), 0);
    for (int n; size < REPORT_MAX - 1 && (n = read_some(s->report_fd, report + size, REPORT_MAX - 1 - size)) > 0;)
        size += (size_t)n;
    report[size] = '\0';
    close(s->report_fd);
    CU_ASSERT_EQUAL(waitpid(s->pid, &status, 0), s->pid);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int dial(const struct server *s) {
    int fd = socket(s->address.any.sa_family, SOCK_STREAM, 0);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(connect(fd, &s->address.any, address_size(&s->address)), 0);
    return fd;
}

static void say(int fd, const char *bytes, size_t size) {
    CU_ASSERT_EQUAL(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}
#define SAY(fd, literal) say(fd, literal, sizeof(literal) - 1)

static bool hears(int fd, const char *bytes, size_t size) {
    char got[256];
    size_t have = 0;
    while (have < size) {
        int n = read_some(fd, got + have, size - have);
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    return memcmp(got, bytes, size) == 0;
}
#define HEARS(fd, literal) CU_ASSERT_TRUE(hears(fd, literal, sizeof(literal) - 1))

/* 0 at the end of the stream, -1 for a reset or silence. */
static int end_of(int fd) {
    char rest[256];
    int n;
    while ((n = read_some(fd, rest, sizeof rest)) > 0)
        continue;
    close(fd);
    return n;
}

static const char connect4[] = "\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01"
                               "a";

static void connect_as(int fd, char id) {
    char packet[sizeof connect4];
    memcpy(packet, connect4, sizeof connect4);
    packet[sizeof connect4 - 2] = id;
    say(fd, packet, sizeof connect4 - 1);
    HEARS(fd, "\x20\x02\x00\x00");
}

static void it_serves_and_reports(void) {
    char report[REPORT_MAX];
    struct server s = start("127.0.0.1:0", (const char *const[]){"drop=2", NULL});
    int a = dial(&s), b = dial(&s);
    connect_as(a, 'a');
    connect_as(b, 'b');
    SAY(b, "\x82\x06\x00\x01\x00\x01x\x00");
    HEARS(b, "\x90\x03\x00\x01\x00");
    SAY(a, "\x32\x06\x00\x01x\x00\x01y\x32\x06\x00\x01x\x00\x02z\x32\x06\x00\x01x\x00\x03w");
    HEARS(a, "\x40\x02\x00\x01\x40\x02\x00\x02\x40\x02\x00\x03");
    HEARS(b, "\x30\x04\x00\x01xy\x30\x04\x00\x01xw");
    stop(&s, SIGTERM, report);
    CU_ASSERT_EQUAL(end_of(a), 0);
    CU_ASSERT_EQUAL(end_of(b), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(report, "\"accepted\":2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(report, "\"drop\":{\"value\":\"2\",\"count\":1}"));
    CU_ASSERT_EQUAL(report[strlen(report) - 1], '\n');
}

static void it_serves_ipv6_and_ends_on_sigint(void) {
    char report[REPORT_MAX];
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool has_ipv6 = probe >= 0 && bind(probe, (struct sockaddr *)&loopback, sizeof loopback) == 0;
    if (probe >= 0)
        close(probe);
    if (!has_ipv6) {
        printf("  no IPv6 loopback here: left out\n");
        return;
    }
    struct server s = start("[::1]:0", NULL);
    int a = dial(&s);
    connect_as(a, 'a');
    stop(&s, SIGINT, report);
    CU_ASSERT_EQUAL(end_of(a), 0);
}

static void the_last_packet_arrives_before_the_end(void) {
    char report[REPORT_MAX];
    struct server s = start("127.0.0.1:0", NULL);
    for (int i = 0; i < 20; i++) {
        int a = dial(&s);
        connect_as(a, 'a');
        /* A second CONNECT ends the connection while more is still coming: no reset may overtake that. */
        say(a, connect4, sizeof connect4 - 1);
        static const char more[65536];
        send(a, more, sizeof more, MSG_NOSIGNAL);
        CU_ASSERT_EQUAL(end_of(a), 0);
    }
    stop(&s, SIGTERM, report);
    CU_ASSERT_PTR_NOT_NULL(strstr(report, "\"violations\":20"));
}

static void a_truncated_packet_and_the_end_of_the_stream_is_an_end(void) {
    char report[REPORT_MAX];
    struct server s = start("127.0.0.1:0", NULL);
    int a = dial(&s);
    connect_as(a, 'a');
    SAY(a, "\x30\x7f\x00");
    shutdown(a, SHUT_WR); /* M5U-ROB-d */
    CU_ASSERT_EQUAL(end_of(a), 0);
    stop(&s, SIGTERM, report);
}

static void a_subscriber_that_does_not_read_loses_nothing_within_its_queue(void) {
    char report[REPORT_MAX];
    struct server s = start("127.0.0.1:0", (const char *const[]){"backlog=64KiB", NULL});
    int a = dial(&s), b = dial(&s);
    int small = 4096;
    setsockopt(b, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    connect_as(a, 'a');
    connect_as(b, 'b');
    SAY(b, "\x82\x06\x00\x01\x00\x01x\x00");
    HEARS(b, "\x90\x03\x00\x01\x00");
    enum { MESSAGES = 3000, SIZE = 1027 + 3 };
    static char publish[SIZE] = "\x30\x83\x08\x00\x01x";
    memset(publish + 6, 'p', sizeof publish - 6);
    for (int i = 0; i < MESSAGES; i++)
        say(a, publish, sizeof publish);
    SAY(a, "\xc0\x00");
    HEARS(a, "\xd0\x00"); /* everything was taken */
    static char got[1 << 16];
    size_t total = 0;
    for (int n; total < (size_t)MESSAGES * SIZE && (n = read_some(b, got, sizeof got)) > 0;)
        total += (size_t)n;
    CU_ASSERT_EQUAL(total, (size_t)MESSAGES * SIZE);
    close(a);
    close(b);
    stop(&s, SIGTERM, report);
    CU_ASSERT_PTR_NOT_NULL(strstr(report, "\"dropped_queue\":0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(report, "\"delivered_qos0\":3000"));
}

static void reset_after_is_a_reset_on_the_wire(void) {
    char report[REPORT_MAX];
    struct server s = start("127.0.0.1:0", (const char *const[]){"reset_after=1", NULL});
    int a = dial(&s);
    connect_as(a, 'a');
    SAY(a, "\x30\x03\x00\x01x");
    CU_ASSERT_EQUAL(end_of(a), -1);
    stop(&s, SIGTERM, report);
}

static void an_address_in_use_is_explained(void) {
    char report[REPORT_MAX], why[256] = "";
    struct server s = start("127.0.0.1:0", NULL);
    struct broker_server_options o;
    broker_server_options_default(&o);
    o.listen = s.address;
    CU_ASSERT_EQUAL(broker_server_run(&o, why, sizeof why), ERR_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "cannot listen on 127.0.0.1:"));
    stop(&s, SIGTERM, report);
}

HARNESS_MAIN("broker_server", HARNESS_CASE(it_serves_and_reports), HARNESS_CASE(it_serves_ipv6_and_ends_on_sigint),
             HARNESS_CASE(the_last_packet_arrives_before_the_end),
             HARNESS_CASE(a_truncated_packet_and_the_end_of_the_stream_is_an_end),
             HARNESS_CASE(a_subscriber_that_does_not_read_loses_nothing_within_its_queue),
             HARNESS_CASE(reset_after_is_a_reset_on_the_wire), HARNESS_CASE(an_address_in_use_is_explained))
