#include "import/talk.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "import/packets.h"
#include "transport/capture.h"

enum phase { UNDECIDED, SPEAKS, IGNORED };
enum kind { KIND_MORE, KIND_MQTT, KIND_MQTT31, KIND_ENCRYPTED, KIND_WEBSOCKET, KIND_OTHER };
enum { CONNECT_BYTE = 0x10, HANDSHAKE = 0x16, VARINT_MAX = 4, HELD_LEAST = 256 };

/* What one side said and is not complete. */
struct side {
    uint8_t *data;
    size_t size, room;
    int64_t since_ns; /* the first byte's */
    uint64_t skip;    /* bytes of a packet that is passed over */
    bool deaf, spoke;
};

struct speaker {
    struct talk talk; /* first: the sink's pointer is ours */
    enum phase phase;
    unsigned client; /* side of the stream */
    struct side sides[2];
};

struct reading {
    const struct talk_sink *sink;
    struct talk_counts *counts;
    size_t held; /* bytes in all sides */
};

/* --- what is it? ------------------------------------------------------------------------------------------------------ */

static bool begins(struct bytes b, size_t at, const char *text) {
    size_t size = strlen(text);
    return b.size >= at + size && memcmp(b.data + at, text, size) == 0;
}

static enum kind kind_of(struct bytes b) {
    size_t length = 1;
    if (b.size >= 2 && b.data[0] == HANDSHAKE && b.data[1] == 3)
        return KIND_ENCRYPTED;
    if (begins(b, 0, "GET "))
        return memmem(b.data, b.size, "ebsocket", 8) != NULL || memmem(b.data, b.size, "ebSocket", 8) != NULL
                   ? KIND_WEBSOCKET
                   : KIND_OTHER;
    if (b.size == 0 || (b.size == 1 && b.data[0] == HANDSHAKE))
        return KIND_MORE;
    if (b.data[0] != CONNECT_BYTE)
        return b.size < 4 && memcmp(b.data, "GET ", b.size) == 0 ? KIND_MORE : KIND_OTHER;
    while (length <= VARINT_MAX && length < b.size && (b.data[length] & 0x80) != 0)
        length++;
    if (length > VARINT_MAX)
        return KIND_OTHER;
    size_t name = length + 3;
    if (begins(b, name, "MQTT"))
        return KIND_MQTT;
    if (begins(b, name, "MQIsdp"))
        return KIND_MQTT31;
    return b.size < name + strlen("MQIsdp") ? KIND_MORE : KIND_OTHER;
}

static void count(struct talk_kind *k, const struct address *server) {
    k->count++;
    k->server = *server;
}

/* --- bytes and packets -------------------------------------------------------------------------------------------------- */

static void drop_held(struct reading *r, struct side *s) {
    r->held -= s->room;
    free(s->data);
    s->data = NULL;
    s->size = s->room = 0;
}

static void go_deaf(struct reading *r, struct speaker *k, unsigned side, int64_t unix_ns, const char *why) {
    struct side *s = &k->sides[side];
    drop_held(r, s);
    if (s->deaf)
        return;
    s->deaf = true;
    if (k->phase == SPEAKS && side == k->client) {
        k->talk.deaf_ns = unix_ns;
        snprintf(k->talk.why_deaf, sizeof k->talk.why_deaf, "%s", why);
    }
}

/* False when the caps do not allow it. */
static bool keep(struct reading *r, struct side *s, struct bytes data) {
    if (data.size == 0)
        return true;
    if (s->size + data.size > s->room) {
        size_t room = s->room < HELD_LEAST ? HELD_LEAST : s->room;
        while (room < s->size + data.size)
            room *= 2;
        if (r->held + room - s->room > TALK_HELD_ALL)
            return false;
        s->data = realloc(s->data, room);
        CHECK(s->data != NULL);
        r->held += room - s->room;
        s->room = room;
    }
    memcpy(s->data + s->size, data.data, data.size);
    s->size += data.size;
    return true;
}

static enum mqtt_role role_of(const struct speaker *k, unsigned side) {
    return side == k->client ? MQTT_CLIENT : MQTT_SERVER;
}

static void hear(struct reading *r, struct speaker *k, unsigned side, int64_t unix_ns, const struct mqtt_packet *p) {
    enum mqtt_role by = role_of(k, side);
    if (k->talk.version != MQTT_ANY) {
        r->sink->said(r->sink->context, &k->talk, unix_ns, by, p);
        return;
    }
    k->talk.version = p->version;
    r->sink->begun(r->sink->context, &k->talk, unix_ns, p);
}

