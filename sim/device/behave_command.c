#include "device/behave_command.h"

#include <string.h>

#include "base/draw.h"
#include "device/behave_telemetry.h"
#include "device/behaviour.h"
#include "device/device_step.h"
#include "device/effective.h"
#include "device/payload.h"

/* A command that came, with what its reply needs of it. */
struct reaction {
    struct reaction *next;
    instant due;
    uint32_t size; /* of the whole block */
    uint16_t topic_size, correlation_size;
    uint8_t bytes[]; /* Response Topic, Correlation Data */
};

static bool rendered(struct bytes_writer *w, const struct template *t, const struct payload_context *c,
                     struct bytes *out) {
    uint8_t *start = w->at;
    bool fits = t->count == 0 || payload_render(t, c, w) == 0;
    *out = (struct bytes){start, (size_t)(w->at - start)};
    return fits;
}

static struct bytes_writer *fresh_scratch(struct device_host *h) {
    h->scratch.at = h->scratch.start;
    h->scratch.failed = false;
    return &h->scratch;
}

/* --- a command comes ------------------------------------------------------------------------------------------------ */

static bool is_to(struct device_host *h, const struct device_slot *s, struct bytes topic) {
    struct payload_context c = device_step_context(h, s, h->step.now);
    c.seq = s->behaviour->sequence;
    struct bytes own;
    return rendered(fresh_scratch(h), &s->group->profile->commands.topic, &c, &own) && bytes_equal(own, topic);
}

bool behave_command_arrived(struct device_host *h, const struct device_slot *s, const struct event *e) {
    struct command_state *c = behaviour_commands(s->group, s->behaviour);
    if (c == NULL || !is_to(h, s, e->topic))
        return false;
    c->received++;
    h->changed |= (uint32_t)1 << VAR_COMMANDS;
    size_t asked = e->response_topic.size + e->correlation_data.size, size = sizeof(struct reaction) + asked;
    if (asked > BEHAVE_COMMAND_ASKED_MAX || c->pending == BEHAVE_COMMAND_PENDING_MAX)
        return true;
    struct reaction *r = pool_take(h->pool, size);
    if (r == NULL)
        return true;
    uint64_t bits = draw_u64(h->seed, s->life->id, draw_stream_key(DRAW_COMMANDS_DELAY), c->received);
    span delay = dist_sample_span(&effective_profile(h, s)->commands.delay, bits);
    *r = (struct reaction){.next = c->first,
                           .due = instant_add(h->step.now, delay > 0 ? delay : 0),
                           .size = (uint32_t)size,
                           .topic_size = (uint16_t)e->response_topic.size,
                           .correlation_size = (uint16_t)e->correlation_data.size};
    if (r->topic_size > 0)
        memcpy(r->bytes, e->response_topic.data, r->topic_size);
    if (r->correlation_size > 0)
        memcpy(r->bytes + r->topic_size, e->correlation_data.data, r->correlation_size);
    c->first = r;
    c->pending++;
    return true;
}

/* --- the device reacts ---------------------------------------------------------------------------------------------- */

static void reply(struct device_host *h, const struct device_slot *s, const struct reaction *r) {
    const struct commands *how = &s->group->profile->commands;
    s->behaviour->sequence++;
    struct payload_context c = device_step_context(h, s, r->due);
    c.seq = s->behaviour->sequence;
    struct bytes_writer *w = fresh_scratch(h);
    struct mqtt_message m = {.topic = {r->bytes, r->topic_size},
                             .correlation_data = {r->bytes + r->topic_size, r->correlation_size},
                             .qos = how->reply_qos};
    struct op op = {.intended = r->due,
                    .ready = r->due,
                    .n = s->behaviour->sequence,
                    .kind = OP_MQTT_PUBLISH,
                    .qos = how->reply_qos,
                    .stream = BEHAVE_COMMAND_STREAM};
    bool fits = (m.topic.size > 0 || rendered(w, &how->reply_topic, &c, &m.topic)) &&
                rendered(w, &how->payload, &c, &m.payload);
    if (fits)
        behave_telemetry_publish(h, s, &m, &op);
    else
        device_step_end_op(h, s, &op, OP_DROPPED, OP_DROP_BUFFER_FULL, CLOSE_NONE);
}

static void go_on(struct device_host *h, const struct device_slot *s, enum command_then then, instant at) {
    switch (then) {
    case COMMAND_GO_ON:
        break;
    case COMMAND_RESTART:
        device_timeline_do(h, s, DO_DISCONNECT, at);
        device_timeline_do(h, s, DO_CONNECT, at);
        break;
    case COMMAND_DISCONNECT:
        device_timeline_do(h, s, DO_DISCONNECT, at);
        break;
    case COMMAND_STOP:
        device_timeline_do(h, s, DO_STOP, at);
        break;
    }
}

static struct reaction *take(struct command_state *c, instant at) {
    struct reaction **found = NULL;
    for (struct reaction **place = &c->first; *place != NULL; place = &(*place)->next)
        if ((*place)->due == at)
            found = place; /* the last is the one that came first */
    if (found == NULL)
        return NULL;
    struct reaction *r = *found;
    *found = r->next;
    c->pending--;
    return r;
}

void behave_command_due(struct device_host *h, const struct device_slot *s, instant at) {
    struct command_state *c = behaviour_commands(s->group, s->behaviour);
    struct reaction *r = c == NULL ? NULL : take(c, at);
    if (r == NULL)
        return;
    const struct commands *now = &effective_profile(h, s)->commands;
    enum command_then then = at < h->ends ? now->then : COMMAND_GO_ON;
    if (now->reply == COMMAND_SEND)
        reply(h, s, r);
    pool_give(h->pool, r, r->size);
    go_on(h, s, then, at);
}

void behave_command_drop(struct device_host *h, const struct device_slot *s) {
    struct command_state *c = behaviour_commands(s->group, s->behaviour);
    while (c != NULL && c->first != NULL) {
        struct reaction *r = c->first;
        c->first = r->next;
        c->pending--;
        pool_give(h->pool, r, r->size);
    }
}

/* --- how it stands -------------------------------------------------------------------------------------------------- */

instant behave_command_next(const struct device_slot *s) {
    const struct command_state *c = behaviour_commands(s->group, s->behaviour);
    instant next = INSTANT_NEVER;
    for (const struct reaction *r = c == NULL ? NULL : c->first; r != NULL; r = r->next)
        next = instant_min(next, r->due);
    return next;
}

uint32_t behave_command_received(const struct device_slot *s) {
    const struct command_state *c = behaviour_commands(s->group, s->behaviour);
    return c == NULL ? 0 : c->received;
}

unsigned behave_command_pending(const struct device_slot *s) {
    const struct command_state *c = behaviour_commands(s->group, s->behaviour);
    return c == NULL ? 0 : c->pending;
}
