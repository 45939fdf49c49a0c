/* Inheritance between named things: an entry of networks, profiles, identities, targets or fleets takes from the one that it extends what it does not
 * say itself.
 *
 * A parent is looked for in the same map, then in the library: the .yaml files of profiles/networks (maps `networks`) and profiles/devices (maps
 * `profiles` and `fleets`) beside the scenario, in $MUSTER_DATA and in the installed data directory, in that order, by name within each. What a
 * fleet names as its profile or network, or a target as its limits (profiles/backends, maps `backends`), and the scenario does not define is
 * taken from there as well. */
#ifndef MUSTER_SCENARIO_EXTENDS_H
#define MUSTER_SCENARIO_EXTENDS_H

#include "scenario/include.h"

enum { EXTENDS_DEPTH_MAX = 16, EXTENDS_LIBRARY_FILES_MAX = 64 };

/* Resolves and removes every `extends`. `options` for the variables of library files. */
void extends_resolve(struct node *root, const struct include_roots *roots, const struct load_options *options,
                     struct diagnostic_list *list);
/* The directory of the library that may hold entries of the section ("profiles/networks"); NULL: none does. */
const char *extends_shelf(const char *section);

#endif
