#include "scenario/signal_trace.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/text.h"

/* Times and values beyond it are mistakes, and their differences would be no numbers any more. */
static const double largest = 1e15;

struct rows {
    double *seconds, *values; /* seconds since the first row */
    double begin;             /* what the first row says */
    unsigned count, room;
};

static void append(struct rows *r, double seconds, double value) {
    if (r->count == r->room) {
        r->room = r->room > 0 ? 2 * r->room : 256;
        r->seconds = realloc(r->seconds, r->room * sizeof *r->seconds);
        r->values = realloc(r->values, r->room * sizeof *r->values);
        CHECK(r->seconds != NULL && r->values != NULL);
    }
    r->seconds[r->count] = seconds;
    r->values[r->count++] = value;
}

/* The number in field `column` of the line [at, end); false when there is none, or more than a number. */
static bool field(const char *at, const char *end, unsigned column, double *out) {
    for (unsigned i = 0; i < column; i++) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        if (comma == NULL)
            return false;
        at = comma + 1;
    }
    char *rest;
    *out = strtod(at, &rest);
    while (rest < end && (*rest == ' ' || *rest == '\r'))
        rest++;
    return rest > at && rest <= end && (rest == end || *rest == ',') && fabs(*out) <= largest;
}

/* One line; the first one that is no comment may be a head. */
static int read_line(const char *at, const char *end, unsigned line, unsigned column, bool *head, struct rows *r,
                     char *why) {
    double seconds, value;
    while (end > at && (end[-1] == '\r' || end[-1] == ' '))
        end--;
    if (at == end || *at == '#')
        return 0;
    if (!field(at, end, 0, &seconds) || !field(at, end, column, &value)) {
        if (*head) {
            *head = false;
            return 0;
        }
        snprintf(why, SIGNAL_TRACE_WHY_MAX, "line %u has no number up to 1e15 in column %u, or no time before it", line,
                 column);
        return ERR_MALFORMED;
    }
    *head = false;
    r->begin = r->count == 0 ? seconds : r->begin;
    seconds -= r->begin;
    if (r->count > 0 && !(seconds > r->seconds[r->count - 1])) {
        snprintf(why, SIGNAL_TRACE_WHY_MAX, "line %u: its time is not later than the one before", line);
        return ERR_MALFORMED;
    }
    if (r->count == SIGNAL_TRACE_ROWS_MAX) {
        snprintf(why, SIGNAL_TRACE_WHY_MAX, "more than %d rows", SIGNAL_TRACE_ROWS_MAX);
        return ERR_TOO_BIG;
    }
    append(r, seconds, value);
    return 0;
}

int signal_trace_parse(const char *text, struct signal_trace *t, char *why) {
    struct rows r = {0};
    bool head = true;
    int result = 0;
    unsigned line = 1;
    for (const char *at = text; *at != '\0' && result == 0; line++) {
        const char *end = strchr(at, '\n');
        const char *next = end == NULL ? at + strlen(at) : end + 1;
        result = read_line(at, end == NULL ? next : end, line, t->column, &head, &r, why);
        at = next;
    }
    if (result == 0 && r.count == 0) {
        snprintf(why, SIGNAL_TRACE_WHY_MAX, "no line has numbers");
        result = ERR_MALFORMED;
    }
    if (result != 0) {
        free(r.seconds);
        free(r.values);
        return result;
    }
    t->seconds = r.seconds;
    t->values = r.values;
    t->count = r.count;
    return 0;
}

int signal_trace_read(const char *path, struct signal_trace *t, char *why) {
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        snprintf(why, SIGNAL_TRACE_WHY_MAX, "%s", strerror(errno));
        return ERR_NOT_FOUND;
    }
    struct text text = {0};
    char piece[1 << 14];
    size_t got;
    while (text.size <= SIGNAL_TRACE_BYTES_MAX && (got = fread(piece, 1, sizeof piece, in)) > 0)
        text_append_n(&text, piece, got);
    bool broken = ferror(in) != 0;
    fclose(in);
    int result;
    if (broken || text.size > SIGNAL_TRACE_BYTES_MAX) {
        snprintf(why, SIGNAL_TRACE_WHY_MAX, broken ? "it cannot be read" : "it is larger than 64 MiB");
        result = broken ? ERR_NOT_FOUND : ERR_TOO_BIG;
    } else {
        result = signal_trace_parse(text_get(&text), t, why);
    }
    text_free(&text);
    return result;
}
