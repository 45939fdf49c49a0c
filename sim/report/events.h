/* events.ndjson: what happened, one JSON object per line, appended while the run goes on. docs/results.md describes every kind of line.
 *
 * Each line begins with `n`, counted from 0, and ends with `crc`, the CRC-32 (as in zlib) of everything before `,"crc"`, so that a reader can
 * tell a whole line from a torn one and see where records were dropped. Kinds that devices cause are capped per second; what
 * was left out is counted. Tally lines are never capped: the checks can be recomputed from them. */
#ifndef MUSTER_REPORT_EVENTS_H
#define MUSTER_REPORT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "fleet/run.h"
#include "report/log_writer.h"

enum { EVENTS_PER_SECOND_MAX = 100, EVENTS_LINE_MAX = 1 << 16 };

enum events_kind {
    EVENTS_STARTED,
    EVENTS_GROUP,
    EVENTS_PHASE,
    EVENTS_ACTION,
    EVENTS_FINDING,
    EVENTS_STATE,
    EVENTS_TRUST,
    EVENTS_CHECK,
    EVENTS_HEALTH,
    EVENTS_ANCHOR,
    EVENTS_MESSAGE,
    EVENTS_TALLY,
    EVENTS_COUNTERS,
    EVENTS_DEVICES,
    EVENTS_CAUSE,
    EVENTS_GAP,
    EVENTS_BACKEND,
    EVENTS_LEFT_OUT,
    EVENTS_SECOND,
    EVENTS_ENDED,
    EVENTS_KINDS
};
struct events_row {
    enum events_kind kind;
    const char *name; /* value of "kind" */
    bool capped;
    enum log_worth worth;
    const char *doc;
};
extern const struct events_row events_rows[EVENTS_KINDS];

struct events;
struct evidence_files;
struct evidence_index;

/* Lines go to `file` of `log`; both and `plan` are borrowed. */
struct events *events_new(const struct plan *plan, struct log_writer *log, int file);
void events_free(struct events *e);

/* Findings then say where their packets are. Borrowed; NULL: nowhere. */
void events_use_evidence(struct events *e, const struct evidence_files *evidence);
/* What findings with evidence there were so far; borrowed from `e`. */
const struct evidence_index *events_evidence(const struct events *e);
/* What the run says (struct run_sink). RUN_STARTED also writes the groups and segments that later lines refer to. */
void events_event(struct events *e, const struct run_event *event);
/* One interval: its tallies, counters, causes of failures and device states that changed; what the caps left out; and the line that closes it.
 * `intervals`: how many records it has in the interval log, which are there before. */
void events_second(struct events *e, const struct run_second *s, uint64_t intervals);
/* So many of `of` were left out in the interval that ends at `at`; no line for 0. */
void events_left_out(struct events *e, instant at, const char *of, uint64_t count);
/* A whole line of another log, which gets the next number and a checksum of its own. */
void events_copy(struct events *e, const char *line, size_t size);
/* After the run: findings of trust that were not said yet, verdicts of the checks, and the end. */
void events_facts(struct events *e, const struct run_facts *facts, int fail_code);

/* Has every line so far kept to its rows in report/events_shape.c? */
bool events_keep_to_schema(const struct events *e);

/* Closes a line `{…` that lacks its brace: appends crc, brace and newline. */
void events_seal(struct text *line);

#endif
