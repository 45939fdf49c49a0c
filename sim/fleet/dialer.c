#include "fleet/dialer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "device/effective.h"
#include "fleet/evidence.h"
#include "fleet/player.h"
#include "fleet/recording.h"
#include "fleet/secure.h"
#include "fleet/virtual.h"
#include "fleet/worker.h"
#include "transport/source.h"

enum { GHOSTS_PER_SHORTAGE = 16 };

int dialer_init(struct dialer *d, struct worker *w) {
    const struct plan *p = w->plan;
    *d = (struct dialer){.again = INSTANT_NEVER};
    d->target_first = calloc(p->target_count, sizeof *d->target_first);
    bool several = false;
    for (unsigned i = 0; i < p->target_count && d->target_first != NULL; i++) {
        d->target_first[i] = d->node_count;
        d->node_count += p->targets[i].node_count;
        several = several || p->targets[i].node_count > 1;
    }
    d->queues = calloc(d->node_count > 0 ? d->node_count : 1, sizeof *d->queues);
    if (several)
        d->device_node = calloc(w->count > 0 ? w->count : 1, sizeof *d->device_node);
    if (d->target_first == NULL || d->queues == NULL || (several && d->device_node == NULL))
        return ERR_NO_MEMORY;
    for (unsigned i = 0; i < d->node_count; i++)
        d->queues[i].first = d->queues[i].last = DIALER_NONE;
    return 0;
}

void dialer_free(struct dialer *d) {
    free(d->queues);
    free(d->target_first);
    free(d->device_node);
    *d = (struct dialer){0};
}

static const struct target *target_of(const struct worker *w, uint32_t number) {
    return w->plan->groups[w->lives[number].group].target;
}

static unsigned node_of_target(const struct worker *w, uint32_t number) {
    return w->dialer.device_node == NULL ? 0 : w->dialer.device_node[number];
}

static struct dial *dial_of(const struct worker *w, uint32_t number) {
    return (struct dial *)w->lives[number].connection->owner;
}

void dialer_next_node(struct worker *w, uint32_t number) {
    if (w->dialer.device_node != NULL)
        w->dialer.device_node[number] = (uint16_t)((node_of_target(w, number) + 1u) % target_of(w, number)->node_count);
}

static void fail(struct worker *w, uint32_t number, enum close_reason why) {
    struct device_slot s = worker_slot(w, number);
    struct dial *dial = dial_of(w, number);
    struct op op = dial->op;
    bool started = dial->started;
    recording_failed(w, number, why);
    worker_step(w, loop_now(w->loop));
    secure_end(w, number, why);
    worker_close(w, number, CLOSE_WITH_RESET);
    device_open_failed(&w->host, &s, started ? &op : NULL, why);
    worker_settle(w, number);
}

/* What the system says is missing on our side. SHORTAGES: the error is none of ours. */
static enum dialer_shortage shortage_of(int error) {
    switch (error) {
    case EMFILE:
        return SHORT_OF_DESCRIPTORS;
    case ENFILE:
        return SHORT_OF_FILES;
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case EAGAIN: /* connect() says so when a bound source has no port left */
        return SHORT_OF_PORTS;
    case ENOBUFS:
    case ENOMEM:
        return SHORT_OF_MEMORY;
    default:
        return SHORTAGES;
    }
}

static void note_shortage(struct worker *w, enum dialer_shortage what) {
    atomic_fetch_or_explicit(&w->shortages, 1U << what, memory_order_relaxed);
}

void dialer_open(struct worker *w, uint32_t number) {
    struct device *life = &w->lives[number];
    struct device_slot s = worker_slot(w, number);
    struct connection *c = pool_take(w->pool, sizeof *c);
    struct dial *dial = pool_take(w->pool, sizeof *dial);
    if (c == NULL || dial == NULL) {
        pool_give(w->pool, c, sizeof *c);
        pool_give(w->pool, dial, sizeof *dial);
        note_shortage(w, SHORT_OF_MEMORY);
        worker_step(w, loop_now(w->loop));
        device_open_failed(&w->host, &s, NULL, CLOSE_LOCAL);
        worker_settle(w, number);
        return;
    }
    const struct target *target = s.group->target;
    unsigned target_number = (unsigned)(target - w->plan->targets);
    *c = (struct connection){
        .fd = -1,
        .device = number,
        .owner = dial,
        .node = (uint16_t)(w->dialer.target_first[target_number] + node_of_target(w, number)),
        .kind = (uint8_t)(w->world == NULL ? target->transport : TRANSPORT_MEMORY),
        .state = w->world == NULL ? NULL : w->world->net,
        .flags = (uint8_t)(CONNECTION_OPENING | (evidence_watches(w, number) ? (unsigned)CONNECTION_WATCHED : 0))};
    span delay = 0;
    if (s.link != NULL) {
        struct impair_params params = effective_link(&w->host, &s);
        delay = impair_connect_delay(&params, (struct impair_key){w->host.seed, life->id}, life->attempts + 1u,
                                     loop_now(w->loop));
    }
    life->connection = c;
    bool resumes = secure_resumes(w, number);
    span secure = secure_delay(w, number, resumes);
    delay = instant_add(delay, secure);
    *dial = (struct dial){
        .open_at = instant_add(loop_now(w->loop), delay), .delay = delay, .secure_delay = secure, .resumes = resumes};
    life->deadline = instant_add(life->deadline, secure); /* the handshake has a timeout of its own */
    dialer_due(w, number);
}

