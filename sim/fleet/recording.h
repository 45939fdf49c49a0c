/* What the peer of a device did, and when: enough to let the device live its life again without the peer (fleet/player.h).
 *
 * A recording is one file, `recording.bin` of the run directory: "MUSTREC1", then chunks, one for each worker and interval,
 *
 *     u32 bytes that follow · u16 worker · i64 instant that the chunk counts from, ns
 *     u8 kind · varuint device · varuint ns since the record before · varuint size · bytes      … as many as there are
 *
 * fixed-size integers big-endian, varuint as in LEB128. Records of a device stand in the order in which things happened. A recording that
 * grew too fast ends early, and says so in the run's facts. */
#ifndef MUSTER_FLEET_RECORDING_H
#define MUSTER_FLEET_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"

enum recording_kind {
    RECORDING_FAILED,   /* an attempt ended before the transport was up; one byte: enum close_reason */
    RECORDING_OPENED,   /* the transport was up */
    RECORDING_SENT,     /* the device sent bytes: u32 how many, u64 their hash (recording_hash) */
    RECORDING_RECEIVED, /* the bytes that came */
    RECORDING_ENDED,    /* the peer ended the connection; one byte: 1 by reset, 0 in order */
    RECORDING_KINDS
};

enum { RECORDING_MAGIC_SIZE = 8 };
extern const char recording_magic[RECORDING_MAGIC_SIZE + 1];

struct worker;
struct recording; /* one per worker that records */

/* Of all devices, or of those asked for (by their number over all fleets). ERR_NO_MEMORY. */
int recording_init(struct worker *w, bool all, const uint32_t *asked, unsigned asked_count);
void recording_free(struct worker *w);
/* Notes what happened to a device now; nothing for one that is not recorded. */
void recording_note(struct worker *w, uint32_t number, enum recording_kind kind, struct bytes data);
void recording_sent(struct worker *w, uint32_t number, struct bytes data);
void recording_failed(struct worker *w, uint32_t number, unsigned why);
void recording_ended(struct worker *w, uint32_t number, bool reset);
/* Records that did not fit: the recording ends where the first was. */
uint64_t recording_omitted(const struct worker *w);

/* Completes what one interval holds, before it is written. */
void recording_close_chunk(uint8_t *chunk, uint32_t size);

uint64_t recording_hash(struct bytes data);

/* --- reading ---------------------------------------------------------------------------------------------------------- */

struct recording_event {
    enum recording_kind kind;
    uint32_t device;
    instant at;
    struct bytes data; /* borrowed from the text */
};

/* Calls `take` for each record in the order of the file. ERR_MALFORMED with a sentence in `why` at the first byte that cannot be read. */
int recording_read(struct bytes file, void (*take)(void *context, const struct recording_event *e), void *context,
                   char *why, size_t why_size);

#endif
