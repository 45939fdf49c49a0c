/* The values that `link` and `set` entries change. */
#ifndef MUSTER_SCENARIO_TIMELINE_SETTINGS_H
#define MUSTER_SCENARIO_TIMELINE_SETTINGS_H

#include "scenario/plan_build.h"

/* Fills a->settings from the entry's `set`; nothing for NULL. */
void timeline_settings_read(const struct plan_build *b, const struct node *set, struct action *a);

#endif
