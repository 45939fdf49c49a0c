#include "scenario/include.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "scenario/merge.h"

struct open_file {
    char path[PATH_MAX]; /* as shown */
    char real[PATH_MAX];
    struct node *tree;  /* without its includes */
    struct node *under; /* what they gave so far, or NULL */
    struct node *names; /* the value of `include`, taken out of the tree */
    size_t next;
};

struct includer {
    const struct include_roots *roots;
    struct diagnostic_list *list;
    char top_directory[PATH_MAX];
    struct open_file stack[LOAD_INCLUDE_DEPTH_MAX + 1];
    int depth, files, broken;
};

char *include_directory(const char *path, char *out, size_t size) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        snprintf(out, size, ".");
    else
        snprintf(out, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return out;
}

struct include_roots include_roots_of(const struct load_options *options, char *scenario, size_t size) {
    const char *data = options->env != NULL ? options->env(options->env_context, "MUSTER_DATA") : getenv("MUSTER_DATA");
    include_directory(options->file_count > 0 ? options->files[0] : "", scenario, size);
    return (struct include_roots){scenario, {data, options->data_dir}};
}

static bool lies_below(const char *real, const char *directory) {
    char root[PATH_MAX];
    if (directory == NULL || directory[0] == '\0' || realpath(directory, root) == NULL)
        return false;
    size_t size = strlen(root);
    return strncmp(real, root, size) == 0 && (real[size] == '/' || size == 1);
}

static bool is_allowed(const struct includer *in, const char *real) {
    return lies_below(real, in->roots->scenario) || lies_below(real, in->top_directory) ||
           lies_below(real, in->roots->data[0]) || lies_below(real, in->roots->data[1]);
}

/* Writes the path as shown; false when no such file exists. */
static bool find(const struct includer *in, const char *from, const char *name, char *path, size_t size) {
    char directory[PATH_MAX];
    if (name[0] == '/')
        return (size_t)snprintf(path, size, "%s", name) < size && access(path, F_OK) == 0;
    include_directory(from, directory, sizeof directory);
    bool here = strcmp(directory, ".") == 0 && strncmp(from, "./", 2) != 0;
    if ((size_t)snprintf(path, size, "%s%s%s", here ? "" : directory, here ? "" : "/", name) < size &&
        access(path, F_OK) == 0)
        return true;
    for (int i = 0; i < 2; i++)
        if (in->roots->data[i] != NULL && in->roots->data[i][0] != '\0' &&
            (size_t)snprintf(path, size, "%s/%s", in->roots->data[i], name) < size && access(path, F_OK) == 0)
            return true;
    return false;
}

static bool reports_cycle(struct includer *in, const struct node *name, const char *real) {
    int first = 0;
    while (first < in->depth && strcmp(in->stack[first].real, real) != 0)
        first++;
    if (first == in->depth)
        return false;
    struct text chain = {0};
    for (int i = first; i < in->depth; i++)
        text_printf(&chain, "%s → ", in->stack[i].path);
    text_append(&chain, in->stack[first].path);
    diagnostic_add(in->list, "E116", name->mark, "files include each other: %s", text_get(&chain));
    text_free(&chain);
    return true;
}

static void take_names(struct includer *in, struct open_file *f) {
    const struct node *names = node_get(f->tree, "include");
    f->names = NULL;
    f->next = 0;
    if (names == NULL)
        return;
    if (names->kind == NODE_LIST) {
        f->names = node_copy(names);
    } else if (names->kind == NODE_SCALAR && !node_is_empty(names)) {
        f->names = node_new(NODE_LIST, names->mark);
        node_add(f->names, NULL, names->mark, node_copy(names));
    } else if (!names->refused) {
        diagnostic_help(diagnostic_add(in->list, "E202", names->mark, "'include' takes a path or a list of paths"),
                        "write include: [profiles/networks/cellular.yaml]");
    }
    node_remove(f->tree, "include");
}

/* Opens one more file on the stack. `name` is the scalar that asks for it; NULL for the first. */
static bool push(struct includer *in, const char *path, const struct node *name, const char *text, size_t text_size) {
    struct open_file *f = &in->stack[in->depth];
    *f = (struct open_file){.next = 0};
    snprintf(f->path, sizeof f->path, "%s", path);
    if (realpath(path, f->real) == NULL)
        snprintf(f->real, sizeof f->real, "%s", path);
    struct diagnostic_mark from = name == NULL ? (struct diagnostic_mark){0} : name->mark;
    f->tree = text != NULL ? load_text(path, text, text_size, in->list) : load_file(path, from, in->list);
    if (f->tree == NULL)
        return false;
    in->files++;
    in->depth++;
    take_names(in, f);
    return true;
}

/* Counts the file as broken unless it gets on the stack. */
static void include_one(struct includer *in, const struct node *name) {
    char path[PATH_MAX], real[PATH_MAX];
    struct diagnostic_list *list = in->list;
    in->broken++;
    if (name->refused)
        return;
    if (name->kind != NODE_SCALAR || name->text[0] == '\0') {
        diagnostic_add(list, "E202", name->mark, "'include' takes paths, not %s", node_kind_name(name));
        return;
    }
    if (!find(in, in->stack[in->depth - 1].path, name->text, path, sizeof path) || realpath(path, real) == NULL) {
        diagnostic_help(diagnostic_add(list, "E114", name->mark, "there is no file '%s'", name->text),
                        "paths are relative to the file that includes, then to the data directory");
        return;
    }
    if (!is_allowed(in, real)) {
        diagnostic_help(
            diagnostic_add(list, "E115", name->mark, "'%s' lies outside the scenario's directory", name->text),
            "move it below the directory of the scenario, or pass it with -f");
        return;
    }
    if (reports_cycle(in, name, real))
        return;
    if (in->depth > LOAD_INCLUDE_DEPTH_MAX || in->files >= LOAD_FILES_MAX) {
        diagnostic_add(list, "E117", name->mark, "includes are nested deeper than %d, or more than %d files",
                       LOAD_INCLUDE_DEPTH_MAX, LOAD_FILES_MAX);
        return;
    }
    if (push(in, path, name, NULL, 0))
        in->broken--;
}

/* Lays a file over what it included and hands the result to the file below on the stack. */
static struct node *pop(struct includer *in) {
    struct open_file *f = &in->stack[--in->depth];
    struct node *whole = f->tree;
    if (f->under != NULL) {
        whole = f->under;
        merge_over(whole, f->tree);
    }
    node_free(f->names);
    if (in->depth == 0)
        return whole;
    struct open_file *below = &in->stack[in->depth - 1];
    if (below->under == NULL)
        below->under = whole;
    else
        merge_over(below->under, whole);
    return NULL;
}

struct node *include_load(const char *path, const char *text, size_t text_size, const struct include_roots *roots,
                          struct diagnostic_list *list, int *broken) {
    struct includer *in = calloc(1, sizeof *in);
    struct node *whole = NULL;
    CHECK(in != NULL);
    in->roots = roots;
    in->list = list;
    include_directory(path, in->top_directory, sizeof in->top_directory);
    if (push(in, path, NULL, text, text_size)) {
        while (in->depth > 0) {
            struct open_file *f = &in->stack[in->depth - 1];
            if (f->names != NULL && f->next < f->names->count)
                include_one(in, f->names->entries[f->next++].value);
            else
                whole = pop(in);
        }
    } else {
        in->broken++;
    }
    *broken += in->broken;
    free(in);
    return whole;
}
