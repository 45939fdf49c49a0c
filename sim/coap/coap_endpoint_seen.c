#include <string.h>

#include "coap/coap_endpoint_state.h"

static void forget(struct coap_endpoint *e, struct coap_step *s, struct coap_seen **at) {
    struct coap_seen *seen = *at;
    *at = seen->next;
    e->seen_count--;
    pool_give(s->pool, seen, seen->block);
}

void coap_endpoint_prune(struct coap_endpoint *e, struct coap_step *s) {
    for (struct coap_seen **at = &e->seen; *at;) {
        if ((*at)->until <= s->now)
            forget(e, s, at);
        else
            at = &(*at)->next;
    }
}

struct coap_seen *coap_endpoint_find_seen(const struct coap_endpoint *e, uint16_t id) {
    struct coap_seen *seen = e->seen;
    while (seen && seen->id != id)
        seen = seen->next;
    return seen;
}

void coap_endpoint_note(struct coap_endpoint *e, const struct coap_config *c, struct coap_step *s, uint16_t id,
                        bool confirmable, struct bytes answer) {
    span lifetime = confirmable ? coap_timing_exchange_lifetime(&c->timing) : coap_timing_non_lifetime(&c->timing);
    instant until = instant_add(s->now, lifetime);
    struct coap_seen **at = &e->seen;
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    if (*at)
        forget(e, s, at);
    if (e->seen_count >= COAP_SEEN_MAX) {
        for (at = &e->seen; (*at)->next;)
            at = &(*at)->next;
        forget(e, s, at);
    }
    size_t block = sizeof(struct coap_seen) + answer.size;
    struct coap_seen *seen = answer.size > UINT16_MAX ? NULL : pool_take(s->pool, block);
    if (!seen)
        return;
    *seen = (struct coap_seen){
        .next = e->seen, .until = until, .block = (uint32_t)block, .id = id, .size = (uint16_t)answer.size};
    if (answer.size > 0)
        memcpy(seen->bytes, answer.data, answer.size);
    e->seen = seen;
    e->seen_count++;
}
