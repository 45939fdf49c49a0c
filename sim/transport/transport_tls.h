/* TLS over TCP. A connection has its state here from transport_tls_prepare until it is closed; mbedTLS holds some 37 KB of it.
 *
 * open and progress do the handshake as well: CONNECTION_SECURING is set from the moment TCP is up, and `progress` ends with 0 when both sides
 * have finished. It may want nothing (no bits): then a helper has the handshake, and transport_tls_back gives it back. Whoever answers must prove the name that transport_tls_prepare was given, unless the context believes everybody. After
 * ERR_DENIED from open, progress, send or recv, `why` tells what TLS objected to. */
#ifndef MUSTER_TRANSPORT_TRANSPORT_TLS_H
#define MUSTER_TRANSPORT_TRANSPORT_TLS_H

#include "loop/helpers.h"
#include "transport/transport.h"
#include "transport/transport_tls_context.h"

/* Of one device; borrowed while transport_tls_prepare runs. */
struct tls_credentials {
    struct bytes psk_name, psk_key; /* where the context goes by shared keys */
};

/* Bytes of the connection so far, as they went over TCP, and what was agreed on. */
struct tls_facts {
    uint64_t bytes_up, bytes_down;
    bool resumed;                       /* the peer went on with the session of transport_tls_resume */
    span waited;                        /* until helpers had time for its handshake */
    const char *version, *suite, *alpn; /* static strings of the library; NULL: nothing agreed on yet, or no ALPN */
};

/* Gives `c` the state that `open`, or `listen`, needs. `name`: of the server, a DNS name or a numeric address; it is copied. NULL: a server's own.
 * `desk`: helpers compute its handshake; NULL: progress does. `who` may be NULL. 0, ERR_NO_MEMORY, or ERR_INVALID: the name or the shared key is too long, or empty. */
int transport_tls_prepare(struct connection *c, struct tls_context *context, struct helpers_desk *desk,
                          const char *name, const struct tls_credentials *who);
/* The next connection of that desk whose handshake a helper has brought on: call progress for it, unless its owner has no more use for it.
 * NULL: there is none. */
struct connection *transport_tls_back(struct helpers_desk *desk);
/* Sessions that later connections go on with, as the library writes them: with the ticket or the id that the peer gave, and the keys. Of
 * TLS 1.2; 1.3 gives its tickets later, and those are not kept. */
enum { TLS_KEPT_MAX = 8192 };
/* Between prepare and open: offers the session. ERR_MALFORMED: it is none. */
int transport_tls_resume(struct connection *c, struct bytes kept);
/* After the handshake: writes the connection's session; its size, 0 when there is none that can be kept. */
size_t transport_tls_keep(const struct connection *c, uint8_t *out, size_t room);
/* Takes the state away again from a connection that was not opened. */
void transport_tls_abandon(struct connection *c);
struct tls_facts transport_tls_facts(const struct connection *c);

extern const struct transport_ops transport_tls;

#endif
