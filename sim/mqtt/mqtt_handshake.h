/* CONNECT out, CONNACK in, and AUTH in between (3.1.1 sections 3.1, 3.2; 5.0 the same, 3.15 and 4.12). */
#ifndef MUSTER_MQTT_MQTT_HANDSHAKE_H
#define MUSTER_MQTT_MQTT_HANDSHAKE_H

#include "mqtt/mqtt_session_state.h"

/* Writes CONNECT. ERR_AGAIN, ERR_TOO_BIG, ERR_INVALID: nothing was written. */
int mqtt_handshake_connect(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                           const struct mqtt_connect_info *info);
void mqtt_handshake_connack(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                            const struct mqtt_packet *p, struct bytes packet);
void mqtt_handshake_auth(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                         const struct mqtt_packet *p, struct bytes packet);

#endif
