/* Transports: one row of functions each. Non-blocking, pull model: nothing here calls back, and the loop is the worker's.
 *
 * A connection is small (≤ 80 B with the loop's watcher) because there are hundreds of thousands. Streams carry bytes in order;
 * datagram transports (later) carry one message per send and recv. Secure transports keep their state behind `state`. */
#ifndef MUSTER_TRANSPORT_TRANSPORT_H
#define MUSTER_TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "metrics/step.h"
#include "transport/address.h"

struct connection {
    struct loop_io io; /* first: the loop hands this back */
    int fd;            /* −1: none */
    uint32_t device;   /* owner's number in its worker; UINT32_MAX: ghost */
    void *owner;       /* whoever drives it keeps here what it needs now and then; NULL while idle */
    void *
        state; /* memory: its memory_net, set by who opens or listens; TLS: transport_tls_prepare; NULL for plain TCP */
    uint16_t node; /* which node of all targets */
    uint8_t kind;  /* enum transport_kind */
    uint8_t flags; /* enum connection_flags */
};
_Static_assert(sizeof(struct connection) <= 80, "connections are counted in hundreds of thousands");

enum connection_flags {
    CONNECTION_OPENING = 1,
    CONNECTION_BLOCKED = 2,
    CONNECTION_SILENT = 4,
    CONNECTION_GHOST = 8,
    CONNECTION_SLOT = 16,
    CONNECTION_ENDED = 32,
    CONNECTION_WATCHED = 64,  /* what passes is kept as evidence */
    CONNECTION_SECURING = 128 /* TCP is up, and the handshake of a secure transport goes on */
};

enum transport_wants { TRANSPORT_WANTS_READ = 1, TRANSPORT_WANTS_WRITE = 2 };

/* Results: 0 done; n > 0 bytes; ERR_AGAIN with `wants` set where given; ERR_CLOSED (FIN); ERR_UNREACHABLE (refused, reset,
 * no route); ERR_DENIED (a secure transport's handshake or record layer: `why`); ERR_IO (the system: errno). */
struct transport_ops {
    const char *name;
    bool stream;
    /* Begins to connect: ERR_AGAIN when it has begun, 0 when it is up at once. CONNECTION_OPENING until it is up. `from` may
     * be NULL; its port 0 binds late (IP_BIND_ADDRESS_NO_PORT). The guard has passed `to`. */
    int (*open)(struct connection *c, const struct address *to, const struct address *from);
    /* Goes on with opening after the loop said ready: 0 when up. */
    int (*progress)(struct connection *c, unsigned *wants);
    /* Bytes taken (may be fewer than size), or an error. */
    int (*send)(struct connection *c, const uint8_t *data, size_t size);
    int (*recv)(struct connection *c, uint8_t *data, size_t size);
    /* Sends the end (FIN) and goes on reading. */
    void (*finish)(struct connection *c);
    /* Ends the connection: in order (FIN), or by reset (RST). The caller has unwatched it. */
    void (*close)(struct connection *c, bool reset);
    /* Makes the connection a black hole (drop-all filter where the system allows it) or lifts that. 0, or ERR_DENIED when
     * the system does not allow it: the caller then only stops reading and writing. */
    int (*silence)(struct connection *c, bool silent);
    /* Makes `c` a listener: ready to read while somebody waits to be accepted. 0, or ERR_IO. Port 0 takes a free one. */
    int (*listen)(struct connection *c, const struct address *at);
    /* Our own address of a connection or a listener. 0, or ERR_IO. */
    int (*where)(const struct connection *c, struct address *at);
    /* Has the peer ended the connection? Also when what came before its end was not read. */
    bool (*ended)(const struct connection *c);
    /* Accepts the next in line; `c` has kind and state of the listener. 0, ERR_AGAIN, or ERR_IO (the system lacks something). */
    int (*accept)(struct connection *listener, struct connection *c);
    /* Secure transports: what ERR_DENIED was about. NULL: never answers that. */
    enum close_reason (*why)(const struct connection *c);
    /* Does the transport hold received bytes that the loop knows nothing of? Then recv has some. NULL: never. */
    bool (*holds)(const struct connection *c);
};

extern const struct transport_ops *const transport_table[TRANSPORT_KINDS];

#endif
