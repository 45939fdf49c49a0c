/* Messages that the server sends us: aliases resolved, acknowledged as their QoS demands, QoS 2 delivered once. */
#ifndef MUSTER_MQTT_MQTT_INBOUND_H
#define MUSTER_MQTT_MQTT_INBOUND_H

#include "mqtt/mqtt_session_state.h"

void mqtt_inbound_publish(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                          const struct mqtt_packet *p, struct bytes packet);
void mqtt_inbound_pubrel(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                         const struct mqtt_ack *ack);
/* A connection begins: the server may start as many QoS 2 messages as our receive maximum says. */
void mqtt_inbound_begin(struct mqtt_session *s, const struct mqtt_config *c);

#endif
