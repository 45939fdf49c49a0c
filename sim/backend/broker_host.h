/* The built-in broker on a loop and a transport: accepts, reads, writes, and ends connections for it. It does not care whether the clock is real
 * and whether the bytes go through the kernel.
 *
 * A client that does not read: its messages wait in its session from `backlog` bytes on (broker_limits); its own requests are
 * answered until another MiB is unsent, and then nothing more is read from it. */
#ifndef MUSTER_BACKEND_BROKER_HOST_H
#define MUSTER_BACKEND_BROKER_HOST_H

#include "backend/broker.h"
#include "loop/loop.h"
#include "transport/address.h"

enum { BROKER_HOST_TOKENS = 5 }; /* timers that its loop must have */

struct broker_host;

/* `options` are copied, what they point to is borrowed. Errors as broker_new. */
int broker_host_new(const struct broker_options *options, struct broker_host **out);
/* Ends what is open by reset. Before its loop is closed. NULL is ignored. */
void broker_host_free(struct broker_host *h);

/* What its loop is to call; whoever has more to watch with that loop passes the rest on. */
struct loop_handlers broker_host_handlers(struct broker_host *h);
/* Listens there and begins to serve. `network`: the connections' state, as the transport demands. `bound`: where it does, with the port that
 * was free. Errors as transport_ops.listen. */
int broker_host_listen(struct broker_host *h, struct loop *loop, enum transport_kind kind, void *network,
                       const struct address *at, struct address *bound);
/* Says goodbye to everyone and stops the loop when all have gone, 2 s later at most. */
void broker_host_stop(struct broker_host *h);
const struct broker *broker_host_broker(const struct broker_host *h);

#endif
