/* scenario.resolved.yaml: the scenario after includes, inheritance and overrides, each value with its origin. It runs as it is. Secrets stay
 * references, ${secret.X}. */
#ifndef MUSTER_REPORT_RESOLVED_H
#define MUSTER_REPORT_RESOLVED_H

#include "report/report.h"

void resolved_write(struct text *out, const struct report *r);

#endif
