/* What a run's numbers look like to Prometheus: the text exposition format 0.0.4.
 *
 * Few series: operations by group of devices, never by device. With more than EXPOSITION_ROWS_MAX groups they are added up by fleet, and
 * with more fleets than that into one. Counters only grow. Times are in classic buckets; a sample lies in the bucket of the
 * middle of its histogram bucket, so that a count may be off by the samples within 1 % of a boundary. Operations of the
 * warm-up count, as in the logs. */
#ifndef MUSTER_REPORT_EXPOSITION_H
#define MUSTER_REPORT_EXPOSITION_H

#include "base/text.h"
#include "fleet/run.h"

enum { EXPOSITION_ROWS_MAX = 32, EXPOSITION_BUCKETS = 15 };

struct exposition;

/* `plan` is borrowed. */
struct exposition *exposition_new(const struct plan *plan);
void exposition_free(struct exposition *x);
/* Adds one second. */
void exposition_second(struct exposition *x, const struct run_second *s);
void exposition_write(const struct exposition *x, struct text *out);

#endif
