#include "scenario/validate_scalar.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/suggest.h"
#include "base/units.h"
#include "scenario/value.h"
#include "scenario/variables.h"
#include "transport/address.h"

enum { WORDS_MAX = 64 };

struct subject {
    const struct node *n;
    const struct schema_row *row;
    const struct validate_place *place;
    struct diagnostic_list *list;
};

static void report(const struct subject *s, const char *code, const char *why) {
    struct diagnostic *d = diagnostic_add(s->list, code, s->n->mark, "%s", why);
    if (s->row->example != NULL && s->place->key != NULL && strcmp(code, "E110") != 0)
        diagnostic_help(d, "for instance %s: %s", s->place->key, s->row->example);
}

static bool is_bare_number(const char *text) {
    struct units_quantity q;
    char why[VALUE_WHY_MAX];
    return units_parse(text, strlen(text), &q, why, sizeof why) == 0 && q.dimension == UNITS_PLAIN && q.value != 0;
}

/* "'every: 10' has no unit; write …": the units' sentence with the key in it. */
static void report_unit(const struct subject *s, const char *why) {
    const char *rest = strstr(why, "' has no unit");
    if (s->place->key == NULL || rest == NULL) {
        report(s, "E110", why);
        return;
    }
    char sentence[2 * VALUE_WHY_MAX];
    snprintf(sentence, sizeof sentence, "'%s: %s%s", s->place->key, s->n->text, rest);
    report(s, "E110", sentence);
}

static void report_quantity(const struct subject *s, const char *why) {
    if (s->row->dimension != UNITS_PLAIN && is_bare_number(s->n->text))
        report_unit(s, why);
    else
        report(s, "E111", why);
}

static void check_word(const struct subject *s) {
    const char *const *words = s->row->words;
    size_t count = 0;
    char described[400];
    while (words[count] != NULL)
        count++;
    if (schema_word(s->row, s->n->text) >= 0)
        return;
    struct diagnostic *d = diagnostic_add(s->list, "E204", s->n->mark, "'%s' is none of: %s", s->n->text,
                                          schema_describe(s->row, described, sizeof described));
    diagnostic_suggest(d, suggest_nearest(s->n->text, words, count));
}

static void check_boolean(const struct subject *s) {
    char why[VALUE_WHY_MAX];
    bool value;
    if (value_boolean(s->n->text, &value, why) != 0)
        report(s, "E206", why);
}

static void check_integer(const struct subject *s) {
    char why[VALUE_WHY_MAX];
    uint64_t value, min = (uint64_t)s->row->min;
    uint64_t max = s->row->max > 0 ? (uint64_t)s->row->max : UINT64_MAX;
    const char *text = s->n->text;
    if (value_integer(text, 0, UINT64_MAX, &value, why) != 0)
        report(s, "E111", why);
    else if (value_integer(text, min, max, &value, why) != 0)
        report(s, "E205", why);
}

static void check_quantity(const struct subject *s) {
    char why[VALUE_WHY_MAX];
    double value;
    const struct schema_row *row = s->row;
    const char *text = s->n->text;
    bool percent = (row->flags & SCHEMA_PERCENT) != 0 && strchr(text, '%') == NULL;
    double scale = percent ? 100 : 1;
    enum units_dimension dimension = percent ? UNITS_PLAIN : row->dimension;
    double wide = row->min < 0 ? DBL_MAX : 0; /* first whether it is a quantity at all; only some may be negative */
    if (value_number(text, dimension, -wide, wide, &value, why) != 0) {
        if (strstr(why, "is negative") != NULL)
            report(s, "E205", why);
        else
            report_quantity(s, why);
    } else if (value_number(text, dimension, row->min * scale, row->max * scale, &value, why) != 0) {
        report(s, "E205", why);
    }
}

static void check_dist(const struct subject *s) {
    char why[VALUE_WHY_MAX];
    struct dist d;
    if (value_dist(s->n->text, s->row->dimension, &d, why) != 0) {
        report_quantity(s, why);
        return;
    }
    if (s->row->max > 0 && dist_median(&d) > s->row->max) {
        char high[40];
        units_format(s->row->dimension, s->row->max, high, sizeof high);
        snprintf(why, sizeof why, "'%.60s' is more than %s", s->n->text, high);
        report(s, "E205", why);
    }
}

static void check_template(const struct subject *s) {
    const char *names[TEMPLATE_SIGNALS_MAX];
    unsigned count = 0;
    const struct node *signals = node_get(s->place->fleet, "signals");
    for (size_t i = 0; signals != NULL && signals->kind == NODE_MAP && i < signals->count; i++)
        if (count < TEMPLATE_SIGNALS_MAX)
            names[count++] = signals->entries[i].key;
    struct template t;
    struct template_error error;
    if (template_compile(s->n->text, s->row->scope, names, count, &t, &error) == 0) {
        template_free(&t);
        return;
    }
    struct diagnostic_mark mark = node_mark_within(s->n, error.offset, error.size);
    struct diagnostic *d = diagnostic_add(s->list, "E127", mark, "%s", error.why);
    if (error.suggestion[0] != '\0')
        diagnostic_suggest(d, error.suggestion);
    else
        diagnostic_help(d, "muster explain %s", s->row->path);
}

