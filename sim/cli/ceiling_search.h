/* muster doctor --capacity: what this host can carry against the built-in broker, measured and kept (scenario/ceiling.h). */
#ifndef MUSTER_CLI_CEILING_SEARCH_H
#define MUSTER_CLI_CEILING_SEARCH_H

#include "cli/options.h"
#include "scenario/ceiling.h"

/* Measures and writes the file. Without a scenario in `o`: the usual fleet, first by rate for messages, then by devices for connects; with one:
 * that scenario, by devices. Progress goes to stderr. Returns EXIT_PASS, or the exit code after a message. */
int ceiling_search_run(const struct options *o);

#endif
