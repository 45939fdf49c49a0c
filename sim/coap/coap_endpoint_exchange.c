#include <string.h>

#include "coap/coap_endpoint_state.h"

struct coap_exchange *coap_endpoint_new_exchange(struct coap_endpoint *e, struct coap_step *s, size_t datagram_size) {
    if (e->exchange_count >= COAP_EXCHANGES_MAX)
        return NULL;
    size_t block = sizeof(struct coap_exchange) + datagram_size;
    struct coap_exchange *x = pool_take(s->pool, block);
    if (!x)
        return NULL;
    memset(x, 0, sizeof *x);
    x->block = (uint32_t)block;
    return x;
}

void coap_endpoint_keep(struct coap_endpoint *e, struct coap_exchange *x) {
    struct coap_exchange **last = &e->exchanges;
    while (*last)
        last = &(*last)->next;
    *last = x;
    e->exchange_count++;
}

static struct coap_exchange **place_of(struct coap_endpoint *e, const struct coap_exchange *x) {
    struct coap_exchange **at = &e->exchanges;
    while (*at && *at != x)
        at = &(*at)->next;
    return at;
}

void coap_endpoint_drop(struct coap_endpoint *e, struct coap_step *s, struct coap_exchange *x) {
    struct coap_exchange **at = place_of(e, x);
    if (*at) {
        *at = x->next;
        e->exchange_count--;
    }
    pool_give(s->pool, x, x->block);
}

struct coap_exchange *coap_endpoint_slim(struct coap_endpoint *e, struct coap_step *s, struct coap_exchange *x) {
    x->size = 0;
    if (x->block == sizeof *x)
        return x;
    struct coap_exchange *slim = pool_take(s->pool, sizeof *x);
    if (!slim)
        return x; /* nothing is wrong with the larger block */
    memcpy(slim, x, sizeof *x);
    slim->block = sizeof *x;
    *place_of(e, x) = slim;
    pool_give(s->pool, x, x->block);
    return slim;
}

struct coap_exchange *coap_endpoint_find_id(const struct coap_endpoint *e, uint16_t id) {
    struct coap_exchange *x = e->exchanges;
    /* the id of an observation's request is long free for others */
    while (x && (x->id != id || x->state == COAP_OBSERVING))
        x = x->next;
    return x;
}

struct coap_exchange *coap_endpoint_find_token(const struct coap_endpoint *e, struct bytes token) {
    struct coap_exchange *x = e->exchanges;
    while (x && !(x->request && bytes_equal(bytes_of(x->token, x->token_size), token)))
        x = x->next;
    return x;
}

void coap_endpoint_end(struct coap_endpoint *e, struct coap_step *s, struct coap_exchange *x, enum op_outcome outcome,
                       bool reset) {
    struct coap_event *event = coap_step_event(s, COAP_EVENT_END);
    event->op = x->op;
    event->outcome = (uint8_t)outcome;
    event->reset = reset;
    coap_endpoint_drop(e, s, x);
}

unsigned coap_endpoint_outstanding(const struct coap_endpoint *e) {
    unsigned n = 0;
    for (const struct coap_exchange *x = e->exchanges; x; x = x->next)
        n += x->state != COAP_OBSERVING && !x->acknowledged;
    return n;
}

/* Sends it again or gives it up; false: the step has no room for that. */
static bool take_turn(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s,
                      struct coap_exchange *x) {
    if (coap_step_room(s) == 0)
        return false;
    if (x->state != COAP_WAIT_ACK || x->sent > c->timing.max_retransmit) {
        coap_endpoint_end(e, s, x, OP_TIMEOUT, false);
        return true;
    }
    if (coap_step_send_bytes(s, bytes_of(x->bytes, x->size)) < 0)
        return false;
    x->sent++;
    x->timeout *= 2;
    x->deadline = instant_add(s->now, x->timeout);
    coap_step_event(s, COAP_EVENT_RESENT)->op = x->op;
    return true;
}

void coap_endpoint_due(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s) {
    coap_endpoint_prune(e, s);
    for (struct coap_exchange *x = e->exchanges, *next; x; x = next) {
        next = x->next;
        if (x->deadline <= s->now && !take_turn(e, c, s, x))
            return;
    }
}

instant coap_endpoint_next_deadline(const struct coap_endpoint *e) {
    instant first = INSTANT_NEVER;
    for (const struct coap_exchange *x = e->exchanges; x; x = x->next)
        first = instant_min(first, x->deadline);
    return first;
}

bool coap_endpoint_forget(struct coap_endpoint *e, struct coap_step *s, struct bytes token) {
    struct coap_exchange *x = coap_endpoint_find_token(e, token);
    if (x)
        coap_endpoint_drop(e, s, x);
    return x != NULL;
}

bool coap_endpoint_finish(struct coap_endpoint *e, struct coap_step *s, enum op_outcome outcome) {
    while (e->exchanges) {
        if (e->exchanges->state == COAP_OBSERVING)
            coap_endpoint_drop(e, s, e->exchanges);
        else if (coap_step_room(s) > 0)
            coap_endpoint_end(e, s, e->exchanges, outcome, false);
        else
            return true;
    }
    while (e->seen) {
        struct coap_seen *seen = e->seen;
        e->seen = seen->next;
        pool_give(s->pool, seen, seen->block);
    }
    e->seen_count = 0;
    return false;
}
