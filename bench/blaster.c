/* Closed-loop MQTT load with the least possible code: K connections, W QoS 1 publishes in flight on each, one thread.
 * It connects, warms up, measures, and prints one JSON object. It trusts its peer (bench/sink, or a broker): every packet
 * that comes back is 4 bytes long, and a send buffer never fills. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

enum { EVENTS = 1024, ACK_BYTES = 4, WINDOW_MAX = 64, PUBLISH_MAX = 1200 };

struct options {
    const char *host;
    long port, connections, window, payload, warmup_s, seconds, outstanding, sources;
};

struct connection {
    int fd;
    uint16_t packet_id;
    uint8_t ack[ACK_BYTES]; /* an acknowledgement that has come in part */
    uint8_t ack_bytes;
    bool open, acked; /* the TCP connection stands; CONNACK has come */
};

struct blaster {
    struct options options;
    struct sockaddr_in target;
    struct connection *connections;
    long started, ready; /* connections */
    uint64_t messages;   /* acknowledged */
    int epoll;
    bool loaded;                             /* connections answer acknowledgements with the next publish */
    uint8_t burst[WINDOW_MAX * PUBLISH_MAX]; /* WINDOW_MAX copies of the publish, packet ids to be filled in */
    size_t publish_bytes, id_at;
};

/* One publish: topic "bench/blaster", QoS 1, `payload` bytes. */
static void prepare_publish(struct blaster *b) {
    static const char topic[] = "bench/blaster";
    size_t payload = (size_t)b->options.payload, topic_bytes = sizeof topic - 1;
    size_t remaining = 2 + topic_bytes + 2 + payload, at = 0;
    uint8_t *p = b->burst;
    p[at++] = MQTT_PUBLISH << 4 | 2;
    for (size_t left = remaining; at == 1 || left > 0; left /= 128)
        p[at++] = (uint8_t)(left % 128 | (left >= 128 ? 128 : 0));
    p[at++] = 0;
    p[at++] = (uint8_t)topic_bytes;
    memcpy(p + at, topic, topic_bytes);
    at += topic_bytes;
    b->id_at = at;
    at += 2;
    memset(p + at, 'x', payload);
    b->publish_bytes = at + payload;
    for (size_t i = 1; i < WINDOW_MAX; i++)
        memcpy(p + i * b->publish_bytes, p, b->publish_bytes);
}

static void watch(struct blaster *b, int operation, long index, uint32_t events) {
    struct epoll_event e = {.events = events, .data.u32 = (uint32_t)index};
    if (epoll_ctl(b->epoll, operation, b->connections[index].fd, &e) != 0)
        bench_fail("epoll_ctl");
}

static void send_all(const struct connection *c, const void *data, size_t size) {
    if (send(c->fd, data, size, MSG_NOSIGNAL) != (ssize_t)size)
        bench_fail("send");
}

static void start_connection(struct blaster *b, long index) {
    struct connection *c = &b->connections[index];
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        bench_fail("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (b->options.sources > 0) {
        uint32_t address = INADDR_LOOPBACK + (uint32_t)(index % b->options.sources);
        struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
        setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(c->fd, (struct sockaddr *)&source, sizeof source) != 0)
            bench_fail("bind");
    }
    if (connect(c->fd, (struct sockaddr *)&b->target, sizeof b->target) != 0 && errno != EINPROGRESS)
        bench_fail("connect");
    watch(b, EPOLL_CTL_ADD, index, EPOLLOUT);
}

static void start_connections(struct blaster *b) {
    while (b->started < b->options.connections && b->started - b->ready < b->options.outstanding)
        start_connection(b, b->started++);
}

/* The TCP connection stands: CONNECT, MQTT 3.1.1, clean session, no keep alive. */
static void send_connect(struct blaster *b, long index) {
    struct connection *c = &b->connections[index];
    char packet[64] = {MQTT_CONNECT << 4, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0};
    int id_bytes = snprintf(packet + 14, sizeof packet - 14, "blaster-%ld", index);
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
        errno = error;
        bench_fail("connect");
    }
    packet[1] = (char)(12 + id_bytes);
    packet[13] = (char)id_bytes;
    send_all(c, packet, 14 + (size_t)id_bytes);
    c->open = true;
    watch(b, EPOLL_CTL_MOD, index, EPOLLIN);
}

static void publish(struct blaster *b, struct connection *c, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint8_t *id = b->burst + i * b->publish_bytes + b->id_at;
        if (++c->packet_id == 0)
            c->packet_id = 1;
        id[0] = (uint8_t)(c->packet_id >> 8);
        id[1] = (uint8_t)c->packet_id;
    }
    send_all(c, b->burst, count * b->publish_bytes);
}

/* One acknowledgement of 4 bytes. Returns how many publishes it makes room for. */
static size_t take_ack(struct blaster *b, struct connection *c, const uint8_t *ack) {
    if (ack[0] == MQTT_PUBACK << 4) {
        b->messages++;
        return 1;
    }
    if (ack[0] != MQTT_CONNACK << 4 || ack[3] != 0 || c->acked) {
        fprintf(stderr, "unexpected packet %02x %02x %02x %02x\n", ack[0], ack[1], ack[2], ack[3]);
        exit(1);
    }
    c->acked = true;
    b->ready++;
    return 0;
}

