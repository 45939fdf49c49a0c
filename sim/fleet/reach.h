/* Is anybody there? One plain connect per node before t = 0 (docs/semantics.md, "Time and phases"). */
#ifndef MUSTER_FLEET_REACH_H
#define MUSTER_FLEET_REACH_H

#include <stddef.h>

#include "base/instant.h"
#include "scenario/plan.h"

/* 0 when at least one node answers. Waits at most 5 s per round, and repeats rounds until `wait` has passed. ERR_UNREACHABLE with a sentence
 * that names the nodes and what each said; ERR_DENIED when the guard forbids all of them; ERR_CLOSED when *signals counts one (NULL: nobody
 * counts them). */
int reach_targets(const struct plan *plan, span wait, volatile const int *signals, char *why, size_t why_size);
/* "localhost" is one host with two addresses, 127.0.0.1 and ::1, and a backend often listens on one of them: keeps the one that answers, both
 * when both or none do. Other names' addresses are nodes and stay. */
void reach_choose_family(struct target *target);

#endif
