/* The command line of a run, as it may be shown: without secrets; and the command that repeats the run. */
#ifndef MUSTER_REPORT_COMMAND_H
#define MUSTER_REPORT_COMMAND_H

#include "base/text.h"
#include "scenario/plan.h"

/* One argument with what may be secret replaced by ***: user and password in a URL, and the value of a path=value whose last part says password,
 * secret, token, key or psk. */
void command_redact(const char *argument, struct text *out);
/* Shell words that start the same run again: the same options with the seed, without --out, --json and --quiet, which are about this run's results.
 * --target is added when the scenario's targets came from somewhere that the command line does not show. */
void command_again(const struct plan *plan, int argc, char *const *argv, struct text *out);

#endif
