#include "base/units.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/err.h"
#include "base/instant.h"
#include "base/suggest.h"
#include "base/utf8.h"

#define DAYS_PER_YEAR 365

const struct units_row units_rows[] = {
    {"us", UNITS_DURATION, 1e3},
    {"ms", UNITS_DURATION, 1e6},
    {"s", UNITS_DURATION, 1e9},
    {"min", UNITS_DURATION, 60e9},
    {"h", UNITS_DURATION, 3600e9},
    {"day", UNITS_DURATION, 86400e9},
    {"year", UNITS_DURATION, DAYS_PER_YEAR * 86400e9},
    {"B", UNITS_BYTES, 1},
    {"kB", UNITS_BYTES, 1e3},
    {"KiB", UNITS_BYTES, 1024},
    {"MB", UNITS_BYTES, 1e6},
    {"MiB", UNITS_BYTES, 1048576},
    {"GB", UNITS_BYTES, 1e9},
    {"GiB", UNITS_BYTES, 1073741824},
    {"bps", UNITS_BITRATE, 1},
    {"kbps", UNITS_BITRATE, 1e3},
    {"Mbps", UNITS_BITRATE, 1e6},
    {"/s", UNITS_RATE, 1},
    {"/min", UNITS_RATE, 1.0 / 60},
    {"/h", UNITS_RATE, 1.0 / 3600},
    {"%/h", UNITS_RATE, 1.0 / (100 * 3600.0)},
    {"%/day", UNITS_RATE, 1.0 / (100 * 86400.0)},
    {"%/year", UNITS_RATE, 1.0 / (100 * DAYS_PER_YEAR * 86400.0)},
    {"%", UNITS_SHARE, 1.0 / 100},
    {"uA", UNITS_CURRENT, 1e-6},
    {"mA", UNITS_CURRENT, 1e-3},
    {"A", UNITS_CURRENT, 1},
    {"mAh", UNITS_CHARGE, 3.6},
    {"Ah", UNITS_CHARGE, 3600},
    {"mV", UNITS_VOLTAGE, 1e-3},
    {"V", UNITS_VOLTAGE, 1},
    {"uW", UNITS_POWER, 1e-6},
    {"mW", UNITS_POWER, 1e-3},
    {"W", UNITS_POWER, 1},
    {"mJ", UNITS_ENERGY, 1e-3},
    {"J", UNITS_ENERGY, 1},
    {"mohm", UNITS_RESISTANCE, 1e-3},
    {"ohm", UNITS_RESISTANCE, 1},
    {"mF", UNITS_CAPACITANCE, 1e-3},
    {"F", UNITS_CAPACITANCE, 1},
    {"degC", UNITS_TEMPERATURE, 1},
    {"dBm", UNITS_DBM, 1},
    {"dB", UNITS_DB, 1},
    {"ppm", UNITS_PPM, 1},
    {NULL, UNITS_PLAIN, 0},
};
enum { ROWS = COUNT_OF(units_rows) - 1 };

