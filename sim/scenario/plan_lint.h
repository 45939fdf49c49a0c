/* Pass 4: what a scenario says that cannot be, or hardly can be meant. */
#ifndef MUSTER_SCENARIO_PLAN_LINT_H
#define MUSTER_SCENARIO_PLAN_LINT_H

#include "scenario/plan_build.h"

/* Adds findings about a plan whose parts are all made. */
void plan_lint_scenario(const struct plan_build *b);

#endif
