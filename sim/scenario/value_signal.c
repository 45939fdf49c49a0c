#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "scenario/value.h"

enum { PARAMETERS_MAX = 4, WEIGHT_PARTS = 1000000 };

/* By enum signal_kind. */
static const struct shape {
    unsigned required;                      /* bits: parameters without a default */
    const char *parameters[PARAMETERS_MAX]; /* NULL: none; positional ones come in this order */
} shapes[] = {
    [SIGNAL_CONSTANT] = {1, {"value"}},
    [SIGNAL_WALK] = {3, {"start", "step", "min", "max"}},
    [SIGNAL_SINE] = {7, {"mean", "amplitude", "period", "phase"}},
    [SIGNAL_UNIFORM] = {3, {"min", "max"}},
    [SIGNAL_NORMAL] = {3, {"mean", "sd", "min", "max"}},
    [SIGNAL_COUNTER] = {0, {"start", "step", "max"}},
    [SIGNAL_CHOICE] = {0, {NULL}},
};

static int refuse(char *why, const char *sentence, const char *text) {
    snprintf(why, VALUE_WHY_MAX, sentence, text);
    return ERR_MALFORMED;
}

static int place_of(const struct shape *shape, const struct value_argument *a, int position) {
    if (a->key == NULL)
        return position < PARAMETERS_MAX && shape->parameters[position] != NULL ? position : -1;
    for (int i = 0; i < PARAMETERS_MAX && shape->parameters[i] != NULL; i++)
        if (a->key_size == strlen(shape->parameters[i]) && memcmp(a->key, shape->parameters[i], a->key_size) == 0)
            return i;
    return -1;
}

/* Values by parameter; `given` has a bit for each one. A sine's period is a duration, its phase a share or a number. */
static int read_arguments(const struct value_function *f, const struct value_call *call, const char *text,
                          double *values, unsigned *given, char *why) {
    const struct shape *shape = &shapes[f->which];
    for (int i = 0; i < call->count; i++) {
        const struct value_argument *a = &call->arguments[i];
        int place = place_of(shape, a, i);
        if (place < 0 || (*given >> place & 1) != 0)
            return value_function_refuse(f, text, why);
        bool share = memchr(a->text, '%', a->size) != NULL;
        enum units_dimension want = UNITS_PLAIN;
        if (f->which == SIGNAL_SINE && place == 2)
            want = UNITS_DURATION;
        else if (f->which == SIGNAL_SINE && place == 3 && share)
            want = UNITS_SHARE;
        if (units_parse_as(a->text, a->size, want, &values[place], why, VALUE_WHY_MAX) != 0)
            return ERR_MALFORMED;
        *given |= 1U << place;
    }
    return (*given & shape->required) == shape->required ? 0 : value_function_refuse(f, text, why);
}

static void take_range(struct signal *s, const double *values, unsigned given) {
    s->min = (given & 4) != 0 ? values[2] : -DBL_MAX;
    s->max = (given & 8) != 0 ? values[3] : DBL_MAX;
}

static void take_values(struct signal *s, const double *values, unsigned given) {
    switch (s->kind) {
    case SIGNAL_CONSTANT:
        s->start = values[0];
        break;
    case SIGNAL_WALK:
    case SIGNAL_NORMAL:
        s->start = values[0];
        s->step = values[1];
        take_range(s, values, given);
        break;
    case SIGNAL_SINE:
        s->mean = values[0];
        s->amplitude = values[1];
        s->period = (span)values[2];
        s->phase_turns = values[3];
        break;
    case SIGNAL_UNIFORM:
        s->min = values[0];
        s->max = values[1];
        break;
    case SIGNAL_COUNTER:
        s->start = values[0];
        s->step = (given & 2) != 0 ? values[1] : 1;
        s->max = values[2];
        break;
    case SIGNAL_CHOICE:
        break;
    }
}

