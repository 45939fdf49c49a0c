#include "transport/capture.h"

#include <stddef.h>
#include <string.h>

#include "transport/pcapng.h"

enum { FLAGS_INBOUND = 1, FLAGS_OUTBOUND = 2, RESOLUTION_NS = 9 };
enum tag {
    TAG_END = 0,
    TAG_DISSECTOR = 12,
    TAG_IPV4_FROM = 20,
    TAG_IPV4_TO,
    TAG_IPV6_FROM,
    TAG_IPV6_TO,
    TAG_PORT_TYPE,
    TAG_PORT_FROM,
    TAG_PORT_TO
};
enum { PORT_TYPE_TCP = 2 };
enum { APPLICATION_MAX = 128, ORIGINAL_MAX = 1 << 30 };

/* --- writing ---------------------------------------------------------------------------------------------------------- */

static size_t padded(size_t size) {
    return (size + 3) & ~(size_t)3;
}

static void pad(struct bytes_writer *w, size_t size) {
    static const uint8_t zeros[4];
    bytes_write(w, bytes_of(zeros, padded(size) - size));
}

/* At most `max` bytes, and no torn character at the end. */
static struct bytes cut(const char *text, size_t max) {
    size_t size = strnlen(text, max + 1);
    if (size > max)
        for (size = max; size > 0 && ((uint8_t)text[size] & 0xC0) == 0x80;)
            size--;
    return bytes_of(text, size);
}

/* Options of blocks and tags of packets look alike; a tag's length counts its padding. */
static void put(struct bytes_writer *w, unsigned code, struct bytes value, bool count_padding) {
    bytes_write_u16(w, (uint16_t)code);
    bytes_write_u16(w, (uint16_t)(count_padding ? padded(value.size) : value.size));
    bytes_write(w, value);
    pad(w, value.size);
}

static void put_text(struct bytes_writer *w, enum pcapng_option code, const char *text, size_t max) {
    if (text != NULL && *text != '\0')
        put(w, code, cut(text, max), false);
}

static void put_u32(struct bytes_writer *w, unsigned code, uint32_t value) {
    bytes_write_u16(w, (uint16_t)code);
    bytes_write_u16(w, sizeof value);
    bytes_write_u32(w, value);
}

static void put_end(struct bytes_writer *w) {
    bytes_write_u32(w, 0); /* code 0, length 0, for options and tags */
}

static uint8_t *begin(struct bytes_writer *w, uint32_t type) {
    uint8_t *start = w->at;
    bytes_write_u32(w, type);
    bytes_write_u32(w, 0); /* the length, when it is known */
    return start;
}

static void end(struct bytes_writer *w, uint8_t *start) {
    if (w->failed)
        return;
    uint32_t size = (uint32_t)(w->at - start) + 4;
    struct bytes_writer length = bytes_writer_of(start + 4, 4);
    bytes_write_u32(&length, size);
    bytes_write_u32(w, size);
}

void capture_section(struct bytes_writer *w, const char *application, const char *comment) {
    uint8_t *block = begin(w, PCAPNG_SECTION);
    bytes_write_u32(w, PCAPNG_ORDER_MAGIC);
    bytes_write_u16(w, 1); /* version 1.0 */
    bytes_write_u16(w, 0);
    bytes_write_u32(w, UINT32_MAX); /* length of the section: unknown, it is appended to */
    bytes_write_u32(w, UINT32_MAX);
    put_text(w, PCAPNG_OPTION_COMMENT, comment, CAPTURE_COMMENT_MAX);
    put_text(w, PCAPNG_OPTION_APPLICATION, application, APPLICATION_MAX);
    put_end(w);
    end(w, block);
    block = begin(w, PCAPNG_INTERFACE);
    bytes_write_u16(w, CAPTURE_LINK_TYPE);
    bytes_write_u16(w, 0);
    bytes_write_u32(w, CAPTURE_SNAP_MAX);
    uint8_t resolution = RESOLUTION_NS;
    put(w, PCAPNG_OPTION_RESOLUTION, bytes_of(&resolution, 1), false);
    put_end(w);
    end(w, block);
}

