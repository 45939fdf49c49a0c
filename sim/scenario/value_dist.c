#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "scenario/value.h"

/* A parameter carries the key's dimension or is a plain number (pareto's alpha). By enum dist_kind; NULL: none. */
static const struct parameter {
    const char *name;
    bool plain;
} parameters[][2] = {
    [DIST_EXP] = {{"mean", false}, {NULL, false}},     [DIST_UNIFORM] = {{"min", false}, {"max", false}},
    [DIST_NORMAL] = {{"mean", false}, {"sd", false}},  [DIST_LOGNORMAL] = {{"p50", false}, {"p99", false}},
    [DIST_PARETO] = {{"min", false}, {"alpha", true}},
};

/* "p95" → 0.95; 0: not a percentile above the median. */
static double percentile_of(const char *key, size_t size) {
    double value = 0;
    char why[VALUE_WHY_MAX], number[16];
    if (size < 3 || size >= sizeof number || key[0] != 'p')
        return 0;
    memcpy(number, key + 1, size - 1);
    number[size - 1] = '\0';
    if (value_number(number, UNITS_PLAIN, 0, 0, &value, why) != 0)
        return 0;
    return value >= 75 && value <= 99.9 ? value / 100 : 0;
}

static bool is_named(const struct value_argument *a, const char *name) {
    return a->key_size == strlen(name) && memcmp(a->key, name, a->key_size) == 0;
}

/* Which parameter an argument is; lognormal's second may be any high percentile. */
static int place_of(int kind, const struct value_argument *a, int position, double *percentile) {
    if (a->key == NULL)
        return position;
    for (int i = 0; i < 2; i++)
        if (parameters[kind][i].name != NULL && is_named(a, parameters[kind][i].name))
            return i;
    if (kind == DIST_LOGNORMAL && percentile_of(a->key, a->key_size) > 0) {
        *percentile = percentile_of(a->key, a->key_size);
        return 1;
    }
    return -1;
}

static int read_arguments(const struct value_function *f, const struct value_call *call, const char *text,
                          enum units_dimension dimension, double values[2], double *percentile, char *why) {
    const struct parameter *wanted = parameters[f->which];
    bool given[2] = {false, false};
    for (int i = 0; i < call->count; i++) {
        const struct value_argument *a = &call->arguments[i];
        int place = place_of(f->which, a, i, percentile);
        if (place < 0 || place > 1 || wanted[place].name == NULL || given[place])
            return value_function_refuse(f, text, why);
        enum units_dimension want = wanted[place].plain ? UNITS_PLAIN : dimension;
        if (units_parse_as(a->text, a->size, want, &values[place], why, VALUE_WHY_MAX) != 0)
            return ERR_MALFORMED;
        if (values[place] < 0) {
            snprintf(why, VALUE_WHY_MAX, "'%.60s' has a negative argument", text);
            return ERR_MALFORMED;
        }
        given[place] = true;
    }
    if (!given[0] || (wanted[1].name != NULL && !given[1]))
        return value_function_refuse(f, text, why);
    return 0;
}

static int check_shape(int kind, const double v[2], const char *text, char *why) {
    const char *wrong = NULL;
    if (kind == DIST_UNIFORM && v[1] < v[0])
        wrong = "ends before it begins";
    else if (kind == DIST_LOGNORMAL && v[0] <= 0)
        wrong = "needs a median above 0";
    else if (kind == DIST_LOGNORMAL && v[1] < v[0])
        wrong = "has a high percentile below its median";
    else if (kind == DIST_PARETO && (v[0] <= 0 || v[1] <= 0))
        wrong = "needs a minimum and an alpha above 0";
    if (wrong == NULL)
        return 0;
    snprintf(why, VALUE_WHY_MAX, "'%.60s' %s", text, wrong);
    return ERR_MALFORMED;
}

int value_dist(const char *text, enum units_dimension dimension, struct dist *out, char *why) {
    double v[2] = {0, 0}, percentile = 0.99;
    struct value_call call;
    if (!value_call_begins(text)) {
        if (value_number(text, dimension, 0, 0, &v[0], why) != 0)
            return ERR_MALFORMED;
        *out = (struct dist){.kind = DIST_CONSTANT, .cut_at_zero = true, .a = v[0]};
        return 0;
    }
    if (value_call(text, &call, why) != 0)
        return ERR_MALFORMED;
    const struct value_function *f = value_function_find("distribution", &call, why);
    if (f == NULL || read_arguments(f, &call, text, dimension, v, &percentile, why) != 0 ||
        check_shape(f->which, v, text, why) != 0)
        return ERR_MALFORMED;
    *out = (struct dist){.kind = (enum dist_kind)f->which, .cut_at_zero = true, .a = v[0], .b = v[1]};
    if (f->which == DIST_LOGNORMAL)
        out->b = dist_lognormal_sigma(v[0], percentile, v[1]);
    return 0;
}
