/* Is anybody there? One plain connect per node before t = 0 (docs/semantics.md, "Time and phases"). */
#ifndef MUSTER_FLEET_REACH_H
#define MUSTER_FLEET_REACH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/instant.h"
#include "scenario/plan.h"

/* 0 when at least one node answers. Waits at most 5 s per round, and repeats rounds until `wait` has passed. ERR_UNREACHABLE with a sentence
 * that names the nodes and what each said; ERR_DENIED when the guard forbids all of them; ERR_CLOSED when *signals counts one (NULL: nobody
 * counts them). */
int reach_targets(const struct plan *plan, span wait, volatile const int *signals, char *why, size_t why_size);
/* Asks for the addresses of the host in `url` until it has one (true), `wait` has passed, or *signals counts one. The plan is then to be
 * compiled again: how many nodes there are shapes it. */
bool reach_name(const char *url, span wait, volatile const int *signals);
/* "localhost" is one host with two addresses, 127.0.0.1 and ::1, and a backend often listens on one of them: keeps the one that answers, both
 * when both or none do. Other names' addresses are nodes and stay. */
void reach_choose_family(struct target *target);

#endif
