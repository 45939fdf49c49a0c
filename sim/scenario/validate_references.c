/* Pass 3: names that must exist. */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/suggest.h"
#include "scenario/schema.h"
#include "scenario/validate.h"
#include "scenario/value.h"

enum { NAMES_MAX = 1024, SHOWN_MAX = 8 };

struct names {
    const char *names[NAMES_MAX];
    size_t count;
};

static void add_name(struct names *n, const char *name) {
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->names[i], name) == 0)
            return;
    if (n->count < NAMES_MAX)
        n->names[n->count++] = name;
}

static void add_keys(struct names *n, const struct node *map) {
    for (size_t i = 0; map != NULL && map->kind == NODE_MAP && i < map->count; i++)
        add_name(n, map->entries[i].key);
}

static void add_ids(struct names *n, const struct node *root) {
    const struct node *timeline = node_get(root, "timeline");
    for (size_t i = 0; timeline != NULL && timeline->kind == NODE_LIST && i < timeline->count; i++) {
        const char *id = node_text(node_get(timeline->entries[i].value, "id"));
        if (id != NULL && id[0] != '\0')
            add_name(n, id);
    }
}

/* Everything that a reference to `refers` may name. */
static void collect(const struct node *root, const char *refers, struct names *out) {
    out->count = 0;
    if (strcmp(refers, "timeline") == 0) {
        out->count = validate_phase_names(root, out->names, NAMES_MAX);
    } else if (strcmp(refers, "regions") == 0) {
        const struct node *fleets = node_get(root, "fleets");
        for (size_t i = 0; fleets != NULL && fleets->kind == NODE_MAP && i < fleets->count; i++)
            add_keys(out, node_get(fleets->entries[i].value, "regions"));
    } else {
        add_keys(out, node_get(root, refers));
    }
}

static bool has_name(const struct names *n, const char *name) {
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->names[i], name) == 0)
            return true;
    return false;
}

/* Suggests a near name, else lists what there is. */
static void help_with_names(struct diagnostic *d, const char *word, const struct names *names, const char *refers) {
    const char *near = suggest_nearest(word, names->names, names->count);
    struct text shown = {0};
    diagnostic_suggest(d, near);
    if (near != NULL)
        return;
    for (size_t i = 0; i < names->count && i < SHOWN_MAX; i++)
        text_printf(&shown, "%s%s", i == 0 ? "" : ", ", names->names[i]);
    if (names->count > SHOWN_MAX)
        text_printf(&shown, " and %zu more", names->count - SHOWN_MAX);
    if (names->count == 0)
        diagnostic_help(d, "the scenario defines no %s", refers);
    else
        diagnostic_help(d, "%s are: %s", refers, text_get(&shown));
    text_free(&shown);
}

static void check_reference(const struct node *root, const char *refers, const char *name, struct diagnostic_mark mark,
                            struct diagnostic_list *list) {
    struct names names;
    collect(root, refers, &names);
    if (has_name(&names, name))
        return;
    const char *code = strcmp(refers, "timeline") == 0 ? "E304" : "E301";
    struct diagnostic *d = strcmp(refers, "timeline") == 0
                               ? diagnostic_add(list, code, mark, "no entry of the timeline has the id '%s'", name)
                               : diagnostic_add(list, code, mark, "there is no '%s' in %s", name, refers);
    help_with_names(d, name, &names, refers);
}

/* Values of a reference row: one name or a list of them. */
static void check_value(const struct node *root, const struct schema_row *row, const struct node *n,
                        struct diagnostic_list *list) {
    for (size_t i = 0; n->kind == NODE_LIST && i < n->count; i++) {
        const struct node *item = n->entries[i].value;
        if (item->kind == NODE_SCALAR && !item->refused && !node_is_empty(item))
            check_reference(root, row->refers, item->text, item->mark, list);
    }
    if (n->kind == NODE_SCALAR && !n->refused && !node_is_empty(n))
        check_reference(root, row->refers, n->text, n->mark, list);
}

static void check_everywhere(const struct node *root, struct diagnostic_list *list) {
    char path[NODE_PATH_MAX];
    struct node_walk w = node_walk_of((struct node *)(uintptr_t)root);
    while (node_walk_next(&w)) {
        const struct schema_row *row = schema_match(node_walk_path(&w, path, sizeof path));
        if (row == NULL) {
            node_walk_skip(&w);
            continue;
        }
        if (row->kind == SCHEMA_REFERENCE) {
            check_value(root, row, w.node, list);
            node_walk_skip(&w);
        }
        for (size_t i = 0;
             row->kind == SCHEMA_NAMED && row->refers != NULL && w.node->kind == NODE_MAP && i < w.node->count; i++) {
            const struct node_entry *e = &w.node->entries[i];
            check_reference(root, row->refers, e->key, e->key_mark, list);
        }
    }
}

