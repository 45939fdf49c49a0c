/* The names by which people call devices: "<fleet>-<index in the fleet>", or the number over all fleets. */
#ifndef MUSTER_SCENARIO_DEVICE_NAME_H
#define MUSTER_SCENARIO_DEVICE_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "scenario/plan.h"

enum { DEVICE_NAME_MAX = 160 };

/* "meters-17"; returns `text`. A fleet's name that does not fit is cut. */
char *device_name_format(const struct plan *p, uint32_t device, char *text, size_t size);
/* Either form. ERR_NOT_FOUND with a sentence in `why` that suggests what may have been meant. */
int device_name_parse(const struct plan *p, const char *text, uint32_t *device, char *why, size_t why_size);

#endif
