/* The backend's own CPU, memory and counters, once a second, on the control thread: of a process on this machine, of a page of metrics, and
 * of the topics that Mosquitto publishes about itself. Where several tell of CPU and memory, the process does.
 *
 * Every function takes NULL for a run in which nothing tells of the backend. */
#ifndef MUSTER_FLEET_BACKEND_WATCH_H
#define MUSTER_FLEET_BACKEND_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "fleet/observe.h"
#include "fleet/run.h"

struct backend_watch;

/* `builtin_pid`: the built-in backend that serves a target; 0: none. *out NULL with 0: there is nothing to watch. Otherwise ERR_NOT_FOUND
 * (no such process), ERR_DENIED, ERR_UNREACHABLE (no metrics), ERR_NO_MEMORY, with a sentence in `why`. `plan` and `observe` are borrowed. */
int backend_watch_open(const struct plan *plan, uint32_t builtin_pid, struct observe *observe,
                       struct backend_watch **out, char *why, size_t why_size);
void backend_watch_close(struct backend_watch *w);
/* t = 0: costs count from here. */
void backend_watch_begin(struct backend_watch *w);
/* The second that ends at `at`; *out is zero when nothing is known. `online`: devices that are. */
void backend_watch_second(struct backend_watch *w, instant at, uint64_t online, struct backend_second *out);
void backend_watch_facts(const struct backend_watch *w, struct run_backend *facts);

#endif
