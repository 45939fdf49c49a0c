/* One run as `muster compare` sees it: what it was, and per operation its latencies and failures by interval. Read from manifest.json,
 * summary.json, intervals.hlog and events.ndjson of a run directory. */
#ifndef MUSTER_REPORT_COMPARE_RUN_H
#define MUSTER_REPORT_COMPARE_RUN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/cell.h"
#include "metrics/histogram.h"

/* Longer runs are cut into this many intervals, each of several seconds, so that drawing them again and again stays cheap. */
enum { COMPARE_UNITS_MAX = 600 };

/* The answered operations of one kind, by one clock: counts[unit * width + (bucket − low)]. */
struct compare_timing {
    uint64_t samples;
    unsigned low, width; /* the buckets that were hit: low … low + width − 1 */
    uint32_t *counts;    /* NULL without samples */
    unsigned units_hit;  /* intervals with samples */
};

/* How operations of one kind ended, by interval: ok + failed, and failed. */
struct compare_outcomes {
    uint64_t tried, failed;
    uint32_t *tried_in, *failed_in; /* [units]; NULL when nothing was tried */
};

struct compare_run {
    char directory[PATH_MAX];
    char name[128], run_id[16], version[32], scenario_hash[65];
    uint64_t seed;
    bool seed_given;
    unsigned shards;
    bool complete, trustworthy;
    double warmup_s; /* what ended before is not compared */
    unsigned units;  /* intervals of unit_s seconds each, from the end of the warm-up to the last record */
    unsigned unit_s;
    struct compare_timing timings[OP_KINDS][CLOCK_KINDS];
    struct compare_outcomes outcomes[OP_KINDS];
};

/* On failure a negative error and a sentence in `why`. Free with compare_run_free, also after a failure. */
int compare_run_read(const char *directory, struct compare_run *out, char *why, size_t why_size);
void compare_run_free(struct compare_run *r);

/* The q-quantile, in milliseconds, of counts[width] by bucket from `low` on: between the ends of the bucket in which it lies,
 * by its rank there. NAN without samples. */
double compare_run_quantile_ms(const uint64_t *counts, unsigned low, unsigned width, double q);

#endif
