/* The networks of a plan, each made once, with their classes of coverage and quality. */
#ifndef MUSTER_SCENARIO_PLAN_NETWORKS_H
#define MUSTER_SCENARIO_PLAN_NETWORKS_H

#include "device/profile.h"
#include "scenario/plan_build.h"

/* The network of that name, made when it is first asked for; NULL for name NULL. Findings: E440. */
const struct network *plan_networks_find(const struct plan_build *b, const char *name);

#endif
