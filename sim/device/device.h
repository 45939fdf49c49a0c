/* READ THIS FIRST. A device is plain data, and everything it does is one step: (state, input, now) → (state', bytes out, events).
 *
 *   fleet_group   what devices share (device/profile.h): profile, network, identity, target, telemetry; read-only
 *   device        64 bytes of life: who it is, where it stands, what comes next
 *   session       the protocol's state (drivers.h; MQTT: mqtt/mqtt_session.h)
 *   link_state    its modelled link (transport/impair.h); only in fleets with a network or a link entry
 *   radio_state   cells, outages and registration (radio.h); only in groups that have some
 *   power_state   its battery and radio (device/power.h); only in fleets whose profile has power, or that the timeline cuts off
 *   behaviour     its telemetry streams, signals and fired `when` entries; laid out per group
 *
 * Functions here never touch a socket, a clock or the heap. The worker (fleet/worker.c) owns the slabs, lends a struct device_host,
 * and carries out the orders that a step leaves behind: open a connection, close it, send the bytes in host->step.out. */
#ifndef MUSTER_DEVICE_DEVICE_H
#define MUSTER_DEVICE_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/pool.h"
#include "device/action.h"
#include "device/profile.h"
#include "device/radio.h"
#include "device/secret.h"
#include "metrics/recorder.h"
#include "metrics/step.h"
#include "transport/impair.h"
#include "transport/transport.h"

struct reaction; /* behave_command.c */
struct waiting;

enum device_flags {
    DEVICE_WANTED = 1,           /* the timeline asked it to be connected */
    DEVICE_SESSION_EXPECTED = 2, /* the backend should remember us */
    DEVICE_GAVE_UP = 4,
    DEVICE_STOPPED = 8,          /* for good: `stop`, or the run is closing */
    DEVICE_AWAY = 16,            /* not online at some moment of the settling time */
    DEVICE_SESSION_PRESENT = 32, /* the last CONNACK said so */
    DEVICE_SUBSCRIBED = 64,      /* and every SUBSCRIBE was answered: a session that is present needs none */
    DEVICE_ATTEMPTING = 128      /* an attempt was intended and has not ended: it is counted once */
};

struct device {
    uint32_t id; /* index over the whole plan, before sharding */
    uint16_t group;
    uint8_t state;                 /* enum device_state */
    uint8_t flags;                 /* enum device_flags */
    struct connection *connection; /* NULL: none */
    struct waiting *waiting;       /* last of a ring of messages not handed over yet; NULL: none */
    instant attempt_at;            /* BACKOFF: end of the back-off; CONNECTING: when the attempt was intended */
    instant deadline;              /* CONNECTING: end of the attempt; ONLINE: since when (for reset_after) */
    instant action_at;             /* next instant at which the timeline touches it */
    instant down_last;             /* last instant at which its own link was down; INT64_MIN: never */
    uint32_t values;               /* active link and set entries, bit = action.value_bit */
    uint16_t failures;             /* attempts in a row that failed (saturates) */
    uint16_t attempts;             /* attempts in all (wraps; numbers the draws) */
};
_Static_assert(sizeof(struct device) == 64, "one cache line");

/* The part of a device that its group's features size: one block per device, streams first, then signals, then the instant of the last sample (if
 * signals evolve with time), then triggers (if streams have them), then the pace of forwarding (if the profile has one), then commands (if the profile has them), then fired entries. */
struct stream_state {
    instant next; /* next intended instant; INSTANT_NEVER: waiting for an answer (closed), or ended */
    uint32_t n; /* instants of the schedule so far; each is a message, but for those of a trigger that found no cause */
    uint32_t silent; /* so many of them found none */
};
struct fired {
    instant end;      /* when a `when` entry is undone; INSTANT_NEVER: not active */
    uint32_t count;   /* how often it fired */
    uint32_t holding; /* 1: its condition held at the last test */
};
struct command_state {
    struct reaction *first; /* commands that are still to be reacted to; in the pool */
    uint32_t received;      /* commands so far */
    uint32_t pending;       /* length of the list */
};
struct behaviour {
    uint32_t sequence;          /* messages intended so far: numbers marks and ${msg.seq} */
    uint16_t queued;            /* length of the waiting ring */
    uint8_t cuts;               /* link_down entries that hold now */
    uint8_t how;                /* enum link_down_how of the strongest of them */
    uint32_t connects;          /* accepted connections */
    uint32_t previous_delay_us; /* last back-off, for decorrelated jitter */
    uint8_t tail[];
};

