/* Several clients against one broker, in any order: the input is a sequence of commands that open connections, send bytes (raw, or
 * packets put together from parts that are mostly right), drop connections, fill and drain what the sink holds, and let time pass.
 * At the end everyone goes, every session expires, and nothing may be left behind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/broker.h"
#include "backend/broker_settings.h"
#include "base/check.h"
#include "base/hash.h"

enum { CLIENTS = 5, PACKET_MAX = 512 };

struct client {
    struct broker_connection *connection;
    size_t backlog;
    bool closed;
    uint32_t heard;
    unsigned version; /* 0: raw bytes only so far */
};

struct fuzz {
    struct broker *broker;
    struct client clients[CLIENTS];
    instant now;
    struct bytes_reader in;
};

static void on_send(void *context, void *peer, struct bytes data) {
    (void)context;
    struct client *c = peer;
    CHECK(!c->closed && data.size > 0);
    c->heard = hash_fnv1a32(data.data, data.size); /* reads every byte */
}

static void on_close(void *context, void *peer, bool reset) {
    (void)context;
    (void)reset;
    struct client *c = peer;
    CHECK(!c->closed);
    c->closed = true;
    c->connection = NULL;
}

static size_t on_backlog(void *context, const void *peer) {
    (void)context;
    return ((const struct client *)peer)->backlog;
}

static struct broker_connection *connection_of(struct fuzz *f, struct client *c) {
    if (c->connection == NULL) {
        c->closed = false;
        c->backlog = 0;
        c->connection = broker_open(f->broker, c, f->now);
    }
    return c->connection;
}

/* The bytes lie in a block of exactly their size, so that a read beyond them is found. */
static void input(struct fuzz *f, struct client *c, const uint8_t *data, size_t size) {
    if (connection_of(f, c) == NULL)
        return;
    uint8_t *exact = malloc(size + 1);
    CHECK(exact != NULL);
    memcpy(exact, data, size);
    broker_input(f->broker, c->connection, bytes_of(exact, size), f->now);
    free(exact);
}

/* --- packets from parts -------------------------------------------------------------------------------------------- */

static const char *const topics[] = {"a", "a/b", "a/b/c", "$x/y", "", "/", "w"};
static const char *const filters[] = {"a",          "a/+",  "#",     "+/b/#", "$share/g/a/#",
                                      "$share/h/+", "$x/#", "a/b/c", "+",     "w"};

static void write_text(struct bytes_writer *w, const char *text) {
    bytes_write_u16(w, (uint16_t)strlen(text));
    bytes_write(w, bytes_of_text(text));
}

/* Properties that belong there, mostly; 3.1.1 has none. */
static void write_properties(struct fuzz *f, struct bytes_writer *w, unsigned version, const uint8_t *ids,
                             size_t count) {
    uint8_t block[128];
    struct bytes_writer p = bytes_writer_of(block, sizeof block);
    uint8_t mask = bytes_read_u8(&f->in);
    if (version != 5)
        return;
    for (size_t i = 0; i < count; i++) {
        if ((mask >> i & 1) == 0)
            continue;
        uint8_t id = ids[i];
        bytes_write_u8(&p, id);
        if (id == 0x01 || id == 0x19)
            bytes_write_u8(&p, bytes_read_u8(&f->in) & 1);
        else if (id == 0x21 || id == 0x22 || id == 0x23)
            bytes_write_u16(&p, bytes_read_u8(&f->in) & 31);
        else if (id == 0x02 || id == 0x11 || id == 0x18 || id == 0x27)
            bytes_write_u32(&p, bytes_read_u8(&f->in));
        else if (id == 0x0B)
            bytes_write_u8(&p, bytes_read_u8(&f->in) & 0x7F);
        else if (id == 0x26)
            write_text(&p, "k"), write_text(&p, "v");
        else if (id == 0x15)
            write_text(&p, "muster-echo");
        else
            write_text(&p, "text");
    }
    bytes_write_u8(w, (uint8_t)bytes_written(&p));
    bytes_write(w, bytes_of(block, bytes_written(&p)));
}