static void receive(struct blaster *b, struct connection *c) {
    uint8_t buffer[WINDOW_MAX * ACK_BYTES];
    size_t room = 0, at = 0;
    memcpy(buffer, c->ack, c->ack_bytes);
    ssize_t n = recv(c->fd, buffer + c->ack_bytes, sizeof buffer - c->ack_bytes, 0);
    if (n <= 0)
        bench_fail(n == 0 ? "the peer closed" : "recv");
    size_t have = (size_t)n + c->ack_bytes;
    for (; have - at >= ACK_BYTES; at += ACK_BYTES)
        room += take_ack(b, c, buffer + at);
    c->ack_bytes = (uint8_t)(have - at);
    memcpy(c->ack, buffer + at, c->ack_bytes);
    if (room > 0 && b->loaded)
        publish(b, c, room);
}

static void run_until(struct blaster *b, double end, bool until_ready) {
    struct epoll_event events[EVENTS];
    while (until_ready ? b->ready < b->options.connections : bench_now() < end) {
        if (until_ready)
            start_connections(b);
        int n = epoll_wait(b->epoll, events, EVENTS, 100);
        for (int i = 0; i < n; i++) {
            struct connection *c = &b->connections[events[i].data.u32];
            if (c->open)
                receive(b, c);
            else
                send_connect(b, (long)events[i].data.u32);
        }
    }
}

static void report(const struct blaster *b, double connect_s, double connect_cpu_s, double took_s,
                   struct bench_cpu cpu) {
    double millions = (double)b->messages / 1e6;
    printf("{\"connections\": %ld, \"window\": %ld, \"connect_per_s\": %.0f, \"connect_cpu_us\": %.2f, "
           "\"messages\": %llu, \"messages_per_s\": %.0f, \"cpu_s_per_million\": %.3f, \"user_s_per_million\": %.3f}\n",
           b->options.connections, b->options.window, (double)b->options.connections / connect_s,
           connect_cpu_s * 1e6 / (double)b->options.connections, (unsigned long long)b->messages,
           (double)b->messages / took_s, (cpu.user_s + cpu.system_s) / millions, cpu.user_s / millions);
}

static void blast(struct blaster *b) {
    double begin = bench_now();
    struct bench_cpu before = bench_cpu();
    run_until(b, 0, true);
    double connect_s = bench_now() - begin;
    struct bench_cpu connected = bench_cpu();
    double connect_cpu_s = connected.user_s + connected.system_s - before.user_s - before.system_s;

    b->loaded = true;
    for (long i = 0; i < b->options.connections; i++)
        publish(b, &b->connections[i], (size_t)b->options.window);
    run_until(b, bench_now() + (double)b->options.warmup_s, false);

    b->messages = 0;
    begin = bench_now();
    before = bench_cpu();
    run_until(b, begin + (double)b->options.seconds, false);
    struct bench_cpu after = bench_cpu();
    after.user_s -= before.user_s;
    after.system_s -= before.system_s;
    report(b, connect_s, connect_cpu_s, bench_now() - begin, after);
}

static void usage(void) {
    fputs("usage: blaster --port N [--host 127.0.0.1] [--connections 1000] [--window 1] [--payload 64]\n"
          "               [--warmup 1] [--seconds 10] [--outstanding 64] [--sources 0]\n"
          "  --sources N  connections leave from the N addresses 127.0.0.1, 127.0.0.2 ...; 0 lets the system choose\n",
          stderr);
    exit(2);
}

static struct options read_options(int argc, char **argv) {
    static const struct option names[] = {
        {"host", required_argument, NULL, 'h'},        {"port", required_argument, NULL, 'p'},
        {"connections", required_argument, NULL, 'k'}, {"window", required_argument, NULL, 'w'},
        {"payload", required_argument, NULL, 'b'},     {"warmup", required_argument, NULL, 'u'},
        {"seconds", required_argument, NULL, 't'},     {"outstanding", required_argument, NULL, 'o'},
        {"sources", required_argument, NULL, 's'},     {NULL, 0, NULL, 0}};
    struct options o = {"127.0.0.1", 0, 1000, 1, 64, 1, 10, 64, 0};
    for (int c, i = 0; (c = getopt_long(argc, argv, "", names, &i)) != -1;) {
        switch (c) {
        case 'h':
            o.host = optarg;
            break;
        case 'p':
            o.port = bench_number("port", optarg, 1, 65535);
            break;
        case 'k':
            o.connections = bench_number("connections", optarg, 1, 1000000);
            break;
        case 'w':
            o.window = bench_number("window", optarg, 1, WINDOW_MAX);
            break;
        case 'b':
            o.payload = bench_number("payload", optarg, 0, 1024);
            break;
        case 'u':
            o.warmup_s = bench_number("warmup", optarg, 0, 3600);
            break;
        case 't':
            o.seconds = bench_number("seconds", optarg, 1, 3600);
            break;
        case 'o':
            o.outstanding = bench_number("outstanding", optarg, 1, 1000000);
            break;
        case 's':
            o.sources = bench_number("sources", optarg, 0, 250);
            break;
        default:
            usage();
        }
    }
    if (o.port == 0 || optind != argc)
        usage();
    return o;
}

int main(int argc, char **argv) {
    static struct blaster b; /* too large for a stack */
    b.options = read_options(argc, argv);
    b.target = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)b.options.port)};
    if (inet_pton(AF_INET, b.options.host, &b.target.sin_addr) != 1)
        usage();
    if ((size_t)b.options.connections + 8 > bench_descriptors()) {
        fprintf(stderr, "%ld connections do not fit under the limit of descriptors\n", b.options.connections);
        return 1;
    }
    b.connections = calloc((size_t)b.options.connections, sizeof *b.connections);
    b.epoll = epoll_create1(0);
    if (b.connections == NULL || b.epoll < 0)
        bench_fail("start");
    prepare_publish(&b);
    blast(&b);
    free(b.connections);
    return 0;
}
