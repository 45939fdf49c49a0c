/* Payloads that are a map in the scenario: which signals they carry, in which format. */
#ifndef MUSTER_SCENARIO_PLAN_PAYLOAD_H
#define MUSTER_SCENARIO_PLAN_PAYLOAD_H

#include "device/profile.h"
#include "scenario/plan_build.h"

enum { PLAN_PAYLOAD_NAME_MAX = 128 }; /* bytes of a field's name */

/* The format of a stream of `g`, whose signals are compiled; `n` is its `payload`. NULL: it is no map, or wrong, which was said. */
const struct payload_format *plan_payload_format(const struct plan_build *b, const struct node *n,
                                                 const struct fleet_group *g);

#endif
