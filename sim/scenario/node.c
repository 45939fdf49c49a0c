#include "scenario/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct node *node_new(enum node_kind kind, struct diagnostic_mark mark) {
    struct node *n = calloc(1, sizeof *n);
    CHECK(n != NULL);
    n->kind = kind;
    n->mark = mark;
    if (kind == NODE_SCALAR)
        n->text = text_dup("");
    return n;
}

struct node *node_scalar(const char *text, enum node_style style, struct diagnostic_mark mark) {
    struct node *n = node_new(NODE_SCALAR, mark);
    n->style = style;
    node_set_text(n, text);
    return n;
}

void node_set_text(struct node *n, const char *text) {
    CHECK(n->kind == NODE_SCALAR);
    char *copy = text_dup(text);
    free(n->text);
    n->text = copy;
}

static void free_shell(struct node *n) {
    free(n->entries);
    free(n->text);
    free(n);
}

/* Children leave their parent from the end, so the stack of open parents is all the state there is. */
void node_free(struct node *n) {
    struct node *stack[NODE_DEPTH_MAX + 2];
    int top = 0;
    if (n == NULL)
        return;
    stack[top++] = n;
    while (top > 0) {
        struct node *at = stack[top - 1];
        if (at->count == 0) {
            free_shell(at);
            top--;
            continue;
        }
        struct node_entry *last = &at->entries[--at->count];
        free(last->key);
        CHECK(top < NODE_DEPTH_MAX + 2);
        stack[top++] = last->value;
    }
}

static struct node *copy_shell(const struct node *n) {
    struct node *c = node_new(n->kind, n->mark);
    c->style = n->style;
    c->from_flag = n->from_flag;
    c->secret = n->secret;
    c->flow = n->flow;
    c->refused = n->refused;
    c->inherited = n->inherited;
    if (n->kind == NODE_SCALAR)
        node_set_text(c, n->text);
    return c;
}

static void append(struct node *parent, const char *key, struct diagnostic_mark key_mark, struct node *value) {
    if (parent->count == parent->room) {
        size_t room = parent->room == 0 ? 8 : parent->room * 2;
        struct node_entry *grown = realloc(parent->entries, room * sizeof *grown);
        CHECK(grown != NULL);
        parent->entries = grown;
        parent->room = room;
    }
    parent->entries[parent->count++] = (struct node_entry){key == NULL ? NULL : text_dup(key), key_mark, value};
}

struct node *node_copy(const struct node *n) {
    struct {
        const struct node *from;
        struct node *to;
    } stack[NODE_DEPTH_MAX + 2];
    int top = 0;
    struct node *root = copy_shell(n);
    stack[top].from = n;
    stack[top++].to = root;
    while (top > 0) {
        const struct node *from = stack[top - 1].from;
        struct node *to = stack[top - 1].to;
        if (to->count == from->count) {
            top--;
            continue;
        }
        const struct node_entry *e = &from->entries[to->count];
        struct node *child = copy_shell(e->value);
        append(to, e->key, e->key_mark, child);
        CHECK(top < NODE_DEPTH_MAX + 2);
        stack[top].from = e->value;
        stack[top++].to = child;
    }
    return root;
}

void node_add(struct node *parent, const char *key, struct diagnostic_mark key_mark, struct node *value) {
    CHECK(parent->kind == (key == NULL ? NODE_LIST : NODE_MAP));
    append(parent, key, key_mark, value);
}

void node_put(struct node *map, const char *key, struct diagnostic_mark key_mark, struct node *value) {
    for (size_t i = 0; i < map->count; i++) {
        struct node_entry *e = &map->entries[i];
        if (strcmp(e->key, key) != 0)
            continue;
        node_free(e->value);
        e->value = value;
        e->key_mark = key_mark;
        return;
    }
    node_add(map, key, key_mark, value);
}

void node_remove(struct node *map, const char *key) {
    for (size_t i = 0; i < map->count; i++) {
        struct node_entry *e = &map->entries[i];
        if (strcmp(e->key, key) != 0)
            continue;
        free(e->key);
        node_free(e->value);
        memmove(e, e + 1, (map->count - i - 1) * sizeof *e);
        map->count--;
        return;
    }
}

const struct node_entry *node_entry_of(const struct node *map, const char *key) {
    if (map == NULL || map->kind != NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->entries[i].key, key) == 0)
            return &map->entries[i];
    return NULL;
}

