/* profiles.*.power and climates.* compiled: what device/power.h works with. */
#ifndef MUSTER_SCENARIO_PLAN_POWER_H
#define MUSTER_SCENARIO_PLAN_POWER_H

#include "scenario/plan_build.h"

/* Fills made->power, made->last_gasp and made->climate from the profile's node (NULL: none). */
void plan_power_profile(const struct plan_build *b, const struct node *profile, struct profile *made);
/* What a group has of its profile's power and its region's climate; g->profile and g->region are set. */
void plan_power_group(const struct plan_build *b, struct fleet_group *g);
/* After the timeline: devices whose power it cuts off have some, and panels get their sky. */
void plan_power_finish(const struct plan_build *b);

#endif
