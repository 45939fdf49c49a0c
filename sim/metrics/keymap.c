#include "metrics/keymap.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { ROOM_FIRST = 16 };

/* Fibonacci hashing: only the top bits of the product depend on every bit of the key. */
static uint32_t place_of(const struct keymap *m, uint64_t key) {
    return (uint32_t)((key * 0x9e3779b97f4a7c15ULL) >> m->shift);
}

uint32_t keymap_find(const struct keymap *m, uint64_t key) {
    if (m->room == 0)
        return KEYMAP_NONE;
    uint32_t at = place_of(m, key);
    while (m->values[at] != KEYMAP_NONE && m->keys[at] != key)
        at = (at + 1) & (m->room - 1);
    return m->values[at];
}

static void insert(struct keymap *m, uint64_t key, uint32_t value) {
    uint32_t at = place_of(m, key);
    while (m->values[at] != KEYMAP_NONE)
        at = (at + 1) & (m->room - 1);
    m->keys[at] = key;
    m->values[at] = value;
}

static void resize(struct keymap *m, uint32_t room) {
    struct keymap old = *m;
    *m = (struct keymap){.room = room, .count = old.count, .shift = 64U - (uint32_t)__builtin_ctz(room)};
    m->keys = calloc(room, sizeof *m->keys);
    m->values = malloc(room * sizeof *m->values);
    CHECK(m->keys != NULL && m->values != NULL);
    memset(m->values, 0xff, room * sizeof *m->values); /* KEYMAP_NONE everywhere */
    for (uint32_t i = 0; i < old.room; i++)
        if (old.values[i] != KEYMAP_NONE)
            insert(m, old.keys[i], old.values[i]);
    keymap_free(&old);
}

void keymap_put(struct keymap *m, uint64_t key, uint32_t value) {
    CHECK(value != KEYMAP_NONE && m->count < UINT32_MAX / 8);
    if (m->count + 1 > m->room / 2)
        resize(m, m->room == 0 ? ROOM_FIRST : m->room * 2);
    insert(m, key, value);
    m->count++;
}

void keymap_clear(struct keymap *m) {
    if (m->count > 0)
        memset(m->values, 0xff, m->room * sizeof *m->values);
    m->count = 0;
}

void keymap_free(struct keymap *m) {
    free(m->keys);
    free(m->values);
    *m = (struct keymap){0};
}

size_t keymap_bytes(const struct keymap *m) {
    return m->room * (sizeof *m->keys + sizeof *m->values);
}
