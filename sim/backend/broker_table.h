/* A hash table of entries that lie inside their owners: chained buckets, doubled when full. What it holds is found by key
 * and never walked, so that no order depends on hashes. */
#ifndef MUSTER_BACKEND_BROKER_TABLE_H
#define MUSTER_BACKEND_BROKER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

struct broker_entry {
    struct broker_entry *next;
    uint64_t hash;
};

struct broker_table {
    struct pool *pool;
    struct broker_entry **buckets;
    size_t room, count; /* room: a power of two; 0 before the first entry */
};

void broker_table_init(struct broker_table *t, struct pool *pool);
void broker_table_free(struct broker_table *t); /* the buckets; the entries belong to their owners */
/* ERR_NO_MEMORY when there are no buckets yet and the pool has none; a table that cannot grow goes on with longer chains. */
int broker_table_add(struct broker_table *t, struct broker_entry *e, uint64_t hash);
void broker_table_remove(struct broker_table *t, struct broker_entry *e);
/* The entry with that hash for which same(entry, key) holds; NULL when there is none. */
struct broker_entry *broker_table_find(const struct broker_table *t, uint64_t hash,
                                       bool (*same)(const struct broker_entry *e, const void *key), const void *key);

#endif
