/* The peers of a recorded run: stands where brokers stand in a run in simulated time, and does to each device what its peer did to it then,
 * at the same instants and in the same order between what the device sends. So a few devices of a large run live their lives again,
 * alone.
 *
 * A device that sends something else than it did, or at another instant than `slack` allows (a real clock is a little late), has departed from the recording; from there on nothing more comes to
 * it than what the recording holds. */
#ifndef MUSTER_FLEET_PLAYER_H
#define MUSTER_FLEET_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"
#include "transport/transport.h"

struct player;
struct virtual_run;

/* What became of one device. */
struct player_device {
    uint32_t device;
    uint64_t sent;     /* writes that were as recorded */
    uint64_t expected; /* writes that the recording has */
    bool departed;     /* at: */
    instant departed_at;
    const char *how; /* a static sentence about it */
};

/* From a recording (fleet/recording.h), borrowed; `devices` of the plan are played, in rising order. ERR_MALFORMED or ERR_NO_MEMORY, with a
 * sentence in `why`. */
int player_open(struct bytes recording, const uint32_t *devices, unsigned count, span slack, struct virtual_run *world,
                struct player **out, char *why, size_t why_size);
void player_close(struct player *p); /* before the world; NULL is ignored */

/* May the device's attempt begin? If not, *again becomes the instant to ask again. One that the recording does not have may, and fails. */
bool player_lets_go(struct player *p, uint32_t device, instant *again);
/* The attempt itself: fills c->fd. 0; ERR_UNREACHABLE as it was then, or since there was none. */
int player_connect(struct player *p, uint32_t device, struct connection *c);
/* The device has written these bytes to its transport. */
void player_sent(struct player *p, uint32_t device, struct bytes data);

/* After the run: each device in the order in which they were named. */
unsigned player_devices(const struct player *p, const struct player_device **out);

#endif
