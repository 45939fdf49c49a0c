/* Run directories read back: from the logs of one run, or of the shards of one, to everything that documents are made from. The same judge looks
 * at the same seconds, so what comes out is what the run itself said.
 *
 *     run_read_open       manifests and scenario: what was run; refuses what does not belong together
 *     run_read_replay     the seconds, added up over the directories; verdicts and facts
 *     run_read_report     for the writers of report_table
 *
 * A run that was killed is taken as far as its seconds are whole; its verdict is incomplete. */
#ifndef MUSTER_REPORT_RUN_READ_H
#define MUSTER_REPORT_RUN_READ_H

#include <stddef.h>

#include "report/events_read.h"
#include "report/report.h"

enum { RUN_READ_DIRECTORIES_MAX = 256 };

struct run_read;

/* `directories` is borrowed. ERR_NOT_FOUND: one is no run directory; ERR_MALFORMED: a file is damaged; ERR_INVALID: they do not belong together;
 * ERR_NO_MEMORY. `why` gets a sentence. */
int run_read_open(const char *const *directories, unsigned count, struct run_read **out, char *why, size_t why_size);
/* The same for a plan that is to run again: with other targets, or in simulated time. */
int run_read_open_for(const char *const *directories, unsigned count, const struct plan_options *options,
                      struct run_read **out, char *why, size_t why_size);
void run_read_free(struct run_read *r);
const struct plan *run_read_plan(const struct run_read *r);
/* The same to be run again; it stays the reader's. */
struct plan *run_read_plan_again(struct run_read *r);
/* Was the run itself in simulated time? */
bool run_read_was_virtual(const struct run_read *r);

/* What happened, in the order of time, for a log of the whole. Any of them may be NULL. */
struct run_read_sink {
    void *context;
    void (*begin)(void *context, int64_t started_unix_ns);          /* before the first second */
    void (*line)(void *context, const struct events_line *line);    /* a line of events.ndjson that is in no result */
    void (*second)(void *context, const struct run_second *second); /* as the run's own sink got it */
};
/* Once. ERR_MALFORMED when a log does not fit the scenario or is not ours; `why` gets a sentence. */
int run_read_replay(struct run_read *r, const struct run_read_sink *sink, char *why, size_t why_size);

/* After the replay. All that is in it lives as long as `r`; `directory` is the first one's as the run itself called it, `logs` are all. */
struct report run_read_report(const struct run_read *r);
/* The facts, to be finished by a session of its own. They stay the reader's. */
struct run_facts *run_read_facts(struct run_read *r);
int run_read_fail_code(const struct run_read *r);

#endif
