/* Everything that a run measured, as plain data: all that checks and reports may see. Owned by the control thread; `result_add`
 * merges a worker's interval; results of shards merge with result_merge. */
#ifndef MUSTER_METRICS_RESULT_H
#define MUSTER_METRICS_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/cell.h"
#include "metrics/histogram.h"
#include "metrics/recorder.h"

/* One cell in one segment. Histograms exist once there is a sample. */
struct series {
    struct cell_key key;
    uint64_t outcomes[OP_OUTCOMES];
    uint64_t drops[OP_DROP_REASONS];
    uint64_t held[OP_HELD_REASONS];
    uint64_t late;                         /* lag above the trust limit */
    struct histogram *clocks[CLOCK_KINDS]; /* answered operations; unanswered ones are known from outcomes */
};

struct tally_series {
    uint16_t group, segment;
    uint8_t qos; /* of the messages that it counts; 0 for everything else */
    uint64_t counts[TALLY_KINDS];
};

/* Devices by state at the end of an interval. counts[group * STATE_KINDS + state]. */
struct gauge_row {
    instant at;
    uint32_t *counts;
};

/* One worker's health in one interval. */
struct health {
    instant at;
    uint32_t worker;
    span loop_late_max;
    span lag_max;
    uint64_t operations, late; /* emitted in the interval, and those with lag above the limit */
    double cpu_share;          /* of one core */
};

struct result {
    unsigned group_count;
    const struct segments *segments; /* borrowed */
    struct series **series;          /* in key order of first appearance; find with result_series */
    size_t series_count;
    struct tally_series *tallies;
    size_t tally_count;
    struct gauge_row *gauges; /* one per interval, in time order */
    size_t gauge_count;
    struct reason_row *reasons;
    size_t reason_count;
    struct histogram lag_all; /* lag of every operation emitted, for the tool's p99 and p99.9 */
    uint64_t late_all, emitted_all;
    uint64_t dropped_records; /* of the logs, up to the last second */
    uint64_t notes_omitted;   /* findings and state changes beyond the recorders' caps */
    span loop_late_max;
    uint64_t online_peak;
    struct result_index *index; /* private */
};

struct result *result_new(unsigned groups, const struct segments *segments);
void result_free(struct result *r);
/* Forgets all samples, counts and rows but keeps the memory: the control thread's "this second" result. */
void result_clear(struct result *r);
/* Adds a worker's interval. `late_limit`: lag above it is late. Gauges of several workers for the same second are summed by result_end_second. */
void result_add(struct result *r, const struct interval *i, span late_limit);
/* Closes the second: appends a gauge row from the workers' latest gauges, updates online_peak. */
void result_end_second(struct result *r, instant at);
/* into += from (the control thread adds "this second" to the total; `report` merges shards). Gauge rows of the same instant are summed. */
void result_merge(struct result *into, const struct result *from);

/* The series of that key, made when missing if `make`; NULL otherwise. */
struct series *result_series(struct result *r, struct cell_key key, bool make);
/* What came another way than in an interval, for instance out of a log: counters, causes, and devices by state, which add to the row of the
 * same instant. */
void result_add_tally(struct result *r, const struct tally_series *from);
void result_add_reason(struct result *r, const struct reason_row *from);
void result_add_gauge(struct result *r, instant at, const uint32_t *counts);
/* Walks series that match: -1 matches everything. Returns the next index ≥ from, or series_count. */
size_t result_next(const struct result *r, size_t from, int op, int group, int qos);
struct histogram *series_clock(struct series *s, enum clock_kind clock); /* made when missing */
uint64_t series_count_answered(const struct series *s);                  /* ok + refused */
uint64_t series_count_failed(const struct series *s);                    /* refused + timeout + broken */
uint64_t series_count(const struct series *s);                           /* ok + failed */
uint64_t series_unanswered(const struct series *s); /* timeout + broken + open: infinite for percentiles */
/* Notes of an interval, for events.ndjson: calls `visit` for each. */
void interval_notes(const struct interval *i, void (*visit)(void *context, const struct note *), void *context);
uint64_t interval_notes_omitted(const struct interval *i);

#endif
