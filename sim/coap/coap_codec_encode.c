#include "base/err.h"
#include "coap/coap_codec.h"

enum { VERSION_BITS = 0x40, TYPE_SHIFT = 4 };
enum { LENGTH_BYTE = 13, LENGTH_WORD = 14, LENGTH_LONG = 15, WORD_BASE = 269 };
#define LONG_BASE   UINT64_C(65805)
#define LENGTH_MAX  (LONG_BASE + UINT32_MAX)
#define UNENCODABLE UINT64_MAX

/* Options, marker and payload. */
static uint64_t body_size(const struct coap_message *m) {
    uint64_t size = m->options.size;
    if (size == 0) {
        uint32_t previous = 0;
        for (unsigned i = 0; i < m->count; i++) {
            size_t one = coap_option_size(previous, &m->list[i]);
            if (one == 0)
                return UNENCODABLE;
            size += one;
            previous = m->list[i].number;
        }
    }
    if (m->payload.size > 0)
        size += 1 + (uint64_t)m->payload.size;
    return size > LENGTH_MAX ? UNENCODABLE : size;
}

static size_t length_size(uint64_t body) {
    if (body < LENGTH_BYTE)
        return 0;
    if (body < WORD_BASE)
        return 1;
    return body < LONG_BASE ? 2 : 4;
}

static uint64_t total_size(const struct coap_message *m, enum coap_framing framing, uint64_t body) {
    if (body == UNENCODABLE || m->token.size > COAP_TOKEN_MAX)
        return UNENCODABLE;
    if (framing == COAP_UDP) {
        if (m->code == COAP_EMPTY && (body > 0 || m->token.size > 0))
            return UNENCODABLE;
        return COAP_HEADER + m->token.size + body;
    }
    return 2 + (framing == COAP_TCP ? length_size(body) : 0) + m->token.size + body;
}

size_t coap_codec_size(const struct coap_message *m, enum coap_framing framing) {
    uint64_t total = total_size(m, framing, body_size(m));
    return total == UNENCODABLE || total > SIZE_MAX ? 0 : (size_t)total;
}

static void write_stream_head(struct bytes_writer *w, const struct coap_message *m, uint64_t body) {
    static const uint8_t nibbles[] = {0, LENGTH_BYTE, LENGTH_WORD, 0, LENGTH_LONG};
    size_t extra = length_size(body);
    unsigned nibble = extra ? nibbles[extra] : (unsigned)body;
    bytes_write_u8(w, (uint8_t)(nibble << TYPE_SHIFT | m->token.size));
    if (extra == 1)
        bytes_write_u8(w, (uint8_t)(body - LENGTH_BYTE));
    else if (extra == 2)
        bytes_write_u16(w, (uint16_t)(body - WORD_BASE));
    else if (extra == 4)
        bytes_write_u32(w, (uint32_t)(body - LONG_BASE));
    bytes_write_u8(w, m->code);
}

int coap_codec_encode(struct bytes_writer *w, const struct coap_message *m, enum coap_framing framing) {
    uint64_t body = body_size(m), total = total_size(m, framing, body);
    if (total == UNENCODABLE || (framing == COAP_UDP && m->type > COAP_RST))
        return ERR_INVALID;
    if (total > bytes_room(w))
        return ERR_AGAIN;
    if (framing == COAP_UDP) {
        bytes_write_u8(w, (uint8_t)(VERSION_BITS | (unsigned)m->type << TYPE_SHIFT | (unsigned)m->token.size));
        bytes_write_u8(w, m->code);
        bytes_write_u16(w, m->id);
    } else {
        write_stream_head(w, m, framing == COAP_TCP ? body : 0);
    }
    bytes_write(w, m->token);
    bytes_write(w, m->options);
    uint32_t previous = 0;
    for (unsigned i = 0; m->options.size == 0 && i < m->count; i++) {
        coap_option_write(w, previous, &m->list[i]);
        previous = m->list[i].number;
    }
    if (m->payload.size > 0) {
        bytes_write_u8(w, COAP_PAYLOAD_MARKER);
        bytes_write(w, m->payload);
    }
    return 0;
}
