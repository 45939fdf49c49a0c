/* The final documents of a run: one row per document. Each writer is a pure function of what a report holds, so that a document
 * can be made again and tested without a run. */
#ifndef MUSTER_REPORT_REPORT_H
#define MUSTER_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "fleet/run.h"
#include "report/evidence_index.h"
#include "report/host.h"
#include "scenario/ceiling.h"

struct report {
    const struct run_facts *facts; /* while the run goes on only `plan`, `started_unix_ns`, shard and shards are set */
    const struct host *host;
    const struct ceiling *ceiling; /* what the host was measured to do; NULL: it was not (report/headroom.h) */
    int argc;
    char *const *argv;
    const char *directory; /* as given or made, for people */
    /* Directories whose logs the plots are made from: one, or several that were merged. None: no plots. */
    const char *const *logs;
    unsigned log_count;
    const struct evidence_index *evidence; /* packets that show what went wrong; NULL: none are known */
    bool complete;                         /* the run ended by itself and everything was written */
    /* Read back: scenario.resolved.yaml as the run wrote it, with the places that values came from. NULL: as the plan has it. */
    const char *resolved;
    size_t resolved_size;
    const char *note;             /* a sentence on logs that are not whole, read back; NULL: none */
    uint64_t log_records_dropped; /* in all: result->dropped_records and what came after the last second */
};

struct report_ops {
    const char *name;      /* for messages */
    const char *file;      /* in the run directory */
    const char *extension; /* "json" */
    const char *output;    /* key under `outputs` that asks for a copy; NULL: none */
    bool early;            /* written when the run begins, too */
    void (*write)(struct text *out, const struct report *r);
};
/* In the order of writing: what readers look for first comes last. Ends with name NULL. */
extern const struct report_ops report_table[];
const struct report_ops *report_find(const char *extension); /* the first with it; NULL: none */

/* Verdicts as headings have them: "PASS", "NOT TRUSTWORTHY". Index: enum run_verdict. */
extern const char *const report_verdict_words[];
/* The sentence that says what the verdict means, for people: "every check passed". */
const char *report_verdict_sentence(const struct run_facts *facts);
/* What a reader must know before the numbers: built-in backend, unaudited messages, widened trust, load that the guard
 * shaped, silence that the backend's TCP did not feel, a part of a fleet. Calls `say` for each, most important first. */
void report_caveats(const struct report *r, void (*say)(void *context, const char *sentence), void *context);

#endif
