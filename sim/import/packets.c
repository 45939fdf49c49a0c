#include "import/packets.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/instant.h"
#include "transport/pcapng.h"

enum {
    HEAD_CLASSIC = 24,
    HEAD_RECORD = 16,
    READ_STEP = 64 << 10, /* memory grows with what was really there, not with what a length claims */
    LINK_BITS = 0xFFFF,   /* the rest of a classic file's word tells about checksums */
    RESOLUTION_DEFAULT = 6,
    RESOLUTION_BINARY = 0x80,
    RESOLUTION_MAX = 63
};
/* of classic files, by the unit of their fractions */
#define MAGIC_US UINT32_C(0xA1B2C3D4)
#define MAGIC_NS UINT32_C(0xA1B23C4D)

struct interface {
    uint32_t link;
    uint8_t resolution;
    int64_t offset_s;
};

struct packets {
    FILE *file;
    bool classic, little, nanoseconds;
    uint32_t link; /* classic */
    struct interface *interfaces;
    unsigned interface_count; /* of this section */
    uint8_t *block;
    size_t size, room;
    uint8_t head[PCAPNG_HEAD]; /* of the block that is read now */
    bool has_head;             /* it stands in `block` already */
    uint64_t passed_over;
    const char *trouble;
};

/* Appends `size` bytes of the file to the block. Fewer are there: the number that was. */
static size_t take(struct packets *p, size_t size) {
    size_t taken = 0;
    while (taken < size) {
        size_t step = size - taken < READ_STEP ? size - taken : READ_STEP;
        if (p->size + step > p->room) {
            p->room = p->room < READ_STEP ? 2 * READ_STEP : 2 * p->room;
            p->block = realloc(p->block, p->room);
            CHECK(p->block != NULL);
        }
        size_t got = fread(p->block + p->size, 1, step, p->file);
        p->size += got;
        taken += got;
        if (got < step)
            break;
    }
    return taken;
}

static bool skip(struct packets *p, uint64_t size) {
    while (size > 0) {
        size_t step = size < READ_STEP ? (size_t)size : READ_STEP;
        p->size = 0;
        if (take(p, step) < step)
            return false;
        size -= step;
    }
    return true;
}

/* --- classic ---------------------------------------------------------------------------------------------------------- */

static int next_classic(struct packets *p, struct packet *out) {
    for (;;) {
        p->size = 0;
        size_t got = take(p, HEAD_RECORD);
        if (got < HEAD_RECORD) {
            p->trouble = got > 0 ? "the last packet is cut short" : NULL;
            return 0;
        }
        struct bytes_reader r = bytes_reader_of(bytes_of(p->block, HEAD_RECORD));
        uint32_t seconds = pcapng_read_u32(&r, p->little), fraction = pcapng_read_u32(&r, p->little);
        uint32_t size = pcapng_read_u32(&r, p->little);
        out->original = pcapng_read_u32(&r, p->little);
        if (size > PACKETS_BLOCK_MAX) {
            p->trouble = "a packet's length cannot be";
            return 0;
        }
        p->size = 0;
        if (take(p, size) < size) {
            p->trouble = "the last packet is cut short";
            return 0;
        }
        if (fraction >= (p->nanoseconds ? 1000000000 : 1000000)) {
            p->passed_over++;
            continue;
        }
        out->unix_ns = seconds * SPAN_S + fraction * (p->nanoseconds ? 1 : SPAN_US);
        out->link = p->link;
        out->data = bytes_of(p->block, size);
        return 1;
    }
}

/* --- pcapng ----------------------------------------------------------------------------------------------------------- */

static void add_interface(struct packets *p, struct bytes body) {
    struct bytes_reader r = bytes_reader_of(body);
    struct interface one = {.link = pcapng_read_u16(&r, p->little), .resolution = RESOLUTION_DEFAULT};
    unsigned code;
    struct bytes value;
    pcapng_read_u16(&r, p->little);
    pcapng_read_u32(&r, p->little);
    if (p->interface_count == PACKETS_INTERFACES_MAX)
        return;
    while (pcapng_option(&r, p->little, &code, &value)) {
        if (code == PCAPNG_OPTION_RESOLUTION && value.size == 1)
            one.resolution = value.data[0];
        if (code == PCAPNG_OPTION_OFFSET && value.size == 8) {
            struct bytes_reader eight = bytes_reader_of(value);
            uint64_t first = pcapng_read_u32(&eight, p->little), second = pcapng_read_u32(&eight, p->little);
            one.offset_s = (int64_t)(p->little ? second << 32 | first : first << 32 | second);
        }
    }
    p->interfaces[p->interface_count++] = one;
}

/* False when the instant does not fit: no clock shows it. */
static bool instant_of(const struct interface *i, uint64_t time, int64_t *unix_ns) {
    unsigned digits = i->resolution & ~(unsigned)RESOLUTION_BINARY;
    __int128 ns = (__int128)time * SPAN_S;
    if (digits > RESOLUTION_MAX)
        return false;
    if ((i->resolution & RESOLUTION_BINARY) != 0)
        ns >>= digits;
    else
        for (unsigned k = 0; k < digits; k++)
            ns /= 10;
    ns += (__int128)i->offset_s * SPAN_S;
    *unix_ns = (int64_t)ns;
    return ns >= 0 && ns < INT64_MAX / 2;
}

