/* TLS in a plan: what targets and identities say of it. */
#ifndef MUSTER_SCENARIO_PLAN_TLS_H
#define MUSTER_SCENARIO_PLAN_TLS_H

#include "scenario/plan_build.h"

/* The path of a file that a scenario names: it lies beside the file that names it, or is given from the root on. NULL for NULL. */
const char *plan_tls_path(const struct plan_build *b, const struct node *n);
/* Reads the keys of a target whose URLs say mqtts: `n` the target's map, NULL when it has none; t->node_count names stand in `tls`. */
void plan_tls_target(const struct plan_build *b, const struct node *n, const struct target *t, struct target_tls *tls);
/* Keys of TLS on a target whose URLs do not say mqtts. */
void plan_tls_unused(const struct plan_build *b, const struct node *n);
/* Does the identity have what its kind needs? */
void plan_tls_identity(const struct plan_build *b, const struct node *n, const struct identity *who);
/* When fleets and timeline are made: does everything that meets a target with TLS speak it? */
void plan_tls_check(const struct plan_build *b);

#endif
