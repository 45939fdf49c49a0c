#include <string.h>

#include "base/check.h"
#include "scenario/schema.h"
#include "scenario/value.h"

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
    CHECK(value_number(text, row->dimension, 0, 0, &value, why) == 0);
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
