#include <stdlib.h>

#include "base/err.h"
#include "scenario/extends.h"
#include "scenario/include.h"
#include "scenario/load.h"
#include "scenario/merge.h"
#include "scenario/validate.h"
#include "scenario/variables.h"

enum { DIRECTORY_MAX = 4096 };

/* All files of the command line in one tree; NULL when the first does not load. */
static struct node *load_all(const struct load_options *o, const struct include_roots *roots,
                             struct diagnostic_list *list) {
    struct node *root = NULL;
    for (size_t i = 0; i < o->file_count; i++) {
        bool given = i == 0 && o->text != NULL;
        struct node *tree = include_load(o->files[i], given ? o->text : NULL, given ? o->text_size : 0, roots, list);
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
    struct include_roots roots = include_roots_of(options, directory, sizeof directory);
    *root = NULL;
    if (options->file_count == 0)
        return ERR_INVALID;
    struct node *tree = load_all(options, &roots, list);
    if (list->errors > 0 && tree == NULL)
        return ERR_MALFORMED;
    for (size_t i = 0; i < options->override_count; i++)
        merge_override(tree, &options->overrides[i], list);
    tree->mark = (struct diagnostic_mark){diagnostic_source(list, options->files[0], NULL, 0), 1, 1, 1};
    variables_settle(node_get(tree, "vars"), options, list);
    variables_replace(tree, node_get(tree, "vars"), options, list);
    extends_resolve(tree, &roots, options, list);
    validate_keys(tree, list);
    validate_references(tree, list);
    *root = tree;
    return list->errors > 0 ? ERR_MALFORMED : 0;
}
