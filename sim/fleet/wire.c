#include "fleet/wire.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "device/device_power.h"
#include "device/drivers.h"
#include "device/effective.h"
#include "fleet/evidence.h"
#include "fleet/player.h"
#include "fleet/recording.h"
#include "fleet/worker.h"

static struct carry *carry_of(const struct connection *c) {
    return (c->flags & CONNECTION_OPENING) != 0 ? NULL : (struct carry *)c->owner;
}

struct bytes wire_half(const struct worker *w, uint32_t number) {
    const struct carry *carry = carry_of(w->lives[number].connection);
    return carry == NULL ? (struct bytes){0} : bytes_of(carry->in, carry->in_size);
}

static struct carry *carry_make(struct worker *w, struct connection *c) {
    if (c->owner == NULL) {
        struct carry *carry = pool_take(w->pool, sizeof *carry);
        if (carry == NULL)
            return NULL;
        *carry = (struct carry){.blocked_until = INSTANT_NEVER};
        c->owner = carry;
    }
    return (struct carry *)c->owner;
}

static void release_in(struct worker *w, struct carry *carry) {
    pool_give(w->pool, carry->in, carry->in_room);
    carry->in = NULL;
    carry->in_size = carry->in_room = 0;
}

static void release_out(struct worker *w, struct carry *carry) {
    pool_give(w->pool, carry->out, carry->out_room);
    carry->out = NULL;
    carry->out_at = carry->out_size = carry->out_room = 0;
    carry->blocked_until = INSTANT_NEVER;
}

static void forget_empty(struct worker *w, struct connection *c) {
    struct carry *carry = (struct carry *)c->owner;
    if (carry->in == NULL && carry->out == NULL) {
        pool_give(w->pool, carry, sizeof *carry);
        c->owner = NULL;
    }
}

void wire_drop(struct worker *w, uint32_t number) {
    struct connection *c = w->lives[number].connection;
    struct carry *carry = carry_of(c);
    if (carry != NULL) {
        release_in(w, carry);
        release_out(w, carry);
        pool_give(w->pool, carry, sizeof *carry);
        c->owner = NULL;
    }
    if (w->links != NULL) { /* a hold is the connection's, too: the device begins no other while its link is cut */
        impair_clear(&w->links[number], w->pool);
        impair_resume(&w->links[number], &(struct impair_params){0}, loop_now(w->loop));
    }
}

bool wire_is(const struct worker *w, uint32_t number, const struct connection *c) {
    return w->lives[number].connection == c && (c->flags & CONNECTION_OPENING) == 0;
}

/* Appends to a pool buffer, growing it by half again. False: past `cap`, or no memory. */
static bool append(struct worker *w, uint8_t **data, uint32_t *size, uint32_t *room, struct bytes more, size_t cap) {
    size_t need = *size + more.size;
    if (need > cap)
        return false;
    if (need > *room) {
        size_t larger = need + need / 2;
        uint8_t *grown = pool_take(w->pool, larger);
        if (grown == NULL)
            return false;
        if (*size > 0)
            memcpy(grown, *data, *size);
        pool_give(w->pool, *data, *room);
        *data = grown;
        *room = (uint32_t)larger;
    }
    if (more.size > 0)
        memcpy(*data + *size, more.data, more.size);
    *size += (uint32_t)more.size;
    return true;
}

static void watch(struct worker *w, struct connection *c) {
    if ((c->flags & CONNECTION_SILENT) == 0)
        loop_watch(w->loop, &c->io, c->fd,
                   LOOP_READ | ((c->flags & CONNECTION_BLOCKED) != 0 ? (unsigned)LOOP_WRITE : 0));
}

/* Keeps what the kernel did not take. */
static bool block(struct worker *w, uint32_t number, struct connection *c, struct bytes rest) {
    struct carry *carry = carry_make(w, c);
    if (carry == NULL || !append(w, &carry->out, &carry->out_size, &carry->out_room, rest, WIRE_BLOCKED_MAX))
        return false;
    if ((c->flags & CONNECTION_BLOCKED) == 0) {
        c->flags |= CONNECTION_BLOCKED;
        struct device_slot s = worker_slot(w, number);
        carry->blocked_until = instant_add(loop_now(w->loop), effective_profile(&w->host, &s)->timeouts.stream);
        watch(w, c);
    }
    return true;
}

