#include "backend/broker_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"

struct child_key {
    const struct broker_node *parent;
    struct bytes level;
};

static bool same_child(const struct broker_entry *e, const void *key) {
    const struct broker_node *n = (const struct broker_node *)e;
    const struct child_key *k = key;
    return n->parent == k->parent && bytes_equal(bytes_of(n->level, n->size), k->level);
}

static uint64_t child_hash(const struct child_key *k) {
    return hash_fold(hash_fnv1a64(k->level.data, k->level.size), k->parent->number);
}

static struct broker_node *child_of(const struct broker_tree *t, const struct broker_node *parent, struct bytes level) {
    struct child_key key = {parent, level};
    return (struct broker_node *)broker_table_find(&t->table, child_hash(&key), same_child, &key);
}

/* The level that begins at `at`; the next one begins at the returned offset, past the end after the last. */
static uint32_t cut_level(struct bytes path, uint32_t at, struct bytes *level) {
    const uint8_t *start = path.data + at;
    const uint8_t *slash = at < path.size ? memchr(start, '/', path.size - at) : NULL;
    size_t size = slash != NULL ? (size_t)(slash - start) : path.size - at;
    *level = bytes_of(start, size);
    return at + (uint32_t)size + 1;
}

static bool is_wildcard(struct bytes level, char which) {
    return level.size == 1 && level.data[0] == (uint8_t)which;
}

int broker_tree_init(struct broker_tree *t, struct pool *pool) {
    *t = (struct broker_tree){.pool = pool};
    broker_table_init(&t->table, pool);
    t->steps = calloc(BROKER_TREE_LEVELS_MAX + 2, sizeof *t->steps);
    t->root = pool_take(pool, sizeof *t->root);
    if (t->steps == NULL || t->root == NULL) {
        broker_tree_free(t);
        return ERR_NO_MEMORY;
    }
    memset(t->root, 0, sizeof *t->root);
    return 0;
}

void broker_tree_free(struct broker_tree *t) {
    struct broker_node *n = t->root;
    while (n != NULL) {
        if (n->first_child != NULL) {
            n = n->first_child;
            continue;
        }
        struct broker_node *next = n->next != NULL ? n->next : n->parent;
        if (n->parent != NULL)
            n->parent->first_child = n->next;
        pool_give(t->pool, n, sizeof *n + n->size);
        n = next;
    }
    broker_table_free(&t->table);
    free(t->steps);
    *t = (struct broker_tree){.pool = t->pool};
}

struct broker_node *broker_tree_find(const struct broker_tree *t, struct bytes path) {
    struct broker_node *n = t->root;
    struct bytes level;
    for (uint32_t at = 0; n != NULL && at <= path.size;) {
        at = cut_level(path, at, &level);
        n = child_of(t, n, level);
    }
    return n;
}

static struct broker_node *add_child(struct broker_tree *t, struct broker_node *parent, struct bytes level) {
    struct broker_node *n = pool_take(t->pool, sizeof *n + level.size);
    if (n == NULL)
        return NULL;
    memset(n, 0, sizeof *n);
    n->parent = parent;
    n->number = ++t->numbers;
    n->size = (uint16_t)level.size;
    if (level.size > 0)
        memcpy(n->level, level.data, level.size);
    struct child_key key = {parent, level};
    if (broker_table_add(&t->table, &n->entry, child_hash(&key)) < 0) {
        pool_give(t->pool, n, sizeof *n + level.size);
        return NULL;
    }
    n->previous = parent->last_child;
    *(n->previous != NULL ? &n->previous->next : &parent->first_child) = n;
    parent->last_child = n;
    parent->has_plus |= is_wildcard(level, '+');
    parent->has_hash |= is_wildcard(level, '#');
    return n;
}

struct broker_node *broker_tree_make(struct broker_tree *t, struct bytes path) {
    struct broker_node *n = t->root;
    struct bytes level;
    for (uint32_t at = 0; at <= path.size;) {
        at = cut_level(path, at, &level);
        struct broker_node *child = child_of(t, n, level);
        if (child == NULL)
            child = add_child(t, n, level);
        if (child == NULL) {
            broker_tree_prune(t, n);
            return NULL;
        }
        n = child;
    }
    return n;
}

static bool is_bare(const struct broker_node *n) {
    return n->first_child == NULL && n->first == NULL && n->last == NULL && n->groups == NULL;
}

void broker_tree_prune(struct broker_tree *t, struct broker_node *n) {
    while (n->parent != NULL && is_bare(n)) {
        struct broker_node *parent = n->parent;
        struct bytes level = bytes_of(n->level, n->size);
        if (is_wildcard(level, '+'))
            parent->has_plus = false;
        if (is_wildcard(level, '#'))
            parent->has_hash = false;
        *(n->previous != NULL ? &n->previous->next : &parent->first_child) = n->next;
        *(n->next != NULL ? &n->next->previous : &parent->last_child) = n->previous;
        broker_table_remove(&t->table, &n->entry);
        pool_give(t->pool, n, sizeof *n + n->size);
        n = parent;
    }
}

