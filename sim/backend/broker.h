/* The built-in MQTT broker, 3.1.1 and 5.0, without I/O: bytes and time go in per connection, bytes come out through a sink.
 * What it is for and what it leaves out: docs/builtin-broker.md.
 *
 * It is strict: everything a client sends is held to the specification, and a breach ends the connection as the version says
 * (5.0: with CONNACK or DISCONNECT and the reason code). Every deliberate deviation is a row of backend/misbehave.h.
 * It is deterministic: the same calls with the same instants give the same bytes; nothing depends on addresses or hash order.
 * It keeps everything in memory and forgets it with broker_free. */
#ifndef MUSTER_BACKEND_BROKER_H
#define MUSTER_BACKEND_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/misbehave.h"
#include "base/bytes.h"
#include "base/dist.h"
#include "base/instant.h"
#include "base/json_write.h"

struct broker;
struct broker_connection;

/* Where the broker's bytes go. The functions only take note: they may not call the broker. */
struct broker_sink {
    void *context;
    /* `data` is borrowed during the call. */
    void (*send)(void *context, void *peer, struct bytes data);
    /* The broker is done with this connection and forgets it. In order: what was sent goes out first; reset: at once. */
    void (*close)(void *context, void *peer, bool reset);
    /* Bytes taken by `send` that have not left yet. NULL: always 0. */
    size_t (*backlog)(void *context, const void *peer);
};

/* Every cap of the broker has its name here. broker_limits_default fills in what stands in brackets. */
struct broker_limits {
    uint32_t connections_max;      /* [65,536] open connections */
    uint32_t sessions_max;         /* [1,048,576] sessions, connected or not */
    size_t memory_max;             /* [4 GiB] everything that clients can make it keep */
    uint32_t packet_max;           /* [16 MiB] largest packet accepted; 5.0: Maximum Packet Size */
    uint32_t queue_max;            /* [100,000] messages that wait for one session; beyond it new ones are dropped */
    uint16_t inflight_max;         /* [1,000] unacknowledged QoS 1 and 2 messages to one client, whatever it allows */
    uint16_t receive_maximum;      /* [1,000] the same from one client; 5.0: Receive Maximum */
    uint16_t topic_alias_maximum;  /* [16] aliases that a 5.0 client may use; 0: none */
    uint16_t server_keep_alive_s;  /* [0: the client's own] 5.0: Server Keep Alive */
    uint32_t session_expiry_max_s; /* [0xFFFFFFFF: none] longest session expiry granted, 3.1.1 sessions included */
    size_t backlog_max;   /* [1 MiB] bytes unsent on a connection from which on its messages wait in the session */
    span connect_timeout; /* [10 s] from opening to CONNECT, and for each answer of an AUTH exchange */
};

struct broker_options {
    struct broker_limits limits;
    uint64_t seed;       /* of the drawn delays */
    struct dist service; /* every answer leaves that much later, in order per connection; constant 0: at once */
    double admit_per_s;  /* CONNECTs accepted per second; 0: no limit. The rest is refused: 5.0 0x9F, 3.1.1 code 3 */
    span admit_window;   /* [0] admissions are counted in windows of this length; 0: an even rate */
    struct misbehave *misbehave; /* borrowed, counted into; NULL: none */
};
void broker_options_default(struct broker_options *o);

/* Totals since broker_new, except `connections`, `sessions`, `retained` and `subscriptions`, which are now. */
struct broker_counts {
    uint64_t connections, sessions, retained, subscriptions;
    uint64_t opened, accepted, refused, resumed, taken_over;
    uint64_t published[3], delivered[3]; /* PUBLISH packets in and out, by QoS, repeats included */
    uint64_t acknowledged;               /* PUBACK and PUBCOMP sent */
    uint64_t repeated;                   /* PUBLISH packets that we sent again */
    uint64_t unmatched;                  /* messages that no subscription matched */
    uint64_t dropped_queue, dropped_offline, dropped_expired, dropped_too_large, dropped_memory;
    uint64_t wills, violations, keep_alive_timeouts, overflows;
};

/* `sink` and `options` are copied. ERR_NO_MEMORY, ERR_INVALID (a limit of 0 that may not be 0). */
int broker_new(const struct broker_options *options, const struct broker_sink *sink, struct broker **out);
void broker_free(struct broker *b); /* sends nothing; open connections are forgotten. NULL is ignored */

/* A client has connected. `peer` is the host's handle for the sink. NULL: connections_max is reached, or no memory. */
struct broker_connection *broker_open(struct broker *b, void *peer, instant now);
/* Bytes from the client. After sink.close for this peer, the connection is gone; so may others be. */
void broker_input(struct broker *b, struct broker_connection *c, struct bytes in, instant now);
/* The client has closed, or the transport failed: nothing more is sent, the will is due. */
void broker_closed(struct broker *b, struct broker_connection *c, instant now);
/* The sink has become free again: messages that waited for that may go on. */
void broker_drained(struct broker *b, struct broker_connection *c, instant now);
/* Does what is due; to be called at broker_next_deadline. */
void broker_due(struct broker *b, instant now);
instant broker_next_deadline(const struct broker *b); /* INSTANT_NEVER when there is none */
/* Says goodbye (5.0: 0x8B) to everyone and closes all connections. Wills are not published: the broker goes, not the clients. */
void broker_shut_down(struct broker *b, instant now);

const struct broker_counts *broker_counts_of(const struct broker *b);
size_t broker_memory(const struct broker *b); /* bytes in use for clients */
/* {"connections": …, …, "misbehave": {…}} */
void broker_report(const struct broker *b, struct json_write *w);

#endif
