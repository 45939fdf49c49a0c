#include "report/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* The next character of `s`: its length, or 0 for a byte that belongs to none; *s at NUL ends the loop before. */
static size_t character(const char *s) {
    return utf8_sequence((const uint8_t *)s, strnlen(s, 4));
}

/* U+FFFE and U+FFFF are well-formed UTF-8, and no characters of XML. */
static bool is_noncharacter(const char *s, size_t length) {
    return length == 3 && memcmp(s, "\xef\xbf", 2) == 0 && (uint8_t)s[2] >= 0xbe;
}

/* U+200E, U+200F, U+202A … U+202E, U+2066 … U+2069: they turn what is read around. */
static bool is_direction(const char *s, size_t length) {
    const uint8_t *c = (const uint8_t *)s;
    if (length != 3 || c[0] != 0xe2)
        return false;
    return (c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xaa && c[2] <= 0xae))) ||
           (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
}

/* The characters that begin markup in XML, HTML and Markdown alike. False: it is another one. */
static bool put_markup(struct text *out, unsigned char c) {
    if (c == '&')
        text_append(out, "&amp;");
    else if (c == '<')
        text_append(out, "&lt;");
    else if (c == '>')
        text_append(out, "&gt;");
    else
        return false;
    return true;
}

static void put_elements(struct text *out, const char *s, bool for_eyes) {
    for (size_t length; *s != '\0'; s += length > 0 ? length : 1) {
        length = character(s);
        unsigned char c = (unsigned char)*s;
        if (length == 0 || is_noncharacter(s, length) || (for_eyes && is_direction(s, length)))
            text_append(out, replacement);
        else if (put_markup(out, c))
            continue;
        else if (c == '"')
            text_append(out, "&quot;");
        else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
            text_printf(out, "\\x%02X", c);
        else
            text_append_n(out, s, length);
    }
}

void escape_xml(struct text *out, const char *s) {
    put_elements(out, s, false);
}

void escape_html(struct text *out, const char *s) {
    put_elements(out, s, true);
}

void escape_csv(struct text *out, const char *s) {
    bool formula = *s != '\0' && strchr("=+-@\t\r", *s) != NULL;
    bool quoted = strpbrk(s, ",\"\r\n") != NULL;
    if (quoted)
        text_append(out, "\"");
    if (formula)
        text_append(out, "'");
    for (size_t length; *s != '\0'; s += length > 0 ? length : 1) {
        length = character(s);
        if (length == 0)
            text_append(out, replacement);
        else if (*s == '"')
            text_append(out, "\"\"");
        else
            text_append_n(out, s, length);
    }
    if (quoted)
        text_append(out, "\"");
}

/* "://" and "www." make links, without any markup. */
static bool begins_link(const char *s) {
    return text_has_prefix(s, "://") || text_has_prefix(s, "www.") || text_has_prefix(s, "WWW.");
}

void escape_md(struct text *out, const char *s) {
    for (size_t length; *s != '\0'; s += length > 0 ? length : 1) {
        length = character(s);
        unsigned char c = (unsigned char)*s;
        if (length == 0 || is_direction(s, length))
            text_append(out, replacement);
        else if (begins_link(s) && c == ':')
            text_append(out, "\\:");
        else if (begins_link(s)) {
            text_printf(out, "%.3s\\.", s);
            length = 4;
        } else if (c == '@')
            text_append(out, "@\xe2\x80\x8b"); /* U+200B: a name that follows is not called */
        else if (put_markup(out, c))
            continue;
        else if (c == '\n' || c == '\r' || c == '\t')
            text_append(out, " ");
        else if (c < 0x20 || c == 0x7f)
            text_printf(out, "\\\\x%02X", c);
        else if (strchr("\\`*_{}[]()#|~!$", c) != NULL)
            text_printf(out, "\\%c", c);
        else
            text_append_n(out, s, length);
    }
}

/* A CI server takes a line for a command when it begins with "::", after any blanks, or has "##[" or "##name[" anywhere. */
void escape_term(struct text *out, const char *s) {
    size_t blanks = strspn(s, " \t");
    text_append_safe(out, s, blanks, blanks);
    s += blanks;
    if (text_has_prefix(s, "::")) {
        text_append(out, "\\x3A");
        s++;
    }
    for (const char *mark; (mark = strstr(s, "##")) != NULL; s = mark + 2) {
        text_append_safe(out, s, (size_t)(mark - s), (size_t)(mark - s));
        text_append(out, "#\\x23");
    }
    text_append_safe(out, s, strlen(s), strlen(s));
}

void escape_label(struct text *out, const char *s) {
    for (size_t length; *s != '\0'; s += length > 0 ? length : 1) {
        length = character(s);
        if (length == 0)
            text_append(out, replacement);
        else if (*s == '\n')
            text_append(out, "\\n");
        else if (*s == '\\' || *s == '"')
            text_printf(out, "\\%c", *s);
        else
            text_append_n(out, s, length);
    }
}

void escape_shell(struct text *out, const char *s) {
    static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (*s != '\0' && s[strspn(s, bare)] == '\0') {
        text_append(out, s);
        return;
    }
    text_append(out, "'");
    for (; *s != '\0'; s++)
        if (*s == '\'')
            text_append(out, "'\\''");
        else
            text_append_n(out, s, 1);
    text_append(out, "'");
}
