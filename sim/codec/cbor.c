#include "codec/cbor.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/utf8.h"

/* RFC 8949 section 3: major type in three bits, additional information in five. */
enum major { MAJOR_UINT, MAJOR_NEGATIVE, MAJOR_BYTES, MAJOR_TEXT, MAJOR_ARRAY, MAJOR_MAP, MAJOR_TAG, MAJOR_OTHER };
enum { INFO_U8 = 24, INFO_U16, INFO_U32, INFO_U64, INFO_RESERVED, INFO_OPEN = 31 };
enum { HALF_FRACTION = 10, HALF_BIAS = 15, HALF_NAN = 0x7e00, SINGLE_FRACTION = 23, SINGLE_BIAS = 127 };

/* --- writing -------------------------------------------------------------------------------------------------------- */

static void write_u64(struct bytes_writer *w, uint64_t value) {
    bytes_write_u32(w, (uint32_t)(value >> 32));
    bytes_write_u32(w, (uint32_t)value);
}

static void write_head(struct bytes_writer *w, enum major major, uint64_t value) {
    unsigned type = (unsigned)major << 5;
    if (value < INFO_U8) {
        bytes_write_u8(w, (uint8_t)(type | (unsigned)value));
    } else if (value <= UINT8_MAX) {
        bytes_write_u8(w, (uint8_t)(type | INFO_U8));
        bytes_write_u8(w, (uint8_t)value);
    } else if (value <= UINT16_MAX) {
        bytes_write_u8(w, (uint8_t)(type | INFO_U16));
        bytes_write_u16(w, (uint16_t)value);
    } else if (value <= UINT32_MAX) {
        bytes_write_u8(w, (uint8_t)(type | INFO_U32));
        bytes_write_u32(w, (uint32_t)value);
    } else {
        bytes_write_u8(w, (uint8_t)(type | INFO_U64));
        write_u64(w, value);
    }
}

void cbor_write_uint(struct bytes_writer *w, uint64_t value) {
    write_head(w, MAJOR_UINT, value);
}

void cbor_write_negative(struct bytes_writer *w, uint64_t below) {
    write_head(w, MAJOR_NEGATIVE, below);
}

void cbor_write_int(struct bytes_writer *w, int64_t value) {
    if (value < 0)
        write_head(w, MAJOR_NEGATIVE, ~(uint64_t)value);
    else
        write_head(w, MAJOR_UINT, (uint64_t)value);
}

static uint32_t single_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* A float of 32 bits as one of 16, if it stays the same. */
static bool half_of(uint32_t single, uint16_t *out) {
    uint32_t sign = single >> 31 << 15, fraction = single & ((1U << SINGLE_FRACTION) - 1);
    int exponent = (int)(single >> SINGLE_FRACTION & 0xff) - SINGLE_BIAS;
    uint32_t lost = (1U << (SINGLE_FRACTION - HALF_FRACTION)) - 1;
    if (exponent == SINGLE_BIAS + 1 && fraction == 0) { /* infinity */
        *out = (uint16_t)(sign | 0x7c00);
    } else if (single << 1 == 0) {
        *out = (uint16_t)sign;
    } else if (exponent > HALF_BIAS || exponent < -HALF_BIAS - HALF_FRACTION + 1) {
        return false;
    } else if (exponent > -HALF_BIAS) {
        if ((fraction & lost) != 0)
            return false;
        *out = (uint16_t)(sign | (uint32_t)(exponent + HALF_BIAS) << HALF_FRACTION |
                          fraction >> (SINGLE_FRACTION - HALF_FRACTION));
    } else { /* subnormal: multiples of 2^-24 */
        unsigned shift = (unsigned)(-1 - exponent);
        uint32_t whole = fraction | 1U << SINGLE_FRACTION;
        if ((whole & ((1U << shift) - 1)) != 0)
            return false;
        *out = (uint16_t)(sign | whole >> shift);
    }
    return true;
}

void cbor_write_float(struct bytes_writer *w, double value) {
    enum {
        HALF = MAJOR_OTHER << 5 | INFO_U16,
        SINGLE = MAJOR_OTHER << 5 | INFO_U32,
        DOUBLE = MAJOR_OTHER << 5 | INFO_U64
    };
    uint16_t half = HALF_NAN;
    bool number = value == value, fits = !number || fabs(value) <= 3.4028234663852886e38 || isinf(value);
    float single = number && fits ? (float)value : 0;
    if (!number || (fits && (double)single == value && half_of(single_bits(single), &half))) {
        bytes_write_u8(w, HALF);
        bytes_write_u16(w, half);
    } else if (fits && (double)single == value) {
        bytes_write_u8(w, SINGLE);
        bytes_write_u32(w, single_bits(single));
    } else {
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        bytes_write_u8(w, DOUBLE);
        write_u64(w, bits);
    }
}