enum { SHOWN_MAX = 4 };
static const struct dimension {
    const char *article, *name, *example;
    const char *offered[SHOWN_MAX]; /* units proposed when one is missing */
    const char *shown[SHOWN_MAX];   /* units of units_format, smallest first */
} dimensions[UNITS_DIMENSIONS] = {
    [UNITS_PLAIN] = {"a", "number", "100", {NULL}, {NULL}},
    [UNITS_DURATION] = {"a", "duration", "10s, 250ms, 1h30min", {"s", "ms", "min"}, {"us", "ms", "s"}},
    [UNITS_BYTES] = {"a", "size in bytes", "64B, 16KiB", {"B", "kB", "KiB"}, {"B", "KiB", "MiB", "GiB"}},
    [UNITS_BITRATE] = {"a", "bit rate", "375kbps, 10Mbps", {"bps", "kbps", "Mbps"}, {"bps", "kbps", "Mbps"}},
    [UNITS_RATE] = {"a", "rate", "6000/s, 10/min", {"/s", "/min", "/h"}, {"/h", "/min", "/s"}},
    [UNITS_SHARE] = {"a", "share", "99.5%", {"%"}, {"%"}},
    [UNITS_CURRENT] = {"a", "current", "3uA, 46mA", {"uA", "mA", "A"}, {"uA", "mA", "A"}},
    [UNITS_CHARGE] = {"a", "charge", "8500mAh", {"mAh", "Ah"}, {"mAh", "Ah"}},
    [UNITS_VOLTAGE] = {"a", "voltage", "3.6V, 2800mV", {"mV", "V"}, {"mV", "V"}},
    [UNITS_POWER] = {"a", "power", "250mW, 2W", {"uW", "mW", "W"}, {"uW", "mW", "W"}},
    [UNITS_ENERGY] = {"an", "energy", "12mJ, 3J", {"mJ", "J"}, {"mJ", "J"}},
    [UNITS_RESISTANCE] = {"a", "resistance", "150mohm, 10ohm", {"mohm", "ohm"}, {"mohm", "ohm"}},
    [UNITS_CAPACITANCE] = {"a", "capacitance", "470mF", {"mF", "F"}, {"mF", "F"}},
    [UNITS_TEMPERATURE] = {"a", "temperature", "-20degC", {"degC"}, {"degC"}},
    [UNITS_DBM] = {"a", "power level", "-110dBm", {"dBm"}, {"dBm"}},
    [UNITS_DB] = {"a", "level difference", "20dB", {"dB"}, {"dB"}},
    [UNITS_PPM] = {"a", "drift", "20ppm", {"ppm"}, {"ppm"}},
};

/* What people write, and what they have to write here. The first match wins. */
static const struct habit {
    const char *wrong, *right;
    bool ambiguous;
} habits[] = {
    {"m", "'min' for minutes, 'ms' for milliseconds", true},
    {"k", "'kB', 'KiB' or 'kbps'", true},
    {"K", "'kB', 'KiB' or 'kbps'", true},
    {"M", "'MB', 'MiB' or 'Mbps'", true},
    {"sec", "'s'", false},
    {"secs", "'s'", false},
    {"second", "'s'", false},
    {"seconds", "'s'", false},
    {"mins", "'min'", false},
    {"minute", "'min'", false},
    {"minutes", "'min'", false},
    {"hr", "'h'", false},
    {"hrs", "'h'", false},
    {"hour", "'h'", false},
    {"hours", "'h'", false},
    {"d", "'day'", false},
    {"days", "'day'", false},
    {"w", "'day'", false},
    {"week", "'day'", false},
    {"weeks", "'day'", false},
    {"y", "'year'", false},
    {"yr", "'year'", false},
    {"years", "'year'", false},
    {"msec", "'ms'", false},
    {"millis", "'ms'", false},
    {"usec", "'us'", false},
    {"\302\265s", "'us'", false}, /* micro sign */
    {"\316\274s", "'us'", false}, /* Greek mu */
    {"ns", "'us': the finest step is a microsecond", false},
    {"b", "'B' for bytes, 'bps' for bits per second", false},
    {"byte", "'B'", false},
    {"bytes", "'B'", false},
    {"KB", "'kB' (1000 bytes) or 'KiB' (1024 bytes)", false},
    {"kb", "'kB' (1000 bytes), 'KiB' (1024 bytes) or 'kbps'", false},
    {"Kb", "'kB' (1000 bytes), 'KiB' (1024 bytes) or 'kbps'", false},
    {"mb", "'MB' (1000000 bytes), 'MiB' (1048576 bytes) or 'Mbps'", false},
    {"Mb", "'MB' (1000000 bytes), 'MiB' (1048576 bytes) or 'Mbps'", false},
    {"G", "'GB' or 'GiB'", false},
    {"Gbps", "'Mbps'", false},
    {"bit/s", "'bps'", false},
    {"kbit/s", "'kbps'", false},
    {"Mbit/s", "'Mbps'", false},
    {"kb/s", "'kbps'", false},
    {"Mb/s", "'Mbps'", false},
    {"Hz", "'/s'", false},
    {"ps", "'/s'", false},
    {"/sec", "'/s'", false},
    {"/second", "'/s'", false},
    {"/m", "'/min'", false},
    {"/minute", "'/min'", false},
    {"/hour", "'/h'", false},
    {"/day", "'/h'", false},
    {"pct", "'%'", false},
    {"percent", "'%'", false},
    {"C", "'degC'", false},
    {"\302\260C", "'degC'", false}, /* degree sign */
    {"\302\265A", "'uA'", false},
    {"\316\251", "'ohm'", false}, /* Greek omega */
    {"Ohm", "'ohm'", false},
    {"e", "the number in full: exponents are not read", false},
    {"E", "the number in full: exponents are not read", false},
    {"dbm", "'dBm'", false},
    {"db", "'dB'", false},
};

