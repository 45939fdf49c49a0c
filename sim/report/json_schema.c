#include "report/json_schema.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"

enum { SHAPES_MAX = 64 };

static bool is_last(const struct json_schema_row *row) {
    return row->key == NULL && row->keys == NULL;
}

/* The i-th key that a row stands for; NULL after the last. */
static const char *key_at(const struct json_schema_row *row, unsigned i) {
    if (row->key != NULL)
        return i == 0 ? row->key : NULL;
    return row->keys(i);
}

/* --- printing --------------------------------------------------------------------------------------------------------- */

/* The shapes that a schema refers to, each once. */
struct shapes {
    const struct json_shape *items[SHAPES_MAX];
    unsigned count;
};

static void collect(struct shapes *all, const struct json_shape *shape) {
    for (unsigned i = 0; i < all->count; i++)
        if (all->items[i] == shape)
            return;
    CHECK(all->count < SHAPES_MAX);
    all->items[all->count++] = shape;
}

/* What the shapes that are in the list refer to is appended while the list is walked. */
static void collect_referred(struct shapes *all) {
    for (unsigned i = 0; i < all->count; i++)
        for (const struct json_shape *shape = all->items[i]; shape != NULL; shape = shape->also)
            for (const struct json_schema_row *row = shape->rows; !is_last(row); row++)
                if (row->shape != NULL)
                    collect(all, row->shape);
}

static void write_reference(struct json_write *w, const struct json_shape *shape) {
    char path[80];
    snprintf(path, sizeof path, "#/definitions/%s", shape->name);
    json_write_member_string(w, "$ref", path);
}

static void write_type_name(struct json_write *w, const char *name, bool nullable) {
    json_write_key(w, "type");
    if (!nullable) {
        json_write_string(w, name);
        return;
    }
    json_write_open_array(w);
    json_write_string(w, name);
    json_write_string(w, "null");
    json_write_close_array(w);
}

static void write_words(struct json_write *w, const char *(*words)(unsigned i)) {
    json_write_key(w, "enum");
    json_write_open_array(w);
    for (unsigned i = 0; words(i) != NULL; i++)
        json_write_string(w, words(i));
    json_write_close_array(w);
}

/* The members of a schema that say of what type one value is. */
static void write_type(struct json_write *w, const struct json_schema_row *row, bool nullable) {
    static const char *const names[] = {[SHAPE_BOOL] = "boolean",  [SHAPE_UINT] = "integer",  [SHAPE_INT] = "integer",
                                        [SHAPE_NUMBER] = "number", [SHAPE_STRING] = "string", [SHAPE_MAP] = "object"};
    if (row->type == SHAPE_OBJECT && !nullable) {
        write_reference(w, row->shape);
    } else if (row->type == SHAPE_OBJECT) {
        json_write_key(w, "anyOf");
        json_write_open_array(w);
        json_write_open_object(w);
        write_reference(w, row->shape);
        json_write_close_object(w);
        json_write_open_object(w);
        json_write_member_string(w, "type", "null");
        json_write_close_object(w);
        json_write_close_array(w);
    } else {
        write_type_name(w, names[row->type], nullable);
    }
    if (row->type == SHAPE_UINT)
        json_write_member_uint(w, "minimum", 0);
    if (row->words != NULL)
        write_words(w, row->words);
    if (row->type == SHAPE_MAP) {
        json_write_key(w, "additionalProperties");
        json_write_open_object(w);
        write_reference(w, row->shape);
        json_write_close_object(w);
    }
}

static void write_property(struct json_write *w, const char *key, const struct json_schema_row *row) {
    bool nullable = (row->flags & SHAPE_NULLABLE) != 0;
    json_write_key(w, key);
    json_write_open_object(w);
    json_write_member_string(w, "description", row->doc); /* beside $ref validators ignore it, and editors show it */
    if ((row->flags & SHAPE_LIST) != 0) {
        write_type_name(w, "array", nullable);
        json_write_key(w, "items");
        json_write_open_object(w);
        write_type(w, row, false);
        json_write_close_object(w);
    } else {
        write_type(w, row, nullable);
    }
    json_write_close_object(w);
}

