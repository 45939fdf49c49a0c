/* JSON Schema draft-07: one definition per row, so that the document is as flat as the table. */
#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "scenario/explain.h"
#include "scenario/schema.h"

#define VARIABLE_PATTERN "\\$\\{(vars|env)\\."
#define QUANTITY_PATTERN "^-?[0-9][0-9_.]*[A-Za-z%/]"
#define FUNCTION_PATTERN "^[a-z]+\\(.*\\)$"

enum { NAME_MAX_SIZE = 160 };

/* "profiles.*.mqtt" → "profiles.NAME.mqtt": '*', '[' and ']' would have to be escaped in references. */
static const char *definition_name(const struct schema_row *row, char *name, size_t size) {
    size_t used = 0;
    name[0] = '\0';
    for (const char *p = row->path; *p != '\0' && used + 8 < size; p++) {
        if (*p == '*')
            used += (size_t)snprintf(name + used, size - used, "NAME");
        else if (*p == '[')
            used += (size_t)snprintf(name + used, size - used, "ITEM");
        else if (*p != ']')
            used += (size_t)snprintf(name + used, size - used, "%c", *p);
    }
    return name;
}

static void write_reference(struct json_write *w, const struct schema_row *row, const char *suffix) {
    char name[NAME_MAX_SIZE], reference[NAME_MAX_SIZE + 32];
    snprintf(reference, sizeof reference, "#/definitions/%s%s", definition_name(row, name, sizeof name), suffix);
    json_write_open_object(w);
    json_write_member_string(w, "$ref", reference);
    json_write_close_object(w);
}

static void write_pattern(struct json_write *w, const char *pattern) {
    json_write_open_object(w);
    json_write_member_string(w, "type", "string");
    json_write_member_string(w, "pattern", pattern);
    json_write_close_object(w);
}

static void write_type(struct json_write *w, const char *type) {
    json_write_open_object(w);
    json_write_member_string(w, "type", type);
    json_write_close_object(w);
}

static void write_words(struct json_write *w, const struct schema_row *row) {
    json_write_open_object(w);
    json_write_key(w, "enum");
    json_write_open_array(w);
    for (int i = 0; row->words[i] != NULL; i++)
        json_write_string(w, row->words[i]);
    json_write_close_array(w);
    json_write_close_object(w);
}

static void write_integer(struct json_write *w, const struct schema_row *row) {
    json_write_open_object(w);
    json_write_member_string(w, "type", "integer");
    json_write_member_uint(w, "minimum", (uint64_t)row->min);
    if (row->max > 0)
        json_write_member_uint(w, "maximum", (uint64_t)row->max);
    json_write_close_object(w);
}

/* A key that another one may replace is left to the validator, which says it better. */
static bool is_required(const struct schema_row *row) {
    return (row->flags & SCHEMA_REQUIRED) != 0 && row->verbs == 0 && row->unless == NULL;
}

static void write_object(struct json_write *w, const struct schema_row *row) {
    const struct schema_row *child = NULL;
    bool required = false;
    json_write_open_object(w);
    json_write_member_string(w, "type", "object");
    json_write_member_bool(w, "additionalProperties", false);
    json_write_key(w, "patternProperties");
    json_write_open_object(w);
    json_write_key(w, "^x-");
    json_write_open_object(w);
    json_write_close_object(w);
    json_write_close_object(w);
    json_write_key(w, "properties");
    json_write_open_object(w);
    while ((child = schema_next_child(row, child)) != NULL) {
        json_write_key(w, schema_last(child));
        write_reference(w, child, "");
        required = required || is_required(child);
    }
    json_write_close_object(w);
    if (required) {
        json_write_key(w, "required");
        json_write_open_array(w);
        while ((child = schema_next_child(row, child)) != NULL)
            if (is_required(child))
                json_write_string(w, schema_last(child));
        json_write_close_array(w);
    }
    json_write_close_object(w);
}

static void write_container(struct json_write *w, const struct schema_row *row) {
    bool list = row->kind == SCHEMA_LIST;
    json_write_open_object(w);
    json_write_member_string(w, "type", list ? "array" : "object");
    json_write_key(w, list ? "items" : "additionalProperties");
    write_reference(w, schema_child(row, list ? "[]" : "*"), "");
    json_write_close_object(w);
}

/* The alternatives of one value, without lists of them. */
static void write_alternatives(struct json_write *w, const struct schema_row *row) {
    bool scalar = row->kind != SCHEMA_MAP && row->kind != SCHEMA_NAMED && row->kind != SCHEMA_LIST;
    switch (row->kind) {
    case SCHEMA_MAP:
        write_object(w, row);
        write_type(w, "null");
        break;
    case SCHEMA_NAMED:
    case SCHEMA_LIST:
        write_container(w, row);
        write_type(w, "null");
        break;
    case SCHEMA_BOOLEAN:
        write_type(w, "boolean");
        break;
    case SCHEMA_INTEGER:
        write_integer(w, row);
        break;
    case SCHEMA_WORD:
        write_words(w, row);
        break;
    case SCHEMA_QUANTITY:
    case SCHEMA_DIST:
        if (row->dimension == UNITS_PLAIN || (row->flags & SCHEMA_PERCENT) != 0)
            write_type(w, "number");
        else
            write_pattern(w, QUANTITY_PATTERN);
        if (row->kind == SCHEMA_DIST)
            write_pattern(w, FUNCTION_PATTERN);
        break;
    default:
        write_type(w, "string");
        write_type(w, "number");
        break;
    }
    if (scalar)
        write_pattern(w, VARIABLE_PATTERN);
    if (row->words != NULL && row->kind != SCHEMA_WORD)
        write_words(w, row);
    if ((row->flags & SCHEMA_OR_MAP) != 0)
        write_object(w, row);
}

static void write_definition(struct json_write *w, const struct schema_row *row, const char *suffix) {
    char name[NAME_MAX_SIZE], key[NAME_MAX_SIZE + 8];
    bool lists = suffix[0] == '\0' && (row->flags & SCHEMA_OR_LIST) != 0;
    snprintf(key, sizeof key, "%s%s", definition_name(row, name, sizeof name), suffix);
    json_write_key(w, key);
    json_write_open_object(w);
    json_write_member_string(w, "description", row->doc);
    if (row->standard != NULL)
        json_write_member_string(w, "default", row->standard);
    json_write_key(w, "anyOf");
    json_write_open_array(w);
    if (lists) {
        write_reference(w, row, ".ONE");
        json_write_open_object(w);
        json_write_member_string(w, "type", "array");
        json_write_key(w, "items");
        write_reference(w, row, ".ONE");
        json_write_close_object(w);
    } else {
        write_alternatives(w, row);
    }
    json_write_close_array(w);
    json_write_close_object(w);
}

void explain_json_schema(struct text *out) {
    struct json_write w = json_write_to(out, 2);
    json_write_open_object(&w);
    json_write_member_string(&w, "$schema", "http://json-schema.org/draft-07/schema#");
    json_write_member_string(&w, "title", "Muster scenario, version 1");
    json_write_key(&w, "allOf");
    json_write_open_array(&w);
    write_object(&w, &schema_rows[0]);
    json_write_close_array(&w);
    json_write_key(&w, "definitions");
    json_write_open_object(&w);
    for (const struct schema_row *row = &schema_rows[1]; row->path != NULL; row++) {
        write_definition(&w, row, "");
        if ((row->flags & SCHEMA_OR_LIST) != 0)
            write_definition(&w, row, ".ONE");
    }
    json_write_close_object(&w);
    json_write_close_object(&w);
    text_append(out, "\n");
}
