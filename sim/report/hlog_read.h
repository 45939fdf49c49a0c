/* Reads a HdrHistogram interval log back: ours (report/hlog.h), and those of other implementations whose histograms fit ours.
 *
 *     struct hlog_read *r = hlog_read_new(data, size, HLOG_READ_OURS);
 *     const struct hlog_record *record;
 *     while ((record = hlog_read_next(r)) != NULL) …
 *     hlog_read_end(r)->error …
 *
 * The text is hostile: what is not whole ends the walk, and the rest is counted, not guessed. Encoding: V2, compressed, of any
 * number of digits; values are folded into our buckets (metrics/histogram.h), and those too long for them are refused. */
#ifndef MUSTER_REPORT_HLOG_READ_H
#define MUSTER_REPORT_HLOG_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "metrics/cell.h"
#include "metrics/histogram.h"
#include "metrics/op.h"

enum {
    HLOG_LINE_MAX = 1 << 18, /* longer lines are refused */
    HLOG_TAG_MAX = 1 << 11,  /* room for a tag, whole and in parts */
};

/* Nanoseconds per unit of the logged values: ours are microseconds. */
#define HLOG_READ_OURS SPAN_US

enum hlog_kind {
    HLOG_CELL,    /* one of our cells: every member of the tag is set */
    HLOG_TOOL,    /* "tool/lag": the lag of everything, which is the sum of all lag records */
    HLOG_FOREIGN, /* no tag, or one that is not ours: only `text` */
};

/* The tag, split. Strings live as long as the record. */
struct hlog_tag {
    enum hlog_kind kind;
    const char *text;      /* whole; "" when the record has none */
    const char *operation; /* the timing metric's name: mqtt.connect.ack, mqtt.publish.ack (also for QoS 0) … */
    enum op_kind op;
    enum clock_kind clock;
    const char *fleet, *profile, *region, *target;
    unsigned qos;
    bool held;
    unsigned segment;
    unsigned excluded; /* bits of the expected_during sets */
};

struct hlog_record {
    struct hlog_tag tag;
    instant start; /* since the log's start time, which in ours is t = 0; to the millisecond */
    span length;
    /* Counts by bucket. Sum, minimum and maximum are those of the buckets: the exact ones stand in the tally lines of events.ndjson. */
    const struct histogram *histogram;
};

struct hlog_read_end {
    uint64_t records;       /* whole ones so far */
    uint64_t bytes_ignored; /* from the first bad line to the end */
    uint64_t line;          /* its number, from 1 */
    char why[160];          /* what is wrong with it; "" when nothing is */
    int error; /* 0; ERR_MALFORMED: torn or damaged, so the log ends there; ERR_INVALID: whole, but of a kind that is not read */
    int64_t start_unix_ns; /* StartTime of the header; 0 without one */
};

struct hlog_read;

/* `data` is borrowed. NULL when out of memory. */
struct hlog_read *hlog_read_new(const char *data, size_t size, int64_t unit_ns);
void hlog_read_free(struct hlog_read *r);
/* The next record, which lives until the next call; NULL at the end. */
const struct hlog_record *hlog_read_next(struct hlog_read *r);
const struct hlog_read_end *hlog_read_end(const struct hlog_read *r);

/* Splits one tag: "operation/clock/fleet/profile/region/target/qos/held/segment[/excluded]". `room` [HLOG_TAG_MAX] takes the copies. */
struct hlog_tag hlog_read_tag(const char *text, size_t size, char *room);

#endif
