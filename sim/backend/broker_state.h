/* The inside of the broker: what its files share. backend/broker.h is the outside.
 *
 *   broker.c            connections: opening, input, closing, deadlines
 *   broker_connect.c    CONNECT, AUTH, admission
 *   broker_session.c    sessions: found, made, resumed, ended; wills
 *   broker_subscribe.c  SUBSCRIBE, UNSUBSCRIBE, the subscriptions and share groups
 *   broker_publish.c    PUBLISH from clients, and their half of QoS 2
 *   broker_route.c      from a message to the sessions that get it
 *   broker_deliver.c    messages to one session: waiting, in flight, acknowledged, sent again
 *   broker_retained.c   retained messages
 *   broker_message.c    messages and their copies
 *   broker_out.c        packets to one connection: encoding, size limits, delays
 *
 * Nothing recurses: whatever would close a connection while a message is being routed only dooms it, and the public function
 * that is running closes the doomed ones before it returns (broker_settle). Closing may publish a will, which may doom more. */
#ifndef MUSTER_BACKEND_BROKER_STATE_H
#define MUSTER_BACKEND_BROKER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/broker.h"
#include "backend/broker_table.h"
#include "backend/broker_tree.h"
#include "base/pool.h"
#include "loop/timers.h"
#include "mqtt/mqtt_codec.h"

enum {
    BROKER_PENDING_MAX = 16 << 20, /* bytes of answers held back on one connection (delays, drip) before it is reset */
    BROKER_ALIASES_OUT_MAX = 16,   /* topic aliases that we use towards one client */
    BROKER_EXPIRY_NEVER = 0xFFFFFFFF,
};
#define BROKER_AUTH_METHOD      "muster-echo"
#define BROKER_REORDER_PATIENCE (30 * SPAN_S)

/* --- messages ------------------------------------------------------------------------------------------------------ */

/* Shared by everyone who is to get it. Its strings lie behind it in the same block. */
struct broker_message {
    uint32_t references;
    uint32_t size;   /* of the block */
    instant expires; /* INSTANT_NEVER: never */
    struct bytes topic, payload;
    struct bytes content_type, response_topic, correlation_data; /* 5.0, where `present` says so */
    struct bytes properties;                                     /* 5.0: raw block, for the user properties in it */
    uint64_t present;                                            /* bits of the properties that are passed on */
    uint8_t qos, payload_format;
};

/* One message on its way to one session: waiting, then, at QoS 1 and 2, in flight. */
struct broker_delivery {
    struct broker_delivery *next, *previous;
    struct broker_message *message; /* NULL after PUBREC */
    union {
        uint32_t id;
        uint32_t *ids; /* id_count > 1 */
    };
    uint16_t id_count; /* subscription identifiers */
    uint16_t packet_id;
    uint8_t qos;
    bool retain;
    bool sent;     /* on the present connection */
    bool repeated; /* was sent on an earlier one: DUP */
    bool received; /* QoS 2: PUBREC is here, PUBREL is out */
};

struct broker_deliveries {
    struct broker_delivery *first, *last;
    uint32_t count;
};

/* --- subscriptions ------------------------------------------------------------------------------------------------- */

struct broker_subscription {
    struct broker_entry entry; /* by session, node and group */
    struct broker_session *session;
    struct broker_node *node;
    struct broker_group *group;                  /* NULL: not shared */
    struct broker_subscription *next, *previous; /* in the node or the group */
    struct broker_subscription *next_mine, *previous_mine;
    struct broker_subscription *next_match; /* while routing: the session's others that match */
    uint32_t id;                            /* subscription identifier; 0: none */
    uint8_t qos;
    bool no_local, retain_as_published;
};

struct broker_group {
    struct broker_entry entry; /* by node and name */
    struct broker_node *node;
    struct broker_group *next, *previous; /* in the node */
    struct broker_subscription *first, *last;
    struct broker_subscription *turn; /* whose turn it is; NULL: the first one's */
    struct broker_group *next_match;  /* while routing */
    uint16_t name_size;
    uint8_t name[];
};

/* --- sessions ------------------------------------------------------------------------------------------------------ */

