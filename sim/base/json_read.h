/* JSON text (RFC 8259) as an array of values: for our own documents and logs, read back, and other files of moderate size. 64-bit
 * integers are exact. No recursion; nothing is copied: values point into the text.
 *
 *     struct json_read doc = {0};
 *     if (json_read_parse(&doc, text, size) == 0) {
 *         const struct json_value *v = json_read_at(&doc, NULL, "scenario.seed");
 *         uint64_t seed;
 *         if (json_read_uint(v, &seed)) …
 *     }
 *     json_read_free(&doc);
 *
 * All readers of a value take NULL and values of other kinds, and then say false. */
#ifndef MUSTER_BASE_JSON_READ_H
#define MUSTER_BASE_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

enum { JSON_READ_DEPTH_MAX = 64, JSON_READ_VALUES_MAX = 1 << 20 };

struct json_value {
    enum json_kind kind;
    const char *text; /* numbers as written; strings between their quotes, escapes as written */
    uint32_t size;
    const char *key; /* in an object: between its quotes; else NULL */
    uint32_t key_size;
    uint32_t end; /* index after the last value within this one */
};

struct json_read {
    struct json_value *values; /* [0] is the document */
    uint32_t count, room;
    size_t error_at;   /* after a failure: the offset … */
    const char *error; /* … and what was expected there */
};

/* Parses one document, with whitespace around it. The memory is used again by the next call. ERR_MALFORMED; ERR_TOO_BIG: one of the
 * caps, or more than 4 GiB; ERR_NO_MEMORY. */
int json_read_parse(struct json_read *r, const char *text, size_t size);
void json_read_free(struct json_read *r);

const struct json_value *json_read_root(const struct json_read *r); /* NULL without a document */
/* The member `key` of an object; NULL without one. Of two with one key the first. */
const struct json_value *json_read_get(const struct json_read *r, const struct json_value *object, const char *key);
/* Through nested objects: "scenario.seed". `from` NULL: the document. */
const struct json_value *json_read_at(const struct json_read *r, const struct json_value *from, const char *path);
/* The first member or item, and the one after `child`; NULL at the end. */
const struct json_value *json_read_first(const struct json_read *r, const struct json_value *container);
const struct json_value *json_read_next(const struct json_read *r, const struct json_value *container,
                                        const struct json_value *child);

bool json_read_uint(const struct json_value *v, uint64_t *out); /* false when it is no integer, or out of range */
bool json_read_int(const struct json_value *v, int64_t *out);
bool json_read_double(const struct json_value *v, double *out); /* false also beyond what a double can be */
bool json_read_bool(const struct json_value *v, bool *out);
/* The string, unescaped and NUL-terminated. False when it has no room, or holds U+0000 or half a surrogate pair. */
bool json_read_string(const struct json_value *v, char *out, size_t room);
/* The same, allocated; NULL when it is no string. Half surrogates become U+FFFD, U+0000 too. */
char *json_read_dup(const struct json_value *v);
bool json_read_equals(const struct json_value *v, const char *text); /* for text without escapes */

#endif
