/* Deadlines of dense tokens 0 … tokens − 1, at most one each: an indexed 4-ary heap with key (deadline, token), a total
 * order, so that equal deadlines come out the same on every machine. 16 B per entry and 4 B of back index per token, all
 * taken at timers_init; nothing allocates after it. */
#ifndef MUSTER_LOOP_TIMERS_H
#define MUSTER_LOOP_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"

struct timers_entry {
    instant deadline;
    uint32_t token;
};
_Static_assert(sizeof(struct timers_entry) == 16, "four siblings fill one cache line");

struct timers {
    struct timers_entry *heap; /* [0] is the earliest */
    uint32_t *place;           /* by token: index in heap + 1; 0: no deadline */
    void *storage;             /* what heap lies in */
    uint32_t tokens, count;
};

/* No token has a deadline. ERR_NO_MEMORY. */
int timers_init(struct timers *t, uint32_t tokens);
void timers_free(struct timers *t);
/* Sets, moves either way, or with INSTANT_NEVER removes the deadline of a token below `tokens`. */
void timers_set(struct timers *t, uint32_t token, instant deadline);
instant timers_deadline(const struct timers *t, uint32_t token); /* INSTANT_NEVER when it has none */
/* The earliest deadline of all; INSTANT_NEVER when there is none. */
static inline instant timers_next(const struct timers *t) {
    return t->count > 0 ? t->heap[0].deadline : INSTANT_NEVER;
}
/* Removes the earliest deadline that is ≤ now and tells whose it was; false when none is due. */
bool timers_pop(struct timers *t, instant now, uint32_t *token, instant *deadline);

#endif
