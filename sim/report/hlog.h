/* intervals.hlog: every histogram of every second, in the log format 1.3 of HdrHistogram (Tene), so that its libraries in other
 * languages read it, and logs of shards can be added up.
 *
 * One record per operation × clock × cell × segment that has samples, and "tool/lag", the lag of everything. Values are microseconds
 * with two significant digits; the column Interval_Max is milliseconds. What the format cannot carry, exact sum, minimum and
 * maximum, stands in the tally lines of events.ndjson. */
#ifndef MUSTER_REPORT_HLOG_H
#define MUSTER_REPORT_HLOG_H

#include <stdint.h>

#include "base/text.h"
#include "metrics/result.h"
#include "report/log_writer.h"
#include "scenario/plan.h"

enum {
    HLOG_COOKIE = 0x1c849313, /* of the V2 encoding, and of its compressed form */
    HLOG_COOKIE_COMPRESSED = 0x1c849314,
    HLOG_HEADER_BYTES =
        40, /* before the counts: cookie, payload length, index offset, digits, lowest, highest, ratio */
    HLOG_COMPRESSED_HEADER_BYTES = 8, /* before the compressed bytes: cookie, their length */
    HLOG_COUNT_BYTES_MAX = 9,         /* of one count: ZigZag LEB128, the ninth byte with all its eight bits */
    HLOG_DIGITS = 2,
    HLOG_NAME_MAX = 100, /* longer names are cut, and told apart by a hash */
};

struct hlog;

/* Records go to `file` of `log`; both and `plan` are borrowed. NULL when out of memory. */
struct hlog *hlog_new(const struct plan *plan, struct log_writer *log, int file);
void hlog_free(struct hlog *h);

/* The comments at the head: t = 0 by the wall clock, from which the records' times count. */
void hlog_header(struct text *out, int64_t start_unix_ns);
void hlog_begin(struct hlog *h, int64_t start_unix_ns);
/* The records of the interval from … to. Returns how many there are. */
uint64_t hlog_second(struct hlog *h, instant from, instant to, const struct result *second);

/* A name as it stands in tags: characters other than A-Z a-z 0-9 _ . - become "_", an empty name "-". */
void hlog_name(struct text *out, const char *name);
/* An instant as records have it: in milliseconds, rounded. */
int64_t hlog_ms(instant at);
/* The part of a tag that names a group of devices: fleet/profile/region/target. */
void hlog_labels(struct text *out, const struct fleet_group *g);
/* The tag of a cell. */
void hlog_tag(struct text *out, const struct plan *plan, const struct cell_key *key, enum clock_kind clock);
/* One whole line. `h` gives the memory for compressing. */
void hlog_record(struct hlog *h, struct text *out, const char *tag, instant from, instant to,
                 const struct histogram *histogram);

#endif
