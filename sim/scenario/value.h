/* Scalars of the language as C values, and typed reads of a validated tree with the schema's defaults.
 *
 * Parsers take the whole text; on failure they return ERR_MALFORMED and write a sentence for the user to `why`
 * (VALUE_WHY_MAX bytes). Units: base units of base/units.h (durations in ns). */
#ifndef MUSTER_SCENARIO_VALUE_H
#define MUSTER_SCENARIO_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dist.h"
#include "base/instant.h"
#include "base/units.h"
#include "device/profile.h"
#include "scenario/node.h"

enum { VALUE_WHY_MAX = 240, VALUE_ARGUMENTS_MAX = 16 };

int value_boolean(const char *text, bool *out, char *why);
/* Decimal or 0x…, "_" between digits. */
int value_integer(const char *text, uint64_t min, uint64_t max, uint64_t *out, char *why);
int value_number(const char *text, enum units_dimension dimension, double min, double max, double *out, char *why);
/* A constant quantity or exp(m) uniform(a,b) normal(m,sd) lognormal(p50=,p99=) pareto(min,alpha). Cut at zero. */
int value_dist(const char *text, enum units_dimension dimension, struct dist *out, char *why);
/* 21.5 walk(start=, step=, min=, max=) sine(mean=, amplitude=, period=, phase=) uniform(a, b) normal(m, sd) counter(start=, step=, max=)
 * choice(a:0.8, b:0.2), and analog, meter, position, vibration, trace (value_function.c); a trace has the name of its file only. name and stream are left zero. Free with value_signal_free. */
int value_signal(const char *text, struct signal *out, char *why);
void value_signal_free(struct signal *s); /* words and weights, not the name */
/* "2026-01-01T00:00:00Z" (also with +hh:mm) to seconds since 1970. */
int value_timestamp(const char *text, int64_t *unix_s, char *why);

/* "10.20.7.10", "10.20.7.10-10.20.7.15", "fd00::1", "10.20.0.0/16": first and last address, 16 bytes each, IPv4 mapped. */
struct value_addresses {
    uint8_t first[16], last[16];
    bool v4;
};
int value_addresses(const char *text, bool cidr, struct value_addresses *out, char *why);
/* "7", "3-9": indexes, both ends included. */
int value_index_range(const char *text, uint64_t *first, uint64_t *last, char *why);
/* `after: id`, `id + 30s`, `id.start + 30s`. */
struct value_after {
    char id[64];
    bool from_start;
    span offset;
};
int value_after(const char *text, struct value_after *out, char *why);
bool value_is_name(const char *text); /* [A-Za-z0-9_.-]{1,63}, the first a letter, digit or _ */

/* name(argument, key=argument, word:weight): split without interpretation. Pointers go into `text`. */
struct value_argument {
    const char *key; /* start of "key" in key=…; NULL when positional */
    size_t key_size;
    const char *text;
    size_t size;
};
struct value_call {
    const char *name;
    size_t name_size;
    struct value_argument arguments[VALUE_ARGUMENTS_MAX];
    int count;
};
bool value_call_begins(const char *text); /* word( */
int value_call(const char *text, struct value_call *out, char *why);

/* The functions of values: which names there are, and their documentation. Ends with name NULL. */
struct value_function {
    const char *name;
    const char *kind; /* "distribution", "signal" or "payload" */
    const char *parameters;
    const char *doc, *example;
    int which; /* enum dist_kind or enum signal_kind; 0 for payloads */
};
extern const struct value_function value_functions[];
/* The row of that kind that a call names; NULL with a sentence in `why`, which suggests or lists names. */
const struct value_function *value_function_find(const char *kind, const struct value_call *call, char *why);
/* Says that `text` does not fit the function's parameters, with an example. Returns ERR_MALFORMED. */
int value_function_refuse(const struct value_function *f, const char *text, char *why);

/* Typed reads: `map` is the node that holds the key (may be NULL), `pattern` the schema row ("profiles.*.mqtt.keepalive").
 * Missing keys give the row's default; a word in place of a quantity ("unlimited", "none") gives 0. CHECK that the row exists and that the value parses: call them on validated trees only. */
bool value_given(const struct node *map, const char *pattern); /* the key is there */
bool value_bool_at(const struct node *map, const char *pattern);
uint64_t value_integer_at(const struct node *map, const char *pattern);
double value_number_at(const struct node *map, const char *pattern); /* base units; shares as 0…1 */
span value_span_at(const struct node *map, const char *pattern);
struct dist value_dist_at(const struct node *map, const char *pattern);
/* Index into the row's words, or -1 when the value (or default) is none of them. */
int value_word_at(const struct node *map, const char *pattern);
const char *value_text_at(const struct node *map, const char *pattern); /* borrowed; NULL: neither value nor default */

#endif
