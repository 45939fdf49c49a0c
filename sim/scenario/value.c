#include "scenario/value.h"

#include <arpa/inet.h>
#include <float.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "scenario/schema.h"

/* Instants of the wall clock are int64 nanoseconds, and a run takes its time as well. */
enum { FIRST_YEAR = 1970, LAST_YEAR = 2150 };

__attribute__((format(printf, 2, 3))) static int refuse(char *why, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(why, VALUE_WHY_MAX, format, args);
    va_end(args);
    return ERR_MALFORMED;
}

int value_boolean(const char *text, bool *out, char *why) {
    static const char *const other[] = {"yes", "no", "on", "off", "True", "False", "TRUE", "FALSE", "y", "n", "0", "1"};
    static const bool meaning[] = {true, false, true, false, true, false, true, false, true, false, false, true};
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        *out = text[0] == 't';
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(other); i++)
        if (strcmp(text, other[i]) == 0)
            return refuse(why, "'%s' is a text in YAML 1.2; write %s", text, meaning[i] ? "true" : "false");
    return refuse(why, "'%.40s' is neither true nor false", text);
}

static int digit_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

int value_integer(const char *text, uint64_t min, uint64_t max, uint64_t *out, char *why) {
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *p = hex ? text + 2 : text;
    uint64_t base = hex ? 16 : 10, value = 0;
    if (*p == '\0')
        return refuse(why, text[0] == '\0' ? "a whole number is missing here" : "'%s' is not a whole number", text);
    for (const char *start = p; *p != '\0'; p++) {
        uint64_t digit = (uint64_t)digit_value(*p);
        if (*p == '_' && p > start && digit_value(p[1]) < (int)base && p[-1] != '_')
            continue;
        if (digit >= base)
            return refuse(why, "'%.40s' is not a whole number", text);
        if (value > (UINT64_MAX - digit) / base)
            return refuse(why, "'%.40s' is larger than a number may be", text);
        value = value * base + digit;
    }
    if (value < min || value > max) {
        if (max == UINT64_MAX)
            return refuse(why, "%.40s is less than %llu", text, (unsigned long long)min);
        return refuse(why, "%.40s is not between %llu and %llu", text, (unsigned long long)min,
                      (unsigned long long)max);
    }
    *out = value;
    return 0;
}

int value_number(const char *text, enum units_dimension dimension, double min, double max, double *out, char *why) {
    double value;
    int error = units_parse_as(text, strlen(text), dimension, &value, why, VALUE_WHY_MAX);
    if (error != 0)
        return ERR_MALFORMED;
    if ((min != 0 || max != 0) && (value < min || value > max)) {
        char low[40], high[40];
        units_format(dimension, min, low, sizeof low);
        units_format(dimension, max, high, sizeof high);
        return refuse(why, "%.40s is not between %s and %s", text, low, high);
    }
    if (value < 0 && min >= 0)
        return refuse(why, "%.40s is negative", text);
    *out = value;
    return 0;
}

