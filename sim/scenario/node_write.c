#include "scenario/node_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json_write.h"

/* Plain YAML scalars are written for texts that no reader could take for anything else. */
static bool is_plain(const char *s) {
    static const char *const reserved[] = {"null", "Null", "NULL", "~", "---", "..."};
    if (s[0] == '\0' ||
        strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./%+-=()") != strlen(s))
        return false;
    if (strchr("-=%", s[0]) != NULL)
        return false;
    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        if (strcmp(s, reserved[i]) == 0)
            return false;
    return true;
}

static void write_quoted(const char *s, struct text *out) {
    text_append(out, "\"");
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            text_printf(out, "\\%c", c);
        else if (c == '\n')
            text_append(out, "\\n");
        else if (c == '\t')
            text_append(out, "\\t");
        else if (c < 0x20 || c == 0x7f)
            text_printf(out, "\\x%02X", c);
        else
            text_append_n(out, s, 1);
    }
    text_append(out, "\"");
}

static void write_scalar(const char *s, struct text *out) {
    if (is_plain(s))
        text_append(out, s);
    else
        write_quoted(s, out);
}

static void write_origin(const struct node *n, struct text *out) {
    char origin[NODE_PATH_MAX];
    text_append(out, "  # ");
    node_origin(n, origin, sizeof origin);
    text_append_safe(out, origin, strlen(origin), sizeof origin);
}

/* A map or list inside a list starts on the line of its dash. */
void node_write_yaml(const struct node *root, bool with_origin, struct text *out) {
    struct node_walk w = node_walk_of((struct node *)root);
    bool on_dash = false;
    if (root->count == 0)
        text_append(out, root->kind == NODE_MAP ? "{}\n" : "[]\n");
    while (node_walk_next(&w)) {
        if (w.depth == 0)
            continue;
        if (!on_dash)
            for (int i = 1; i < w.depth; i++)
                text_append(out, "  ");
        on_dash = false;
        if (w.entry->key != NULL) {
            write_scalar(w.entry->key, out);
            text_append(out, ":");
        } else {
            text_append(out, "-");
        }
        if (w.node->kind == NODE_SCALAR) {
            text_append(out, " ");
            if (node_is_empty(w.node))
                text_append(out, "null");
            else
                write_scalar(w.node->text, out);
            if (with_origin)
                write_origin(w.node, out);
        } else if (w.node->count == 0) {
            text_append(out, w.node->kind == NODE_MAP ? " {}" : " []");
        } else if (w.entry->key == NULL) {
            text_append(out, " ");
            on_dash = true;
            continue;
        }
        text_append(out, "\n");
    }
}

static int by_key(const void *a, const void *b) {
    return strcmp(((const struct node_entry *)a)->key, ((const struct node_entry *)b)->key);
}

static bool listed(const char *key, const char *const *names) {
    for (; names != NULL && *names != NULL; names++)
        if (strcmp(key, *names) == 0)
            return true;
    return false;
}

static void drop_notes(struct node *map, const char *const *leave_out) {
    size_t i = 0;
    while (i < map->count) {
        const char *key = map->entries[i].key;
        if (text_has_prefix(key, "x-") || listed(key, leave_out))
            node_remove(map, key);
        else
            i++;
    }
}

static void open_node(struct json_write *w, const struct node *n) {
    if (n->kind == NODE_MAP)
        json_write_open_object(w);
    else if (n->kind == NODE_LIST)
        json_write_open_array(w);
    else if (node_is_empty(n))
        json_write_null(w);
    else
        json_write_string(w, n->text);
}

static void close_node(struct json_write *w, enum node_kind kind) {
    if (kind == NODE_MAP)
        json_write_close_object(w);
    else if (kind == NODE_LIST)
        json_write_close_array(w);
}

void node_write_canonical(const struct node *root, const char *const *leave_out, struct text *out) {
    struct node *sorted = node_copy(root);
    enum node_kind open[NODE_DEPTH_MAX + 1];
    int depth = -1;
    struct json_write w = json_write_to(out, 0);
    struct node_walk walk = node_walk_of(sorted);
    while (node_walk_next(&walk)) {
        struct node *n = walk.node;
        if (n->kind == NODE_MAP) {
            drop_notes(n, walk.depth == 0 ? leave_out : NULL);
            if (n->count > 0)
                qsort(n->entries, n->count, sizeof *n->entries, by_key);
        }
        for (; depth >= walk.depth; depth--)
            close_node(&w, open[depth]);
        if (walk.entry != NULL && walk.entry->key != NULL)
            json_write_key(&w, walk.entry->key);
        open_node(&w, n);
        CHECK(walk.depth <= NODE_DEPTH_MAX);
        open[depth = walk.depth] = n->kind;
    }
    for (; depth >= 0; depth--)
        close_node(&w, open[depth]);
    node_free(sorted);
}