static void write_properties(struct json_write *w, const struct json_shape *first) {
    json_write_key(w, "properties");
    json_write_open_object(w);
    for (const struct json_shape *shape = first; shape != NULL; shape = shape->also)
        for (const struct json_schema_row *row = shape->rows; !is_last(row); row++)
            for (unsigned i = 0; key_at(row, i) != NULL; i++)
                write_property(w, key_at(row, i), row);
    json_write_close_object(w);
    json_write_key(w, "required");
    json_write_open_array(w);
    for (const struct json_shape *shape = first; shape != NULL; shape = shape->also)
        for (const struct json_schema_row *row = shape->rows; !is_last(row); row++)
            for (unsigned i = 0; (row->flags & SHAPE_OPTIONAL) == 0 && key_at(row, i) != NULL; i++)
                json_write_string(w, key_at(row, i));
    json_write_close_array(w);
}

static void write_shape(struct json_write *w, const struct json_shape *shape) {
    json_write_key(w, shape->name);
    json_write_open_object(w);
    json_write_member_string(w, "type", "object");
    write_properties(w, shape);
    json_write_close_object(w);
}

static void write_head(struct json_write *w, const char *title, const char *doc) {
    json_write_open_object(w);
    json_write_member_string(w, "$schema", "http://json-schema.org/draft-07/schema#");
    json_write_member_string(w, "title", title);
    json_write_member_string(w, "description", doc);
}

static void write_definitions(struct json_write *w, const struct shapes *all, unsigned from) {
    json_write_key(w, "definitions");
    json_write_open_object(w);
    for (unsigned i = from; i < all->count; i++)
        write_shape(w, all->items[i]);
    json_write_close_object(w);
}

void json_schema_write(struct text *out, const char *title, const char *doc, const struct json_shape *root) {
    struct json_write writer = json_write_to(out, 2), *w = &writer;
    struct shapes all = {.items = {root}, .count = 1};
    collect_referred(&all);
    write_head(w, title, doc);
    json_write_member_string(w, "type", "object");
    write_properties(w, root);
    write_definitions(w, &all, 1);
    json_write_close_object(w);
    text_append(out, "\n");
}

/* {"if": {"properties": {KEY: {"const": WORD}}}, "then": {"$ref": …}} */
static void write_kind(struct json_write *w, const char *key, const struct json_shape *shape) {
    json_write_open_object(w);
    json_write_key(w, "if");
    json_write_open_object(w);
    json_write_key(w, "properties");
    json_write_open_object(w);
    json_write_key(w, key);
    json_write_open_object(w);
    json_write_member_string(w, "const", shape->name);
    json_write_close_object(w);
    json_write_close_object(w);
    json_write_close_object(w);
    json_write_key(w, "then");
    json_write_open_object(w);
    write_reference(w, shape);
    json_write_close_object(w);
    json_write_close_object(w);
}

void json_schema_write_kinds(struct text *out, const char *title, const char *doc, const struct json_shape *common,
                             const char *key, const struct json_shape *const *shapes, unsigned count) {
    struct json_write writer = json_write_to(out, 2), *w = &writer;
    struct shapes all = {.count = 0};
    for (unsigned i = 0; i < count; i++)
        collect(&all, shapes[i]);
    collect_referred(&all);
    write_head(w, title, doc);
    json_write_member_string(w, "type", "object");
    write_properties(w, common);
    json_write_key(w, "allOf");
    json_write_open_array(w);
    for (unsigned i = 0; i < count; i++)
        write_kind(w, key, shapes[i]);
    json_write_close_array(w);
    write_definitions(w, &all, 0);
    json_write_close_object(w);
    text_append(out, "\n");
}

/* --- holding a writer against its rows -------------------------------------------------------------------------------- */

static void fault(struct json_schema_check *c, const char *what, const char *key, const char *where) {
    if (c->fault[0] == '\0')
        snprintf(c->fault, sizeof c->fault, "%s: %s%s%s", where, what, *key != '\0' ? " " : "", key);
    c->pending = NULL;
}

static bool names(const struct json_schema_row *row, const char *key) {
    for (unsigned i = 0; key_at(row, i) != NULL; i++)
        if (strcmp(key_at(row, i), key) == 0)
            return true;
    return false;
}

static const struct json_schema_row *find(struct json_schema_frame *f, const char *key) {
    if (f->cursor != NULL && !is_last(f->cursor) && names(f->cursor, key))
        return f->cursor;
    for (const struct json_shape *shape = f->shape; shape != NULL; shape = shape->also)
        for (const struct json_schema_row *row = shape->rows; !is_last(row); row++)
            if (names(row, key))
                return row;
    return NULL;
}