/* One packet from the front of `data`: its size, or 0 when it is not complete or cannot be understood. */
static size_t take_packet(struct reading *r, struct speaker *k, unsigned side, struct bytes data) {
    struct side *s = &k->sides[side];
    size_t total, used;
    struct mqtt_packet p;
    struct mqtt_fault fault;
    if (mqtt_codec_frame(data, &total) == 0 && total > TALK_PACKET_MAX && k->talk.version != MQTT_ANY) {
        k->talk.too_large++;
        s->skip = total > data.size ? total - data.size : 0;
        return total < data.size ? total : data.size;
    }
    int error = mqtt_codec_decode(data, (enum mqtt_version)k->talk.version, role_of(k, side), TALK_PACKET_MAX, &p,
                                  &used, &fault);
    if (error == ERR_AGAIN)
        return 0;
    if (error < 0) {
        go_deaf(r, k, side, s->since_ns, fault.detail);
        return 0;
    }
    hear(r, k, side, s->since_ns, &p);
    return used;
}

/* Everything that is complete in s->data. */
static void take_packets(struct reading *r, struct speaker *k, unsigned side, int64_t unix_ns) {
    struct side *s = &k->sides[side];
    size_t at = 0, size;
    while (at < s->size && (size = take_packet(r, k, side, bytes_of(s->data + at, s->size - at))) > 0) {
        at += size;
        s->since_ns = unix_ns;
    }
    if (s->deaf)
        return;
    if (at == s->size)
        drop_held(r, s);
    else if (at > 0) {
        memmove(s->data, s->data + at, s->size - at);
        s->size -= at;
    }
}

static void listen_on(struct reading *r, struct speaker *k, unsigned side, int64_t unix_ns, struct bytes data) {
    struct side *s = &k->sides[side];
    size_t skipped = s->skip < data.size ? (size_t)s->skip : data.size;
    s->skip -= skipped;
    if (skipped > 0)
        data = bytes_of(data.data + skipped, data.size - skipped);
    if (s->deaf || data.size == 0 || (k->talk.version == MQTT_ANY && side != k->client))
        return;
    if (s->size == 0)
        s->since_ns = unix_ns;
    if (!keep(r, s, data))
        go_deaf(r, k, side, unix_ns, "too many bytes of incomplete packets are kept already");
    else
        take_packets(r, k, side, unix_ns);
}

/* --- sink of the streams ------------------------------------------------------------------------------------------------ */

static void on_opened(void *context, struct stream *s) {
    (void)context;
    struct speaker *k = calloc(1, sizeof *k);
    CHECK(k != NULL);
    s->user = k;
}

static void decide(struct reading *r, struct stream *s, struct speaker *k, unsigned side) {
    struct side *w = &k->sides[side];
    enum kind kind = kind_of(bytes_of(w->data, w->size));
    const struct address *server = &s->ends[1 - side];
    if (kind == KIND_MORE)
        return;
    if (kind == KIND_MQTT) {
        k->phase = SPEAKS;
        k->client = side;
        k->talk.client = s->ends[side];
        k->talk.server = *server;
        k->talk.from_start = s->from_start;
        k->talk.opened_ns = s->opened_ns;
        count(&r->counts->mqtt, server);
        take_packets(r, k, side, w->since_ns);
        return;
    }
    bool other_may = kind == KIND_OTHER && !s->from_start && !k->sides[1 - side].deaf;
    go_deaf(r, k, side, w->since_ns, "");
    if (other_may)
        return;
    k->phase = IGNORED;
    count(kind == KIND_ENCRYPTED   ? &r->counts->encrypted
          : kind == KIND_WEBSOCKET ? &r->counts->websocket
          : kind == KIND_MQTT31    ? &r->counts->mqtt31
          : !s->from_start         ? &r->counts->midway
                                   : &r->counts->other,
          server);
}

static void on_data(void *context, struct stream *s, unsigned side, int64_t unix_ns, struct bytes data) {
    struct reading *r = context;
    struct speaker *k = s->user;
    struct side *w = &k->sides[side];
    w->spoke = true;
    if (k->phase == SPEAKS)
        listen_on(r, k, side, unix_ns, data);
    if (k->phase != UNDECIDED || w->deaf || (s->from_start && side != 0))
        return;
    if (w->size == 0)
        w->since_ns = unix_ns;
    if (keep(r, w, data))
        decide(r, s, k, side);
    else
        k->phase = IGNORED;
}

