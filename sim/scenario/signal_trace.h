/* Files that signals replay (trace(file.csv, column=1)): CSV, seconds in the first column, rising, numbers in the others; the first
 * line may be a head, and lines that begin with # say nothing. The first time becomes 0. */
#ifndef MUSTER_SCENARIO_SIGNAL_TRACE_H
#define MUSTER_SCENARIO_SIGNAL_TRACE_H

#include <stddef.h>

#include "device/profile.h"

enum { SIGNAL_TRACE_ROWS_MAX = 1000000, SIGNAL_TRACE_BYTES_MAX = 64 << 20, SIGNAL_TRACE_WHY_MAX = 240 };

/* Fills seconds, values and count of `t` from its column of the file; both arrays are the caller's to free. ERR_NOT_FOUND (cannot
 * be read), ERR_MALFORMED, ERR_TOO_BIG, with a sentence in `why` (SIGNAL_TRACE_WHY_MAX bytes). */
int signal_trace_read(const char *path, struct signal_trace *t, char *why);
/* The same from text. */
int signal_trace_parse(const char *text, struct signal_trace *t, char *why);

#endif
