/* The audit: what devices sent, held against what an observer got (docs/semantics.md, "Messages"). Plain data, one thread, no clock.
 *
 *   audit_report   how a message ended at its device, once per number of its device: from the workers, a second late
 *   audit_arrival  the observer got a copy: from backend/observer.h, at once
 *   audit_gap      a stretch in which the observer could not see
 *   audit_settle   everything before an instant has been reported: judges what can be judged now
 *   audit_close    the run is over: what is still missing is lost
 *
 * What is found goes into a recorder of the audit's own, as tallies per group × QoS × segment of the intended instant, and as
 * OP_MQTT_END_TO_END of the sender's cell.
 *
 *   received    distinct messages that arrived
 *   lost        owed and never arrived, and no gap can have swallowed it
 *   duplicated  copies after the first, less those that the device itself sent
 *   reordered   first copies whose number is below one that had arrived from the same device, topic and QoS
 *   excluded    messages of the time of a gap, whatever became of them, and missing ones whose way may have led into it
 *
 * Memory: a message takes an entry only while one of its two sides is outstanding, or copies that its device sent itself: some seconds
 * of messages, the missing ones, and those that were sent anew and came once. A
 * device's numbers up to `reported_to` have all been reported: of these, one without an entry is settled, and a later copy of it
 * is a duplicate. */
#ifndef MUSTER_METRICS_AUDIT_H
#define MUSTER_METRICS_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "metrics/recorder.h"

enum {
    AUDIT_ENTRIES_MAX = 1 << 20, /* outstanding messages; beyond it the oldest missing ones are judged as at the end */
    AUDIT_TOPICS_MAX =
        1 << 20,               /* (device, topic, QoS) whose order is followed; those beyond are not judged for order */
    AUDIT_CUTS_MAX = 1 << 20,  /* (device, 10 s) whose cut is remembered; then what they excuse is noted, and they go */
    AUDIT_GAPS_MAX = 256,      /* beyond it the two nearest become one */
    AUDIT_STALL_MESSAGES = 500 /* a stall of ours in which no more than that fell due is none */
};

/* How a message ended at its device. */
enum audit_verdict {
    AUDIT_UNSENT,     /* never handed over, or its stream is not observed: only keeps the numbers in a row */
    AUDIT_OWED,       /* acknowledged; of QoS 0: sent: lost if it does not arrive */
    AUDIT_UNANSWERED, /* sent and not acknowledged, its device online: lost if it does not arrive, gap or not */
    AUDIT_FREE,       /* refused, withdrawn, or open at a device that is away: not lost, whatever became of it */
    AUDIT_SENT_ANEW,  /* no end: its device sent it once more as a new packet; a copy is its own doing, then */
    AUDIT_CUT /* no message: at `emitted` the device's own link cut it off, and QoS 0 on its way then is its own business */
};

struct audit_report {
    uint32_t device, sequence;
    instant intended, emitted, ended;
    uint16_t group;
    uint8_t qos, excluded; /* excluded: as in cell_key */
    uint8_t verdict;       /* enum audit_verdict */
    uint8_t held;          /* enum op_held */
};

struct audit_arrival {
    uint32_t device, sequence;
    instant intended, at;
    uint64_t topic; /* any hash of it; 0: its order is not followed */
    uint16_t group;
    uint8_t qos; /* as delivered */
};

enum audit_gap_kind {
    AUDIT_GAP_CONNECTION, /* the observer's connection was lost */
    AUDIT_GAP_STALL,      /* it was there and too slow */
    AUDIT_GAP_QUEUE,      /* its queue was full */
    AUDIT_GAP_REPORTS,    /* the devices' own reports were too many to keep */
    AUDIT_GAP_KINDS
};
extern const char *const audit_gap_names[AUDIT_GAP_KINDS]; /* "connection", "stall", "queue", "reports" */

struct audit_gap {
    enum audit_gap_kind kind;
    instant from, to;  /* to INSTANT_NEVER: it goes on */
    uint64_t messages; /* taken out of the audit for it */
};

struct audit;
struct interval;

/* `devices`: of the whole plan. NULL when out of memory. Free with audit_free. */
struct audit *audit_new(unsigned groups, const struct segments *segments, uint32_t devices);
void audit_free(struct audit *a);

void audit_report(struct audit *a, const struct audit_report *r);
/* The reports of a worker's interval, and whether it had to leave some out: from the first of these on the audit is blind. */
void audit_interval(struct audit *a, const struct interval *i);
void audit_arrival(struct audit *a, const struct audit_arrival *arrival);
/* A gap begins, goes on or ends; the same `kind` and `from` as before: the same gap. A stall counts only when more than
 * AUDIT_STALL_MESSAGES fell due in it, which the next audit_settle beyond its end decides, and later ones again when they know of more;
 * an open one (to INSTANT_NEVER) is no stall. */
void audit_gap(struct audit *a, enum audit_gap_kind kind, instant from, instant to);
/* All reports of messages that ended before `until` are in, but those of workers whose last interval ended earlier. While a stall is
 * undecided, reports wait. */
void audit_settle(struct audit *a, instant until);
/* Is a message owed, outside gaps, and has not arrived, or does a report wait? Settling waits for it. */
bool audit_waits(const struct audit *a);
/* The run is over: nothing more arrives. Call once. */
void audit_close(struct audit *a);
/* What was found since the last call, to be added to a result; give it back as the `spare` of the next one (recorder_swap). */
struct interval *audit_swap(struct audit *a, struct interval *spare, instant now);

/* Gaps that took messages out or that were told, in order of their start; valid until the next call of another function. */
size_t audit_gaps_told(const struct audit *a, const struct audit_gap **gaps);
size_t audit_bytes(const struct audit *a); /* heap in use */

#endif