enum {
    NUMBER_MAX = 40, /* characters of a number; more digits than a double can use */
    EXPONENT_ROOM = 8,
    QUOTED_MAX = 40, /* bytes of foreign text in a sentence */
    FORMAT_ROOM = 32,
};

struct reader {
    const char *whole; /* the quantity, for messages */
    size_t whole_size;
    const char *at, *end;
    char *why;
    size_t why_size;
};

/* A number as it was written, without "_". */
struct number {
    char digits[NUMBER_MAX + EXPONENT_ROOM];
    size_t size;
};

/* Foreign bytes shortened and made harmless. */
struct quoted {
    char text[QUOTED_MAX + 4];
};

static struct quoted quote(const char *text, size_t size) {
    struct quoted q = {{0}};
    const uint8_t *data = (const uint8_t *)text;
    size_t used = 0, at = 0;
    while (at < size) {
        size_t length = utf8_sequence(data + at, size - at);
        bool plain = length > 1 ? data[at] != 0xc2 || data[at + 1] >= 0xa0 : length == 1 && data[at] - 0x20U < 0x5f;
        size_t step = length > 0 ? length : 1;
        if (used + step > QUOTED_MAX) {
            memcpy(q.text + used, "...", 3);
            break;
        }
        if (plain)
            memcpy(q.text + used, text + at, step);
        else
            memset(q.text + used, '?', step);
        used += step;
        at += step;
    }
    return q;
}