static void write_connect(struct fuzz *f, struct bytes_writer *w, struct client *c) {
    static const uint8_t ids[] = {0x11, 0x21, 0x27, 0x22, 0x19, 0x26, 0x15}, will_ids[] = {0x18, 0x01, 0x02, 0x26};
    uint8_t flags = bytes_read_u8(&f->in), id[2] = "a";
    c->version = flags & 1 ? 5 : 4;
    flags &= 0x3E;
    if ((flags & 0x04) == 0)
        flags &= 0x02;
    write_text(w, "MQTT");
    bytes_write_u8(w, (uint8_t)c->version);
    bytes_write_u8(w, flags);
    bytes_write_u16(w, bytes_read_u8(&f->in));
    write_properties(f, w, c->version, ids, sizeof ids);
    id[0] = (uint8_t)('a' + bytes_read_u8(&f->in) % 3);
    write_text(w, (const char *)id);
    if ((flags & 0x04) == 0)
        return;
    write_properties(f, w, c->version, will_ids, sizeof will_ids);
    write_text(w, topics[bytes_read_u8(&f->in) % 7]);
    write_text(w, "will");
}

static void write_publish(struct fuzz *f, struct bytes_writer *w, const struct client *c, uint8_t first) {
    static const uint8_t ids[] = {0x01, 0x02, 0x03, 0x08, 0x09, 0x23, 0x26};
    write_text(w, topics[bytes_read_u8(&f->in) % 7]);
    if ((first & 0x06) != 0)
        bytes_write_u16(w, bytes_read_u8(&f->in) & 15);
    write_properties(f, w, c->version, ids, sizeof ids);
    if (bytes_read_u8(&f->in) & 1)
        bytes_write(w, bytes_of_text("payload"));
}

static void write_subscribe(struct fuzz *f, struct bytes_writer *w, const struct client *c, bool options) {
    static const uint8_t ids[] = {0x0B, 0x26};
    bytes_write_u16(w, 1 + (bytes_read_u8(&f->in) & 7));
    write_properties(f, w, c->version, ids, options ? 2 : 0);
    unsigned count = 1 + bytes_read_u8(&f->in) % 3;
    for (unsigned i = 0; i < count; i++) {
        write_text(w, filters[bytes_read_u8(&f->in) % 10]);
        if (options)
            bytes_write_u8(w, bytes_read_u8(&f->in) & (c->version == 5 ? 0x2E : 0x02));
    }
}

static void write_body(struct fuzz *f, struct bytes_writer *w, struct client *c, uint8_t first) {
    switch (first >> 4) {
    case 1:
        write_connect(f, w, c);
        break;
    case 3:
        write_publish(f, w, c, first);
        break;
    case 8:
    case 10:
        write_subscribe(f, w, c, first >> 4 == 8);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        bytes_write_u16(w, bytes_read_u8(&f->in) & 15);
        break;
    case 15:
        bytes_write_u8(w, bytes_read_u8(&f->in) & 1 ? 0x18 : 0x19);
        bytes_write(w, bytes_of("\x0e\x15\x00\x0bmuster-echo", 15));
        break;
    default:
        break;
    }
}

static void send_packet(struct fuzz *f, struct client *c) {
    static const uint8_t firsts[] = {0x10, 0x30, 0x32, 0x34, 0x31, 0x33, 0x3C, 0x40,
                                     0x50, 0x62, 0x70, 0x82, 0xA2, 0xC0, 0xE0, 0xF0};
    uint8_t body[PACKET_MAX], packet[PACKET_MAX + 4];
    struct bytes_writer w = bytes_writer_of(body, sizeof body);
    uint8_t first = firsts[bytes_read_u8(&f->in) & 15];
    if (c->connection == NULL)
        first = 0x10;
    write_body(f, &w, c, first);
    size_t size = bytes_written(&w), at = 0;
    packet[at++] = first;
    for (size_t left = size; at == 1 || left > 0; left >>= 7)
        packet[at++] = (uint8_t)((left & 0x7F) | (left > 0x7F ? 0x80 : 0));
    memcpy(packet + at, body, size);
    input(f, c, packet, at + size);
}

