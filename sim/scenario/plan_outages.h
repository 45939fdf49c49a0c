/* Outages of a plan: which may hit which group, and so which devices need a radio's state. */
#ifndef MUSTER_SCENARIO_PLAN_OUTAGES_H
#define MUSTER_SCENARIO_PLAN_OUTAGES_H

#include "scenario/plan_build.h"

/* Fills `outages` and `radio` of every group; after fleets and timeline. Findings: E441, E442. */
void plan_outages_make(const struct plan_build *b);

#endif