struct node *node_get(const struct node *map, const char *key) {
    const struct node_entry *e = node_entry_of(map, key);
    return e == NULL ? NULL : e->value;
}

static struct node *step_into(const struct node *n, const char *part) {
    if (n->kind == NODE_MAP)
        return node_get(n, part);
    if (n->kind == NODE_LIST && part[0] >= '0' && part[0] <= '9') {
        char *end;
        unsigned long index = strtoul(part, &end, 10);
        return *end == '\0' && index < n->count ? n->entries[index].value : NULL;
    }
    return NULL;
}

struct node *node_at(const struct node *root, const char *path) {
    struct node *found = NULL;
    const struct node *n = root;
    while (n != NULL) {
        size_t size = strcspn(path, ".");
        char part[NODE_PATH_MAX];
        if (size >= sizeof part)
            return NULL;
        memcpy(part, path, size);
        part[size] = '\0';
        n = found = step_into(n, part);
        if (path[size] == '\0')
            break;
        path += size + 1;
    }
    return found;
}

const char *node_text(const struct node *n) {
    return n != NULL && n->kind == NODE_SCALAR ? n->text : NULL;
}

bool node_is_empty(const struct node *n) {
    if (n == NULL)
        return true;
    return n->kind == NODE_SCALAR && n->style == NODE_PLAIN &&
           (n->text[0] == '\0' || strcmp(n->text, "null") == 0 || strcmp(n->text, "~") == 0);
}

const char *node_kind_name(const struct node *n) {
    static const char *const names[] = {"a map", "a list", "a value"};
    return names[n->kind];
}

struct node_walk node_walk_of(struct node *root) {
    struct node_walk w = {.depth = -1, .top = 0};
    w.stack[0].node = root;
    return w;
}

/* depth −1: nothing visited yet. `descend` is cleared by node_walk_skip. */
bool node_walk_next(struct node_walk *w) {
    if (w->depth < 0) {
        w->node = w->stack[0].node;
        w->depth = 0;
        w->descend = true;
        return w->node != NULL;
    }
    if (w->descend && w->node->count > 0) {
        if (w->depth > 0) {
            CHECK(w->top < NODE_DEPTH_MAX);
            w->stack[++w->top].node = w->node;
        }
        w->stack[w->top].next = 0;
    } else if (w->depth == 0) {
        return false;
    }
    while (w->stack[w->top].next == w->stack[w->top].node->count) {
        if (w->top == 0)
            return false;
        w->top--;
    }
    struct node *parent = w->stack[w->top].node;
    w->entry = &parent->entries[w->stack[w->top].next++];
    w->node = w->entry->value;
    w->depth = w->top + 1;
    w->descend = true;
    return true;
}

void node_walk_skip(struct node_walk *w) {
    w->descend = false;
}

char *node_walk_path(const struct node_walk *w, char *path, size_t size) {
    size_t used = 0;
    path[0] = '\0';
    for (int i = 0; i < w->depth && used < size; i++) {
        size_t index = w->stack[i].next - 1;
        const struct node_entry *e = &w->stack[i].node->entries[index];
        const char *dot = i == 0 ? "" : ".";
        int wrote = e->key != NULL ? snprintf(path + used, size - used, "%s%s", dot, e->key)
                                   : snprintf(path + used, size - used, "%s%zu", dot, index);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    return path;
}

static int characters(const char *s, size_t size) {
    int count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)s[i] & 0xc0) != 0x80;
    return count;
}

/* Escapes, folded lines and replaced variables make the source differ from the text; then the lengths differ too. */
struct diagnostic_mark node_mark_within(const struct node *n, size_t offset, size_t size) {
    struct diagnostic_mark m = n->mark;
    int quotes = n->style == NODE_QUOTED ? 2 : 0;
    size_t all = strlen(n->text);
    if (n->style == NODE_BLOCK || offset > all || m.length != characters(n->text, all) + quotes)
        return m;
    m.column += quotes / 2 + characters(n->text, offset);
    m.length = characters(n->text + offset, size < all - offset ? size : all - offset);
    if (m.length < 1)
        m.length = 1;
    return m;
}

char *node_origin(const struct node *n, char *text, size_t size) {
    if (n->from_flag)
        snprintf(text, size, "%s", n->mark.file == NULL ? "flag" : n->mark.file);
    else
        snprintf(text, size, "%s:%d", n->mark.file == NULL ? "?" : n->mark.file, n->mark.line);
    return text;
}
