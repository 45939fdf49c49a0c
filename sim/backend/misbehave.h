/* Named deviations of the built-in broker. Without them it is strict; each row of the table breaks one thing on purpose (or
 * uses one freedom that the protocol leaves), by count and never by chance, and counts what it did, so that an audit from
 * outside can be compared with what really happened. Arguments: "name" or "name=value". */
#ifndef MUSTER_BACKEND_MISBEHAVE_H
#define MUSTER_BACKEND_MISBEHAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dist.h"
#include "base/json_write.h"

enum misbehave_id {
    MISBEHAVE_DROP,
    MISBEHAVE_DUPLICATE,
    MISBEHAVE_REORDER,
    MISBEHAVE_RESET_AFTER,
    MISBEHAVE_ACK_DELAY,
    MISBEHAVE_THROTTLE,
    MISBEHAVE_STOP_ACKS,
    MISBEHAVE_WRONG_PACKET_ID,
    MISBEHAVE_IGNORE_PINGS,
    MISBEHAVE_FORGET_SESSIONS,
    MISBEHAVE_REFUSE_CONNECTS,
    MISBEHAVE_ADMIT_WAIT,
    MISBEHAVE_REDIRECT,
    MISBEHAVE_MUTE_CONNECTS,
    MISBEHAVE_TRUNCATED_CONNACK,
    MISBEHAVE_MALFORMED_CONNACK,
    MISBEHAVE_SECOND_CONNACK,
    MISBEHAVE_DRIP,
    MISBEHAVIOURS
};

enum misbehave_value {
    MISBEHAVE_FLAG,     /* no value */
    MISBEHAVE_EVERY,    /* N ≥ 1: acts on every N-th */
    MISBEHAVE_AFTER,    /* N ≥ 0: acts on all but the first N */
    MISBEHAVE_DURATION, /* a duration, or a distribution of durations */
    MISBEHAVE_REASON,   /* 0x80 to 0xFF; without a value the row's own */
    MISBEHAVE_RATE,     /* per second */
    MISBEHAVE_TEXT
};

struct misbehave_row {
    const char *name;
    enum misbehave_value value;
    const char *example;   /* "drop=1000" */
    const char *statement; /* what it breaks: an id of the 5.0 list; "none" where it only uses a freedom */
    const char *counts;    /* what its counter counts */
    const char *doc;       /* one sentence */
};
extern const struct misbehave_row misbehave_rows[MISBEHAVIOURS];

enum { MISBEHAVE_TEXT_MAX = 256 };

struct misbehave_state {
    bool on;
    uint64_t n;                    /* EVERY, AFTER, REASON */
    double rate;                   /* RATE */
    struct dist delay;             /* DURATION, ns */
    uint64_t seen;                 /* occasions so far */
    uint64_t count;                /* how often it acted */
    char text[MISBEHAVE_TEXT_MAX]; /* TEXT: the value; others: as it was given */
};

struct misbehave {
    struct misbehave_state of[MISBEHAVIOURS];
};

void misbehave_init(struct misbehave *m); /* none */
/* Switches one on. ERR_NOT_FOUND (with a suggestion) or ERR_MALFORMED, and a sentence for the user in `why`. */
int misbehave_set(struct misbehave *m, const char *argument, char *why, size_t why_size);

static inline bool misbehave_on(const struct misbehave *m, enum misbehave_id id) {
    return m->of[id].on;
}
/* Is it on, and does it act on this occasion? Counts the occasion, not the act: see misbehave_acted. */
bool misbehave_due(struct misbehave *m, enum misbehave_id id);
/* What was due was really done. */
static inline void misbehave_acted(struct misbehave *m, enum misbehave_id id) {
    m->of[id].count++;
}
/* due and acted in one. */
bool misbehave_act(struct misbehave *m, enum misbehave_id id);
/* Writes {"drop": {"value": "1000", "count": 12}, …} of those that are on. */
void misbehave_report(const struct misbehave *m, struct json_write *w);

#endif
