/* From many trees to one: includes, several files, flags, variables, inheritance. Pure work on nodes except for reading included files. */
#ifndef MUSTER_SCENARIO_MERGE_H
#define MUSTER_SCENARIO_MERGE_H

#include "scenario/load.h"

/* Lays `over` on `under` in place: maps merge key by key, everything else is replaced. Takes ownership of `over`. */
void merge_over(struct node *under, struct node *over);
/* Fills `child` with what it lacks from `parent` (copied): the other direction, for `extends`. */
void merge_under(struct node *child, const struct node *parent);

/* Applies --set or --unset to the tree. */
void merge_override(struct node *root, const struct load_override *o, struct diagnostic_list *list);
/* Resolves `extends` in every named map that has the key. `library(context, "networks", name)` gives a tree that was loaded for it, or NULL. */
void merge_extends(struct node *root, const struct load_options *options, const char *scenario_root,
                   struct diagnostic_list *list);
/* Replaces ${vars.x} and ${env.X:-default} in every scalar. */
void merge_variables(struct node *root, const struct load_options *options, struct diagnostic_list *list);

#endif
