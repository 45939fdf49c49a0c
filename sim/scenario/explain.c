#include "scenario/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/suggest.h"
#include "device/action.h"
#include "device/reconnect.h"
#include "device/template.h"
#include "scenario/diagnostic.h"
#include "scenario/schema.h"
#include "scenario/value.h"

enum { NAMES_MAX = 4096, MATCHES_MAX = 24, INSTANCE_MAX = 200, EDITS_MAX = 2 };

static void write_children(const struct schema_row *row, struct text *out) {
    const struct schema_row *child = NULL;
    bool first = true;
    while ((child = schema_next_child(row, child)) != NULL) {
        text_printf(out, "%s%s", first ? "  keys: " : ", ", schema_last(child));
        first = false;
    }
    if (!first)
        text_append(out, "\n");
}

static void write_verbs(const struct schema_row *row, struct text *out) {
    if (row->verbs == 0)
        return;
    text_append(out, "  goes with:");
    for (int v = 0; v < ACTION_VERBS; v++)
        if ((row->verbs & SCHEMA_VERB(v)) != 0)
            text_printf(out, " %s", action_verbs[v].name);
    text_append(out, "\n");
}

static void write_row(const struct schema_row *row, struct text *out) {
    char described[400];
    const struct schema_row *child = schema_next_child(row, NULL);
    text_printf(out, "%s\n", row->path[0] == '\0' ? "scenario" : row->path);
    text_printf(out, "  %s", schema_describe(row, described, sizeof described));
    if (row->unless != NULL)
        text_printf(out, "; required, or %s", row->unless);
    else if ((row->flags & SCHEMA_REQUIRED) != 0)
        text_append(out, "; required");
    if (row->standard != NULL)
        text_printf(out, "; default %s", row->standard[0] == '\0' ? "empty" : row->standard);
    text_printf(out, "\n  %s\n", row->doc);
    write_verbs(row, out);
    if ((row->flags & SCHEMA_SETTABLE) != 0)
        text_append(out, "  can be changed while it runs: timeline verb set or link\n");
    if (row->example != NULL && strcmp(schema_last(row), "[]") == 0)
        text_printf(out, "  example: - %s\n", row->example);
    else if (row->example != NULL)
        text_printf(out, "  example: %s: %s\n", strcmp(schema_last(row), "*") == 0 ? "name" : schema_last(row),
                    row->example);
    if (child != NULL && strcmp(schema_last(child), "*") == 0)
        child = schema_next_child(child, NULL) != NULL ? child : NULL;
    else if (child != NULL && strcmp(schema_last(child), "[]") != 0)
        child = row;
    if (child != NULL)
        write_children(child, out);
    text_printf(out, "  since %s\n", row->since);
}

/* "keepalive" and "mqtt.keepalive" match profiles.*.mqtt.keepalive. */
static bool ends_with(const char *path, const char *name) {
    size_t path_size = strlen(path), size = strlen(name);
    if (size > path_size || strcmp(path + path_size - size, name) != 0)
        return false;
    return size == path_size || path[path_size - size - 1] == '.';
}

static int write_keys(const char *name, struct text *out) {
    const struct schema_row *exact = schema_match(name);
    int written = 0;
    if (exact != NULL) {
        write_row(exact, out);
        return 1;
    }
    for (const struct schema_row *row = schema_rows; row->path != NULL && written < MATCHES_MAX; row++) {
        if (!ends_with(row->path, name))
            continue;
        text_append(out, written++ == 0 ? "" : "\n");
        write_row(row, out);
    }
    return written;
}

static void write_entry(const char *name, const char *kind, const char *doc, const char *example, int *written,
                        struct text *out) {
    text_printf(out, "%s%s\n  %s\n  %s\n", *written > 0 ? "\n" : "", name, kind, doc);
    if (example != NULL)
        text_printf(out, "  example: %s\n", example);
    ++*written;
}

static void write_others(const char *name, int *written, struct text *out) {
    for (int v = 0; v < ACTION_VERBS; v++)
        if (strcmp(name, action_verbs[v].name) == 0)
            write_entry(name, "timeline verb", action_verbs[v].doc, NULL, written, out);
    for (const struct value_function *f = value_functions; f->name != NULL; f++) {
        if (strcmp(name, f->name) != 0)
            continue;
        char *head = text_format("%s(%s)", f->name, f->parameters);
        char *kind = text_format("%s function", f->kind);
        write_entry(head, kind, f->doc, f->example, written, out);
        free(head);
        free(kind);
    }
    for (const struct reconnect_personality *p = reconnect_personalities; p->name != NULL; p++) {
        if (strcmp(name, p->name) != 0)
            continue;
        char *doc = text_format("%s. Read in: %s.", p->rule, p->evidence);
        char *example = text_format("reconnect: {policy: %s}", p->name);
        write_entry(name, "way to reconnect", doc, example, written, out);
        free(doc);
        free(example);
    }
    for (const struct template_variable *v = template_variables; v->name != NULL; v++) {
        char *braces = text_format("${%s}", v->name);
        if (strcmp(name, v->name) == 0 || strcmp(name, braces) == 0)
            write_entry(braces, "template variable", v->doc, NULL, written, out);
        free(braces);
    }
    for (const struct diagnostic_code *c = diagnostic_codes; c->code != NULL; c++)
        if (strcmp(name, c->code) == 0)
            write_entry(name, c->title, c->doc, NULL, written, out);
}