static enum close_reason reason_of(const struct connection *c, int error) {
    if (error == ERR_DENIED && transport_table[c->kind]->why != NULL)
        return transport_table[c->kind]->why(c);
    return error == ERR_CLOSED ? CLOSE_BY_PEER : error == ERR_UNREACHABLE ? CLOSE_RESET : CLOSE_LOCAL;
}

/* To the kernel, as far as it takes it; the rest is kept. CLOSE_NONE, or why the connection has failed. */
static enum close_reason transmit(struct worker *w, uint32_t number, struct bytes data) {
    struct connection *c = w->lives[number].connection;
    recording_sent(w, number, data);
    if (w->player != NULL)
        player_sent(w->player, w->lives[number].id, data);
    if ((c->flags & CONNECTION_BLOCKED) != 0)
        return block(w, number, c, data) ? CLOSE_NONE : CLOSE_LOCAL;
    while (data.size > 0) {
        int n = transport_table[c->kind]->send(c, data.data, data.size);
        if (n == ERR_AGAIN)
            return block(w, number, c, data) ? CLOSE_NONE : CLOSE_LOCAL;
        if (n < 0)
            return reason_of(c, n);
        data.data += n;
        data.size -= (size_t)n;
    }
    return CLOSE_NONE;
}

static void count_losses(struct worker *w, uint32_t number) {
    unsigned lost = impair_take_losses(&w->links[number]);
    if (lost > 0)
        recorder_tally(w->recorder, w->lives[number].group, loop_now(w->loop), TALLY_LINK_LOST, lost);
    w->host.lost += lost;
}

/* When what has come down to the device gets through to its radio, at the earliest: in power saving it hears nothing for hours. */
static instant hears(struct worker *w, uint32_t number, instant now) {
    if (!device_power_deaf(&w->plan->groups[w->lives[number].group]))
        return now;
    struct device_slot s = worker_slot(w, number);
    return device_power_hears(&w->host, &s, now);
}

/* When the link has something to hand over next. */
static instant next_release(struct worker *w, uint32_t number) {
    struct impair_unit up, down = {.release = 0};
    const struct link_state *link = &w->links[number];
    bool ended = (w->lives[number].connection->flags & CONNECTION_ENDED) != 0;
    if (link->held || (!impair_peek(link, IMPAIR_DOWN, &down) && !ended))
        return impair_next_release(link);
    instant next = instant_max(down.release, hears(w, number, loop_now(w->loop)));
    return impair_peek(&w->links[number], IMPAIR_UP, &up) ? instant_min(next, up.release) : next;
}

/* Does the modelled link, as it stands now (*params), delay or keep what the device sends and receives? */
static bool is_modelled(struct worker *w, uint32_t number, struct impair_params *params) {
    if (w->links == NULL)
        return false;
    struct device_slot s = worker_slot(w, number);
    *params = effective_link(&w->host, &s);
    return !impair_is_clear(params) || !impair_is_empty(s.link) || s.link->held;
}

/* A packet meets the middlebox of the device's network, if there is one: CLOSE_NONE, or why the connection ends. From then on one that was
 * swallowed is silent for good. */
static enum close_reason pass_middlebox(struct worker *w, uint32_t number) {
    struct device_slot s = worker_slot(w, number);
    if (s.radio == NULL || (s.life->connection->flags & CONNECTION_SILENT) != 0)
        return CLOSE_NONE;
    switch (radio_passes(&w->host, &s, loop_now(w->loop))) {
    case NAT_SWALLOWS:
        wire_silence(w, number, true);
        break;
    case NAT_BREAKS:
        return CLOSE_LINK_DOWN;
    case NAT_PASSES:
    case NAT_REBINDS: /* of datagrams: the connection goes on from another port */
        break;
    }
    return CLOSE_NONE;
}

static bool push(struct worker *w, uint32_t number, const struct impair_params *params, enum impair_direction d,
                 struct bytes data, instant now, instant *release) {
    struct impair_key key = {w->host.seed, w->lives[number].id};
    bool fine = impair_stream_push(&w->links[number], params, key, d, data, now, w->pool, release) == 0;
    count_losses(w, number);
    return fine;
}

