/* One packet of evidence on its way from a worker to the control thread, inside the interval: this struct, then its bytes. */
#ifndef MUSTER_FLEET_EVIDENCE_RECORD_H
#define MUSTER_FLEET_EVIDENCE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"
#include "metrics/interval.h"
#include "transport/address.h"

enum evidence_flags {
    EVIDENCE_SENT = 1,      /* by the device; else received by it */
    EVIDENCE_FIRST = 2,     /* the first that the device sent on its connection */
    EVIDENCE_TORN = 4,      /* the rest of it never came */
    EVIDENCE_ALONE = 8,     /* of a device that nobody watched: the offending packet alone */
    EVIDENCE_STREAMED = 16, /* asked for; nothing went wrong */
    EVIDENCE_BLAMED = 32,   /* trouble: this packet caused it */
    EVIDENCE_AFTER = 64,    /* trouble: it came after this packet, and no packet is to blame */
    EVIDENCE_EMPTY = 128    /* trouble without a packet: what belongs to it went out before */
};

struct evidence_record {
    instant at; /* when the device wrote or felt it; of an empty record, when it went wrong */
    span link;  /* a modelled link kept it so long: it left later, or had come earlier */
    struct address local, peer;
    const char *dissector;
    uint32_t device; /* over all fleets */
    uint32_t size;   /* bytes that follow */
    uint32_t original;
    uint32_t masked; /* bytes that were overwritten, since they are secret */
    uint16_t group;
    uint8_t flags;
    bool violated; /* it goes out because a rule was broken */
    /* trouble, of BLAMED, AFTER and EMPTY */
    uint8_t op, outcome, reason_code, close_reason; /* of the first operation that failed */
    uint32_t failed;                                /* so many did */
    instant trouble_at;                             /* the instant of the findings that belong to it */
    const char *statement, *detail;                 /* of the broken rule; static strings or NULL */
};

/* Appends a record with room for its `size` bytes; where they go, or NULL when the interval is full (which it counts). */
uint8_t *evidence_record_add(struct recorder *r, const struct evidence_record *record);
/* So many of the bytes at `data`, which evidence_record_add returned, were overwritten. */
void evidence_record_masked(uint8_t *data, uint32_t masked);
/* Walks the records of an interval in their order. */
void evidence_record_each(const struct interval *i,
                          void (*visit)(void *context, const struct evidence_record *record, const uint8_t *data),
                          void *context);

#endif
