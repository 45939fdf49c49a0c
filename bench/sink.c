/* The far end with the least possible code: accepts MQTT connections, acknowledges what asks for an acknowledgement, and
 * keeps nothing. One thread. Prints its port first, and what it counted as one JSON object when SIGTERM or SIGINT ends it.
 * It serves benches on the loopback and trusts its clients. */
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

enum { EVENTS = 1024, INPUT_MAX = 65536, OUTPUT_MAX = INPUT_MAX * 4 };

struct client {
    uint8_t *rest; /* the start of a packet whose end has not come; NULL if none */
    uint32_t rest_bytes;
    uint8_t version; /* protocol level of CONNECT: 4 or 5 */
};

struct sink {
    int epoll, listener, signals;
    struct client *clients; /* by descriptor */
    size_t descriptors;
    uint64_t accepted, publishes;
    uint8_t input[INPUT_MAX], output[OUTPUT_MAX];
    size_t output_bytes;
};

struct packet {
    uint8_t first;
    const uint8_t *body;
    size_t body_bytes, whole_bytes;
};

static void answer(struct sink *s, const uint8_t *data, size_t size) {
    memcpy(s->output + s->output_bytes, data, size); /* no packet is answered by more than four times its length */
    s->output_bytes += size;
}

/* 1: a packet; 0: more bytes are needed; -1: too long or malformed. */
static int next_packet(const uint8_t *at, size_t size, struct packet *p) {
    size_t length = 0, i = 1;
    for (unsigned shift = 0;; shift += 7, i++) {
        if (i >= size)
            return 0;
        if (shift > 21)
            return -1;
        length |= (size_t)(at[i] & 127) << shift;
        if (at[i] < 128)
            break;
    }
    i++;
    if (i + length > INPUT_MAX)
        return -1;
    *p = (struct packet){at[0], at + i, length, i + length};
    return size >= i + length;
}

static void answer_publish(struct sink *s, const struct packet *p) {
    unsigned qos = p->first >> 1 & 3;
    s->publishes++;
    if (qos == 0 || p->body_bytes < 2)
        return;
    size_t id_at = 2 + ((size_t)p->body[0] << 8 | p->body[1]);
    if (id_at + 2 > p->body_bytes)
        return;
    uint8_t type = qos == 1 ? MQTT_PUBACK << 4 : MQTT_PUBREC << 4;
    answer(s, (uint8_t[]){type, 2, p->body[id_at], p->body[id_at + 1]}, 4);
}

/* Skips the properties of an MQTT 5 packet whose length stands at `at`; those of benches fit one length byte. */
static size_t after_properties(const struct client *c, const struct packet *p, size_t at) {
    return c->version == 5 && at < p->body_bytes ? at + 1 + p->body[at] : at;
}

static void answer_subscribe(struct sink *s, const struct client *c, const struct packet *p, bool subscribe) {
    uint8_t codes[64];
    size_t count = 0, v5 = c->version == 5;
    for (size_t at = after_properties(c, p, 2); at + 2 < p->body_bytes && count < sizeof codes; count++) {
        at += 2 + ((size_t)p->body[at] << 8 | p->body[at + 1]);
        codes[count] = subscribe && at < p->body_bytes ? p->body[at] & 3 : 0;
        at += subscribe;
    }
    size_t listed = subscribe || v5 ? count : 0;
    uint8_t type = subscribe ? MQTT_SUBACK << 4 : MQTT_UNSUBACK << 4;
    answer(s, (uint8_t[]){type, (uint8_t)(2 + v5 + listed), p->body[0], p->body[1], 0}, 4 + v5);
    answer(s, codes, listed);
}

/* False: the client said goodbye. */
static bool answer_packet(struct sink *s, struct client *c, const struct packet *p) {
    switch (p->first >> 4) {
    case MQTT_CONNECT:
        c->version = p->body_bytes > 6 ? p->body[6] : 4;
        answer(s,
               c->version == 5 ? (uint8_t[]){MQTT_CONNACK << 4, 3, 0, 0, 0} : (uint8_t[]){MQTT_CONNACK << 4, 2, 0, 0},
               c->version == 5 ? 5 : 4);
        return true;
    case MQTT_PUBLISH:
        answer_publish(s, p);
        return true;
    case MQTT_PUBREL:
        if (p->body_bytes >= 2)
            answer(s, (uint8_t[]){MQTT_PUBCOMP << 4, 2, p->body[0], p->body[1]}, 4);
        return true;
    case MQTT_SUBSCRIBE:
    case MQTT_UNSUBSCRIBE:
        if (p->body_bytes >= 2)
            answer_subscribe(s, c, p, p->first >> 4 == MQTT_SUBSCRIBE);
        return true;
    case MQTT_PINGREQ:
        answer(s, (uint8_t[]){MQTT_PINGRESP << 4, 0}, 2);
        return true;
    default:
        return p->first >> 4 != MQTT_DISCONNECT;
    }
}

