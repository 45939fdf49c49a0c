#include "base/hash.h"

#include <string.h>

uint32_t hash_fnv1a32(const void *data, size_t size) {
    return hash_fnv1a32_more(0x811c9dc5U, data, size);
}

uint32_t hash_fnv1a32_more(uint32_t hash, const void *data, size_t size) {
    const uint8_t *byte = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * 0x01000193U;
    return hash;
}

uint64_t hash_fnv1a64(const void *data, size_t size) {
    const uint8_t *byte = data;
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3ULL;
    return hash;
}

uint32_t hash_name(const char *text) {
    return hash_fnv1a32(text, strlen(text));
}