/* --- commands ------------------------------------------------------------------------------------------------------ */

static void advance(struct fuzz *f, span by) {
    instant end = f->now + by;
    unsigned turns = 0;
    while (broker_next_deadline(f->broker) <= end && turns++ < 100000) {
        f->now = instant_max(f->now, broker_next_deadline(f->broker));
        broker_due(f->broker, f->now);
    }
    f->now = end;
}

static void drop(struct fuzz *f, struct client *c) {
    struct broker_connection *connection = c->connection;
    c->connection = NULL;
    if (connection != NULL)
        broker_closed(f->broker, connection, f->now);
}

static void command(struct fuzz *f) {
    uint8_t what = bytes_read_u8(&f->in);
    struct client *c = &f->clients[what % CLIENTS];
    switch (what / CLIENTS % 10) {
    case 0: {
        struct bytes raw = bytes_read(&f->in, bytes_read_u8(&f->in));
        if (!f->in.failed)
            input(f, c, raw.data, raw.size);
        break;
    }
    case 1:
        drop(f, c);
        break;
    case 2:
        advance(f, (span)bytes_read_u8(&f->in) * 500 * SPAN_MS);
        break;
    case 3:
        c->backlog = c->backlog == 0 ? 4096 : 0;
        if (c->connection != NULL && c->backlog == 0)
            broker_drained(f->broker, c->connection, f->now);
        break;
    default:
        send_packet(f, c);
    }
}

/* Small limits, so that they are reached. The first byte chooses what is on, the second how much memory there is. */
static void start(struct fuzz *f, struct misbehave *m, uint8_t choice, uint8_t memory) {
    static const char *const settings[] = {"service=20ms", "admit=2/s",        "admit_wait", "duplicate=2",
                                           "reorder=2",    "second_connack=5", "drip=500/s", "forget_sessions"};
    struct broker_options o;
    struct broker_sink sink = {f, on_send, on_close, on_backlog};
    char why[256];
    broker_options_default(&o);
    misbehave_init(m);
    o.misbehave = m;
    o.limits.connections_max = 8;
    o.limits.sessions_max = 8;
    o.limits.memory_max = memory < 128 ? 8 << 20 : 4096 + 128u * memory;
    o.limits.packet_max = 4096;
    o.limits.queue_max = 6;
    o.limits.inflight_max = 4;
    o.limits.receive_maximum = 4;
    o.limits.topic_alias_maximum = 4;
    o.limits.backlog_max = 2048;
    o.limits.session_expiry_max_s = 3600;
    for (unsigned i = 0; i < 8; i++)
        if ((choice >> i & 1) != 0)
            CHECK(broker_settings_set(&o, settings[i], why, sizeof why) == 0);
    CHECK(broker_new(&o, &sink, &f->broker) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz f = {.in = bytes_reader_of(bytes_of(data, size))};
    static struct misbehave m;
    uint8_t choice = bytes_read_u8(&f.in);
    start(&f, &m, choice, bytes_read_u8(&f.in));
    while (bytes_left(&f.in) > 0 && !f.in.failed)
        command(&f);
    for (unsigned i = 0; i < CLIENTS; i++)
        drop(&f, &f.clients[i]);
    advance(&f, 2 * SPAN_H);
    const struct broker_counts *n = broker_counts_of(f.broker);
    CHECK(n->connections == 0 && n->sessions == 0 && n->subscriptions == 0);
    CHECK(broker_memory(f.broker) < (64 << 10) + 1024 * n->retained); /* tables, roots and what is retained */
    broker_free(f.broker);
    return 0;
}
