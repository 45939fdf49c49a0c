/* Topic filters of an observer, derived from the topics of telemetry: what differs between devices or messages becomes '+'. */
#ifndef MUSTER_SCENARIO_PLAN_FILTERS_H
#define MUSTER_SCENARIO_PLAN_FILTERS_H

#include <stdint.h>

#include "base/text.h"
#include "scenario/plan.h"

enum { PLAN_FILTERS_ANY_DEVICE = UINT32_MAX };

/* A set in which no filter overlaps another: what would is replaced by one that covers both. A zeroed struct is empty. */
struct plan_filters {
    char **all;
    unsigned count, room;
    unsigned device_from; /* those from here on are the current device's */
};

/* The filter of one stream's topics, of all devices of the group or of one. */
void plan_filters_of_stream(const struct plan *p, const struct fleet_group *g, const struct telemetry *t,
                            uint32_t device, struct text *out);
/* Adds a filter, replacing what it covers or overlaps, among those of the current device. */
void plan_filters_add(struct plan_filters *f, const char *filter);
void plan_filters_add_stream(struct plan_filters *f, const struct plan *p, const struct fleet_group *g,
                             const struct telemetry *t, uint32_t device);
/* For thousands of devices: filters added from here on are held against each other only; plan_filters_join then leaves one of equal ones. */
void plan_filters_begin_device(struct plan_filters *f);
void plan_filters_join(struct plan_filters *f);
void plan_filters_free(struct plan_filters *f);

#endif