void cbor_write_number(struct bytes_writer *w, double value) {
    const double exact = 9007199254740992.0; /* 2^53 */
    bool whole = value >= -exact && value <= exact && value == floor(value) && !(value == 0 && signbit(value));
    if (whole)
        cbor_write_int(w, (int64_t)value);
    else
        cbor_write_float(w, value);
}

void cbor_write_text(struct bytes_writer *w, struct bytes utf8) {
    write_head(w, MAJOR_TEXT, utf8.size);
    bytes_write(w, utf8);
}

void cbor_write_bytes(struct bytes_writer *w, struct bytes b) {
    write_head(w, MAJOR_BYTES, b.size);
    bytes_write(w, b);
}

void cbor_write_array(struct bytes_writer *w, uint64_t items) {
    write_head(w, MAJOR_ARRAY, items);
}

void cbor_write_map(struct bytes_writer *w, uint64_t pairs) {
    write_head(w, MAJOR_MAP, pairs);
}

void cbor_write_tag(struct bytes_writer *w, uint64_t tag) {
    write_head(w, MAJOR_TAG, tag);
}

void cbor_write_bool(struct bytes_writer *w, bool value) {
    cbor_write_simple(w, value ? CBOR_TRUE : CBOR_FALSE);
}

void cbor_write_null(struct bytes_writer *w) {
    cbor_write_simple(w, CBOR_NULL);
}

