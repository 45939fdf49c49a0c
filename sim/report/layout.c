#include "report/layout.h"

#include <stdio.h>
#include <string.h>

#include "report/escape.h"

static size_t is_start(char c) {
    return ((unsigned char)c & 0xc0) != 0x80;
}

size_t layout_width(const char *s) {
    size_t width = 0;
    for (; *s != '\0'; s++)
        width += is_start(*s);
    return width;
}

/* Length in bytes of the first `columns` characters. */
static size_t bytes_of_columns(const char *s, size_t columns) {
    size_t at = 0;
    while (s[at] != '\0' && (columns > 0 || !is_start(s[at])))
        columns -= is_start(s[at++]);
    return at;
}

static void spaces(struct text *out, size_t count) {
    text_printf(out, "%*s", (int)count, "");
}

void layout_cell(struct text *out, const char *s, size_t columns) {
    struct text safe = {0};
    escape_term(&safe, s);
    size_t width = layout_width(text_get(&safe));
    if (width > columns) {
        text_append_n(out, safe.data, bytes_of_columns(safe.data, columns - 1));
        text_append(out, "…");
    } else {
        text_append(out, text_get(&safe));
        spaces(out, columns - width);
    }
    text_free(&safe);
}

static void break_line(struct text *out, const char *join, size_t indent) {
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->data[--out->size] = '\0';
    text_printf(out, "%s\n", join);
    spaces(out, indent);
}

static size_t first_word_width(const char *s) {
    size_t width = 0;
    for (; *s != '\0' && *s != ' '; s++)
        width += is_start(*s);
    return width;
}

void layout_wrap(struct text *out, const char *s, size_t first, size_t indent, const char *join) {
    struct text safe = {0};
    escape_term(&safe, s);
    size_t column = first, limit = LAYOUT_COLUMNS - layout_width(join);
    bool at_start = true; /* of a line: no blank comes before the word */
    for (char *at = safe.data; at != NULL && *at != '\0';) {
        size_t size = strcspn(at, " ");
        bool more = at[size] != '\0';
        at[size] = '\0';
        size_t width = layout_width(at);
        /* of a command, an option and its value stay together */
        bool option = *join != '\0' && *at == '-' && more && at[size + 1] != '-';
        size_t whole = width + (option ? 1 + first_word_width(at + size + 1) : 0);
        if (!at_start && column + 1 + whole > limit) {
            break_line(out, join, indent);
            column = indent;
            at_start = true;
        }
        if (!at_start)
            text_append(out, " ");
        text_append(out, at);
        column += width + !at_start;
        at_start = at_start && width == 0;
        at += size + more;
    }
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->data[--out->size] = '\0';
    text_append(out, "\n");
    text_free(&safe);
}

void layout_label(struct text *out, const char *label) {
    text_printf(out, " %-*s", LAYOUT_INDENT - 1, label);
}

char *layout_count(uint64_t n, char *text, size_t size) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    size_t at = 0;
    for (int i = 0; i < length && at + 2 < size; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[at++] = ' ';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}
