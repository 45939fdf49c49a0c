/* The checks of a plan: parsed, their names found, and what they need of the run (segments, sets of expected trouble, trust limits). */
#ifndef MUSTER_SCENARIO_CHECKS_H
#define MUSTER_SCENARIO_CHECKS_H

#include "scenario/plan_build.h"

/* The parse errors of every check of a tree, for scenarios that other errors keep from becoming a plan. Works on any tree. */
void checks_validate(const struct node *root, struct diagnostic_list *list);
/* Fills plan->checks and excluded. Groups, timeline and phases are there. */
void checks_make(const struct plan_build *b);
/* Fills plan->segments: the run cut at the warm-up and at the edges that checks name. */
void checks_segments(const struct plan_build *b);
/* Fills plan->trust. */
void checks_trust(const struct plan_build *b);

#endif
