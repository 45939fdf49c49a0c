/* Which messages a subscriber has had already, per (subscriber, publisher): the highest sequence and a window of 64 below it. One table per
 * worker; it grows by doubling up to DUPLICATES_PAIRS_MAX pairs and then stops learning new ones (counted). */
#ifndef MUSTER_DEVICE_DUPLICATES_H
#define MUSTER_DEVICE_DUPLICATES_H

#include <stdbool.h>
#include <stdint.h>

enum { DUPLICATES_PAIRS_MAX = 1 << 20, DUPLICATES_WINDOW = 64 };

struct duplicates;

struct duplicates *duplicates_new(void);
void duplicates_free(struct duplicates *d);
/* True when `subscriber` has had message `sequence` of `publisher` before. A message older than the window counts as new. */
bool duplicates_seen(struct duplicates *d, uint32_t subscriber, uint32_t publisher, uint32_t sequence);
/* Messages of pairs that there was no room for: all of them counted as new. */
uint64_t duplicates_not_tracked(const struct duplicates *d);

#endif
