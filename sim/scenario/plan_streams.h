/* What devices of a fleet measure, publish and subscribe to. */
#ifndef MUSTER_SCENARIO_PLAN_STREAMS_H
#define MUSTER_SCENARIO_PLAN_STREAMS_H

#include "mqtt/mqtt_session.h"
#include "scenario/plan_build.h"

enum { PLAN_STREAMS_MAX = 64, PLAN_STREAMS_FILTERS_MAX = MQTT_FILTERS_MAX };

/* How many filters the fleet itself lists: telemetry comes in through these. */
static inline unsigned plan_streams_listed(const struct fleet_group *g) {
    return g->subscription_count - (g->profile->commands.on && g->subscription_count > 0);
}

/* Fill the group's signals, telemetry and subscriptions from the node of its fleet. Telemetry needs signals and profile there;
 * it returns whether schedules restart on connect. */
void plan_streams_signals(const struct plan_build *b, const struct node *fleet, struct fleet_group *g);
bool plan_streams_telemetry(const struct plan_build *b, const struct node *fleet, struct fleet_group *g);
void plan_streams_subscriptions(const struct plan_build *b, const struct node *fleet, struct fleet_group *g);

#endif
