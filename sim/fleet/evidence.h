/* What devices sent and received before something went wrong, kept until it does.
 *
 * Watched devices, the sample of the run (fleet/sample.h) and those that were asked for, keep their last packets in a ring of the worker's
 * pool. When a step leaves trouble behind (struct device_trouble: a broken rule, an operation that was refused, timed out or broke) the ring
 * goes out; of any other device the offending packet alone does. A device that was asked for sends out everything.
 *
 * Out means: into the worker's interval, and with it to the control thread once a second (fleet/evidence_record.h). Passwords,
 * authentication data and every secret of the run are overwritten before that. What does not fit is dropped and counted, never waited for.
 *
 * Cost for other devices: one bit per send and receive (CONNECTION_WATCHED), one count per step. Memory: a ring is made of what it
 * holds, and given back when it went out. */
#ifndef MUSTER_FLEET_EVIDENCE_H
#define MUSTER_FLEET_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"

struct worker;

enum {
    EVIDENCE_RING_PACKETS = 32,
    EVIDENCE_RING_BYTES = 128 << 10, /* of one device */
    EVIDENCE_PACKET_MAX = 64 << 10,  /* kept of one packet; its true size is told */
    /* per worker and interval, since a storm of failures must not push everything else out: */
    EVIDENCE_VIOLATIONS_MAX = 64, /* of devices that are not watched */
    EVIDENCE_REFUSALS_MAX = 16,   /* of these, too */
    EVIDENCE_RINGS_MAX = 64,      /* that go out because operations failed */
    EVIDENCE_NOTES_MAX = 16       /* findings about operations */
};

struct evidence; /* one per worker */

/* For a worker that is built. `sampled_below`: of sample_below. `asked`: devices by their number over all fleets, in any order; those that
 * live elsewhere do not matter. ERR_NO_MEMORY. A worker without evidence keeps none, and the calls below do nothing. */
int evidence_init(struct worker *w, uint64_t sampled_below, const uint32_t *asked, unsigned asked_count);
void evidence_free(struct worker *w);

/* Is the device watched? Its connections carry CONNECTION_WATCHED then; the functions below marked (w) are called for those only. */
bool evidence_watches(const struct worker *w, uint32_t number);
/* (w) The connection is up, its own address is known. */
void evidence_connected(struct worker *w, uint32_t number);
/* (w) The session wrote these packets; a modelled link lets them out `link` later. */
void evidence_sent(struct worker *w, uint32_t number, struct bytes packets, span link);
/* (w) The session looked at `input` and consumed the first `used` bytes of it; they had come to this machine `link` earlier. */
void evidence_received(struct worker *w, uint32_t number, struct bytes input, size_t used, span link);
/* (w) The stream ended inside a packet. */
void evidence_torn(struct worker *w, uint32_t number);

/* A step left trouble behind (host.trouble, which is forgotten then), and its bytes were sent. */
void evidence_trouble(struct worker *w, uint32_t number);
/* The interval is about to be swapped: sends out what was asked for. */
void evidence_swap(struct worker *w);
/* Gives the rings back to the pool. */
void evidence_finish(struct worker *w);

#endif
