/* Exact shares: who gets what is decided by the order of hashes, how many by the shares. Pure functions of seed and stream. */
#ifndef MUSTER_SCENARIO_DEAL_H
#define MUSTER_SCENARIO_DEAL_H

#include <stddef.h>
#include <stdint.h>

/* Orders device numbers by hash(seed, device, stream), equal hashes by number. */
void deal_order(uint64_t seed, uint32_t stream, uint32_t *devices, size_t count);
/* Splits `total` by shares (which add up to about 1): whole numbers that add up to `total`, each within 1 of its share; what
 * rounding leaves goes to the largest remainders, the first among equals. */
void deal_counts(const double *shares, unsigned count, uint32_t total, uint32_t *counts);
/* Gives each of the devices first … first + total − 1 one of `count` choices: choice[i] for device first + i. */
void deal_choices(uint64_t seed, uint32_t stream, uint32_t first, uint32_t total, const double *shares, unsigned count,
                  uint16_t *choice);

#endif
