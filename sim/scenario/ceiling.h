/* What this host was measured to carry against the built-in broker: `muster doctor --capacity` writes it down, and whoever says how much
 * room a run left reads it (docs/doctor.md).
 *
 * One measurement per host and user, in a small JSON file of the cache directory. It speaks for one kernel, one kind of processor and
 * one version of Muster; elsewhere it is not used. */
#ifndef MUSTER_SCENARIO_CEILING_H
#define MUSTER_SCENARIO_CEILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct ceiling {
    double messages_per_s, connects_per_s; /* sustained without losing trust; 0: not measured */
    uint64_t devices;                      /* connected at the same time; 0: not measured */
    char shape[96];                        /* what was run: the scenario's name, or "QoS 1 fleet" */
    char version[32], kernel[192], cpu[128];
    unsigned cores;
    int64_t measured_unix_s;
};

/* $XDG_CACHE_HOME/muster/ceiling.json, or the same below ~/.cache. NULL when neither variable is set or the path does not fit. */
const char *ceiling_path(char *path, size_t size);
/* ERR_NOT_FOUND: there is none; ERR_MALFORMED: it is no such file. */
int ceiling_read(const char *path, struct ceiling *out);
/* The contents of the file. */
void ceiling_write(const struct ceiling *c, struct text *out);
/* Does it speak for this version of Muster on that machine? */
bool ceiling_fits(const struct ceiling *c, const char *kernel, const char *cpu, unsigned cores);

#endif
