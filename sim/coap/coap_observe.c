#include "coap/coap_observe.h"

#include <string.h>

#define HALF         (COAP_OBSERVE_MODULUS / 2)
#define FORGET_AFTER (128 * SPAN_S) /* a clock that wraps in 256 s cannot be compared over more than half of that */
#define CONFIRM_SPAN SPAN_DAY

bool coap_observe_fresher(struct coap_freshness *f, uint32_t number, instant now) {
    /* forward by less than half the circle; a copy is forward by nothing */
    uint32_t forward = (number - f->number) & (COAP_OBSERVE_MODULUS - 1);
    bool fresher = !f->any || (forward > 0 && forward < HALF) || now > instant_add(f->at, FORGET_AFTER);
    if (fresher)
        *f = (struct coap_freshness){now, number, true};
    return fresher;
}

static struct coap_observer *find(struct coap_observers *o, struct bytes token) {
    for (unsigned i = 0; i < o->count; i++)
        if (bytes_equal(bytes_of(o->list[i].token, o->list[i].token_size), token))
            return &o->list[i];
    return NULL;
}

struct coap_observer *coap_observe_add(struct coap_observers *o, struct bytes token, uint32_t resource, instant now) {
    struct coap_observer *observer = find(o, token);
    if (!observer) {
        if (o->count == COAP_OBSERVERS_MAX || token.size > COAP_TOKEN_MAX)
            return NULL;
        observer = &o->list[o->count++];
        *observer = (struct coap_observer){.confirmed_at = now, .token_size = (uint8_t)token.size};
        if (token.size > 0)
            memcpy(observer->token, token.data, token.size);
    }
    observer->resource = resource;
    return observer;
}

/* The others keep their order, in which they are notified. */
static void remove_at(struct coap_observers *o, unsigned at) {
    memmove(&o->list[at], &o->list[at + 1], (o->count - at - 1) * sizeof o->list[0]);
    o->count--;
}

bool coap_observe_remove(struct coap_observers *o, struct bytes token) {
    struct coap_observer *observer = find(o, token);
    if (observer)
        remove_at(o, (unsigned)(observer - o->list));
    return observer != NULL;
}

bool coap_observe_reset(struct coap_observers *o, uint16_t id) {
    for (unsigned i = 0; i < o->count; i++) {
        if (o->list[i].notified && o->list[i].last_id == id) {
            remove_at(o, i);
            return true;
        }
    }
    return false;
}

uint32_t coap_observe_number(struct coap_observer *o) {
    o->number = (o->number + 1) & (COAP_OBSERVE_MODULUS - 1);
    return o->number;
}

bool coap_observe_must_confirm(const struct coap_observer *o, instant now) {
    return now - o->confirmed_at >= CONFIRM_SPAN;
}