/* Where the pieces of one device lie. */
struct device_slot {
    struct device *life;
    void *session;
    struct link_state *link;   /* NULL: no modelled link */
    struct radio_state *radio; /* NULL: the group has none */
    struct power_state *power; /* NULL: mains that never fails */
    struct behaviour *behaviour;
    const struct fleet_group *group;
};

/* An attempt to connect while the transport opens: connection->owner. Kept by the worker; the device reads its operation when it
 * has to end it. */
struct dial {
    struct op op;
    instant open_at;               /* the modelled link lets the connect through; queued: since when */
    span delay;                    /* of the link */
    uint32_t previous, next;       /* in the queue of its node */
    instant secure_from;           /* the handshake began there, if it has begun */
    span secure_delay;             /* of the modelled link, for the handshake's round trips */
    span waited;                   /* for somebody who computes the handshake: the tool's time, not the backend's */
    uint64_t bytes_up, bytes_down; /* of the handshake so far, as they went over TCP */
    bool started;                  /* the guard let it go: op is filled */
    bool queued;
    bool secured; /* TCP is up, and a secure handshake has begun */
    bool resumes; /* it offers the session that is kept */
    bool resumed; /* and the backend went on with it */
};

/* What a step asks of the worker when it is over, in this order: bytes in step.out are sent, then `close`, then `open`. */
struct device_orders {
    bool open;
    enum { KEEP_CONNECTION, CLOSE_IN_ORDER, CLOSE_WITH_RESET, CLOSE_AS_GHOST } close;
    enum { LINK_AS_IS, LINK_FALLS_SILENT, LINK_RETURNS } link;
    bool forget;     /* what the worker keeps for it from one connection to the next */
    bool next_node;  /* the attempt failed, and the profile says failover: next */
    bool guard_wait; /* a message waits for the guard's publish rate, or for memory: pump the device a little later */
    bool pump;       /* a message waits for room in a step: call device_due again at once */
};

/* What went wrong in a step: the first broken rule, the first operation that failed, the end of a connection. For whoever keeps
 * evidence. */
struct device_trouble {
    unsigned count;                 /* 0: nothing, and nothing else here means anything */
    bool violated;                  /* the peer broke a rule: */
    const char *statement, *detail; /* static strings, or NULL */
    unsigned failed;     /* operations that ended refused, timed out or broken; 0: the connection alone ended */
    uint8_t op, outcome; /* of the first: enum op_kind, op_outcome */
    uint8_t reason_code, close_reason; /* as it came; enum close_reason */
    struct bytes
        packet; /* the offending packet, and what came after it, borrowed from the input; empty: there is none */
};

/* What the worker lends to every step. */
struct device_host {
    /* of the run, read-only */
    uint64_t seed;
    const struct fleet_group *groups;
    const struct action *actions;
    unsigned group_count;
    unsigned action_count;
    unsigned tracked_count; /* actions that action_tracked */
    const void *plan;
    uint8_t (*excluded)(const void *plan, uint32_t device, instant intended, instant end);
    const struct fleet *fleets;
    const struct secret_table *secrets;
    uint32_t device_count;
    const char *run_id;
    uint16_t run_number;   /* run_id as a number, for marks */
    int64_t epoch_unix_ms; /* simulated clock at t = 0 */
    int64_t start_unix_ms; /* wall clock at t = 0; ${msg.time} */
    instant ends;          /* nothing new is intended from here on */
    instant closes;        /* the farewell begins: nobody calls any more */
    instant
        counts_until; /* what is intended from here on is no operation of the run: the duration's end, or `closes` when cut short */
    bool settling;
    /* of the worker */
    struct pool *pool;
    struct guard *guard;
    struct recorder *recorder;
    struct duplicates *duplicates;
    uint64_t decisions_hash; /* summed here */
    const uint64_t *audited; /* bit per device of the plan: it reports its messages; NULL: nobody does */
    _Atomic int64_t *
        away; /* [device_count]: last instant at which the device was away by the timeline's will, or its link's; INSTANT_NEVER:
                              it is; NULL: nobody asks. Read by the control thread. */
    uint64_t sampled_below;      /* devices whose sample hash is below it get state notes */
    struct bytes_writer scratch; /* rendering space: topic, payload, identity */
    struct profile effective;    /* scratch for profiles with active settings */
    struct dist stretched;       /* scratch: the gap between messages of a device whose battery is low */
    struct power_ledger
        *ledgers;          /* [group_count] energy that the recorder has not heard of; NULL: no device has power */
    instant ledgers_until; /* the next segment begins there */
    const struct segments *segments;
    /* of the step */
    struct step step;
    struct device_orders orders;
    struct device_trouble trouble;
    unsigned power_notes; /* enum device_power_notes */
    unsigned lost;        /* units that the modelled link lost of what the step sent */
    size_t spent;         /* bytes of step.out that the guard has heard of */
    uint32_t changed;     /* bit mask of enum state_variable */
};

