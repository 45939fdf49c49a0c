/* Attempts to connect, between a device's wish and an open transport:
 *
 *   link's delay → queue of the node → guard (outstanding connects, rate, allow-list) → transport opens
 *
 * A slot of the node is held until the attempt has ended (accepted, refused, failed), because a backend that is slow to accept fills
 * its listen backlog. What the guard held back shows as `held: guard`. */
#ifndef MUSTER_FLEET_DIALER_H
#define MUSTER_FLEET_DIALER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"

struct worker;

enum {
    DIALER_NONE = UINT32_MAX,
    DIALER_STARTS_MAX = 128 /* in one turn of the loop */
};

struct dialer {
    struct {
        uint32_t first, last; /* devices waiting for a slot; DIALER_NONE */
    } * queues;               /* per node */
    unsigned node_count;
    unsigned *target_first; /* [target_count]: number of a target's first node */
    uint16_t *device_node;  /* [devices]: which node of its target; NULL when every target has one */
    unsigned turn;          /* the node that is asked first when the rate lets somebody go */
    instant again;          /* the rate cap lets the next one go; kept until then */
    bool ready;             /* a slot came free, or somebody queued: dialer_run has work */
};

/* What this machine may lack when a connection is to be opened; a bit each in worker.shortages. */
enum dialer_shortage {
    SHORT_OF_DESCRIPTORS,
    SHORT_OF_FILES,
    SHORT_OF_PORTS,
    SHORT_OF_MEMORY,
    SHORT_OF_OTHER,
    SHORTAGES
};

int dialer_init(struct dialer *d, struct worker *w);
void dialer_free(struct dialer *d);
/* The device ordered `open`: makes its connection, which waits for the link's delay first. */
void dialer_open(struct worker *w, uint32_t number);
/* The device's attempt may be due to leave the link's delay. */
void dialer_due(struct worker *w, uint32_t number);
/* Starts whoever may go. Called between steps. */
void dialer_run(struct worker *w);
/* The loop says that an opening connection is ready. */
void dialer_progress(struct worker *w, uint32_t number);
/* The attempt is over, or the connection goes: gives the slot back, leaves the queue. */
void dialer_release(struct worker *w, uint32_t number);
/* failover: the next attempt goes to the target's next node. */
void dialer_next_node(struct worker *w, uint32_t number);

#endif
