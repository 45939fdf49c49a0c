#include <string.h>

#include "base/err.h"
#include "scenario/extends.h"
#include "scenario/include.h"
#include "scenario/load.h"
#include "scenario/merge.h"
#include "scenario/validate.h"
#include "scenario/variables.h"

enum { DIRECTORY_MAX = 4096 };

/* Maps whose keys belong to the user altogether. */
static bool keeps_notes(const struct node_walk *w) {
    return w->entry != NULL && w->entry->key != NULL &&
           (strcmp(w->entry->key, "user_properties") == 0 || strcmp(w->entry->key, "vars") == 0);
}

static void drop_notes(struct node *map) {
    size_t i = 0;
    while (i < map->count) {
        if (text_has_prefix(map->entries[i].key, "x-"))
            node_remove(map, map->entries[i].key);
        else
            i++;
    }
}

/* Takes away the user's own notes (x-…): nothing after this has to know that they exist. */
static void remove_notes(struct node *root) {
    struct node_walk w = node_walk_of(root);
    while (node_walk_next(&w)) {
        if (w.node->kind == NODE_MAP && !keeps_notes(&w))
            drop_notes(w.node);
    }
}

/* All files of the command line in one tree; NULL when none loads. */
static struct node *load_all(const struct load_options *o, const struct include_roots *roots,
                             struct diagnostic_list *list, int *broken) {
    struct node *root = NULL;
    for (size_t i = 0; i < o->file_count; i++) {
        bool given = i == 0 && o->text != NULL;
        struct node *tree =
            include_load(o->files[i], given ? o->text : NULL, given ? o->text_size : 0, roots, list, broken);
        if (tree == NULL)
            continue;
        if (root == NULL)
            root = tree;
        else
            merge_over(root, tree);
    }
    return root;
}

int load_scenario(const struct load_options *options, struct node **root, struct diagnostic_list *list) {
    char directory[DIRECTORY_MAX];
    int broken = 0;
    *root = NULL;
    if (options->file_count == 0)
        return ERR_INVALID;
    struct include_roots roots = include_roots_of(options, directory, sizeof directory);
    struct node *tree = load_all(options, &roots, list, &broken);
    *root = tree;
    if (broken > 0 || tree == NULL) /* half a scenario would only give errors that are none */
        return ERR_MALFORMED;
    for (size_t i = 0; i < options->override_count; i++)
        merge_override(tree, &options->overrides[i], list);
    tree->mark = (struct diagnostic_mark){diagnostic_source(list, options->files[0], NULL, 0), 1, 1, 1};
    remove_notes(tree);
    variables_settle(node_get(tree, "vars"), options, list);
    variables_replace(tree, node_get(tree, "vars"), options, list);
    extends_resolve(tree, &roots, options, list);
    validate_keys(tree, list);
    validate_references(tree, list);
    return list->errors > 0 ? ERR_MALFORMED : 0;
}
