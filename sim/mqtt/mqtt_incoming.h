/* Packets of the server, one by one: decoded, held to the rules of the connection's state, handed to whom they concern. */
#ifndef MUSTER_MQTT_MQTT_INCOMING_H
#define MUSTER_MQTT_MQTT_INCOMING_H

#include "mqtt/mqtt_session_state.h"

/* Largest packet of the server that we take. */
uint32_t mqtt_incoming_cap(const struct mqtt_config *c);
/* Handles the packet at the start of `in`; returns its size, or 0 when it is not complete or when it closed the connection by
 * not being one. The step has room for its consequences (mqtt_output_has_room). */
size_t mqtt_incoming_packet(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, struct bytes in);

#endif
