/* Options of a message: walking what was decoded, and collecting what is to be encoded, without allocation. */
#ifndef MUSTER_COAP_COAP_OPTION_H
#define MUSTER_COAP_COAP_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "coap/coap_rule.h"

enum { COAP_PAYLOAD_MARKER = 0xff, COAP_OPTION_NUMBER_MAX = 65535, COAP_OPTION_VALUE_MAX = 65535 + 269 };

struct coap_option {
    uint16_t number;
    struct bytes value; /* borrowed */
};

/* Walks options in their wire form; `number` is that of the one before. Start with the bytes and number 0. */
struct coap_option_walk {
    struct bytes_reader r;
    uint32_t number;
};

static inline struct coap_option_walk coap_option_walk_of(struct bytes options) {
    return (struct coap_option_walk){bytes_reader_of(options), 0};
}
/* The next option. 0 with *out; ERR_CLOSED at the end or at the payload marker, which is not consumed; ERR_MALFORMED with *rule. */
int coap_option_step(struct coap_option_walk *w, struct coap_option *out, enum coap_rule *rule);
/* The same over options that a decoder has accepted: false at the end. */
bool coap_option_next(struct coap_option_walk *w, struct coap_option *out);
/* The first option with that number in accepted options; false: none. */
bool coap_option_find(struct bytes options, uint32_t number, struct bytes *value);

/* An unsigned value of at most four bytes, leading zero bytes allowed (RFC 7252 section 3.2). False: longer. */
bool coap_option_uint(struct bytes value, uint32_t *out);
/* find and uint in one; false when it is missing or longer than four bytes. */
bool coap_option_find_uint(struct bytes options, uint32_t number, uint32_t *out);

/* The value of a Block option (RFC 7959 section 2.2). */
enum { COAP_BLOCK_NUMBER_MAX = (1 << 20) - 1, COAP_BLOCK_EXPONENT_MAX = 6, COAP_BLOCK_BERT = 7 };
struct coap_block {
    uint32_t number;
    bool more;
    uint8_t exponent; /* a block has 16 << exponent bytes; 7: BERT, multiples of 1024 (RFC 8323 section 6) */
};
static inline uint32_t coap_block_size(uint8_t exponent) {
    return exponent >= COAP_BLOCK_EXPONENT_MAX ? 1024 : (uint32_t)16 << exponent;
}
bool coap_option_block(struct bytes value, struct coap_block *out);
bool coap_option_find_block(struct bytes options, uint32_t number, struct coap_block *out);

/* Options being collected for encoding: kept in rising order, equal numbers in the order of their adding. Values are borrowed, but integers
 * live in the collection itself, which must therefore not be moved. */
enum { COAP_OPTIONS_MAX = 40 };
struct coap_options {
    unsigned count;
    struct coap_option list[COAP_OPTIONS_MAX];
    unsigned integers;
    uint8_t room[COAP_OPTIONS_MAX][4];
};
/* ERR_TOO_BIG: COAP_OPTIONS_MAX options are there. */
int coap_option_add(struct coap_options *o, uint16_t number, struct bytes value);
/* In as few bytes as possible: 0 has none. */
int coap_option_add_uint(struct coap_options *o, uint16_t number, uint32_t value);
int coap_option_add_block(struct coap_options *o, uint16_t number, struct coap_block block);
/* One option for each part of `text` between separators; "a//b" has an empty one, and a text that is empty or only a leading separator has
 * none: "/a/b" as Uri-Path gives "a" and "b". Nothing is decoded: text holds the values themselves. */
int coap_option_add_parts(struct coap_options *o, uint16_t number, struct bytes text, char separator);

/* Bytes that one option takes after the option `previous`; 0: the value is too long or the number falls. */
size_t coap_option_size(uint32_t previous, const struct coap_option *option);
void coap_option_write(struct bytes_writer *w, uint32_t previous, const struct coap_option *option);

#endif
