#include "report/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/check.h"

unsigned terminal_columns(int fd) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return TERMINAL_COLUMNS;
    return size.ws_col < TERMINAL_COLUMNS_MIN ? TERMINAL_COLUMNS_MIN : size.ws_col;
}

bool terminal_redraws(int fd) {
    const char *term = getenv("TERM");
    return term != NULL && *term != '\0' && strcmp(term, "dumb") != 0 && isatty(fd);
}

bool terminal_colors(int fd, bool no_color) {
    const char *refused = getenv("NO_COLOR");
    return !no_color && (refused == NULL || *refused == '\0') && terminal_redraws(fd);
}

bool terminal_utf8(void) {
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        const char *locale = getenv(variables[i]);
        if (locale != NULL && *locale != '\0')
            return strcasestr(locale, "UTF-8") != NULL || strcasestr(locale, "UTF8") != NULL;
    }
    return false;
}

static void fold_line(const char *line, size_t size, size_t columns, struct text *out) {
    size_t indent = strspn(line, " ") + 2, column = 0;
    bool has_word = false;
    for (size_t at = 0; at < size;) {
        size_t gap = strspn(line + at, " "), word = strcspn(line + at + gap, " \n"), width = 0;
        for (size_t i = 0; i < word; i++)
            width += ((unsigned char)line[at + gap + i] & 0xc0) != 0x80;
        if (has_word && width > 0 && column + gap + width > columns) {
            text_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else {
            text_append_n(out, line + at, gap);
            column += gap;
        }
        text_append_n(out, line + at + gap, word);
        column += width;
        has_word = has_word || word > 0;
        at += gap + word;
    }
}

void terminal_fold(struct text *t, unsigned columns) {
    struct text out = {0};
    for (const char *line = text_get(t); *line != '\0';) {
        size_t size = strcspn(line, "\n");
        fold_line(line, size, columns, &out);
        text_append(&out, line[size] == '\n' ? "\n" : "");
        line += size + (line[size] == '\n');
    }
    text_free(t);
    *t = out;
}

void terminal_print(struct text *t, enum terminal_form form) {
    if (form == TERMINAL_PROSE && isatty(STDOUT_FILENO))
        terminal_fold(t, terminal_columns(STDOUT_FILENO));
    if (form != TERMINAL_DATA && !terminal_utf8())
        terminal_ascii(t);
    fputs(text_get(t), stdout);
    text_free(t);
}

static const struct {
    const char *sign;
    char ascii;
} signs[] = {
    {"✓", '+'}, {"✗", 'x'}, {"→", '>'}, {"…", '~'}, {"–", '-'},
    {"×", 'x'}, {"·", '-'}, {"█", '#'}, {"░", '.'}, {"−", '-'},
};

void terminal_ascii(struct text *t) {
    size_t to = 0;
    for (size_t from = 0; from < t->size;) {
        size_t size = 1;
        char letter = t->data[from];
        for (size_t i = 0; (letter & 0x80) != 0 && i < COUNT_OF(signs); i++)
            if (text_has_prefix(t->data + from, signs[i].sign)) {
                letter = signs[i].ascii;
                size = strlen(signs[i].sign);
            }
        t->data[to++] = letter;
        from += size;
    }
    if (t->data != NULL)
        t->data[to] = '\0';
    t->size = to;
}