static int read_digits(const char **at, int count, int *out) {
    int value = 0;
    for (int i = 0; i < count; i++) {
        int digit = digit_value(**at);
        if (digit > 9)
            return ERR_MALFORMED;
        value = value * 10 + digit;
        ++*at;
    }
    *out = value;
    return 0;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years are counted from March, so that the leap day comes last. */
static int64_t days_of(int year, int month, int day) {
    int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool is_date(int year, int month, int day) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month < 1 || month > 12 || year < 1970)
        return false;
    return day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

int value_timestamp(const char *text, int64_t *unix_s, char *why) {
    /* year-month-dayThour:minute:second, then Z or an offset */
    static const int widths[] = {4, 2, 2, 2, 2, 2};
    static const char between[] = "--T::";
    int part[6], hours = 0, minutes = 0, sign = 1;
    const char *p = text;
    for (int i = 0; i < 6; i++) {
        if (read_digits(&p, widths[i], &part[i]) != 0 || (i < 5 && *p++ != between[i]))
            return refuse(why, "'%.40s' is not a time; write 2026-01-01T00:00:00Z", text);
    }
    if (*p == '+' || *p == '-') {
        sign = *p++ == '+' ? 1 : -1;
        if (read_digits(&p, 2, &hours) != 0 || *p++ != ':' || read_digits(&p, 2, &minutes) != 0 || *p != '\0')
            return refuse(why, "'%.40s' has no valid offset; write Z or +02:00", text);
    } else if (strcmp(p, "Z") != 0) {
        return refuse(why, "'%.40s' has no time zone; write Z at its end, or +02:00", text);
    }
    if (!is_date(part[0], part[1], part[2]) || part[3] > 23 || part[4] > 59 || part[5] > 59 || hours > 23 ||
        minutes > 59)
        return refuse(why, "'%.40s' is no date and time of the calendar", text);
    if (part[0] < FIRST_YEAR || part[0] > LAST_YEAR)
        return refuse(why, "'%.40s' is not between 1970 and 2150, where nanoseconds can be counted", text);
    *unix_s = days_of(part[0], part[1], part[2]) * 86400 + part[3] * 3600 + part[4] * 60 + part[5] -
              sign * (hours * 3600 + minutes * 60);
    return 0;
}

static int read_address(const char *text, size_t size, uint8_t out[16], bool *v4) {
    char copy[INET6_ADDRSTRLEN];
    if (size >= sizeof copy)
        return ERR_MALFORMED;
    memcpy(copy, text, size);
    copy[size] = '\0';
    memset(out, 0, 16);
    if (inet_pton(AF_INET, copy, out + 12) == 1) {
        out[10] = out[11] = 0xff;
        *v4 = true;
        return 0;
    }
    *v4 = false;
    return inet_pton(AF_INET6, copy, out) == 1 ? 0 : ERR_MALFORMED;
}

static int read_network(const char *text, size_t size, struct value_addresses *out, char *why) {
    uint64_t prefix;
    uint64_t bits = out->v4 ? 32 : 128;
    char reason[VALUE_WHY_MAX];
    if (value_integer(text + size + 1, 0, bits, &prefix, reason) != 0)
        return refuse(why, "'%.60s' has no prefix length from 0 to %d after its '/'", text, (int)bits);
    prefix += out->v4 ? 96 : 0;
    memcpy(out->last, out->first, 16);
    for (unsigned bit = (unsigned)prefix; bit < 128; bit++) {
        uint8_t mask = (uint8_t)(0x80U >> (bit % 8));
        out->first[bit / 8] &= (uint8_t)~mask;
        out->last[bit / 8] |= mask;
    }
    return 0;
}

int value_addresses(const char *text, bool cidr, struct value_addresses *out, char *why) {
    size_t size = strcspn(text, cidr ? "/" : "-");
    bool v4 = false;
    if (read_address(text, size, out->first, &out->v4) != 0)
        return refuse(why, "'%.60s' is not an address", text);
    if (text[size] == '/')
        return read_network(text, size, out, why);
    memcpy(out->last, out->first, 16);
    if (text[size] == '\0')
        return 0;
    const char *last = text + size + 1;
    if (read_address(last, strlen(last), out->last, &v4) != 0)
        return refuse(why, "'%.60s' is not an address", last);
    if (v4 != out->v4)
        return refuse(why, "'%.60s' mixes IPv4 and IPv6", text);
    if (memcmp(out->first, out->last, 16) > 0)
        return refuse(why, "'%.60s' ends before it begins", text);
    return 0;
}

int value_index_range(const char *text, uint64_t *first, uint64_t *last, char *why) {
    char head[24];
    size_t size = strcspn(text, "-");
    if (size >= sizeof head || size == 0)
        return refuse(why, "'%.40s' is not a number or a range such as 0-99", text);
    memcpy(head, text, size);
    head[size] = '\0';
    uint64_t a, b;
    int error = value_integer(head, 0, UINT32_MAX, &a, why);
    b = a;
    if (error == 0 && text[size] == '-')
        error = value_integer(text + size + 1, 0, UINT32_MAX, &b, why);
    if (error != 0)
        return error;
    if (b < a)
        return refuse(why, "'%.40s' ends before it begins", text);
    *first = a;
    *last = b;
    return 0;
}

static size_t trimmed(const char *text, size_t size) {
    while (size > 0 && text[size - 1] == ' ')
        size--;
    return size;
}

static bool cut_suffix(const char *text, size_t *size, const char *suffix) {
    size_t length = strlen(suffix);
    if (*size <= length || memcmp(text + *size - length, suffix, length) != 0)
        return false;
    *size -= length;
    return true;
}

int value_after(const char *text, struct value_after *out, char *why) {
    size_t plus = strcspn(text, "+");
    size_t size = trimmed(text, plus);
    *out = (struct value_after){{0}, false, 0};
    if (text[plus] == '+') {
        const char *rest = text + plus + 1;
        double offset;
        rest += strspn(rest, " ");
        if (value_number(rest, UNITS_DURATION, 0, 0, &offset, why) != 0)
            return ERR_MALFORMED;
        out->offset = (span)offset;
    }
    out->from_start = cut_suffix(text, &size, ".start");
    if (!out->from_start)
        cut_suffix(text, &size, ".end");
    if (size >= sizeof out->id)
        return refuse(why, "'%.40s…' is too long for an id", text);
    memcpy(out->id, text, size);
    if (!value_is_name(out->id))
        return refuse(why, "'%.60s' is not an id, id + 30s or id.start + 30s", text);
    return 0;
}

bool value_is_name(const char *text) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t size = strlen(text);
    return size > 0 && size < 64 && strspn(text, letters) == size && text[0] != '.' && text[0] != '-';
}

