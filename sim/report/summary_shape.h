/* Every key of summary.json: what its writer is held against and what `muster schema summary` prints. */
#ifndef MUSTER_REPORT_SUMMARY_SHAPE_H
#define MUSTER_REPORT_SUMMARY_SHAPE_H

#include "base/text.h"
#include "report/json_schema.h"

extern const struct json_shape summary_shape;
extern const struct json_schema_row summary_shape_verdict_rows[]; /* of a check, as judged_members writes it */

void summary_shape_print(struct text *out);

#endif
