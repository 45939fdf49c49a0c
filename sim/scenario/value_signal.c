#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "scenario/value.h"

enum { PARAMETERS_MAX = 10, WEIGHT_PARTS = 1000000 };

struct parameter {
    const char *name;
    enum units_dimension dimension; /* UNITS_SHARE: a plain number is accepted as well */
};

/* By enum signal_kind. */
static const struct shape {
    unsigned required;                           /* bits: parameters without a default */
    struct parameter parameters[PARAMETERS_MAX]; /* name NULL: none; positional ones come in this order */
} shapes[] = {
    [SIGNAL_CONSTANT] = {1, {{"value", UNITS_PLAIN}}},
    [SIGNAL_WALK] = {3, {{"start", UNITS_PLAIN}, {"step", UNITS_PLAIN}, {"min", UNITS_PLAIN}, {"max", UNITS_PLAIN}}},
    [SIGNAL_SINE] =
        {7, {{"mean", UNITS_PLAIN}, {"amplitude", UNITS_PLAIN}, {"period", UNITS_DURATION}, {"phase", UNITS_SHARE}}},
    [SIGNAL_UNIFORM] = {3, {{"min", UNITS_PLAIN}, {"max", UNITS_PLAIN}}},
    [SIGNAL_NORMAL] = {3, {{"mean", UNITS_PLAIN}, {"sd", UNITS_PLAIN}, {"min", UNITS_PLAIN}, {"max", UNITS_PLAIN}}},
    [SIGNAL_COUNTER] = {0, {{"start", UNITS_PLAIN}, {"step", UNITS_PLAIN}, {"max", UNITS_PLAIN}}},
    [SIGNAL_CHOICE] = {0, {{NULL, UNITS_PLAIN}}},
    [SIGNAL_ANALOG] = {1,
                       {{"mean", UNITS_PLAIN},
                        {"amplitude", UNITS_PLAIN},
                        {"peak", UNITS_DURATION},
                        {"sd", UNITS_PLAIN},
                        {"memory", UNITS_DURATION},
                        {"spread", UNITS_PLAIN},
                        {"lsb", UNITS_PLAIN},
                        {"stuck", UNITS_SHARE},
                        {"spike", UNITS_SHARE},
                        {"gap", UNITS_SHARE}}},
    [SIGNAL_METER] = {3,
                      {{"per_day", UNITS_PLAIN},
                       {"size", UNITS_PLAIN},
                       {"start", UNITS_PLAIN},
                       {"spread", UNITS_PLAIN},
                       {"lsb", UNITS_PLAIN},
                       {"max", UNITS_PLAIN},
                       {"swap", UNITS_DURATION},
                       {"day", UNITS_SHARE},
                       {"peak", UNITS_DURATION},
                       {"weekend", UNITS_SHARE}}},
    [SIGNAL_POSITION] = {7,
                         {{"centre", UNITS_PLAIN},
                          {"reach", UNITS_PLAIN},
                          {"speed", UNITS_PLAIN},
                          {"memory", UNITS_DURATION},
                          {"scale", UNITS_PLAIN},
                          {"fix", UNITS_PLAIN}}},
    [SIGNAL_VIBRATION] = {1,
                          {{"base", UNITS_PLAIN},
                           {"onset", UNITS_DURATION},
                           {"doubling", UNITS_DURATION},
                           {"sd", UNITS_SHARE},
                           {"idle", UNITS_PLAIN},
                           {"from", UNITS_DURATION},
                           {"to", UNITS_DURATION}}},
    [SIGNAL_TRACE] =
        {1, {{"file", UNITS_PLAIN}, {"column", UNITS_PLAIN}, {"steps", UNITS_PLAIN}, {"shuffle", UNITS_SHARE}}},
};

static int refuse(char *why, const char *sentence, const char *text) {
    snprintf(why, VALUE_WHY_MAX, sentence, text);
    return ERR_MALFORMED;
}

static int place_of(const struct shape *shape, const struct value_argument *a, int position) {
    if (a->key == NULL)
        return position < PARAMETERS_MAX && shape->parameters[position].name != NULL ? position : -1;
    for (int i = 0; i < PARAMETERS_MAX && shape->parameters[i].name != NULL; i++) {
        const char *name = shape->parameters[i].name;
        if (a->key_size == strlen(name) && memcmp(a->key, name, a->key_size) == 0)
            return i;
    }
    return -1;
}

/* Values by parameter; `given` has a bit for each one. The file of a trace is left out. */
static int read_arguments(const struct value_function *f, const struct value_call *call, const char *text,
                          double *values, unsigned *given, char *why) {
    const struct shape *shape = &shapes[f->which];
    for (int i = 0; i < call->count; i++) {
        const struct value_argument *a = &call->arguments[i];
        int place = place_of(shape, a, i);
        if (place < 0 || (*given >> place & 1) != 0)
            return value_function_refuse(f, text, why);
        *given |= 1U << place;
        if (f->which == SIGNAL_TRACE && place == 0)
            continue;
        enum units_dimension want = shape->parameters[place].dimension;
        if (want == UNITS_SHARE && memchr(a->text, '%', a->size) == NULL)
            want = UNITS_PLAIN;
        if (units_parse_as(a->text, a->size, want, &values[place], why, VALUE_WHY_MAX) != 0)
            return ERR_MALFORMED;
    }
    return (*given & shape->required) == shape->required ? 0 : value_function_refuse(f, text, why);
}

static void take_range(struct signal *s, const double *values, unsigned given) {
    s->min = (given & 4) != 0 ? values[2] : -DBL_MAX;
    s->max = (given & 8) != 0 ? values[3] : DBL_MAX;
}

