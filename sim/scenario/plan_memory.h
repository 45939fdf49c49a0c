/* The memory of a plan: given out piece by piece while it is compiled, and given back as a whole. */
#ifndef MUSTER_SCENARIO_PLAN_MEMORY_H
#define MUSTER_SCENARIO_PLAN_MEMORY_H

#include <stddef.h>

#include "base/bytes.h"

struct plan_memory;

struct plan_memory *plan_memory_new(void);
void plan_memory_free(struct plan_memory *m); /* NULL is ignored; runs what was deferred, latest first */

/* Zeroed array; CHECKs for memory. */
void *plan_memory_take(struct plan_memory *m, size_t count, size_t size);
char *plan_memory_text(struct plan_memory *m, const char *text);
char *plan_memory_format(struct plan_memory *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct bytes plan_memory_bytes(struct plan_memory *m, const char *text); /* without the NUL */
/* Calls release(what) when the memory is freed. */
void plan_memory_defer(struct plan_memory *m, void (*release)(void *), void *what);

#endif
