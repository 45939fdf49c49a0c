/* Targets, source addresses and the safety limits of a plan. */
#ifndef MUSTER_SCENARIO_PLAN_TARGETS_H
#define MUSTER_SCENARIO_PLAN_TARGETS_H

#include "scenario/plan_build.h"

/* What the only target is called when the scenario has `target` instead of `targets`. */
#define PLAN_TARGETS_UNNAMED "target"

enum { PLAN_TARGETS_NODES_MAX = 256, PLAN_TARGETS_SOURCES_MAX = 65536 };

/* Fills plan->targets: those of the scenario, replaced by --target values. */
void plan_targets_make(const struct plan_build *b);
/* Fills plan->builtin_settings. Whether the broker knows them is for those to say who start it. */
void plan_targets_builtin(const struct plan_build *b);
/* The target of that name; NULL for name NULL when there are several. */
const struct target *plan_targets_find(const struct plan *p, const char *name);
/* Does the target's devices' failed attempt move to the next node? */
bool plan_targets_fails_over(const struct plan_build *b, const struct target *t);
/* Fills plan->sources. */
void plan_targets_sources(const struct plan_build *b);
/* Fills plan->safety; the targets' nodes are allowed. Call after plan_targets_make. */
void plan_targets_safety(const struct plan_build *b);
/* The first node outside private networks, and its target; NULL: there is none. */
const struct address *plan_targets_far_node(const struct plan *p, const struct target **target);

#endif
