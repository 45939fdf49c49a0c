/* A scenario from what a capture shows of a device: complete, checked by the language's own rules, with a comment for every decision that
 * says what was observed.
 *
 * Two manners. Exact: the device sends the messages that were seen at the instants, counted from its first connect, at which they were
 * seen, and its connections begin and end as they did. As a model: streams have a period or a distribution, payloads their size, and
 * lost connections come back by a policy; from that a fleet can be made. */
#ifndef MUSTER_IMPORT_IMPORTED_H
#define MUSTER_IMPORT_IMPORTED_H

#include "base/instant.h"
#include "import/observed.h"

enum {
    IMPORTED_SIZE_MAX =
        900 << 10, /* of a scenario, which may have 1 MiB: streams that would exceed it lose payloads, then instants */
    IMPORTED_ENTRIES_MAX = 250, /* of the timeline, which may have 256 */
};

/* Later instants, which only broken clocks show, are taken for this one; the language ends at ten years. */
#define IMPORTED_SPAN_MAX (9 * 365 * SPAN_DAY)
/* From t = 0 to an instant, within 0 and that. */
static inline span imported_offset(int64_t zero_ns, int64_t unix_ns) {
    span s = unix_ns - zero_ns;
    return s < 0 ? 0 : s > IMPORTED_SPAN_MAX ? IMPORTED_SPAN_MAX : s;
}

struct imported_options {
    const char *source; /* the capture's name, for the first comment */
    bool model;
    bool sizes; /* payloads as random bytes of their size */
};

/* `o` has a connection at least. */
void imported_write(const struct observed *o, const struct talk_counts *counts, const struct imported_options *options,
                    struct text *out);

#endif