static void take_key(struct json_schema_check *c, const char *key) {
    struct json_schema_frame *f = &c->frames[c->depth - 1];
    c->pending = f->row; /* in a map any key will do; after a fault there is neither */
    if (f->shape == NULL)
        return;
    c->pending = find(f, key);
    if (c->pending == NULL) {
        fault(c, "no row for the key", key, f->shape->name);
        return;
    }
    f->cursor = c->pending->key != NULL ? c->pending + 1 : c->pending;
    f->required += (c->pending->flags & (SHAPE_OPTIONAL | SHAPE_LATER)) == 0;
}

static const char *name_of(const struct json_schema_check *c) {
    for (int i = c->depth - 1; i >= 0; i--)
        if (c->frames[i].shape != NULL)
            return c->frames[i].shape->name;
    return c->root->name;
}

static bool fits(const struct json_schema_row *row, bool listed, enum json_write_what what) {
    if (listed)
        return what == JSON_WRITE_ARRAY || (what == JSON_WRITE_NULL && (row->flags & SHAPE_NULLABLE) != 0);
    switch (what) {
    case JSON_WRITE_NULL:
        return (row->flags & (SHAPE_NULLABLE | SHAPE_LIST)) == SHAPE_NULLABLE;
    case JSON_WRITE_BOOL:
        return row->type == SHAPE_BOOL;
    case JSON_WRITE_UINT:
        return row->type == SHAPE_UINT || row->type == SHAPE_NUMBER;
    case JSON_WRITE_INT:
        return row->type == SHAPE_INT || row->type == SHAPE_NUMBER;
    case JSON_WRITE_DOUBLE:
        return row->type == SHAPE_NUMBER;
    case JSON_WRITE_STRING:
        return row->type == SHAPE_STRING;
    case JSON_WRITE_OBJECT:
        return row->type == SHAPE_OBJECT || row->type == SHAPE_MAP;
    default:
        return false;
    }
}

/* A value begins. In a list, and in a map, the same row holds for the next one. */
static void take_value(struct json_schema_check *c, enum json_write_what what) {
    const struct json_schema_frame *f = c->depth > 0 ? &c->frames[c->depth - 1] : NULL;
    bool in_list = f != NULL && f->shape == NULL && f->row != NULL && f->row->type != SHAPE_MAP;
    bool in_map = f != NULL && f->shape == NULL && f->row != NULL && f->row->type == SHAPE_MAP;
    const struct json_schema_row *row = in_list || in_map ? f->row : c->pending;
    struct json_schema_frame next = {.shape = c->depth == 0 ? c->root : NULL};
    if (row != NULL && c->depth > 0) {
        bool listed = !in_list && !in_map && (row->flags & SHAPE_LIST) != 0;
        if (!fits(row, listed, what))
            fault(c, "another type than its row says has the key", row->key != NULL ? row->key : "(one of many)",
                  name_of(c));
        else if (listed || (row->type == SHAPE_MAP && !in_map))
            next.row = row;
        else
            next.shape = row->shape;
    }
    c->pending = NULL;
    if (what == JSON_WRITE_OBJECT || what == JSON_WRITE_ARRAY) {
        CHECK(c->depth < JSON_SCHEMA_DEPTH_MAX);
        next.cursor = next.shape != NULL ? next.shape->rows : NULL;
        c->frames[c->depth++] = next;
    }
}

static void take_close(struct json_schema_check *c) {
    const struct json_schema_frame *f = &c->frames[c->depth - 1];
    unsigned required = 0;
    for (const struct json_shape *shape = f->shape; shape != NULL; shape = shape->also)
        for (const struct json_schema_row *row = shape->rows; !is_last(row); row++)
            for (unsigned i = 0; (row->flags & (SHAPE_OPTIONAL | SHAPE_LATER)) == 0 && key_at(row, i) != NULL; i++)
                required++;
    if (f->required != required)
        fault(c, "a key that is always there is missing, or there twice", "", f->shape->name);
    c->depth--;
}

static void watch(void *context, enum json_write_what what, const char *key) {
    struct json_schema_check *c = context;
    if (what == JSON_WRITE_KEY)
        take_key(c, key);
    else if (what == JSON_WRITE_CLOSE)
        take_close(c);
    else
        take_value(c, what);
}

void json_schema_watch(struct json_schema_check *c, struct json_write *w, const struct json_shape *shape) {
    *c = (struct json_schema_check){.root = shape};
    w->watch = watch;
    w->watch_context = c;
}

bool json_schema_report(const struct json_schema_check *c, const char *document) {
    if (c->fault[0] == '\0')
        return true;
    log_line(LOG_ERROR, "a bug in muster: %s departs from its schema: %s", document, c->fault);
    return false;
}
