#include "fleet/waiters.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/err.h"

enum { BITS = 8 };

int waiters_init(struct waiters *q, uint32_t devices) {
    *q = (struct waiters){.room = devices};
    q->ring = calloc((size_t)devices + 1, sizeof *q->ring);
    q->in = calloc(devices / BITS + 1, sizeof *q->in);
    return q->ring == NULL || q->in == NULL ? ERR_NO_MEMORY : 0;
}

void waiters_free(struct waiters *q) {
    free(q->ring);
    free(q->in);
    *q = (struct waiters){0};
}

bool waiters_has(const struct waiters *q, uint32_t number) {
    CHECK(number < q->room);
    return (q->in[number / BITS] >> number % BITS & 1) != 0;
}

void waiters_add(struct waiters *q, uint32_t number) {
    if (waiters_has(q, number))
        return;
    q->in[number / BITS] |= (uint8_t)(1U << number % BITS);
    q->ring[((uint64_t)q->first + q->count++) % q->room] = number;
}

bool waiters_take(struct waiters *q, uint32_t *number) {
    if (q->count == 0)
        return false;
    *number = q->ring[q->first];
    q->first = (q->first + 1) % q->room;
    q->count--;
    q->in[*number / BITS] &= (uint8_t) ~(1U << *number % BITS);
    return true;
}
