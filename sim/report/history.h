/* A run over time, reduced for plots: read from the logs of its directory, or of several directories of one run (shards), which add up.
 *
 * series.csv gives counts and gauges, intervals.hlog latencies. Time is cut into columns of equal length, at most HISTORY_COLUMNS_MAX. Times of
 * all directories count from the same t = 0. What is torn or missing is left out: a killed run has a history as well. */
#ifndef MUSTER_REPORT_HISTORY_H
#define MUSTER_REPORT_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "report/figures.h"

enum {
    HISTORY_COLUMNS_MAX = 600,
    HISTORY_SLOTS_MAX =
        86400, /* intervals that are kept apart before they are put into columns; longer runs have longer ones */
    HISTORY_OCTAVE = 16, /* levels per doubling of a latency: a level is 4.4 % wide */
    HISTORY_LEVELS = HISTOGRAM_VALUE_BITS * HISTORY_OCTAVE,
};

enum history_row {
    HISTORY_DEAD,
    HISTORY_ASLEEP,
    HISTORY_OFFLINE,
    HISTORY_CONNECTING,
    HISTORY_BACKOFF,
    HISTORY_ONLINE,
    HISTORY_CONNECTS_ATTEMPTED,
    HISTORY_CONNECTS_OK,
    HISTORY_CONNECTS_REFUSED,
    HISTORY_CONNECTS_FAILED,
    HISTORY_SENT,
    HISTORY_ACKED,
    HISTORY_FAILED,
    HISTORY_DROPPED,
    HISTORY_RECEIVED,
    HISTORY_BYTES_UP,
    HISTORY_BYTES_DOWN,
    HISTORY_LAG_MS,
    HISTORY_LATE,
    HISTORY_CPU,
    HISTORY_RSS,
    HISTORY_BACKEND_CPU,
    HISTORY_BACKEND_RSS,
    HISTORY_SOC_P5,
    HISTORY_SOC_P25,
    HISTORY_SOC_P50,
    HISTORY_SOC_P75,
    HISTORY_SOC_P95,
    HISTORY_ROWS
};
/* How values become one: of several intervals in a slot, and of several directories. */
enum history_kind {
    HISTORY_COUNT, /* sums; shown per second */
    HISTORY_GAUGE, /* the last of the intervals; the sum over directories */
    HISTORY_WORST  /* the greatest */
};
struct history_row_info {
    enum history_row row;
    const char *column; /* of series.csv */
    enum history_kind kind;
};
extern const struct history_row_info history_rows[HISTORY_ROWS];

/* Over the slots of a column; NAN when nothing was measured. */
struct history_value {
    double min, mean, max;
};

struct history {
    double end_s;    /* where the last interval ends; 0: there is no history */
    double column_s; /* length of a column */
    unsigned columns;
    struct history_value *rows[HISTORY_ROWS]; /* [columns]; NULL: no log has that column */
    /* Answered operations by column and level: [columns * HISTORY_LEVELS]; NULL without samples. By what figures_rows tells apart. */
    uint32_t *latency[FIGURES_ROWS][CLOCK_KINDS];
};

/* Never fails: what cannot be read is missing. Free with history_free. */
void history_read(const char *const *directories, unsigned count, struct history *out);
void history_free(struct history *h);

/* The middle of a column, in seconds of the run. */
double history_time(const struct history *h, unsigned column);
/* A percentile of one column in milliseconds, to a level's width; NAN without samples. */
double history_quantile_ms(const struct history *h, enum figures_id id, enum clock_kind clock, unsigned column,
                           double q);
/* The latency at the lower end of a level, in milliseconds. */
double history_level_ms(unsigned level);

#endif