struct name_list {
    const char *names[NAMES_MAX];
    size_t count;
};

static void add_name(struct name_list *l, const char *name) {
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->names[i], name) == 0)
            return;
    if (l->count < NAMES_MAX)
        l->names[l->count++] = name;
}

/* "profiles.*.mqtt.keepalive" → "*.mqtt.keepalive" → "mqtt.keepalive" → "keepalive" → NULL */
static const char *next_end(const char *path) {
    const char *dot = strchr(path, '.');
    return dot == NULL ? NULL : dot + 1;
}

/* Everything that can be explained, each once: paths, and the ends of paths that begin with a key. */
static void collect(const struct explain_topic *const *topics, size_t count, struct name_list *l) {
    l->count = 0;
    for (const struct schema_row *row = &schema_rows[1]; row->path != NULL; row++)
        for (const char *end = row->path; end != NULL; end = next_end(end))
            if (end == row->path || (*end != '*' && *end != '['))
                add_name(l, end);
    for (int v = 0; v < ACTION_VERBS; v++)
        add_name(l, action_verbs[v].name);
    for (const struct value_function *f = value_functions; f->name != NULL; f++)
        add_name(l, f->name);
    for (const struct reconnect_personality *p = reconnect_personalities; p->name != NULL; p++)
        add_name(l, p->name);
    for (const struct template_variable *v = template_variables; v->name != NULL; v++)
        add_name(l, v->name);
    for (const struct diagnostic_code *c = diagnostic_codes; c->code != NULL; c++)
        add_name(l, c->code);
    for (size_t t = 0; t < count; t++)
        for (const struct explain_topic *e = topics[t]; e->name != NULL; e++)
            add_name(l, e->name);
}

/* The pattern with the user's own names in it: "profiles.*.mqtt" and "profiles.meter.mqt" give "profiles.meter.mqtt". False when the number of
 * parts differs. */
static bool instantiate(const char *pattern, const char *name, char *out, size_t room) {
    size_t used = 0;
    while (pattern != NULL && name != NULL) {
        size_t part = strcspn(pattern, "."), given = strcspn(name, ".");
        bool chosen = *pattern == '*' || *pattern == '[';
        int wrote = snprintf(out + used, room - used, "%s%.*s", used > 0 ? "." : "", (int)(chosen ? given : part),
                             chosen ? name : pattern);
        if (wrote < 0 || (size_t)wrote >= room - used)
            return false;
        used += (size_t)wrote;
        pattern = next_end(pattern);
        name = next_end(name);
    }
    return pattern == NULL && name == NULL;
}

/* A key of a scenario that is nearly `name`, in which the user's own names stand; false when there is none. */
static bool nearest_instance(const char *name, char *best, size_t room) {
    int least = EDITS_MAX + 1;
    for (const struct schema_row *row = &schema_rows[1]; row->path != NULL; row++) {
        char made[INSTANCE_MAX];
        if (!instantiate(row->path, name, made, sizeof made))
            continue;
        int distance = suggest_distance(name, made, EDITS_MAX);
        if (distance < least) {
            least = distance;
            snprintf(best, room, "%s", made);
        }
    }
    return least <= EDITS_MAX;
}

static void suggest(const char *name, const struct explain_topic *const *topics, size_t count, struct text *out) {
    struct name_list *l = malloc(sizeof *l);
    CHECK(l != NULL);
    collect(topics, count, l);
    char instance[INSTANCE_MAX];
    const char *near = instance;
    if (!nearest_instance(name, instance, sizeof instance))
        near = suggest_nearest(name, l->names, l->count);
    text_append(out, "nothing is called '");
    text_append_safe(out, name, strlen(name), 80);
    if (near != NULL)
        text_printf(out, "'; did you mean '%s'?", near);
    else
        text_append(out, "'");
    free(l);
}

int explain_write(const char *name, const struct explain_topic *const *topics, size_t count, struct text *out) {
    if (strcmp(name, "scenario") == 0)
        name = "";
    int written = write_keys(name, out);
    write_others(name, &written, out);
    for (size_t t = 0; t < count; t++)
        for (const struct explain_topic *e = topics[t]; e->name != NULL; e++)
            if (strcmp(name, e->name) == 0)
                write_entry(e->name, e->kind, e->doc, e->example, &written, out);
    if (written > 0)
        return 0;
    suggest(name, topics, count, out);
    return ERR_NOT_FOUND;
}

void explain_complete(const char *prefix, const struct explain_topic *const *topics, size_t count, struct text *out) {
    struct name_list *l = malloc(sizeof *l);
    CHECK(l != NULL);
    collect(topics, count, l);
    for (size_t i = 0; i < l->count; i++)
        if (text_has_prefix(l->names[i], prefix))
            text_printf(out, "%s\n", l->names[i]);
    free(l);
}
