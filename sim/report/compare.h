/* Is B worse than A? Statistics over whole runs, or over blocks of one run's intervals, never over single messages: of millions of
 * samples that depend on each other every difference is "significant" (docs/compare.md says how to read the answer).
 *
 * - 4 + 4 runs or more: exact Mann-Whitney tests on each run's own figure, with the margin put between the sides.
 * - 1 + 1 run: moving-block bootstrap (Künsch 1989) over interval histograms, both sides drawn anew.
 * - else there is a table, but no verdict: 3 + 3 runs cannot reach two-sided 5 % at all.
 *
 * A metric is worse when the whole interval of its change lies beyond the margin, and stays so with Holm's correction (1979) over
 * all metrics that decide. */
#ifndef MUSTER_REPORT_COMPARE_H
#define MUSTER_REPORT_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "report/compare_run.h"

enum {
    COMPARE_RUNS_MAX = 64,   /* a side */
    COMPARE_RUNS_TESTED = 4, /* a side, from which on ranks can tell */
    COMPARE_METRICS_MAX = 64,
    COMPARE_RESAMPLES = 2000,
    COMPARE_BLOCK_S = 10,     /* and at least five blocks */
    COMPARE_UNITS_LEAST = 10, /* intervals that one run must have */
};
#define COMPARE_MARGIN       0.05  /* of a latency */
#define COMPARE_MARGIN_SHARE 0.001 /* of a share of failed operations, as a difference */

enum compare_stat { COMPARE_QUANTILE, COMPARE_FAILED };
/* "p99(mqtt.publish.ack)", "p50(mqtt.connect.ack{clock=service})", "failed(mqtt.publish)" */
struct compare_metric {
    char name[96];
    enum compare_stat stat;
    double q;
    enum op_kind op;
    enum clock_kind clock;
};
/* Reads one metric. ERR_MALFORMED, with a sentence in `why`. */
int compare_metric_parse(const char *text, struct compare_metric *out, char *why, size_t why_size);

enum compare_verdict { COMPARE_SAME, COMPARE_BETTER, COMPARE_WORSE, COMPARE_INCONCLUSIVE, COMPARE_VERDICTS };
extern const char *const compare_verdict_names[COMPARE_VERDICTS];
enum compare_method { COMPARE_BOOTSTRAP, COMPARE_RANKS, COMPARE_NONE };
extern const char *const compare_method_names[]; /* "block bootstrap", "Mann-Whitney", "none" */

/* One line of the table. Latencies are in milliseconds and their change a share of `before`; shares of failures and their
 * change, a difference, are shares of 1. NAN: not known. */
struct compare_row {
    struct compare_metric metric;
    bool gate;                /* takes part in the verdict */
    double before, after;     /* medians over the runs of a side */
    double change, low, high; /* low … high: 90 %, that is 5 % at each end */
    double p_worse, p_better; /* one-sided, beyond the margin, corrected for the number of gates */
    uint64_t samples_before, samples_after;
    enum compare_verdict verdict;
    char reason[128]; /* why it does not decide, or cannot; "" otherwise */
};

struct compare_options {
    double margin;                        /* 0: COMPARE_MARGIN */
    const struct compare_metric *metrics; /* those that decide; NULL: chosen by what was measured */
    unsigned metric_count;
};

struct comparison {
    enum compare_method method;
    enum compare_verdict verdict;
    double margin;
    unsigned before_count, after_count;
    struct compare_row rows[COMPARE_METRICS_MAX];
    unsigned row_count;
    char reason[200]; /* why the whole is inconclusive; "" otherwise */
};

/* Do the sides belong together? ERR_INVALID and a sentence when scenario, kind of seed, shards or major version differ. */
int compare_admit(const struct compare_run *before, unsigned before_count, const struct compare_run *after,
                  unsigned after_count, char *why, size_t why_size);
/* What a change of this row may be without deciding: a share of `before`, or for failures a difference of shares. */
double compare_margin(const struct comparison *c, const struct compare_row *row);
void compare_sides(const struct compare_run *before, unsigned before_count, const struct compare_run *after,
                   unsigned after_count, const struct compare_options *o, struct comparison *out);

#endif
