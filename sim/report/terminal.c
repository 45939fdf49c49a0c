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

void terminal_print(struct text *t) {
    if (!terminal_utf8())
        terminal_ascii(t);
    fputs(text_get(t), stdout);
    text_free(t);
}

static const struct {
    const char *sign;
    char ascii;
} signs[] = {
    {"✓", '+'}, {"✗", 'x'}, {"→", '>'}, {"…", '~'}, {"–", '-'}, {"×", 'x'}, {"·", '-'}, {"█", '#'}, {"░", '.'},
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
