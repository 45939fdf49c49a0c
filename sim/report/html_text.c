#include <math.h>
#include <string.h>

#include "base/units.h"
#include "report/escape.h"
#include "report/html_parts.h"
#include "report/layout.h"

enum { UTF8_TAIL = 3 };

void html_text(struct text *out, const char *s) {
    size_t size = strnlen(s, HTML_TEXT_MAX + 1);
    if (size <= HTML_TEXT_MAX) {
        escape_html(out, s);
        return;
    }
    struct text cut = {0};
    size = HTML_TEXT_MAX;
    for (int i = 0; i < UTF8_TAIL && ((unsigned char)s[size] & 0xc0) == 0x80; i++)
        size--; /* not inside a character */
    text_append_n(&cut, s, size);
    escape_html(out, text_get(&cut));
    text_append(out, "…");
    text_free(&cut);
}

void html_path(struct text *out, const char *s) {
    struct text whole = {0};
    html_text(&whole, s);
    for (const char *at = text_get(&whole), *slash; *at != '\0'; at = slash) {
        slash = strchr(at, '/');
        slash = slash != NULL ? slash + 1 : at + strlen(at);
        text_append_n(out, at, (size_t)(slash - at));
        text_append(out, *slash != '\0' ? "<wbr>" : "");
    }
    text_free(&whole);
}

void html_count(struct text *out, uint64_t n) {
    char digits[32];
    layout_count(n, digits, sizeof digits);
    for (const char *at = digits; *at != '\0'; at++)
        if (*at == ' ')
            text_append(out, "\u202f");
        else
            text_append_n(out, at, 1);
}

void html_millis(struct text *out, double ms) {
    char value[32];
    text_append(out, isnan(ms) ? "–" : units_format(UNITS_DURATION, ms * 1e6, value, sizeof value));
}

void html_time(struct text *out, double seconds) {
    unsigned long long s = seconds > 0 ? (unsigned long long)(seconds + 0.5) : 0;
    if (s >= 3600)
        text_printf(out, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
    else
        text_printf(out, "%llu:%02llu", s / 60, s % 60);
}

void html_row_begin(struct text *out, const char *term) {
    text_printf(out, "<li><span class=\"term\">%s</span> <span class=\"fact\">", term);
}

void html_row_end(struct text *out) {
    text_append(out, "</span></li>\n");
}

void html_row(struct text *out, const char *term, const char *foreign) {
    html_row_begin(out, term);
    html_text(out, foreign);
    html_row_end(out);
}