struct broker_will {
    struct broker_message *message;
    uint32_t delay_s;
    bool retain;
};

struct broker_session {
    struct broker_entry entry; /* by client identifier */
    uint32_t slot;
    uint32_t expiry_s;
    struct broker_connection *connection; /* NULL: away */
    instant ends_at;                      /* away: when it expires */
    instant will_at;                      /* away: when the will is due */
    struct broker_will will;              /* message NULL: none */
    struct broker_subscription *subscriptions, *last_subscription;
    struct broker_deliveries waiting, in_flight;
    struct broker_delivery *resend; /* first in flight that this connection has not carried yet */
    uint32_t waiting_qos_0;
    uint16_t next_packet_id, free_run; /* so many identifiers from the next one on are known to be free */
    uint16_t received_count, received_room;
    uint16_t *received; /* packet identifiers of QoS 2 messages before PUBREL, ascending */
    /* while routing */
    uint64_t match_serial;
    struct broker_session *next_match;
    struct broker_subscription *matches, *last_match;
    /* misbehaviour "reorder" */
    struct broker_message *held;
    bool held_retain;
    instant held_until;
    uint16_t client_id_size;
    uint8_t client_id[];
};

/* --- connections --------------------------------------------------------------------------------------------------- */

enum broker_phase {
    BROKER_NEW,     /* before CONNECT */
    BROKER_QUEUED,  /* CONNECT waits for admission; its bytes are in `held_connect` */
    BROKER_AUTH,    /* AUTH exchange before CONNACK; likewise */
    BROKER_MUTE,    /* misbehaviour: takes everything and says nothing */
    BROKER_UP,      /* CONNACK 0 was sent, or is on its way */
    BROKER_CLOSING, /* nothing is read any more; what is delayed still goes out */
    BROKER_GONE     /* closed; its memory goes back in broker_settle */
};

/* Bytes that leave later. */
struct broker_pending {
    struct broker_pending *next;
    instant release;
    uint32_t size, sent;
    uint8_t data[];
};

struct broker_alias {
    uint8_t *topic; /* NULL: not set */
    uint16_t size;
};

struct broker_connection {
    void *peer;
    struct broker_session *session; /* while UP */
    struct broker_connection *next_doomed, *next_queued;
    uint8_t *partial; /* an incomplete packet */
    uint32_t partial_size, partial_room;
    uint8_t *held_connect;
    uint32_t held_connect_size;
    uint32_t slot;
    uint64_t serial;     /* connections in the order of opening */
    instant heard;       /* when the last whole packet came */
    instant alive_until; /* when to look at `heard` next, or when patience ends before CONNACK */
    struct broker_pending *pending, *last_pending;
    struct broker_pending *greeting; /* CONNACK while it is pending: nothing overtakes it */
    size_t pending_bytes;
    instant last_release;
    instant next_drip;
    struct broker_alias *aliases_in;  /* topic_alias_maximum of them, from 1 */
    struct broker_alias *aliases_out; /* BROKER_ALIASES_OUT_MAX */
    uint64_t challenge;               /* of the AUTH exchange under way; 0: none */
    uint32_t packet_max;              /* what the client accepts; 0: everything */
    uint32_t draws;                   /* delays drawn so far */
    uint32_t connect_expiry_s;
    uint16_t keep_alive_s, receive_maximum, alias_maximum;
    uint16_t unanswered; /* its QoS 1 and 2 messages that we owe an answer: our Receive Maximum bounds it */
    uint8_t phase, version;
    bool response_information, authenticated, doomed, doomed_reset;
    uint8_t doomed_reason; /* for DISCONNECT; 0: none */
};