static span span_or(const double *values, unsigned given, int place, span standard) {
    return (given >> place & 1) != 0 ? (span)values[place] : standard;
}

static double number_or(const double *values, unsigned given, int place, double standard) {
    return (given >> place & 1) != 0 ? values[place] : standard;
}

/* Of a trace, 1 to 100; 0: there is no such column. */
static unsigned column_of(double number) {
    return number >= 1 && number <= 100 && number == (unsigned)number ? (unsigned)number : 0;
}

/* `start` is the value that sizes are estimated with. */
static void take_model(struct signal *s, const double *values, unsigned given) {
    s->start = values[0];
    switch (s->kind) {
    case SIGNAL_ANALOG:
        s->of.analog = (struct signal_analog){.mean = values[0],
                                              .amplitude = values[1],
                                              .peak = span_or(values, given, 2, 15 * SPAN_H),
                                              .sd = values[3],
                                              .memory = span_or(values, given, 4, SPAN_H),
                                              .spread = values[5],
                                              .lsb = values[6],
                                              .stuck = values[7],
                                              .spike = values[8],
                                              .gap = values[9]};
        break;
    case SIGNAL_METER:
        s->start = values[2];
        s->of.meter = (struct signal_meter){.per_day = values[0],
                                            .size = values[1],
                                            .start = values[2],
                                            .spread = values[3],
                                            .lsb = number_or(values, given, 4, 1),
                                            .max = values[5],
                                            .swap = (span)values[6],
                                            .daily = {.on = (given >> 7 & 5) != 0,
                                                      .day = values[7],
                                                      .day_peak = span_or(values, given, 8, 19 * SPAN_H),
                                                      .weekend = number_or(values, given, 9, 1)}};
        break;
    case SIGNAL_POSITION:
        s->of.position = (struct signal_position){.centre = values[0],
                                                  .reach = values[1],
                                                  .speed = values[2],
                                                  .memory = span_or(values, given, 3, 2 * SPAN_MIN),
                                                  .scale = number_or(values, given, 4, 111320),
                                                  .fix = number_or(values, given, 5, 5)};
        break;
    case SIGNAL_VIBRATION:
        s->of.vibration = (struct signal_vibration){.base = values[0],
                                                    .onset = (span)values[1],
                                                    .doubling = span_or(values, given, 2, 14 * SPAN_DAY),
                                                    .sd = number_or(values, given, 3, 0.05),
                                                    .idle = values[4],
                                                    .from = (span)values[5],
                                                    .to = (span)values[6]};
        break;
    case SIGNAL_TRACE:
        s->start = 0;
        s->of.trace = (struct signal_trace){
            .column = column_of(number_or(values, given, 1, 1)), .steps = values[2] != 0, .shuffle = values[3]};
        break;
    default:
        break;
    }
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
    default:
        take_model(s, values, given);
    }
}

static bool share(double value) {
    return value >= 0 && value <= 1;
}

static const char *find_model_fault(const struct signal *s) {
    const struct signal_analog *a = &s->of.analog;
    const struct signal_meter *m = &s->of.meter;
    const struct signal_position *p = &s->of.position;
    const struct signal_vibration *v = &s->of.vibration;
    const struct signal_trace *t = &s->of.trace;
    switch (s->kind) {
    case SIGNAL_ANALOG:
        if (a->amplitude < 0 || a->sd < 0 || a->spread < 0 || a->lsb < 0 || a->memory < 0)
            return "'%.60s' has a negative value where there can be none";
        return share(a->stuck) && share(a->spike) && share(a->gap) ? NULL : "'%.60s' has a share outside 0 to 1";
    case SIGNAL_METER:
        if (m->per_day < 0 || m->size < 0 || m->spread < 0 || m->lsb < 0 || m->max < 0 || m->swap < 0 ||
            m->daily.weekend < 0)
            return "'%.60s' has a negative value where there can be none";
        return share(m->daily.day) ? NULL : "'%.60s' has a share outside 0 to 1";
    case SIGNAL_POSITION:
        return p->reach > 0 && p->speed >= 0 && p->memory > 0 && p->scale > 0 && p->fix >= 0
                   ? NULL
                   : "'%.60s' needs reach, memory and scale above 0";
    case SIGNAL_VIBRATION:
        return v->base >= 0 && v->idle >= 0 && v->sd >= 0 && v->doubling > 0 && v->onset >= 0 && v->from < SPAN_DAY &&
                       v->to < SPAN_DAY
                   ? NULL
                   : "'%.60s' needs values from 0 on, a doubling above 0s and hours of a day";
    case SIGNAL_TRACE:
        return t->column > 0 && share(t->shuffle) ? NULL : "'%.60s' has no such column or share";
    default:
        return NULL;
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
    return find_model_fault(s);
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

/* The name of a trace's file is its only word. */
static int take_file(const struct value_call *call, struct signal *s) {
    for (int i = 0; i < call->count; i++) {
        const struct value_argument *a = &call->arguments[i];
        if (place_of(&shapes[SIGNAL_TRACE], a, i) != 0 || a->size == 0)
            continue;
        char **words = calloc(1, sizeof *words);
        CHECK(words != NULL);
        words[0] = strndup(a->text, a->size);
        CHECK(words[0] != NULL);
        s->words = (const char *const *)words;
        s->word_count = 1;
        s->of.trace.file = words[0];
        return 0;
    }
    return ERR_MALFORMED;
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
    if (s.kind == SIGNAL_TRACE && take_file(&call, &s) != 0)
        return value_function_refuse(f, text, why);
    *out = s;
    return 0;
}
