/* Messages that a device has intended and not handed over yet: offline, behind a full window, or held by the guard. A ring of pool
 * blocks per device; its length is bounded by the profile's buffer. */
#ifndef MUSTER_DEVICE_WAITING_H
#define MUSTER_DEVICE_WAITING_H

#include "device/device.h"

/* A rendered message with its operation; what `m` points to lives in the block (or in the plan: user properties). */
struct waiting {
    struct waiting *next;
    size_t size; /* of the whole block */
    struct op op;
    struct mqtt_message message;
    uint8_t bytes[];
};

/* Copies message and operation behind the device's other waiting messages. ERR_NO_MEMORY: the pool's cap. */
int waiting_push(struct pool *pool, struct device *life, struct behaviour *b, const struct mqtt_message *m,
                 const struct op *op);
struct waiting *waiting_first(const struct device *life);
/* Removes the first; the caller has copied what it needs. */
void waiting_pop(struct pool *pool, struct device *life, struct behaviour *b);

#endif
