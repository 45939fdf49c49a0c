/* Profiles and identities of a plan, from their nodes. */
#ifndef MUSTER_SCENARIO_PLAN_PROFILES_H
#define MUSTER_SCENARIO_PLAN_PROFILES_H

#include "device/profile.h"
#include "scenario/plan_build.h"

/* What a profile is called that no one wrote: labels and logs need a name. */
#define PLAN_PROFILES_UNNAMED "default"

/* The profile of that name with its defaults; `name` NULL: all defaults. `protocol`: the fleet's own word for it, or NULL. */
struct profile *plan_profiles_make(const struct plan_build *b, const char *name, const char *protocol);
/* NULL for name NULL. `signals` are none: identities know devices only. */
const struct identity *plan_profiles_identity(const struct plan_build *b, const char *name);

/* Compiles a template that validation has passed; empty for NULL or "". The plan owns it. */
struct template plan_profiles_template(const struct plan_build *b, const char *text, unsigned scope,
                                       const char *const *signals, unsigned signal_count);
/* A named map of texts as user properties. */
const struct mqtt_user_property *plan_profiles_properties(const struct plan_build *b, const struct node *map,
                                                          unsigned *count);

#endif
