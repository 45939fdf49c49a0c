/* summary.json: the result as a contract, "schema": 1. Keys may be added, never renamed. docs/results.md describes each one. */
#ifndef MUSTER_REPORT_SUMMARY_JSON_H
#define MUSTER_REPORT_SUMMARY_JSON_H

#include "report/report.h"

void summary_json_write(struct text *out, const struct report *r);

#endif
