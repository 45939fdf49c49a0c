/* The hashes of a plan (docs/semantics.md, "Chance, plan and hashes"). */
#ifndef MUSTER_SCENARIO_PLAN_DIGEST_H
#define MUSTER_SCENARIO_PLAN_DIGEST_H

#include "scenario/plan.h"

/* SHA-256 of the resolved scenario as canonical JSON, without what `compare` lets differ, in lower-case hex. */
void plan_digest_scenario(const struct node *root, char out[65]);
/* SHA-256 of format number, seed, scenario_hash, device ranges, and the timeline with its static selections. */
void plan_digest_plan(const struct plan *p, char out[65]);

#endif
