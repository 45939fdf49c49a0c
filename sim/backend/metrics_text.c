#include "backend/metrics_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 63 };

static bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

static const char *skip_blanks(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

/* Behind the label set that begins here, if one does; NULL when it has no end in this line. */
static const char *skip_labels(const char *at, const char *end) {
    if (at == end || *at != '{')
        return at;
    bool quoted = false;
    for (at++; at < end; at++) {
        if (quoted && *at == '\\')
            at++; /* may step onto the end: the loop ends */
        else if (*at == '"')
            quoted = !quoted;
        else if (*at == '}' && !quoted)
            return at + 1;
    }
    return NULL;
}

static bool read_number(const char *at, const char *end, double *out) {
    char text[NUMBER_MAX + 1], *stop;
    size_t size = 0;
    while (at + size < end && at[size] != ' ' && at[size] != '\t' && at[size] != '\r')
        size++;
    if (size == 0 || size > NUMBER_MAX)
        return false;
    memcpy(text, at, size);
    text[size] = '\0';
    *out = strtod(text, &stop);
    return *stop == '\0' && isfinite(*out);
}

static void read_line(const char *at, const char *end, struct metrics_text_value *values, unsigned count) {
    const char *name = at = skip_blanks(at, end);
    while (at < end && is_name_character(*at))
        at++;
    size_t size = (size_t)(at - name);
    double number;
    for (unsigned i = 0; size > 0 && i < count; i++) {
        if (strlen(values[i].name) != size || memcmp(values[i].name, name, size) != 0)
            continue;
        const char *behind = skip_labels(skip_blanks(at, end), end);
        if (behind == NULL || !read_number(skip_blanks(behind, end), end, &number) ||
            !isfinite(values[i].value + number))
            return;
        values[i].value += number;
        values[i].found = true;
        return;
    }
}

void metrics_text_read(const char *text, size_t size, struct metrics_text_value *values, unsigned count) {
    const char *end = text + size;
    for (unsigned i = 0; i < count; i++) {
        values[i].value = 0;
        values[i].found = false;
    }
    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        if (line_end == NULL)
            line_end = end;
        read_line(text, line_end, values, count);
        text = line_end < end ? line_end + 1 : end;
    }
}
