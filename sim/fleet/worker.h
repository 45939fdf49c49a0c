/* A worker: one thread with a loop, slabs of devices, a pool, a guard and a recorder of its own. Workers share nothing but the plan
 * (read-only) and the mailbox below; device d of a shard lives on worker (d div shards) mod workers.
 *
 *   worker.c       slabs, steps and what follows a step; the loop's handlers
 *   wire.c         bytes between session and transport: delays, silence, half packets, blocked sends
 *   dialer.c       attempts to connect: the link's delay, the queue of each node, the guard's slots
 *   secure.c       what connections with TLS need, and their handshakes
 *   ghosts.c       sockets of devices that vanished
 *   evidence.c     last packets of watched devices, for when something goes wrong
 *   waiters.c      devices that wait for the guard's publish rate
 */
#ifndef MUSTER_FLEET_WORKER_H
#define MUSTER_FLEET_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "device/device.h"
#include "device/duplicates.h"
#include "fleet/dialer.h"
#include "fleet/ghosts.h"
#include "fleet/waiters.h"
#include "loop/loop.h"
#include "metrics/recorder.h"
#include "metrics/trace.h"
#include "scenario/plan.h"
#include "transport/guard.h"

enum {
    WORKER_OUT_SIZE = 1 << 21,     /* what one step may write */
    WORKER_SCRATCH_SIZE = 1 << 20, /* rendering space */
    WORKER_RECEIVE_SIZE = 1 << 16, /* what one read takes */
    WORKER_FAREWELL_BATCH = 500,   /* devices per turn that say goodbye */
    WORKER_PUMPS_MAX = 256,        /* devices per turn that the guard lets go on */
    WORKER_LEVELS_MAX = 500,       /* devices per interval whose battery is looked at */
    WORKER_LOOKS_MAX = 20000       /* devices per heartbeat that are asked whether they are busy */
};

/* What control tells workers to do; each includes the ones before it. */
enum worker_order { WORKER_WAIT, WORKER_RUN, WORKER_FAREWELL, WORKER_FINISH };

/* Where the devices of a group lie in the slabs. */
struct worker_group {
    uint8_t *behaviours, *radios; /* of its first device; radios NULL: the group has none */
    size_t behaviour_size, radio_size;
    uint32_t first; /* number of its first device */
};

struct worker {
    unsigned index;
    pthread_t thread;
    struct loop *loop;
    const struct plan *plan;
    bool private_table;        /* unshares its descriptors */
    struct secure *secure;     /* what connections with TLS need; NULL: none are made */
    struct kept **kept;        /* [count] TLS sessions of devices; NULL: no profile goes on with one */
    struct helpers_desk *desk; /* where handshakes come back from those who compute them; NULL: nobody does */
    struct virtual_run *world; /* simulated time, and what stands for the network in it; NULL: real time */

    /* slabs; a device's number in the worker is its timer token */
    uint32_t count;
    struct device *lives;
    uint8_t *sessions;
    size_t session_size;
    struct link_state *links;   /* NULL: no modelled links in this plan */
    uint8_t *radios;            /* states of devices whose group has them, laid out by group; NULL: no group has */
    struct power_state *powers; /* NULL: no device has power to run out of */
    uint8_t *behaviours;
    struct worker_group *groups; /* [group_count + 1]: devices are laid out by group; the last one is only an end */

    struct device_host host;
    struct guard guard;
    struct pool *pool;
    struct recorder *recorder;
    uint8_t *out, *scratch, *receive;
    struct dialer dialer;
    struct ghosts ghosts;
    struct evidence *evidence;   /* NULL: none is kept */
    struct recording *recording; /* NULL: nobody is recorded */
    struct player *player;       /* stands for the peers of a run that is replayed; NULL: they are there */
    struct trace trace;          /* in simulated time */
    struct waiters waiters;      /* devices with a message that the guard holds */
    instant pump_at;             /* they are asked again then */
    uint32_t farewell_at;        /* next device to say goodbye */
    uint32_t look_at;            /* next device to be asked whether it is busy */
    uint32_t idle_in_row;        /* so many before it were not */
    instant next_swap;
    span heartbeat;    /* between two looks at itself */
    int64_t origin_ns; /* monotonic clock at t = 0; set before WORKER_RUN */
    bool true_silence; /* a drop-all filter was set at least once */

    /* mailbox */
    _Atomic int order;
    _Atomic(struct interval *) filled; /* worker → control */
    _Atomic(struct interval *) spare;  /* control → worker */
    _Atomic bool ready, said_goodbye;
    _Atomic bool busy; /* a device may have something in flight or waiting; told while settling */
    _Atomic uint64_t cpu_ns;
    _Atomic unsigned shortages; /* bit = enum dialer_shortage: attempts failed for want of it */
    _Atomic int64_t ends;       /* control may bring the end forward */
    struct interval *last;      /* after the thread has ended */
};

/* Lays out the devices of `worker` (which of `workers`, in shard 1…shards) and makes loop, pool, recorder. Runs on the control thread,
 * before any worker's thread exists. */
int worker_build(struct worker *w, const struct plan *plan, unsigned worker, unsigned workers, unsigned shard,
                 unsigned shards, struct virtual_run *world, const struct secret_table *secrets);
/* A thread that does the three things below, and waits for WORKER_RUN after the first. */
int worker_start(struct worker *w);
/* What is done before t = 0, at t = 0, and after the loop has been stopped; for whoever runs the loop itself. */
void worker_prepare(struct worker *w);
void worker_set_off(struct worker *w);
void worker_leave(struct worker *w);
void worker_build_free(struct worker *w); /* after the thread was joined, or never started */
/* Tells the worker; it obeys within its next turn. */
void worker_tell(struct worker *w, enum worker_order order);

/* What worker_build gives to the loop. */
struct loop_handlers worker_handlers(struct worker *w);
uint32_t worker_tokens(const struct worker *w);

/* For wire.c, dialer.c: the pieces of a device, and the ways in and out of a step. */
struct device_slot worker_slot(struct worker *w, uint32_t number);
/* Begins a step now; `answered`: when its input came (now without input). */
void worker_step(struct worker *w, instant answered);
/* Carries out what the step ordered, and sets the device's timer. The device may have been disconnected afterwards. */
void worker_settle(struct worker *w, uint32_t number);
/* The modelled link took something in that the device does not feel yet: sets its timer. */
void worker_linked(struct worker *w, uint32_t number);
/* Takes and frees the connection of a device. `how` as in struct device_orders. */
void worker_close(struct worker *w, uint32_t number, int how);
/* The transport failed or was closed by the peer. */
void worker_lost(struct worker *w, uint32_t number, enum close_reason why);

#endif
