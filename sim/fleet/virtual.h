/* What a run in simulated time stands on in place of this machine: one clock (loop/loop_virtual.h), one network in memory, and the built-in
 * broker in the place of every target. Single-threaded; nothing of it depends on the machine, so that one seed gives one run. */
#ifndef MUSTER_FLEET_VIRTUAL_H
#define MUSTER_FLEET_VIRTUAL_H

#include <stddef.h>

#include "backend/broker.h"
#include "loop/loop_virtual.h"
#include "scenario/plan.h"
#include "transport/memory_net.h"

struct virtual_hosts;
struct virtual_run {
    struct loop_world *world;
    struct memory_net *net;
    struct virtual_hosts *hosts; /* private: one broker per target; none when peers are played */
};

/* Where the broker of the plan's n-th target listens: 192.0.2.1 and up, the addresses that are kept for documents. */
struct address virtual_node(unsigned target);
/* Gives every target of a plan in simulated time that one node, whatever it had; other plans stay as they are. */
void virtual_point_at(struct plan *plan);
/* Where a device has its end: 10.0.0.0/8 and its index. */
struct address virtual_device(uint32_t index);

/* World, network, and, if wanted, brokers with the plan's settings (builtin:), listening. Errors with a sentence in `why`: ERR_NO_MEMORY, and those of
 * broker_settings_set. */
int virtual_open(const struct plan *plan, bool brokers, struct virtual_run **out, char *why, size_t why_size);
/* After the loops of all workers were closed. NULL is ignored. */
void virtual_close(struct virtual_run *v);

#endif
