/* Sockets under the broker. What the broker sends in one turn of the loop is collected per client and written once, when the turn's
 * input has been handled: with many messages per turn, that is one system call for all of them. */
#include "backend/broker_server.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/broker_settings.h"
#include "base/check.h"
#include "base/err.h"
#include "base/log.h"
#include "base/pool.h"
#include "loop/loop_ev.h"

enum {
    LISTEN_BACKLOG = 4096,
    ACCEPTS_PER_TURN = 256,
    READ_SIZE = 256 << 10,
    OUT_FIRST = 512,
    ANSWERS_MAX =
        1 << 20, /* bytes of answers beyond the backlog before a client that does not read is not read either */
    RESERVED_DESCRIPTORS = 16, /* stdio, loop, listener, signals, report, and a few to spare */
};
#define LINGER       (2 * SPAN_S)    /* for a client to take its last bytes */
#define ACCEPT_RETRY (100 * SPAN_MS) /* after descriptors ran out */

enum { TOKEN_FLUSH, TOKEN_BROKER, TOKEN_LINGER, TOKEN_ACCEPT, TOKEN_QUIT, TOKENS };

struct peer {
    struct loop_io io; /* first: the loop hands it back */
    int fd;
    unsigned watched; /* LOOP_READ, LOOP_WRITE */
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

struct server {
    struct loop *loop;
    struct broker *broker;
    struct pool *pool;
    struct loop_io listen_io, signal_io;
    int listen_fd, signal_fd;
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

static void mark_dirty(struct server *s, struct peer *p) {
    if (p->dirty)
        return;
    p->dirty = true;
    p->next_dirty = s->dirty;
    s->dirty = p;
    timers_set(&s->loop->timers, TOKEN_FLUSH, loop_now(s->loop));
}

static void arm_broker(struct server *s) {
    timers_set(&s->loop->timers, TOKEN_BROKER, broker_next_deadline(s->broker));
}

/* --- what the broker asks for -------------------------------------------------------------------------------------- */

static void drop_out(struct server *s, struct peer *p) {
    pool_give(s->pool, p->out, p->room);
    p->out = NULL;
    p->sent = p->size = p->room = 0;
}

static bool make_room(struct server *s, struct peer *p, size_t more) {
    size_t waiting = p->size - p->sent;
    if (p->sent > 0 && waiting + more <= p->room) {
        memmove(p->out, p->out + p->sent, waiting);
    } else if (p->size + more > p->room) {
        size_t room = p->room > 0 ? p->room : OUT_FIRST;
        while (room < waiting + more)
            room *= 2;
        uint8_t *bigger = pool_take(s->pool, room);
        if (bigger == NULL)
            return false;
        if (waiting > 0)
            memcpy(bigger, p->out + p->sent, waiting);
        pool_give(s->pool, p->out, p->room);
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
    struct server *s = context;
    struct peer *p = peer;
    if (p->closing)
        return;
    if (!make_room(s, p, data.size)) {
        p->closing = p->reset =
            true; /* a stream with a hole in it is worse than none; broker_closed follows on flush */
    } else {
        memcpy(p->out + p->size, data.data, data.size);
        p->size += data.size;
    }
    mark_dirty(s, p);
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

static void watch(struct server *s, struct peer *p, unsigned events) {
    if (p->watched == events)
        return;
    p->watched = events;
    if (events != 0)
        loop_watch(s->loop, &p->io, p->fd, events);
    else
        loop_unwatch(s->loop, &p->io);
}

static void destroy(struct server *s, struct peer *p) {
    watch(s, p, 0);
    if (p->reset) {
        struct linger at_once = {.l_onoff = 1, .l_linger = 0};
        setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    close(p->fd);
    unlink_peer(p->lingering ? &s->lingering : &s->open, p);
    drop_out(s, p);
    pool_give(s->pool, p, sizeof *p);
    if (s->stopping && s->open.first == NULL && s->lingering.first == NULL)
        loop_stop(s->loop);
}

/* The client is gone, or nothing can be written to it: the broker hears of it, and the peer goes on the next flush. */
static void finish(struct server *s, struct peer *p) {
    struct broker_connection *c = p->connection;
    p->connection = NULL;
    p->closing = p->finished = true;
    mark_dirty(s, p);
    if (c != NULL)
        broker_closed(s->broker, c, loop_now(s->loop));
    arm_broker(s);
}

/* Everything is written: FIN, and then the client's own end is awaited. Closing at once while it still sends would make the
 * kernel answer with a reset, which can destroy the last packet that we sent. */
static void linger(struct server *s, struct peer *p) {
    if (p->lingering)
        return;
    shutdown(p->fd, SHUT_WR);
    unlink_peer(&s->open, p);
    link_peer(&s->lingering, p);
    p->lingering = true;
    p->linger_until = instant_add(loop_now(s->loop), LINGER);
    if (s->lingering.first == p)
        timers_set(&s->loop->timers, TOKEN_LINGER, p->linger_until);
    watch(s, p, LOOP_READ);
}

static void end_lingering(struct server *s) {
    instant now = loop_now(s->loop);
    for (struct peer *p = s->lingering.first, *next; p != NULL && p->linger_until <= now; p = next) {
        next = p->next;
        p->finished = p->reset = true;
        mark_dirty(s, p);
    }
    for (struct peer *p = s->lingering.first; p != NULL; p = p->next)
        if (p->linger_until > now) {
            timers_set(&s->loop->timers, TOKEN_LINGER, p->linger_until);
            break;
        }
}

/* Writes what there is; false when the connection is dead. */
static bool write_out(struct peer *p) {
    while (p->sent < p->size) {
        ssize_t n = send(p->fd, p->out + p->sent, p->size - p->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK;
        p->sent += (size_t)n;
    }
    return true;
}

static void flush(struct server *s, struct peer *p) {
    bool dead = p->finished || p->reset || !write_out(p);
    if (dead) {
        if (p->connection != NULL) {
            finish(s, p); /* it is dirty again and destroyed by the next round */
            return;
        }
        destroy(s, p);
        return;
    }
    size_t left = p->size - p->sent;
    if (left == 0)
        drop_out(s, p);
    if (p->closing && left == 0) {
        linger(s, p);
        return;
    }
    bool full = left >= s->backlog_max, flooded = left >= s->backlog_max + ANSWERS_MAX, drained = p->full && !full;
    watch(s, p, (left > 0 ? LOOP_WRITE : 0u) | (flooded ? 0u : (unsigned)LOOP_READ));
    p->full = full;
    if (drained && p->connection != NULL) {
        broker_drained(s->broker, p->connection, loop_now(s->loop));
        arm_broker(s);
    }
}

static void flush_all(struct server *s) {
    while (s->dirty != NULL) {
        struct peer *p = s->dirty;
        s->dirty = p->next_dirty;
        p->dirty = false;
        if (p->size - p->sent >= s->backlog_max)
            p->full = true; /* the broker has held messages back */
        flush(s, p);
    }
}

static void read_in(struct server *s, struct peer *p) {
    ssize_t n = recv(p->fd, s->buffer, READ_SIZE, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (n <= 0) {
        finish(s, p);
        return;
    }
    if (p->connection == NULL)
        return; /* what comes after the end is read and thrown away */
    broker_input(s->broker, p->connection, bytes_of(s->buffer, (size_t)n), loop_now(s->loop));
    arm_broker(s);
}

/* --- accepting ----------------------------------------------------------------------------------------------------- */

static void open_peer(struct server *s, int fd) {
    struct peer *p = pool_take(s->pool, sizeof *p);
    if (p == NULL) {
        close(fd);
        return;
    }
    memset(p, 0, sizeof *p);
    p->fd = fd;
    p->connection = broker_open(s->broker, p, loop_now(s->loop));
    if (p->connection == NULL) {
        close(fd);
        pool_give(s->pool, p, sizeof *p);
        return;
    }
    link_peer(&s->open, p);
    watch(s, p, LOOP_READ);
}

static void accept_some(struct server *s) {
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int fd = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            open_peer(s, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* The listener stays ready: looking away for a while is all that keeps us from spinning. */
            loop_unwatch(s->loop, &s->listen_io);
            timers_set(&s->loop->timers, TOKEN_ACCEPT, instant_add(loop_now(s->loop), ACCEPT_RETRY));
        }
        if (errno != ECONNABORTED && errno != EINTR)
            break;
    }
    arm_broker(s);
}

/* --- the loop's handlers ------------------------------------------------------------------------------------------- */

static void stop_serving(struct server *s) {
    if (s->stopping)
        return;
    s->stopping = true;
    loop_unwatch(s->loop, &s->listen_io);
    timers_set(&s->loop->timers, TOKEN_ACCEPT, INSTANT_NEVER);
    timers_set(&s->loop->timers, TOKEN_QUIT, instant_add(loop_now(s->loop), LINGER));
    broker_shut_down(s->broker, loop_now(s->loop));
    if (s->open.first == NULL && s->lingering.first == NULL)
        loop_stop(s->loop);
}

static void on_io(void *context, struct loop_io *io, unsigned ready) {
    struct server *s = context;
    if (io == &s->listen_io) {
        accept_some(s);
    } else if (io == &s->signal_io) {
        stop_serving(s);
    } else {
        struct peer *p = (struct peer *)io;
        if ((ready & LOOP_WRITE) != 0)
            mark_dirty(s, p);
        if ((ready & LOOP_READ) != 0 && !p->finished)
            read_in(s, p);
    }
}

static void on_timer(void *context, uint32_t token, instant deadline) {
    (void)deadline;
    struct server *s = context;
    switch (token) {
    case TOKEN_FLUSH:
        flush_all(s);
        break;
    case TOKEN_BROKER:
        broker_due(s->broker, loop_now(s->loop));
        arm_broker(s);
        break;
    case TOKEN_LINGER:
        end_lingering(s);
        break;
    case TOKEN_ACCEPT:
        loop_watch(s->loop, &s->listen_io, s->listen_fd, LOOP_READ);
        break;
    default:
        loop_stop(s->loop);
    }
}

/* --- starting and ending ------------------------------------------------------------------------------------------- */

void broker_server_options_default(struct broker_server_options *o) {
    memset(o, 0, sizeof *o);
    broker_options_default(&o->broker);
    o->broker.limits.connections_max = 0;
    misbehave_init(&o->misbehave);
    CHECK(address_parse("127.0.0.1:1883", 1883, &o->listen) == 0);
    o->ready_fd = o->report_fd = -1;
}

int broker_server_set(struct broker_server_options *o, const char *argument, char *why, size_t why_size) {
    o->broker.misbehave = &o->misbehave;
    return broker_settings_set(&o->broker, argument, why, why_size);
}

static uint32_t raise_descriptor_limit(void) {
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) < 0)
        return 1024;
    l.rlim_cur = l.rlim_max;
    setrlimit(RLIMIT_NOFILE, &l);
    getrlimit(RLIMIT_NOFILE, &l);
    return l.rlim_cur > 1 << 24 ? 1 << 24 : (uint32_t)l.rlim_cur;
}

static int listen_on(const struct address *a, uint16_t *port) {
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    struct address bound;
    socklen_t size = sizeof bound;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* what is accepted inherits it */
    if (bind(fd, &a->any, address_size(a)) < 0 || listen(fd, LISTEN_BACKLOG) < 0 ||
        getsockname(fd, &bound.any, &size) < 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    *port = ntohs(a->any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    return fd;
}

static int signals_to_descriptor(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void say_ready(const struct broker_server_options *o, uint16_t port) {
    if (o->ready_fd >= 0) {
        if (dprintf(o->ready_fd, "%u\n", port) < 0)
            log_line(LOG_WARNING, "nobody reads the port that was asked for with ready_fd");
        close(o->ready_fd);
    }
    struct address shown = o->listen;
    char text[64];
    if (shown.any.sa_family == AF_INET6)
        shown.v6.sin6_port = htons(port);
    else
        shown.v4.sin_port = htons(port);
    if (!o->quiet)
        log_line(LOG_INFO, "built-in MQTT broker (3.1.1, 5.0) listens on %s, for at most %u connections",
                 address_format(&shown, text, sizeof text), o->broker.limits.connections_max);
}

static void report(const struct broker_server_options *o, const struct broker *b) {
    if (o->report_fd < 0)
        return;
    struct text line = {0};
    struct json_write w = json_write_to(&line, 0);
    broker_report(b, &w);
    text_append(&line, "\n");
    for (size_t at = 0; at < line.size;) {
        ssize_t n = write(o->report_fd, line.data + at, line.size - at);
        if (n <= 0 && errno != EINTR)
            break;
        at += n > 0 ? (size_t)n : 0;
    }
    text_free(&line);
}

static void release(struct server *s) {
    broker_free(s->broker);
    loop_close(s->loop);
    pool_free(s->pool);
    free(s->buffer);
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    if (s->signal_fd >= 0)
        close(s->signal_fd);
}

static int prepare(struct server *s, struct broker_server_options *o, uint16_t *port, char *why, size_t why_size) {
    struct loop_handlers handlers = {.context = s, .io = on_io, .timer = on_timer};
    struct broker_sink sink = {.context = s, .send = sink_send, .close = sink_close, .backlog = sink_backlog};
    char text[64];
    *s = (struct server){.listen_fd = -1, .signal_fd = -1, .backlog_max = o->broker.limits.backlog_max};
    s->listen_fd = listen_on(&o->listen, port);
    if (s->listen_fd < 0) {
        snprintf(why, why_size, "cannot listen on %s: %s", address_format(&o->listen, text, sizeof text),
                 strerror(errno));
        return ERR_IO;
    }
    s->signal_fd = signals_to_descriptor();
    s->buffer = malloc(READ_SIZE);
    s->pool = pool_new(o->broker.limits.memory_max);
    int result = s->signal_fd < 0 || loop_ev_new(&handlers, TOKENS, &s->loop) < 0 ? ERR_IO : 0;
    if (result == 0 && (s->buffer == NULL || s->pool == NULL))
        result = ERR_NO_MEMORY;
    if (result == 0)
        result = broker_new(&o->broker, &sink, &s->broker);
    if (result < 0)
        snprintf(why, why_size, "cannot start the broker: %s", err_name(result));
    return result;
}

int broker_server_run(struct broker_server_options *o, char *why, size_t why_size) {
    struct server s;
    uint16_t port = 0;
    uint32_t descriptors = raise_descriptor_limit();
    signal(SIGPIPE, SIG_IGN);
    o->broker.misbehave = &o->misbehave;
    if (o->broker.limits.connections_max == 0)
        o->broker.limits.connections_max =
            descriptors > 2 * RESERVED_DESCRIPTORS ? descriptors - RESERVED_DESCRIPTORS : descriptors;
    int result = prepare(&s, o, &port, why, why_size);
    if (result == 0) {
        loop_watch(s.loop, &s.listen_io, s.listen_fd, LOOP_READ);
        loop_watch(s.loop, &s.signal_io, s.signal_fd, LOOP_READ);
        say_ready(o, port);
        loop_run(s.loop, INSTANT_NEVER);
        report(o, s.broker);
        if (!o->quiet)
            log_line(LOG_INFO, "built-in MQTT broker: %llu connections served, stopped",
                     (unsigned long long)broker_counts_of(s.broker)->opened);
    }
    release(&s);
    return result;
}
