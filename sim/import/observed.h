/* What a capture shows of one MQTT device: how it introduces itself, its connections and their ends, what it subscribed to, and every
 * message it sent. Plain data, from which import/imported.h makes a scenario.
 *
 * Two walks through the file: the first finds who there is, the second keeps what the chosen one did. Passwords are never kept. */
#ifndef MUSTER_IMPORT_OBSERVED_H
#define MUSTER_IMPORT_OBSERVED_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"
#include "import/talk.h"

enum {
    OBSERVED_DEVICES_MAX = 4096, /* further ones are counted only */
    OBSERVED_CONNECTIONS_MAX = 4096,
    OBSERVED_STREAMS_MAX = 1024,
    OBSERVED_MESSAGES_MAX = 1 << 20,
    OBSERVED_PAYLOADS_MAX = 4 << 20, /* bytes of payloads that are kept; of the rest sizes and hashes are */
    OBSERVED_MEMORY_MAX = 64 << 20,  /* bytes of topics, names and payloads together */
    OBSERVED_FILTERS_MAX = 256,
    OBSERVED_TOPICS_MAX = 256 /* of what came in */
};

/* --- who there is ------------------------------------------------------------------------------------------------------ */

/* A client id at one address. */
struct observed_device {
    char *client_id;               /* "": the server was to assign one */
    struct address client, server; /* of the first connection */
    unsigned connections;
    uint64_t messages;
    bool asked_for; /* by what was passed as `device` */
};
struct observed_devices {
    struct observed_device *list;
    unsigned count;
    uint64_t left_out;
    bool by_client_id; /* `device` is a client id of the list; else asked_for is by address */
};
/* `device`: a client id, or ADDRESS[:PORT] of a client; NULL: nobody is asked for. Fails as talk_read does. */
int observed_devices(FILE *f, const char *device, struct observed_devices *out, struct talk_counts *counts, char *why);
void observed_devices_free(struct observed_devices *d);

/* --- what one of them did ---------------------------------------------------------------------------------------------- */

/* Whom to follow over connections: a client id, or where there is none, an address whatever its port. */
struct observed_who {
    const char *client_id; /* borrowed; "" : by address */
    struct address client;
};

struct observed_connection {
    int64_t opened_ns, connect_ns; /* SYN or first packet; CONNECT */
    int64_t accepted_ns;           /* CONNACK; 0: none was seen */
    uint8_t reason;                /* of CONNACK */
    bool session_present;
    int64_t goodbye_ns;   /* DISCONNECT of the device; 0: none */
    int64_t dismissed_ns; /* DISCONNECT of the server; 0: none */
    uint8_t dismissal;    /* its reason code */
    int64_t ended_ns;     /* how and by whom: */
    enum streams_end how;
    enum mqtt_role by;
    int64_t last_ns; /* of the last packet of either side */
    uint64_t messages, pings, lost, too_large;
    int64_t deaf_ns; /* as in struct talk */
    char why_deaf[TALK_WHY_MAX];
};

/* Messages of one topic, quality of service and retain flag, in order. */
struct observed_stream {
    const char *topic;
    uint8_t qos;
    bool retain;
    bool varies; /* its messages differ in properties: those of the first stand here */
    uint32_t message_expiry_s;
    const char *content_type, *response_topic;        /* NULL: none */
    struct bytes correlation_data;                    /* of the first */
    const struct mqtt_user_property *user_properties; /* owned, as all bytes here */
    unsigned user_property_count;
    uint64_t topic_hash, property_hash;
    uint32_t count;
};
struct observed_message {
    int64_t unix_ns;
    uint32_t stream, connection;
    uint32_t size, number;  /* number: in the order in which they were read */
    uint64_t hash;          /* of the payload */
    const uint8_t *payload; /* NULL: not kept, or empty */
};
struct observed_filter {
    const char *filter;
    uint8_t qos, retain_handling;
    bool no_local, retain_as_published;
    uint32_t id;
    unsigned times;   /* asked for */
    bool removed;     /* by an UNSUBSCRIBE, once at least */
    int64_t after_ns; /* the first time: from CONNACK to SUBSCRIBE */
};
struct observed_topic {
    const char *topic;
    uint64_t count;
};

struct observed {
    /* of the first CONNECT */
    uint8_t version;
    bool clean_start, has_user, has_password, has_will, will_retain;
    uint8_t will_qos;
    uint16_t keep_alive;
    const char *client_id, *user;
    const char *will_topic;
    struct bytes will_payload;
    struct mqtt_properties will;       /* numbers only */
    struct mqtt_properties properties; /* numbers only */
    const struct mqtt_user_property *user_properties;
    unsigned user_property_count;
    const char *auth_method;
    const char *assigned_id; /* by the server; NULL: none */
    unsigned differing;      /* connections whose CONNECT differs from the first one's */
    bool uses_aliases;

    struct address client, server;
    struct observed_connection *connections; /* by opened_ns */
    unsigned connection_count;
    int64_t *tried; /* attempts without an answer, or refused by TCP: instants of their SYN */
    unsigned tried_count;
    struct observed_stream *streams;
    unsigned stream_count;
    struct observed_message *messages; /* by unix_ns, those of one instant as they were sent */
    uint32_t message_count;
    struct observed_filter *filters;
    unsigned filter_count;
    struct observed_topic *incoming;
    unsigned incoming_count;
    uint64_t incoming_total, sent_again,
        left_out; /* PUBLISH from the server; with DUP from the device; beyond the caps */
    struct observed_memory *memory;
    size_t payload_bytes, kept_bytes;
};
int observed_read(FILE *f, const struct observed_who *who, struct observed *out, struct talk_counts *counts, char *why);
void observed_free(struct observed *o);

#endif