static void drop(struct sink *s, int fd) {
    free(s->clients[fd].rest);
    s->clients[fd] = (struct client){0};
    close(fd);
}

static bool keep_rest(struct client *c, const uint8_t *data, size_t size) {
    uint8_t *rest = size > 0 ? realloc(c->rest, size) : NULL;
    if (size == 0)
        free(c->rest);
    else if (rest == NULL)
        return false;
    else
        memmove(rest, data, size);
    c->rest = rest;
    c->rest_bytes = (uint32_t)size;
    return true;
}

static void serve(struct sink *s, int fd) {
    struct client *c = &s->clients[fd];
    size_t have = c->rest_bytes, at = 0;
    if (have > 0)
        memcpy(s->input, c->rest, have);
    ssize_t n = recv(fd, s->input + have, sizeof s->input - have, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    bool stays = n > 0;
    have += n > 0 ? (size_t)n : 0;
    s->output_bytes = 0;
    struct packet p;
    int found = 0;
    while (stays && (found = next_packet(s->input + at, have - at, &p)) > 0) {
        stays = answer_packet(s, c, &p);
        at += p.whole_bytes;
    }
    if (stays && s->output_bytes > 0)
        stays = send(fd, s->output, s->output_bytes, MSG_NOSIGNAL) == (ssize_t)s->output_bytes;
    if (stays && (at < have || c->rest != NULL))
        stays = keep_rest(c, s->input + at, have - at);
    if (!stays || found < 0)
        drop(s, fd);
}

static void accept_all(struct sink *s) {
    for (;;) {
        int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK), on = 1;
        if (fd < 0)
            return;
        if ((size_t)fd >= s->descriptors) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
        if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
            bench_fail("epoll_ctl");
        s->accepted++;
    }
}

static void run(struct sink *s) {
    struct epoll_event events[EVENTS];
    for (;;) {
        int n = epoll_wait(s->epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == s->signals)
                return;
            if (fd == s->listener)
                accept_all(s);
            else
                serve(s, fd);
        }
    }
}

/* Listens; returns the port. */
static int open_listener(struct sink *s, const char *host, long port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof address;
    int on = 1;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
        bind(s->listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(s->listener, 65535) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&address, &size) != 0)
        bench_fail("listen");
    return ntohs(address.sin_port);
}

static void open_loop(struct sink *s) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    s->signals = signalfd(-1, &ends, 0);
    s->epoll = epoll_create1(0);
    if (s->signals < 0 || s->epoll < 0)
        bench_fail("epoll");
    const int first[] = {s->signals, s->listener};
    for (int i = 0; i < 2; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.fd = first[i]};
        if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, first[i], &e) != 0)
            bench_fail("epoll_ctl");
    }
}

int main(int argc, char **argv) {
    static const struct option names[] = {
        {"host", required_argument, NULL, 'h'}, {"port", required_argument, NULL, 'p'}, {NULL, 0, NULL, 0}};
    static struct sink s; /* too large for a stack */
    const char *host = "127.0.0.1";
    long port = 0;
    for (int c, i = 0; (c = getopt_long(argc, argv, "", names, &i)) != -1;) {
        if (c == 'h') {
            host = optarg;
        } else if (c == 'p') {
            port = bench_number("port", optarg, 0, 65535);
        } else {
            fputs("usage: sink [--host 127.0.0.1] [--port 0]\n", stderr);
            return 2;
        }
    }
    s.descriptors = bench_descriptors();
    s.clients = calloc(s.descriptors, sizeof *s.clients);
    if (s.clients == NULL)
        bench_fail("start");
    printf("port %d\n", open_listener(&s, host, port));
    fflush(stdout);
    open_loop(&s);
    run(&s);
    struct bench_cpu cpu = bench_cpu();
    printf("{\"accepted\": %llu, \"publishes\": %llu, \"cpu_s\": %.3f}\n", (unsigned long long)s.accepted,
           (unsigned long long)s.publishes, cpu.user_s + cpu.system_s);
    return 0;
}