static const struct node *entry_named(const struct node *timeline, const char *id) {
    for (size_t i = 0; i < timeline->count; i++) {
        const char *own = node_text(node_get(timeline->entries[i].value, "id"));
        if (own != NULL && strcmp(own, id) == 0)
            return timeline->entries[i].value;
    }
    return NULL;
}

static bool after_of(const struct node *entry, struct value_after *out) {
    char why[VALUE_WHY_MAX];
    const char *text = node_text(node_get(entry, "after"));
    return text != NULL && value_after(text, out, why) == 0;
}

/* Follows `after` from an entry; true when it comes back to it. Every entry on a loop finds it, so loops further on are left to them. */
static bool leads_back(const struct node *timeline, const struct node *entry, struct text *chain) {
    const struct node *at = entry;
    struct value_after after;
    text_append(chain, node_text(node_get(entry, "id")));
    for (size_t steps = 0; steps <= timeline->count && at != NULL && after_of(at, &after); steps++) {
        text_printf(chain, " → %s", after.id);
        at = entry_named(timeline, after.id);
        if (at == entry)
            return true;
    }
    return false;
}

static void check_after(const struct node *root, const struct node *timeline, const struct node *entry,
                        struct diagnostic_list *list) {
    struct value_after after;
    const struct node *value = node_get(entry, "after");
    if (!after_of(entry, &after))
        return;
    const struct node *named = entry_named(timeline, after.id);
    struct diagnostic_mark mark = node_mark_within(value, 0, strlen(after.id));
    if (named == NULL) {
        struct names names = {.count = 0};
        add_ids(&names, root);
        struct diagnostic *d = diagnostic_add(list, "E304", mark, "no entry of the timeline has the id '%s'", after.id);
        help_with_names(d, after.id, &names, "ids");
        return;
    }
    if (node_get(named, "when") != NULL)
        diagnostic_help(diagnostic_add(list, "E306", mark,
                                       "'%s' happens to each device at its own time; nothing can come after it",
                                       after.id),
                        "use 'at', or 'after' an entry without 'when'");
    struct text chain = {0};
    if (node_text(node_get(entry, "id")) != NULL && leads_back(timeline, entry, &chain))
        diagnostic_add(list, "E307", mark, "these entries wait for each other: %s", text_get(&chain));
    text_free(&chain);
}

static void check_timeline(const struct node *root, struct diagnostic_list *list) {
    const struct node *timeline = node_get(root, "timeline");
    if (timeline == NULL || timeline->kind != NODE_LIST)
        return;
    for (size_t i = 0; i < timeline->count; i++) {
        const struct node *entry = timeline->entries[i].value, *id = node_get(entry, "id");
        const struct node *first = node_text(id) == NULL ? NULL : entry_named(timeline, id->text);
        if (first != NULL && first != entry && !node_is_empty(id))
            diagnostic_help(diagnostic_add(list, "E305", id->mark, "the id '%s' is there twice", id->text),
                            "the first one is at line %d", node_get(first, "id")->mark.line);
        check_after(root, timeline, entry, list);
    }
}

/* Which key of a fleet or its parts names things of a section. */
static const struct {
    const char *section, *key;
} users[] = {{"profiles", "profile"}, {"networks", "network"}, {"identities", "identity"}};

static bool is_used(const struct node *fleets, const char *key, const char *name) {
    for (size_t i = 0; i < fleets->count; i++) {
        const struct node *fleet = fleets->entries[i].value;
        const char *text = node_text(node_get(fleet, key));
        if (text != NULL && strcmp(text, name) == 0)
            return true;
        if (strcmp(key, "profile") == 0 && node_get(node_get(fleet, "mix"), name) != NULL)
            return true;
    }
    return false;
}

/* Only what the scenario's own file defines: included files offer more than one scenario needs. */
static void warn_unused(const struct node *root, struct diagnostic_list *list) {
    const struct node *fleets = node_get(root, "fleets");
    for (size_t s = 0; s < COUNT_OF(users) && fleets != NULL && fleets->kind == NODE_MAP; s++) {
        const struct node *map = node_get(root, users[s].section);
        for (size_t i = 0; map != NULL && map->kind == NODE_MAP && i < map->count; i++) {
            const struct node_entry *e = &map->entries[i];
            if (e->key_mark.file == root->mark.file && !e->value->inherited && !is_used(fleets, users[s].key, e->key))
                diagnostic_help(
                    diagnostic_add(list, "W301", e->key_mark, "%s.%s is used by no fleet", users[s].section, e->key),
                    "name it in a fleet's '%s', or remove it", users[s].key);
        }
    }
}

void validate_references(const struct node *root, struct diagnostic_list *list) {
    check_everywhere(root, list);
    check_timeline(root, list);
    if (list->errors == 0) /* a misspelt name makes the right one look unused */
        warn_unused(root, list);
}
