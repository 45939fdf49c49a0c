/* scenario.resolved.yaml: the scenario after includes, inheritance and overrides, each value with its origin. It runs as it is. Secrets stay
 * references, ${secret.X}. */
#ifndef MUSTER_REPORT_RESOLVED_H
#define MUSTER_REPORT_RESOLVED_H

#include "report/report.h"

/* The YAML alone. */
void resolved_body(struct text *out, const struct report *r);
void resolved_write(struct text *out, const struct report *r);

#endif
