/* When a device is to send, under open pacing: a pure function of scenario, seed, device and n, whatever happens
 * to the device (docs/semantics.md, "Time and phases").
 *
 *   t(1)     = intended connect + U(0, mean of `every`)
 *   t(n + 1) = t(n) + draw n of `every`
 *
 * With `alignment: wallclock` there is no phase: t(1) is the first multiple of the mean of `every` on the
 * simulated clock after the intended connect, t(n) stays with its multiple, and what a draw differs from the mean
 * is the device's clock error around it, cut to less than half a period. With `alignment: boot` t(1) is the intended connect itself: all
 * that start together stay together. `every` may change between two calls (timeline entry `set`): the next gap is drawn from the new one.
 *
 * `jitter` moves each instant around its place in the schedule and does not add up: a draw below a period (below half of one, to both
 * sides, when it can be negative), never before the intended connect. It needs a constant `every`.
 *
 * With a shape, gaps are measured in the changed time of daily.h. With motion, a gap of `every` runs while the thing moves; a trip begins with a
 * message, and a thing that stands sends every `still`.
 *
 * `first` takes the place of the drawn phase. A stream that lists its `messages` draws nothing:
 *
 *   t(n) = intended connect + `at` of message n, and never after the last one */
#ifndef MUSTER_DEVICE_SCHEDULE_H
#define MUSTER_DEVICE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dist.h"
#include "base/instant.h"
#include "device/clock.h"
#include "device/profile.h"
#include "metrics/op.h"

struct schedule {
    const struct dist *every; /* as it is now for this device; borrowed */
    enum telemetry_alignment alignment;
    const struct dist *jitter;   /* NULL: none */
    const struct daily *shape;   /* NULL: none */
    const struct motion *motion; /* NULL: none */
    uint8_t stream; /* number of the telemetry stream in its group: two streams of a device draw differently */
    uint64_t seed;
    int64_t epoch_unix_ms;             /* the simulated clock at t = 0 */
    struct clock_view clock;           /* the device's, for its alignment; zero: it is right */
    const struct telemetry *telemetry; /* `first` and `messages`; NULL: neither */
};

/* The schedule of group->telemetry[stream], with its own `every`. */
struct schedule schedule_of(const struct fleet_group *group, unsigned stream, uint64_t seed, int64_t epoch_unix_ms);
/* Are the stream's instants known before the run, and so decisions of the plan? Not those that hang on answers, connections, the battery, or
 * the return of power. */
bool schedule_planned(const struct fleet_group *group, unsigned stream);
/* t(1). `connect`: the device's intended connect; INSTANT_NEVER gives INSTANT_NEVER. */
instant schedule_first(const struct schedule *s, uint32_t device, instant connect);
/* t(n + 1), from previous = t(n), n ≥ 1; INSTANT_NEVER after the last listed message. Later than `previous` by 1 us at
 * least, so that time goes on whatever `every` is; listed messages may share an instant. */
instant schedule_next(const struct schedule *s, uint32_t device, uint64_t n, instant previous);
/* Closed pacing: the think time after the answer to message n. */
span schedule_think(const struct schedule *s, uint32_t device, uint64_t n);

/* One scheduled operation as a number. The sum (mod 2^64) over all operations due in the run is decisions_hash, so
 * order, workers and shards do not matter. `stream`: telemetry stream, 255 for none. `value`: the values drawn for
 * it, folded (hash_fold); 0: none. */
uint64_t schedule_decision(uint32_t device, enum op_kind kind, unsigned stream, uint64_t n, instant intended,
                           uint64_t value);

#endif
