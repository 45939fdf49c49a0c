/* What this host was measured to carry against the built-in broker: `muster doctor --capacity` writes it down, and whoever says how much
 * room a run left reads it (docs/doctor.md).
 *
 * Small JSON files in the user's cache directory. A measurement speaks for one kernel, one kind of processor and
 * one version of Muster; elsewhere it is not used. */
#ifndef MUSTER_SCENARIO_CEILING_H
#define MUSTER_SCENARIO_CEILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_write.h"
#include "base/text.h"

struct ceiling {
    double messages_per_s, connects_per_s; /* sustained without losing trust; 0: not measured */
    uint64_t devices;                      /* connected at the same time; 0: not measured */
    char shape[96];                        /* what was run: the scenario's name, or "QoS 1 fleet" */
    char version[32], kernel[192], cpu[128];
    unsigned cores;
    int64_t measured_unix_s;
};

/* $XDG_CACHE_HOME/muster/ceiling.json, or the same below ~/.cache: what the usual fleet came to. A scenario that was measured itself has a
 * file of its own there; `shape` is its name, or NULL. NULL when neither variable is set or the path does not fit. */
const char *ceiling_path(const char *shape, char *path, size_t size);
/* What was measured with that scenario, else with the usual fleet. ERR_NOT_FOUND: neither was. */
int ceiling_find(const char *shape, struct ceiling *out);
/* ERR_NOT_FOUND: there is none; ERR_MALFORMED: it is no such file. */
int ceiling_read(const char *path, struct ceiling *out);
/* All of it as members of an open object. */
void ceiling_members(struct json_write *w, const struct ceiling *c);
/* The contents of the file. */
void ceiling_write(const struct ceiling *c, struct text *out);
/* Does it speak for this version of Muster on that machine? */
bool ceiling_fits(const struct ceiling *c, const char *kernel, const char *cpu, unsigned cores);

#endif
