#include <stdio.h>

#include "coap/coap_endpoint_state.h"
#include "coap/coap_judge.h"

/* One datagram's way through the endpoint. */
struct arrival {
    struct coap_endpoint *e;
    const struct coap_config *c;
    struct coap_step *s;
    struct bytes datagram;
    struct coap_message m;
};

static void report(const struct arrival *a, const struct coap_fault *fault) {
    struct coap_event *event = coap_step_event(a->s, COAP_EVENT_VIOLATION);
    event->fault = *fault;
    event->packet = a->datagram;
    event->message = a->m;
}

/* An Empty message with the peer's id: an acknowledgement or a Reset. */
static void answer_empty(const struct arrival *a, enum coap_type type) {
    struct coap_message m = {.type = (uint8_t)type, .id = a->m.id};
    if (coap_step_send(a->s, &m) == 0)
        coap_endpoint_note(a->e, a->c, a->s, a->m.id, a->m.type == COAP_CON,
                           coap_step_datagram(a->s, a->s->datagrams - 1));
}

static void tell(const struct arrival *a, enum coap_event_kind kind) {
    coap_step_event(a->s, kind)->message = a->m;
}

/* The response reaches its request; `x` may be gone afterwards. */
static void deliver(const struct arrival *a, struct coap_exchange *x) {
    struct bytes number;
    struct coap_event *event = coap_step_event(a->s, COAP_EVENT_RESPONSE);
    event->op = x->op;
    event->message = a->m;
    event->more = x->observe && coap_code_class(a->m.code) == 2 && coap_judge_find(&a->m, COAP_OBSERVE, &number);
    if (!event->more) {
        coap_endpoint_drop(a->e, a->s, x);
        return;
    }
    x->state = COAP_OBSERVING;
    x->acknowledged = true;
    x->deadline = INSTANT_NEVER;
    coap_endpoint_slim(a->e, a->s, x);
}

/* A response found its request. It is used unless its options forbid that, which ends the request. False: it was refused. */
static bool use_response(const struct arrival *a, struct coap_exchange *x) {
    struct coap_fault fault;
    if (coap_judge_message(&a->m, COAP_UDP, false, &fault) < 0) {
        report(a, &fault);
        if (fault.reaction != COAP_NOTE) {
            coap_endpoint_end(a->e, a->s, x, OP_REFUSED, false);
            return false;
        }
    }
    deliver(a, x);
    return true;
}

static void take_acknowledgement(const struct arrival *a) {
    struct coap_exchange *x = coap_endpoint_find_id(a->e, a->m.id);
    if (!x) {
        tell(a, COAP_EVENT_LATE);
    } else if (a->m.code == COAP_EMPTY) {
        if (!x->request) {
            coap_endpoint_end(a->e, a->s, x, OP_OK, false);
        } else if (x->state == COAP_WAIT_ACK) {
            x->acknowledged = true;
            x->state = COAP_WAIT_RESPONSE;
            x->deadline = instant_add(a->s->now, coap_timing_response(&a->c->timing));
            coap_endpoint_slim(a->e, a->s, x);
        }
    } else if (!x->request || !bytes_equal(a->m.token, bytes_of(x->token, x->token_size))) {
        struct coap_fault fault;
        coap_rule_break(COAP_RULE_ACK_TOKEN, COAP_UDP, 0, &fault);
        report(a, &fault);
    } else if (x->acknowledged) {
        struct coap_fault fault;
        coap_rule_break(COAP_RULE_SECOND_ACK, COAP_UDP, 0, &fault);
        report(a, &fault);
    } else {
        use_response(a, x);
    }
}

static void take_reset(const struct arrival *a) {
    struct coap_exchange *x = coap_endpoint_find_id(a->e, a->m.id);
    if (!x)
        tell(a, COAP_EVENT_LATE);
    else
        coap_endpoint_end(a->e, a->s, x, x->ping ? OP_OK : OP_REFUSED, true);
}

/* A separate response or a notification. */
static void take_response(const struct arrival *a) {
    struct coap_exchange *x = coap_endpoint_find_token(a->e, a->m.token);
    bool confirmable = a->m.type == COAP_CON, welcome = x != NULL;
    struct bytes number;
    if (x)
        welcome = use_response(a, x);
    else
        tell(a, COAP_EVENT_LATE);
    /* by the Reset of a notification that nobody wants the server learns to forget us (RFC 7641 section 3.6) */
    if (confirmable)
        answer_empty(a, welcome ? COAP_ACK : COAP_RST);
    else if (!welcome && coap_judge_find(&a->m, COAP_OBSERVE, &number))
        answer_empty(a, COAP_RST);
    else
        coap_endpoint_note(a->e, a->c, a->s, a->m.id, false, bytes_of(NULL, 0));
}

/* Refuses a request for its options, in words that name the option (RFC 7252 section 5.4.1). */
static void refuse(const struct arrival *a, const struct coap_fault *fault) {
    char words[128];
    int size = snprintf(words, sizeof words, "%s: %u", fault->detail, (unsigned)fault->option);
    struct coap_message response = {.code = fault->code,
                                    .payload = bytes_of(words, (size_t)size < sizeof words ? (size_t)size : 0)};
    coap_endpoint_reply(a->e, a->c, a->s, &a->m, &response);
}

static void take_request(const struct arrival *a) {
    struct coap_fault fault;
    coap_endpoint_note(a->e, a->c, a->s, a->m.id, a->m.type == COAP_CON, bytes_of(NULL, 0));
    if (coap_judge_message(&a->m, COAP_UDP, false, &fault) == 0) {
        tell(a, COAP_EVENT_REQUEST);
        return;
    }
    report(a, &fault);
    if (a->m.type == COAP_CON)
        refuse(a, &fault);
}

static void take_message(const struct arrival *a) {
    const struct coap_seen *seen = coap_endpoint_find_seen(a->e, a->m.id);
    if (a->m.code == COAP_EMPTY) {
        struct coap_message pong = {.type = COAP_RST, .id = a->m.id};
        coap_step_send(a->s, &pong);
    } else if (seen) {
        tell(a, COAP_EVENT_DUPLICATE);
        if (seen->size > 0)
            coap_step_send_bytes(a->s, bytes_of(seen->bytes, seen->size));
    } else if (coap_tables_kind(a->m.code, COAP_UDP) == COAP_KIND_REQUEST) {
        take_request(a);
    } else {
        take_response(a);
    }
}

void coap_endpoint_input(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s,
                         struct bytes datagram) {
    struct arrival a = {.e = e, .c = c, .s = s, .datagram = datagram};
    struct coap_fault fault;
    size_t consumed;
    coap_endpoint_prune(e, s);
    if (coap_codec_decode(datagram, COAP_UDP, c->max_size, &a.m, &consumed, &fault) < 0) {
        report(&a, &fault);
        if (fault.reaction == COAP_REJECT && a.m.type == COAP_CON) {
            struct coap_message reset = {.type = COAP_RST, .id = a.m.id};
            coap_step_send(s, &reset);
        }
        return;
    }
    e->probe_at = s->now; /* the peer is there */
    if (a.m.type == COAP_ACK)
        take_acknowledgement(&a);
    else if (a.m.type == COAP_RST)
        take_reset(&a);
    else
        take_message(&a);
}