static const char *find_fault(const struct signal *s) {
    if ((s->kind == SIGNAL_WALK || s->kind == SIGNAL_NORMAL || s->kind == SIGNAL_UNIFORM) && s->max < s->min)
        return "'%.60s' has max below min";
    if ((s->kind == SIGNAL_WALK || s->kind == SIGNAL_NORMAL) && (s->start < s->min || s->start > s->max))
        return "'%.60s' starts outside min and max";
    if ((s->kind == SIGNAL_WALK || s->kind == SIGNAL_NORMAL) && s->step < 0)
        return "'%.60s' has a negative step";
    if (s->kind == SIGNAL_SINE && s->period <= 0)
        return "'%.60s' needs a period above 0";
    return NULL;
}

/* word:weight */
static int read_option(const struct value_argument *a, char **word, uint32_t *weight, const char *text, char *why) {
    size_t colon = a->size;
    double share;
    while (colon > 0 && a->text[colon - 1] != ':')
        colon--;
    if (a->key != NULL || colon < 2)
        return refuse(why, "'%.60s' needs a weight for every word; write for instance choice(ok:0.95, fault:0.05)",
                      text);
    const char *number = a->text + colon;
    size_t size = a->size - colon;
    while (size > 0 && *number == ' ') {
        number++;
        size--;
    }
    bool percent = memchr(number, '%', size) != NULL;
    if (units_parse_as(number, size, percent ? UNITS_SHARE : UNITS_PLAIN, &share, why, VALUE_WHY_MAX) != 0)
        return ERR_MALFORMED;
    if (share < 0 || share > 1000)
        return refuse(why, "'%.60s' has a weight outside 0 to 1000", text);
    *weight = (uint32_t)(share * WEIGHT_PARTS + 0.5);
    *word = strndup(a->text, colon - 1);
    CHECK(*word != NULL);
    return 0;
}

static int read_choice(const struct value_call *call, const char *text, struct signal *s, char *why) {
    char **words = calloc(VALUE_ARGUMENTS_MAX, sizeof *words);
    uint32_t *weights = calloc(VALUE_ARGUMENTS_MAX, sizeof *weights);
    CHECK(words != NULL && weights != NULL);
    s->words = (const char *const *)words;
    s->weights = weights;
    for (int i = 0; i < call->count; i++) {
        if (read_option(&call->arguments[i], &words[i], &weights[i], text, why) != 0)
            return ERR_MALFORMED;
        s->word_count++;
        s->weight_sum += weights[i];
    }
    return s->weight_sum > 0 ? 0 : refuse(why, "'%.60s' chooses among nothing", text);
}

void value_signal_free(struct signal *s) {
    for (unsigned i = 0; i < s->word_count; i++)
        free((void *)(uintptr_t)s->words[i]);
    free((void *)(uintptr_t)s->words);
    free((void *)(uintptr_t)s->weights);
    s->words = NULL;
    s->weights = NULL;
    s->word_count = 0;
}

int value_signal(const char *text, struct signal *out, char *why) {
    struct signal s = {0};
    struct value_call call;
    double values[PARAMETERS_MAX] = {0};
    unsigned given = 0;
    if (!value_call_begins(text)) {
        if (units_parse_as(text, strlen(text), UNITS_PLAIN, &s.start, why, VALUE_WHY_MAX) != 0)
            return ERR_MALFORMED;
        *out = s;
        return 0;
    }
    if (value_call(text, &call, why) != 0)
        return ERR_MALFORMED;
    const struct value_function *f = value_function_find("signal", &call, why);
    if (f == NULL)
        return ERR_MALFORMED;
    s.kind = (enum signal_kind)f->which;
    if (f->which == SIGNAL_CHOICE) {
        if (read_choice(&call, text, &s, why) != 0) {
            value_signal_free(&s);
            return ERR_MALFORMED;
        }
        *out = s;
        return 0;
    }
    if (read_arguments(f, &call, text, values, &given, why) != 0)
        return ERR_MALFORMED;
    take_values(&s, values, given);
    const char *fault = find_fault(&s);
    if (fault != NULL)
        return refuse(why, fault, text);
    *out = s;
    return 0;
}
