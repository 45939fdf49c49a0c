#include "scenario/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/suggest.h"
#include "scenario/schema.h"

enum { SIBLINGS_MAX = 256 };

/* Moves the entries of `over` one by one; maps on both sides are pushed and merged later. */
void merge_over(struct node *under, struct node *over) {
    struct {
        struct node *under, *over;
    } stack[NODE_DEPTH_MAX + 1];
    int top = 0;
    stack[top].under = under;
    stack[top++].over = over;
    while (top > 0) {
        struct node *from = stack[top - 1].over, *to = stack[top - 1].under;
        if (from->count == 0) {
            node_free(from);
            top--;
            continue;
        }
        struct node_entry e = from->entries[0];
        memmove(from->entries, from->entries + 1, --from->count * sizeof *from->entries);
        struct node *old = node_get(to, e.key);
        if (old != NULL && old->kind == NODE_MAP && e.value->kind == NODE_MAP) {
            CHECK(top <= NODE_DEPTH_MAX);
            stack[top].under = old;
            stack[top++].over = e.value;
        } else {
            node_put(to, e.key, e.key_mark, e.value);
        }
        free(e.key);
    }
}

/* Keys of which a map may have one. */
static const char *const exclusive[][2] = {{"profile", "mix"}};

static bool excluded(const struct node *child, const char *key) {
    for (size_t i = 0; i < COUNT_OF(exclusive); i++)
        for (int k = 0; k < 2; k++)
            if (strcmp(key, exclusive[i][k]) == 0 && node_get(child, exclusive[i][1 - k]) != NULL)
                return true;
    return false;
}

void merge_under(struct node *child, const struct node *parent) {
    struct {
        struct node *child;
        const struct node *parent;
        size_t next;
    } stack[NODE_DEPTH_MAX + 1];
    int top = 0;
    stack[top].child = child;
    stack[top].next = 0;
    stack[top++].parent = parent;
    while (top > 0) {
        struct node *to = stack[top - 1].child;
        const struct node *from = stack[top - 1].parent;
        if (stack[top - 1].next == from->count) {
            top--;
            continue;
        }
        const struct node_entry *e = &from->entries[stack[top - 1].next++];
        struct node *own = node_get(to, e->key);
        if (own == NULL && !excluded(to, e->key)) {
            node_add(to, e->key, e->key_mark, node_copy(e->value));
        } else if (own != NULL && own->kind == NODE_MAP && e->value->kind == NODE_MAP) {
            CHECK(top <= NODE_DEPTH_MAX);
            stack[top].child = own;
            stack[top].next = 0;
            stack[top++].parent = e->value;
        }
    }
}

/* A flag as a source: its name shows the path, its text is what the user wrote. */
struct flag {
    const char *name, *text;
    size_t path_size;
};

static struct diagnostic_mark place(const struct flag *f, size_t start, size_t size) {
    return (struct diagnostic_mark){f->name, 1, (int)start + 1, size < 1 ? 1 : (int)size};
}

static const char *nearest_sibling(const struct node *at, const char *word) {
    const char *names[SIBLINGS_MAX];
    size_t count = 0;
    for (size_t i = 0; at->kind == NODE_MAP && i < at->count && count < SIBLINGS_MAX; i++)
        names[count++] = at->entries[i].key;
    return suggest_nearest(word, names, count);
}

static struct diagnostic *report_missing(const struct flag *f, const struct node *at, size_t start, size_t size,
                                         struct diagnostic_list *list) {
    char word[NODE_PATH_MAX];
    memcpy(word, f->text + start, size);
    word[size] = '\0';
    struct diagnostic *d = diagnostic_add(list, "E119", place(f, start, size), "'%s' is not in the scenario", word);
    diagnostic_suggest(d, nearest_sibling(at, word));
    return d;
}

/* A flag may define a further fleet; one whose name is nearly that of another is a slip. */
static void warn_of_slip(const struct flag *f, const struct node *at, size_t start, const char *part,
                         struct diagnostic_list *list) {
    char path[NODE_PATH_MAX];
    snprintf(path, sizeof path, "%.*s", (int)(start + strlen(part)), f->text);
    const struct schema_row *row = schema_match(path);
    const char *near = nearest_sibling(at, part);
    if (near == NULL || row == NULL || strcmp(schema_last(row), "*") != 0)
        return;
    struct diagnostic *d = diagnostic_add(list, "W201", place(f, start, strlen(part)), "this adds '%s' to %.*s", part,
                                          (int)start - 1, f->text);
    diagnostic_suggest(d, near);
}

static struct node *list_item(const struct node *n, const char *part) {
    char *end;
    unsigned long index = strtoul(part, &end, 10);
    return part[0] >= '0' && part[0] <= '9' && *end == '\0' && index < n->count ? n->entries[index].value : NULL;
}

