/* SUBSCRIBE and UNSUBSCRIBE that wait for their answer. They belong to one connection: a session does not repeat them. */
#ifndef MUSTER_MQTT_MQTT_REQUESTS_H
#define MUSTER_MQTT_MQTT_REQUESTS_H

#include "mqtt/mqtt_session_state.h"

struct mqtt_request {
    struct mqtt_request *next;
    struct op op;
    instant since;
    uint16_t packet_id, count; /* count: filters, and so reason codes in the answer */
    uint8_t answer;            /* MQTT_SUBACK or MQTT_UNSUBACK */
    bool ended;                /* by timeout; a late answer is still expected under its id */
};

/* Writes the packet (SUBSCRIBE or UNSUBSCRIBE with count set) under a free id and remembers the operation. ERR_AGAIN,
 * ERR_TOO_BIG, ERR_INVALID, ERR_NO_MEMORY as the session's contract has them. */
int mqtt_requests_send(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, struct mqtt_packet *p,
                       const struct op *op);
/* SUBACK or UNSUBACK arrived. */
void mqtt_requests_answered(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                            const struct mqtt_packet *p, struct bytes packet);
instant mqtt_requests_deadline(const struct mqtt_session *s, const struct mqtt_config *c);
/* Ends what is overdue at step->now. */
void mqtt_requests_due(struct mqtt_session *s, const struct mqtt_config *c, struct step *step);
/* Ends all as `outcome`. Returns true when the step's room did not suffice. */
bool mqtt_requests_end_all(struct mqtt_session *s, struct step *step, enum op_outcome outcome);

#endif
