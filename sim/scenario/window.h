/* A window that slides over the seconds of a run for one call with `over=`: what ended in the last N seconds, and the worst value so far.
 *
 * Only windows that lie wholly inside the call's scope count (until `duration`, without one). Windows with too few samples for
 * their function say nothing; counts and rates are exact however few there are. */
#ifndef MUSTER_SCENARIO_WINDOW_H
#define MUSTER_SCENARIO_WINDOW_H

#include "scenario/measure.h"

struct window;

/* `scope` is borrowed; min_samples per window, 0: the default of 20. */
struct window *window_new(const struct measure_scope *scope, uint64_t min_samples);
void window_free(struct window *w); /* NULL is ignored */
/* The second that ended at `at`; once per second, in order. */
void window_push(struct window *w, instant at, const struct result *second);

struct measure_value window_largest(const struct window *w); /* unknown: no window had enough samples */
struct measure_value window_smallest(const struct window *w);
uint64_t window_samples(const struct window *w);  /* of all seconds of the scope */
unsigned window_complete(const struct window *w); /* how many whole windows there were */

#endif
