#include "coap/coap_endpoint.h"

#include <string.h>

#include "base/draw.h"
#include "base/err.h"
#include "coap/coap_endpoint_state.h"

void coap_endpoint_init(struct coap_endpoint *e) {
    *e = (struct coap_endpoint){0};
}

/* Ids and tokens begin anywhere, so that a device that starts again does not repeat those of its last life (RFC 7252 sections 4.4, 5.3.1). */
static void start(struct coap_endpoint *e, const struct coap_step *s) {
    if (e->started)
        return;
    struct draw128 bits = draw_block(s->seed, s->device, draw_stream_key(DRAW_COAP_START), 0);
    e->next_id = (uint16_t)bits.word[0];
    e->token = (uint64_t)bits.word[1] << 32 | bits.word[2];
    e->window_at = s->now;
    e->started = true;
}

/* Of two windows that follow each other no more ids are used than there are. */
int coap_endpoint_take_id(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s, uint16_t *id) {
    start(e, s);
    if (s->now - e->window_at >= coap_timing_exchange_lifetime(&c->timing)) {
        e->window_at = s->now;
        e->window_used = 0;
    }
    if (e->window_used >= COAP_MESSAGES_PER_WINDOW)
        return ERR_AGAIN;
    e->window_used++;
    *id = e->next_id++;
    return 0;
}

/* A token that no request of ours has. */
static bool choose_token(struct coap_endpoint *e, const struct coap_config *c, uint8_t *token) {
    for (unsigned attempt = 0; attempt <= COAP_EXCHANGES_MAX; attempt++) {
        uint64_t value = ++e->token;
        for (unsigned i = 0; i < c->token_size; i++)
            token[i] = (uint8_t)(value >> 8 * (c->token_size - 1 - i));
        if (!coap_endpoint_find_token(e, bytes_of(token, c->token_size)))
            return true;
    }
    return false;
}

instant coap_endpoint_ready(const struct coap_endpoint *e, const struct coap_config *c, instant now, bool confirmable) {
    if (e->exchange_count >= COAP_EXCHANGES_MAX || coap_endpoint_outstanding(e) >= c->timing.nstart)
        return INSTANT_NEVER;
    return confirmable ? now : instant_max(now, e->probe_at);
}

/* Until the peer is heard again, the next non-confirmable message waits as long as this one's bytes take at PROBING_RATE. */
static void pace(struct coap_endpoint *e, const struct coap_config *c, const struct coap_step *s, size_t size) {
    if (c->timing.probing_rate > 0)
        e->probe_at = instant_add(s->now, (span)size * SPAN_S / c->timing.probing_rate);
}

/* Encodes `m` into a new exchange and sends it. The exchange is not in the list yet. */
static int send_new(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s, struct coap_message *m,
                    struct coap_exchange **out) {
    size_t size = coap_codec_size(m, COAP_UDP);
    if (size == 0)
        return ERR_INVALID;
    bool confirmable = m->type == COAP_CON;
    struct coap_exchange *x = coap_endpoint_new_exchange(e, s, confirmable ? size : 0);
    if (!x)
        return ERR_NO_MEMORY;
    int result = coap_step_send(s, m);
    if (result < 0) {
        coap_endpoint_drop(e, s, x);
        return result;
    }
    x->id = m->id;
    x->sent = 1;
    x->state = confirmable ? COAP_WAIT_ACK : COAP_WAIT_RESPONSE;
    if (confirmable) {
        memcpy(x->bytes, coap_step_datagram(s, s->datagrams - 1).data, size);
        x->size = (uint32_t)size;
        x->timeout =
            coap_timing_first(&c->timing, draw_u64(s->seed, s->device, draw_stream_key(DRAW_COAP_TIMEOUT), e->drawn++));
        x->deadline = instant_add(s->now, x->timeout);
    } else {
        x->deadline = instant_add(s->now, coap_timing_response(&c->timing));
        pace(e, c, s, size);
    }
    *out = x;
    return 0;
}

