/* What a session is made of, so that slabs can hold it. Its members belong to the session's own files:
 *
 *   mqtt_session.c    the contract's functions           mqtt_handshake.c  CONNECT, CONNACK, AUTH
 *   mqtt_incoming.c   packets in, one by one             mqtt_inflight.c   our QoS 1 and 2 messages, resending
 *   mqtt_inbound.c    messages received, QoS 2 ids       mqtt_requests.c   SUBSCRIBE and UNSUBSCRIBE outstanding
 *   mqtt_aliases.c    topic aliases both ways            mqtt_output.c     bytes and events out */
#ifndef MUSTER_MQTT_MQTT_SESSION_STATE_H
#define MUSTER_MQTT_MQTT_SESSION_STATE_H

#include "mqtt/mqtt_idset.h"
#include "mqtt/mqtt_session.h"

struct mqtt_aliases_in;
struct mqtt_aliases_out;
struct mqtt_flight;
struct mqtt_request;

/* An operation of which a connection has at most one at a time: CONNECT, PINGREQ. */
struct mqtt_single {
    struct op op;
    instant since; /* when its packet was written: op.emitted may be told otherwise by the caller */
};

struct mqtt_flights {
    struct mqtt_flight *first, *last;
};

struct mqtt_session {
    /* Outlives a connection. */
    struct mqtt_flights published; /* waiting for PUBACK or PUBREC, in the order of their first sending */
    struct mqtt_flights released;  /* waiting for PUBCOMP, in the order of the PUBRECs */
    struct mqtt_idset received;    /* inbound QoS 2 ids between PUBREC and PUBREL */
    instant down_at;               /* end of the last connection */
    uint32_t session_expiry_s;     /* as the server last granted it; 3.1.1: never */
    uint32_t next_order;           /* numbers messages by their first sending */
    uint16_t next_id, ids_free;    /* ids_free: how many ids from next_id on are known to be free */
    uint16_t in_flight;            /* messages in both lists */
    uint16_t ended;                /* of these: their operation has ended by timeout */
    bool has_session;              /* the server accepted us into a session that outlives the connection */
    bool accepted;                 /* the server accepted us at least once */

    /* One connection. */
    uint8_t state; /* enum mqtt_session_state */
    bool empty_id, reauthenticating;
    bool held_back; /* resending stopped at step.resend_limit */
    bool dropping;  /* the session is lost: messages in flight are still to be ended */
    bool retain_available, wildcards_available, subscription_ids_available, shared_available;
    uint8_t maximum_qos;
    uint16_t receive_maximum;      /* the server's */
    uint16_t alias_maximum;        /* the server's */
    uint16_t keepalive_s;          /* the one in force */
    uint16_t unsent;               /* published messages that this connection has not seen yet */
    uint16_t inbound_quota;        /* how many more QoS 2 messages the server may start */
    uint32_t maximum_packet_size;  /* the server's; 0: none */
    struct mqtt_flight *resend;    /* next to be sent again, first in `released`, then in `published` */
    struct mqtt_request *requests; /* oldest first */
    struct mqtt_single *connect, *ping;
    struct mqtt_aliases_in *aliases_in;
    struct mqtt_aliases_out *aliases_out;
    instant last_sent;
};
_Static_assert(sizeof(struct mqtt_session) <= 192, "one per device");

#endif
