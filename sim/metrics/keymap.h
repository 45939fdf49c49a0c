/* A small map from 64-bit keys to 32-bit indexes: open addressing, linear probing, at most half full. Keys are packed structs, so
 * that finding the series of an operation costs one multiplication and one comparison, and no string is hashed. Nothing is removed singly. */
#ifndef MUSTER_METRICS_KEYMAP_H
#define MUSTER_METRICS_KEYMAP_H

#include <stddef.h>
#include <stdint.h>

enum { KEYMAP_NONE = UINT32_MAX };

struct keymap {
    uint64_t *keys;
    uint32_t *values; /* KEYMAP_NONE: the place is free */
    uint32_t room;    /* 0 or a power of two */
    uint32_t count;
    uint32_t shift; /* 64 - log2(room) */
};

/* The value of `key`, or KEYMAP_NONE. A zeroed map is empty and valid. */
uint32_t keymap_find(const struct keymap *m, uint64_t key);
/* Adds a key that is not there yet; `value` is not KEYMAP_NONE. Out of memory aborts through CHECK. */
void keymap_put(struct keymap *m, uint64_t key, uint32_t value);
/* Forgets all keys, keeps the memory. */
void keymap_clear(struct keymap *m);
void keymap_free(struct keymap *m);
size_t keymap_bytes(const struct keymap *m); /* memory in use */

#endif
