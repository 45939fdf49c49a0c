#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/utf8.h"

static void reserve(struct text *t, size_t more) {
    CHECK(more < SIZE_MAX / 4 && t->size < SIZE_MAX / 4);
    size_t needed = t->size + more + 1;
    if (needed <= t->room)
        return;
    size_t room = t->room < 32 ? 64 : t->room * 2;
    if (room < needed)
        room = needed;
    char *data = realloc(t->data, room);
    CHECK(data != NULL);
    t->data = data;
    t->room = room;
}

void text_append_n(struct text *t, const char *s, size_t size) {
    reserve(t, size);
    if (size > 0)
        memcpy(t->data + t->size, s, size);
    t->size += size;
    t->data[t->size] = '\0';
}

void text_append(struct text *t, const char *s) {
    text_append_n(t, s, strlen(s));
}

void text_vprintf(struct text *t, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    CHECK(size >= 0);
    reserve(t, (size_t)size);
    vsnprintf(t->data + t->size, (size_t)size + 1, format, again);
    va_end(again);
    t->size += (size_t)size;
}

void text_printf(struct text *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    text_vprintf(t, format, args);
    va_end(args);
}

const char *text_get(const struct text *t) {
    return t->data == NULL ? "" : t->data;
}

char *text_take(struct text *t) {
    reserve(t, 0);
    t->data[t->size] = '\0';
    char *data = t->data;
    *t = (struct text){0};
    return data;
}

void text_free(struct text *t) {
    free(t->data);
    *t = (struct text){0};
}

char *text_dup(const char *s) {
    char *copy = strdup(s);
    CHECK(copy != NULL);
    return copy;
}

char *text_format(const char *format, ...) {
    struct text t = {0};
    va_list args;
    va_start(args, format);
    text_vprintf(&t, format, args);
    va_end(args);
    return text_take(&t);
}

bool text_has_prefix(const char *s, const char *prefix) {
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

void text_append_safe(struct text *t, const char *s, size_t size, size_t max) {
    const uint8_t *data = (const uint8_t *)s;
    size_t end = size < max ? size : max;
    reserve(t, end);
    t->data[t->size] = '\0';
    for (size_t at = 0; at < end;) {
        size_t length = utf8_sequence(data + at, size - at);
        if (length > end - at)
            return; /* the cut falls inside a character: leave it out whole */
        if (length > 0 && !utf8_is_control(data + at, length)) {
            text_append_n(t, s + at, length);
            at += length;
            continue;
        }
        for (size_t stop = at + (length > 0 ? length : 1); at < stop; at++)
            text_printf(t, "\\x%02X", data[at]);
    }
}
