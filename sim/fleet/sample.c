#include "fleet/sample.h"

#include "base/draw.h"

uint64_t sample_place(const struct plan *p, uint32_t device) {
    return draw_u64(p->seed, device, draw_stream_key(DRAW_SAMPLE), 0);
}

/* A heap with the largest on top: restores the order below `at`. */
static void sink(uint64_t *heap, unsigned count, unsigned at) {
    for (unsigned child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && heap[child + 1] > heap[child])
            child++;
        if (heap[at] >= heap[child])
            return;
        uint64_t larger = heap[child];
        heap[child] = heap[at];
        heap[at] = larger;
    }
}

uint64_t sample_below(const struct plan *p) {
    if (p->device_count <= SAMPLE_DEVICES)
        return UINT64_MAX;
    uint64_t smallest[SAMPLE_DEVICES + 1]; /* the sample and the first that is none of it */
    enum { COUNT = SAMPLE_DEVICES + 1 };
    for (unsigned i = 0; i < COUNT; i++)
        smallest[i] = sample_place(p, i);
    for (unsigned i = COUNT / 2; i-- > 0;)
        sink(smallest, COUNT, i);
    for (uint32_t device = COUNT; device < p->device_count; device++) {
        uint64_t place = sample_place(p, device);
        if (place < smallest[0]) {
            smallest[0] = place;
            sink(smallest, COUNT, 0);
        }
    }
    return smallest[0];
}
