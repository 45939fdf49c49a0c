/* Packets of a capture file, one after the other: pcapng (several sections and interfaces, both byte orders, any resolution) and
 * classic pcap (both byte orders, microseconds and nanoseconds).
 *
 * The file is read as a stream and may have any length; one block at a time is in memory. Nothing in it is trusted: what cannot be is
 * the end of the reading, and packets_trouble says what and where. Sources: draft-ietf-opsawg-pcapng, draft-ietf-opsawg-pcap. */
#ifndef MUSTER_IMPORT_PACKETS_H
#define MUSTER_IMPORT_PACKETS_H

#include <stdint.h>
#include <stdio.h>

#include "base/bytes.h"

enum {
    PACKETS_BLOCK_MAX = 16 << 20, /* larger blocks are passed over; Wireshark writes none that are */
    PACKETS_INTERFACES_MAX = 1024 /* per section */
};

struct packet {
    int64_t unix_ns;   /* never negative */
    uint32_t link;     /* LINKTYPE_… of the interface */
    struct bytes data; /* borrowed until the next call */
    uint32_t original; /* bytes that it had on the wire */
};

struct packets;

/* Reads the beginning of `f`, which stays the caller's. NULL: this is no capture, and `why` has a sentence. */
struct packets *packets_open(FILE *f, char *why, size_t why_size);
/* 1: *out is the next packet; 0: there is none. */
int packets_next(struct packets *p, struct packet *out);
/* Why the reading ended before the end of the file; NULL: it did not. */
const char *packets_trouble(const struct packets *p);
/* Packets that were passed over: without a time, of an unknown interface, too large. */
uint64_t packets_passed_over(const struct packets *p);
void packets_free(struct packets *p); /* NULL is ignored */

#endif
