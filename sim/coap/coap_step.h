/* One step of a CoAP endpoint: what is lent to it, and what it gives back: datagrams and events.
 *
 * Everything in it is the caller's scratch and valid until the step ends; what events borrow lives as long as the datagram that was passed in. */
#ifndef MUSTER_COAP_COAP_STEP_H
#define MUSTER_COAP_COAP_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"
#include "base/pool.h"
#include "coap/coap_codec.h"
#include "metrics/op.h"

/* An observation that is over because a notification had to be refused ends with COAP_EVENT_END too. */
enum coap_event_kind {
    COAP_EVENT_REQUEST, /* message: a request met for the first time; to be replied to in this step */
    COAP_EVENT_RESPONSE, /* message answers op; `more`: an observation, whose notifications come as events of this kind */
    COAP_EVENT_END,      /* op ended without a response: outcome; `reset`: the peer sent a Reset */
    COAP_EVENT_RESENT,   /* op's message was sent again */
    COAP_EVENT_DUPLICATE, /* message was met before; what it was answered with has been sent again */
    COAP_EVENT_LATE,      /* message belongs to nothing that is waited for */
    COAP_EVENT_VIOLATION, /* the peer broke a rule: fault, packet; message as far as it could be read */
    COAP_EVENT_KINDS
};

struct coap_event {
    uint8_t kind;    /* enum coap_event_kind */
    uint8_t outcome; /* enum op_outcome, of COAP_EVENT_END */
    bool reset, more;
    struct op op;
    struct coap_message message;
    struct coap_fault fault;
    struct bytes packet; /* COAP_EVENT_VIOLATION: the datagram */
};

enum { COAP_STEP_EVENTS_MAX = 16, COAP_STEP_DATAGRAMS_MAX = 16 };

struct coap_step {
    instant now;
    uint64_t seed; /* with `device`: the key of what is drawn */
    uint32_t device;
    struct pool *pool;
    struct bytes_writer out;              /* datagrams, one after the other */
    size_t ends[COAP_STEP_DATAGRAMS_MAX]; /* where each ends in `out` */
    unsigned datagrams;
    struct coap_event events[COAP_STEP_EVENTS_MAX];
    unsigned event_count;
};

/* Begins a step: no events, no datagrams, `out` rewound. */
void coap_step_begin(struct coap_step *s, instant now);
/* Appends an event of that kind, zeroed otherwise; CHECKs that there is room. */
struct coap_event *coap_step_event(struct coap_step *s, enum coap_event_kind kind);
static inline unsigned coap_step_room(const struct coap_step *s) {
    return COAP_STEP_EVENTS_MAX - s->event_count;
}
/* Appends a datagram. ERR_AGAIN: no room for its bytes or for one more; ERR_INVALID: it cannot be encoded. */
int coap_step_send(struct coap_step *s, const struct coap_message *m);
int coap_step_send_bytes(struct coap_step *s, struct bytes datagram);
/* The n-th datagram of the step. */
struct bytes coap_step_datagram(const struct coap_step *s, unsigned n);

#endif
