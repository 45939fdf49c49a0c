/* The message layer toward one peer (RFC 7252 sections 4 and 5.2), client and server in one, without I/O: datagrams and time in, datagrams and
 * events out (coap_step.h).
 *
 * It sends requests and waits for their responses, piggybacked or separate; sends confirmable messages again; tells copies of messages from
 * new ones for EXCHANGE_LIFETIME and answers them as it answered the first; rejects what cannot be understood; and keeps NSTART and
 * PROBING_RATE. Requests of the peer are events, which the caller replies to. Observations are requests that stay (RFC 7641): which
 * notification is the fresher one is the caller's business, and so are blocks and resources.
 *
 * Memory: struct coap_endpoint ≤ 64 B; all else comes from step->pool: our messages that wait (with their bytes while they may be sent again),
 * and ids that were met, with their answers. Both are bounded, whatever the peer sends. */
#ifndef MUSTER_COAP_COAP_ENDPOINT_H
#define MUSTER_COAP_COAP_ENDPOINT_H

#include "coap/coap_step.h"
#include "coap/coap_timing.h"

enum {
    COAP_EXCHANGES_MAX = 64, /* messages and observations of ours that wait, toward one peer */
    COAP_SEEN_MAX = 64,      /* ids met of one peer; the oldest is forgotten for a new one */
    COAP_MESSAGES_PER_WINDOW =
        32767 /* message ids used in one EXCHANGE_LIFETIME, so that none can be met twice in it */
};

/* Shared by all devices of a group. */
struct coap_config {
    struct coap_timing timing;
    uint8_t token_size; /* of our requests; 0 to 8. With 0 one request at a time */
    uint16_t max_size;  /* largest datagram accepted; 0: any */
};

struct coap_exchange;
struct coap_seen;

struct coap_endpoint {
    struct coap_exchange *exchanges; /* in the order of their sending */
    struct coap_seen *seen;          /* newest first */
    instant window_at;               /* message ids are counted from here */
    instant probe_at;                /* when the peer may be sent the next non-confirmable message */
    uint64_t token;                  /* of the last request */
    uint32_t drawn;                  /* timeouts drawn so far */
    uint16_t next_id, window_used;
    uint16_t exchange_count, seen_count;
    bool started; /* ids and tokens have their random beginning */
};
_Static_assert(sizeof(struct coap_endpoint) <= 64, "one per device");

/* A request, or a response that is not a reply. `list` as in struct coap_message. */
struct coap_sending {
    uint8_t code;
    bool confirmable;
    bool
        observe; /* a request whose response may be followed by notifications; the caller adds the Observe option itself */
    bool
        unanswered; /* a non-confirmable request that forbids responses (RFC 7967): its operation ends with OP_OK at once */
    /* Of a request: empty: one is chosen; otherwise that of the observation to be renewed or ended. Of a response: the request's. */
    struct bytes token;
    const struct coap_option *list;
    unsigned count;
    struct bytes payload;
};

/* Zeroes the endpoint. */
void coap_endpoint_init(struct coap_endpoint *e);
/* Sends a request. `op` ends with COAP_EVENT_RESPONSE or COAP_EVENT_END. ERR_AGAIN: NSTART or PROBING_RATE forbid it now
 * (coap_endpoint_ready), COAP_EXCHANGES_MAX wait, no free token or message id, or no room in the step; ERR_INVALID: no request, or it cannot be
 * encoded; ERR_NO_MEMORY. A request with the token of an observation takes its place. */
int coap_endpoint_request(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s,
                          const struct coap_sending *request, const struct op *op);
/* An Empty confirmable message; the peer's Reset ends `op` with OP_OK. Errors as above. */
int coap_endpoint_ping(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s, const struct op *op);
/* Replies to the request of a COAP_EVENT_REQUEST, in the same step: in the acknowledgement when it was confirmable, else as a non-confirmable
 * message. Code COAP_EMPTY: the response comes later (coap_endpoint_respond), or never: a confirmable request is acknowledged, a
 * non-confirmable one is not. Of the response only code, options and payload count. ERR_AGAIN, ERR_INVALID. */
int coap_endpoint_reply(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s,
                        const struct coap_message *request, const struct coap_message *response);
/* A response on its own: separate, or a notification. Confirmable: `op` ends with OP_OK when it is acknowledged. Non-confirmable: nothing is
 * kept, `op` may be NULL; its Reset comes as COAP_EVENT_LATE with message.id = *id. `id` may be NULL. Errors as for requests. */
int coap_endpoint_respond(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s,
                          const struct coap_sending *response, const struct op *op, uint16_t *id);
/* A datagram of the peer. Causes at most two events and one datagram. Without room for a datagram its answer is lost, as datagrams are. */
void coap_endpoint_input(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s,
                         struct bytes datagram);
/* A deadline has passed: messages are sent again, or given up. What the step has no room for stays due. */
void coap_endpoint_due(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s);
/* The observation or request with that token is given up without an event; false: there is none. A notification that still comes is
 * rejected, by which the server learns of it (RFC 7641 section 3.6). */
bool coap_endpoint_forget(struct coap_endpoint *e, struct coap_step *s, struct bytes token);
/* Everything that waits ends as `outcome`, observations without an event; the memory goes back. Returns true while there is more. */
bool coap_endpoint_finish(struct coap_endpoint *e, struct coap_step *s, enum op_outcome outcome);
/* INSTANT_NEVER when there is none. */
instant coap_endpoint_next_deadline(const struct coap_endpoint *e);
/* When the next message may be sent: now, later (PROBING_RATE), or INSTANT_NEVER while something has to end first. */
instant coap_endpoint_ready(const struct coap_endpoint *e, const struct coap_config *c, instant now, bool confirmable);

#endif
