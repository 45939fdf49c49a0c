/* The worker's side of measuring: one recorder per worker, no locks. Ends of operations, counters and gauges go into the current
 * interval; once a second the worker swaps it for an empty one (recorder_swap) and the control thread adds it to the result.
 *
 * Memory: a series keeps the samples of an interval as a list of bucket numbers (2 B each) and becomes a histogram of
 * 32-bit counts only when it is busy (over RECORDER_LIST_MAX samples). Interval memory is reused. */
#ifndef MUSTER_METRICS_RECORDER_H
#define MUSTER_METRICS_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/cell.h"
#include "metrics/op.h"
#include "metrics/step.h"

enum {
    RECORDER_LIST_MAX = 4096,
    RECORDER_NOTES_MAX = 256,          /* notes per interval; the rest is counted */
    RECORDER_RECORDED_MAX = 256 << 20, /* bytes of a recording per interval */
    RECORDER_EVIDENCE_MAX = 2 << 20,   /* bytes of evidence per interval; the rest is counted, too */
    RECORDER_NOTE_PACKET = 256,        /* bytes kept of an offending packet */
    RECORDER_REPORTS_MAX = 1 << 20,    /* audited messages per interval */
    RECORDER_REASONS =
        24 /* distinct (operation, outcome, reason code, close reason) per group and interval, the last row takes the rest */
};

/* A finding or a state change of a sampled device, for events.ndjson. */
struct note {
    instant at;
    uint32_t device;
    uint16_t group;
    uint8_t kind;     /* enum event_kind for findings; NOTE_STATE for a state change */
    uint8_t from, to; /* NOTE_STATE: enum device_state */
    uint8_t close_reason, reason_code, outcome, op;
    const char *statement, *detail; /* static strings or NULL */
    uint16_t packet_size;
    uint8_t packet[RECORDER_NOTE_PACKET];
};
enum { NOTE_STATE = 200 };

/* Why things failed, for "errors grouped by cause". */
struct reason_row {
    uint16_t group;
    uint8_t op, outcome, reason_code, close_reason;
    uint32_t example_device;
    instant first_at;
    uint64_t count;
};

struct recorder;
struct interval;
struct audit_report; /* metrics/audit.h */

/* `groups`: number of groups; `segments` is borrowed and outlives the recorder. NULL when out of memory. */
struct recorder *recorder_new(unsigned groups, const struct segments *segments);
void recorder_free(struct recorder *r);

/* An operation ended. Instants of a clock that does not apply are passed as is; which clocks count follows from outcome:
 * ok and refused: lag (when emitted), service and response (answered, felt) · others: lag only, and only when emitted.
 * QoS 0 publishes and OP_MQTT_END_TO_END: see docs/semantics.md. `excluded` as in cell_key. */
void recorder_end(struct recorder *r, unsigned group, const struct op *op, enum op_outcome outcome, enum op_drop drop,
                  instant answered, instant felt, uint8_t excluded);
/* A value of one device rather than an operation, kept like a response of that length: op_kinds says what stands for what. `endless`: beyond
 * every length. `at`: decides the segment. */
enum { RECORDER_VALUE_SPAN = 1000000 }; /* ns of a life for each ns kept */
void recorder_value(struct recorder *r, unsigned group, enum op_kind what, instant at, span value, bool endless);
/* Why it failed (also for connections that ended); aggregated. */
void recorder_reason(struct recorder *r, unsigned group, uint32_t device, enum op_kind op, enum op_outcome outcome,
                     uint8_t reason_code, enum close_reason close, instant at);
void recorder_tally(struct recorder *r, unsigned group, instant at, enum tally_kind kind, uint64_t by);
/* The same for what counts messages: kept per QoS. */
void recorder_tally_message(struct recorder *r, unsigned group, uint8_t qos, instant at, enum tally_kind kind,
                            uint64_t by);
void recorder_note(struct recorder *r, const struct note *n);
/* How an audited message ended; `at` now. */
void recorder_report(struct recorder *r, const struct audit_report *report, instant at);
/* Room for `size` bytes of evidence, in the order of the calls; what they mean is the caller's business. NULL when the interval has its share,
 * which counts as one record omitted. Valid until the next call. */
uint8_t *recorder_evidence(struct recorder *r, size_t size);
/* A record that the caller leaves out. */
void recorder_evidence_omitted(struct recorder *r);
/* Room for `size` bytes of a recording, in the order of the calls. NULL when the interval has its share. Valid until the next call. */
uint8_t *recorder_recorded(struct recorder *r, size_t size);
/* Does the interval hold some of them? */
bool recorder_chunk_is_open(const struct recorder *r);
/* A device moved from one state to another (from == to at build: counts it in). Gauges are kept exactly, per group. */
void recorder_state(struct recorder *r, unsigned group, enum device_state from, enum device_state to);
/* How late a loop turn, a timer or an emission was: for the tool's own health. */
void recorder_loop_late(struct recorder *r, span late);
uint64_t recorder_online(const struct recorder *r); /* devices online now, all groups */

/* Ends the interval at `now` and gives it out; `spare` (or NULL) becomes the next one. The caller hands it to the control
 * thread, which gives it back through the mailbox after result_add. */
struct interval *recorder_swap(struct recorder *r, struct interval *spare, instant now);
void interval_free(struct interval *i);

#endif
