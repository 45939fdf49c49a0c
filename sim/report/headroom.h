/* How much more of a run's load this host could have carried: the ceiling that `muster doctor --capacity` measured over what the plan
 * intends. One place, so that every document says the same. */
#ifndef MUSTER_REPORT_HEADROOM_H
#define MUSTER_REPORT_HEADROOM_H

#include <stdbool.h>
#include <stddef.h>

#include "report/report.h"

struct headroom {
    bool known;        /* the host was measured, and still is what it was then */
    double factor;     /* the load that it can do, in multiples of this one; below 1: this one was too much */
    const char *first; /* what would run out first: "messages", "connects" or "devices" */
};

/* Walks a part of the plan: some milliseconds. Not known without r->ceiling. */
struct headroom headroom_of(const struct report *r);
/* "this host can do 4.1 times this load (messages run out first; measured with QoS 1 fleet)"; "" when not known. Returns `text`. */
const char *headroom_sentence(const struct report *r, const struct headroom *h, char *text, size_t size);

#endif
