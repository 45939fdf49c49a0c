/* Received payloads searched for a mark: what is found stands in the payload, character by character, and what was put in is
 * found. The first two bytes are the run id. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "device/payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool contains(struct bytes payload, const char *text, size_t size) {
    return memmem(payload.data, payload.size, text, size) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    uint16_t run = (uint16_t)(data[0] << 8 | data[1]);
    struct bytes payload = bytes_of(data + 2, size - 2);
    struct payload_mark found;
    char text[PAYLOAD_MARK_SIZE];
    if (payload_mark_find(payload, run, UINT32_MAX, &found)) {
        CHECK(found.run == run && found.device < UINT32_MAX);
        payload_mark_encode(&found, text);
        CHECK(contains(payload, text, sizeof text));
        return 0;
    }
    /* a mark at the end is found, unless what stands before it happens to make one with its first characters */
    uint8_t *marked = malloc(payload.size + PAYLOAD_MARK_SIZE);
    CHECK(marked != NULL);
    struct payload_mark m = {.run = run, .device = 7, .sequence = 1, .intended_us = 1000};
    payload_mark_encode(&m, text);
    memcpy(marked, payload.data, payload.size);
    memcpy(marked + payload.size, text, sizeof text);
    CHECK(payload_mark_find(bytes_of(marked, payload.size + PAYLOAD_MARK_SIZE), run, UINT32_MAX, &found));
    free(marked);
    return 0;
}
