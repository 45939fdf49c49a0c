/* When the observer of an audit could not see: gaps, in order of their start, and stalls that may turn out to be some. */
#ifndef MUSTER_METRICS_AUDIT_GAPS_H
#define MUSTER_METRICS_AUDIT_GAPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "metrics/audit.h"

enum {
    AUDIT_GAPS_NONE = -1,
    AUDIT_GAPS_SUSPECTS_MAX = 64,  /* stalls that wait to be decided; more than that are taken for gaps */
    AUDIT_GAPS_CLEARED_MAX = 1024, /* stalls that were no gaps when they were decided; then the oldest is forgotten */
    AUDIT_GAPS_DUE_BUCKETS = 1 << 14
};
#define AUDIT_GAPS_DUE_WIDTH (10 * SPAN_MS) /* of a bucket; together they reach back 160 s */

struct audit_gaps {
    struct audit_gap gaps[AUDIT_GAPS_MAX + 1];
    unsigned count;
    struct audit_gap suspects[AUDIT_GAPS_SUSPECTS_MAX];
    unsigned suspect_count;
    struct audit_gap cleared[AUDIT_GAPS_CLEARED_MAX];
    unsigned cleared_count;
    uint32_t *due;      /* [AUDIT_GAPS_DUE_BUCKETS]: messages that fell due, a ring by time */
    int64_t due_newest; /* number of the newest bucket */
};

int audit_gaps_init(struct audit_gaps *g); /* of a zeroed struct; ERR_NO_MEMORY */
void audit_gaps_free(struct audit_gaps *g);
/* A message fell due at its intended instant, and was in the way of others when it was emitted. */
void audit_gaps_due(struct audit_gaps *g, instant intended, instant emitted);
/* As audit_gap, for what is one for certain. */
void audit_gaps_add(struct audit_gaps *g, enum audit_gap_kind kind, instant from, instant to);
void audit_gaps_suspect(struct audit_gaps *g, instant from, instant to);
/* What fell due before `until` and has ended is known: stalls that ended before are decided. What is told later as due in one that was
 * cleared may still make it a gap, at the next call. */
void audit_gaps_decide(struct audit_gaps *g, instant until);
/* The first gap that has an instant of from … to in common; AUDIT_GAPS_NONE. A gap of our own slowness lasts until the backlog is worked
 * off: as long again as the stall, at least 100 ms. */
int audit_gaps_find(const struct audit_gaps *g, instant from, instant to);
size_t audit_gaps_bytes(const struct audit_gaps *g);

#endif
