#include "base/json_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"

struct parser {
    struct json_read *r;
    const char *start, *at, *end;
    uint32_t open[JSON_READ_DEPTH_MAX]; /* indexes of the containers around the current place */
    unsigned depth;
    const char *key; /* of the value that comes next */
    uint32_t key_size;
};

static int refuse(struct parser *p, int code, const char *expected) {
    p->r->error_at = (size_t)(p->at - p->start);
    p->r->error = expected;
    return code;
}

static void skip_space(struct parser *p) {
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
        p->at++;
}

static struct json_value *add(struct parser *p) {
    struct json_read *r = p->r;
    if (r->count == r->room) {
        uint32_t room = r->room == 0 ? 64 : r->room * 2;
        struct json_value *values = realloc(r->values, room * sizeof *values);
        if (values == NULL)
            return NULL;
        r->values = values;
        r->room = room;
    }
    struct json_value *v = &r->values[r->count++];
    *v = (struct json_value){.key = p->key, .key_size = p->key_size, .end = r->count};
    p->key = NULL;
    p->key_size = 0;
    return v;
}

static bool is_digit(const struct parser *p) {
    return p->at < p->end && *p->at >= '0' && *p->at <= '9';
}

static bool skip_digits(struct parser *p) {
    if (!is_digit(p))
        return false;
    while (is_digit(p))
        p->at++;
    return true;
}

static bool skip_char(struct parser *p, char c) {
    if (p->at == p->end || *p->at != c)
        return false;
    p->at++;
    return true;
}

static bool skip_number(struct parser *p) {
    skip_char(p, '-');
    if (!skip_char(p, '0') && !skip_digits(p))
        return false;
    if (skip_char(p, '.') && !skip_digits(p))
        return false;
    if (skip_char(p, 'e') || skip_char(p, 'E')) {
        if (!skip_char(p, '+'))
            skip_char(p, '-');
        return skip_digits(p);
    }
    return true;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* After a backslash. */
static bool skip_escape(struct parser *p) {
    if (p->at == p->end)
        return false;
    if (*p->at != 'u')
        return *p->at != '\0' && strchr("\"\\/bfnrt", *p->at++) != NULL;
    p->at++;
    for (int i = 0; i < 4; i++, p->at++)
        if (p->at == p->end || hex_digit(*p->at) < 0)
            return false;
    return true;
}

/* Behind the opening quote; leaves `at` behind the closing one. */
static bool skip_string(struct parser *p, const char **text, uint32_t *size) {
    const char *start = p->at;
    while (p->at < p->end && *p->at != '"') {
        if (*p->at == '\\') {
            p->at++;
            if (!skip_escape(p))
                return false;
            continue;
        }
        size_t step = utf8_sequence((const uint8_t *)p->at, (size_t)(p->end - p->at));
        if (step == 0 || (unsigned char)*p->at < ' ')
            return false;
        p->at += step;
    }
    *text = start;
    *size = (uint32_t)(p->at - start);
    return skip_char(p, '"');
}

static bool skip_word(struct parser *p, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(p->end - p->at) < size || memcmp(p->at, word, size) != 0)
        return false;
    p->at += size;
    return true;
}

/* One value; of a container only its bracket. */
static int read_value(struct parser *p) {
    if (p->r->count == JSON_READ_VALUES_MAX)
        return refuse(p, ERR_TOO_BIG, "fewer values");
    if (p->at == p->end)
        return refuse(p, ERR_MALFORMED, "a value");
    struct json_value *v = add(p);
    if (v == NULL)
        return refuse(p, ERR_NO_MEMORY, "memory");
    v->text = p->at;
    bool whole = true;
    switch (*p->at) {
    case '{':
    case '[':
        if (p->depth == JSON_READ_DEPTH_MAX)
            return refuse(p, ERR_TOO_BIG, "less nesting");
        v->kind = *p->at++ == '{' ? JSON_OBJECT : JSON_ARRAY;
        p->open[p->depth++] = p->r->count - 1;
        return 0;
    case '"':
        p->at++;
        v->kind = JSON_STRING;
        return skip_string(p, &v->text, &v->size) ? 0 : refuse(p, ERR_MALFORMED, "the rest of a string");
    case 't':
        v->kind = JSON_TRUE;
        whole = skip_word(p, "true");
        break;
    case 'f':
        v->kind = JSON_FALSE;
        whole = skip_word(p, "false");
        break;
    case 'n':
        v->kind = JSON_NULL;
        whole = skip_word(p, "null");
        break;
    default:
        v->kind = JSON_NUMBER;
        whole = skip_number(p);
    }
    v->size = (uint32_t)(p->at - v->text);
    return whole ? 0 : refuse(p, ERR_MALFORMED, "a value");
}

