#include "mqtt/mqtt_idset.h"

#include <string.h>

#include "base/err.h"

enum { LIST_FIRST = 16, WORD_BITS = 64 };

static size_t held_bytes(const struct mqtt_idset *s) {
    return s->room == MQTT_IDSET_BITMAP ? MQTT_IDSET_BITMAP_BYTES : s->room * sizeof(uint16_t);
}

/* Position in the list, or count. */
static uint32_t find(const struct mqtt_idset *s, uint16_t id) {
    uint32_t i = 0;
    while (i < s->count && s->list[i] != id)
        i++;
    return i;
}

static uint64_t bit_of(uint16_t id) {
    return (uint64_t)1 << (id % WORD_BITS);
}

bool mqtt_idset_has(const struct mqtt_idset *s, uint16_t id) {
    if (s->room == MQTT_IDSET_BITMAP)
        return (s->bitmap[id / WORD_BITS] & bit_of(id)) != 0;
    return find(s, id) < s->count;
}

static int become_bitmap(struct mqtt_idset *s, struct pool *pool) {
    uint64_t *bitmap = pool_take(pool, MQTT_IDSET_BITMAP_BYTES);
    if (!bitmap)
        return ERR_NO_MEMORY;
    memset(bitmap, 0, MQTT_IDSET_BITMAP_BYTES);
    for (uint32_t i = 0; i < s->count; i++)
        bitmap[s->list[i] / WORD_BITS] |= bit_of(s->list[i]);
    pool_give(pool, s->list, held_bytes(s));
    s->bitmap = bitmap;
    s->room = MQTT_IDSET_BITMAP;
    return 0;
}

static int grow(struct mqtt_idset *s, struct pool *pool) {
    if (s->room == MQTT_IDSET_LIST_MAX)
        return become_bitmap(s, pool);
    uint32_t room = s->room ? 2 * s->room : LIST_FIRST;
    uint16_t *list = pool_take(pool, room * sizeof *list);
    if (!list)
        return ERR_NO_MEMORY;
    if (s->room) {
        memcpy(list, s->list, s->count * sizeof *list);
        pool_give(pool, s->list, held_bytes(s));
    }
    s->list = list;
    s->room = room;
    return 0;
}

int mqtt_idset_add(struct mqtt_idset *s, struct pool *pool, uint16_t id) {
    if (mqtt_idset_has(s, id))
        return 0;
    if (s->count == s->room) {
        int error = grow(s, pool);
        if (error < 0)
            return error;
    }
    if (s->room == MQTT_IDSET_BITMAP)
        s->bitmap[id / WORD_BITS] |= bit_of(id);
    else
        s->list[s->count] = id;
    s->count++;
    return 0;
}

bool mqtt_idset_remove(struct mqtt_idset *s, struct pool *pool, uint16_t id) {
    if (!mqtt_idset_has(s, id))
        return false;
    if (s->room == MQTT_IDSET_BITMAP)
        s->bitmap[id / WORD_BITS] &= ~bit_of(id);
    else
        s->list[find(s, id)] = s->list[s->count - 1];
    if (--s->count == 0)
        mqtt_idset_clear(s, pool);
    return true;
}

void mqtt_idset_clear(struct mqtt_idset *s, struct pool *pool) {
    if (s->room)
        pool_give(pool, s->list, held_bytes(s));
    *s = (struct mqtt_idset){0};
}
