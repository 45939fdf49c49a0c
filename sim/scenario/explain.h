/* What the tool says about its own language: `muster explain`, `muster schema`, docs/scenario-reference.md, completion. */
#ifndef MUSTER_SCENARIO_EXPLAIN_H
#define MUSTER_SCENARIO_EXPLAIN_H

#include <stddef.h>

#include "base/text.h"

/* Things beside keys that can be explained: metrics, functions of checks, variables. Tables of other files; end with name NULL. */
struct explain_topic {
    const char *name; /* "mqtt.publish.ack" */
    const char *kind; /* "metric", "function", "label" */
    const char *doc;
    const char *example; /* or NULL */
};

/* Explains a key ("profiles.*.mqtt.keepalive", "mqtt.keepalive", "keepalive"), verb, template variable, signal or distribution function, error code or
 * topic; `topics` is an array of `count` tables. ERR_NOT_FOUND: nothing of that name; then `out` has a sentence with a suggestion. */
int explain_write(const char *name, const struct explain_topic *const *topics, size_t count, struct text *out);
/* JSON Schema draft-07 of scenario files. */
void explain_json_schema(struct text *out);
/* docs/scenario-reference.md. */
void explain_reference(const struct explain_topic *const *topics, size_t count, struct text *out);
/* Every name that explain_write knows and that begins with `prefix`, one per line. */
void explain_complete(const char *prefix, const struct explain_topic *const *topics, size_t count, struct text *out);

#endif
