/* What `muster plan` says: for people, as JSON, and about one device. */
#ifndef MUSTER_SCENARIO_PLAN_PRINT_H
#define MUSTER_SCENARIO_PLAN_PRINT_H

#include "base/json_write.h"
#include "base/text.h"
#include "scenario/plan.h"

/* Numbers, phases and the curve of the intended load. */
void plan_print_text(const struct plan *p, struct text *out);
/* One object; its keys are a contract (docs/results.md): added to, never renamed. */
void plan_print_json(const struct plan *p, struct text *out);
/* The same; `more` writes further members of the object. */
void plan_print_json_with(const struct plan *p, void (*more)(void *context, struct json_write *w), void *context,
                          struct text *out);
/* The operations that the plan intends for one device, in order, and its part of decisions_hash. ERR_NOT_FOUND, with a sentence in `out`, when
 * there is no such device. `json`: one object per line, the last with the hash. */
int plan_print_device(const struct plan *p, uint64_t device, bool json, struct text *out);
/* The resolved scenario, with where each value was set. */
void plan_print_origin(const struct plan *p, struct text *out);

#endif