static const struct schema_row *row_of(const char *pattern) {
    const struct schema_row *row = schema_find(pattern);
    CHECK(row != NULL);
    return row;
}

/* What stands in the tree, else the default, else NULL. Empty values count as absent, as validation has it. */
static const char *text_at(const struct node *map, const struct schema_row *row) {
    const struct node *n = node_get(map, schema_last(row));
    return node_is_empty(n) ? row->standard : node_text(n);
}

bool value_given(const struct node *map, const char *pattern) {
    return !node_is_empty(node_get(map, schema_last(row_of(pattern))));
}

bool value_bool_at(const struct node *map, const char *pattern) {
    const char *text = text_at(map, row_of(pattern));
    char why[VALUE_WHY_MAX];
    bool value = false;
    CHECK(text == NULL || value_boolean(text, &value, why) == 0);
    return value;
}

uint64_t value_integer_at(const struct node *map, const char *pattern) {
    const struct schema_row *row = row_of(pattern);
    const char *text = text_at(map, row);
    char why[VALUE_WHY_MAX];
    uint64_t value = 0;
    if (text == NULL || schema_word(row, text) >= 0)
        return 0;
    CHECK(value_integer(text, 0, UINT64_MAX, &value, why) == 0);
    return value;
}

double value_number_at(const struct node *map, const char *pattern) {
    const struct schema_row *row = row_of(pattern);
    const char *text = text_at(map, row);
    char why[VALUE_WHY_MAX];
    double value = 0;
    if (text == NULL || schema_word(row, text) >= 0)
        return 0;
    if ((row->flags & SCHEMA_PERCENT) != 0 && strchr(text, '%') == NULL) {
        CHECK(value_number(text, UNITS_PLAIN, 0, 100, &value, why) == 0);
        return value / 100;
    }
    double wide = row->min < 0 ? DBL_MAX : 0;
    CHECK(value_number(text, row->dimension, -wide, wide, &value, why) == 0);
    return value;
}

span value_span_at(const struct node *map, const char *pattern) {
    return (span)(value_number_at(map, pattern) + 0.5);
}

struct dist value_dist_at(const struct node *map, const char *pattern) {
    const struct schema_row *row = row_of(pattern);
    const char *text = text_at(map, row);
    char why[VALUE_WHY_MAX];
    struct dist d = {.kind = DIST_CONSTANT, .cut_at_zero = true};
    CHECK(text == NULL || value_dist(text, row->dimension, &d, why) == 0);
    return d;
}

int value_word_at(const struct node *map, const char *pattern) {
    const struct schema_row *row = row_of(pattern);
    const char *text = text_at(map, row);
    return text == NULL ? -1 : schema_word(row, text);
}

const char *value_text_at(const struct node *map, const char *pattern) {
    return text_at(map, row_of(pattern));
}