void cbor_write_simple(struct bytes_writer *w, uint8_t value) {
    CHECK(value < INFO_U8 || value > INFO_OPEN);
    write_head(w, MAJOR_OTHER, value);
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

struct cbor_reader cbor_reader_of(struct bytes b, bool deterministic) {
    return (struct cbor_reader){.in = bytes_reader_of(b), .deterministic = deterministic};
}

static uint64_t read_u64(struct bytes_reader *in) {
    uint64_t high = bytes_read_u32(in);
    return high << 32 | bytes_read_u32(in);
}

static double number_of_half(uint16_t half) {
    int exponent = half >> HALF_FRACTION & 0x1f;
    double fraction = half & ((1 << HALF_FRACTION) - 1), value;
    if (exponent == 0)
        value = ldexp(fraction, 1 - HALF_BIAS - HALF_FRACTION);
    else if (exponent == 0x1f)
        value = fraction == 0 ? (double)INFINITY : (double)NAN;
    else
        value = ldexp(fraction + (1 << HALF_FRACTION), exponent - HALF_BIAS - HALF_FRACTION);
    return half >> 15 != 0 ? -value : value;
}

/* The argument of the head; false: reserved, cut short, or not the shortest form where that is asked for. */
static bool read_argument(struct cbor_reader *r, unsigned info, uint64_t *value) {
    uint64_t least = 0;
    *value = info;
    switch (info) {
    case INFO_U8:
        *value = bytes_read_u8(&r->in);
        least = INFO_U8;
        break;
    case INFO_U16:
        *value = bytes_read_u16(&r->in);
        least = (uint64_t)UINT8_MAX + 1;
        break;
    case INFO_U32:
        *value = bytes_read_u32(&r->in);
        least = (uint64_t)UINT16_MAX + 1;
        break;
    case INFO_U64:
        *value = read_u64(&r->in);
        least = (uint64_t)UINT32_MAX + 1;
        break;
    default:
        return info < INFO_U8;
    }
    return !r->in.failed && (!r->deterministic || *value >= least);
}

static bool shortest(double number, unsigned info) {
    uint8_t room[9];
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    cbor_write_float(&w, number);
    return bytes_written(&w) == 1 + ((size_t)1 << (info - INFO_U8));
}

/* Major type 7: simple values and floats. */
static int read_other(struct cbor_reader *r, unsigned info, struct cbor_item *item) {
    item->kind = CBOR_FLOAT;
    switch (info) {
    case INFO_U8:
        item->kind = CBOR_SIMPLE;
        item->value = bytes_read_u8(&r->in);
        return r->in.failed || item->value <= INFO_OPEN ? ERR_MALFORMED
                                                        : 0; /* the lower ones have a shorter form always */
    case INFO_U16: {
        uint16_t half = bytes_read_u16(&r->in);
        item->number = number_of_half(half);
        if (r->deterministic && item->number != item->number && half != HALF_NAN)
            return ERR_MALFORMED;
        break;
    }
    case INFO_U32: {
        uint32_t bits = bytes_read_u32(&r->in);
        float single;
        memcpy(&single, &bits, sizeof single);
        item->number = (double)single;
        break;
    }
    case INFO_U64: {
        uint64_t bits = read_u64(&r->in);
        memcpy(&item->number, &bits, sizeof bits);
        break;
    }
    default:
        item->kind = CBOR_SIMPLE;
        item->value = info;
        return info < INFO_U8 ? 0 : ERR_MALFORMED;
    }
    return r->in.failed || (r->deterministic && !shortest(item->number, info)) ? ERR_MALFORMED : 0;
}

static int read_string(struct cbor_reader *r, struct cbor_item *item) {
    if (item->value > bytes_left(&r->in))
        return ERR_MALFORMED;
    item->string = bytes_read(&r->in, (size_t)item->value);
    if (item->kind == CBOR_BYTES)
        return 0;
    for (size_t at = 0; at < item->string.size;) {
        size_t length = utf8_sequence(item->string.data + at, item->string.size - at);
        if (length == 0)
            return ERR_MALFORMED;
        at += length;
    }
    return 0;
}

/* Each item takes a byte at least, so a length beyond the input is a lie that needs no walk to find out. */
static int open_container(struct cbor_reader *r, struct cbor_item *item) {
    uint64_t items = item->value;
    bool map = item->kind == CBOR_MAP;
    if (!item->open_ended && items > bytes_left(&r->in) / (map ? 2 : 1))
        return ERR_MALFORMED;
    if (r->depth == CBOR_DEPTH_MAX)
        return ERR_TOO_BIG;
    uint32_t bit = 1U << r->depth;
    r->open_ended = item->open_ended ? r->open_ended | bit : r->open_ended & ~bit;
    r->is_map = map ? r->is_map | bit : r->is_map & ~bit;
    r->left[r->depth++] = item->open_ended ? 0 : map ? 2 * items : items;
    return 0;
}

/* One item of the innermost container is there. */
static void count_item(struct cbor_reader *r) {
    if (r->depth == 0) {
        r->begun = true;
        return;
    }
    unsigned top = r->depth - 1;
    r->left[top] += (r->open_ended >> top & 1) != 0 ? 1 : (uint64_t)-1;
}

static int read_break(struct cbor_reader *r, struct cbor_item *item) {
    if (r->depth == 0 || r->tagged)
        return ERR_MALFORMED;
    unsigned top = r->depth - 1;
    bool half_a_pair = (r->is_map >> top & 1) != 0 && r->left[top] % 2 != 0;
    if ((r->open_ended >> top & 1) == 0 || half_a_pair)
        return ERR_MALFORMED;
    r->depth--;
    item->kind = CBOR_END;
    return 0;
}

static int read_item(struct cbor_reader *r, struct cbor_item *item) {
    unsigned head = bytes_read_u8(&r->in), info = head & 0x1f;
    enum major major = (enum major)(head >> 5);
    if (r->in.failed)
        return ERR_MALFORMED;
    if (major == MAJOR_OTHER && info == INFO_OPEN)
        return read_break(r, item);
    if (!r->tagged) /* what a tag belongs to was counted with it */
        count_item(r);
    r->tagged = major == MAJOR_TAG;
    if (major == MAJOR_OTHER)
        return read_other(r, info, item);
    item->kind = (enum cbor_kind)major;
    item->open_ended = info == INFO_OPEN && (major == MAJOR_ARRAY || major == MAJOR_MAP) && !r->deterministic;
    if (!item->open_ended && !read_argument(r, info, &item->value))
        return ERR_MALFORMED;
    if (major == MAJOR_BYTES || major == MAJOR_TEXT)
        return read_string(r, item);
    return major == MAJOR_ARRAY || major == MAJOR_MAP ? open_container(r, item) : 0;
}

int cbor_next(struct cbor_reader *r, struct cbor_item *item) {
    *item = (struct cbor_item){.kind = CBOR_END};
    if (r->in.failed)
        return ERR_MALFORMED;
    if (r->depth > 0 && !r->tagged) {
        unsigned top = r->depth - 1;
        if ((r->open_ended >> top & 1) == 0 && r->left[top] == 0) {
            r->depth--;
            return 0;
        }
    }
    if (r->depth == 0 && r->begun && !r->tagged)
        return bytes_left(&r->in) == 0 ? ERR_CLOSED : ERR_MALFORMED;
    int error = read_item(r, item);
    r->in.failed = r->in.failed || error < 0;
    return error;
}

int cbor_skip(struct cbor_reader *r, const struct cbor_item *item) {
    struct cbor_item next = *item;
    int error = 0;
    while (error == 0 && next.kind == CBOR_TAG)
        error = cbor_next(r, &next);
    if (error < 0 || (next.kind != CBOR_ARRAY && next.kind != CBOR_MAP))
        return error;
    unsigned outside = r->depth - 1;
    while (error == 0 && r->depth > outside)
        error = cbor_next(r, &next);
    return error;
}

bool cbor_number(const struct cbor_item *item, double *out) {
    if (item->kind == CBOR_UINT)
        *out = (double)item->value;
    else if (item->kind == CBOR_NEGATIVE)
        *out = -1.0 - (double)item->value;
    else if (item->kind == CBOR_FLOAT)
        *out = item->number;
    else
        return false;
    return true;
}
