/* The timeline of a plan: entries with resolved starts, lengths, selections and settings; then phases, segments and what is expected. */
#ifndef MUSTER_SCENARIO_TIMELINE_H
#define MUSTER_SCENARIO_TIMELINE_H

#include "scenario/plan_build.h"

/* Without a timeline all devices connect over this time. */
#define TIMELINE_CONNECT_OVER (10 * SPAN_S)

/* Fills plan->actions, and `watched` of the groups. Groups are there. */
void timeline_make(const struct plan_build *b);
/* Fills plan->phases: ramp, steady and settle unless the scenario uses the names, then every entry that has a place in time. */
void timeline_phases(const struct plan_build *b);
/* The entry's node, for findings about it; NULL for the connect that stands in for a missing timeline. */
const struct node *timeline_node(const struct plan_build *b, const struct action *a);

#endif