struct broker {
    struct broker_options options;
    struct broker_sink sink;
    struct misbehave *misbehave; /* never NULL */
    struct misbehave none;
    struct pool *pool;
    instant now;
    struct timers timers; /* tokens: connections by slot, then sessions by slot, then admission */
    struct broker_connection **connections;
    struct broker_session **sessions;
    uint32_t *free_connections, *free_sessions; /* stacks of slots that were used and are free again */
    uint32_t free_connection_count, free_session_count, connection_slots, session_slots;
    struct broker_table session_table, subscription_table, group_table;
    struct broker_tree filters, retained;
    struct broker_connection *doomed, *last_doomed, *gone;
    struct broker_connection *queue, *last_queue; /* QUEUED, first come first served */
    struct broker_session *matched, *last_matched;
    struct broker_group *matched_groups, *last_matched_group;
    uint64_t match_serial, connection_serial, assigned_ids;
    instant busy_until;   /* misbehaviour "throttle" */
    instant admit_next;   /* when the next CONNECT is admitted at the full rate */
    int64_t admit_number; /* with windows: the one that `admitted` counts */
    double admitted;
    uint8_t *scratch;
    size_t scratch_size;
    struct broker_counts counts;
};

/* --- broker.c ------------------------------------------------------------------------------------------------------ */

/* Ends the connection from our side, now: DISCONNECT with `reason` if it is not 0 and the client can be told, the will as the
 * end of a connection without DISCONNECT wants it, then the sink's close. `detail` may be NULL. Not while routing. */
void broker_end(struct broker *b, struct broker_connection *c, uint8_t reason, const char *detail);
/* The same after what is delayed has gone out, and without a DISCONNECT. */
void broker_end_in_order(struct broker *b, struct broker_connection *c);
/* The same, in broker_settle; safe everywhere. */
void broker_doom(struct broker *b, struct broker_connection *c, uint8_t reason, bool reset);
/* A breach of the protocol: counted, answered as the phase and version want it, ended. */
void broker_violation(struct broker *b, struct broker_connection *c, uint8_t reason, const char *detail);
void broker_arm_connection(struct broker *b, struct broker_connection *c); /* after any of its deadlines changed */
/* Goes on with the bytes that came behind a CONNECT that had to wait. */
void broker_resume_input(struct broker *b, struct broker_connection *c);

/* --- broker_out.c -------------------------------------------------------------------------------------------------- */

enum broker_out_kind {
    BROKER_OUT_PROMPT, /* overtakes delayed answers once CONNACK is out */
    BROKER_OUT_ANSWER, /* after the service time */
    BROKER_OUT_ACK     /* PUBACK, PUBREC, PUBCOMP: an answer that acknowledges */
};
/* 0; ERR_TOO_BIG: the client accepts no packet of that size; ERR_NO_MEMORY. Nothing is sent then. */
int broker_out_packet(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p,
                      enum broker_out_kind kind);
/* The same for a packet that the client must get: what cannot be sent dooms the connection. */
void broker_out_must(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p,
                     enum broker_out_kind kind);
/* PUBACK, PUBREC, PUBREL, PUBCOMP. */
void broker_out_ack(struct broker *b, struct broker_connection *c, uint8_t type, uint16_t packet_id, uint8_t reason);
void broker_out_bytes(struct broker *b, struct broker_connection *c, struct bytes data, enum broker_out_kind kind);
/* Sends what is due of the delayed bytes. */
void broker_out_due(struct broker *b, struct broker_connection *c);
/* When more will be due; INSTANT_NEVER when nothing is held back. */
instant broker_out_deadline(const struct broker *b, const struct broker_connection *c);
void broker_out_discard(struct broker *b, struct broker_connection *c);
size_t broker_out_backlog(const struct broker *b, const struct broker_connection *c);

/* --- broker_message.c ---------------------------------------------------------------------------------------------- */

/* A message with one reference; NULL when the pool is exhausted. `topic` stands in for publish->topic (aliases). */
struct broker_message *broker_message_new(struct broker *b, const struct mqtt_publish *publish, struct bytes topic,
                                          const struct mqtt_properties *properties);
struct broker_message *broker_message_hold(struct broker_message *m);
void broker_message_drop(struct broker *b, struct broker_message *m); /* NULL is ignored */
bool broker_message_expired(const struct broker *b, const struct broker_message *m);
/* Fills the properties that are passed on; the expiry interval is what is left of it (MQTT-3.3.2-6). */
void broker_message_properties(const struct broker *b, const struct broker_message *m, struct mqtt_properties *out);

/* --- broker_session.c ---------------------------------------------------------------------------------------------- */

