/* What a run knows at its end and no log line before tells: members of struct run_facts by name, as they stand in the `ended` line of
 * events.ndjson, and how those of shards become one. A new fact is a new row; documents may then show it, and `muster report` finds it again. */
#ifndef MUSTER_REPORT_FACTS_H
#define MUSTER_REPORT_FACTS_H

#include <stddef.h>

#include "base/json_read.h"
#include "base/json_write.h"
#include "fleet/run.h"

enum facts_type {
    FACTS_BOOL,
    FACTS_INT,
    FACTS_UNSIGNED,
    FACTS_U32,
    FACTS_U64,
    FACTS_I64, /* instants and spans as well: nanoseconds */
    FACTS_DOUBLE,
    FACTS_HEX, /* a uint64_t as 16 digits: for hashes, which are numbers for nobody */
};

/* Of several shards. */
enum facts_merge { FACTS_SUM, FACTS_GREATEST, FACTS_LEAST, FACTS_MEAN };

struct facts_row {
    const char *key;
    size_t offset;
    enum facts_type type;
    enum facts_merge merge;
    const char *doc;
};
extern const struct facts_row facts_rows[]; /* ends with key NULL */

/* The members of an open object. */
void facts_write(struct json_write *w, const struct run_facts *f);
/* Fills what `object` has; other members stay as they are. False when one is of the wrong kind. */
bool facts_read(const struct json_read *doc, const struct json_value *object, struct run_facts *f);
/* into and another shard: `before` shards are in *into already. With 0 they are taken over. */
void facts_merge(struct run_facts *into, const struct run_facts *from, unsigned before);

#endif
