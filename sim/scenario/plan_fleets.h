/* Fleets and groups of a plan: who exists, of which class and region, sending what. */
#ifndef MUSTER_SCENARIO_PLAN_FLEETS_H
#define MUSTER_SCENARIO_PLAN_FLEETS_H

#include "scenario/plan_build.h"

enum { PLAN_FLEETS_GROUPS_MAX = 10000, PLAN_FLEETS_DEVICES_MAX = 4000000 };

/* Scales the counts in the tree to `devices` in all, in proportion, each at least 1 (--devices). */
void plan_fleets_scale(struct node *root, uint64_t devices);
/* Fills plan->fleets, groups, group_of, device_count. Targets are there. */
void plan_fleets_make(const struct plan_build *b);

#endif
