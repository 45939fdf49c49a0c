#include "import/scalar.h"

#include <string.h>

#include "base/utf8.h"

/* Beginnings that make a template a function (device/template.h). */
static const char *const functions[] = {"random(", "choice(", "hmac(", "hex("};

/* Characters that YAML does not take as they are, or takes as line ends. */
static bool is_special(const uint8_t *c, size_t length) {
    static const char *const specials[] = {"\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf", "\xef\xbf\xbe",
                                           "\xef\xbf\xbf"};
    for (size_t i = 0; length == 3 && i < sizeof specials / sizeof specials[0]; i++)
        if (memcmp(c, specials[i], 3) == 0)
            return true;
    return utf8_is_control(c, length) && !(length == 1 && (*c == '\n' || *c == '\t'));
}

bool scalar_is_sayable(struct bytes b) {
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (b.size >= strlen(functions[i]) && memcmp(b.data, functions[i], strlen(functions[i])) == 0)
            return false;
    for (size_t at = 0; at < b.size;) {
        size_t length = utf8_sequence(b.data + at, b.size - at);
        if (length == 0 || b.data[at] == 0 || is_special(b.data + at, length))
            return false;
        at += length;
    }
    return true;
}

bool scalar_is_plain(struct bytes b) {
    return scalar_is_sayable(b) && (b.size < 2 || memmem(b.data, b.size, "${", 2) == NULL);
}

void scalar_write(struct bytes b, bool literal, struct text *out) {
    text_append(out, "\"");
    for (size_t i = 0; i < b.size; i++) {
        char c = (char)b.data[i];
        if (c == '"' || c == '\\')
            text_printf(out, "\\%c", c);
        else if (c == '\n')
            text_append(out, "\\n");
        else if (c == '\t')
            text_append(out, "\\t");
        else if (literal && c == '$' && i + 1 < b.size && b.data[i + 1] == '{')
            text_append(out, "$$");
        else
            text_append_n(out, &c, 1);
    }
    text_append(out, "\"");
}

void scalar_write_payload(struct bytes b, struct text *out) {
    static const char digits[] = "0123456789abcdef";
    if (scalar_is_sayable(b)) {
        scalar_write(b, true, out);
        return;
    }
    text_append(out, "hex(");
    for (size_t i = 0; i < b.size; i++) {
        char two[] = {digits[b.data[i] >> 4], digits[b.data[i] & 15]};
        text_append_n(out, two, sizeof two);
    }
    text_append(out, ")");
}

void scalar_write_comment(struct bytes b, size_t max, struct text *out) {
    size_t end = b.size < max ? b.size : max, at = 0;
    while (at < end) {
        size_t length = utf8_sequence(b.data + at, b.size - at);
        bool plain = length > 0 && !is_special(b.data + at, length) && !utf8_is_control(b.data + at, length);
        if (plain && at + length > end)
            break;
        if (plain)
            text_append_n(out, (const char *)b.data + at, length);
        else
            text_printf(out, "\\x%02X", b.data[at]);
        at += plain ? length : 1;
    }
    if (b.size > max)
        text_append(out, "…");
}
