/* TCP connections put together from segments: bytes in their order, each once, whatever was sent again, overlaps or came late.
 *
 * Bytes that wait for earlier ones are kept up to named caps; past them, and when a connection ends, what is missing is a gap: the
 * capture does not have it. Of overlapping segments the earlier copy counts. Source: RFC 9293 section 3. */
#ifndef MUSTER_IMPORT_STREAMS_H
#define MUSTER_IMPORT_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "import/frame.h"
#include "transport/address.h"

enum {
    STREAMS_MAX =
        65536, /* connections that are known at one time; beyond, the one that was silent longest is forgotten */
    STREAMS_HELD_MAX = 1 << 20,   /* bytes of one direction that wait for earlier ones */
    STREAMS_HELD_COUNT = 1024,    /* segments of one direction that wait */
    STREAMS_HELD_ALL = 64 << 20,  /* bytes of all connections that wait */
    STREAMS_AHEAD_MAX = 64 << 20, /* what lies further ahead belongs to something else */
};

enum streams_end { STREAMS_FIN, STREAMS_RESET, STREAMS_UNSEEN };

/* One connection. Side 0 is who opened it; when the capture began later, who was seen first. */
struct stream {
    struct address ends[2];
    bool from_start;   /* its opening was seen */
    int64_t opened_ns; /* the first SYN, or the first packet */
    void *user;        /* of the sink */
};

/* `side`: 0 or 1, whose bytes they are. Times are Unix nanoseconds and never go back within a direction. */
struct streams_sink {
    void *context;
    void (*opened)(void *context, struct stream *s);
    void (*data)(void *context, struct stream *s, unsigned side, int64_t unix_ns, struct bytes data);
    void (*gap)(void *context, struct stream *s, unsigned side, uint64_t size);
    /* The last call for it. `unix_ns`, `side`: of the first FIN or RST; of STREAMS_UNSEEN: of the last packet that was seen. */
    void (*ended)(void *context, struct stream *s, int64_t unix_ns, enum streams_end how, unsigned side);
};

struct streams;
struct streams *streams_new(const struct streams_sink *sink); /* `sink` is borrowed */
void streams_segment(struct streams *s, int64_t unix_ns, const struct frame_segment *segment);
/* Bytes that were put together before, by whoever wrote the capture. `first`: a connection begins with them. */
void streams_put(struct streams *s, int64_t unix_ns, const struct address *from, const struct address *to,
                 struct bytes data, bool first);
void streams_free(struct streams *s); /* ends what is open; NULL is ignored */

#endif
