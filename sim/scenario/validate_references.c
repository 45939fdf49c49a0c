/* Pass 3: names that must exist. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/suggest.h"
#include "scenario/extends.h"
#include "scenario/schema.h"
#include "scenario/validate.h"
#include "scenario/value.h"

enum { SHOWN_MAX = 8 };

/* Names that references of one kind may use, sorted, each once. */
struct names {
    const char *refers;
    const char **names;
    size_t count, room;
};

/* The tables are made when the first reference of their kind is met; a scenario has far more references than kinds. */
enum { KINDS_MAX = 8 };
struct referee {
    const struct node *root;
    struct diagnostic_list *list;
    struct names kinds[KINDS_MAX];
    size_t kind_count;
};

static void add_name(struct names *n, const char *name) {
    if (n->count == n->room) {
        n->room = n->room == 0 ? 64 : n->room * 2;
        const char **grown = realloc(n->names, n->room * sizeof *grown);
        CHECK(grown != NULL);
        n->names = grown;
    }
    n->names[n->count++] = name;
}

static void add_keys(struct names *n, const struct node *map) {
    for (size_t i = 0; map != NULL && map->kind == NODE_MAP && i < map->count; i++)
        add_name(n, map->entries[i].key);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_names(struct names *n) {
    size_t kept = 0;
    if (n->count > 0)
        qsort(n->names, n->count, sizeof *n->names, by_name);
    for (size_t i = 0; i < n->count; i++)
        if (kept == 0 || strcmp(n->names[kept - 1], n->names[i]) != 0)
            n->names[kept++] = n->names[i];
    n->count = kept;
}

static bool has_name(const struct names *n, const char *name) {
    return n->count > 0 && bsearch(&name, n->names, n->count, sizeof *n->names, by_name) != NULL;
}

static void collect(const struct node *root, struct names *out) {
    if (strcmp(out->refers, "timeline") == 0) {
        const char *phases[VALIDATE_PHASES_MAX];
        size_t count = validate_phase_names(root, phases, VALIDATE_PHASES_MAX);
        for (size_t i = 0; i < count; i++)
            add_name(out, phases[i]);
    } else if (strcmp(out->refers, "regions") == 0) {
        const struct node *fleets = node_get(root, "fleets");
        for (size_t i = 0; fleets != NULL && fleets->kind == NODE_MAP && i < fleets->count; i++)
            add_keys(out, node_get(fleets->entries[i].value, "regions"));
    } else {
        add_keys(out, node_get(root, out->refers));
    }
    sort_names(out);
}

static const struct names *names_for(struct referee *r, const char *refers) {
    for (size_t i = 0; i < r->kind_count; i++)
        if (strcmp(r->kinds[i].refers, refers) == 0)
            return &r->kinds[i];
    CHECK(r->kind_count < KINDS_MAX);
    struct names *n = &r->kinds[r->kind_count++];
    n->refers = refers;
    collect(r->root, n);
    return n;
}

/* A thousand findings are enough for anybody; more would only cost time. */
static bool is_full(const struct referee *r) {
    return r->list->count >= DIAGNOSTIC_KEPT_MAX;
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
    if (names->count == 0 && extends_shelf(refers) != NULL)
        diagnostic_help(
            d, "the scenario defines no %s, nor does a file in %s of the library ($MUSTER_DATA names its directory)",
            refers, extends_shelf(refers));
    else if (names->count == 0)
        diagnostic_help(d, "the scenario defines no %s", refers);
    else
        diagnostic_help(d, "%s are: %s", refers, text_get(&shown));
    text_free(&shown);
}

static void check_reference(struct referee *r, const char *refers, const char *name, struct diagnostic_mark mark) {
    const struct names *names = names_for(r, refers);
    if (has_name(names, name) || is_full(r))
        return;
    bool id = strcmp(refers, "timeline") == 0;
    struct diagnostic *d = id ? diagnostic_add(r->list, "E304", mark, "no entry of the timeline has the id '%s'", name)
                              : diagnostic_add(r->list, "E301", mark, "there is no '%s' in %s", name, refers);
    help_with_names(d, name, names, refers);
}

/* Values of a reference row: one name or a list of them. */
static void check_value(struct referee *r, const struct schema_row *row, const struct node *n) {
    for (size_t i = 0; n->kind == NODE_LIST && i < n->count; i++) {
        const struct node *item = n->entries[i].value;
        if (item->kind == NODE_SCALAR && !item->refused && !node_is_empty(item))
            check_reference(r, row->refers, item->text, item->mark);
    }
    if (n->kind == NODE_SCALAR && !n->refused && !node_is_empty(n))
        check_reference(r, row->refers, n->text, n->mark);
}

static void check_everywhere(struct referee *r) {
    char path[NODE_PATH_MAX];
    struct node_walk w = node_walk_of((struct node *)(uintptr_t)r->root);
    while (node_walk_next(&w) && !is_full(r)) {
        const struct schema_row *row = schema_match(node_walk_path(&w, path, sizeof path));
        if (row == NULL) {
            node_walk_skip(&w);
            continue;
        }
        if (row->kind == SCHEMA_REFERENCE) {
            check_value(r, row, w.node);
            node_walk_skip(&w);
        }
        bool names_refer = row->kind == SCHEMA_NAMED && row->refers != NULL && w.node->kind == NODE_MAP;
        for (size_t i = 0; names_refer && i < w.node->count; i++)
            check_reference(r, row->refers, w.node->entries[i].key, w.node->entries[i].key_mark);
    }
}

/* The timeline's entries by number, with the entry that each one waits for. */
struct line {
    const struct node *entry, *id;
    size_t same;  /* the first entry of the same id; its own number when it has none */
    size_t after; /* SIZE_MAX: none, or unknown */
    struct value_after named;
};

static size_t line_of(const struct line *lines, size_t count, const char *id) {
    for (size_t i = 0; i < count; i++)
        if (lines[i].id != NULL && strcmp(lines[i].id->text, id) == 0)
            return i;
    return SIZE_MAX;
}

static void read_line(struct line *l, const struct node *entry) {
    char why[VALUE_WHY_MAX];
    const struct node *id = node_get(entry, "id");
    const char *after = node_text(node_get(entry, "after"));
    l->entry = entry;
    l->id = node_text(id) == NULL || node_is_empty(id) ? NULL : id;
    if (after == NULL || value_after(after, &l->named, why) != 0)
        l->named.id[0] = '\0';
}

static struct line *read_lines(const struct node *timeline) {
    struct line *lines = calloc(timeline->count + 1, sizeof *lines);
    CHECK(lines != NULL);
    for (size_t i = 0; i < timeline->count; i++)
        read_line(&lines[i], timeline->entries[i].value);
    for (size_t i = 0; i < timeline->count; i++) {
        const char *named = lines[i].named.id;
        lines[i].same = lines[i].id == NULL ? i : line_of(lines, timeline->count, lines[i].id->text);
        lines[i].after = named[0] == '\0' ? SIZE_MAX : line_of(lines, timeline->count, named);
    }
    return lines;
}

/* Follows `after` from entry `start`; true when it comes back to it. Every entry on a loop finds it, so loops further on are left
 * to them. */
static bool leads_back(const struct line *lines, size_t count, size_t start) {
    size_t at = start;
    for (size_t steps = 0; steps <= count && at != SIZE_MAX; steps++) {
        at = lines[at].after;
        if (at == start)
            return true;
    }
    return false;
}

static void report_loop(struct referee *r, const struct line *lines, size_t start, struct diagnostic_mark mark) {
    struct text chain = {0};
    size_t at = start;
    text_append(&chain, lines[start].id->text);
    for (int shown = 0; shown < SHOWN_MAX && (shown == 0 || at != start); shown++) {
        at = lines[at].after;
        text_printf(&chain, " → %s", lines[at].id->text);
    }
    diagnostic_add(r->list, "E307", mark, "these entries wait for each other: %s%s", text_get(&chain),
                   at == start ? "" : " → …");
    text_free(&chain);
}

static void check_after(struct referee *r, const struct line *lines, size_t count, size_t i) {
    const char *named = lines[i].named.id;
    if (named[0] == '\0')
        return;
    struct diagnostic_mark mark = node_mark_within(node_get(lines[i].entry, "after"), 0, strlen(named));
    if (lines[i].after == SIZE_MAX) {
        struct names ids = {.refers = "ids"};
        for (size_t k = 0; k < count; k++)
            if (lines[k].id != NULL)
                add_name(&ids, lines[k].id->text);
        sort_names(&ids);
        struct diagnostic *d = diagnostic_add(r->list, "E304", mark, "no entry of the timeline has the id '%s'", named);
        help_with_names(d, named, &ids, "ids");
        free(ids.names);
        return;
    }
    if (node_get(lines[lines[i].after].entry, "when") != NULL)
        diagnostic_help(diagnostic_add(r->list, "E306", mark,
                                       "'%s' happens to each device at its own time; nothing can come after it", named),
                        "use 'at', or 'after' an entry without 'when'");
    if (lines[i].id != NULL && leads_back(lines, count, i))
        report_loop(r, lines, i, mark);
}

static void check_timeline(struct referee *r) {
    const struct node *timeline = node_get(r->root, "timeline");
    if (timeline == NULL || timeline->kind != NODE_LIST)
        return;
    struct line *lines = read_lines(timeline);
    for (size_t i = 0; i < timeline->count && !is_full(r); i++) {
        if (lines[i].same != i)
            diagnostic_help(
                diagnostic_add(r->list, "E305", lines[i].id->mark, "the id '%s' is there twice", lines[i].id->text),
                "the first one is at line %d", lines[lines[i].same].id->mark.line);
        check_after(r, lines, timeline->count, i);
    }
    free(lines);
}

/* Which key of a fleet or its parts names things of a section. */
static const struct {
    const char *section, *key;
} users[] = {{"profiles", "profile"}, {"networks", "network"}, {"identities", "identity"}};

static void collect_used(const struct node *fleets, const char *key, struct names *used) {
    for (size_t i = 0; i < fleets->count; i++) {
        const struct node *fleet = fleets->entries[i].value;
        const char *text = node_text(node_get(fleet, key));
        if (text != NULL)
            add_name(used, text);
        if (strcmp(key, "profile") == 0)
            add_keys(used, node_get(fleet, "mix"));
    }
    sort_names(used);
}

/* Networks that devices roam to are used as well. */
static void collect_roamed(const struct node *root, struct names *used) {
    const struct node *timeline = node_get(root, "timeline");
    for (size_t i = 0; timeline != NULL && timeline->kind == NODE_LIST && i < timeline->count; i++) {
        const char *to = node_text(node_get(timeline->entries[i].value, "to"));
        if (to != NULL)
            add_name(used, to);
    }
    sort_names(used);
}

/* Only what the scenario's own file defines: included files offer more than one scenario needs. */
static void warn_unused(struct referee *r) {
    const struct node *fleets = node_get(r->root, "fleets");
    for (size_t s = 0; s < COUNT_OF(users) && fleets != NULL && fleets->kind == NODE_MAP; s++) {
        const struct node *map = node_get(r->root, users[s].section);
        struct names used = {.refers = users[s].section};
        collect_used(fleets, users[s].key, &used);
        if (strcmp(users[s].key, "network") == 0)
            collect_roamed(r->root, &used);
        for (size_t i = 0; map != NULL && map->kind == NODE_MAP && i < map->count && !is_full(r); i++) {
            const struct node_entry *e = &map->entries[i];
            if (e->key_mark.file == r->root->mark.file && !e->value->inherited && !has_name(&used, e->key))
                diagnostic_help(
                    diagnostic_add(r->list, "W301", e->key_mark, "%s.%s is used by no fleet", users[s].section, e->key),
                    "name it in a fleet's '%s', or remove it", users[s].key);
        }
        free(used.names);
    }
}

void validate_references(const struct node *root, struct diagnostic_list *list) {
    struct referee r = {.root = root, .list = list};
    check_everywhere(&r);
    check_timeline(&r);
    if (list->errors == 0) /* a misspelt name makes the right one look unused */
        warn_unused(&r);
    for (size_t i = 0; i < r.kind_count; i++)
        free(r.kinds[i].names);
}
