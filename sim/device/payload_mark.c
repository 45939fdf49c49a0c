#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "device/payload.h"

enum { MARK_BYTES = 16 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Place in the alphabet + 1; 0: not in it. */
static const uint8_t place_of[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

static uint32_t six_bits(char c) {
    return place_of[(uint8_t)c] - 1U;
}

static bool hex_digit(char c, uint16_t *out) {
    if (c >= '0' && c <= '9')
        *out = (uint16_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *out = (uint16_t)(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
        *out = (uint16_t)(c - 'A' + 10);
    else
        return false;
    return true;
}

uint16_t payload_mark_run(const char *run_id) {
    uint16_t number = 0, digit;
    size_t size = 0;
    while (run_id[size] != '\0' && size < 4 && hex_digit(run_id[size], &digit)) {
        number = (uint16_t)(number << 4 | digit);
        size++;
    }
    return size == 4 && run_id[size] == '\0' ? number : (uint16_t)hash_name(run_id);
}

struct payload_mark payload_mark_of(const struct payload_context *c) {
    return (struct payload_mark){.run = payload_mark_run(c->run_id),
                                 .device = c->device,
                                 .sequence = c->seq,
                                 .intended_us = c->intended > 0 ? (uint64_t)(c->intended / SPAN_US) : 0};
}

/* The text is 128 bits, most significant first, and four bits of zero: 21 characters by three bytes each, then one byte. */
void payload_mark_encode(const struct payload_mark *m, char text[PAYLOAD_MARK_SIZE]) {
    uint8_t data[MARK_BYTES + 2] = {0};
    struct bytes_writer w = bytes_writer_of(data, MARK_BYTES);
    bytes_write_u16(&w, m->run);
    bytes_write_u32(&w, m->device);
    bytes_write_u32(&w, m->sequence);
    bytes_write_u16(&w, (uint16_t)(m->intended_us >> 32));
    bytes_write_u32(&w, (uint32_t)m->intended_us);
    for (unsigned i = 0; i < PAYLOAD_MARK_SIZE; i++) {
        unsigned bit = 6 * i, pair = (unsigned)data[bit / 8] << 8 | data[bit / 8 + 1];
        text[i] = alphabet[pair >> (10 - bit % 8) & 0x3f];
    }
}

bool payload_mark_decode(const char text[PAYLOAD_MARK_SIZE], struct payload_mark *out) {
    uint8_t data[MARK_BYTES + 2] = {0};
    for (unsigned i = 0; i < PAYLOAD_MARK_SIZE; i++) {
        if (place_of[(uint8_t)text[i]] == 0)
            return false;
        unsigned bit = 6 * i, pair = six_bits(text[i]) << (10 - bit % 8);
        data[bit / 8] |= (uint8_t)(pair >> 8);
        data[bit / 8 + 1] |= (uint8_t)pair;
    }
    if (data[MARK_BYTES] != 0)
        return false;
    struct bytes_reader r = bytes_reader_of(bytes_of(data, MARK_BYTES));
    out->run = bytes_read_u16(&r);
    out->device = bytes_read_u32(&r);
    out->sequence = bytes_read_u32(&r);
    out->intended_us = (uint64_t)bytes_read_u16(&r) << 32;
    out->intended_us |= bytes_read_u32(&r);
    return true;
}

/* A cheap look before decoding: the run id is in the first 16 bits. */
static bool is_ours(const char *text, uint16_t run, uint32_t device_count, struct payload_mark *out) {
    uint32_t first = six_bits(text[0]) << 12 | six_bits(text[1]) << 6 | six_bits(text[2]);
    struct payload_mark found;
    if (first >> 2 != run || !payload_mark_decode(text, &found) || found.device >= device_count)
        return false;
    *out = found;
    return true;
}

bool payload_mark_find(struct bytes payload, uint16_t run, uint32_t device_count, struct payload_mark *out) {
    const char *text = (const char *)payload.data;
    size_t in_row = 0;
    for (size_t i = 0; i < payload.size; i++) {
        in_row = place_of[payload.data[i]] == 0 ? 0 : in_row + 1;
        if (in_row >= PAYLOAD_MARK_SIZE && is_ours(text + i + 1 - PAYLOAD_MARK_SIZE, run, device_count, out))
            return true;
    }
    return false;
}