enum close_reason wire_emit(struct worker *w, uint32_t number) {
    struct step *step = &w->host.step;
    struct device *life = &w->lives[number];
    struct bytes data = {step->out.start, bytes_written(&step->out)};
    step->out.at = step->out.start;
    if (data.size == 0 || life->connection == NULL)
        return CLOSE_NONE;
    CHECK(!step->out.failed);
    if (w->world != NULL)
        trace_bytes(&w->trace, data);
    recorder_tally(w->recorder, life->group, step->now, TALLY_BYTES_UP, data.size);
    guard_spend(&w->guard, GUARD_BYTES, (double)(data.size - w->host.spent), step->now);
    w->host.lost = 0;
    instant sent = step->now;
    struct impair_params params;
    enum close_reason failed = pass_middlebox(w, number);
    if (failed == CLOSE_NONE && is_modelled(w, number, &params))
        failed = push(w, number, &params, IMPAIR_UP, data, step->now, &sent) ? CLOSE_NONE : CLOSE_LOCAL;
    else if (failed == CLOSE_NONE)
        failed = transmit(w, number, data);
    if (sent == INSTANT_NEVER)
        sent = step->now;
    struct device_slot s = worker_slot(w, number);
    device_power_sent(&w->host, &s, data.size, w->host.lost, sent);
    w->host.spent = 0;
    if ((life->connection->flags & CONNECTION_WATCHED) != 0)
        evidence_sent(w, number, data, sent - step->now);
    for (unsigned i = 0; i < step->op_count; i++) { /* a connect's first packet left before this step */
        struct op *op = step->ops[i];
        op->sent = (op->emitted == step->now ? step->now : op->sent) + (sent - step->now);
    }
    step->op_count = 0;
    return failed;
}

/* Hands bytes to the device until it wants no more of them; returns what is left. Stops when the connection went. */
static struct bytes consume(struct worker *w, uint32_t number, struct bytes data, instant answered,
                            const struct connection *c) {
    struct device_slot s = worker_slot(w, number);
    while (data.size > 0) {
        worker_step(w, answered);
        size_t used = device_input(&w->host, &s, data);
        if ((c->flags & CONNECTION_WATCHED) != 0)
            evidence_received(w, number, data, used, w->host.step.now - answered);
        worker_settle(w, number);
        if (!wire_is(w, number, c))
            return (struct bytes){0};
        if (used == 0)
            break;
        data.data += used;
        data.size -= used;
    }
    return data;
}

/* Bytes that the device feels now. */
static void deliver(struct worker *w, uint32_t number, struct bytes data, instant answered) {
    struct connection *c = w->lives[number].connection;
    if (w->world != NULL)
        trace_bytes(&w->trace, data);
    recorder_tally(w->recorder, w->lives[number].group, answered, TALLY_BYTES_DOWN, data.size);
    struct carry *carry = carry_of(c);
    bool kept = carry != NULL && carry->in != NULL;
    if (kept) {
        if (!append(w, &carry->in, &carry->in_size, &carry->in_room, data, MQTT_PACKET_CAP + WORKER_RECEIVE_SIZE)) {
            worker_lost(w, number, CLOSE_LOCAL);
            return;
        }
        data = (struct bytes){carry->in, carry->in_size};
    }
    struct bytes rest = consume(w, number, data, answered, c);
    if (!wire_is(w, number, c))
        return;
    carry = carry_of(c);
    if (rest.size == 0) {
        if (kept) {
            release_in(w, carry);
            forget_empty(w, c);
        }
    } else if (kept) {
        if (rest.data != carry->in) /* else nothing was consumed: a peer may send a byte at a time */
            memmove(carry->in, rest.data, rest.size);
        carry->in_size = (uint32_t)rest.size;
    } else {
        carry = carry_make(w, c);
        if (carry == NULL || !append(w, &carry->in, &carry->in_size, &carry->in_room, rest, MQTT_PACKET_CAP))
            worker_lost(w, number, CLOSE_LOCAL);
    }
}

static bool on_its_way_down(const struct worker *w, uint32_t number) {
    struct impair_unit unit;
    return w->links != NULL && impair_peek(&w->links[number], IMPAIR_DOWN, &unit);
}

