/* Every key of events.ndjson, by kind of line: what the writer is held against and what `muster schema events` prints. */
#ifndef MUSTER_REPORT_EVENTS_SHAPE_H
#define MUSTER_REPORT_EVENTS_SHAPE_H

#include "base/text.h"
#include "report/events.h"
#include "report/json_schema.h"

const struct json_shape *events_shape(enum events_kind kind);
void events_shape_print(struct text *out);

#endif
