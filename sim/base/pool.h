/* Memory that devices borrow: size classes with free lists, cut from slabs that are never returned before pool_free.
 * One pool per worker, no locks. After build, nothing on a device's path allocates except from here, and the pool has
 * a cap, so that no peer can grow us without bound. */
#ifndef MUSTER_BASE_POOL_H
#define MUSTER_BASE_POOL_H

#include <stddef.h>

struct pool;

/* `cap_bytes`: total of slabs that it may take from the system. NULL when out of memory. */
struct pool *pool_new(size_t cap_bytes);
void pool_free(struct pool *p);
/* A block of at least `size` bytes, 8-aligned, contents undefined; NULL past the cap. Sizes up to 1 MiB are pooled in
 * classes (1/4 steps between powers of two, smallest 32); larger ones come from the heap and count against the cap. */
void *pool_take(struct pool *p, size_t size);
/* Gives a block back; `size` is what was asked for. NULL is ignored. */
void pool_give(struct pool *p, void *block, size_t size);
size_t pool_in_use(const struct pool *p);   /* bytes lent out, rounded to classes */
size_t pool_reserved(const struct pool *p); /* bytes taken from the system */

#endif
