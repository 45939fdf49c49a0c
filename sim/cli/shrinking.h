/* The smallest scenario that still shows something: devices, entries of the timeline, duration and every key that can be missed are taken away as
 * long as an expression holds at the end of the run in simulated time. For `muster shrink`.
 *
 * The search is delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002): parts are taken away
 * in halves, quarters and so on, and each trial is a run of its own in a child process, so that a scenario that makes no sense
 * any more, or crashes the program, is only one that does not show it. */
#ifndef MUSTER_CLI_SHRINKING_H
#define MUSTER_CLI_SHRINKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scenario/plan.h"

struct shrinking_facts {
    uint32_t devices, devices_before;
    size_t entries, entries_before; /* of the timeline */
    span duration, duration_before;
    unsigned trials;
};

struct shrinking_request {
    const struct plan *plan;     /* in simulated time; its tree is what is made smaller */
    const char *expression;      /* of a check */
    unsigned trials_max;         /* the search ends with what it has then */
    volatile const int *signals; /* so does it when this is no longer 0; NULL: never */
    void (*progress)(void *context, const struct shrinking_facts *facts); /* after each trial; may be NULL */
    void *context;
};

/* The whole scenario with the expression as its only check: what the search begins with. The caller frees it. */
struct node *shrinking_whole(const struct plan *plan, const char *expression);

/* *out: the smallest scenario that was found, with the expression as its only check; the caller frees it. ERR_NOT_FOUND: the
 * expression does not hold in the whole scenario; ERR_AGAIN: a signal came before that was known. */
int shrinking_search(const struct shrinking_request *request, struct node **out, struct shrinking_facts *facts);

#endif