static void on_gap(void *context, struct stream *s, unsigned side, uint64_t size) {
    struct reading *r = context;
    struct speaker *k = s->user;
    struct side *w = &k->sides[side];
    size_t total;
    k->talk.lost += size;
    if (k->phase == UNDECIDED)
        go_deaf(r, k, side, w->since_ns, "");
    if (k->phase != SPEAKS)
        return;
    if (size <= w->skip) { /* within a packet that is passed over anyway */
        w->skip -= size;
        return;
    }
    /* within a packet whose end is known: that one is lost, and the next one begins where it should */
    if (w->skip == 0 && w->size > 0 && mqtt_codec_frame(bytes_of(w->data, w->size), &total) == 0 &&
        size <= total - w->size) {
        w->skip = total - w->size - size;
        k->talk.too_large++;
        drop_held(r, w);
        return;
    }
    go_deaf(r, k, side, w->since_ns, "the capture misses bytes, and where a packet begins after them nobody can tell");
}

static void on_ended(void *context, struct stream *s, int64_t unix_ns, enum streams_end how, unsigned side) {
    struct reading *r = context;
    struct speaker *k = s->user;
    for (unsigned i = 0; i < 2; i++)
        drop_held(r, &k->sides[i]);
    if (k->phase == SPEAKS && k->talk.version != MQTT_ANY)
        r->sink->ended(r->sink->context, &k->talk, unix_ns, how, role_of(k, side));
    else if (k->phase == SPEAKS)
        count(&r->counts->broken, &k->talk.server);
    else if (k->phase == UNDECIDED && s->from_start && !k->sides[0].spoke && r->sink->tried != NULL)
        r->sink->tried(r->sink->context, &s->ends[0], &s->ends[1], s->opened_ns);
    else if (k->phase == UNDECIDED && !s->from_start)
        count(&r->counts->midway, &s->ends[1]);
    free(k);
    s->user = NULL;
}

/* --- the file ------------------------------------------------------------------------------------------------------------ */

static void take_exported(struct reading *r, struct streams *streams, const struct packet *p) {
    struct capture_exported e;
    if (!capture_exported(p->data, &e) || strcmp(e.dissector, "mqtt") != 0 || e.from.any.sa_family == AF_UNSPEC ||
        e.from.any.sa_family != e.to.any.sa_family || e.data.size == 0)
        return;
    enum kind kind = kind_of(e.data); /* a piece may also go on with a packet, and have any first byte */
    r->counts->segments++;
    streams_put(streams, p->unix_ns, &e.from, &e.to, e.data, kind == KIND_MQTT || kind == KIND_MQTT31);
}

static void take_frame(struct reading *r, struct streams *streams, const struct packet *p) {
    struct frame_segment segment;
    switch (frame_read(p->link, p->data, &segment)) {
    case FRAME_TCP:
        r->counts->segments++;
        streams_segment(streams, p->unix_ns, &segment);
        break;
    case FRAME_FRAGMENT:
        r->counts->fragments++;
        break;
    case FRAME_UNKNOWN_LINK:
        r->counts->unknown_link++;
        r->counts->link = p->link;
        break;
    case FRAME_OTHER:
        break;
    }
}

int talk_read(FILE *f, const struct talk_sink *sink, struct talk_counts *counts, char *why) {
    *counts = (struct talk_counts){0};
    struct packets *packets = packets_open(f, why, TALK_WHY_MAX);
    if (packets == NULL)
        return ERR_MALFORMED;
    struct reading r = {.sink = sink, .counts = counts};
    struct streams_sink ours = {&r, on_opened, on_data, on_gap, on_ended};
    struct streams *streams = streams_new(&ours);
    struct packet p;
    while (packets_next(packets, &p) == 1) {
        if (counts->packets++ == 0)
            counts->first_ns = p.unix_ns;
        counts->last_ns = p.unix_ns > counts->last_ns ? p.unix_ns : counts->last_ns;
        if (p.link == CAPTURE_LINK_TYPE)
            take_exported(&r, streams, &p);
        else
            take_frame(&r, streams, &p);
    }
    streams_free(streams);
    counts->passed_over = packets_passed_over(packets);
    counts->trouble = packets_trouble(packets);
    packets_free(packets);
    return 0;
}
