/* JSON (RFC 8259) in memory that is lent: the pieces that payloads are written with and read with on a device's path, without
 * allocation. (base/json_write.h and base/json_read.h are for documents.)
 *
 * Readers take one token from the front and pass over the whitespace before it; false, and `failed`, when it is not there. */
#ifndef MUSTER_CODEC_JSON_BYTES_H
#define MUSTER_CODEC_JSON_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    JSON_BYTES_DEPTH_MAX = 32,  /* of what is passed over */
    JSON_BYTES_NUMBER_MAX = 400 /* characters of a number */
};

void json_bytes_int(struct bytes_writer *w, int64_t value);
/* The fewest digits that read back as the same number; what is no number: null. */
void json_bytes_number(struct bytes_writer *w, double value);
/* With its quotes; `utf8` is well-formed. */
void json_bytes_string(struct bytes_writer *w, struct bytes utf8);
void json_bytes_literal(struct bytes_writer *w, const char *text);

/* The first character of the next token, 0: nothing is left. It stays where it is. */
uint8_t json_bytes_peek(struct bytes_reader *r);
bool json_bytes_take(struct bytes_reader *r, char punctuation);
bool json_bytes_read_word(struct bytes_reader *r, const char *word); /* true, false, null */
bool json_bytes_read_number(struct bytes_reader *r, double *out);
/* Without quotes and escapes: borrowed from the input if it has no escapes, else written to `unescaped`. Half a surrogate pair and
 * ill-formed UTF-8 are refused. */
bool json_bytes_read_string(struct bytes_reader *r, struct bytes_writer *unescaped, struct bytes *out);
/* Passes over one value, whatever it is. */
bool json_bytes_skip(struct bytes_reader *r);

#endif
