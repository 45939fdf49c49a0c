/* Selectors: which devices an entry of the timeline hits. Static keys (fleet, region, profile, target, index, percent, count) are resolved
 * into ranks; state and where are left as a condition for the instant of firing. Keys of one map must all hold, items of a list
 * add up. `percent` and `count` take the smallest hash(seed, entry, device), exactly. */
#ifndef MUSTER_SCENARIO_SELECT_H
#define MUSTER_SCENARIO_SELECT_H

#include "device/action.h"
#include "scenario/plan_build.h"

/* Fills rank, selected and where of the action from its `who` node (NULL: all). a->id and a->over are set. Groups are there. */
void select_devices(const struct plan_build *b, const struct node *who, struct action *a);

/* Is the number one of `index:`, a number, a range or a list of them? */
bool select_has_index(const struct node *n, uint64_t index);

#endif
