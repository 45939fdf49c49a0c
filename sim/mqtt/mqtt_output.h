/* What a session puts into its step: packets, ends of operations, violations, the wish to close. Used by the session's files. */
#ifndef MUSTER_MQTT_MQTT_OUTPUT_H
#define MUSTER_MQTT_MQTT_OUTPUT_H

#include "mqtt/mqtt_session_state.h"

enum {
    MQTT_OUTPUT_REPLY_ROOM =
        16,                    /* bytes that the answer to one packet may take: the longest are PUBREL and DISCONNECT */
    MQTT_OUTPUT_EVENT_ROOM = 8 /* events that one packet or deadline may cause */
};

/* Can the step take what one packet or deadline may cause? */
static inline bool mqtt_output_has_room(const struct step *step) {
    return step_room(step) >= MQTT_OUTPUT_EVENT_ROOM && bytes_room(&step->out) >= MQTT_OUTPUT_REPLY_ROOM;
}

/* Encodes into step->out and notes that something was sent. ERR_AGAIN: no room. ERR_TOO_BIG: above the server's maximum packet
 * size, or more than `out` can ever hold. ERR_INVALID: a string that is too long. */
int mqtt_output_packet(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                       const struct mqtt_packet *p);
/* PUBACK, PUBREC, PUBREL or PUBCOMP; 3.1.1 leaves the reason code out. The caller has seen to the room. A server whose maximum
 * packet size forbids even this loses the connection. */
void mqtt_output_ack(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, enum mqtt_packet_type type,
                     uint16_t packet_id, uint8_t reason_code);

/* EVENT_CLOSE; nothing is read or written after it. */
void mqtt_output_close(struct mqtt_session *s, struct step *step, enum close_reason reason, uint8_t reason_code,
                       const char *detail);
/* In 5.0 DISCONNECT with that code, as far as it fits; then EVENT_CLOSE. */
void mqtt_output_disconnect(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                            enum close_reason reason, uint8_t reason_code, const char *detail);
/* EVENT_VIOLATION with the offending packet, then as mqtt_output_disconnect with CLOSE_VIOLATION. */
void mqtt_output_violation(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                           const struct mqtt_fault *fault, struct bytes packet);
void mqtt_output_broken(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, enum mqtt_rule rule,
                        struct bytes packet);
/* Memory for the peer's sake ran out: DISCONNECT 0x97 in 5.0 and CLOSE_LOCAL. */
void mqtt_output_no_memory(struct mqtt_session *s, const struct mqtt_config *c, struct step *step);

/* EVENT_OP_END. When the operation was emitted in this very step, step->ops then points at the event's copy, since the
 * caller still has to set `sent` and the original's memory may be given back. */
void mqtt_output_end(struct step *step, const struct op *op, enum op_outcome outcome, uint8_t reason_code);

#endif