/* The peer's FIN does not overtake what the modelled link still carries. */
static void end_of_stream(struct worker *w, uint32_t number, int error) {
    struct connection *c = w->lives[number].connection;
    instant now = loop_now(w->loop);
    if (error == ERR_CLOSED && (on_its_way_down(w, number) || hears(w, number, now) > now)) {
        c->flags |= CONNECTION_ENDED;
        loop_unwatch(w->loop, &c->io);
    } else {
        if ((c->flags & CONNECTION_WATCHED) != 0)
            evidence_torn(w, number);
        worker_lost(w, number, reason_of(c, error));
    }
}

static void receive(struct worker *w, uint32_t number) {
    struct connection *c = w->lives[number].connection;
    size_t room = WORKER_RECEIVE_SIZE;
    enum close_reason broken = pass_middlebox(w, number);
    if (broken != CLOSE_NONE)
        worker_lost(w, number, broken);
    if (broken != CLOSE_NONE || (c->flags & CONNECTION_SILENT) != 0)
        return;
    struct impair_params params = {0};
    instant now = loop_now(w->loop);
    bool modelled = is_modelled(w, number, &params) || hears(w, number, now) > now;
    if (modelled && impair_room(&w->links[number], IMPAIR_DOWN) < room)
        room = impair_room(&w->links[number], IMPAIR_DOWN);
    if (room == 0) { /* the link is full: the backend feels it through TCP */
        loop_unwatch(w->loop, &c->io);
        return;
    }
    int n = transport_table[c->kind]->recv(c, w->receive, room);
    if (n == ERR_AGAIN)
        return;
    if (n <= 0) {
        recording_ended(w, number, n != 0 && n != ERR_CLOSED);
        end_of_stream(w, number, n == 0 ? ERR_CLOSED : n);
        return;
    }
    struct bytes data = {w->receive, (size_t)n};
    recording_note(w, number, RECORDING_RECEIVED, data);
    if (!modelled)
        deliver(w, number, data, now);
    else if (push(w, number, &params, IMPAIR_DOWN, data, now, NULL))
        worker_linked(w, number);
    else
        worker_lost(w, number, CLOSE_LOCAL);
}

/* What a secure transport has read and not yet given out: the link had no room for all of it, and no loop knows of it. */
static void receive_held(struct worker *w, uint32_t number) {
    const struct connection *c = w->lives[number].connection;
    bool (*holds)(const struct connection *) = transport_table[c->kind]->holds;
    if (holds != NULL && (c->flags & CONNECTION_SILENT) == 0 && holds(c))
        receive(w, number);
}

/* The kernel takes bytes again. */
static void unblock(struct worker *w, uint32_t number) {
    struct connection *c = w->lives[number].connection;
    struct carry *carry = carry_of(c);
    if (carry == NULL || carry->out == NULL)
        return;
    while (carry->out_at < carry->out_size) {
        int n = transport_table[c->kind]->send(c, carry->out + carry->out_at, carry->out_size - carry->out_at);
        if (n == ERR_AGAIN)
            return;
        if (n < 0) {
            worker_lost(w, number, reason_of(c, n));
            return;
        }
        carry->out_at += (uint32_t)n;
        struct device_slot s = worker_slot(w, number);
        carry->blocked_until = instant_add(loop_now(w->loop), effective_profile(&w->host, &s)->timeouts.stream);
    }
    release_out(w, carry);
    forget_empty(w, c);
    c->flags &= (uint8_t)~CONNECTION_BLOCKED;
    watch(w, c);
    worker_step(w, loop_now(w->loop));
    struct device_slot s = worker_slot(w, number);
    device_pump(&w->host, &s);
    worker_settle(w, number);
}

void wire_ready(struct worker *w, uint32_t number, unsigned ready) {
    const struct connection *c = w->lives[number].connection;
    if ((ready & LOOP_WRITE) != 0)
        unblock(w, number);
    if ((ready & LOOP_READ) != 0 && wire_is(w, number, c))
        receive(w, number);
}

/* CLOSE_NONE, or why the connection has failed. */
static enum close_reason drain_up(struct worker *w, uint32_t number, instant now) {
    struct link_state *link = &w->links[number];
    struct impair_unit unit;
    enum close_reason failed = CLOSE_NONE;
    while (failed == CLOSE_NONE && impair_peek(link, IMPAIR_UP, &unit) && unit.release <= now) {
        failed = transmit(w, number, unit.data);
        impair_pop(link, IMPAIR_UP, unit.data.size, w->pool);
    }
    return failed;
}

