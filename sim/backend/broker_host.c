/* What the broker sends in one turn of the loop is collected per client and written once, when the turn's
 * input has been handled: with many messages per turn, that is one system call for all of them. */
#include "backend/broker_host.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/pool.h"
#include "transport/transport.h"

enum {
    ACCEPTS_PER_TURN = 256,
    READ_SIZE = 256 << 10,
    OUT_FIRST = 512,
    ANSWERS_MAX =
        1 << 20, /* bytes of answers beyond the backlog before a client that does not read is not read either */
};
#define LINGER       (2 * SPAN_S)    /* for a client to take its last bytes */
#define ACCEPT_RETRY (100 * SPAN_MS) /* after descriptors ran out */

enum { TOKEN_FLUSH, TOKEN_BROKER, TOKEN_LINGER, TOKEN_ACCEPT, TOKEN_QUIT, TOKENS };
_Static_assert((int)TOKENS == (int)BROKER_HOST_TOKENS, "whoever makes the loop is told");

struct peer {
    struct connection stream; /* first: the loop hands its io back */
    unsigned watched;         /* LOOP_READ, LOOP_WRITE */
    bool dirty, closing, reset, finished, lingering, full;
    struct broker_connection *connection; /* NULL: the broker is done with it */
    struct peer *next_dirty;
    struct peer *next, *previous; /* all peers, or those that linger in the order of their deadlines */
    instant linger_until;
    uint8_t *out; /* out[sent..size) is to be written */
    size_t sent, size, room;
};

struct peers {
    struct peer *first, *last;
};

struct broker_host {
    struct loop *loop;
    struct broker *broker;
    struct pool *pool;
    struct connection listener;
    bool stopping;
    uint8_t *buffer; /* READ_SIZE, lent to one read at a time */
    size_t backlog_max;
    struct peer *dirty;
    struct peers open, lingering;
};

static void link_peer(struct peers *list, struct peer *p) {
    p->next = NULL;
    p->previous = list->last;
    *(list->last != NULL ? &list->last->next : &list->first) = p;
    list->last = p;
}

static void unlink_peer(struct peers *list, struct peer *p) {
    *(p->previous != NULL ? &p->previous->next : &list->first) = p->next;
    *(p->next != NULL ? &p->next->previous : &list->last) = p->previous;
}

static void mark_dirty(struct broker_host *h, struct peer *p) {
    if (p->dirty)
        return;
    p->dirty = true;
    p->next_dirty = h->dirty;
    h->dirty = p;
    timers_set(&h->loop->timers, TOKEN_FLUSH, loop_now(h->loop));
}

static void arm_broker(struct broker_host *h) {
    timers_set(&h->loop->timers, TOKEN_BROKER, broker_next_deadline(h->broker));
}

/* --- what the broker asks for -------------------------------------------------------------------------------------- */

static void drop_out(struct broker_host *h, struct peer *p) {
    pool_give(h->pool, p->out, p->room);
    p->out = NULL;
    p->sent = p->size = p->room = 0;
}

static bool make_room(struct broker_host *h, struct peer *p, size_t more) {
    size_t waiting = p->size - p->sent;
    if (p->sent > 0 && waiting + more <= p->room) {
        memmove(p->out, p->out + p->sent, waiting);
    } else if (p->size + more > p->room) {
        size_t room = p->room > 0 ? p->room : OUT_FIRST;
        while (room < waiting + more)
            room *= 2;
        uint8_t *bigger = pool_take(h->pool, room);
        if (bigger == NULL)
            return false;
        if (waiting > 0)
            memcpy(bigger, p->out + p->sent, waiting);
        pool_give(h->pool, p->out, p->room);
        p->out = bigger;
        p->room = room;
    } else {
        return true;
    }
    p->sent = 0;
    p->size = waiting;
    return true;
}

static void sink_send(void *context, void *peer, struct bytes data) {
    struct broker_host *h = context;
    struct peer *p = peer;
    if (p->closing)
        return;
    if (!make_room(h, p, data.size)) {
        p->closing = p->reset =
            true; /* a stream with a hole in it is worse than none; broker_closed follows on flush */
    } else {
        memcpy(p->out + p->size, data.data, data.size);
        p->size += data.size;
    }
    mark_dirty(h, p);
}

static void sink_close(void *context, void *peer, bool reset) {
    struct peer *p = peer;
    p->closing = true;
    p->reset |= reset;
    p->connection = NULL;
    mark_dirty(context, p);
}

static size_t sink_backlog(void *context, const void *peer) {
    (void)context;
    const struct peer *p = peer;
    return p->size - p->sent;
}

/* --- the life of a connection -------------------------------------------------------------------------------------- */

static const struct transport_ops *ops_of(const struct peer *p) {
    return transport_table[p->stream.kind];
}

