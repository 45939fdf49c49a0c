/* A scripted backend in a process of its own, for fleets on loopback: reads just enough MQTT 3.1.1 to answer, and misbehaves as told.
 * It shares no code with what it tests. What it saw is counted in memory that both processes share. */
#ifndef MUSTER_TESTS_FLEET_PEER_H
#define MUSTER_TESTS_FLEET_PEER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    PEER_PORTS_MAX = 4,
    PEER_LOG_MAX = 4096,
    PEER_PATIENCE_MS =
        20000 /* for what surely comes, on however busy a machine: what a test claims never depends on it */
};

enum peer_writing {
    PEER_WHOLE,
    PEER_DRIP, /* a byte at a time */
    PEER_SPLIT /* connection k (by accept) gets k bytes, and what follows a while later */
};

/* What it does; zero is an honest backend. Set before peer_start. */
struct peer_script {
    unsigned ports; /* 0: one */
    int backlog;    /* 0: enough */
    bool deaf;      /* never accepts */
    bool mute;      /* accepts and reads, never answers anything */
    bool no_acks;   /* answers all but PUBLISH */
    uint8_t connack_code;
    unsigned connack_delay_ms;
    unsigned stops_reading_after;  /* packets per connection; 0: never */
    unsigned reads_again_after_ms; /* since it stopped; 0: never */
    unsigned closes_after;         /* packets per connection; 0: never */
    bool closes_by_reset;
    enum peer_writing writing;
    unsigned publishes, publish_size;  /* to whoever subscribes, QoS 0 */
    bool ends_after_publishes;         /* and then FIN */
    unsigned unfinished;               /* after CONNACK: 100,000 bytes of a PUBLISH that announces so many */
    bool floods;                       /* every second connection gets PINGRESP without end */
    unsigned away_from_ms, away_to_ms; /* since its start: neither connections nor listener; the ports stay the same */
    bool port_refuses[PEER_PORTS_MAX]; /* CONNACK 3 to whoever comes to this port */
};

/* What it saw. */
struct peer_seen {
    atomic_uint accepted, connects, publishes, acked, pings, subscribes, disconnects;
    atomic_uint ends, polite_ends,
        resets; /* connections ended by the client: by FIN, of these after DISCONNECT, by RST */
    atomic_uint open, unanswered, unanswered_max; /* connections; of these without CONNACK */
    atomic_uint bad;                              /* bytes that are no packet */
    atomic_uint port_connects[PEER_PORTS_MAX], port_unanswered_max[PEER_PORTS_MAX];
    atomic_uint log_count;
    struct {
        uint32_t index;         /* of the device, from its client id */
        uint32_t at_ms, source; /* when it came, and from which IPv4 address */
        uint16_t port;          /* which of the peer's */
    } log[PEER_LOG_MAX];        /* one per CONNECT, in order */
};

struct peer {
    pid_t child;
    uint16_t ports[PEER_PORTS_MAX];
    struct peer_seen *seen;
};

struct peer peer_start(const struct peer_script *script);
/* Ends the process. `seen` stays until peer_free. */
void peer_stop(struct peer *p);
void peer_free(struct peer *p);
/* Waits up to PEER_PATIENCE_MS for a counter to reach a value: the peer may be a moment behind. */
bool peer_reaches(atomic_uint *counter, unsigned value);

#endif
