#include "scenario/diagnostic_excerpt.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

enum { GUTTER = 8 }; /* "    3 | " */

/* Marks count characters as the loader does: every byte that does not continue another begins one. */
static size_t character(const uint8_t *at, size_t size) {
    size_t length = 1;
    while (length < size && (at[length] & 0xc0) == 0x80)
        length++;
    return length;
}

static size_t characters(const uint8_t *at, size_t size) {
    size_t count = 0;
    for (size_t i = 0; i < size; i += character(at + i, size - i))
        count++;
    return count;
}

static void put_character(const uint8_t *at, size_t length, struct text *out) {
    if (*at == '\t')
        text_append(out, " ");
    else if (utf8_sequence(at, length) == length && !utf8_is_control(at, length))
        text_append_n(out, (const char *)at, length);
    else
        text_append(out, "\xef\xbf\xbd");
}

/* The characters from `first` on, `shown` of them, of `count` in all. */
struct window {
    size_t first, shown, count;
};

static struct window window_around(size_t column, size_t length, size_t count, size_t width) {
    struct window w = {.first = 0, .shown = count, .count = count};
    if (count < width) /* one column stays free for a caret past the end */
        return w;
    w.shown = width;
    if (column + (length < width / 2 ? length : width / 2) >= width)
        w.first = column - width / 3;
    if (w.first + width > count + 1)
        w.first = count + 1 - width;
    if (w.first + w.shown > count)
        w.shown = count - w.first;
    return w;
}

static void put_line(const uint8_t *at, size_t size, const struct window *w, struct text *out) {
    size_t i = 0;
    for (size_t n = 0; n < w->first + w->shown && i < size; n++) {
        size_t length = character(at + i, size - i);
        bool cut = (n == w->first && w->first > 0) || (n == w->first + w->shown - 1 && n + 1 < w->count);
        if (n >= w->first && cut)
            text_append(out, "…");
        else if (n >= w->first)
            put_character(at + i, length, out);
        i += length;
    }
    text_append(out, "\n");
}

void diagnostic_excerpt(const char *line, size_t size, struct diagnostic_mark mark, const char *suggestion,
                        unsigned columns, bool color, struct text *out) {
    const uint8_t *at = (const uint8_t *)line;
    for (; size > 0 && (*at & 0xc0) == 0x80; size--)
        at++; /* continues nothing, and takes no column */
    size_t width = (columns < DIAGNOSTIC_EXCERPT_COLUMNS_MIN ? DIAGNOSTIC_EXCERPT_COLUMNS_MIN : columns) - GUTTER;
    size_t count = characters(at, size), column = mark.column < 1 ? 0 : (size_t)mark.column - 1;
    size_t length = mark.length < 1 ? 1 : (size_t)mark.length;
    if (column > count)
        column = count;
    struct window w = window_around(column, length, count, width);
    text_printf(out, "%5d | ", mark.line);
    put_line(at, size, &w, out);

    size_t end = w.first + w.shown, carets = column + length < end ? length : end > column ? end - column : 1;
    text_printf(out, "      | %*s%s", (int)(column - w.first), "", color ? "\033[1;32m" : "");
    for (size_t i = 0; i < carets; i++)
        text_append(out, "^");
    text_append(out, color ? "\033[0m" : "");
    if (suggestion != NULL) {
        size_t needed = strlen(suggestion) + sizeof " did you mean ''?" - 1;
        bool fits = column - w.first + carets + needed <= width;
        text_printf(out, "%s did you mean '%s'?", fits ? "" : "\n      |", suggestion);
    }
    text_append(out, "\n");
}
