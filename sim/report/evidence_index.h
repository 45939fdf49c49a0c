/* Which packets show what went wrong: of each kind of finding the first that names its evidence. Made of the lines of events.ndjson, as they are
 * written or as they are read back, so that documents that are made again say the same. */
#ifndef MUSTER_REPORT_EVIDENCE_INDEX_H
#define MUSTER_REPORT_EVIDENCE_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/recorder.h"
#include "scenario/plan.h"

enum { EVIDENCE_INDEX_MAX = 48 };

struct evidence_entry {
    char what[24];                   /* "violation", "operation" */
    char statement[64];              /* of a broken rule; "" */
    char operation[32], outcome[16]; /* of an operation that failed; "" */
    char why[24];                    /* why its connection ended; "" */
    uint8_t reason_code;
    char file[160]; /* in the run's directory, or its shard's: "evidence/meters-17.pcapng" */
    uint64_t frame;
};

struct evidence_index {
    struct evidence_entry entries[EVIDENCE_INDEX_MAX];
    unsigned count;
};

/* Takes a whole line; those of other kinds, and findings without evidence, do not matter. `x` begins as zero. */
void evidence_index_add(struct evidence_index *x, const char *line, size_t size);
/* The entry that shows a cause; NULL: none does, or `x` is NULL. */
const struct evidence_entry *evidence_index_cause(const struct evidence_index *x, const struct reason_row *cause);
/* The entry that shows why a check may have failed: an operation that its expression names, or else a broken rule. NULL: none does. */
const struct evidence_entry *evidence_index_check(const struct evidence_index *x, const struct check *check);

#endif
