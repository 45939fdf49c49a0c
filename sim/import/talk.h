/* MQTT in a capture: which connections speak it, on whatever port, and what was said. Whoever sends a CONNECT as the first bytes is the
 * client. Connections that are encrypted, or carry MQTT inside WebSockets, are counted and named, not read.
 *
 * One walk through a file; nothing is kept of what was said but the packet that is not complete yet. */
#ifndef MUSTER_IMPORT_TALK_H
#define MUSTER_IMPORT_TALK_H

#include <stdint.h>
#include <stdio.h>

#include "import/streams.h"
#include "mqtt/mqtt_codec.h"

enum {
    TALK_PACKET_MAX = 1 << 20, /* larger MQTT packets are passed over and counted */
    TALK_HELD_ALL = 64 << 20,  /* bytes of incomplete packets of all connections */
    TALK_WHY_MAX = 200
};

/* A connection that speaks MQTT. */
struct talk {
    struct address client, server;
    bool from_start;          /* the TCP connection was seen from its SYN on */
    int64_t opened_ns;        /* that SYN, or the first packet */
    uint8_t version;          /* enum mqtt_version */
    uint64_t too_large, lost; /* packets passed over; bytes that the capture does not have */
    int64_t deaf_ns;          /* from here on the client could not be understood; 0: it always could */
    char why_deaf[TALK_WHY_MAX];
    void *user; /* of the sink */
};

struct talk_sink {
    void *context;
    void (*begun)(void *context, struct talk *t, int64_t unix_ns, const struct mqtt_packet *connect);
    void (*said)(void *context, struct talk *t, int64_t unix_ns, enum mqtt_role by, const struct mqtt_packet *p);
    /* The last call for it; `by`: who ended it first. */
    void (*ended)(void *context, struct talk *t, int64_t unix_ns, enum streams_end how, enum mqtt_role by);
    /* A connection was asked for and nothing was said on it. */
    void (*tried)(void *context, const struct address *client, const struct address *server, int64_t unix_ns);
};

/* Connections of one kind, and where one of them went. */
struct talk_kind {
    uint64_t count;
    struct address server;
};

struct talk_counts {
    uint64_t packets, segments;       /* of the file; of TCP */
    uint64_t fragments, unknown_link; /* packets that could not be looked into */
    uint32_t link;                    /* one of those unknown links */
    uint64_t passed_over;             /* packets_passed_over */
    struct talk_kind mqtt, encrypted, websocket, mqtt31;
    struct talk_kind broken; /* of those that speak MQTT: the CONNECT could not be understood */
    struct talk_kind midway; /* begun before the capture, so that nobody can tell who is who */
    struct talk_kind other;
    int64_t first_ns, last_ns; /* of the packets */
    const char *trouble;       /* packets_trouble */
};

/* Reads the whole of `f`. ERR_MALFORMED: it is no capture; `why` (TALK_WHY_MAX) says so. */
int talk_read(FILE *f, const struct talk_sink *sink, struct talk_counts *counts, char *why);

#endif
