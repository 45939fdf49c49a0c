/* Bytes between a device's session and its transport. On the way lie the modelled link (delay, loss as stall, silence), half packets
 * that wait for the rest, and sends that the kernel did not take. */
#ifndef MUSTER_FLEET_WIRE_H
#define MUSTER_FLEET_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"
#include "metrics/step.h"

struct connection;
struct worker;

/* What an open connection keeps besides itself: connection->owner; NULL when there is nothing. */
struct carry {
    uint8_t *in, *out;
    uint32_t in_size, in_room; /* the start of a packet */
    uint32_t out_at, out_size, out_room;
    instant blocked_until; /* stream without progress: the connection ends then */
};

enum { WIRE_BLOCKED_MAX = 8 << 20 }; /* bytes that one connection may have waiting for the kernel */

/* Sends what the step has written (host.step.out), through the link if there is one, and sets `sent` of the operations in it. CLOSE_NONE,
 * or why the connection has failed; the caller ends it. */
enum close_reason wire_emit(struct worker *w, uint32_t number);
/* The loop says readable and/or writable. */
void wire_ready(struct worker *w, uint32_t number, unsigned ready);
/* What the modelled link lets out by now, in both directions; a stream without progress ends. False: there was nothing to do. */
bool wire_due(struct worker *w, uint32_t number);
/* Earliest instant at which wire_due has work. */
instant wire_next(struct worker *w, uint32_t number);
/* The modelled link falls silent, or comes back. */
void wire_silence(struct worker *w, uint32_t number, bool silent);
/* Is `c`, which may have been freed since, still the device's open connection? Another one in the same place is still opening. */
bool wire_is(const struct worker *w, uint32_t number, const struct connection *c);
/* Hands what the link still carries up to the transport: the device ends its connection in order, and its last words go before FIN. They come
 * up to half a round trip early, so that nothing has to live on after the connection. */
void wire_flush(struct worker *w, uint32_t number);
/* The start of a packet whose rest has not come; empty: none. */
struct bytes wire_half(const struct worker *w, uint32_t number);
/* Frees what the connection keeps; it is being closed. */
void wire_drop(struct worker *w, uint32_t number);

#endif
