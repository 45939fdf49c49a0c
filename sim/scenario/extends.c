#include "scenario/extends.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/suggest.h"
#include "scenario/merge.h"
#include "scenario/schema.h"
#include "scenario/variables.h"

enum { NAMES_MAX = 512 };

struct shelf {
    const char *section, *directory;
};
static const struct shelf shelves[] = {{"networks", "profiles/networks"},
                                       {"profiles", "profiles/devices"},
                                       {"fleets", "profiles/devices"},
                                       {"backends", "profiles/backends"}};

const char *extends_shelf(const char *section) {
    for (size_t i = 0; i < COUNT_OF(shelves); i++)
        if (strcmp(shelves[i].section, section) == 0)
            return shelves[i].directory;
    return NULL;
}

/* Files of one shelf, read when the first parent is not found in the scenario. */
struct library {
    const struct include_roots *roots;
    const struct load_options *options;
    struct diagnostic_list *list;
    const struct node *vars;
    struct node *trees[COUNT_OF(shelves)][EXTENDS_LIBRARY_FILES_MAX];
    size_t count[COUNT_OF(shelves)];
    bool read[COUNT_OF(shelves)];
};

static int is_yaml(const struct dirent *e) {
    size_t size = strlen(e->d_name);
    return e->d_name[0] != '.' && size > 5 && strcmp(e->d_name + size - 5, ".yaml") == 0;
}

static void read_directory(struct library *lib, size_t shelf, const char *base) {
    struct dirent **files;
    if (base == NULL || base[0] == '\0')
        return;
    char *directory = text_format("%s/%s", base, shelves[shelf].directory);
    int count = scandir(directory, &files, is_yaml, alphasort);
    for (int i = 0; i < count; i++) {
        char *path = text_format("%s/%s", directory, files[i]->d_name);
        bool room = lib->count[shelf] < EXTENDS_LIBRARY_FILES_MAX;
        struct node *tree = room ? load_file(path, (struct diagnostic_mark){0}, lib->list) : NULL;
        free(path);
        free(files[i]);
        if (tree == NULL)
            continue;
        variables_replace(tree, lib->vars, lib->options, lib->list);
        lib->trees[shelf][lib->count[shelf]++] = tree;
    }
    if (count >= 0)
        free(files);
    free(directory);
}

