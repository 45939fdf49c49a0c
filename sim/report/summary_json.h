/* summary.json: the result as a contract, "schema": 1. Keys may be added, never renamed. Each has a row in report/summary_shape.c, which the
 * writer is held against, and is described in docs/results.md. */
#ifndef MUSTER_REPORT_SUMMARY_JSON_H
#define MUSTER_REPORT_SUMMARY_JSON_H

#include "base/json_write.h"
#include "report/report.h"

void summary_json_write(struct text *out, const struct report *r);
/* The same with a writer of the caller's, who may watch it. */
void summary_json_write_to(struct json_write *w, const struct report *r);

#endif