/* Replaces the item of a list; lists do not grow by flags, because their items have no names. */
static bool put_item(struct node *items, const char *part, struct node *value) {
    struct node *old = list_item(items, part);
    for (size_t i = 0; old != NULL && i < items->count; i++) {
        if (items->entries[i].value != old)
            continue;
        node_free(old);
        items->entries[i].value = value;
        return true;
    }
    return false;
}

/* The container that holds the path's last part; maps on the way are made when `create`. `last` is where that part starts. */
static struct node *walk_to_parent(struct node *root, const struct flag *f, bool create, struct diagnostic_list *list,
                                   size_t *last) {
    struct node *at = root;
    size_t start = 0;
    for (int depth = 1;; depth++) {
        char part[NODE_PATH_MAX];
        size_t size = strcspn(f->text + start, ".=");
        if (start + size > f->path_size)
            size = f->path_size - start;
        if (size == 0 || size >= sizeof part || depth >= NODE_DEPTH_MAX / 2) {
            diagnostic_help(diagnostic_add(list, "E119", place(f, start, 1), "this path cannot be followed"),
                            "write keys with dots between them: fleets.meters.count");
            return NULL;
        }
        *last = start;
        if (at->kind == NODE_SCALAR) {
            diagnostic_add(list, "E119", place(f, start, size), "'%.*s' is a value and has no keys below it",
                           (int)start - 1, f->text);
            return NULL;
        }
        if (start + size == f->path_size)
            return at;
        memcpy(part, f->text + start, size);
        part[size] = '\0';
        struct node *next = at->kind == NODE_MAP ? node_get(at, part) : list_item(at, part);
        if (next == NULL && create && at->kind == NODE_MAP) {
            warn_of_slip(f, at, start, part, list);
            next = node_new(NODE_MAP, place(f, start, size));
            next->from_flag = true;
            node_add(at, part, place(f, start, size), next);
        }
        if (next == NULL) {
            report_missing(f, at, start, size, list);
            return NULL;
        }
        at = next;
        start += size + 1;
    }
}

static void mark_from_flag(struct node *value) {
    struct node_walk w = node_walk_of(value);
    while (node_walk_next(&w))
        w.node->from_flag = true;
}

static bool too_deep(struct node *value) {
    struct node_walk w = node_walk_of(value);
    while (node_walk_next(&w))
        if (w.depth >= NODE_DEPTH_MAX / 2)
            return true;
    return false;
}

static void set(struct node *root, const struct flag *f, struct diagnostic_list *list) {
    size_t last;
    if (f->text[f->path_size] != '=') {
        diagnostic_help(diagnostic_add(list, "E119", place(f, 0, f->path_size), "'=' is missing"),
                        "write --set path=value, for instance --set fleets.meters.count=500");
        return;
    }
    struct node *value = load_value(f->name, f->text, f->path_size + 1, list);
    struct node *parent = value == NULL ? NULL : walk_to_parent(root, f, true, list, &last);
    if (parent == NULL || too_deep(value)) {
        if (parent != NULL)
            diagnostic_add(list, "E106", value->mark, "nested deeper than %d levels", NODE_DEPTH_MAX / 2);
        node_free(value);
        return;
    }
    mark_from_flag(value);
    char *key = strndup(f->text + last, f->path_size - last);
    CHECK(key != NULL);
    if (parent->kind == NODE_MAP) {
        node_put(parent, key, place(f, last, f->path_size - last), value);
    } else if (!put_item(parent, key, value)) {
        report_missing(f, parent, last, f->path_size - last, list);
        node_free(value);
    }
    free(key);
}

static void unset(struct node *root, const struct flag *f, struct diagnostic_list *list) {
    size_t last;
    struct node *parent = walk_to_parent(root, f, false, list, &last);
    if (parent == NULL)
        return;
    const char *key = f->text + last;
    if (parent->kind == NODE_MAP && node_get(parent, key) != NULL) {
        node_remove(parent, key);
        return;
    }
    diagnostic_help(report_missing(f, parent, last, f->path_size - last, list), "%s",
                    parent->kind == NODE_LIST ? "items of lists have no names: replace the list with --set"
                                              : "--unset takes away what a file has set");
}

void merge_override(struct node *root, const struct load_override *o, struct diagnostic_list *list) {
    const char *option = o->kind == LOAD_SET ? "--set" : "--unset";
    size_t path_size = o->kind == LOAD_SET ? strcspn(o->text, "=") : strlen(o->text);
    if (strlen(o->text) > LOAD_FILE_MAX / 16 || path_size >= NODE_PATH_MAX) {
        diagnostic_add(list, "E119", (struct diagnostic_mark){0}, "the path or value of %s is too long", option);
        return;
    }
    char *name = text_format("%s %.*s", option, (int)path_size, o->text);
    struct flag f = {diagnostic_source(list, name, o->text, strlen(o->text)), o->text, path_size};
    free(name);
    if (o->kind == LOAD_SET)
        set(root, &f, list);
    else
        unset(root, &f, list);
}
