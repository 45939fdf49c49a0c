/* Streaming JSON writer: 64-bit integers exact, doubles shortest that read back equal, non-finite doubles as null, strings escaped
 * (also <, >, & and DEL as \u00XX so that the text may stand inside HTML). Commas and nesting are kept by the writer;
 * depth ≤ 32. */
#ifndef MUSTER_BASE_JSON_WRITE_H
#define MUSTER_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* What was written, for those who watch. */
enum json_write_what {
    JSON_WRITE_KEY,
    JSON_WRITE_NULL,
    JSON_WRITE_BOOL,
    JSON_WRITE_INT,
    JSON_WRITE_UINT,
    JSON_WRITE_DOUBLE,
    JSON_WRITE_STRING,
    JSON_WRITE_OBJECT, /* opens */
    JSON_WRITE_ARRAY,
    JSON_WRITE_CLOSE
};

struct json_write {
    struct text *out;  /* borrowed */
    int depth, indent; /* indent 0: one line */
    bool need_comma, after_key;
    /* Told of every piece as it is written; `key` with JSON_WRITE_KEY only. NULL: nobody. */
    void (*watch)(void *context, enum json_write_what what, const char *key);
    void *watch_context;
};

struct json_write json_write_to(struct text *out, int indent);
void json_write_open_object(struct json_write *w);
void json_write_close_object(struct json_write *w);
void json_write_open_array(struct json_write *w);
void json_write_close_array(struct json_write *w);
void json_write_key(struct json_write *w, const char *key);
void json_write_string(struct json_write *w, const char *value); /* NULL writes null; invalid UTF-8 becomes U+FFFD */
void json_write_string_n(struct json_write *w, const char *value, size_t size);
void json_write_int(struct json_write *w, int64_t value);
void json_write_uint(struct json_write *w, uint64_t value);
void json_write_double(struct json_write *w, double value);
void json_write_bool(struct json_write *w, bool value);
void json_write_null(struct json_write *w);
/* key + value in one call */
void json_write_member_string(struct json_write *w, const char *key, const char *value);
void json_write_member_int(struct json_write *w, const char *key, int64_t value);
void json_write_member_uint(struct json_write *w, const char *key, uint64_t value);
void json_write_member_double(struct json_write *w, const char *key, double value);
void json_write_member_bool(struct json_write *w, const char *key, bool value);

#endif
