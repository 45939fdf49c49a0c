/* A growing string for messages and documents; never on a device's path. All functions keep the text NUL-terminated.
 * Out of memory aborts through CHECK: the callers build scenario, plan and report, where there is nothing else to do. */
#ifndef MUSTER_BASE_TEXT_H
#define MUSTER_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *data; /* NULL until the first append */
    size_t size, room;
};

void text_append(struct text *t, const char *s);
void text_append_n(struct text *t, const char *s, size_t size);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *t, const char *format, va_list args);
const char *text_get(const struct text *t); /* "" when empty */
char *text_take(struct text *t);            /* caller frees; the text is empty again */
void text_free(struct text *t);

char *text_dup(const char *s);                                                    /* strdup that CHECKs */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2))); /* caller frees */
bool text_has_prefix(const char *s, const char *prefix);
/* Copies `s` with control characters, ESC and invalid UTF-8 replaced (\xNN), at most `max` bytes of input: for terminals and logs. */
void text_append_safe(struct text *t, const char *s, size_t size, size_t max);

#endif
