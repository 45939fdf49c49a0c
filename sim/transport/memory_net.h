/* A network in memory, for loops in simulated time: streams between descriptors of one world (loop/loop_virtual.h). It behaves as TCP
 * over a loopback does: in order, a window each way, FIN and RST, a refused connection where nobody listens. It takes no time
 * of its own; what a link costs is modelled above it. */
#ifndef MUSTER_TRANSPORT_MEMORY_NET_H
#define MUSTER_TRANSPORT_MEMORY_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop_virtual.h"
#include "transport/address.h"

enum { MEMORY_NET_WINDOW = 64 << 10 }; /* bytes that an end takes before somebody reads them */

struct memory_net;

/* `cap_bytes`: of everything that is sent and not yet read. The world outlives it. ERR_NO_MEMORY. */
int memory_net_new(struct loop_world *world, size_t cap_bytes, struct memory_net **out);
/* Closes every descriptor that it made. NULL is ignored. */
void memory_net_free(struct memory_net *n);

/* A descriptor that is ready to read while somebody waits to be accepted. ERR_EXISTS, ERR_NO_MEMORY. */
int memory_net_listen(struct memory_net *n, const struct address *at);
/* Where a listener listens; the address that a stream's own end was given, zero if none. */
void memory_net_where(const struct memory_net *n, int fd, struct address *at);
/* The next in line; ERR_AGAIN. */
int memory_net_accept(struct memory_net *n, int listener);
/* A descriptor whose far end waits at the listener; it is up at once. `from` may be NULL; any address reaches any listener. ERR_UNREACHABLE:
 * nobody listens there; ERR_NO_MEMORY. */
int memory_net_connect(struct memory_net *n, const struct address *to, const struct address *from);

/* Both ends of a stream that nobody had to accept. ERR_NO_MEMORY, ERR_TOO_BIG. */
int memory_net_pair(struct memory_net *n, int *near, int *far);

/* Bytes taken, at most the window's rest; ERR_AGAIN: the window is full; ERR_UNREACHABLE: the far end is gone; ERR_NO_MEMORY. */
int memory_net_send(struct memory_net *n, int fd, const uint8_t *data, size_t size);
/* Bytes read; ERR_AGAIN: none is there; ERR_CLOSED: the far end has finished; ERR_UNREACHABLE: it has reset. */
int memory_net_recv(struct memory_net *n, int fd, uint8_t *data, size_t size);
/* Has the far end finished or reset? Bytes that it sent before may still wait. */
bool memory_net_ended(const struct memory_net *n, int fd);
/* No more will be sent; reading goes on. */
void memory_net_finish(struct memory_net *n, int fd);
/* Nobody watches it any more. The far end reads what was sent and then the end; after a reset, nothing but that. A listener resets who
 * waits. */
void memory_net_close(struct memory_net *n, int fd, bool reset);

#endif
