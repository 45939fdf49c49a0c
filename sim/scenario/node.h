/* The tree of a scenario: maps, lists and scalars, each with the place it came from. Built by load, changed by merge, read by all.
 *
 * A tree owns its strings and children; file names in marks are borrowed from the diagnostic_list used for loading. Depth is at
 * most NODE_DEPTH_MAX, so that every walk fits a fixed stack. */
#ifndef MUSTER_SCENARIO_NODE_H
#define MUSTER_SCENARIO_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "scenario/diagnostic.h"

enum { NODE_DEPTH_MAX = 32, NODE_PATH_MAX = 512 };

enum node_kind { NODE_MAP, NODE_LIST, NODE_SCALAR };
enum node_style { NODE_PLAIN, NODE_QUOTED, NODE_BLOCK }; /* scalars: plain · 'x' or "x" · | or > */

struct node;

struct node_entry {
    char *key;                       /* maps: the key; lists: NULL */
    struct diagnostic_mark key_mark; /* maps only */
    struct node *value;              /* never NULL */
};

struct node {
    enum node_kind kind;
    enum node_style style;
    bool from_flag; /* set with --set */
    bool secret;    /* a scalar that contains ${secret.X}: never shown resolved */
    bool flow;      /* map or list written as { } or [ ] */
    bool refused;   /* stands for something whose error is reported already: later passes look past it */
    bool inherited; /* another entry extends it */
    char *text;     /* scalars: NUL-terminated; "" for an empty (null) one */
    struct diagnostic_mark mark;
    struct node_entry *entries; /* maps in file order, keys unique; lists */
    size_t count, room;
};

struct node *node_new(enum node_kind kind, struct diagnostic_mark mark); /* a scalar starts as "" */
struct node *node_scalar(const char *text, enum node_style style, struct diagnostic_mark mark);
void node_free(struct node *n); /* the whole tree; NULL is ignored */
struct node *node_copy(const struct node *n);
void node_set_text(struct node *n, const char *text);

/* Appends; takes ownership of `value`. `key` is copied (NULL for lists) and must not be there yet. */
void node_add(struct node *parent, const char *key, struct diagnostic_mark key_mark, struct node *value);
/* Replaces or appends. */
void node_put(struct node *map, const char *key, struct diagnostic_mark key_mark, struct node *value);
void node_remove(struct node *map, const char *key);

/* NULL-tolerant reads: a NULL or non-map `map` has no keys. */
struct node *node_get(const struct node *map, const char *key);
const struct node_entry *node_entry_of(const struct node *map, const char *key);
/* "fleets.meters.count"; a number selects a list item. NULL when a step is missing. Keys with dots cannot be reached. */
struct node *node_at(const struct node *root, const char *path);
/* A scalar's text, or NULL when n is NULL or no scalar. */
const char *node_text(const struct node *n);
bool node_is_empty(const struct node *n);         /* NULL, or an empty plain scalar, `null` or `~` */
const char *node_kind_name(const struct node *n); /* "a map", "a list", "a value" */

/* Pre-order walk without recursion.
 *     struct node_walk w = node_walk_of(root);
 *     while (node_walk_next(&w)) … w.node, w.key, w.depth …
 * Children of the node just visited are skipped after node_walk_skip. The tree's shape may not change during a walk. */
struct node_walk {
    struct node *node;              /* the visited node */
    const struct node_entry *entry; /* its entry in the parent; NULL at the root */
    int depth;                      /* 0 at the root */
    bool descend;
    struct {
        struct node *node;
        size_t next;
    } stack[NODE_DEPTH_MAX + 1];
    int top;
};
struct node_walk node_walk_of(struct node *root);
bool node_walk_next(struct node_walk *w);
void node_walk_skip(struct node_walk *w);
/* The path of the visited node, "timeline.2.who"; cut at `size`. */
char *node_walk_path(const struct node_walk *w, char *path, size_t size);

/* The place of text[offset … offset + size) within a scalar, when it can be told; else the scalar's. */
struct diagnostic_mark node_mark_within(const struct node *n, size_t offset, size_t size);

/* "storm.yaml:23" or the flag: where the value was set. Returns `text`. */
char *node_origin(const struct node *n, char *text, size_t size);

#endif
