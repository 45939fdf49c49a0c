/* From files and flags to one checked tree: passes 1 to 3 of validation.
 *
 * YAML 1.2 core through libfyaml's event stream, which load.c alone knows. Aliases, anchors, tags, merge keys and further documents
 * are refused at the event, so nothing is ever expanded. What makes a file refused as a whole: more than 1 MiB, NUL or other control bytes, invalid
 * UTF-8, nesting deeper than NODE_DEPTH_MAX. */
#ifndef MUSTER_SCENARIO_LOAD_H
#define MUSTER_SCENARIO_LOAD_H

#include <stddef.h>

#include "scenario/diagnostic.h"
#include "scenario/node.h"

enum { LOAD_FILE_MAX = 1 << 20, LOAD_INCLUDE_DEPTH_MAX = 8, LOAD_FILES_MAX = 64, LOAD_NODES_MAX = 200000 };

enum load_override_kind { LOAD_SET, LOAD_UNSET };

/* One --set path=value or --unset path, in the order of the command line. */
struct load_override {
    enum load_override_kind kind;
    const char *text; /* "fleets.meters.count=500" */
};

struct load_options {
    const char *const *files; /* the scenario, then what is merged over it with -f */
    size_t file_count;
    const char *text; /* the contents of files[0] when it is not to be read (tests, fuzzing, standard input) */
    size_t text_size;
    const struct load_override *overrides;
    size_t override_count;
    const char *data_dir; /* installed data directory with profiles/ in it; NULL: none. $MUSTER_DATA comes first */
    const char *(*env)(void *, const char *); /* NULL: getenv */
    void *env_context;
};

/* Loads, merges, substitutes and validates keys, types, units and references. Every error is in `list`. Returns 0 and the tree when there
 * is no error; otherwise ERR_MALFORMED, and *root is the tree as far as it goes, or NULL. The caller frees *root with
 * node_free before the list. In the tree, `include` and `extends` are resolved and gone. */
int load_scenario(const struct load_options *options, struct node **root, struct diagnostic_list *list);

/* One text to one tree (pass 1 alone). `file` names it in marks. NULL when it does not parse; then `list` says why. */
struct node *load_text(const char *file, const char *text, size_t size, struct diagnostic_list *list);
/* What stands in text[start…] of a flag, as YAML of one line; marks count from the start of the flag. `name` is a registered source. An empty value gives
 * an empty scalar. */
struct node *load_value(const char *name, const char *text, size_t start, struct diagnostic_list *list);
/* load_text of a file's contents. `from` is where it is asked for (file NULL: the command line). */
struct node *load_file(const char *path, struct diagnostic_mark from, struct diagnostic_list *list);

#endif
