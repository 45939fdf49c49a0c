/* The part of an imported scenario that says what the device publishes. */
#ifndef MUSTER_IMPORT_IMPORTED_STREAMS_H
#define MUSTER_IMPORT_IMPORTED_STREAMS_H

#include "base/instant.h"
#include "import/imported.h"

/* Appends the key `telemetry` of a fleet, indented by four. `zero_ns`: what t = 0 stands for; `duration`: of the run. */
void imported_streams_write(const struct observed *o, const struct imported_options *options, int64_t zero_ns,
                            span duration, struct text *out);

#endif
