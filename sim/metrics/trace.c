#include "metrics/trace.h"

#include <endian.h>
#include <string.h>

#include "base/hash.h"

enum { WORD = 8 };

static void add(struct trace *t, uint64_t word) {
    t->hash = hash_fold(t->hash, word);
}

void trace_step(struct trace *t, instant at, uint32_t device, uint8_t state) {
    add(t, (uint64_t)at);
    add(t, (uint64_t)device << 8 | state);
}

/* At most a word of bytes, the first of them lowest. */
static uint64_t little_endian(const uint8_t *data, size_t size) {
    uint64_t word = 0;
    memcpy(&word, data, size);
    return le64toh(word);
}

void trace_bytes(struct trace *t, struct bytes data) {
    add(t, data.size);
    for (; data.size >= WORD; data.data += WORD, data.size -= WORD)
        add(t, little_endian(data.data, WORD));
    if (data.size > 0)
        add(t, little_endian(data.data, data.size));
}
