/* manifest.json: what was run, by what, on what machine. Written when the run begins with "complete": false, and again at its end. */
#ifndef MUSTER_REPORT_MANIFEST_H
#define MUSTER_REPORT_MANIFEST_H

#include "report/report.h"

enum { MANIFEST_SCHEMA = 1 };

void manifest_write(struct text *out, const struct report *r);

#endif
