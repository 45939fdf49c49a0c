/* Sends the commands of the timeline, through the observers, and waits for the replies: on the control thread, in an interval of its own.
 * Every command is one operation of its device (OP_MQTT_COMMAND): intended at the device's instant of the entry, emitted when the observer's
 * client took it, answered when the reply came out of the client. Its ends (docs/semantics.md, "Commands"): ok with the reply · refused by
 * the backend · timeout after `within` · broken when the observer lost its connection · withdrawn when the device was away by its link's
 * or the timeline's doing, or the observer stood still · dropped when the observer could not send · open when the run closed.
 *
 * Every function takes NULL for a run without commands. */
#ifndef MUSTER_FLEET_COMMANDER_H
#define MUSTER_FLEET_COMMANDER_H

#include <stdbool.h>
#include <stdint.h>

#include "device/secret.h"
#include "fleet/observe.h"
#include "scenario/plan.h"

struct commander;

/* *out NULL with 0: the plan has no commands for this shard. ERR_NO_MEMORY. Everything is borrowed; `observe` is open. */
int commander_open(const struct plan *plan, unsigned shard, unsigned shards, const struct secret_table *secrets,
                   struct observe *observe, struct commander **out);
void commander_close(struct commander *c);
/* For device_host.away: [device_count], written by the workers. NULL: none. */
_Atomic int64_t *commander_away(struct commander *c);

/* t = 0 on the monotonic clock, and on the wall clock. */
void commander_begin(struct commander *c, int64_t origin_ns, int64_t start_unix_ns);
/* Sends what is due at `now`, until `ends`, and ends what has waited long enough. Call observe_tick before. */
void commander_tick(struct commander *c, instant now, instant ends);
/* When commander_tick has something to do again. */
instant commander_next(const struct commander *c, instant ends);
/* A reply may still come. */
bool commander_waits(const struct commander *c);
/* The run closes: what waits stays open, what was intended before `ends` and is not sent is dropped. */
void commander_finish(struct commander *c, instant now, instant ends);
/* What was found since the last call, to be added to the result and given back. NULL: there are no commands. */
struct interval *commander_swap(struct commander *c, instant at);
void commander_give_back(struct commander *c, struct interval *i);

#endif
