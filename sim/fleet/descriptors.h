/* File descriptors: how many there are, how many a fleet needs, and tables of their own for workers.
 *
 * RLIMIT_NOFILE counts per table, and a thread that calls unshare(CLONE_FILES) has its own. The new table is a copy: whatever was open stays
 * open there until it is closed there too, so a worker closes all but stdio and its own loop first, and sockets are made only after that. */
#ifndef MUSTER_FLEET_DESCRIPTORS_H
#define MUSTER_FLEET_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"

enum { DESCRIPTORS_RESERVED = 300 }; /* of each table: logs, loops, what libraries open */

/* Raises the soft limit to the hard one; returns what then holds. */
uint64_t descriptors_limit(void);
/* Workers for `devices` sockets: `cores` while they fit one table, more when they do not; `asked` 0: choose. Sets *private_tables when one
 * table is too small. */
unsigned descriptors_workers(uint64_t devices, unsigned cores, unsigned asked, bool *private_tables);
/* On the worker's own thread. */
void descriptors_take_private(const struct loop *loop);
/* Lets the calling thread's table grow to `sockets` more at once. The kernel doubles a table that threads share while it fills, and whoever
 * opens the descriptor that is too many waits for all processors to let go of the old one: milliseconds each time. */
void descriptors_make_room(uint64_t sockets);
/* Cores this process may run on. */
unsigned descriptors_cores(void);

#endif
