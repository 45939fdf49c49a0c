/* muster doctor --capacity: what this host can carry against the built-in broker, measured and kept (scenario/ceiling.h). */
#ifndef MUSTER_CLI_CEILING_SEARCH_H
#define MUSTER_CLI_CEILING_SEARCH_H

#include "cli/options.h"
#include "report/capacity.h"
#include "scenario/ceiling.h"

/* Measures and writes the file. Without a scenario in `o`: the usual fleet, first by rate for messages, then by devices for connects; with one:
 * that scenario, by devices. Progress goes to stderr. Returns EXIT_PASS, or the exit code after a message. */
int ceiling_search_run(const struct options *o);

/* What a finished run says; the reason goes into the step. Could this machine make that load, whatever became of it? */
enum knee_verdict ceiling_search_made(struct capacity_step *s);
/* And did the built-in broker keep up with it? */
enum knee_verdict ceiling_search_carried(struct capacity_step *s);

#endif
