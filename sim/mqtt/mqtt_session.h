/* The client side of one MQTT connection and session, 3.1.1 and 5.0, without I/O: bytes and time in, bytes and events out.
 *
 * Life: init → (up → input/due/publish/subscribe… → down)* → finish. Between `down` and the next `up` the session keeps what the
 * protocol lets it keep: unacknowledged QoS 1/2 messages, packet ids of inbound QoS 2, the expiry. Sources: MQTT 3.1.1 and
 * MQTT 5.0 (OASIS); the statement ids stand in mqtt_rule.c and beside the code that keeps them.
 *
 * Events of this session (metrics/step.h): what they borrow stays valid until the next `input`, `down` or `finish`.
 *   EVENT_SESSION_UP    topic: the assigned client identifier, payload: response information, each if the server gave one
 *   EVENT_VIOLATION     always followed by EVENT_CLOSE(CLOSE_VIOLATION), in 5.0 with a DISCONNECT written before it.
 *                       Session present without a session of ours is one in 5.0 only (MQTT-3.2.2-4) and not the first time, when
 *                       it may be that of an earlier run; a second PUBREC for one message is one in neither
 *   EVENT_LATE_ANSWER   with the operation, when it had ended by timeout; also without one for PUBREC, PUBCOMP and PINGRESP
 *                       that nothing waits for, which the specifications tolerate (PUBREC is answered with PUBREL)
 *   EVENT_RESENT        one for each PUBLISH sent again, with its operation; `emitted` and `sent` stay those of the first; `duplicate`:
 *                       under its old packet id, so that the server can tell
 *   EVENT_CLOSE(CLOSE_LOCAL)  a packet above MQTT_PACKET_CAP that no announced limit forbids, or memory for the peer's sake used up
 *
 * Memory: struct mqtt_session ≤ 192 B; everything else (messages in flight, inbound QoS 2 ids, topic aliases) comes from
 * step->pool and goes back to it. Nothing the peer sends can make a session take more than MQTT_SESSION_POOL_CAP. */
#ifndef MUSTER_MQTT_MQTT_SESSION_H
#define MUSTER_MQTT_MQTT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"
#include "metrics/step.h"
#include "mqtt/mqtt_codec.h"

/* Zero values mean "not sent" for every optional 5.0 property. Shared by all devices of a group; strings are owned by the plan. */
struct mqtt_config {
    enum mqtt_version version;
    uint16_t keepalive_s;         /* 0: off */
    bool clean_start;             /* 3.1.1: clean session */
    uint32_t session_expiry_s;    /* 5.0 */
    uint16_t receive_maximum;     /* 5.0; 0: not sent (65,535) */
    uint32_t maximum_packet_size; /* 5.0; 0: not sent. Also our own cap on what we accept; 3.1.1 uses MQTT_PACKET_CAP */
    uint16_t topic_alias_maximum; /* 5.0: aliases we accept from the server */
    bool use_topic_aliases;       /* 5.0: use the server's allowance for our own publishes */
    bool request_response_information;
    bool no_problem_information; /* send Request Problem Information = 0 */
    struct bytes authentication_method, authentication_data;
    const struct mqtt_user_property *user_properties; /* in CONNECT */
    unsigned user_property_count;
    uint16_t inflight_max;     /* our own window for QoS 1/2; 0: 65,535; the server's Receive Maximum lowers it */
    bool drop_on_session_lost; /* on_session_lost: drop | resend */
    span connack_timeout, suback_timeout, ping_timeout, ack_timeout; /* ack 0: none */
};

struct mqtt_will {
    struct bytes topic, payload; /* empty topic: no will */
    uint8_t qos;
    bool retain;
    uint32_t delay_s;          /* 5.0 */
    uint32_t message_expiry_s; /* 5.0; 0: not sent */
};

/* What `up` needs beside the config; borrowed during the call. */
struct mqtt_connect_info {
    struct bytes client_id; /* may be empty: the server assigns one (EVENT_SESSION_UP carries it in `topic`) */
    struct bytes user_name, password;
    bool has_user_name, has_password;
    struct mqtt_will will;
};

struct mqtt_message {
    struct bytes topic, payload;
    uint8_t qos;
    bool retain;
    bool payload_is_utf8;                                        /* 5.0 properties from here on; ignored in 3.1.1 */
    uint32_t message_expiry_s;                                   /* 0: not sent */
    struct bytes content_type, response_topic, correlation_data; /* empty: not sent */
    const struct mqtt_user_property *user_properties;
    unsigned user_property_count;
    struct bytes mark; /* 5.0: sent as user property "m" before the others; empty: not sent */
};

enum {
    MQTT_PACKET_CAP = 1 << 20,       /* largest packet that we accept when nothing smaller is configured */
    MQTT_SESSION_POOL_CAP = 4 << 20, /* what one session may hold of the pool for the peer's sake */
    MQTT_FILTERS_MAX = 16            /* filters in one SUBSCRIBE of ours */
};

