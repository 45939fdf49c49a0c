/* Our QoS 1 and 2 messages between their first sending and their last answer (3.1.1 sections 4.3 and 4.4; 5.0 the same and 4.9).
 *
 * A message is one pool block: operation, place in the exchange, and the PUBLISH as it was encoded with its full topic, so that it
 * can be sent again on any later connection. */
#ifndef MUSTER_MQTT_MQTT_INFLIGHT_H
#define MUSTER_MQTT_MQTT_INFLIGHT_H

#include "mqtt/mqtt_session_state.h"

struct mqtt_flight {
    struct mqtt_flight *next, *previous;
    struct op op;
    instant since;      /* last sign of progress on this connection: sent, sent again, or PUBREC */
    uint32_t order;     /* position among all messages of the session, by first sending */
    uint32_t size;      /* of `bytes` */
    uint16_t packet_id; /* 0: takes a new one when it is sent again */
    uint8_t qos;
    bool released; /* PUBREL was sent: it stands in session.released */
    bool unsent;   /* not yet sent on this connection */
    bool ended;    /* the operation ended by timeout, the exchange goes on */
    uint8_t bytes[];
};

/* The contract of mqtt_session_publish, for every QoS. */
int mqtt_inflight_publish(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                          const struct mqtt_message *m, const struct op *op);

/* Answers; `packet` is the evidence should they break a rule. */
void mqtt_inflight_puback(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                          const struct mqtt_ack *ack, struct bytes packet);
void mqtt_inflight_pubrec(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                          const struct mqtt_ack *ack, struct bytes packet);
void mqtt_inflight_pubcomp(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                           const struct mqtt_ack *ack, struct bytes packet);

/* After CONNACK. Resume: the server remembers us, everything is sent again under its id. Lost: it does not; what was in flight
 * becomes new packets, or ends as OP_BROKEN. Both only prepare; mqtt_inflight_pump does the work as far as room and window go. */
void mqtt_inflight_resume(struct mqtt_session *s);
void mqtt_inflight_lost(struct mqtt_session *s, struct step *step, bool drop);
void mqtt_inflight_pump(struct mqtt_session *s, const struct mqtt_config *c, struct step *step);
/* Is there work for the pump that waits for nothing but room in the step? (What step.resend_limit held back waits for the caller.) */
bool mqtt_inflight_wants_pump(const struct mqtt_session *s, const struct mqtt_config *c);

instant mqtt_inflight_deadline(const struct mqtt_session *s, const struct mqtt_config *c);
/* True when the ack timeout of a message had passed: its operation has ended. */
bool mqtt_inflight_due(struct mqtt_session *s, const struct mqtt_config *c, struct step *step);
/* Ends and frees all. Returns true when the step's room did not suffice. */
bool mqtt_inflight_end_all(struct mqtt_session *s, struct step *step, enum op_outcome outcome);
unsigned mqtt_inflight_window(const struct mqtt_session *s, const struct mqtt_config *c);

#endif
