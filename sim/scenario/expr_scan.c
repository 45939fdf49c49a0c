#include "scenario/expr_scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"

int expr_scan_refuse(struct expr_scan *s, struct expr_piece piece, const char *format, ...) {
    memset(s->error, 0, sizeof *s->error);
    s->error->piece = (struct expr_piece){piece.offset, piece.size > 0 ? piece.size : 1};
    va_list args;
    va_start(args, format);
    vsnprintf(s->error->why, sizeof s->error->why, format, args);
    va_end(args);
    return ERR_MALFORMED;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void expr_scan_space(struct expr_scan *s) {
    while (s->at < s->size && is_space(s->text[s->at]))
        s->at++;
}

static char at(const struct expr_scan *s, size_t offset) {
    return s->at + offset < s->size ? s->text[s->at + offset] : '\0';
}

char expr_scan_peek(struct expr_scan *s) {
    expr_scan_space(s);
    return at(s, 0);
}

bool expr_scan_take(struct expr_scan *s, char c) {
    if (expr_scan_peek(s) != c)
        return false;
    s->at++;
    return true;
}

int expr_scan_word(struct expr_scan *s, bool free, const char *what, char *out, struct expr_piece *piece) {
    expr_scan_space(s);
    size_t from = s->at;
    while (is_letter(at(s, 0)) || is_digit(at(s, 0)) || at(s, 0) == '_' || at(s, 0) == '.' || (free && at(s, 0) == '-'))
        s->at++;
    size_t size = s->at - from;
    if (size == 0 && from == s->size)
        return expr_scan_refuse(s, (struct expr_piece){from, 1}, "this ends where %s is expected", what);
    if (size == 0)
        return expr_scan_refuse(s, (struct expr_piece){from, 1}, "%s is expected here", what);
    if (size >= EXPR_WORD_MAX)
        return expr_scan_refuse(s, (struct expr_piece){from, size}, "this name has more than %d characters",
                                EXPR_WORD_MAX - 1);
    memcpy(out, s->text + from, size);
    out[size] = '\0';
    *piece = (struct expr_piece){from, size};
    return 0;
}

bool expr_scan_is_literal(struct expr_scan *s) {
    char c = expr_scan_peek(s);
    return is_digit(c) || c == '.' || (c == '-' && (is_digit(at(s, 1)) || at(s, 1) == '.'));
}

/* The end of a "/s" that belongs to the number before it; 0 when the "/" divides. */
static size_t slash_unit(const struct expr_scan *s) {
    static const char *const names[] = {"s", "sec", "second", "min", "minute", "m", "h", "hour", "day", "year"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        size_t size = strlen(names[i]);
        char next = at(s, 1 + size);
        bool ends = !is_letter(next) && !is_digit(next) && next != '(' && next != '.' && next != '_';
        if (s->size - s->at > size && memcmp(s->text + s->at + 1, names[i], size) == 0 && ends)
            return 1 + size;
    }
    return 0;
}

static size_t literal_end(struct expr_scan *s) {
    size_t from = s->at;
    if (at(s, 0) == '-')
        s->at++;
    while (s->at < s->size) {
        char c = at(s, 0);
        size_t slash = c == '/' ? slash_unit(s) : 0;
        bool foreign = (unsigned char)c >= 0x80; /* the micro sign and its like: units_parse says what to write */
        if (slash > 0)
            s->at += slash;
        else if (is_letter(c) || is_digit(c) || foreign || c == '.' || c == '_' || c == '%')
            s->at++;
        else
            break;
    }
    size_t end = s->at;
    s->at = from;
    return end;
}

enum { EXACT_DIGITS_MAX = 12 };

/* Shares as whole numbers: "99.5%" is 995/1000. */
static void make_exact(const char *text, size_t size, struct expr_literal *l) {
    int64_t numerator = 0, denominator = 100;
    int digits = 0;
    bool point = false, negative = false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '-')
            negative = true;
        if (text[i] == '.')
            point = true;
        if (!is_digit(text[i]))
            continue;
        if (++digits > EXACT_DIGITS_MAX)
            return;
        numerator = 10 * numerator + (text[i] - '0');
        if (point)
            denominator *= 10;
    }
    l->exact = true;
    l->numerator = negative ? -numerator : numerator;
    l->denominator = denominator;
}

int expr_scan_literal(struct expr_scan *s, struct expr_literal *out, struct expr_piece *piece) {
    expr_scan_space(s);
    size_t from = s->at, size = literal_end(s) - from;
    char why[EXPR_WHY_MAX];
    struct units_quantity q;
    if (size == 0)
        return expr_scan_refuse(s, (struct expr_piece){from, 1},
                                "a number is expected here, with its unit if it has one");
    if (units_parse(s->text + from, size, &q, why, sizeof why) != 0)
        return expr_scan_refuse(s, (struct expr_piece){from, size}, "%s", why);
    s->at += size;
    *piece = (struct expr_piece){from, size};
    *out = (struct expr_literal){.value = q.value, .dimension = (expr_dimension)q.dimension};
    if (q.dimension == UNITS_SHARE)
        make_exact(s->text + from, size, out);
    return 0;
}

int expr_scan_relop(struct expr_scan *s, enum relop *out, struct expr_piece *piece) {
    /* the longer ones first: "<=" begins with "<" */
    static const enum relop order[RELOPS] = {REL_LE, REL_GE, REL_EQ, REL_NE, REL_LT, REL_GT};
    static const char *const signs[RELOPS] = {"<=", ">=", "==", "!=", "<", ">"};
    expr_scan_space(s);
    for (size_t i = 0; i < RELOPS; i++) {
        size_t size = strlen(signs[i]);
        if (s->size - s->at >= size && memcmp(s->text + s->at, signs[i], size) == 0) {
            *piece = (struct expr_piece){s->at, size};
            *out = order[i];
            s->at += size;
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}
