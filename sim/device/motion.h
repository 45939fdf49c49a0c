/* When a thing moves: so many trips a day, each somewhere in its own part of the day, of drawn length. Stateless: trip k of a
 * device is a pure function of (seed, device, k), so that schedules, positions and links can ask about any instant.
 *
 *   the simulated day has `trips` equal parts; a trip lasts U(½, 1½) · moving/trips and begins U(0, part − length) into its part
 *
 * so a device moves `moving` per day on average. A model of commutes and rounds; its numbers are assumptions of the scenario. */
#ifndef MUSTER_DEVICE_MOTION_H
#define MUSTER_DEVICE_MOTION_H

#include <stdbool.h>
#include <stdint.h>

#include "device/profile.h"

/* The trip of the part of the day that holds `clock` (ns since the Unix epoch): [start, end). */
struct motion_trip {
    int64_t start, end;
};
struct motion_trip motion_trip_at(const struct motion *m, uint64_t seed, uint32_t device, int64_t clock);
bool motion_moves(const struct motion *m, uint64_t seed, uint32_t device, int64_t clock);
/* Start of the first trip that begins after `clock`. */
int64_t motion_next_start(const struct motion *m, uint64_t seed, uint32_t device, int64_t clock);
/* How long it moves in [from, to). */
span motion_between(const struct motion *m, uint64_t seed, uint32_t device, int64_t from, int64_t to);

#endif
