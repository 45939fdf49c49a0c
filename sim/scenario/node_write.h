/* A tree as text: YAML for people, canonical JSON for hashes. */
#ifndef MUSTER_SCENARIO_NODE_WRITE_H
#define MUSTER_SCENARIO_NODE_WRITE_H

#include <stdbool.h>

#include "base/text.h"
#include "scenario/node.h"

/* YAML that loads to the same tree; with_origin adds where each scalar was set as a comment. */
void node_write_yaml(const struct node *root, bool with_origin, struct text *out);
/* One line, keys sorted by bytes, every scalar a string (an empty one null). Top-level keys in `leave_out` (ends with NULL; may be NULL)
 * and all keys that begin with "x-" are left out. */
void node_write_canonical(const struct node *root, const char *const *leave_out, struct text *out);

#endif