static struct coap_message message_of(const struct coap_sending *sending) {
    return (struct coap_message){.type = sending->confirmable ? COAP_CON : COAP_NON,
                                 .code = sending->code,
                                 .token = sending->token,
                                 .list = sending->list,
                                 .count = sending->count,
                                 .payload = sending->payload};
}

int coap_endpoint_request(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s,
                          const struct coap_sending *request, const struct op *op) {
    uint8_t token[COAP_TOKEN_MAX];
    struct coap_message m = message_of(request);
    struct coap_exchange *x, *old = NULL;
    if (coap_tables_kind(request->code, COAP_UDP) != COAP_KIND_REQUEST)
        return ERR_INVALID;
    if (coap_endpoint_ready(e, c, s->now, request->confirmable) > s->now)
        return ERR_AGAIN;
    start(e, s);
    if (m.token.size > 0)
        old = coap_endpoint_find_token(e, m.token);
    else if (choose_token(e, c, token))
        m.token = bytes_of(token, c->token_size);
    else
        return ERR_AGAIN;
    int result = coap_endpoint_take_id(e, c, s, &m.id);
    if (result == 0)
        result = send_new(e, c, s, &m, &x);
    if (result < 0)
        return result;
    x->op = *op;
    x->request = true;
    x->observe = request->observe;
    x->token_size = (uint8_t)m.token.size;
    if (m.token.size > 0)
        memcpy(x->token, m.token.data, m.token.size);
    if (old)
        coap_endpoint_drop(e, s, old);
    if (request->unanswered && !request->confirmable)
        coap_endpoint_end(e, s, x, OP_OK, false);
    else
        coap_endpoint_keep(e, x);
    return 0;
}

int coap_endpoint_ping(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s, const struct op *op) {
    struct coap_message m = {.type = COAP_CON};
    struct coap_exchange *x;
    if (coap_endpoint_ready(e, c, s->now, true) > s->now)
        return ERR_AGAIN;
    int result = coap_endpoint_take_id(e, c, s, &m.id);
    if (result == 0)
        result = send_new(e, c, s, &m, &x);
    if (result < 0)
        return result;
    x->op = *op;
    x->ping = true;
    coap_endpoint_keep(e, x);
    return 0;
}

int coap_endpoint_respond(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s,
                          const struct coap_sending *response, const struct op *op, uint16_t *id) {
    struct coap_message m = message_of(response);
    struct coap_exchange *x;
    if (coap_tables_kind(response->code, COAP_UDP) != COAP_KIND_RESPONSE)
        return ERR_INVALID;
    if (response->confirmable && coap_endpoint_ready(e, c, s->now, true) > s->now)
        return ERR_AGAIN;
    int result = coap_endpoint_take_id(e, c, s, &m.id);
    if (result < 0)
        return result;
    if (id)
        *id = m.id;
    if (!response->confirmable)
        return coap_step_send(s, &m);
    result = send_new(e, c, s, &m, &x);
    if (result < 0)
        return result;
    x->op = *op;
    coap_endpoint_keep(e, x);
    return 0;
}

int coap_endpoint_reply(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s,
                        const struct coap_message *request, const struct coap_message *response) {
    struct coap_message m = *response;
    bool confirmable = request->type == COAP_CON;
    if (m.code == COAP_EMPTY) {
        if (!confirmable)
            return 0;
        m = (struct coap_message){.code = COAP_EMPTY};
    } else {
        m.token = request->token;
    }
    m.type = confirmable ? COAP_ACK : COAP_NON;
    m.id = request->id;
    int result = confirmable ? 0 : coap_endpoint_take_id(e, c, s, &m.id);
    if (result == 0)
        result = coap_step_send(s, &m);
    if (result == 0 && confirmable)
        coap_endpoint_note(e, c, s, request->id, true, coap_step_datagram(s, s->datagrams - 1));
    return result;
}
