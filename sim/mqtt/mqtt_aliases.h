/* Topic aliases of one connection (5.0 section 3.3.2.3.4), both ways: the server's, up to the maximum that we offered, and
 * ours, up to the smaller of the server's maximum and MQTT_ALIASES_OUT_MAX. */
#ifndef MUSTER_MQTT_MQTT_ALIASES_H
#define MUSTER_MQTT_MQTT_ALIASES_H

#include "mqtt/mqtt_session_state.h"

enum { MQTT_ALIASES_OUT_MAX = 64 }; /* topics that one device publishes to under aliases; further ones go in full */

/* Remembers what the server calls `alias` from now on. ERR_NO_MEMORY: the pool, or MQTT_SESSION_POOL_CAP. The topic that it
 * replaces stays readable until mqtt_aliases_settle, because events of the same step may borrow it. */
int mqtt_aliases_learn(struct mqtt_session *s, struct pool *pool, uint16_t alias, struct bytes topic);
/* The topic behind the server's alias, borrowed; empty when it was never set. */
struct bytes mqtt_aliases_topic(const struct mqtt_session *s, uint16_t alias);
/* Gives replaced topics back; call when no event borrows from the session any more. */
void mqtt_aliases_settle(struct mqtt_session *s, struct pool *pool);

/* Our alias for a topic, or 0 when there is none: the caller sends the topic in full. *known tells whether the server has it
 * already; if not, the caller sends topic and alias together. */
uint16_t mqtt_aliases_use(struct mqtt_session *s, struct pool *pool, struct bytes topic, bool *known);

/* The connection is gone (MQTT-3.3.2-7). */
void mqtt_aliases_forget(struct mqtt_session *s, struct pool *pool);

#endif
