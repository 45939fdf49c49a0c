/* Which local address a connection leaves from. A source address has some 28,000 ports per destination, and the
 * kernel's search for a free one explodes past half of them, so at most SOURCE_CONNECTIONS_MAX connections per
 * (source, node) are planned.
 *
 * Addresses given (`sources:`) are used in turn, those of the node's family. Without any, a node in 127.0.0.0/8
 * gets 127.x.y.z addresses of our own choosing, which need no set-up; for all others the system chooses. */
#ifndef MUSTER_TRANSPORT_SOURCE_H
#define MUSTER_TRANSPORT_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "transport/address.h"

enum { SOURCE_CONNECTIONS_MAX = 10000, SOURCE_LOOPBACK_MAX = 60000 };

/* Addresses that so many connections to one node need. */
uint32_t source_needed(uint64_t connections);
/* Addresses at hand for that node; 1 when the system chooses. */
uint32_t source_available(const struct address *given, unsigned given_count, const struct address *node);
/* The source of the k-th (from 0) of `connections` connections to that node, its port 0. False: let the system
 * choose. `k` and `connections` count all devices of the node in the whole run, so that shards and workers do not
 * meet on one address. */
bool source_choose(const struct address *given, unsigned given_count, const struct address *node, uint64_t connections,
                   uint64_t k, struct address *out);

#endif
