/* Topics and topic filters as a tree of levels (MQTT 4.7): one node per level, children found through one hash table and
 * kept in the order in which they came, so that every walk has the same order on every machine. Used twice: filters with
 * their subscriptions, and topic names with their retained messages.
 *
 * No recursion: a topic of 65,535 slashes costs 65,536 nodes and no stack. */
#ifndef MUSTER_BACKEND_BROKER_TREE_H
#define MUSTER_BACKEND_BROKER_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/broker_table.h"
#include "base/bytes.h"

struct broker_subscription;
struct broker_group;
struct broker_message;

enum { BROKER_TREE_LEVELS_MAX = 65536 }; /* in a topic of 65,535 bytes */

struct broker_node {
    struct broker_entry entry; /* by parent and level */
    struct broker_node *parent, *first_child, *last_child, *next, *previous;
    union {
        struct {
            struct broker_subscription *first, *last; /* ordinary subscriptions, oldest first */
            struct broker_group *groups;              /* share groups, newest first */
        };
        struct {
            struct broker_message *retained;
            struct broker_node *sweep; /* next of those found expired */
        };
    };
    uint32_t number; /* unique in the tree: what children are hashed with */
    uint16_t size;
    bool has_plus, has_hash; /* a child "+", "#" */
    uint8_t level[];
};

struct broker_tree_step {
    struct broker_node *node;
    uint32_t at; /* matching: where the rest of the topic begins; size + 1 when it is used up */
};

struct broker_tree {
    struct pool *pool;
    struct broker_table table;
    struct broker_node *root;
    struct broker_tree_step *steps; /* BROKER_TREE_LEVELS_MAX + 2 of them; for one walk at a time */
    uint32_t numbers;
};

/* One walk; private. The tree must not change between first and last call. */
struct broker_tree_walk {
    struct broker_tree *tree;
    struct bytes text;
    uint32_t depth;
    struct broker_node *pending, *at, *top;
};

int broker_tree_init(struct broker_tree *t, struct pool *pool); /* ERR_NO_MEMORY */
/* Gives the nodes back; what hangs on them is the caller's. */
void broker_tree_free(struct broker_tree *t);
/* The node of a name or filter, taken literally; NULL when there is none. */
struct broker_node *broker_tree_find(const struct broker_tree *t, struct bytes path);
/* The same, made if need be; NULL when the pool is exhausted (nothing is left behind). */
struct broker_node *broker_tree_make(struct broker_tree *t, struct bytes path);
/* Frees the node if nothing hangs on it, and its ancestors for as long as that holds. */
void broker_tree_prune(struct broker_tree *t, struct broker_node *node);

/* All filter nodes that match a topic name; a filter that begins with a wildcard does not match a name that begins with '$'
 * (MQTT-4.7.2-1). */
struct broker_tree_walk broker_tree_matching(struct broker_tree *t, struct bytes topic);
struct broker_node *broker_tree_next_matching(struct broker_tree_walk *w); /* NULL at the end */
/* All name nodes that a filter matches. */
struct broker_tree_walk broker_tree_matched(struct broker_tree *t, struct bytes filter);
struct broker_node *broker_tree_next_matched(struct broker_tree_walk *w);
/* All nodes, parents first. */
struct broker_node *broker_tree_after(const struct broker_node *node);

#endif
