/* Packet ids for what a session sends (MQTT-2.3.1-2, MQTT-2.2.1-3): never 0, never one that is in use. */
#ifndef MUSTER_MQTT_MQTT_PACKET_ID_H
#define MUSTER_MQTT_MQTT_PACKET_ID_H

#include "mqtt/mqtt_session_state.h"

/* The next free id in ascending order, or 0 when all 65,535 are in use. */
uint16_t mqtt_packet_id_take(struct mqtt_session *s);

#endif
