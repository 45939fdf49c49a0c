#include "backend/broker_table.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"

enum { FIRST_ROOM = 64 };

void broker_table_init(struct broker_table *t, struct pool *pool) {
    *t = (struct broker_table){.pool = pool};
}

void broker_table_free(struct broker_table *t) {
    pool_give(t->pool, t->buckets, t->room * sizeof *t->buckets);
    broker_table_init(t, t->pool);
}

static bool grow(struct broker_table *t) {
    size_t room = t->room > 0 ? 2 * t->room : FIRST_ROOM;
    struct broker_entry **buckets = pool_take(t->pool, room * sizeof *buckets);
    if (buckets == NULL)
        return false;
    memset(buckets, 0, room * sizeof *buckets);
    for (size_t i = 0; i < t->room; i++)
        for (struct broker_entry *e = t->buckets[i], *next; e != NULL; e = next) {
            next = e->next;
            e->next = buckets[e->hash & (room - 1)];
            buckets[e->hash & (room - 1)] = e;
        }
    pool_give(t->pool, t->buckets, t->room * sizeof *t->buckets);
    t->buckets = buckets;
    t->room = room;
    return true;
}

int broker_table_add(struct broker_table *t, struct broker_entry *e, uint64_t hash) {
    if (t->count >= t->room && !grow(t) && t->room == 0)
        return ERR_NO_MEMORY;
    e->hash = hash;
    e->next = t->buckets[hash & (t->room - 1)];
    t->buckets[hash & (t->room - 1)] = e;
    t->count++;
    return 0;
}

void broker_table_remove(struct broker_table *t, struct broker_entry *e) {
    CHECK(t->room > 0);
    struct broker_entry **at = &t->buckets[e->hash & (t->room - 1)];
    while (*at != NULL && *at != e)
        at = &(*at)->next;
    CHECK(*at == e);
    *at = e->next;
    e->next = NULL;
    t->count--;
}

struct broker_entry *broker_table_find(const struct broker_table *t, uint64_t hash,
                                       bool (*same)(const struct broker_entry *e, const void *key), const void *key) {
    if (t->room == 0)
        return NULL;
    struct broker_entry *e = t->buckets[hash & (t->room - 1)];
    while (e != NULL && !(e->hash == hash && same(e, key)))
        e = e->next;
    return e;
}
