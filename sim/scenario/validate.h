/* Passes 2 and 3 over a merged tree: keys, types and units against the schema; then references. Both stop when the list is full
 * (DIAGNOSTIC_KEPT_MAX), which bounds the work on a hostile file. */
#ifndef MUSTER_SCENARIO_VALIDATE_H
#define MUSTER_SCENARIO_VALIDATE_H

#include "scenario/diagnostic.h"
#include "scenario/node.h"

/* Pass 2. Unknown keys (E201), kinds, units, enums, ranges, templates, required keys. */
void validate_keys(const struct node *root, struct diagnostic_list *list);
/* Pass 3. Names that must exist: target, profile, mix, network, identity, region, ids in after and expected_during. Run it also
 * after errors of pass 2: it looks only at what has the right kind. */
void validate_references(const struct node *root, struct diagnostic_list *list);

enum { VALIDATE_PHASES_MAX = 4200 }; /* a list of 4,096 entries and the implicit ones */

/* Phase ids of the scenario: ids of its timeline, then the implicit ramp, steady, settle (semantics 4). Borrowed from the tree; returns how many. */
size_t validate_phase_names(const struct node *root, const char **names, size_t max);
bool validate_phase_exists(const struct node *root, const char *id);
const char *validate_phase_nearest(const struct node *root, const char *id); /* or NULL */

#endif
