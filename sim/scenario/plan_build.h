/* What the parts of plan_compile share. */
#ifndef MUSTER_SCENARIO_PLAN_BUILD_H
#define MUSTER_SCENARIO_PLAN_BUILD_H

#include "scenario/diagnostic.h"
#include "scenario/node.h"
#include "scenario/plan.h"
#include "scenario/plan_memory.h"

struct plan_build {
    struct plan *plan;
    struct plan_memory *memory; /* of the plan */
    const struct node *root;    /* validated */
    const struct plan_options *options;
    struct diagnostic_list *found;
};

#endif