static int read_key(struct parser *p) {
    skip_space(p);
    if (!skip_char(p, '"') || !skip_string(p, &p->key, &p->key_size))
        return refuse(p, ERR_MALFORMED, "a key");
    skip_space(p);
    if (!skip_char(p, ':'))
        return refuse(p, ERR_MALFORMED, "':'");
    return 0;
}

/* What may follow within the innermost container; *closed when it ended. */
static int go_on(struct parser *p, bool *closed) {
    struct json_value *v = &p->r->values[p->open[p->depth - 1]];
    bool empty = p->open[p->depth - 1] == p->r->count - 1;
    skip_space(p);
    *closed = skip_char(p, v->kind == JSON_OBJECT ? '}' : ']');
    if (*closed) {
        v->size = (uint32_t)(p->at - v->text);
        v->end = p->r->count;
        p->depth--;
        return 0;
    }
    if (!empty && !skip_char(p, ','))
        return refuse(p, ERR_MALFORMED, "',' or the end of what is open");
    return v->kind == JSON_OBJECT ? read_key(p) : 0;
}

int json_read_parse(struct json_read *r, const char *text, size_t size) {
    struct parser p = {.r = r, .start = text, .at = text, .end = text + size};
    r->count = 0;
    r->error = NULL;
    r->error_at = 0;
    if (size > UINT32_MAX)
        return refuse(&p, ERR_TOO_BIG, "a smaller document");
    bool closed = false;
    do {
        int status = 0;
        if (!closed) {
            skip_space(&p);
            status = read_value(&p);
        }
        if (status == 0 && p.depth > 0)
            status = go_on(&p, &closed);
        if (status < 0) {
            r->count = 0;
            return status;
        }
    } while (p.depth > 0);
    skip_space(&p);
    if (p.at == p.end)
        return 0;
    r->count = 0;
    return refuse(&p, ERR_MALFORMED, "nothing more");
}

void json_read_free(struct json_read *r) {
    free(r->values);
    *r = (struct json_read){0};
}

/* --- walking ---------------------------------------------------------------------------------------------------------- */

const struct json_value *json_read_root(const struct json_read *r) {
    return r->count > 0 ? r->values : NULL;
}

const struct json_value *json_read_first(const struct json_read *r, const struct json_value *container) {
    if (container == NULL || (container->kind != JSON_OBJECT && container->kind != JSON_ARRAY))
        return NULL;
    uint32_t first = (uint32_t)(container - r->values) + 1;
    return first < container->end ? &r->values[first] : NULL;
}

const struct json_value *json_read_next(const struct json_read *r, const struct json_value *container,
                                        const struct json_value *child) {
    return child->end < container->end ? &r->values[child->end] : NULL;
}

static const struct json_value *member(const struct json_read *r, const struct json_value *object, const char *key,
                                       size_t size) {
    if (object == NULL || object->kind != JSON_OBJECT)
        return NULL;
    const struct json_value *v = json_read_first(r, object);
    while (v != NULL && (v->key_size != size || memcmp(v->key, key, size) != 0))
        v = json_read_next(r, object, v);
    return v;
}

const struct json_value *json_read_get(const struct json_read *r, const struct json_value *object, const char *key) {
    return member(r, object, key, strlen(key));
}

const struct json_value *json_read_at(const struct json_read *r, const struct json_value *from, const char *path) {
    const struct json_value *v = from != NULL ? from : json_read_root(r);
    while (v != NULL && *path != '\0') {
        size_t size = strcspn(path, ".");
        v = member(r, v, path, size);
        path += size + (path[size] == '.' ? 1 : 0);
    }
    return v;
}

