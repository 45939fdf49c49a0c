/* What an endpoint keeps, and the parts it is made of:
 *
 *   coap_endpoint.c           the contract's functions that send
 *   coap_endpoint_input.c     datagrams in, one by one
 *   coap_endpoint_exchange.c  our messages that wait: finding, keeping, sending again, ending
 *   coap_endpoint_seen.c      ids that were met, and what they were answered with */
#ifndef MUSTER_COAP_COAP_ENDPOINT_STATE_H
#define MUSTER_COAP_COAP_ENDPOINT_STATE_H

#include "coap/coap_endpoint.h"

enum coap_exchange_state {
    COAP_WAIT_ACK,      /* a confirmable message: sent again until it is acknowledged */
    COAP_WAIT_RESPONSE, /* a request that was acknowledged or is non-confirmable */
    COAP_OBSERVING      /* notifications may come */
};

struct coap_exchange {
    struct coap_exchange *next;
    struct op op;
    instant deadline;
    span timeout;   /* COAP_WAIT_ACK: the present one */
    uint32_t size;  /* of `bytes` */
    uint32_t block; /* what the pool was asked for */
    uint16_t id;
    uint8_t state; /* enum coap_exchange_state */
    uint8_t sent;  /* how often */
    bool request, observe, acknowledged, ping;
    uint8_t token_size;
    uint8_t token[COAP_TOKEN_MAX];
    uint8_t bytes[]; /* the datagram, while it may be sent again */
};

struct coap_seen {
    struct coap_seen *next;
    instant until;
    uint32_t block;
    uint16_t id;
    uint16_t size;   /* of the answer; 0: there is none */
    uint8_t bytes[]; /* the answer */
};

/* --- exchanges */

/* A new exchange with room for a datagram; NULL: no memory, or COAP_EXCHANGES_MAX are there. It is in no list yet. */
struct coap_exchange *coap_endpoint_new_exchange(struct coap_endpoint *e, struct coap_step *s, size_t datagram_size);
/* Appends it to the list. */
void coap_endpoint_keep(struct coap_endpoint *e, struct coap_exchange *x);
/* Frees it; it may be in the list or not. */
void coap_endpoint_drop(struct coap_endpoint *e, struct coap_step *s, struct coap_exchange *x);
/* It needs its datagram no more: gives that memory back. Returns the exchange, which may have moved. */
struct coap_exchange *coap_endpoint_slim(struct coap_endpoint *e, struct coap_step *s, struct coap_exchange *x);
struct coap_exchange *coap_endpoint_find_id(const struct coap_endpoint *e, uint16_t id);
/* The request with that token. */
struct coap_exchange *coap_endpoint_find_token(const struct coap_endpoint *e, struct bytes token);
/* COAP_EVENT_END, and frees it. */
void coap_endpoint_end(struct coap_endpoint *e, struct coap_step *s, struct coap_exchange *x, enum op_outcome outcome,
                       bool reset);
/* Interactions that NSTART counts (RFC 7252 section 4.7). */
unsigned coap_endpoint_outstanding(const struct coap_endpoint *e);

/* --- ids met */

/* Forgets what is older than its lifetime. */
void coap_endpoint_prune(struct coap_endpoint *e, struct coap_step *s);
struct coap_seen *coap_endpoint_find_seen(const struct coap_endpoint *e, uint16_t id);
/* Notes the id with its answer (may be empty). Without memory it is not noted. */
void coap_endpoint_note(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s, uint16_t id,
                        bool confirmable, struct bytes answer);

/* --- sending */

/* The next message id; ERR_AGAIN when this EXCHANGE_LIFETIME's are used up. */
int coap_endpoint_take_id(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s, uint16_t *id);

#endif
