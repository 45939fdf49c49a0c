/* Devices that wait for something which comes to all of a worker at once (the guard's publish rate, memory): first come, first served, each
 * at most once. Room for every device is taken at build; what is never used costs no memory. */
#ifndef MUSTER_FLEET_WAITERS_H
#define MUSTER_FLEET_WAITERS_H

#include <stdbool.h>
#include <stdint.h>

struct waiters {
    uint32_t *ring;
    uint8_t *in; /* bit per device */
    uint32_t first, count, room;
};

/* For numbers below `devices`. ERR_NO_MEMORY. */
int waiters_init(struct waiters *q, uint32_t devices);
void waiters_free(struct waiters *q);
/* No effect when it waits already. */
void waiters_add(struct waiters *q, uint32_t number);
bool waiters_has(const struct waiters *q, uint32_t number);
/* The one that has waited longest; false when nobody waits. */
bool waiters_take(struct waiters *q, uint32_t *number);

#endif