void dialer_due(struct worker *w, uint32_t number) {
    if (!device_opening(&w->lives[number]))
        return;
    struct dial *dial = dial_of(w, number);
    if (dial->queued || dial->started || dial->open_at > loop_now(w->loop))
        return;
    unsigned node = w->lives[number].connection->node;
    dial->queued = true;
    dial->open_at = loop_now(w->loop);
    dial->next = DIALER_NONE;
    dial->previous = w->dialer.queues[node].last;
    if (dial->previous == DIALER_NONE)
        w->dialer.queues[node].first = number;
    else
        dial_of(w, dial->previous)->next = number;
    w->dialer.queues[node].last = number;
    w->dialer.ready = true;
    w->lives[number].deadline = INSTANT_NEVER; /* what the guard holds back does not time out */
}

static void leave_queue(struct worker *w, uint32_t number) {
    unsigned node = w->lives[number].connection->node;
    struct dial *dial = dial_of(w, number);
    if (dial->previous == DIALER_NONE)
        w->dialer.queues[node].first = dial->next;
    else
        dial_of(w, dial->previous)->next = dial->next;
    if (dial->next == DIALER_NONE)
        w->dialer.queues[node].last = dial->previous;
    else
        dial_of(w, dial->next)->previous = dial->previous;
    dial->queued = false;
}

void dialer_release(struct worker *w, uint32_t number) {
    struct connection *c = w->lives[number].connection;
    if ((c->flags & CONNECTION_OPENING) != 0) {
        struct dial *dial = (struct dial *)c->owner;
        if (dial->queued)
            leave_queue(w, number);
        pool_give(w->pool, dial, sizeof *dial);
        c->owner = NULL;
        c->flags &= (uint8_t)~CONNECTION_OPENING;
    }
    if ((c->flags & CONNECTION_SLOT) != 0) {
        c->flags &= (uint8_t)~CONNECTION_SLOT;
        w->guard.outstanding[c->node]--;
        w->dialer.ready = true;
    }
}

/* The transport is up: the connection is the session's now. */
static void opened(struct worker *w, uint32_t number) {
    struct connection *c = w->lives[number].connection;
    struct dial *dial = dial_of(w, number);
    recording_note(w, number, RECORDING_OPENED, (struct bytes){0});
    worker_step(w, c->kind == TRANSPORT_TLS ? loop_refresh(w->loop) : loop_now(w->loop));
    secure_end(w, number, CLOSE_NONE);
    struct op op = dial->op;
    op.emitted = instant_add(op.emitted, dial->waited);
    op.sent = instant_add(op.sent, dial->waited);
    pool_give(w->pool, dial, sizeof *dial);
    c->owner = NULL;
    c->flags &= (uint8_t)~CONNECTION_OPENING;
    if ((c->flags & CONNECTION_WATCHED) != 0)
        evidence_connected(w, number);
    loop_watch(w->loop, &c->io, c->fd, LOOP_READ);
    struct device_slot s = worker_slot(w, number);
    device_opened(&w->host, &s, &op);
    worker_settle(w, number);
}

void dialer_progress(struct worker *w, uint32_t number) {
    struct connection *c = w->lives[number].connection;
    unsigned wants = 0;
    instant before = c->kind == TRANSPORT_TLS ? loop_refresh(w->loop) : loop_now(w->loop);
    int result = transport_table[c->kind]->progress(c, &wants);
    enum dialer_shortage missing = result == ERR_IO ? shortage_of(errno) : SHORTAGES;
    secure_progress(w, number, before);
    if (result == 0) {
        opened(w, number);
    } else if (result == ERR_AGAIN && wants != 0) {
        loop_watch(w->loop, &c->io, c->fd, wants);
    } else if (result == ERR_AGAIN) { /* until somebody has computed */
        loop_unwatch(w->loop, &c->io);
    } else if (result == ERR_DENIED || result == ERR_CLOSED) {
        fail(w, number, result == ERR_DENIED ? transport_table[c->kind]->why(c) : CLOSE_BY_PEER);
    } else if (missing == SHORTAGES) {
        fail(w, number, (c->flags & CONNECTION_SECURING) != 0 ? CLOSE_RESET : CLOSE_CONNECT_FAILED);
    } else {
        note_shortage(w, missing);
        fail(w, number, CLOSE_LOCAL);
    }
}