static struct node *find_in_library(struct library *lib, const char *section, const char *name) {
    size_t shelf = 0;
    while (shelf < COUNT_OF(shelves) && strcmp(shelves[shelf].section, section) != 0)
        shelf++;
    if (shelf == COUNT_OF(shelves))
        return NULL;
    if (!lib->read[shelf]) {
        lib->read[shelf] = true;
        read_directory(lib, shelf, lib->roots->scenario);
        for (size_t i = 0; i < COUNT_OF(lib->roots->data); i++)
            read_directory(lib, shelf, lib->roots->data[i]);
    }
    for (size_t i = 0; i < lib->count[shelf]; i++) {
        struct node *found = node_get(node_get(lib->trees[shelf][i], section), name);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static size_t add_names(const struct node *map, const char **names, size_t count) {
    for (size_t i = 0; map != NULL && map->kind == NODE_MAP && i < map->count && count < NAMES_MAX; i++)
        names[count++] = map->entries[i].key;
    return count;
}

static void report_unknown(struct library *lib, const char *section, const struct node *map, const struct node *name,
                           const char *child) {
    const char *names[NAMES_MAX];
    size_t count = add_names(map, names, 0);
    for (size_t s = 0; s < COUNT_OF(shelves); s++)
        for (size_t i = 0; strcmp(shelves[s].section, section) == 0 && i < lib->count[s]; i++)
            count = add_names(node_get(lib->trees[s][i], section), names, count);
    struct diagnostic *d = diagnostic_add(lib->list, "E302", name->mark, "%s.%s extends '%s', which does not exist",
                                          section, child, name->text);
    const char *near = suggest_nearest(name->text, names, count);
    diagnostic_suggest(d, near);
    if (near == NULL)
        diagnostic_help(d, "define it under '%s:', or include the file that does", section);
}

/* What one entry inherits from, nearest first, ended by NULL; false when the chain is broken. */
static bool find_chain(struct library *lib, const char *section, const struct node *map, const struct node_entry *e,
                       const struct node **parents) {
    const char *names[EXTENDS_DEPTH_MAX + 1] = {e->key};
    const struct node *at = e->value;
    int depth = 0;
    const struct node *name;
    parents[0] = NULL;
    while ((name = node_get(at, "extends")) != NULL) {
        const struct node *here = depth == 0 ? name : node_get(e->value, "extends");
        if (name->refused)
            return false;
        if (name->kind != NODE_SCALAR || name->text[0] == '\0') {
            diagnostic_add(lib->list, "E202", name->mark, "'extends' takes one name, not %s", node_kind_name(name));
            return false;
        }
        for (int i = 0; i <= depth; i++) {
            if (strcmp(names[i], name->text) != 0)
                continue;
            if (i > 0) /* the entries of the loop report it */
                return false;
            struct text chain = {0};
            for (int k = 0; k <= depth; k++)
                text_printf(&chain, "%s → ", names[k]);
            diagnostic_add(lib->list, "E303", here->mark, "%s extend each other: %s%s", section, text_get(&chain),
                           name->text);
            text_free(&chain);
            return false;
        }
        struct node *parent = node_get(map, name->text);
        if (parent == NULL)
            parent = find_in_library(lib, section, name->text);
        if (parent == NULL) {
            report_unknown(lib, section, map, name, names[depth]);
            return false;
        }
        if (++depth >= EXTENDS_DEPTH_MAX) {
            diagnostic_add(lib->list, "E303", here->mark, "'extends' is nested deeper than %d", EXTENDS_DEPTH_MAX);
            return false;
        }
        parent->inherited = true;
        names[depth] = name->text;
        parents[depth - 1] = parent;
        parents[depth] = NULL;
        at = parent;
    }
    return true;
}

static void resolve_section(struct library *lib, const char *section, struct node *map) {
    const struct node *parents[EXTENDS_DEPTH_MAX + 1];
    for (size_t i = 0; i < map->count; i++) {
        struct node_entry *e = &map->entries[i];
        if (e->value->kind != NODE_MAP || !find_chain(lib, section, map, e, parents))
            continue;
        for (int k = 0; parents[k] != NULL; k++)
            if (parents[k]->kind == NODE_MAP)
                merge_under(e->value, parents[k]);
    }
    for (size_t i = 0; i < map->count; i++)
        if (map->entries[i].value->kind == NODE_MAP)
            node_remove(map->entries[i].value, "extends");
}

/* What a fleet names and the scenario does not define comes from the library, as an entry of the scenario's own. */
static void adopt(struct library *lib, struct node *root, const char *section, const char *name) {
    struct node *map = node_get(root, section);
    if (node_get(map, name) != NULL)
        return;
    const struct node *found = find_in_library(lib, section, name);
    if (found == NULL || (map != NULL && map->kind != NODE_MAP))
        return;
    if (map == NULL) {
        map = node_new(NODE_MAP, found->mark);
        node_add(root, section, found->mark, map);
    }
    node_add(map, name, found->mark, node_copy(found));
}

static void adopt_for_fleets(struct library *lib, struct node *root) {
    const struct node *fleets = node_get(root, "fleets");
    for (size_t i = 0; fleets != NULL && fleets->kind == NODE_MAP && i < fleets->count; i++) {
        const struct node *fleet = fleets->entries[i].value, *mix = node_get(fleet, "mix");
        const char *profile = node_text(node_get(fleet, "profile")), *network = node_text(node_get(fleet, "network"));
        if (profile != NULL)
            adopt(lib, root, "profiles", profile);
        if (network != NULL)
            adopt(lib, root, "networks", network);
        for (size_t k = 0; mix != NULL && mix->kind == NODE_MAP && k < mix->count; k++)
            adopt(lib, root, "profiles", mix->entries[k].key);
    }
}

static void adopt_for_targets(struct library *lib, struct node *root) {
    const struct node *targets = node_get(root, "targets");
    const char *limits = node_text(node_get(root, "limits"));
    if (limits != NULL)
        adopt(lib, root, "backends", limits);
    for (size_t i = 0; targets != NULL && targets->kind == NODE_MAP && i < targets->count; i++) {
        limits = node_text(node_get(targets->entries[i].value, "limits"));
        if (limits != NULL)
            adopt(lib, root, "backends", limits);
    }
}

/* Fleets first: what they inherit may name what is adopted, which may extend in its turn. */
static void resolve_all(struct library *lib, struct node *root) {
    struct node *fleets = node_get(root, "fleets");
    const struct schema_row *row = NULL;
    if (fleets != NULL && fleets->kind == NODE_MAP)
        resolve_section(lib, "fleets", fleets);
    adopt_for_fleets(lib, root);
    adopt_for_targets(lib, root);
    while ((row = schema_next_child(&schema_rows[0], row)) != NULL) {
        struct node *map = node_get(root, row->path);
        const struct schema_row *item = row->kind == SCHEMA_NAMED ? schema_child(row, "*") : NULL;
        if (map != NULL && map != fleets && map->kind == NODE_MAP && item != NULL &&
            schema_child(item, "extends") != NULL)
            resolve_section(lib, row->path, map);
    }
}

void extends_resolve(struct node *root, const struct include_roots *roots, const struct load_options *options,
                     struct diagnostic_list *list) {
    struct library *lib = calloc(1, sizeof *lib);
    CHECK(lib != NULL);
    lib->roots = roots;
    lib->options = options;
    lib->list = list;
    lib->vars = node_get(root, "vars");
    resolve_all(lib, root);
    for (size_t s = 0; s < COUNT_OF(shelves); s++)
        for (size_t i = 0; i < lib->count[s]; i++)
            node_free(lib->trees[s][i]);
    free(lib);
}
