/* The two logs of one run, events.ndjson and intervals.hlog, read back second by second into what the control thread had: the result of each
 * second. What a crash, a full disk or a stranger left of them is taken as far as it is whole.
 *
 *     struct run_log *l = run_log_new(plan, &texts);
 *     while ((second = run_log_next(l)) != NULL) …
 *     run_log_end(l) …
 *
 * A second counts when its closing line is there; of the last one before a crash, its histograms must be, too. */
#ifndef MUSTER_REPORT_RUN_LOG_H
#define MUSTER_REPORT_RUN_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet/run.h"
#include "report/events_read.h"

enum { RUN_LOG_PARTS_MAX = 1024 };

/* The bytes, part by part. Borrowed. */
struct run_log_part {
    const char *data;
    size_t size;
};
struct run_log_texts {
    const struct run_log_part *events, *intervals;
    unsigned event_parts, interval_parts;
};

struct run_log_second {
    instant from, at;
    struct result *result; /* of this second; the reader's, until the next call */
    double cpu_share;      /* the busiest worker */
    uint64_t rss_bytes;
    struct backend_second backend; /* cpu_s is not logged */
    /* Whole lines of this second that tell what happened, and are in no result: findings, states, phases … */
    const struct events_line *lines;
    size_t line_count;
};

/* What is known after the last second. */
struct run_log_end {
    /* Members of facts_rows, trust, gaps, counters. Of a run that was killed what its seconds tell: ended, online_end, workers, cpu_s,
     * rss_peak_bytes. */
    struct run_facts facts;
    bool ended;          /* the run closed its log */
    bool aborted;        /* by the check `aborted_by` */
    unsigned aborted_by; /* index into the plan's checks */
    int fail_code;       /* --fail-code */
    uint64_t seconds;
    uint64_t bytes_ignored; /* behind what was used, in both logs together */
    uint64_t lines_missing; /* records of events.ndjson that were dropped in between */
    uint64_t
        intervals_missing; /* histograms that intervals.hlog should have and has not, or that do not match their tally */
    char why[200];         /* what was wrong where reading stopped; "" when nothing was */
    bool broken;           /* more than cut off: the logs do not fit the plan, or each other; `why` tells */
};

struct run_log;

/* `plan` and `texts` are borrowed. Addresses that the log has are put into the plan's targets, which then live as long as the plan. NULL
 * when out of memory. */
struct run_log *run_log_new(struct plan *plan, const struct run_log_texts *texts);
void run_log_free(struct run_log *l);
const struct run_log_second *run_log_next(struct run_log *l);
/* Complete after run_log_next gave NULL. */
const struct run_log_end *run_log_end(const struct run_log *l);
/* Devices by state after the last second: [group_count * STATE_KINDS]. */
const uint32_t *run_log_states(const struct run_log *l);

#endif