static void put_address(struct bytes_writer *w, const struct address *a, enum tag v4, enum tag v6) {
    if (a->any.sa_family == AF_INET6)
        put(w, v6, bytes_of(&a->v6.sin6_addr, sizeof a->v6.sin6_addr), true);
    else if (a->any.sa_family == AF_INET)
        put(w, v4, bytes_of(&a->v4.sin_addr, sizeof a->v4.sin_addr), true);
}

static uint16_t port(const struct address *a) {
    return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

static void put_tags(struct bytes_writer *w, const struct capture_packet *p) {
    put(w, TAG_DISSECTOR, cut(p->dissector, CAPTURE_DISSECTOR_MAX), true);
    put_address(w, &p->from, TAG_IPV4_FROM, TAG_IPV6_FROM);
    put_address(w, &p->to, TAG_IPV4_TO, TAG_IPV6_TO);
    put_u32(w, TAG_PORT_TYPE, PORT_TYPE_TCP);
    put_u32(w, TAG_PORT_FROM, port(&p->from));
    put_u32(w, TAG_PORT_TO, port(&p->to));
    put_end(w);
}

static struct bytes kept(const struct capture_packet *p) {
    return bytes_of(p->data.data, p->data.size < CAPTURE_PACKET_MAX ? p->data.size : CAPTURE_PACKET_MAX);
}

void capture_packet(struct bytes_writer *w, const struct capture_packet *p) {
    struct bytes data = kept(p);
    size_t original = p->original > p->data.size ? p->original : p->data.size;
    if (original > ORIGINAL_MAX)
        original = ORIGINAL_MAX;
    uint8_t *block = begin(w, PCAPNG_PACKET);
    bytes_write_u32(w, 0); /* interface */
    bytes_write_u32(w, (uint32_t)((uint64_t)p->unix_ns >> 32));
    bytes_write_u32(w, (uint32_t)p->unix_ns);
    uint8_t *sizes = w->at;
    bytes_write_u32(w, 0);
    bytes_write_u32(w, 0);
    uint8_t *tags = w->at;
    put_tags(w, p);
    size_t tags_size = (size_t)(w->at - tags);
    bytes_write(w, data);
    pad(w, data.size);
    if (!w->failed) {
        struct bytes_writer both = bytes_writer_of(sizes, 8);
        bytes_write_u32(&both, (uint32_t)(tags_size + data.size));
        bytes_write_u32(&both, (uint32_t)(tags_size + original));
    }
    put_text(w, PCAPNG_OPTION_COMMENT, p->comment, CAPTURE_COMMENT_MAX);
    put_u32(w, PCAPNG_OPTION_FLAGS, p->sent ? FLAGS_OUTBOUND : FLAGS_INBOUND);
    put_end(w);
    end(w, block);
}

size_t capture_packet_size(const struct capture_packet *p) {
    size_t comment = p->comment == NULL ? 0 : cut(p->comment, CAPTURE_COMMENT_MAX).size;
    return CAPTURE_OVERHEAD_MAX + padded(kept(p).size) + padded(comment);
}

/* --- reading ---------------------------------------------------------------------------------------------------------- */

/* One packet on its way out, with room for its texts. */
struct reading {
    struct capture_packet packet;
    struct capture_exported tags;
    char comment[CAPTURE_COMMENT_MAX + 1];
};

static void keep_text(char *to, size_t room, struct bytes text) {
    size_t size = text.size < room - 1 ? text.size : room - 1;
    if (size > 0)
        memcpy(to, text.data, size);
    to[size] = '\0';
}

static void set_address(struct address *a, struct bytes value) {
    if (value.size == sizeof a->v4.sin_addr) {
        a->v4.sin_family = AF_INET;
        memcpy(&a->v4.sin_addr, value.data, value.size);
    } else if (value.size == sizeof a->v6.sin6_addr) {
        a->v6.sin6_family = AF_INET6;
        memcpy(&a->v6.sin6_addr, value.data, value.size);
    }
}

static void set_port(struct address *a, struct bytes value) {
    struct bytes_reader r = bytes_reader_of(value);
    uint16_t number = htons((uint16_t)bytes_read_u32(&r));
    if (a->any.sa_family == AF_INET6)
        a->v6.sin6_port = number;
    else
        a->v4.sin_port = number;
}

bool capture_exported(struct bytes packet, struct capture_exported *out) {
    struct bytes_reader r = bytes_reader_of(packet);
    unsigned code;
    struct bytes value;
    *out = (struct capture_exported){0};
    while (pcapng_option(&r, false, &code, &value))
        switch (code) {
        case TAG_DISSECTOR:
            keep_text(out->dissector, sizeof out->dissector, value);
            break;
        case TAG_IPV4_FROM:
        case TAG_IPV6_FROM:
            set_address(&out->from, value);
            break;
        case TAG_IPV4_TO:
        case TAG_IPV6_TO:
            set_address(&out->to, value);
            break;
        case TAG_PORT_FROM:
            set_port(&out->from, value);
            break;
        case TAG_PORT_TO:
            set_port(&out->to, value);
            break;
        default:
            break;
        }
    out->data = bytes_of(r.at, bytes_left(&r));
    return !r.failed;
}

static bool read_packet(struct bytes body, struct reading *out) {
    struct pcapng_packet raw;
    *out = (struct reading){0};
    if (!pcapng_packet(body, false, &raw) || !capture_exported(raw.data, &out->tags))
        return false;
    out->packet.unix_ns = (int64_t)raw.time;
    out->packet.from = out->tags.from;
    out->packet.to = out->tags.to;
    out->packet.data = out->tags.data;
    out->packet.original = raw.original - (raw.data.size - out->tags.data.size);
    if (out->packet.original > ORIGINAL_MAX)
        return false;
    unsigned code;
    struct bytes value;
    while (pcapng_option(&raw.options, false, &code, &value)) {
        if (code == PCAPNG_OPTION_COMMENT)
            keep_text(out->comment, sizeof out->comment, value);
        if (code == PCAPNG_OPTION_FLAGS && value.size == 4)
            out->packet.sent = (value.data[3] & 3) == FLAGS_OUTBOUND;
    }
    out->packet.dissector = out->tags.dissector;
    out->packet.comment = out->comment;
    return !raw.options.failed;
}

static bool is_section(struct bytes body) {
    struct bytes_reader r = bytes_reader_of(body);
    return bytes_read_u32(&r) == PCAPNG_ORDER_MAGIC && bytes_read_u16(&r) == 1 && !r.failed;
}

struct capture_read capture_read(struct bytes file, void (*visit)(void *context, const struct capture_packet *p),
                                 void *context) {
    struct capture_read result = {0};
    struct bytes_reader r = bytes_reader_of(file);
    struct reading one;
    while (bytes_left(&r) > 0) {
        uint32_t type;
        struct bytes body = pcapng_block(&r, false, &type, &result.trouble);
        if (result.trouble == NULL && (type == PCAPNG_SECTION) != (result.whole == 0))
            result.trouble = "a section header is missing, or stands in the middle";
        else if (result.trouble == NULL && type == PCAPNG_SECTION && !is_section(body))
            result.trouble = "the section header is not one of this program's";
        else if (result.trouble == NULL && type == PCAPNG_PACKET && !read_packet(body, &one))
            result.trouble = "a packet's fields do not fit";
        if (result.trouble != NULL)
            return result;
        if (type == PCAPNG_PACKET) {
            result.packets++;
            if (visit != NULL)
                visit(context, &one.packet);
        }
        result.whole = (size_t)(r.at - file.data);
    }
    return result;
}