static int open_socket(struct worker *w, uint32_t number, const struct address *to) {
    struct connection *c = w->lives[number].connection;
    const struct plan *p = w->plan;
    if (w->player != NULL)
        return player_connect(w->player, w->lives[number].id, c);
    /* a node's own devices are counted, so that each of them meets every source */
    unsigned nodes = target_of(w, number)->node_count;
    struct address from = virtual_device(w->lives[number].id);
    bool bound =
        w->world != NULL || source_choose(p->sources, p->source_count, to, (p->device_count + nodes - 1) / nodes,
                                          w->lives[number].id / nodes, &from);
    int result = secure_prepare(w, number);
    if (result == 0)
        result = transport_table[c->kind]->open(c, to, bound ? &from : NULL);
    bool short_of_descriptors = result == ERR_IO && (errno == EMFILE || errno == ENFILE);
    if (short_of_descriptors &&
        ghosts_reset_oldest(&w->ghosts, w->pool, w->recorder, GHOSTS_PER_SHORTAGE, loop_now(w->loop)) > 0) {
        result = secure_prepare(w, number);
        if (result == 0)
            result = transport_table[c->kind]->open(c, to, bound ? &from : NULL);
    }
    return result;
}

static void start(struct worker *w, uint32_t number) {
    struct connection *c = w->lives[number].connection;
    struct dial *dial = dial_of(w, number);
    struct device_slot s = worker_slot(w, number);
    const struct address *to = &s.group->target->nodes[node_of_target(w, number)];
    worker_step(w, loop_refresh(w->loop));
    bool held = w->host.step.now - dial->open_at > SPAN_MS;
    device_attempt(&w->host, &s, &dial->op, held ? OP_HELD_GUARD : OP_HELD_NONE);
    /* the device let go one link delay before the packet came out at this end */
    dial->op.emitted -= dial->delay;
    s.life->deadline -= dial->delay - dial->secure_delay;
    if (held)
        dial->op.ready -= dial->delay;
    dial->started = true;
    c->flags |= CONNECTION_SLOT;
    w->guard.outstanding[c->node]++;
    if (w->world == NULL && guard_check(&w->guard, to) < 0) {
        fail(w, number, CLOSE_GUARD);
        return;
    }
    int result = open_socket(w, number, to);
    if (result == 0) {
        opened(w, number);
    } else if (result == ERR_AGAIN) {
        loop_watch(w->loop, &c->io, c->fd, LOOP_WRITE);
    } else if (result == ERR_IO) { /* the peer had no part in it */
        enum dialer_shortage missing = shortage_of(errno);
        note_shortage(w, missing == SHORTAGES ? SHORT_OF_OTHER : missing);
        fail(w, number, CLOSE_LOCAL);
    } else if (result == ERR_INVALID || result == ERR_NO_MEMORY) {
        note_shortage(w, result == ERR_INVALID ? SHORT_OF_OTHER : SHORT_OF_MEMORY);
        fail(w, number, CLOSE_LOCAL);
    } else {
        fail(w, number, CLOSE_CONNECT_FAILED);
    }
    if (w->lives[number].connection == c && device_opening(&w->lives[number]))
        worker_settle(w, number);
}

/* The first of a node's queue, if node and rate let it go. */
static bool start_first(struct worker *w, unsigned node) {
    uint32_t number = w->dialer.queues[node].first;
    if (number == DIALER_NONE || w->guard.outstanding[node] >= w->guard.outstanding_max)
        return false;
    instant again;
    if (w->player != NULL && !player_lets_go(w->player, w->lives[number].id, &again)) {
        w->dialer.again = again;
        return false;
    }
    if (guard_take(&w->guard, GUARD_BYTES, 0, loop_now(w->loop), &again) < 0 ||
        guard_take(&w->guard, GUARD_CONNECTS, 1, loop_now(w->loop), &again) < 0) {
        w->dialer.again = again;
        return false;
    }
    leave_queue(w, number);
    start(w, number);
    w->dialer.turn = (node + 1) % w->dialer.node_count;
    return true;
}

void dialer_run(struct worker *w) {
    struct dialer *d = &w->dialer;
    if (!d->ready)
        return;
    d->again = INSTANT_NEVER;
    unsigned started = 0, idle = 0; /* idle: so many nodes in a row had nobody to start */
    while (started < DIALER_STARTS_MAX && idle < d->node_count) {
        unsigned node = (d->turn + idle) % d->node_count;
        idle = start_first(w, node) ? 0 : idle + 1;
        started += idle == 0;
    }
    d->ready = idle < d->node_count;
    if (d->ready)
        d->again = loop_now(w->loop);
}