static void watch(struct broker_host *h, struct peer *p, unsigned events) {
    if (p->watched == events)
        return;
    p->watched = events;
    if (events != 0)
        loop_watch(h->loop, &p->stream.io, p->stream.fd, events);
    else
        loop_unwatch(h->loop, &p->stream.io);
}

static void destroy(struct broker_host *h, struct peer *p) {
    watch(h, p, 0);
    ops_of(p)->close(&p->stream, p->reset);
    unlink_peer(p->lingering ? &h->lingering : &h->open, p);
    drop_out(h, p);
    pool_give(h->pool, p, sizeof *p);
    if (h->stopping && h->open.first == NULL && h->lingering.first == NULL)
        loop_stop(h->loop);
}

/* The client is gone, or nothing can be written to it: the broker hears of it, and the peer goes on the next flush. */
static void finish(struct broker_host *h, struct peer *p) {
    struct broker_connection *c = p->connection;
    p->connection = NULL;
    p->closing = p->finished = true;
    mark_dirty(h, p);
    if (c != NULL)
        broker_closed(h->broker, c, loop_now(h->loop));
    arm_broker(h);
}

/* Everything is written: FIN, and then the client's own end is awaited. Closing at once while it still sends would make the
 * kernel answer with a reset, which can destroy the last packet that we sent. */
static void linger(struct broker_host *h, struct peer *p) {
    if (p->lingering)
        return;
    ops_of(p)->finish(&p->stream);
    unlink_peer(&h->open, p);
    link_peer(&h->lingering, p);
    p->lingering = true;
    p->linger_until = instant_add(loop_now(h->loop), LINGER);
    if (h->lingering.first == p)
        timers_set(&h->loop->timers, TOKEN_LINGER, p->linger_until);
    watch(h, p, LOOP_READ);
}

static void end_lingering(struct broker_host *h) {
    instant now = loop_now(h->loop);
    for (struct peer *p = h->lingering.first, *next; p != NULL && p->linger_until <= now; p = next) {
        next = p->next;
        p->finished = p->reset = true;
        mark_dirty(h, p);
    }
    for (struct peer *p = h->lingering.first; p != NULL; p = p->next)
        if (p->linger_until > now) {
            timers_set(&h->loop->timers, TOKEN_LINGER, p->linger_until);
            break;
        }
}

/* Writes what there is; false when the connection is dead. */
static bool write_out(struct peer *p) {
    while (p->sent < p->size) {
        int n = ops_of(p)->send(&p->stream, p->out + p->sent, p->size - p->sent);
        if (n < 0)
            return n == ERR_AGAIN;
        p->sent += (size_t)n;
    }
    return true;
}

static void flush(struct broker_host *h, struct peer *p) {
    bool dead = p->finished || p->reset || !write_out(p);
    if (dead) {
        if (p->connection != NULL) {
            finish(h, p); /* it is dirty again and destroyed by the next round */
            return;
        }
        destroy(h, p);
        return;
    }
    size_t left = p->size - p->sent;
    if (left == 0)
        drop_out(h, p);
    if (p->closing && left == 0) {
        linger(h, p);
        return;
    }
    bool full = left >= h->backlog_max, flooded = left >= h->backlog_max + ANSWERS_MAX, drained = p->full && !full;
    watch(h, p, (left > 0 ? LOOP_WRITE : 0u) | (flooded ? 0u : (unsigned)LOOP_READ));
    p->full = full;
    if (drained && p->connection != NULL) {
        broker_drained(h->broker, p->connection, loop_now(h->loop));
        arm_broker(h);
    }
}

static void flush_all(struct broker_host *h) {
    while (h->dirty != NULL) {
        struct peer *p = h->dirty;
        h->dirty = p->next_dirty;
        p->dirty = false;
        if (p->size - p->sent >= h->backlog_max)
            p->full = true; /* the broker has held messages back */
        flush(h, p);
    }
}

static void read_in(struct broker_host *h, struct peer *p) {
    int n = ops_of(p)->recv(&p->stream, h->buffer, READ_SIZE);
    if (n == ERR_AGAIN)
        return;
    if (n < 0) {
        finish(h, p);
        return;
    }
    if (p->connection == NULL)
        return; /* what comes after the end is read and thrown away */
    broker_input(h->broker, p->connection, bytes_of(h->buffer, (size_t)n), loop_now(h->loop));
    arm_broker(h);
}

/* --- accepting ----------------------------------------------------------------------------------------------------- */

static void open_peer(struct broker_host *h, struct connection *stream) {
    struct peer *p = pool_take(h->pool, sizeof *p);
    if (p == NULL) {
        transport_table[stream->kind]->close(stream, false);
        return;
    }
    *p = (struct peer){.stream = *stream};
    p->connection = broker_open(h->broker, p, loop_now(h->loop));
    if (p->connection == NULL) {
        ops_of(p)->close(&p->stream, false);
        pool_give(h->pool, p, sizeof *p);
        return;
    }
    link_peer(&h->open, p);
    watch(h, p, LOOP_READ);
}

