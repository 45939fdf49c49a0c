#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

enum { CONNECTIONS_MAX = 2048, IN_SIZE = 1 << 18, OUT_SIZE = 1 << 17, SPLIT_PAUSE_MS = 20, TICK_MS = 1 };

struct line {
    int fd;
    unsigned port, number, packets;
    bool answered, said_bye, blind;
    int64_t answer_at_ms, blind_since_ms, paused_until_ms;
    uint8_t *in, *out;
    size_t in_size, out_at, out_size, written;
    bool end_when_written;
};

struct state {
    const struct peer_script *script;
    struct peer_seen *seen;
    int listeners[PEER_PORTS_MAX];
    uint16_t ports[PEER_PORTS_MAX];
    unsigned port_unanswered[PEER_PORTS_MAX];
    struct line lines[CONNECTIONS_MAX];
    unsigned line_count, accepted;
    int64_t start_ms;
};

static int64_t clock_ms(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static unsigned port_count(const struct peer_script *s) {
    return s->ports == 0 ? 1 : s->ports;
}

/* `port` 0: any; it is filled. */
static int listen_on(const struct peer_script *s, uint16_t *port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, small = 4096;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    address.sin_port = htons(*port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (s->stops_reading_after > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    CHECK(bind(fd, (struct sockaddr *)&address, size) == 0);
    CHECK(listen(fd, s->deaf ? s->backlog : 1024) == 0);
    getsockname(fd, (struct sockaddr *)&address, &size);
    *port = ntohs(address.sin_port);
    return fd;
}

static void answered(struct state *p, struct line *l) {
    if (l->answered)
        return;
    l->answered = true;
    atomic_fetch_sub(&p->seen->unanswered, 1);
    p->port_unanswered[l->port]--;
}

static void end(struct state *p, struct line *l, bool reset) {
    answered(p, l);
    if (reset)
        setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(l->fd);
    free(l->in);
    free(l->out);
    *l = (struct line){.fd = -1};
    atomic_fetch_sub(&p->seen->open, 1);
}

static void put(struct line *l, const void *data, size_t size) {
    if (l->out == NULL)
        l->out = malloc(OUT_SIZE);
    CHECK(l->out != NULL && l->out_size + size <= OUT_SIZE);
    memcpy(l->out + l->out_size, data, size);
    l->out_size += size;
}

static void raise_max(atomic_uint *max, unsigned value) {
    if (value > atomic_load(max))
        atomic_store(max, value);
}

static void accept_all(struct state *p, unsigned port) {
    for (;;) {
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        int fd = accept4(p->listeners[port], (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        unsigned place = 0;
        while (place < p->line_count && p->lines[place].fd >= 0)
            place++;
        CHECK(place < CONNECTIONS_MAX);
        p->line_count = place == p->line_count ? place + 1 : p->line_count;
        p->lines[place] = (struct line){.fd = fd, .port = port, .number = p->accepted++, .in = malloc(IN_SIZE)};
        CHECK(p->lines[place].in != NULL);
        atomic_fetch_add(&p->seen->accepted, 1);
        atomic_fetch_add(&p->seen->open, 1);
        raise_max(&p->seen->unanswered_max, atomic_fetch_add(&p->seen->unanswered, 1) + 1);
        raise_max(&p->seen->port_unanswered_max[port], ++p->port_unanswered[port]);
    }
}

/* The number behind the last '-' of the client id. */
static uint32_t index_of(const uint8_t *packet, size_t size) {
    size_t at = 12, length = size > 14 ? (size_t)(packet[at] << 8 | packet[at + 1]) : 0;
    uint32_t index = 0;
    for (size_t i = at + 2; i < at + 2 + length && i < size; i++)
        index = packet[i] == '-' ? 0 : index * 10 + (uint32_t)(packet[i] - '0');
    return index;
}

static void on_connect(struct state *p, struct line *l, const uint8_t *packet, size_t size) {
    struct sockaddr_in from;
    socklen_t from_size = sizeof from;
    getpeername(l->fd, (struct sockaddr *)&from, &from_size);
    atomic_fetch_add(&p->seen->port_connects[l->port], 1);
    unsigned place = atomic_load(&p->seen->log_count);
    if (place < PEER_LOG_MAX) {
        p->seen->log[place].index = index_of(packet, size);
        p->seen->log[place].at_ms = (uint32_t)(clock_ms() - p->start_ms);
        p->seen->log[place].source = ntohl(from.sin_addr.s_addr);
        p->seen->log[place].port = (uint16_t)l->port;
        atomic_store(&p->seen->log_count, place + 1);
    }
    atomic_fetch_add(&p->seen->connects, 1);
    l->answer_at_ms = clock_ms() + p->script->connack_delay_ms;
}

static void begin_endless(struct line *l, unsigned announced) {
    static const uint8_t rest[100000 - 5] = {0, 1, 't'};
    put(l,
        (uint8_t[]){0x30, (uint8_t)(announced | 0x80), (uint8_t)(announced >> 7 | 0x80),
                    (uint8_t)(announced >> 14 | 0x80), (uint8_t)(announced >> 21)},
        5);
    put(l, rest, sizeof rest);
}

static void connack(struct state *p, struct line *l) {
    uint8_t code = p->script->port_refuses[l->port] ? 3 : p->script->connack_code;
    put(l, (uint8_t[]){0x20, 2, 0, code}, 4);
    l->answer_at_ms = 0;
    answered(p, l);
    if (p->script->unfinished > 0)
        begin_endless(l, p->script->unfinished);
}

static void flood(struct line *l) {
    static const uint8_t pingresp[2] = {0xd0, 0};
    for (int i = 0; i < 1000; i++)
        put(l, pingresp, sizeof pingresp);
}

static void on_subscribe(struct state *p, struct line *l, const uint8_t *packet) {
    const struct peer_script *s = p->script;
    atomic_fetch_add(&p->seen->subscribes, 1);
    put(l, (uint8_t[]){0x90, 3, packet[2], packet[3], 0}, 5);
    size_t rest = 3 + s->publish_size;
    for (unsigned i = 0; i < s->publishes; i++) {
        uint8_t head[6] = {0x30, (uint8_t)(rest & 0x7f), 0, 0, 1, 't'};
        CHECK(rest < 128 || rest < 128 * 128);
        if (rest < 128) {
            put(l, head, 2);
        } else {
            put(l, (uint8_t[]){0x30, (uint8_t)(0x80 | (rest & 0x7f)), (uint8_t)(rest >> 7)}, 3);
        }
        put(l, (uint8_t[]){0, 1, 't'}, 3);
        for (unsigned k = 0; k < s->publish_size; k++)
            put(l, "x", 1);
    }
    l->end_when_written = s->ends_after_publishes;
}

static void on_publish(struct state *p, struct line *l, const uint8_t *packet, size_t head) {
    atomic_fetch_add(&p->seen->publishes, 1);
    size_t topic = (size_t)(packet[head] << 8 | packet[head + 1]);
    const uint8_t *id = packet + head + 2 + topic;
    if (p->script->no_acks || (packet[0] >> 1 & 3) != 1)
        return;
    put(l, (uint8_t[]){0x40, 2, id[0], id[1]}, 4);
    atomic_fetch_add(&p->seen->acked, 1);
}

static void on_packet(struct state *p, struct line *l, const uint8_t *packet, size_t head, size_t size) {
    const struct peer_script *s = p->script;
    l->packets++;
    switch (packet[0] >> 4) {
    case 1:
        on_connect(p, l, packet, size);
        break;
    case 3:
        if (!s->mute)
            on_publish(p, l, packet, head);
        break;
    case 8:
        if (!s->mute)
            on_subscribe(p, l, packet);
        break;
    case 12:
        atomic_fetch_add(&p->seen->pings, 1);
        if (!s->mute)
            put(l, (uint8_t[]){0xd0, 0}, 2);
        break;
    case 14:
        atomic_fetch_add(&p->seen->disconnects, 1);
        l->said_bye = true;
        break;
    default:
        atomic_fetch_add(&p->seen->bad, 1);
    }
    if (s->stops_reading_after > 0 && l->packets == s->stops_reading_after) {
        l->blind = true;
        l->blind_since_ms = clock_ms();
    }
}

/* Size of the packet at the start, and of its fixed header; 0: more bytes are needed. */
static size_t frame(const uint8_t *in, size_t size, size_t *head) {
    size_t rest = 0;
    for (size_t i = 1; i < size && i <= 4; i++) {
        rest |= (size_t)(in[i] & 0x7f) << (7 * (i - 1));
        if ((in[i] & 0x80) == 0) {
            *head = i + 1;
            return size < *head + rest ? 0 : *head + rest;
        }
    }
    return 0;
}

static void take_packets(struct state *p, struct line *l) {
    size_t at = 0, head, size;
    while (!l->blind && (size = frame(l->in + at, l->in_size - at, &head)) > 0) {
        on_packet(p, l, l->in + at, head, size);
        at += size;
    }
    memmove(l->in, l->in + at, l->in_size - at);
    l->in_size -= at;
    if (p->script->closes_after > 0 && l->packets >= p->script->closes_after)
        end(p, l, p->script->closes_by_reset);
}

static void read_some(struct state *p, struct line *l) {
    ssize_t n = recv(l->fd, l->in + l->in_size, IN_SIZE - l->in_size, 0);
    if (n > 0) {
        l->in_size += (size_t)n;
        take_packets(p, l);
    } else if (n == 0 || errno != EAGAIN) {
        atomic_fetch_add(n == 0 ? &p->seen->ends : &p->seen->resets, 1);
        if (n == 0 && l->said_bye)
            atomic_fetch_add(&p->seen->polite_ends, 1);
        end(p, l, false);
    }
}

static void write_some(struct state *p, struct line *l, int64_t now) {
    size_t left = l->out_size - l->out_at;
    if (left == 0 || now < l->paused_until_ms)
        return;
    if (p->script->writing == PEER_DRIP)
        left = 1;
    if (p->script->writing == PEER_SPLIT && l->written < l->number && left > l->number - l->written)
        left = l->number - l->written;
    ssize_t n = send(l->fd, l->out + l->out_at, left, MSG_NOSIGNAL);
    if (n <= 0)
        return;
    l->out_at += (size_t)n;
    l->written += (size_t)n;
    if (p->script->writing == PEER_SPLIT && l->written == l->number)
        l->paused_until_ms = now + SPLIT_PAUSE_MS;
    if (l->out_at < l->out_size)
        return;
    l->out_at = l->out_size = 0;
    if (l->end_when_written)
        shutdown(l->fd, SHUT_WR);
}

static void away(struct state *p, int64_t since_start) {
    const struct peer_script *s = p->script;
    bool is_away = since_start >= s->away_from_ms && since_start < s->away_to_ms;
    for (unsigned i = 0; i < port_count(s); i++) {
        if (is_away && p->listeners[i] >= 0) {
            close(p->listeners[i]);
            p->listeners[i] = -1;
        } else if (!is_away && p->listeners[i] < 0) {
            p->listeners[i] = listen_on(s, &p->ports[i]);
        }
    }
    for (unsigned i = 0; is_away && i < p->line_count; i++)
        if (p->lines[i].fd >= 0)
            end(p, &p->lines[i], false);
}

static void turn(struct state *p) {
    int64_t now = clock_ms();
    away(p, now - p->start_ms);
    for (unsigned i = 0; i < port_count(p->script); i++)
        if (p->listeners[i] >= 0 && !p->script->deaf)
            accept_all(p, i);
    for (unsigned i = 0; i < p->line_count; i++) {
        struct line *l = &p->lines[i];
        if (l->fd >= 0 && !l->blind)
            read_some(p, l);
        if (l->fd >= 0 && l->blind && p->script->reads_again_after_ms > 0 &&
            now >= l->blind_since_ms + p->script->reads_again_after_ms) {
            l->blind = false;
            take_packets(p, l);
        }
        if (l->fd >= 0 && l->answer_at_ms > 0 && now >= l->answer_at_ms && !p->script->mute)
            connack(p, l);
        if (l->fd >= 0 && p->script->floods && l->answered && l->number % 2 == 0 && l->out_size == 0)
            flood(l);
        if (l->fd >= 0)
            write_some(p, l, now);
    }
}

static void wait_for_something(struct state *p) {
    struct pollfd polled[CONNECTIONS_MAX + PEER_PORTS_MAX];
    nfds_t count = 0;
    for (unsigned i = 0; i < port_count(p->script); i++)
        if (p->listeners[i] >= 0 && !p->script->deaf)
            polled[count++] = (struct pollfd){.fd = p->listeners[i], .events = POLLIN};
    for (unsigned i = 0; i < p->line_count; i++)
        if (p->lines[i].fd >= 0 && !p->lines[i].blind)
            polled[count++] = (struct pollfd){.fd = p->lines[i].fd, .events = POLLIN};
    poll(polled, count, TICK_MS);
}

_Noreturn static void serve(struct state *p) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    p->start_ms = clock_ms();
    for (;;) {
        turn(p);
        wait_for_something(p);
    }
}

struct peer peer_start(const struct peer_script *script) {
    struct peer peer = {.seen =
                            mmap(NULL, sizeof *peer.seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)};
    struct state *p = calloc(1, sizeof *p);
    CHECK(peer.seen != MAP_FAILED && p != NULL);
    p->script = script;
    p->seen = peer.seen;
    for (unsigned i = 0; i < port_count(script); i++) {
        p->listeners[i] = listen_on(script, &p->ports[i]);
        peer.ports[i] = p->ports[i];
    }
    peer.child = fork();
    CHECK(peer.child >= 0);
    if (peer.child == 0)
        serve(p);
    for (unsigned i = 0; i < port_count(script); i++)
        close(p->listeners[i]);
    free(p);
    return peer;
}

void peer_stop(struct peer *p) {
    if (p->child <= 0)
        return;
    kill(p->child, SIGKILL);
    waitpid(p->child, NULL, 0);
    p->child = 0;
}

void peer_free(struct peer *p) {
    peer_stop(p);
    munmap(p->seen, sizeof *p->seen);
    p->seen = NULL;
}

bool peer_reaches(atomic_uint *counter, unsigned value) {
    int64_t end = clock_ms() + PEER_PATIENCE_MS;
    while (atomic_load(counter) < value && clock_ms() < end)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return atomic_load(counter) >= value;
}
