#include "base/json_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/utf8.h"

enum { DEPTH_MAX = 32 };

struct json_write json_write_to(struct text *out, int indent) {
    return (struct json_write){.out = out, .indent = indent};
}

static void new_line(struct json_write *w) {
    if (w->indent > 0)
        text_printf(w->out, "\n%*s", w->depth * w->indent, "");
}

/* What stands between the previous value and the next one. */
static void separate(struct json_write *w) {
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->need_comma)
        text_append_n(w->out, ",", 1);
    if (w->depth > 0)
        new_line(w);
}

static void tell(const struct json_write *w, enum json_write_what what, const char *key) {
    if (w->watch != NULL)
        w->watch(w->watch_context, what, key);
}

static void value_done(struct json_write *w, enum json_write_what what) {
    w->need_comma = true;
    tell(w, what, NULL);
}

static void open_with(struct json_write *w, const char *bracket, enum json_write_what what) {
    CHECK(w->depth < DEPTH_MAX);
    separate(w);
    tell(w, what, NULL);
    text_append(w->out, bracket);
    w->depth++;
    w->need_comma = false;
}

static void close_with(struct json_write *w, const char *bracket) {
    CHECK(w->depth > 0 && !w->after_key);
    w->depth--;
    if (w->need_comma) /* not empty */
        new_line(w);
    text_append(w->out, bracket);
    value_done(w, JSON_WRITE_CLOSE);
}

void json_write_open_object(struct json_write *w) {
    open_with(w, "{", JSON_WRITE_OBJECT);
}

void json_write_close_object(struct json_write *w) {
    close_with(w, "}");
}

void json_write_open_array(struct json_write *w) {
    open_with(w, "[", JSON_WRITE_ARRAY);
}

void json_write_close_array(struct json_write *w) {
    close_with(w, "]");
}

static bool needs_escape(unsigned char c) {
    return c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == 0x7f;
}

static void append_escaped(struct text *out, unsigned char c) {
    switch (c) {
    case '"':
        text_append(out, "\\\"");
        break;
    case '\\':
        text_append(out, "\\\\");
        break;
    case '\n':
        text_append(out, "\\n");
        break;
    case '\r':
        text_append(out, "\\r");
        break;
    case '\t':
        text_append(out, "\\t");
        break;
    default:
        text_printf(out, "\\u%04X", c);
    }
}

static void append_quoted(struct text *out, const char *value, size_t size) {
    const unsigned char *data = (const unsigned char *)value;
    text_append_n(out, "\"", 1);
    for (size_t at = 0; at < size;) {
        size_t run = at; /* plain characters are copied together */
        size_t length = 1;
        while (run < size && !needs_escape(data[run]) && (length = utf8_sequence(data + run, size - run)) > 0)
            run += length;
        text_append_n(out, value + at, run - at);
        at = run;
        if (at == size)
            break;
        if (needs_escape(data[at]))
            append_escaped(out, data[at]);
        else
            text_append(out, "\xef\xbf\xbd"); /* U+FFFD for each byte that belongs to no character */
        at++;
    }
    text_append_n(out, "\"", 1);
}

void json_write_key(struct json_write *w, const char *key) {
    CHECK(w->depth > 0 && !w->after_key);
    separate(w);
    tell(w, JSON_WRITE_KEY, key);
    append_quoted(w->out, key, strlen(key));
    text_append(w->out, w->indent > 0 ? ": " : ":");
    w->after_key = true;
}

void json_write_string_n(struct json_write *w, const char *value, size_t size) {
    separate(w);
    append_quoted(w->out, value, size);
    value_done(w, JSON_WRITE_STRING);
}

void json_write_string(struct json_write *w, const char *value) {
    if (value == NULL)
        json_write_null(w);
    else
        json_write_string_n(w, value, strlen(value));
}

void json_write_int(struct json_write *w, int64_t value) {
    separate(w);
    text_printf(w->out, "%lld", (long long)value);
    value_done(w, JSON_WRITE_INT);
}

void json_write_uint(struct json_write *w, uint64_t value) {
    separate(w);
    text_printf(w->out, "%llu", (unsigned long long)value);
    value_done(w, JSON_WRITE_UINT);
}

void json_write_double(struct json_write *w, double value) {
    if (!isfinite(value)) {
        json_write_null(w);
        return;
    }
    separate(w);
    char digits[48];
    /* 15 digits hold every short decimal, except where doubles are subnormal and have fewer bits */
    int precision = fabs(value) < 0x1p-1022 ? 1 : 15;
    do
        snprintf(digits, sizeof digits, "%.*g", precision, value);
    while (++precision <= 17 && strtod(digits, NULL) != value);
    text_append(w->out, digits);
    value_done(w, JSON_WRITE_DOUBLE);
}

void json_write_bool(struct json_write *w, bool value) {
    separate(w);
    text_append(w->out, value ? "true" : "false");
    value_done(w, JSON_WRITE_BOOL);
}

void json_write_null(struct json_write *w) {
    separate(w);
    text_append(w->out, "null");
    value_done(w, JSON_WRITE_NULL);
}

void json_write_member_string(struct json_write *w, const char *key, const char *value) {
    json_write_key(w, key);
    json_write_string(w, value);
}

void json_write_member_int(struct json_write *w, const char *key, int64_t value) {
    json_write_key(w, key);
    json_write_int(w, value);
}

void json_write_member_uint(struct json_write *w, const char *key, uint64_t value) {
    json_write_key(w, key);
    json_write_uint(w, value);
}

void json_write_member_double(struct json_write *w, const char *key, double value) {
    json_write_key(w, key);
    json_write_double(w, value);
}

void json_write_member_bool(struct json_write *w, const char *key, bool value) {
    json_write_key(w, key);
    json_write_bool(w, value);
}
