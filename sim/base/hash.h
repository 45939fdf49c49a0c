/* Non-cryptographic hashes with fixed results: FNV-1a for names, a 64-bit finaliser for mixing. The values reach
 * plans and decisions, so they never change (test: known answers). */
#ifndef MUSTER_BASE_HASH_H
#define MUSTER_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint32_t hash_fnv1a32(const void *data, size_t size); /* offset 0x811c9dc5, prime 0x01000193 */
/* The hash of what `hash` was of, followed by data. */
uint32_t hash_fnv1a32_more(uint32_t hash, const void *data, size_t size);
uint64_t hash_fnv1a64(const void *data, size_t size);
uint32_t hash_name(const char *text); /* hash_fnv1a32 of the text without its NUL */
/* The finaliser of splitmix64. */
static inline uint64_t hash_mix(uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}
/* Folds one more word into a running hash; order matters. */
static inline uint64_t hash_fold(uint64_t running, uint64_t word) {
    return hash_mix(running ^ (word + 0x9e3779b97f4a7c15ULL));
}

#endif
