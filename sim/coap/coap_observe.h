/* Observing resources (RFC 7641): which notification is the fresher one, for clients; who observes what, for servers. */
#ifndef MUSTER_COAP_COAP_OBSERVE_H
#define MUSTER_COAP_COAP_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"
#include "coap/coap_codec.h"

enum {
    COAP_OBSERVE_REGISTER = 0,
    COAP_OBSERVE_DEREGISTER = 1,
    COAP_OBSERVE_MODULUS = 1 << 24,
    COAP_OBSERVERS_MAX = 16 /* observations that a device serves */
};

/* The client's side: what it last believed. */
struct coap_freshness {
    instant at;
    uint32_t number;
    bool any; /* a notification has come */
};
/* A notification with that Observe value arrived: true, and noted, when it is fresher than what was believed (RFC 7641 section 3.4); false: it was
 * overtaken or is a copy. */
bool coap_observe_fresher(struct coap_freshness *f, uint32_t number, instant now);

/* The server's side: one observation of a resource of ours. */
struct coap_observer {
    instant confirmed_at; /* last confirmable notification; at least one a day (section 4.5) */
    uint32_t resource;    /* the caller's number for resource and query */
    uint32_t number;      /* the last Observe value */
    uint16_t last_id;     /* message id of the last notification, by which a Reset is understood */
    bool notified;        /* last_id counts */
    uint8_t token_size;
    uint8_t token[COAP_TOKEN_MAX];
};
struct coap_observers {
    unsigned count;
    struct coap_observer list[COAP_OBSERVERS_MAX];
};
/* Adds the observation, or finds the one with that token and points it to `resource` (a token has one entry: section 4.1). NULL: there are
 * COAP_OBSERVERS_MAX, or the token is too long; the request is then answered without Observe. */
struct coap_observer *coap_observe_add(struct coap_observers *o, struct bytes token, uint32_t resource, instant now);
/* False: there is none with that token. */
bool coap_observe_remove(struct coap_observers *o, struct bytes token);
/* A Reset for message `id` came: removes whom it belonged to. False: nobody. */
bool coap_observe_reset(struct coap_observers *o, uint16_t id);
/* The Observe value of the next notification: rises by one, modulo 2^24. */
uint32_t coap_observe_number(struct coap_observer *o);
/* Must the next notification be confirmable, lest 24 hours pass without one? */
bool coap_observe_must_confirm(const struct coap_observer *o, instant now);

#endif
