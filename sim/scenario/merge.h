/* Trees laid over each other, and flags laid over a tree. */
#ifndef MUSTER_SCENARIO_MERGE_H
#define MUSTER_SCENARIO_MERGE_H

#include "scenario/load.h"

/* Lays `over` on `under` in place: maps merge key by key, everything else is replaced. Takes ownership of `over`. */
void merge_over(struct node *under, struct node *over);
/* Fills `child` with copies of what it lacks from `parent`: the same the other way round, for inheritance. Of keys that exclude each
 * other (profile and mix) the child's wins. */
void merge_under(struct node *child, const struct node *parent);
/* Applies --set path=value or --unset path. The path's last key may be new, and so may the maps on the way to it. */
void merge_override(struct node *root, const struct load_override *o, struct diagnostic_list *list);

#endif