struct broker_node *broker_tree_after(const struct broker_node *n) {
    if (n->first_child != NULL)
        return n->first_child;
    while (n != NULL && n->next == NULL)
        n = n->parent;
    return n == NULL ? NULL : n->next;
}

/* --- filters that match a name ------------------------------------------------------------------------------------- */

struct broker_tree_walk broker_tree_matching(struct broker_tree *t, struct bytes topic) {
    struct broker_tree_walk w = {.tree = t, .text = topic, .depth = 1};
    t->steps[0] = (struct broker_tree_step){t->root, 0};
    return w;
}

static void push(struct broker_tree_walk *w, struct broker_node *n, uint32_t at) {
    /* Each step that is taken off puts back at most two, one of them a level deeper: a stack of one step per level is enough. */
    CHECK(w->depth < BROKER_TREE_LEVELS_MAX + 2);
    w->tree->steps[w->depth++] = (struct broker_tree_step){n, at};
}

struct broker_node *broker_tree_next_matching(struct broker_tree_walk *w) {
    static const uint8_t plus = '+', hash = '#';
    if (w->pending != NULL) {
        struct broker_node *n = w->pending;
        w->pending = NULL;
        return n;
    }
    while (w->depth > 0) {
        struct broker_tree_step step = w->tree->steps[--w->depth];
        bool hidden = step.node == w->tree->root && w->text.size > 0 && w->text.data[0] == '$';
        /* "a/#" matches "a" too, so the multi-level wildcard is looked at before the end of the name. */
        struct broker_node *all =
            step.node->has_hash && !hidden ? child_of(w->tree, step.node, bytes_of(&hash, 1)) : NULL;
        if (step.at > w->text.size) {
            w->pending = all;
            return step.node;
        }
        struct bytes level;
        uint32_t rest = cut_level(w->text, step.at, &level);
        struct broker_node *any =
            step.node->has_plus && !hidden ? child_of(w->tree, step.node, bytes_of(&plus, 1)) : NULL;
        struct broker_node *same =
            is_wildcard(level, '+') || is_wildcard(level, '#') ? NULL : child_of(w->tree, step.node, level);
        if (any != NULL)
            push(w, any, rest);
        if (same != NULL)
            push(w, same, rest);
        if (all != NULL)
            return all;
    }
    return NULL;
}

/* --- names that a filter matches ----------------------------------------------------------------------------------- */

/* steps[d] is the node whose children are tried for the filter's level d, w->pending the last of them that was. A level "+"
 * tries all children, any other the one that is equal; "#" takes w->top with the whole subtree below it. */
struct broker_tree_walk broker_tree_matched(struct broker_tree *t, struct bytes filter) {
    t->steps[0] = (struct broker_tree_step){t->root, 0};
    return (struct broker_tree_walk){.tree = t, .text = filter, .depth = 0};
}

static bool hidden_from(const struct broker_tree_walk *w, const struct broker_node *n) {
    return n->parent == w->tree->root && n->size > 0 && n->level[0] == '$';
}

/* The next child of `parent` after `last` (NULL: the first) that the level accepts. */
static struct broker_node *next_child(const struct broker_tree_walk *w, struct broker_node *parent,
                                      const struct broker_node *last, struct bytes level) {
    if (!is_wildcard(level, '+'))
        return last == NULL ? child_of(w->tree, parent, level) : NULL;
    struct broker_node *n = last == NULL ? parent->first_child : last->next;
    while (n != NULL && hidden_from(w, n))
        n = n->next;
    return n;
}

/* The next node of the subtree below w->top, parents first. "#" alone passes over what begins with '$'. */
static struct broker_node *next_below(struct broker_tree_walk *w) {
    struct broker_node *n = w->at;
    if (n->first_child != NULL) {
        n = n->first_child;
    } else {
        while (n != w->top && n->next == NULL)
            n = n->parent;
        n = n == w->top ? NULL : n->next;
    }
    while (n != NULL && hidden_from(w, n))
        n = n->next;
    w->at = n;
    return n;
}

/* Leaves a level whose candidates are used up; false when it was the first. */
static bool go_up(struct broker_tree_walk *w) {
    w->pending = w->tree->steps[w->depth].node;
    return w->depth-- > 0;
}

struct broker_node *broker_tree_next_matched(struct broker_tree_walk *w) {
    struct broker_tree_step *steps = w->tree->steps;
    for (;;) {
        if (w->top != NULL) {
            struct broker_node *n = next_below(w);
            if (n != NULL)
                return n;
            w->top = NULL;
            if (!go_up(w))
                return NULL;
        }
        struct broker_node *parent = steps[w->depth].node;
        struct bytes level;
        uint32_t rest = cut_level(w->text, steps[w->depth].at, &level);
        if (is_wildcard(level, '#')) {
            w->top = w->at = parent;
            if (parent != w->tree->root)
                return parent; /* "a/#" takes "a" as well */
            continue;
        }
        struct broker_node *child = next_child(w, parent, w->pending, level);
        w->pending = NULL;
        if (child == NULL) {
            if (!go_up(w))
                return NULL;
        } else if (rest > w->text.size) {
            w->pending = child;
            return child;
        } else {
            steps[++w->depth] = (struct broker_tree_step){child, rest};
        }
    }
}