void wire_flush(struct worker *w, uint32_t number) {
    if (w->links != NULL)
        (void)drain_up(w, number, INSTANT_NEVER);
}

static void drain_down(struct worker *w, uint32_t number, instant now) {
    struct link_state *link = &w->links[number];
    struct connection *c = w->lives[number].connection;
    struct impair_unit unit;
    while (wire_is(w, number, c) && impair_peek(link, IMPAIR_DOWN, &unit) && unit.release <= now &&
           hears(w, number, now) <= now) {
        uint8_t copy[IMPAIR_UNIT_MAX];
        CHECK(unit.data.size <= sizeof copy);
        memcpy(copy, unit.data.data, unit.data.size);
        impair_pop(link, IMPAIR_DOWN, unit.data.size, w->pool);
        deliver(w, number, (struct bytes){copy, unit.data.size}, unit.answered);
    }
    if (!wire_is(w, number, c))
        return;
    if ((c->flags & CONNECTION_ENDED) == 0) {
        watch(w, c);
        receive_held(w, number);
    } else if (!on_its_way_down(w, number) && hears(w, number, now) <= now)
        worker_lost(w, number, CLOSE_BY_PEER);
}

/* A stream that makes no progress ends: TCP gives up repeating what a silent link keeps. */
static instant gives_up(struct worker *w, uint32_t number) {
    instant since = w->links == NULL ? INSTANT_NEVER : impair_stuck(&w->links[number]);
    if (since == INSTANT_NEVER)
        return INSTANT_NEVER;
    struct device_slot s = worker_slot(w, number);
    return instant_add(since, effective_profile(&w->host, &s)->timeouts.stream);
}

bool wire_due(struct worker *w, uint32_t number) {
    struct device *life = &w->lives[number];
    if (life->connection == NULL || device_opening(life))
        return false;
    instant now = loop_now(w->loop);
    const struct carry *carry = carry_of(life->connection);
    if ((carry != NULL && carry->blocked_until <= now) || gives_up(w, number) <= now) {
        worker_lost(w, number, CLOSE_STREAM_TIMEOUT);
        return true;
    }
    if (w->links == NULL || next_release(w, number) > now)
        return false;
    enum close_reason failed = drain_up(w, number, now);
    if (failed == CLOSE_NONE)
        drain_down(w, number, now);
    else
        worker_lost(w, number, failed);
    return true;
}

instant wire_next(struct worker *w, uint32_t number) {
    const struct device *life = &w->lives[number];
    if (life->connection == NULL || device_opening(life))
        return INSTANT_NEVER;
    const struct carry *carry = carry_of(life->connection);
    instant next = carry == NULL ? INSTANT_NEVER : carry->blocked_until;
    next = instant_min(next, gives_up(w, number));
    return w->links == NULL ? next : instant_min(next, next_release(w, number));
}

/* What waited for the link was not sent before it lets it out: `sent` was told before anybody knew. */
static void send_later(const struct device_slot *s) {
    const struct impair_block *from = NULL;
    const struct driver_ops *driver = drivers_of(s->group);
    for (struct op *op = driver->next_op(s, NULL); op != NULL; op = driver->next_op(s, op)) {
        if (op->kind != OP_MQTT_PUBLISH) /* those come in order, the others do not */
            from = NULL;
        instant release = impair_release_of(s->link, IMPAIR_UP, op->emitted, &from);
        if (release != INSTANT_NEVER)
            op->sent = release;
    }
}

void wire_silence(struct worker *w, uint32_t number, bool silent) {
    struct connection *c = w->lives[number].connection;
    struct device_slot s = worker_slot(w, number);
    if (silent) {
        loop_unwatch(w->loop, &c->io);
        c->flags |= CONNECTION_SILENT;
        if (transport_table[c->kind]->silence(c, true) == 0)
            w->true_silence = true;
        impair_hold(s.link, loop_now(w->loop));
        return;
    }
    if ((c->flags & CONNECTION_SILENT) == 0)
        return;
    c->flags &= (uint8_t)~CONNECTION_SILENT;
    (void)transport_table[c->kind]->silence(c, false);
    struct impair_params params = effective_link(&w->host, &s);
    impair_resume(s.link, &params, loop_now(w->loop));
    send_later(&s);
    watch(w, c);
}
