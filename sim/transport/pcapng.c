#include "transport/pcapng.h"

#include <stddef.h>

static size_t padding_of(size_t size) {
    return (4 - size % 4) % 4;
}

uint16_t pcapng_read_u16(struct bytes_reader *r, bool little) {
    uint16_t value = bytes_read_u16(r);
    return little ? __builtin_bswap16(value) : value;
}

uint32_t pcapng_read_u32(struct bytes_reader *r, bool little) {
    uint32_t value = bytes_read_u32(r);
    return little ? __builtin_bswap32(value) : value;
}

static bool is_length(uint32_t size) {
    return size >= PCAPNG_BLOCK_LEAST && size % 4 == 0;
}

bool pcapng_head(const uint8_t head[PCAPNG_HEAD], bool *little, uint32_t *type, uint32_t *size) {
    struct bytes_reader r = bytes_reader_of(bytes_of(head, PCAPNG_HEAD));
    *type = pcapng_read_u32(&r, *little);
    uint32_t length = bytes_read_u32(&r), magic = bytes_read_u32(&r);
    if (*type == PCAPNG_SECTION) { /* a palindrome: it reads the same in both orders */
        if (magic != PCAPNG_ORDER_MAGIC && __builtin_bswap32(magic) != PCAPNG_ORDER_MAGIC)
            return false;
        *little = magic != PCAPNG_ORDER_MAGIC;
    }
    *size = *little ? __builtin_bswap32(length) : length;
    return is_length(*size);
}

struct bytes pcapng_block(struct bytes_reader *r, bool little, uint32_t *type, const char **trouble) {
    *type = pcapng_read_u32(r, little);
    uint32_t size = pcapng_read_u32(r, little);
    *trouble = "a block is cut short";
    if (!r->failed && !is_length(size))
        *trouble = "a block's length cannot be";
    if (r->failed || !is_length(size) || bytes_left(r) < size - 8)
        return bytes_of(NULL, 0);
    struct bytes body = bytes_read(r, size - PCAPNG_BLOCK_LEAST);
    if (pcapng_read_u32(r, little) != size) {
        *trouble = "a block's two lengths differ";
        return bytes_of(NULL, 0);
    }
    *trouble = NULL;
    return body;
}

bool pcapng_option(struct bytes_reader *r, bool little, unsigned *code, struct bytes *value) {
    *code = pcapng_read_u16(r, little);
    size_t size = pcapng_read_u16(r, little);
    if (r->failed || (*code == PCAPNG_OPTION_END && size == 0))
        return false;
    *value = bytes_read(r, size);
    bytes_read(r, padding_of(size));
    return !r->failed;
}

bool pcapng_packet(struct bytes body, bool little, struct pcapng_packet *out) {
    struct bytes_reader r = bytes_reader_of(body);
    out->interface = pcapng_read_u32(&r, little);
    uint64_t high = pcapng_read_u32(&r, little);
    out->time = high << 32 | pcapng_read_u32(&r, little);
    uint32_t captured = pcapng_read_u32(&r, little);
    out->original = pcapng_read_u32(&r, little);
    out->data = bytes_read(&r, captured);
    bytes_read(&r, padding_of(captured));
    out->options = r;
    return !r.failed && out->original >= captured;
}
