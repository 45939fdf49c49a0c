/* --rate: so many times as many messages from the same devices. */
#ifndef MUSTER_SCENARIO_PLAN_RATE_H
#define MUSTER_SCENARIO_PLAN_RATE_H

#include "scenario/node.h"

/* Divides every `every` of telemetry, and `still` of things that move, by `rate` (> 0), in fleets and where the timeline sets it: in the tree, so that the resolved scenario and its
 * hash have the new values. Distributions keep their shape. The tree is validated. */
void plan_rate_scale(struct node *root, double rate);
/* One value, "exp(30s)", "normal(5s, 500ms)", with its durations divided by `rate`. Free the result. */
char *plan_rate_scaled(const char *every, double rate);

#endif