static void accept_some(struct broker_host *h) {
    int result = 0;
    for (int i = 0; i < ACCEPTS_PER_TURN && result == 0; i++) {
        struct connection stream = {.fd = -1, .kind = h->listener.kind, .state = h->listener.state};
        result = transport_table[stream.kind]->accept(&h->listener, &stream);
        if (result == 0)
            open_peer(h, &stream);
    }
    if (result < 0 && result != ERR_AGAIN) {
        /* The listener stays ready: looking away for a while is all that keeps us from spinning. */
        loop_unwatch(h->loop, &h->listener.io);
        timers_set(&h->loop->timers, TOKEN_ACCEPT, instant_add(loop_now(h->loop), ACCEPT_RETRY));
    }
    arm_broker(h);
}

/* --- the loop's handlers ------------------------------------------------------------------------------------------- */

void broker_host_stop(struct broker_host *h) {
    if (h->stopping)
        return;
    h->stopping = true;
    loop_unwatch(h->loop, &h->listener.io);
    timers_set(&h->loop->timers, TOKEN_ACCEPT, INSTANT_NEVER);
    timers_set(&h->loop->timers, TOKEN_QUIT, instant_add(loop_now(h->loop), LINGER));
    broker_shut_down(h->broker, loop_now(h->loop));
    if (h->open.first == NULL && h->lingering.first == NULL)
        loop_stop(h->loop);
}

static void on_io(void *context, struct loop_io *io, unsigned ready) {
    struct broker_host *h = context;
    if (io == &h->listener.io) {
        accept_some(h);
    } else {
        struct peer *p = (struct peer *)io;
        if ((ready & LOOP_WRITE) != 0)
            mark_dirty(h, p);
        if ((ready & LOOP_READ) != 0 && !p->finished)
            read_in(h, p);
    }
}

static void on_timer(void *context, uint32_t token, instant deadline) {
    (void)deadline;
    struct broker_host *h = context;
    switch (token) {
    case TOKEN_FLUSH:
        flush_all(h);
        break;
    case TOKEN_BROKER:
        broker_due(h->broker, loop_now(h->loop));
        arm_broker(h);
        break;
    case TOKEN_LINGER:
        end_lingering(h);
        break;
    case TOKEN_ACCEPT:
        loop_watch(h->loop, &h->listener.io, h->listener.fd, LOOP_READ);
        break;
    default:
        loop_stop(h->loop);
    }
}

/* --- making and ending ---------------------------------------------------------------------------------------------- */

int broker_host_new(const struct broker_options *options, struct broker_host **out) {
    struct broker_host *h = calloc(1, sizeof *h);
    if (h == NULL)
        return ERR_NO_MEMORY;
    const struct broker_sink sink = {.context = h, .send = sink_send, .close = sink_close, .backlog = sink_backlog};
    h->listener.fd = -1;
    h->backlog_max = options->limits.backlog_max;
    h->buffer = malloc(READ_SIZE);
    h->pool = pool_new(options->limits.memory_max);
    int error = h->buffer == NULL || h->pool == NULL ? ERR_NO_MEMORY : broker_new(options, &sink, &h->broker);
    if (error < 0) {
        broker_host_free(h);
        return error;
    }
    *out = h;
    return 0;
}

static void end_all(struct broker_host *h, const struct peers *list) {
    for (struct peer *p = list->first; p != NULL; p = p->next) {
        watch(h, p, 0);
        ops_of(p)->close(&p->stream, true);
    }
}

void broker_host_free(struct broker_host *h) {
    if (h == NULL)
        return;
    end_all(h, &h->open);
    end_all(h, &h->lingering);
    broker_free(h->broker);
    if (h->listener.fd >= 0) {
        loop_unwatch(h->loop, &h->listener.io);
        transport_table[h->listener.kind]->close(&h->listener, true);
    }
    pool_free(h->pool);
    free(h->buffer);
    free(h);
}

struct loop_handlers broker_host_handlers(struct broker_host *h) {
    return (struct loop_handlers){.context = h, .io = on_io, .timer = on_timer};
}

int broker_host_listen(struct broker_host *h, struct loop *loop, enum transport_kind kind, void *network,
                       const struct address *at, struct address *bound) {
    h->loop = loop;
    h->listener.kind = (uint8_t)kind;
    h->listener.state = network;
    int error = transport_table[kind]->listen(&h->listener, at);
    if (error == 0)
        error = transport_table[kind]->where(&h->listener, bound);
    if (error == 0)
        loop_watch(loop, &h->listener.io, h->listener.fd, LOOP_READ);
    return error;
}

const struct broker *broker_host_broker(const struct broker_host *h) {
    return h->broker;
}
