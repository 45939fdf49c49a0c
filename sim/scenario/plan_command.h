/* Commands of the timeline: who sends them, and where the replies come in. The observer sends, one client per target; with an audit it is
 * the same client. */
#ifndef MUSTER_SCENARIO_PLAN_COMMAND_H
#define MUSTER_SCENARIO_PLAN_COMMAND_H

#include "scenario/plan_build.h"

/* One client; there is one per target of commanded devices. */
struct plan_commander {
    const struct target *target;
    const char *const *replies; /* filters; none overlaps another, nor one of the audit */
    unsigned reply_count;
};

struct plan_command {
    struct plan_commander *commanders;
    unsigned commander_count;
    uint64_t count; /* commands in all, of all shards */
    enum mqtt_version version;
    const struct identity *identity; /* NULL: no credentials */
};

/* The entry sends that device a command. */
static inline bool plan_command_reaches(const struct plan *p, const struct action *a, uint32_t device) {
    return a->verb == DO_COMMAND && action_selects(a, device) && p->groups[p->group_of[device]].profile->commands.on;
}
/* The profile's `commands`; NULL when it has none. */
const struct node *plan_command_node(const struct plan_build *b, const struct fleet_group *g);
/* Fills plan->command; nothing without such entries. Call when the run id and the audit are known. */
void plan_command_make(const struct plan_build *b);

#endif
