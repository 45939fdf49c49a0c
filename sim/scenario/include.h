/* A file and everything that it includes, as one tree. */
#ifndef MUSTER_SCENARIO_INCLUDE_H
#define MUSTER_SCENARIO_INCLUDE_H

#include "scenario/load.h"

/* Where files may be looked up. Borrowed strings; "" and NULL: none. */
struct include_roots {
    const char *scenario; /* directory of the scenario: relative names in library searches start here */
    const char *data[2];  /* $MUSTER_DATA, the installed data directory */
};
struct include_roots include_roots_of(const struct load_options *options, char *scenario, size_t size);

/* Loads `path` (or `text` when not NULL) and its includes: each is looked for beside the including file, then in the data directories,
 * and must lie below the scenario's directory, the directory of `path`, or a data directory. Included files come first, the including one
 * is laid over them. NULL when the file itself does not load. *broken counts files that could not be used. */
struct node *include_load(const char *path, const char *text, size_t text_size, const struct include_roots *roots,
                          struct diagnostic_list *list, int *broken);

/* The directory part of a path, "." when it has none. Returns `out`. */
char *include_directory(const char *path, char *out, size_t size);

#endif