static int refuse(const struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int refuse(const struct reader *r, const char *format, ...) {
    if (r->why_size == 0)
        return ERR_MALFORMED;
    va_list args;
    va_start(args, format);
    vsnprintf(r->why, r->why_size, format, args);
    va_end(args);
    return ERR_MALFORMED;
}

#define WHOLE(r) quote((r)->whole, (r)->whole_size).text

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static int read_number(struct reader *r, struct number *out) {
    bool point = false;
    out->size = 0;
    if (r->at == r->end || !is_digit(*r->at)) {
        if (r->at < r->end && *r->at == '.')
            return refuse(r, "'%s' has no digit before its point; write 0.5, not .5", WHOLE(r));
        if (r->at < r->end && *r->at == '+')
            return refuse(r, "'%s' must not begin with '+'", WHOLE(r));
        return refuse(r, "'%s' is not a quantity; write a number and its unit, for instance 10s, 64B or 99.5%%",
                      WHOLE(r));
    }
    for (; r->at < r->end && (is_digit(*r->at) || *r->at == '_' || *r->at == '.'); r->at++) {
        bool digit_follows = r->at + 1 < r->end && is_digit(r->at[1]);
        if (*r->at == '_') {
            if (!is_digit(r->at[-1]) || !digit_follows)
                return refuse(r, "'%s' has '_' where it does not separate two digits", WHOLE(r));
            continue;
        }
        if (*r->at == '.') {
            if (point)
                return refuse(r, "'%s' has two points in one number", WHOLE(r));
            if (!digit_follows)
                return refuse(r, "'%s' has no digit after its point", WHOLE(r));
            point = true;
        }
        if (out->size == NUMBER_MAX)
            return refuse(r, "'%s' has a number of more than %d characters", WHOLE(r), NUMBER_MAX);
        out->digits[out->size++] = *r->at;
    }
    out->digits[out->size] = '\0';
    return 0;
}

/* The unit is everything up to the next digit. */
static size_t unit_size(const struct reader *r) {
    size_t size = 0;
    while (r->at + size < r->end && !is_digit(r->at[size]))
        size++;
    return size;
}

static int refuse_unit(const struct reader *r, size_t size) {
    char unit[QUOTED_MAX + 1] = "";
    if (r->at[0] == ' ' || r->at[0] == '\t')
        return refuse(r, "'%s' has a space inside; write number and unit together, for instance 10s", WHOLE(r));
    if (r->at[0] == ',')
        return refuse(r, "'%s' has a comma inside; the decimal point is '.', and '_' may separate digits", WHOLE(r));
    if (size <= QUOTED_MAX)
        memcpy(unit, r->at, size);
    for (size_t i = 0; i < COUNT_OF(habits); i++)
        if (strcmp(habits[i].wrong, unit) == 0)
            return refuse(r, "'%s' has the %s unit '%s'; write %s", WHOLE(r),
                          habits[i].ambiguous ? "ambiguous" : "unknown", unit, habits[i].right);

    const char *suffixes[ROWS];
    const char *near = NULL;
    for (size_t i = 0; i < ROWS; i++) {
        suffixes[i] = units_rows[i].suffix;
        if (near == NULL && unit[0] != '\0' && strcasecmp(suffixes[i], unit) == 0)
            near = suffixes[i];
    }
    if (near == NULL && size > 1 && unit[0] != '\0')
        near = suggest_nearest(unit, suffixes, ROWS);
    if (near != NULL)
        return refuse(r, "'%s' has the unknown unit '%s'; did you mean '%s'?", WHOLE(r), quote(r->at, size).text, near);
    return refuse(r, "'%s' has the unknown unit '%s'; units are for instance s, ms, min, B, KiB, kbps, /s and %%",
                  WHOLE(r), quote(r->at, size).text);
}

/* NULL when there is none; the refusal has been written. */
static const struct units_row *read_unit(struct reader *r) {
    size_t size = unit_size(r);
    for (const struct units_row *row = units_rows; row->suffix != NULL; row++)
        if (strlen(row->suffix) == size && memcmp(row->suffix, r->at, size) == 0) {
            r->at += size;
            return row;
        }
    refuse_unit(r, size);
    return NULL;
}

static bool decimal_power(double factor, int *power) {
    static const struct {
        double factor;
        int power;
    } powers[] = {{1, 0}, {1e3, 3}, {1e6, 6}, {1e9, 9}, {1e-2, -2}, {1e-3, -3}, {1e-6, -6}};
    for (size_t i = 0; i < COUNT_OF(powers); i++)
        if (factor == powers[i].factor) {
            *power = powers[i].power;
            return true;
        }
    return false;
}

/* Powers of ten go into the digits, so that 99.9% is rounded once: 99.9 × 0.01 is not the double nearest to 0.999. */
static double to_base(const struct number *n, const struct units_row *row) {
    int power;
    if (!decimal_power(row->factor, &power))
        return strtod(n->digits, NULL) * row->factor;
    char scaled[sizeof n->digits];
    snprintf(scaled, sizeof scaled, "%.*se%d", NUMBER_MAX, n->digits, power);
    return strtod(scaled, NULL);
}

/* Factors below 1 are reciprocals of whole numbers; multiplying by those rounds once. */
static double from_base(double value, const struct units_row *row) {
    return row->factor >= 1 ? value / row->factor : value * (double)(int64_t)(1 / row->factor + 0.5);
}

static int read_parts(struct reader *r, struct units_quantity *out) {
    struct units_quantity sum = {UNITS_PLAIN, 0};
    const struct units_row *previous = NULL;
    for (int parts = 0; r->at < r->end || parts == 0; parts++) {
        struct number number = {"", 0};
        if (read_number(r, &number) != 0)
            return ERR_MALFORMED;
        if (r->at == r->end) {
            if (previous != NULL)
                return refuse(r, "the last number of '%s' has no unit", WHOLE(r));
            *out = (struct units_quantity){UNITS_PLAIN, strtod(number.digits, NULL)};
            return 0;
        }
        const struct units_row *row = read_unit(r);
        if (row == NULL)
            return ERR_MALFORMED;
        if (previous != NULL && (row->dimension != UNITS_DURATION || previous->dimension != UNITS_DURATION))
            return refuse(r, "'%s' has several parts; only durations may, for instance 1h30min", WHOLE(r));
        if (previous != NULL && row->factor >= previous->factor)
            return refuse(r, "'%s' must name larger units first and each once, for instance 1h30min", WHOLE(r));
        sum.dimension = row->dimension;
        sum.value += to_base(&number, row);
        previous = row;
    }
    *out = sum;
    return 0;
}

int units_parse(const char *text, size_t size, struct units_quantity *out, char *why, size_t why_size) {
    struct reader r = {text, size, text, text + size, why, why_size};
    if (size == 0)
        return refuse(&r, "a quantity is missing here; write for instance 10s, 64B or 99.5%%");
    bool negative = text[0] == '-';
    if (negative)
        r.at++;
    struct units_quantity q = {UNITS_PLAIN, 0};
    int err = read_parts(&r, &q);
    if (err != 0)
        return err;
    if (q.dimension == UNITS_DURATION && q.value >= 0x1p63)
        return refuse(&r, "'%s' is too long; a duration ends below 292 years", WHOLE(&r));
    if (negative && q.value != 0)
        q.value = -q.value;
    *out = q;
    return 0;
}

static int refuse_bare_number(const struct reader *r, enum units_dimension want) {
    const char *const *offered = dimensions[want].offered;
    char instead[SHOWN_MAX * (NUMBER_MAX + 16)] = "";
    size_t used = 0;
    for (int i = 0; i < SHOWN_MAX && offered[i] != NULL; i++) {
        bool last = i + 1 == SHOWN_MAX || offered[i + 1] == NULL;
        const char *glue = i == 0 ? "" : last ? " or " : ", ";
        used += (size_t)snprintf(instead + used, sizeof instead - used, "%s%.*s%s", glue, (int)r->whole_size, r->whole,
                                 offered[i]);
        if (used >= sizeof instead) /* a number with many "_" */
            return refuse(r, "'%s' has no unit; write for instance %s", WHOLE(r), dimensions[want].example);
    }
    return refuse(r, "'%s' has no unit; write %s", WHOLE(r), instead);
}

int units_parse_as(const char *text, size_t size, enum units_dimension want, double *out, char *why, size_t why_size) {
    CHECK((unsigned)want < UNITS_DIMENSIONS);
    struct units_quantity q = {UNITS_PLAIN, 0};
    int err = units_parse(text, size, &q, why, why_size);
    if (err != 0)
        return err;
    struct reader r = {text, size, text, text + size, why, why_size};
    const struct dimension *wanted = &dimensions[want], *found = &dimensions[q.dimension];
    if (q.dimension == UNITS_PLAIN && want != UNITS_PLAIN && q.value != 0)
        return refuse_bare_number(&r, want);
    if (q.dimension != UNITS_PLAIN && q.dimension != want)
        return refuse(&r, "'%s' is %s %s; %s %s is wanted here, for instance %s", WHOLE(&r), found->article,
                      found->name, wanted->article, wanted->name, wanted->example);
    *out = q.value;
    return 0;
}

const char *units_dimension_name(enum units_dimension d) {
    CHECK((unsigned)d < UNITS_DIMENSIONS);
    return dimensions[d].name;
}

const char *units_example(enum units_dimension d) {
    CHECK((unsigned)d < UNITS_DIMENSIONS);
    return dimensions[d].example;
}

static const struct units_row *row_of(enum units_dimension d, const char *suffix) {
    for (const struct units_row *row = units_rows; row->suffix != NULL; row++)
        if (row->dimension == d && strcmp(row->suffix, suffix) == 0)
            return row;
    return NULL;
}

/* Four digits without trailing zeros; whole numbers in full. */
static void format_number(double value, const char *suffix, char *text, size_t size) {
    char number[FORMAT_ROOM];
    double magnitude = fabs(value);
    if (magnitude >= 1000 && magnitude < 1e15)
        snprintf(number, sizeof number, "%lld", (long long)(value < 0 ? value - 0.5 : value + 0.5));
    else
        snprintf(number, sizeof number, "%.4g", value);
    snprintf(text, size, "%s%s", number, suffix);
}

/* "3min41s", "2h5min", "12day3h", "8.2year": as the language reads it back. */
static void format_long_duration(double ns, char *text, size_t size) {
    static const struct {
        const char *large, *small;
        long long large_s, small_s;
    } pairs[] = {{"min", "s", 60, 1}, {"h", "min", 3600, 60}, {"day", "h", 86400, 3600}};
    const char *sign = ns < 0 ? "-" : "";
    double seconds = fabs(ns) / 1e9;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        long long smalls = (long long)(seconds / (double)pairs[i].small_s + 0.5);
        long long per_large = pairs[i].large_s / pairs[i].small_s;
        long long limit = i + 1 < COUNT_OF(pairs) ? pairs[i + 1].large_s / pairs[i].small_s : DAYS_PER_YEAR * per_large;
        if (smalls >= limit)
            continue;
        if (smalls % per_large == 0)
            snprintf(text, size, "%s%lld%s", sign, smalls / per_large, pairs[i].large);
        else
            snprintf(text, size, "%s%lld%s%lld%s", sign, smalls / per_large, pairs[i].large, smalls % per_large,
                     pairs[i].small);
        return;
    }
    format_number(ns / (DAYS_PER_YEAR * 86400e9), "year", text, size);
}

