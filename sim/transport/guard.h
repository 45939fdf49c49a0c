/* The safety guard: the one choke point before connect and sendto. Nothing that a backend says, and no mistake in a scenario,
 * sends a fleet at addresses that were not allowed, or faster than the caps (docs/safety.md).
 *
 * Limits belong to the run; each worker has a `struct guard` of its own with its share (by devices, at least 1 per node). */
#ifndef MUSTER_TRANSPORT_GUARD_H
#define MUSTER_TRANSPORT_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "transport/address.h"

/* address/prefix; port ignored */
struct guard_net {
    struct address address;
    uint8_t prefix;
};

/* safety.*; rates per second, 0: no cap */
struct guard_limits {
    struct guard_net *allow; /* loopback and the literal targets are always in */
    unsigned allow_count;
    bool allow_given; /* the file has an allow-list */
    double max_connect_rate, max_publish_rate, max_bytes_rate;
    uint32_t max_outstanding_connects; /* per node */
};

/* Adds an address (all its ports) or "a.b.c.d/n" network. Ownership of the array stays with the caller of guard_limits_free. */
int guard_limits_allow(struct guard_limits *l, const struct address *a, uint8_t prefix);
void guard_limits_free(struct guard_limits *l);
bool guard_limits_permit(const struct guard_limits *l, const struct address *a);
/* Well-known public sandboxes (names): more than 5 devices are refused there. */
bool guard_is_public_sandbox(const char *host);

enum guard_bucket { GUARD_CONNECTS, GUARD_PUBLISHES, GUARD_BYTES, GUARD_BUCKETS };

struct guard {
    const struct guard_limits *limits;
    struct {
        double rate, level, burst; /* rate 0: no cap */
        instant filled;
    } buckets[GUARD_BUCKETS];
    uint32_t *outstanding; /* connects in progress per node (all targets' nodes numbered through) */
    uint32_t outstanding_max;
    uint64_t refused; /* addresses outside the allow-list */
    uint64_t held;    /* operations that had to wait */
};

/* `share`: this worker's part of the devices, 0–1. `nodes`: number of nodes of all targets. */
int guard_init(struct guard *g, const struct guard_limits *limits, double share, unsigned nodes);
void guard_free(struct guard *g);
/* ERR_DENIED outside the allow-list (counted). Called immediately before every connect and sendto. */
int guard_check(struct guard *g, const struct address *a);
/* Takes `amount` tokens: 0, or ERR_AGAIN with the instant at which to ask again. */
int guard_take(struct guard *g, enum guard_bucket bucket, double amount, instant now, instant *again);
/* Takes what has gone out already, whatever is left; a debt makes those after it wait. (Taking 0 asks whether there is a debt.) */
void guard_spend(struct guard *g, enum guard_bucket bucket, double amount, instant now);

#endif
