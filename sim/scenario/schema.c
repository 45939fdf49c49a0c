#include "scenario/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"

/* "a.b" lies below "a", everything lies below "". */
static bool is_below(const char *path, const char *parent) {
    size_t size = strlen(parent);
    if (size == 0)
        return path[0] != '\0';
    return strncmp(path, parent, size) == 0 && path[size] == '.';
}

static const char *part_below(const char *path, const char *parent) {
    return parent[0] == '\0' ? path : path + strlen(parent) + 1;
}

const struct schema_row *schema_next_child(const struct schema_row *parent, const struct schema_row *previous) {
    const struct schema_row *row = previous == NULL ? parent + 1 : previous + 1;
    for (; row->path != NULL && is_below(row->path, parent->path); row++)
        if (strchr(part_below(row->path, parent->path), '.') == NULL)
            return row;
    return NULL;
}

const char *schema_last(const struct schema_row *row) {
    const char *dot = strrchr(row->path, '.');
    return dot == NULL ? row->path : dot + 1;
}

const struct schema_row *schema_child(const struct schema_row *parent, const char *key) {
    const struct schema_row *row = NULL;
    while ((row = schema_next_child(parent, row)) != NULL) {
        const char *last = schema_last(row);
        if (strcmp(last, key) == 0 || (strcmp(last, "*") == 0 && strcmp(key, "[]") != 0))
            return row;
    }
    return NULL;
}

const struct schema_row *schema_item(const struct schema_row *list) {
    return schema_child(list, "[]");
}

const struct schema_row *schema_find(const char *pattern) {
    for (const struct schema_row *row = schema_rows; row->path != NULL; row++)
        if (strcmp(row->path, pattern) == 0)
            return row;
    return NULL;
}

/* One step of schema_match; the part is an index where the row is a list. */
static const struct schema_row *step(const struct schema_row *row, const char *part) {
    bool index = strcmp(part, "[]") == 0 || (part[0] != '\0' && strspn(part, "0123456789") == strlen(part));
    if (index && row->kind == SCHEMA_LIST)
        return schema_item(row);
    if (index && (row->flags & SCHEMA_OR_LIST) != 0)
        return row;
    return schema_child(row, part);
}

const struct schema_row *schema_match(const char *path) {
    const struct schema_row *row = &schema_rows[0];
    while (row != NULL && *path != '\0') {
        char part[128];
        size_t size = strcspn(path, ".[");
        if (size == 0)
            size = path[0] == '[' ? strcspn(path, "]") + 1 : 1;
        if (size >= sizeof part)
            return NULL;
        memcpy(part, path, size);
        part[size] = '\0';
        row = step(row, part);
        path += strnlen(path, size);
        if (*path == '.')
            path++;
    }
    return row;
}

int schema_word(const struct schema_row *row, const char *text) {
    for (int i = 0; row->words != NULL && row->words[i] != NULL; i++)
        if (strcmp(row->words[i], text) == 0)
            return i;
    return -1;
}

static void append_words(const struct schema_row *row, struct text *out) {
    for (int i = 0; row->words[i] != NULL; i++)
        text_printf(out, "%s%s", i == 0 ? "" : row->words[i + 1] == NULL ? " or " : ", ", row->words[i]);
}

/* What a value of the kind is called; NULL where the row decides. */
static const char *const kind_texts[] = {
    [SCHEMA_MAP] = "a map",
    [SCHEMA_NAMED] = "a map of names",
    [SCHEMA_LIST] = "a list",
    [SCHEMA_SCALAR] = "a value",
    [SCHEMA_TEXT] = "a text",
    [SCHEMA_NAME] = "a name (letters, digits, _ . -)",
    [SCHEMA_BOOLEAN] = "true or false",
    [SCHEMA_TEMPLATE] = "a text with ${…}",
    [SCHEMA_SIGNAL] = "a number or a signal function",
    [SCHEMA_TIMESTAMP] = "a time (2026-01-01T00:00:00Z)",
    [SCHEMA_URL] = "a URL (mqtt://host:1883) or builtin",
    [SCHEMA_ADDRESSES] = "an address or a range (10.0.0.1-10.0.0.9)",
    [SCHEMA_ALLOW] = "a host name, an address or a network (10.0.0.0/8)",
    [SCHEMA_AFTER] = "an id, id + 30s or id.start + 30s",
    [SCHEMA_PREDICATE] = "a condition (state == online and attempts > 3)",
    [SCHEMA_EXPRESSION] = "a comparison over metrics",
    [SCHEMA_INDEX] = "a number or a range (0-99)",
    [SCHEMA_FILE] = "a path",
};

static void append_limits(const struct schema_row *row, struct text *out) {
    char low[40], high[40];
    if (row->max <= 0 && row->min <= 0)
        return;
    units_format(row->dimension, row->min, low, sizeof low);
    units_format(row->dimension, row->max, high, sizeof high);
    if (row->kind == SCHEMA_INTEGER && row->max == row->min)
        text_printf(out, ": %.0f", row->min);
    else if (row->kind == SCHEMA_INTEGER && row->max > 0)
        text_printf(out, " from %.0f to %.0f", row->min, row->max);
    else if (row->kind == SCHEMA_INTEGER)
        text_printf(out, " from %.0f", row->min);
    else if (row->min > 0)
        text_printf(out, " from %s to %s", low, high);
    else
        text_printf(out, " up to %s", high);
}

static const char *article(const char *noun) {
    return strchr("aeiou", noun[0]) != NULL ? "an" : "a";
}

char *schema_describe(const struct schema_row *row, char *text, size_t size) {
    struct text t = {0};
    const char *dimension = units_dimension_name(row->dimension);
    if (row->kind == SCHEMA_WORD) {
        append_words(row, &t);
    } else if (row->kind == SCHEMA_INTEGER) {
        text_append(&t, "a whole number");
        append_limits(row, &t);
    } else if (row->kind == SCHEMA_QUANTITY || row->kind == SCHEMA_DIST) {
        if (row->dimension == UNITS_PLAIN)
            text_append(&t, "a number");
        else
            text_printf(&t, "%s %s (%s)", article(dimension), dimension, units_example(row->dimension));
        if (row->kind == SCHEMA_DIST)
            text_append(&t, " or a distribution");
        append_limits(row, &t);
    } else if (row->kind == SCHEMA_REFERENCE) {
        text_printf(&t, "a name from %s", row->refers);
    } else {
        text_append(&t, kind_texts[row->kind]);
    }
    if (row->words != NULL && row->kind != SCHEMA_WORD) {
        text_append(&t, ", or ");
        append_words(row, &t);
    }
    if ((row->flags & SCHEMA_OR_MAP) != 0)
        text_append(&t, ", or a map");
    if ((row->flags & SCHEMA_OR_LIST) != 0)
        text_append(&t, ", or a list of them");
    snprintf(text, size, "%s", text_get(&t));
    text_free(&t);
    return text;
}
