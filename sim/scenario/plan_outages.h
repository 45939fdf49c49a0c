/* Outages of a plan: which may hit which group, and so which devices need a radio's state. */
#ifndef MUSTER_SCENARIO_PLAN_OUTAGES_H
#define MUSTER_SCENARIO_PLAN_OUTAGES_H

#include "scenario/plan_build.h"

/* Fills `outages` and `radio` of every group; after fleets and timeline. Findings: E441, E442. */
void plan_outages_make(const struct plan_build *b);
/* May a link fall silent in this run: by link_down, an outage, a middlebox that forgets, or a device that leaves its address or cell? */
bool plan_outages_silent(const struct plan *p);
/* May that happen to devices of the group without an entry of the timeline? */
bool plan_outages_silences(const struct fleet_group *g);

#endif