enum mqtt_session_state { MQTT_IDLE, MQTT_CONNECTING, MQTT_UP, MQTT_CLOSING };

struct mqtt_session; /* mqtt_session_state.h, so that slabs can hold it; its members are private */

/* Zeroes the session. */
void mqtt_session_init(struct mqtt_session *s);
/* The transport is up: writes CONNECT. `op` (OP_MQTT_CONNECT) ends with CONNACK, timeout or the connection. ERR_INVALID: what 3.1.1
 * forbids (an empty client id without clean session, a password without a user name) or cannot be encoded. ERR_AGAIN, ERR_TOO_BIG:
 * no room in `out` now, ever. ERR_NO_MEMORY. */
int mqtt_session_up(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                    const struct mqtt_connect_info *info, const struct op *op);
/* Whole packets at the start of `in` are consumed and answered; returns the number of bytes consumed. Stops early when the step's
 * events or output run low (call again after handling them) or when the session has decided to close. */
size_t mqtt_session_input(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, struct bytes in);
/* Size of the packet whose first bytes are `in`: 0 while unknown; otherwise the total, at most the configured maximum (a larger
 * one was already answered by `input` with EVENT_CLOSE). For the caller's reassembly buffer. */
size_t mqtt_session_packet_size(const struct mqtt_session *s, const struct mqtt_config *c, struct bytes in);
/* A deadline of the session passed: keep-alive, timeouts, or messages that are still to be sent again. */
void mqtt_session_due(struct mqtt_session *s, const struct mqtt_config *c, struct step *step);
/* ERR_AGAIN: not up, or the window (inflight_max, Receive Maximum) is full, or `out` has no room: keep the message and try later.
 * ERR_TOO_BIG: larger than the server's Maximum Packet Size, or than `out`. ERR_DENIED: the server said no to this QoS or to
 * retain. ERR_INVALID: it cannot be encoded. ERR_NO_MEMORY: the pool. QoS 0 ends in this step with OP_OK. */
int mqtt_session_publish(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                         const struct mqtt_message *m, const struct op *op);
/* `subscription_id` 0: not sent. Ends with SUBACK: refused when any filter was (reason_code: the first failing one). ERR_AGAIN,
 * ERR_TOO_BIG, ERR_INVALID and ERR_NO_MEMORY as above; ERR_DENIED: wildcards, shared subscriptions or subscription identifiers are
 * not available here. After suback_timeout the operation ends and the connection stays. */
int mqtt_session_subscribe(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                           const struct mqtt_filter *filters, unsigned count, uint32_t subscription_id,
                           const struct op *op);
int mqtt_session_unsubscribe(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                             const struct bytes *filters, unsigned count, const struct op *op);
/* 5.0: AUTH with that reason code (0x18 continue, 0x19 re-authenticate) and data. ERR_AGAIN: no exchange is under way (or one is, for
 * 0x19); ERR_INVALID: the config names no method. */
int mqtt_session_auth(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, uint8_t reason_code,
                      struct bytes data);
/* Writes DISCONNECT (5.0: with reason_code) and asks for the close. */
int mqtt_session_disconnect(struct mqtt_session *s, const struct mqtt_config *c, struct step *step,
                            uint8_t reason_code);
/* The connection is gone. Operations that no session can carry over end as `outcome` (OP_BROKEN, OP_TIMEOUT or OP_WITHDRAWN).
 * Call again while step_room() was too small: returns true while there is more. */
bool mqtt_session_down(struct mqtt_session *s, const struct mqtt_config *c, struct step *step, enum op_outcome outcome);
/* The run closes: everything in flight ends as OP_OPEN and the memory goes back. Returns true while there is more. */
bool mqtt_session_finish(struct mqtt_session *s, struct step *step);
/* The device has lost its memory: everything in flight ends as `outcome`, the memory goes back, and the session is as after init. Returns true
 * while there is more. */
bool mqtt_session_forget(struct mqtt_session *s, struct step *step, enum op_outcome outcome);
/* INSTANT_NEVER when there is none. */
instant mqtt_session_next_deadline(const struct mqtt_session *s, const struct mqtt_config *c);
/* Messages to be sent again were held back by step.resend_limit: call `due` when it is lifted; there is no deadline for it. */
bool mqtt_session_held_back(const struct mqtt_session *s);
enum mqtt_session_state mqtt_session_state(const struct mqtt_session *s);
unsigned mqtt_session_in_flight(const struct mqtt_session *s);
/* Walks the operations whose answer is waited for, for a caller who learns only later when their bytes left: the one after `op` (NULL: the
 * first), NULL at the end. Messages come in the order of their first sending, after them what belongs to the connection; a message of QoS 2
 * whose PUBREC came, and CONNECT, are left out. */
struct op *mqtt_session_next_op(struct mqtt_session *s, struct op *op);
/* How many more QoS 1/2 messages may be sent now. */
unsigned mqtt_session_window(const struct mqtt_session *s, const struct mqtt_config *c);

#endif
