/* Layout of the part of a device that its group's features size: see device.h. */
#ifndef MUSTER_DEVICE_BEHAVIOUR_H
#define MUSTER_DEVICE_BEHAVIOUR_H

#include "device/device.h"
#include "device/trigger.h"

/* An entry whose effect on a device cannot be derived from the plan alone (`when`, `where`, `state`): what it did is remembered. */
bool behaviour_tracks(const struct action *a);
/* Bytes of one block, a multiple of 8; `tracked`: how many entries of the plan are tracked. */
size_t behaviour_size(const struct fleet_group *g, unsigned tracked);
struct stream_state *behaviour_streams(struct behaviour *b);
double *behaviour_signals(const struct fleet_group *g, struct behaviour *b);
/* When the signals were last sampled; NULL in groups whose signals do not evolve with time. */
instant *behaviour_sampled(const struct fleet_group *g, struct behaviour *b);
/* One per stream; NULL in groups without triggers. */
struct trigger_state *behaviour_triggers(const struct fleet_group *g, struct behaviour *b);
/* When the next message of a backlog may go; INT64_MIN: at once. NULL when the profile does not pace them. */
instant *behaviour_forward(const struct fleet_group *g, struct behaviour *b);
/* NULL when the profile takes no commands. */
struct command_state *behaviour_commands(const struct fleet_group *g, struct behaviour *b);
/* One per tracked entry, in the order of the plan. */
struct fired *behaviour_fired(const struct fleet_group *g, struct behaviour *b);

#endif
