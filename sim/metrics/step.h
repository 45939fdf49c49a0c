/* One step of a device: (state, input, now) → (state', bytes out, events).
 *
 * The worker lends a struct step to the session or behaviour that takes the step. Everything in it is the worker's scratch and
 * valid until the step ends. Sessions write bytes to `out`, append to `events`, and note in `ops` which operations those bytes
 * carry, so that the caller, who alone knows the modelled uplink delay, can set their `sent`. */
#ifndef MUSTER_METRICS_STEP_H
#define MUSTER_METRICS_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"
#include "base/pool.h"
#include "metrics/op.h"

enum event_kind {
    EVENT_SESSION_UP,   /* the backend accepted; session_present tells whether it remembers us; reason_code kept */
    EVENT_SESSION_LOST, /* we expected state at the backend (or had messages in flight) and it has none */
    EVENT_OP_END,       /* op, outcome, reason_code, drop (when dropped) */
    EVENT_MESSAGE,      /* a publish arrived: topic, payload, qos, retain, duplicate flag; borrowed bytes */
    EVENT_VIOLATION,    /* the peer broke a rule: statement, packet (borrowed), detail */
    EVENT_CLOSE,        /* the session wants the connection closed after `out` is flushed: close_reason */
    EVENT_RESENT,       /* a message in flight was sent again (session resumed, or as a new packet) */
    EVENT_LATE_ANSWER,  /* an answer to an operation that had ended by timeout */
    EVENT_REDIRECT,     /* the backend named another server (MQTT 5 Server Reference in `topic`); never followed here */
    EVENT_AUTH,         /* AUTH data from the backend, passed through: payload = authentication data */
    EVENT_KINDS
};

/* Why a connection ended, or is to end. */
enum close_reason {
    CLOSE_NONE,
    CLOSE_POLITE,         /* we sent DISCONNECT, or the farewell */
    CLOSE_REFUSED,        /* CONNACK with an error code */
    CLOSE_BY_PEER,        /* DISCONNECT packet, FIN */
    CLOSE_RESET,          /* RST from the peer */
    CLOSE_CONNECT_FAILED, /* the transport never came up: refused, unreachable */
    CLOSE_CONNECT_TIMEOUT,
    CLOSE_CONNACK_TIMEOUT,
    CLOSE_PING_TIMEOUT,
    CLOSE_ACK_TIMEOUT,
    CLOSE_STREAM_TIMEOUT, /* no progress */
    CLOSE_VIOLATION,      /* the peer broke the protocol */
    CLOSE_TIMELINE,       /* an entry of the timeline asked for it */
    CLOSE_LINK_DOWN,      /* the device's own modelled link */
    CLOSE_GUARD,          /* the safety guard */
    CLOSE_LOCAL,          /* our side failed: descriptors, memory */
    CLOSE_HANDSHAKE_TIMEOUT,
    /* The device did not accept what the backend showed, */
    CLOSE_TLS_UNKNOWN_CA,
    CLOSE_TLS_CERTIFICATE_REVOKED,
    CLOSE_TLS_CERTIFICATE_EXPIRED,
    CLOSE_TLS_CERTIFICATE_NOT_YET_VALID,
    CLOSE_TLS_WRONG_NAME,
    CLOSE_TLS_BAD_CERTIFICATE, /* for another reason: its key, its use, its signature */
    CLOSE_TLS_FAILED,          /* or not what came: no TLS, nothing in common, a record that was tampered with */
    /* and the backend did not accept the device, as its alert says (RFC 5246 section 7.2, RFC 8446 section 6). */
    CLOSE_ALERT_BAD_RECORD_MAC, /* a shared key that is not the backend's shows so, too */
    CLOSE_ALERT_HANDSHAKE_FAILURE,
    CLOSE_ALERT_BAD_CERTIFICATE,
    CLOSE_ALERT_CERTIFICATE_REVOKED,
    CLOSE_ALERT_CERTIFICATE_EXPIRED,
    CLOSE_ALERT_CERTIFICATE_UNKNOWN,
    CLOSE_ALERT_UNKNOWN_CA,
    CLOSE_ALERT_ACCESS_DENIED,
    CLOSE_ALERT_DECRYPT_ERROR,
    CLOSE_ALERT_PROTOCOL_VERSION,
    CLOSE_ALERT_UNRECOGNIZED_NAME,
    CLOSE_ALERT_UNKNOWN_PSK_IDENTITY,
    CLOSE_ALERT_CERTIFICATE_REQUIRED,
    CLOSE_ALERT_NO_APPLICATION_PROTOCOL,
    CLOSE_ALERT_OTHER,
    CLOSE_REASONS
};
extern const char *const close_reason_names[CLOSE_REASONS];
/* One of those that a secure transport has, the timeout not among them. */
static inline bool close_is_of_tls(enum close_reason why) {
    return why >= CLOSE_TLS_UNKNOWN_CA && why <= CLOSE_ALERT_OTHER;
}

struct event {
    uint8_t kind;         /* enum event_kind */
    uint8_t outcome;      /* enum op_outcome */
    uint8_t drop;         /* enum op_drop */
    uint8_t close_reason; /* enum close_reason */
    uint8_t reason_code;  /* as it came from the wire */
    uint8_t qos;
    bool session_present, retain, duplicate;
    struct op op;
    struct bytes topic, payload; /* EVENT_MESSAGE, EVENT_AUTH, EVENT_REDIRECT */
    struct bytes mark;           /* EVENT_MESSAGE: value of the 5.0 user property "m", empty without one */
    struct bytes response_topic, correlation_data; /* EVENT_MESSAGE: of 5.0; empty without */
    struct bytes packet;   /* EVENT_VIOLATION: the offending bytes, as far as they were there; EVENT_OP_END refused:
                                    what refused it, and whatever came with it; empty when we did */
    const char *statement; /* EVENT_VIOLATION: "MQTT-3.2.2-6", or "M5U-…" for rules without a number; static string */
    const char *detail;    /* static string for people, or NULL */
};

enum { STEP_EVENTS_MAX = 64, STEP_OPS_MAX = 64 };

struct step {
    instant now;      /* when the session feels the input (after the modelled downlink) */
    instant answered; /* when the input came out of the kernel or off the virtual wire; now when there is no input */
    struct bytes_writer out;
    struct bytes input; /* from the packet on that the session looks at now; empty when it looks at none */
    size_t
        resend_limit; /* messages are sent again only while less than this is in `out`; SIZE_MAX unless the caller knows better */
    struct pool *pool;
    struct event events[STEP_EVENTS_MAX];
    unsigned event_count, event_handled; /* handled: how far the device has read them */
    struct op *ops[STEP_OPS_MAX];        /* operations whose bytes are in `out`; they live until the step ends */
    unsigned op_count;
};

/* Begins a step: empty events and ops, `out` rewound. */
void step_begin(struct step *s, instant now, instant answered);
/* Appends an event of that kind, zeroed otherwise; CHECKs that there is room: sessions stop reading input while
 * step_room() is below what one packet may cause. */
struct event *step_event(struct step *s, enum event_kind kind);
static inline unsigned step_room(const struct step *s) {
    return STEP_EVENTS_MAX - s->event_count;
}
/* Appends EVENT_OP_END for `op`. */
void step_end_op(struct step *s, const struct op *op, enum op_outcome outcome, uint8_t reason_code);
/* Marks `op` as emitted in this step (sets op->emitted = now) and remembers it for the caller. */
void step_emit_op(struct step *s, struct op *op);

#endif