static inline uint32_t device_index_in_fleet(const struct device_host *h, const struct device_slot *s) {
    return s->life->id - h->fleets[s->group->fleet_index].first;
}

/* First state of everything; `first_connect` from the plan (INSTANT_NEVER: never asked to connect). */
void device_begin(struct device_host *h, const struct device_slot *s, instant first_connect);
/* Everything that is due at h->step.now: timeline, telemetry, back-off, session. Call step_begin before, carry out the orders
 * after; call again while it returns true (the step's room ran out). */
bool device_due(struct device_host *h, const struct device_slot *s);
/* The guard and the link let the attempt go at step.now: fills the operation. ready/held as the worker knows them. */
void device_attempt(struct device_host *h, const struct device_slot *s, struct op *op, enum op_held held);
/* TCP is up at `from`, less what the link takes, and a secure handshake goes on: another deadline holds. */
void device_securing(struct device_host *h, const struct device_slot *s, instant from);
/* The handshake of that attempt has ended at step.now. `why` CLOSE_NONE: well; CLOSE_POLITE: the run closes. */
void device_secured(struct device_host *h, const struct device_slot *s, const struct dial *dial, enum close_reason why);
/* The device's shared key and its name, rendered into the scratch; wipe the key when it has been used. ERR_INVALID: it is no key. */
int device_shared_key(struct device_host *h, const struct device_slot *s, struct bytes *name, struct bytes *key);
/* The transport still opens. */
static inline bool device_opening(const struct device *life) {
    return life->connection != NULL && (life->connection->flags & CONNECTION_OPENING) != 0;
}
static inline bool device_handshaking(const struct device *life) {
    return device_opening(life) && (life->connection->flags & CONNECTION_SECURING) != 0;
}
/* The transport is up: the session begins. `op` as from device_attempt. */
void device_opened(struct device_host *h, const struct device_slot *s, const struct op *op);
/* The attempt ended before the session began. `op` NULL: it had not been let go yet. CLOSE_POLITE: the run closes, it stays
 * open. CLOSE_LOCAL: this machine had no descriptor, port or memory for it; it ends dropped. */
void device_open_failed(struct device_host *h, const struct device_slot *s, const struct op *op, enum close_reason why);
/* Bytes arrived; returns how many were consumed. */
size_t device_input(struct device_host *h, const struct device_slot *s, struct bytes in);
/* The connection ended without our asking (or the worker ended it for `why`). */
void device_lost(struct device_host *h, const struct device_slot *s, enum close_reason why);
/* The window or the socket has room again: hands waiting messages over. */
void device_pump(struct device_host *h, const struct device_slot *s);
/* Settling is over: polite end of an online device; then device_finish ends every operation (open) and returns all memory. */
void device_farewell(struct device_host *h, const struct device_slot *s);
bool device_finish(struct device_host *h, const struct device_slot *s);
/* Earliest instant at which device_due has something to do (the link's queues are the worker's). */
instant device_next(struct device_host *h, const struct device_slot *s);
/* In flight or waiting at an online device: settling goes on. */
bool device_busy(const struct device_host *h, const struct device_slot *s);

#endif
