/* What one worker measured between two swaps: written by recorder.c, read by result.c, walked for its notes by the control thread.
 *
 * Rows lie in the order of their first use in the interval; clearing keeps every row's memory for the next interval, whatever
 * key it then has. */
#ifndef MUSTER_METRICS_INTERVAL_H
#define MUSTER_METRICS_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/audit.h"
#include "metrics/cell.h"
#include "metrics/histogram.h"
#include "metrics/keymap.h"
#include "metrics/op.h"
#include "metrics/recorder.h"
#include "metrics/result.h"

/* The samples of one clock: a list of bucket numbers or, from RECORDER_LIST_MAX samples on, 32-bit counts per bucket. */
struct interval_clock {
    uint64_t count;     /* samples; in list mode also the length of the list */
    span sum, min, max; /* exact; the sum saturates, as a histogram's does */
    uint16_t *list;
    uint32_t list_room;
    bool busy;        /* counts, not list, hold the samples */
    uint32_t *counts; /* [HISTOGRAM_BUCKETS]; may be kept while not busy */
};

struct interval_series {
    struct cell_key key;
    uint64_t outcomes[OP_OUTCOMES];
    uint64_t drops[OP_DROP_REASONS];
    uint64_t held[OP_HELD_REASONS];
    struct interval_clock clocks[CLOCK_KINDS];
};

struct interval {
    unsigned group_count;
    const void *owner; /* the recorder that filled it: tells workers apart, never followed */
    instant at;        /* when it ended */
    struct interval_series *series;
    uint32_t series_count, series_room, series_clean; /* rows from series_clean on were never used */
    struct keymap series_index;
    struct tally_series *tallies;
    uint32_t tally_count, tally_room;
    struct keymap tally_index;
    struct reason_row *reasons;
    uint32_t reason_count, reason_room;
    struct keymap reason_index;
    uint16_t *reasons_of; /* [group_count]: rows of each group so far */
    struct note *notes;
    uint32_t note_count, note_room;
    uint64_t notes_omitted;
    struct audit_report *reports;
    uint32_t report_count, report_room;
    uint64_t reports_omitted;
    instant reports_omitted_from; /* since when, if there are any */
    uint8_t *evidence;            /* records of fleet/evidence_record.h */
    uint32_t evidence_size, evidence_room;
    uint64_t evidence_omitted;
    uint8_t *recorded; /* a chunk of fleet/recording.h */
    uint32_t recorded_size, recorded_room;
    uint32_t *states; /* [group_count * STATE_KINDS]: devices by state at the end */
    span loop_late_max;
};

struct interval *interval_new(unsigned groups); /* NULL when out of memory */
/* Forgets everything; keeps memory that the interval used and gives back what it did not need. */
void interval_clear(struct interval *i);
size_t interval_bytes(const struct interval *i); /* heap in use, for tests and the memory figures */

struct interval_series *interval_series_of(struct interval *i, struct cell_key key);
struct tally_series *interval_tally_of(struct interval *i, unsigned group, unsigned segment, uint8_t qos);
void interval_sample(struct interval_clock *c, span value);

/* The operation code of the row that takes what does not fit RECORDER_REASONS rows of a group. */
enum { REASON_OTHERS = OP_KINDS };
uint64_t interval_reason_key(const struct reason_row *r);
/* What rows of counters are found by, here and in a result. */
uint64_t interval_tally_key(unsigned group, unsigned segment, uint8_t qos);

/* Grows an array to at least `needed` elements by doubling; CHECKs for memory. New elements are zeroed. */
void *interval_grow(void *array, uint32_t *room, uint32_t needed, size_t element);

#endif
