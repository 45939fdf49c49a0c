/* CBOR (RFC 8949) without allocation: a writer of the core deterministic encoding (section 4.2.1) and a pull reader that is strict and
 * bounded.
 *
 * The writer gives lengths, numbers and floats their shortest form; a float is shortened as far as its value stays the same. The
 * caller says beforehand how many items an array or a map has, and gives the keys of a map in the order of their encoded bytes
 * (section 4.2.1), which for texts means the shorter first.
 *
 * The reader walks items in their order, without recursion: arrays and maps are announced with CBOR_ARRAY and CBOR_MAP, and end with
 * CBOR_END, whether they had a length or a break. Texts must be UTF-8. Strings in chunks are refused: nobody whom devices talk to
 * sends them, and a borrowed string has to lie in one piece. */
#ifndef MUSTER_CODEC_CBOR_H
#define MUSTER_CODEC_CBOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum { CBOR_DEPTH_MAX = 16 }; /* arrays and maps within each other */

void cbor_write_uint(struct bytes_writer *w, uint64_t value);
void cbor_write_int(struct bytes_writer *w, int64_t value);
void cbor_write_negative(struct bytes_writer *w, uint64_t below); /* −1 − below */
void cbor_write_float(struct bytes_writer *w, double value);      /* not a number: f97e00 */
/* What has no fraction and is exact as an integer becomes one, everything else a float. −0 is a float. */
void cbor_write_number(struct bytes_writer *w, double value);
void cbor_write_text(struct bytes_writer *w, struct bytes utf8);
void cbor_write_bytes(struct bytes_writer *w, struct bytes b);
void cbor_write_array(struct bytes_writer *w, uint64_t items);
void cbor_write_map(struct bytes_writer *w, uint64_t pairs);
void cbor_write_tag(struct bytes_writer *w, uint64_t tag); /* of the item that follows */
void cbor_write_bool(struct bytes_writer *w, bool value);
void cbor_write_null(struct bytes_writer *w);
void cbor_write_simple(struct bytes_writer *w, uint8_t value); /* not 24 to 31 */

enum cbor_kind {
    CBOR_UINT,     /* value */
    CBOR_NEGATIVE, /* −1 − value */
    CBOR_BYTES,    /* string */
    CBOR_TEXT,     /* string */
    CBOR_ARRAY,    /* value: items, unless open_ended */
    CBOR_MAP,      /* value: pairs, unless open_ended */
    CBOR_TAG,      /* value; the item that it tags comes next */
    CBOR_SIMPLE,   /* value: CBOR_FALSE and so on */
    CBOR_FLOAT,    /* number */
    CBOR_END       /* of the innermost array or map */
};
enum { CBOR_FALSE = 20, CBOR_TRUE = 21, CBOR_NULL = 22, CBOR_UNDEFINED = 23 };

struct cbor_item {
    enum cbor_kind kind;
    bool open_ended;
    uint64_t value;
    double number;
    struct bytes string; /* borrowed from the input */
};

struct cbor_reader {
    struct bytes_reader in;
    bool deterministic;            /* refuse what has a shorter form, and what has no length */
    bool begun, tagged;            /* an item was read; a tag waits for its item */
    unsigned depth;                /* arrays and maps that are open */
    uint32_t open_ended, is_map;   /* a bit for each of them */
    uint64_t left[CBOR_DEPTH_MAX]; /* items that each still has; open-ended: those that it had */
};

/* Exactly one item is read, with all that is in it. */
struct cbor_reader cbor_reader_of(struct bytes b, bool deterministic);
/* The next item. ERR_MALFORMED: not CBOR, cut short, or refused as said above · ERR_TOO_BIG: nested too deep ·
 * ERR_CLOSED: that was all, and no byte is left over. */
int cbor_next(struct cbor_reader *r, struct cbor_item *item);
/* Passes over the rest of what `item`, just read, begins: an array or a map with all that is in it, what a tag belongs to. */
int cbor_skip(struct cbor_reader *r, const struct cbor_item *item);
/* An integer or a float as a number; false: neither of them. Integers beyond 2^53 lose digits. */
bool cbor_number(const struct cbor_item *item, double *out);

#endif
