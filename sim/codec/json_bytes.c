#include "codec/json_bytes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum {
    SHORTEST_DIGITS_MIN = 15, /* every decimal of so many digits survives being a double */
    SHORTEST_DIGITS_MAX = 17
};

/* --- writing -------------------------------------------------------------------------------------------------------- */

void json_bytes_literal(struct bytes_writer *w, const char *text) {
    bytes_write(w, bytes_of_text(text));
}

void json_bytes_int(struct bytes_writer *w, int64_t value) {
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        bytes_write_u8(w, '-');
    bytes_write(w, bytes_of(digits + at, sizeof digits - at));
}

void json_bytes_number(struct bytes_writer *w, double value) {
    char text[32];
    if (!isfinite(value)) {
        json_bytes_literal(w, "null");
        return;
    }
    if (fabs(value) < 1e15 && value == floor(value) && !(value == 0 && signbit(value))) {
        json_bytes_int(w, (int64_t)value);
        return;
    }
    int digits = SHORTEST_DIGITS_MIN;
    do
        snprintf(text, sizeof text, "%.*g", digits, value);
    while (digits++ < SHORTEST_DIGITS_MAX && strtod(text, NULL) != value);
    json_bytes_literal(w, text);
}

void json_bytes_string(struct bytes_writer *w, struct bytes utf8) {
    static const char hex[] = "0123456789abcdef";
    bytes_write_u8(w, '"');
    for (size_t i = 0; i < utf8.size; i++) {
        uint8_t c = utf8.data[i];
        if (c == '"' || c == '\\') {
            bytes_write_u8(w, '\\');
            bytes_write_u8(w, c);
        } else if (c < 0x20) {
            json_bytes_literal(w, "\\u00");
            bytes_write_u8(w, (uint8_t)hex[c >> 4]);
            bytes_write_u8(w, (uint8_t)hex[c & 15]);
        } else {
            bytes_write_u8(w, c);
        }
    }
    bytes_write_u8(w, '"');
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

static bool refuse(struct bytes_reader *r) {
    r->failed = true;
    return false;
}

uint8_t json_bytes_peek(struct bytes_reader *r) {
    while (!r->failed && r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
    return r->failed || r->at == r->end ? 0 : *r->at;
}

bool json_bytes_take(struct bytes_reader *r, char punctuation) {
    if (json_bytes_peek(r) != (uint8_t)punctuation)
        return refuse(r);
    r->at++;
    return true;
}

bool json_bytes_read_word(struct bytes_reader *r, const char *word) {
    size_t size = strlen(word);
    (void)json_bytes_peek(r);
    if (r->failed || bytes_left(r) < size || memcmp(r->at, word, size) != 0)
        return refuse(r);
    r->at += size;
    return true;
}

static size_t digits(const struct bytes_reader *r, size_t from) {
    size_t at = from;
    while (at < bytes_left(r) && r->at[at] >= '0' && r->at[at] <= '9')
        at++;
    return at - from;
}

/* Length of the number that the input begins with, by the grammar; 0: none. */
static size_t number_size(const struct bytes_reader *r) {
    size_t left = bytes_left(r), at = left > 0 && r->at[0] == '-' ? 1 : 0, whole = digits(r, at);
    if (whole == 0 || (whole > 1 && r->at[at] == '0'))
        return 0;
    at += whole;
    if (at < left && r->at[at] == '.') {
        size_t fraction = digits(r, at + 1);
        if (fraction == 0)
            return 0;
        at += 1 + fraction;
    }
    if (at < left && (r->at[at] == 'e' || r->at[at] == 'E')) {
        size_t sign = at + 1 < left && (r->at[at + 1] == '-' || r->at[at + 1] == '+') ? 1 : 0;
        size_t exponent = digits(r, at + 1 + sign);
        if (exponent == 0)
            return 0;
        at += 1 + sign + exponent;
    }
    return at;
}

bool json_bytes_read_number(struct bytes_reader *r, double *out) {
    char text[JSON_BYTES_NUMBER_MAX + 1];
    (void)json_bytes_peek(r);
    size_t size = r->failed ? 0 : number_size(r);
    if (size == 0 || size > JSON_BYTES_NUMBER_MAX)
        return refuse(r);
    memcpy(text, r->at, size);
    text[size] = '\0';
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return refuse(r);
    r->at += size;
    *out = value;
    return true;
}

static bool hex4(struct bytes_reader *r, uint32_t *out) {
    struct bytes four = bytes_read(r, 4);
    *out = 0;
    for (size_t i = 0; i < four.size; i++) {
        uint8_t c = four.data[i];
        uint32_t digit = c >= '0' && c <= '9'   ? c - (uint32_t)'0'
                         : c >= 'a' && c <= 'f' ? c - (uint32_t)'a' + 10
                         : c >= 'A' && c <= 'F' ? c - (uint32_t)'A' + 10
                                                : 16;
        if (digit == 16)
            return refuse(r);
        *out = *out << 4 | digit;
    }
    return !r->failed;
}

static void write_code_point(struct bytes_writer *w, uint32_t point) {
    if (point < 0x80) {
        bytes_write_u8(w, (uint8_t)point);
        return;
    }
    unsigned more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    bytes_write_u8(w, (uint8_t)(lead[more] | point >> (6 * more)));
    while (more-- > 0)
        bytes_write_u8(w, (uint8_t)(0x80 | (point >> (6 * more) & 0x3f)));
}

static bool read_unicode(struct bytes_reader *r, struct bytes_writer *w) {
    uint32_t point, low;
    if (!hex4(r, &point))
        return false;
    if (point >= 0xdc00 && point <= 0xdfff)
        return refuse(r);
    if (point >= 0xd800 && point <= 0xdbff) {
        if (bytes_read_u16(r) != ('\\' << 8 | 'u') || !hex4(r, &low) || low < 0xdc00 || low > 0xdfff)
            return refuse(r);
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    write_code_point(w, point);
    return true;
}

static bool read_escape(struct bytes_reader *r, struct bytes_writer *w) {
    static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    uint8_t c = bytes_read_u8(r);
    if (c == 'u')
        return read_unicode(r, w);
    const char *name = c == 0 ? NULL : strchr(names, c);
    if (name == NULL)
        return refuse(r);
    bytes_write_u8(w, (uint8_t)means[name - names]);
    return true;
}

/* One character, which is no quote and no escape. */
static bool read_plain(struct bytes_reader *r, struct bytes *out) {
    size_t length = utf8_sequence(r->at, bytes_left(r));
    if (length == 0 || *r->at < 0x20)
        return refuse(r);
    *out = bytes_read(r, length);
    return true;
}

bool json_bytes_read_string(struct bytes_reader *r, struct bytes_writer *unescaped, struct bytes *out) {
    if (!json_bytes_take(r, '"'))
        return false;
    const uint8_t *start = r->at, *written = unescaped->at;
    bool escaped = false;
    struct bytes plain;
    while (r->at < r->end && *r->at != '"') {
        if (*r->at != '\\') {
            if (!read_plain(r, &plain))
                return false;
            if (escaped)
                bytes_write(unescaped, plain);
            continue;
        }
        if (!escaped)
            bytes_write(unescaped, bytes_of(start, (size_t)(r->at - start)));
        escaped = true;
        r->at++;
        if (!read_escape(r, unescaped))
            return false;
    }
    if (r->at == r->end || unescaped->failed)
        return refuse(r);
    *out = escaped ? bytes_of(written, (size_t)(unescaped->at - written)) : bytes_of(start, (size_t)(r->at - start));
    r->at++;
    return true;
}

/* A string that nobody wants: checked as far as its end needs it. */
static bool skip_string(struct bytes_reader *r) {
    uint8_t room[8];
    struct bytes plain;
    if (!json_bytes_take(r, '"'))
        return false;
    while (r->at < r->end && *r->at != '"') {
        struct bytes_writer w = bytes_writer_of(room, sizeof room);
        if (*r->at != '\\') {
            if (!read_plain(r, &plain))
                return false;
        } else {
            r->at++;
            if (!read_escape(r, &w))
                return false;
        }
    }
    return json_bytes_take(r, '"');
}

static bool skip_scalar(struct bytes_reader *r, uint8_t first) {
    double number;
    switch (first) {
    case '"':
        return skip_string(r);
    case 't':
        return json_bytes_read_word(r, "true");
    case 'f':
        return json_bytes_read_word(r, "false");
    case 'n':
        return json_bytes_read_word(r, "null");
    default:
        return json_bytes_read_number(r, &number);
    }
}

static bool skip_name(struct bytes_reader *r) {
    return skip_string(r) && json_bytes_take(r, ':');
}

/* After a value within something: a comma and what follows it, or the ends of what is complete. */
static bool skip_on(struct bytes_reader *r, uint32_t objects, unsigned *depth) {
    while (*depth > 0) {
        bool object = (objects >> (*depth - 1) & 1) != 0;
        if (json_bytes_peek(r) == ',') {
            r->at++;
            return !object || skip_name(r);
        }
        if (!json_bytes_take(r, object ? '}' : ']'))
            return false;
        --*depth;
    }
    return true;
}

bool json_bytes_skip(struct bytes_reader *r) {
    uint32_t objects = 0; /* a bit per level */
    unsigned depth = 0;
    do {
        uint8_t first = json_bytes_peek(r);
        if (first != '{' && first != '[') {
            if (!skip_scalar(r, first) || !skip_on(r, objects, &depth))
                return false;
            continue;
        }
        if (depth == JSON_BYTES_DEPTH_MAX)
            return refuse(r);
        r->at++;
        bool object = first == '{';
        objects = object ? objects | 1U << depth : objects & ~(1U << depth);
        depth++;
        if (json_bytes_peek(r) == (object ? '}' : ']')) {
            if (!skip_on(r, objects, &depth))
                return false;
        } else if (object && !skip_name(r)) {
            return false;
        }
    } while (depth > 0);
    return true;
}
