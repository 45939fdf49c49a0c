/* Names of the scenario that a check uses: values of labels, ids of phases and entries. */
#ifndef MUSTER_SCENARIO_CHECK_NAMES_H
#define MUSTER_SCENARIO_CHECK_NAMES_H

#include "scenario/expr.h"
#include "scenario/plan_build.h"

/* Adds a finding for every name of `e` that does not exist or cannot be measured. `node`: the scalar that holds the text. Groups, timeline
 * and phases are there. */
void check_names_find(const struct plan_build *b, const struct node *node, const struct expr *e);

#endif