struct broker_session *broker_session_find(const struct broker *b, struct bytes client_id);
/* A new session without state; NULL: sessions_max is reached, or no memory. */
struct broker_session *broker_session_new(struct broker *b, struct bytes client_id);
/* Ends it: publishes a will that is still due, frees everything. It must have no connection. */
void broker_session_end(struct broker *b, struct broker_session *s);
/* Frees it and everything in it, publishing nothing. */
void broker_session_free(struct broker *b, struct broker_session *s);
/* The connection is over: keeps the session for its expiry, or ends it. `with_will` false: the will is forgotten. */
void broker_session_detach(struct broker *b, struct broker_session *s, bool with_will);
void broker_session_due(struct broker *b, struct broker_session *s);
void broker_session_arm(struct broker *b, struct broker_session *s);
void broker_session_forget_will(struct broker *b, struct broker_session *s);
/* QoS 2 identifiers received and not released. */
bool broker_session_has_received(const struct broker_session *s, uint16_t packet_id);
int broker_session_add_received(struct broker *b, struct broker_session *s, uint16_t packet_id); /* ERR_NO_MEMORY */
bool broker_session_remove_received(struct broker_session *s, uint16_t packet_id);

/* --- broker_connect.c ---------------------------------------------------------------------------------------------- */

/* The first packet; `raw` are its bytes. */
void broker_connect_packet(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p,
                           struct bytes raw);
void broker_connect_auth(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p);
/* CONNACK with an error in the client's version, then the end. `reason` is a 5.0 code. */
void broker_connect_refuse(struct broker *b, struct broker_connection *c, uint8_t reason, const char *detail);
void broker_connect_admit(struct broker *b); /* the admission timer fired */
void broker_connect_unqueue(struct broker *b, struct broker_connection *c);
uint8_t broker_connect_return_code(uint8_t reason); /* the 3.1.1 code nearest to a 5.0 one */

/* --- broker_subscribe.c -------------------------------------------------------------------------------------------- */

void broker_subscribe_packet(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p);
void broker_subscribe_unsubscribe(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p);
void broker_subscribe_remove_all(struct broker *b, struct broker_session *s);

/* --- broker_publish.c ---------------------------------------------------------------------------------------------- */

void broker_publish_packet(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p);
void broker_publish_release(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p); /* PUBREL */
void broker_publish_held(struct broker *b, struct broker_session *s); /* routes what "reorder" holds back, uncounted */
void broker_publish_free_aliases(struct broker *b, struct broker_alias *aliases, unsigned count);

/* --- broker_route.c ------------------------------------------------------------------------------------------------ */

/* Whom a topic reaches; `publisher` may be NULL. Valid until the next call. False: nobody. */
bool broker_route_match(struct broker *b, struct bytes topic, const struct broker_session *publisher);
/* Delivers to those that broker_route_match found, `copies` times; retains first if `retain`. */
void broker_route_deliver(struct broker *b, struct broker_message *m, bool retain, unsigned copies);
/* Match, retain, deliver. */
void broker_route_message(struct broker *b, struct broker_message *m, bool retain,
                          const struct broker_session *publisher);

/* --- broker_deliver.c ---------------------------------------------------------------------------------------------- */

/* `subscriptions`: those of this session that match, chained by next_match; their identifiers go with the message. */
void broker_deliver_message(struct broker *b, struct broker_session *s, struct broker_message *m, uint8_t qos,
                            bool retain, const struct broker_subscription *subscriptions);
/* A new connection: everything in flight is to be sent again. */
void broker_deliver_resume(struct broker *b, struct broker_session *s);
/* Sends what can be sent now. */
void broker_deliver_pump(struct broker *b, struct broker_session *s);
/* PUBACK, PUBREC, PUBCOMP from the client. */
void broker_deliver_acked(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p);
void broker_deliver_discard(struct broker *b, struct broker_session *s);

/* --- broker_retained.c --------------------------------------------------------------------------------------------- */

/* Keeps the message (takes a reference), or with an empty payload forgets the topic's. ERR_NO_MEMORY: as it was. */
int broker_retained_store(struct broker *b, struct broker_message *m);
/* Sends all that match the subscription's filter. */
void broker_retained_send(struct broker *b, struct broker_subscription *s, struct bytes filter);

#endif