static void check_signal(const struct subject *s) {
    char why[VALUE_WHY_MAX];
    struct signal signal;
    if (value_signal(s->n->text, &signal, why) != 0)
        report(s, "E111", why);
    else
        value_signal_free(&signal);
}

static void check_timestamp(const struct subject *s) {
    char why[VALUE_WHY_MAX];
    int64_t seconds;
    if (value_timestamp(s->n->text, &seconds, why) != 0)
        report(s, "E111", why);
}

static void check_url(const struct subject *s) {
    static const char *const alone[] = {"builtin"};
    char why[VALUE_WHY_MAX];
    struct url url;
    const char *text = s->n->text;
    if (strcmp(text, alone[0]) == 0 || url_parse(text, &url, why, sizeof why) == 0)
        return;
    const char *near = strchr(text, ':') == NULL ? suggest_nearest(text, alone, 1) : NULL;
    report(s, "E111", why);
    if (near != NULL)
        diagnostic_suggest(&s->list->items[s->list->count - 1], near);
}

static void check_addresses(const struct subject *s) {
    char why[VALUE_WHY_MAX];
    struct value_addresses a;
    if (value_addresses(s->n->text, false, &a, why) != 0)
        report(s, "E111", why);
}

static bool is_host(const char *text) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t size = strlen(text);
    bool numeric = strspn(text, "0123456789.") == size;
    return size > 0 && size < 254 && strspn(text, letters) == size && !numeric && text[0] != '-' && text[0] != '.';
}

static void check_allow(const struct subject *s) {
    char why[VALUE_WHY_MAX];
    struct value_addresses a;
    const char *text = s->n->text;
    if (strstr(text, "://") != NULL) {
        report(s, "E111", "this is a URL; an allow-list has host names, addresses and networks");
        return;
    }
    if (strpbrk(text, "/:") == NULL && is_host(text))
        return;
    if (value_addresses(text, true, &a, why) != 0)
        report(s, "E111", why);
}

static void check_after(const struct subject *s) {
    char why[VALUE_WHY_MAX];
    struct value_after after;
    if (value_after(s->n->text, &after, why) != 0)
        report(s, "E111", why);
}

static void check_index(const struct subject *s) {
    char why[VALUE_WHY_MAX];
    uint64_t first, last;
    if (value_index_range(s->n->text, &first, &last, why) != 0)
        report(s, "E111", why);
}

static void check_name(const struct subject *s) {
    if (!value_is_name(s->n->text))
        report(s, "E208", "a name has letters, digits, '_', '.' and '-' only, at most 63 of them");
}

static void (*const checks[])(const struct subject *s) = {
    [SCHEMA_BOOLEAN] = check_boolean, [SCHEMA_INTEGER] = check_integer,     [SCHEMA_QUANTITY] = check_quantity,
    [SCHEMA_DIST] = check_dist,       [SCHEMA_WORD] = check_word,           [SCHEMA_TEMPLATE] = check_template,
    [SCHEMA_SIGNAL] = check_signal,   [SCHEMA_TIMESTAMP] = check_timestamp, [SCHEMA_URL] = check_url,
    [SCHEMA_ALLOW] = check_allow,     [SCHEMA_ADDRESSES] = check_addresses, [SCHEMA_AFTER] = check_after,
    [SCHEMA_INDEX] = check_index,     [SCHEMA_NAME] = check_name,           [SCHEMA_FILE] = NULL,
};

/* A template where nothing is rendered. What is left of ${vars.x} was reported when it was looked for. */
static bool has_stray_template(const struct subject *s) {
    const char *text = s->n->text;
    size_t at = s->row->kind == SCHEMA_TEMPLATE || s->row->kind == SCHEMA_SCALAR ? SIZE_MAX : variables_next(text, 0);
    if (at == SIZE_MAX)
        return false;
    struct variables_reference r = variables_reference_at(text, at);
    struct diagnostic_mark mark = node_mark_within(s->n, at, r.size);
    diagnostic_help(diagnostic_add(s->list, "E127", mark, "'%.60s' has no value here", text + at),
                    "only ${vars.x} and ${env.X} can stand in any value");
    return true;
}

void validate_scalar(const struct node *n, const struct schema_row *row, const struct validate_place *place,
                     struct diagnostic_list *list) {
    struct subject s = {n, row, place, list};
    if (has_stray_template(&s))
        return;
    if (row->kind != SCHEMA_WORD && schema_word(row, n->text) >= 0)
        return;
    if ((size_t)row->kind < COUNT_OF(checks) && checks[row->kind] != NULL)
        checks[row->kind](&s);
}
