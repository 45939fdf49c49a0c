/* A set of packet ids in pool memory: a short list that turns into a bitmap of 8 KiB when it grows, so that no peer can make
 * it larger or slower. Nothing is held while it is empty. */
#ifndef MUSTER_MQTT_MQTT_IDSET_H
#define MUSTER_MQTT_MQTT_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

struct mqtt_idset {
    union {
        uint16_t *list;
        uint64_t *bitmap;
    };
    uint32_t count;
    uint32_t room; /* of the list; MQTT_IDSET_BITMAP: it is a bitmap; 0: no memory held */
};

enum { MQTT_IDSET_LIST_MAX = 64, MQTT_IDSET_BITMAP = 65536, MQTT_IDSET_BITMAP_BYTES = 8192 };

bool mqtt_idset_has(const struct mqtt_idset *s, uint16_t id);
/* 0, also when it is in already, or ERR_NO_MEMORY. */
int mqtt_idset_add(struct mqtt_idset *s, struct pool *pool, uint16_t id);
/* False when it was not in. */
bool mqtt_idset_remove(struct mqtt_idset *s, struct pool *pool, uint16_t id);
void mqtt_idset_clear(struct mqtt_idset *s, struct pool *pool);

#endif
