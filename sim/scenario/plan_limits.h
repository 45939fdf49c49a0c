/* What a plan wants of a backend whose limits are known (`backends`, `limits`): findings before anything is sent. */
#ifndef MUSTER_SCENARIO_PLAN_LIMITS_H
#define MUSTER_SCENARIO_PLAN_LIMITS_H

#include "scenario/plan_build.h"

/* Adds a W416 for each limit that the scenario's own figures exceed: connects and connections, keep-alives, sessions, windows, subscriptions,
 * payloads, qualities of service and mean rates. What the backend does about it, the run shows. */
void plan_limits_lint(const struct plan_build *b);

#endif