/* --- single values ---------------------------------------------------------------------------------------------------- */

/* The digits of an integer; false when the number is none. */
static bool digits_of(const struct json_value *v, bool *negative, uint64_t *out) {
    if (v == NULL || v->kind != JSON_NUMBER)
        return false;
    *negative = v->text[0] == '-';
    uint64_t value = 0;
    for (uint32_t i = *negative ? 1 : 0; i < v->size; i++) {
        if (v->text[i] < '0' || v->text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(v->text[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool json_read_uint(const struct json_value *v, uint64_t *out) {
    bool negative;
    uint64_t value;
    if (!digits_of(v, &negative, &value) || (negative && value != 0))
        return false;
    *out = value;
    return true;
}

bool json_read_int(const struct json_value *v, int64_t *out) {
    bool negative;
    uint64_t value;
    if (!digits_of(v, &negative, &value) || value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool json_read_double(const struct json_value *v, double *out) {
    char text[64]; /* 17 digits, sign, point and exponent; longer ones are not ours, and cut they would be wrong */
    if (v == NULL || v->kind != JSON_NUMBER || v->size >= sizeof text)
        return false;
    memcpy(text, v->text, v->size);
    text[v->size] = '\0';
    *out = strtod(text, NULL);
    return isfinite(*out);
}

bool json_read_bool(const struct json_value *v, bool *out) {
    if (v == NULL || (v->kind != JSON_TRUE && v->kind != JSON_FALSE))
        return false;
    *out = v->kind == JSON_TRUE;
    return true;
}

static unsigned unit_of(const char *hex) {
    unsigned unit = 0;
    for (int i = 0; i < 4; i++)
        unit = unit << 4 | (unsigned)hex_digit(hex[i]);
    return unit;
}

/* UTF-8 of a code point; its length. */
static size_t encode(unsigned code, char *out) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* The code point of the escape at `at`, behind its backslash; how many characters it takes. 0: not one that a text can hold. */
static size_t decode(const char *at, const char *end, unsigned *code) {
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    if (*at != 'u') {
        const char *letter = strchr(letters, *at);
        *code = letter != NULL ? (unsigned char)meanings[letter - letters] : (unsigned char)*at;
        return 1;
    }
    *code = unit_of(at + 1);
    bool high = *code >= 0xD800 && *code < 0xDC00;
    if (high && end - at >= 11 && at[5] == '\\' && at[6] == 'u') {
        unsigned low = unit_of(at + 7);
        if (low >= 0xDC00 && low < 0xE000) {
            *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
            return 11;
        }
    }
    return *code == 0 || (*code >= 0xD800 && *code < 0xE000) ? 0 : 5;
}

/* Unescapes into out[0 … room); −1 when it does not fit or, if `strict`, is no text. */
static long unescape(const struct json_value *v, char *out, size_t room, bool strict) {
    const char *at = v->text, *end = v->text + v->size;
    size_t size = 0;
    while (at < end) {
        char piece[4];
        size_t length = 1;
        piece[0] = *at++;
        if (piece[0] == '\\') {
            unsigned code;
            size_t step = decode(at, end, &code);
            if (step == 0 && strict)
                return -1;
            length = encode(step == 0 ? 0xFFFD : code, piece);
            at += step == 0 ? 5 : step;
        }
        if (size + length >= room)
            return -1;
        memcpy(out + size, piece, length);
        size += length;
    }
    out[size] = '\0';
    return (long)size;
}

bool json_read_string(const struct json_value *v, char *out, size_t room) {
    return v != NULL && v->kind == JSON_STRING && room > 0 && unescape(v, out, room, true) >= 0;
}

char *json_read_dup(const struct json_value *v) {
    if (v == NULL || v->kind != JSON_STRING)
        return NULL;
    size_t room = (size_t)v->size + 1; /* an escape never grows */
    char *text = malloc(room);
    if (text != NULL && unescape(v, text, room, false) < 0) {
        free(text);
        return NULL;
    }
    return text;
}

bool json_read_equals(const struct json_value *v, const char *text) {
    return v != NULL && v->kind == JSON_STRING && v->size == strlen(text) && memcmp(v->text, text, v->size) == 0;
}
