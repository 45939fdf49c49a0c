/* The payload of Sparkplug B (Eclipse Sparkplug 3.0, chapter 6) and its topics (chapter 4), without allocation. What edge nodes do with them
 * is device/edge_node.h.
 *
 * A payload is a timestamp, metrics and a sequence number. A birth says of each metric name, alias and type; data messages then name it by
 * its alias alone. Metrics that are data sets or templates pass through as the bytes that they are: no signal is one. */
#ifndef MUSTER_CODEC_SPARKPLUG_H
#define MUSTER_CODEC_SPARKPLUG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Types of metrics, by their number on the wire (section 6.4.16). */
enum sparkplug_type {
    SPARKPLUG_UNKNOWN,
    SPARKPLUG_INT8,
    SPARKPLUG_INT16,
    SPARKPLUG_INT32,
    SPARKPLUG_INT64,
    SPARKPLUG_UINT8,
    SPARKPLUG_UINT16,
    SPARKPLUG_UINT32,
    SPARKPLUG_UINT64,
    SPARKPLUG_FLOAT,
    SPARKPLUG_DOUBLE,
    SPARKPLUG_BOOLEAN,
    SPARKPLUG_STRING,
    SPARKPLUG_DATETIME,
    SPARKPLUG_TEXT,
    SPARKPLUG_TYPES
};

/* Fields of a metric, by the bit that says whether it has them. */
enum sparkplug_has {
    SPARKPLUG_HAS_NAME = 1,
    SPARKPLUG_HAS_ALIAS = 2,
    SPARKPLUG_HAS_TIMESTAMP = 4,
    SPARKPLUG_HAS_TYPE = 8,
    SPARKPLUG_HAS_HISTORICAL = 16,
    SPARKPLUG_HAS_TRANSIENT = 32,
    SPARKPLUG_HAS_NULL = 64,
    SPARKPLUG_HAS_METADATA = 128,
    SPARKPLUG_HAS_PROPERTIES = 256
};

/* The value of a metric, by the field that carries it. */
enum sparkplug_value {
    SPARKPLUG_NO_VALUE = 0,
    SPARKPLUG_VALUE_INT = 10,     /* bits: 32; types up to 32 bits, in two's complement */
    SPARKPLUG_VALUE_LONG = 11,    /* bits: 64 */
    SPARKPLUG_VALUE_FLOAT = 12,   /* bits: the float's */
    SPARKPLUG_VALUE_DOUBLE = 13,  /* bits: the double's */
    SPARKPLUG_VALUE_BOOLEAN = 14, /* bits: 0 or 1 */
    SPARKPLUG_VALUE_STRING = 15,  /* bytes */
    SPARKPLUG_VALUE_BYTES = 16,   /* bytes; likewise the rest, undecoded */
    SPARKPLUG_VALUE_DATASET = 17,
    SPARKPLUG_VALUE_TEMPLATE = 18,
    SPARKPLUG_VALUE_EXTENSION = 19
};

struct sparkplug_metric {
    uint32_t has; /* enum sparkplug_has */
    uint32_t type;
    struct bytes name;
    uint64_t alias, timestamp; /* ms since 1970 */
    bool historical, transient, null;
    struct bytes metadata, properties; /* undecoded */
    enum sparkplug_value kind;
    uint64_t bits;
    struct bytes bytes;
};

struct sparkplug_payload {
    bool has_timestamp, has_seq;
    uint64_t timestamp, seq;
    uint32_t metrics;        /* how many it has */
    struct bytes uuid, body; /* size 0: none */
};

/* --- writing: fields of a payload in any order, as often as there are metrics ----------------------------------------------------------- */

void sparkplug_write_timestamp(struct bytes_writer *w, uint64_t unix_ms);
void sparkplug_write_seq(struct bytes_writer *w, uint64_t seq);
void sparkplug_write_uuid(struct bytes_writer *w, struct bytes uuid);
void sparkplug_write_body(struct bytes_writer *w, struct bytes body);
void sparkplug_write_metric(struct bytes_writer *w, const struct sparkplug_metric *m);
/* Sets kind and bits as `type` wants them: integers rounded towards zero and cut to the type's range, BOOLEAN true unless 0. Not a number: the metric is
 * null. Not for texts. */
void sparkplug_set_number(struct sparkplug_metric *m, enum sparkplug_type type, double value);
/* The number of a metric, read as `type` says; false: it has none. */
bool sparkplug_number(const struct sparkplug_metric *m, enum sparkplug_type type, double *out);

/* --- reading -------------------------------------------------------------------------------------------------------------------------- */

/* Reads the whole payload with all its metrics, and says what it holds; unknown fields are passed over, as Protocol Buffers want it.
 * ERR_MALFORMED: it is none, or a known field has the wrong kind, or a name is not UTF-8. */
int sparkplug_read(struct bytes payload, struct sparkplug_payload *out);
/* The metrics of a payload, one after the other: start with bytes_reader_of(payload). ERR_CLOSED: that was the last · ERR_MALFORMED. */
int sparkplug_next_metric(struct bytes_reader *r, struct sparkplug_metric *out);
/* Writes the payload anew with all metrics marked as historical (section 6.4.7): they were measured before the birth that they follow. */
int sparkplug_historical(struct bytes payload, struct bytes_writer *w);

/* "int32" and so on, as the language has them; NULL: a type without a name. */
const char *sparkplug_type_name(enum sparkplug_type type);

#endif
