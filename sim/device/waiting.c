#include "device/waiting.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"

static struct bytes keep(struct bytes from, uint8_t **at) {
    struct bytes kept = {*at, from.size};
    if (from.size > 0)
        memcpy(*at, from.data, from.size);
    *at += from.size;
    return kept;
}

int waiting_push(struct pool *pool, struct device *life, struct behaviour *b, const struct mqtt_message *m,
                 const struct op *op) {
    size_t size = sizeof(struct waiting) + m->topic.size + m->payload.size + m->content_type.size +
                  m->response_topic.size + m->correlation_data.size + m->mark.size;
    struct waiting *w = pool_take(pool, size);
    if (w == NULL)
        return ERR_NO_MEMORY;
    w->size = size;
    w->op = *op;
    w->message = *m;
    uint8_t *at = w->bytes;
    w->message.topic = keep(m->topic, &at);
    w->message.payload = keep(m->payload, &at);
    w->message.content_type = keep(m->content_type, &at);
    w->message.response_topic = keep(m->response_topic, &at);
    w->message.correlation_data = keep(m->correlation_data, &at);
    w->message.mark = keep(m->mark, &at);
    if (life->waiting == NULL) {
        w->next = w;
    } else {
        w->next = life->waiting->next;
        life->waiting->next = w;
    }
    life->waiting = w;
    b->queued++;
    return 0;
}

struct waiting *waiting_first(const struct device *life) {
    return life->waiting == NULL ? NULL : life->waiting->next;
}

void waiting_pop(struct pool *pool, struct device *life, struct behaviour *b) {
    struct waiting *first = waiting_first(life);
    CHECK(first != NULL && b->queued > 0);
    if (first == life->waiting)
        life->waiting = NULL;
    else
        life->waiting->next = first->next;
    b->queued--;
    pool_give(pool, first, first->size);
}
