#include "coap/coap_option.h"

#include <string.h>

#include "base/err.h"

/* A nibble of 13 or 14 announces one or two bytes more (RFC 7252 section 3.1). */
enum { NIBBLE_BYTE = 13, NIBBLE_WORD = 14, NIBBLE_RESERVED = 15, WORD_BASE = 269, BLOCK_MORE = 8, BLOCK_SHIFT = 4 };

static uint32_t read_extended(struct bytes_reader *r, unsigned nibble) {
    if (nibble == NIBBLE_BYTE)
        return NIBBLE_BYTE + (uint32_t)bytes_read_u8(r);
    if (nibble == NIBBLE_WORD)
        return WORD_BASE + (uint32_t)bytes_read_u16(r);
    return nibble;
}

int coap_option_step(struct coap_option_walk *w, struct coap_option *out, enum coap_rule *rule) {
    if (bytes_left(&w->r) == 0 || *w->r.at == COAP_PAYLOAD_MARKER)
        return ERR_CLOSED;
    uint8_t head = bytes_read_u8(&w->r);
    unsigned delta_nibble = head >> 4, length_nibble = head & 0xf;
    if (delta_nibble == NIBBLE_RESERVED || length_nibble == NIBBLE_RESERVED) {
        *rule = delta_nibble == NIBBLE_RESERVED ? COAP_RULE_DELTA_15 : COAP_RULE_LENGTH_15;
        return ERR_MALFORMED;
    }
    uint32_t delta = read_extended(&w->r, delta_nibble);
    uint32_t length = read_extended(&w->r, length_nibble);
    out->value = bytes_read(&w->r, length);
    if (w->r.failed || delta + w->number > COAP_OPTION_NUMBER_MAX) {
        *rule = w->r.failed ? COAP_RULE_OPTION_PAST_END : COAP_RULE_OPTION_NUMBER;
        return ERR_MALFORMED;
    }
    w->number += delta;
    out->number = (uint16_t)w->number;
    return 0;
}

bool coap_option_next(struct coap_option_walk *w, struct coap_option *out) {
    enum coap_rule rule;
    return coap_option_step(w, out, &rule) == 0;
}

bool coap_option_find(struct bytes options, uint32_t number, struct bytes *value) {
    struct coap_option_walk w = coap_option_walk_of(options);
    struct coap_option option;
    while (coap_option_next(&w, &option) && option.number <= number) {
        if (option.number == number) {
            *value = option.value;
            return true;
        }
    }
    return false;
}

bool coap_option_uint(struct bytes value, uint32_t *out) {
    if (value.size > sizeof *out)
        return false;
    uint32_t sum = 0;
    for (size_t i = 0; i < value.size; i++)
        sum = sum << 8 | value.data[i];
    *out = sum;
    return true;
}

bool coap_option_find_uint(struct bytes options, uint32_t number, uint32_t *out) {
    struct bytes value;
    return coap_option_find(options, number, &value) && coap_option_uint(value, out);
}

bool coap_option_block(struct bytes value, struct coap_block *out) {
    uint32_t all;
    if (value.size > 3 || !coap_option_uint(value, &all))
        return false;
    *out = (struct coap_block){
        .number = all >> BLOCK_SHIFT, .more = all & BLOCK_MORE, .exponent = (uint8_t)(all & COAP_BLOCK_BERT)};
    return true;
}

bool coap_option_find_block(struct bytes options, uint32_t number, struct coap_block *out) {
    struct bytes value;
    return coap_option_find(options, number, &value) && coap_option_block(value, out);
}

int coap_option_add(struct coap_options *o, uint16_t number, struct bytes value) {
    if (o->count == COAP_OPTIONS_MAX)
        return ERR_TOO_BIG;
    unsigned at = o->count++;
    for (; at > 0 && o->list[at - 1].number > number; at--)
        o->list[at] = o->list[at - 1];
    o->list[at] = (struct coap_option){number, value};
    return 0;
}

int coap_option_add_uint(struct coap_options *o, uint16_t number, uint32_t value) {
    if (o->count == COAP_OPTIONS_MAX)
        return ERR_TOO_BIG;
    uint8_t *room = o->room[o->integers++];
    size_t size = 0;
    for (int shift = 24; shift >= 0; shift -= 8)
        if (size > 0 || value >> shift)
            room[size++] = (uint8_t)(value >> shift);
    return coap_option_add(o, number, bytes_of(room, size));
}

int coap_option_add_block(struct coap_options *o, uint16_t number, struct coap_block block) {
    if (block.number > COAP_BLOCK_NUMBER_MAX || block.exponent > COAP_BLOCK_BERT)
        return ERR_INVALID;
    return coap_option_add_uint(o, number,
                                block.number << BLOCK_SHIFT | (block.more ? BLOCK_MORE : 0) | block.exponent);
}

int coap_option_add_parts(struct coap_options *o, uint16_t number, struct bytes text, char separator) {
    if (text.size > 0 && text.data[0] == (uint8_t)separator)
        text = bytes_of(text.data + 1, text.size - 1);
    while (text.size > 0) {
        const uint8_t *end = memchr(text.data, separator, text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        int result = coap_option_add(o, number, bytes_of(text.data, size));
        if (result < 0)
            return result;
        if (!end)
            break;
        text = bytes_of(text.data + size + 1, text.size - size - 1);
        if (text.size == 0) /* a trailing separator: the last part is empty */
            return coap_option_add(o, number, bytes_of(NULL, 0));
    }
    return 0;
}

static unsigned nibble_of(uint32_t value) {
    if (value < NIBBLE_BYTE)
        return value;
    return value < WORD_BASE ? NIBBLE_BYTE : NIBBLE_WORD;
}

static size_t extra_of(uint32_t value) {
    if (value < NIBBLE_BYTE)
        return 0;
    return value < WORD_BASE ? 1 : 2;
}

static void write_extended(struct bytes_writer *w, uint32_t value) {
    if (value >= WORD_BASE)
        bytes_write_u16(w, (uint16_t)(value - WORD_BASE));
    else if (value >= NIBBLE_BYTE)
        bytes_write_u8(w, (uint8_t)(value - NIBBLE_BYTE));
}

size_t coap_option_size(uint32_t previous, const struct coap_option *option) {
    if (option->number < previous || option->value.size > COAP_OPTION_VALUE_MAX)
        return 0;
    return 1 + extra_of(option->number - previous) + extra_of((uint32_t)option->value.size) + option->value.size;
}

void coap_option_write(struct bytes_writer *w, uint32_t previous, const struct coap_option *option) {
    uint32_t delta = option->number - previous, length = (uint32_t)option->value.size;
    bytes_write_u8(w, (uint8_t)(nibble_of(delta) << 4 | nibble_of(length)));
    write_extended(w, delta);
    write_extended(w, length);
    bytes_write(w, option->value);
}