char *units_format(enum units_dimension d, double value, char *text, size_t size) {
    CHECK((unsigned)d < UNITS_DIMENSIONS && size >= FORMAT_ROOM);
    if (isnan(value) || isinf(value)) {
        snprintf(text, size, "%s", isnan(value) ? "no data" : value > 0 ? "infinite" : "-infinite");
        return text;
    }
    if (d == UNITS_DURATION && fabs(value) >= 59.995e9 && fabs(value) < 0x1p63) {
        format_long_duration(value, text, size);
        return text;
    }
    const char *const *shown = dimensions[d].shown;
    const struct units_row *row = shown[0] == NULL ? NULL : row_of(d, shown[0]);
    if (row == NULL) {
        format_number(value, "", text, size);
        return text;
    }
    if (value == 0 && d == UNITS_DURATION)
        row = row_of(d, "s");
    for (int i = 1; i < SHOWN_MAX && shown[i] != NULL; i++) {
        const struct units_row *larger = row_of(d, shown[i]);
        if (fabs(from_base(value, larger)) >= 1)
            row = larger;
    }
    double shown_value = from_base(value, row);
    if (d == UNITS_SHARE && value < 1 && shown_value > 99.99) /* rounding must not turn a miss into a hit */
        shown_value = 99.99;
    format_number(shown_value, row->suffix, text, size);
    return text;
}
