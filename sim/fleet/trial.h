/* One run of many, as a process of its own: its memory, its CPU time and its descriptors are measured from nothing, and the command can be
 * typed again. SIGINT and SIGTERM end the run that is under way politely and are reported to whoever waits.
 *
 * Call trial_hold_signals once before the first run: from then on both signals reach the program only through these functions. */
#ifndef MUSTER_FLEET_TRIAL_H
#define MUSTER_FLEET_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/instant.h"

void trial_hold_signals(void);

/* Runs `program` (NULL: our own) with `argv`, which ends with NULL and begins with a name. stdin is empty, stdout is thrown away, stderr goes to the
 * file `errors`. Waits for its end. Returns its exit code, 128 + n when signal n killed it; ERR_IO when it could not be started, with a
 * sentence in `why`. *signal_number becomes the signal that arrived meanwhile, and is left alone otherwise. */
int trial_run(const char *program, const char *const *argv, const char *errors, int *signal_number, char *why,
              size_t why_size);
/* Sleeps. False when a signal ended it: *signal_number tells. */
bool trial_pause(span length, int *signal_number);

#endif