static bool read_packet(struct packets *p, struct bytes body, struct packet *out) {
    struct pcapng_packet raw;
    if (!pcapng_packet(body, p->little, &raw) || raw.interface >= p->interface_count ||
        !instant_of(&p->interfaces[raw.interface], raw.time, &out->unix_ns)) {
        p->passed_over++;
        return false;
    }
    out->link = p->interfaces[raw.interface].link;
    out->data = raw.data;
    out->original = raw.original;
    return true;
}

/* Reads the next block whole. False at the end, or when the rest cannot be read. `too_large`: it was passed over. */
static bool next_block(struct packets *p, uint32_t *type, struct bytes *body, bool *too_large) {
    uint32_t size;
    *too_large = false;
    if (!p->has_head) {
        p->size = 0;
        size_t got = take(p, PCAPNG_HEAD);
        if (got < PCAPNG_HEAD) {
            p->trouble = got > 0 ? "the last block is cut short" : NULL;
            return false;
        }
        memcpy(p->head, p->block, PCAPNG_HEAD);
    } else { /* of the first block, which told that this is pcapng */
        p->has_head = false;
        p->size = PCAPNG_HEAD;
    }
    if (!pcapng_head(p->head, &p->little, type, &size)) {
        p->trouble = "a block's length cannot be";
        return false;
    }
    if (size > PACKETS_BLOCK_MAX) {
        *too_large = true;
        p->trouble = skip(p, size - PCAPNG_HEAD) ? NULL : "the last block is cut short";
        return p->trouble == NULL;
    }
    if (take(p, size - PCAPNG_HEAD) < size - PCAPNG_HEAD) {
        p->trouble = "the last block is cut short";
        return false;
    }
    struct bytes_reader r = bytes_reader_of(bytes_of(p->block, p->size));
    *body = pcapng_block(&r, p->little, type, &p->trouble);
    return p->trouble == NULL;
}

static int next_modern(struct packets *p, struct packet *out) {
    uint32_t type;
    struct bytes body;
    bool too_large;
    while (next_block(p, &type, &body, &too_large)) {
        if (too_large) {
            p->passed_over++;
            continue;
        }
        switch (type) {
        case PCAPNG_SECTION: /* interfaces are numbered anew */
            p->interface_count = 0;
            break;
        case PCAPNG_INTERFACE:
            add_interface(p, body);
            break;
        case PCAPNG_PACKET:
            if (read_packet(p, body, out))
                return 1;
            break;
        case PCAPNG_PACKET_OBSOLETE:
        case PCAPNG_PACKET_SIMPLE: /* it has no time */
            p->passed_over++;
            break;
        default:
            break;
        }
    }
    return 0;
}

/* --- both ------------------------------------------------------------------------------------------------------------- */

static bool begins_classic(struct packets *p) {
    struct bytes_reader r = bytes_reader_of(bytes_of(p->head, PCAPNG_HEAD));
    uint32_t magic = bytes_read_u32(&r);
    for (int little = 0; little < 2; little++) {
        uint32_t read = little ? __builtin_bswap32(magic) : magic;
        if (read != MAGIC_US && read != MAGIC_NS)
            continue;
        p->classic = true;
        p->little = little;
        p->nanoseconds = read == MAGIC_NS;
        return true;
    }
    return false;
}

static const char *begin(struct packets *p) {
    static const uint8_t gzip[] = {0x1f, 0x8b};
    size_t got = take(p, PCAPNG_HEAD);
    if (got >= sizeof gzip && memcmp(p->block, gzip, sizeof gzip) == 0)
        return "it is compressed; unpack it first: gzip -dc FILE > capture.pcapng";
    if (got < PCAPNG_HEAD)
        return ferror(p->file) ? "it cannot be read" : "it is too short to be a capture";
    memcpy(p->head, p->block, PCAPNG_HEAD);
    if (begins_classic(p)) {
        if (take(p, HEAD_CLASSIC - PCAPNG_HEAD) < HEAD_CLASSIC - PCAPNG_HEAD)
            return "it is too short to be a capture";
        struct bytes_reader r = bytes_reader_of(bytes_of(p->block + 20, 4));
        p->link = pcapng_read_u32(&r, p->little) & LINK_BITS;
        return NULL;
    }
    uint32_t type, size;
    bool little = false;
    p->has_head = true;
    if (!pcapng_head(p->head, &little, &type, &size) || type != PCAPNG_SECTION)
        return "it is no capture: neither pcapng nor pcap";
    return NULL;
}

struct packets *packets_open(FILE *f, char *why, size_t why_size) {
    struct packets *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    p->interfaces = calloc(PACKETS_INTERFACES_MAX, sizeof *p->interfaces);
    CHECK(p->interfaces != NULL);
    p->file = f;
    const char *trouble = begin(p);
    if (trouble == NULL)
        return p;
    snprintf(why, why_size, "%s", trouble);
    packets_free(p);
    return NULL;
}

int packets_next(struct packets *p, struct packet *out) {
    if (p->trouble != NULL)
        return 0;
    return p->classic ? next_classic(p, out) : next_modern(p, out);
}

const char *packets_trouble(const struct packets *p) {
    return p->trouble;
}

uint64_t packets_passed_over(const struct packets *p) {
    return p->passed_over;
}

void packets_free(struct packets *p) {
    if (p == NULL)
        return;
    free(p->interfaces);
    free(p->block);
    free(p);
}
