#include "base/err.h"
#include "coap/coap_codec.h"

enum { VERSION = 1, VERSION_SHIFT = 6, TYPE_SHIFT = 4, TOKEN_MASK = 0xf };
/* The length nibble of a stream: 13, 14 and 15 announce one, two and four bytes more (RFC 8323 section 3.2). */
enum { LENGTH_BYTE = 13, LENGTH_WORD = 14, LENGTH_LONG = 15, WORD_BASE = 269, LONG_BASE = 65805 };

/* Token, options and payload: what all framings share. */
static int decode_body(struct bytes_reader *r, unsigned token_size, enum coap_framing framing, struct coap_message *out,
                       struct coap_fault *fault) {
    if (token_size > COAP_TOKEN_MAX)
        return coap_rule_break(COAP_RULE_TOKEN_LENGTH, framing, 0, fault);
    out->token = bytes_read(r, token_size);
    if (r->failed)
        return coap_rule_break(COAP_RULE_TOKEN_PAST_END, framing, 0, fault);
    struct coap_option_walk walk = {*r, 0};
    struct coap_option option;
    enum coap_rule rule;
    int result;
    while ((result = coap_option_step(&walk, &option, &rule)) == 0)
        ;
    if (result == ERR_MALFORMED)
        return coap_rule_break(rule, framing, 0, fault);
    out->options = bytes_of(r->at, (size_t)(walk.r.at - r->at));
    *r = walk.r;
    if (bytes_left(r) == 0)
        return 0;
    (void)bytes_read_u8(r); /* the marker */
    out->payload = bytes_read(r, bytes_left(r));
    return out->payload.size > 0 ? 0 : coap_rule_break(COAP_RULE_PAYLOAD_EMPTY, framing, 0, fault);
}

/* Which codes a type may have (RFC 7252 section 4, table 1). */
static int check_type(const struct coap_message *m, struct coap_fault *fault) {
    enum coap_kind kind = coap_tables_kind(m->code, COAP_UDP);
    switch (m->type) {
    case COAP_CON:
        return kind == COAP_KIND_RESERVED ? coap_rule_break(COAP_RULE_CON_CLASS, COAP_UDP, 0, fault) : 0;
    case COAP_NON:
        if (kind == COAP_KIND_EMPTY)
            return coap_rule_break(COAP_RULE_NON_EMPTY, COAP_UDP, 0, fault);
        return kind == COAP_KIND_RESERVED ? coap_rule_break(COAP_RULE_NON_CLASS, COAP_UDP, 0, fault) : 0;
    case COAP_ACK:
        return kind == COAP_KIND_EMPTY || kind == COAP_KIND_RESPONSE
                   ? 0
                   : coap_rule_break(COAP_RULE_ACK_CODE, COAP_UDP, 0, fault);
    default:
        return kind == COAP_KIND_EMPTY ? 0 : coap_rule_break(COAP_RULE_RST_CODE, COAP_UDP, 0, fault);
    }
}

static int decode_datagram(struct bytes in, size_t max_size, struct coap_message *out, struct coap_fault *fault) {
    struct bytes_reader r = bytes_reader_of(in);
    uint8_t head = bytes_read_u8(&r);
    uint8_t code = bytes_read_u8(&r);
    uint16_t id = bytes_read_u16(&r);
    if (r.failed)
        return coap_rule_break(COAP_RULE_SHORT, COAP_UDP, 0, fault);
    if (head >> VERSION_SHIFT != VERSION) /* its other fields need not mean what ours do */
        return coap_rule_break(COAP_RULE_VERSION, COAP_UDP, 0, fault);
    out->type = (head >> TYPE_SHIFT) & 3;
    out->code = code;
    out->id = id;
    if (max_size > 0 && in.size > max_size)
        return coap_rule_break(COAP_RULE_TOO_BIG, COAP_UDP, 0, fault);
    if (code == COAP_EMPTY && ((head & TOKEN_MASK) || bytes_left(&r) > 0))
        return coap_rule_break(COAP_RULE_EMPTY_WITH_BYTES, COAP_UDP, 0, fault);
    int result = decode_body(&r, head & TOKEN_MASK, COAP_UDP, out, fault);
    return result < 0 ? result : check_type(out, fault);
}

/* The size of the head up to the code, and of what follows the token. ERR_AGAIN: too few bytes. */
static int read_length(struct bytes_reader *r, uint8_t *token_size, uint64_t *body) {
    uint8_t head = bytes_read_u8(r);
    unsigned nibble = head >> TYPE_SHIFT;
    *token_size = head & TOKEN_MASK;
    *body = nibble;
    if (nibble == LENGTH_BYTE)
        *body = LENGTH_BYTE + (uint64_t)bytes_read_u8(r);
    else if (nibble == LENGTH_WORD)
        *body = WORD_BASE + (uint64_t)bytes_read_u16(r);
    else if (nibble == LENGTH_LONG)
        *body = LONG_BASE + (uint64_t)bytes_read_u32(r);
    return r->failed ? ERR_AGAIN : 0;
}

int coap_codec_frame(struct bytes in, size_t *total) {
    struct bytes_reader r = bytes_reader_of(in);
    uint8_t token_size;
    uint64_t body;
    int result = read_length(&r, &token_size, &body);
    if (result < 0)
        return result;
    uint64_t all = (uint64_t)(r.at - in.data) + 1 + token_size + body;
    *total = all > SIZE_MAX ? SIZE_MAX : (size_t)all;
    return 0;
}

static int decode_stream(struct bytes in, enum coap_framing framing, size_t max_size, struct coap_message *out,
                         size_t *consumed, struct coap_fault *fault) {
    size_t total = in.size;
    struct bytes_reader r = bytes_reader_of(in);
    uint8_t token_size;
    uint64_t body;
    int result = read_length(&r, &token_size, &body);
    if (framing == COAP_TCP) {
        if (result < 0)
            return result;
        coap_codec_frame(in, &total);
        if (token_size > COAP_TOKEN_MAX)
            return coap_rule_break(COAP_RULE_TOKEN_LENGTH, framing, 0, fault);
    } else if (result < 0 || bytes_left(&r) == 0) {
        return coap_rule_break(COAP_RULE_SHORT, framing, 0, fault);
    } else if (body > 0) {
        return coap_rule_break(COAP_RULE_FRAME_LENGTH, framing, 0, fault);
    }
    if (max_size > 0 && total > max_size)
        return coap_rule_break(COAP_RULE_TOO_BIG, framing, 0, fault);
    if (total > in.size)
        return ERR_AGAIN;
    r.end = in.data + total;
    out->code = bytes_read_u8(&r);
    result = decode_body(&r, token_size, framing, out, fault);
    if (result == 0 && coap_tables_kind(out->code, framing) == COAP_KIND_RESERVED)
        result = coap_rule_break(COAP_RULE_STREAM_CLASS, framing, 0, fault);
    if (result == 0 || result == ERR_PROTOCOL)
        *consumed = total;
    return result;
}

int coap_codec_decode(struct bytes in, enum coap_framing framing, size_t max_size, struct coap_message *out,
                      size_t *consumed, struct coap_fault *fault) {
    *consumed = 0;
    *out = (struct coap_message){0};
    if (framing != COAP_UDP)
        return decode_stream(in, framing, max_size, out, consumed, fault);
    int result = decode_datagram(in, max_size, out, fault);
    if (result == 0)
        *consumed = in.size;
    return result;
}
