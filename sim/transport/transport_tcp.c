#include "transport/transport_tcp.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"

enum {
    UNREAD_READS_MAX = 64, /* when a connection is closed: more is not worth the time */
    LISTEN_BACKLOG = 4096,
};

static int error_of(int number) {
    switch (number) {
    case EAGAIN:
    case EINTR:
        return ERR_AGAIN;
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
        return ERR_UNREACHABLE;
    default:
        return ERR_IO;
    }
}

static int set(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? ERR_IO : 0;
}

/* The port is chosen by connect(), which knows the destination: a port in use towards another node is no obstacle then. */
static int bind_source(int fd, const struct address *from) {
    int error = set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (error == 0 && bind(fd, &from->any, address_size(from)) < 0)
        error = ERR_IO;
    return error;
}

static int begin(int fd, const struct address *to, const struct address *from) {
    int error = set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (error == 0 && from != NULL)
        error = bind_source(fd, from);
    if (error < 0)
        return error;
    if (connect(fd, &to->any, address_size(to)) == 0)
        return 0;
    if (errno == EINPROGRESS || errno == EINTR)
        return ERR_AGAIN;
    /* EAGAIN is no "later" here: the ports of this source are used up */
    return errno == EAGAIN ? ERR_IO : error_of(errno);
}

/* Why a socket without a peer has none: still on its way, or the error that ended the attempt. */
static int not_connected(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return ERR_IO;
    if (error == 0)
        return ERR_AGAIN;
    errno = error;
    return error == EAGAIN ? ERR_IO : error_of(error);
}

static int tcp_progress(struct connection *c, unsigned *wants) {
    struct address peer;
    socklen_t size = sizeof peer;
    if (getpeername(c->fd, &peer.any, &size) < 0) {
        *wants = TRANSPORT_WANTS_WRITE;
        return errno == ENOTCONN ? not_connected(c->fd) : ERR_IO;
    }
    c->flags &= (uint8_t)~CONNECTION_OPENING;
    return 0;
}

static int tcp_open(struct connection *c, const struct address *to, const struct address *from) {
    c->fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (c->fd < 0)
        return ERR_IO;
    unsigned wants;
    int error = begin(c->fd, to, from);
    if (error == ERR_AGAIN) { /* over a loopback the handshake is done by now, which saves waiting for the loop */
        c->flags |= CONNECTION_OPENING;
        error = tcp_progress(c, &wants);
    }
    if (error < 0 && error != ERR_AGAIN) {
        int kept = errno;
        close(c->fd);
        c->fd = -1;
        errno = kept;
    }
    return error;
}

/* Results are ints: one call moves no more than that. */
static size_t capped(size_t size) {
    return size < INT32_MAX ? size : INT32_MAX;
}

static int tcp_send(struct connection *c, const uint8_t *data, size_t size) {
    ssize_t sent = send(c->fd, data, capped(size), MSG_NOSIGNAL);
    return sent < 0 ? error_of(errno) : (int)sent;
}

static int tcp_recv(struct connection *c, uint8_t *data, size_t size) {
    CHECK(size > 0); /* 0 would look like the peer's FIN */
    ssize_t got = recv(c->fd, data, capped(size), 0);
    if (got == 0)
        return ERR_CLOSED;
    return got < 0 ? error_of(errno) : (int)got;
}

/* A socket that is closed with unread bytes sends RST, and what we sent last looks like the words of somebody who crashed: FIN goes first,
 * and what has come is read away. */
static void end_in_order(int fd) {
    uint8_t unread[4096];
    if (shutdown(fd, SHUT_WR) < 0)
        return;
    for (int i = 0; i < UNREAD_READS_MAX && recv(fd, unread, sizeof unread, MSG_DONTWAIT) > 0; i++)
        ;
}

static void tcp_finish(struct connection *c) {
    shutdown(c->fd, SHUT_WR);
}

static void tcp_close(struct connection *c, bool reset) {
    if (c->fd < 0)
        return;
    if (reset) { /* lingering for no time at all is how a socket is told to send RST */
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    } else {
        end_in_order(c->fd);
    }
    close(c->fd);
    c->fd = -1;
    c->flags = 0;
}

static int tcp_silence(struct connection *c, bool silent) {
    struct sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {.len = 1, .filter = &drop_all};
    int unused = 0;
    int result = silent ? setsockopt(c->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)
                        : setsockopt(c->fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
    if (result < 0 && (silent || errno != ENOENT)) /* ENOENT: there was no filter to lift */
        return errno == EPERM || errno == EACCES ? ERR_DENIED : ERR_IO;
    if (silent)
        c->flags |= CONNECTION_SILENT;
    else
        c->flags &= (uint8_t)~CONNECTION_SILENT;
    return 0;
}

static int begin_to_listen(int fd, const struct address *at) {
    int error = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (error == 0)
        error = set(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* what is accepted inherits it */
    if (error == 0 && (bind(fd, &at->any, address_size(at)) < 0 || listen(fd, LISTEN_BACKLOG) < 0))
        error = ERR_IO;
    return error;
}

static int tcp_listen(struct connection *c, const struct address *at) {
    c->fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (c->fd < 0)
        return ERR_IO;
    int error = begin_to_listen(c->fd, at);
    if (error < 0) {
        int kept = errno;
        close(c->fd);
        c->fd = -1;
        errno = kept;
    }
    return error;
}

static int tcp_where(const struct connection *c, struct address *at) {
    socklen_t size = sizeof *at;
    *at = (struct address){0};
    return getsockname(c->fd, &at->any, &size) < 0 ? ERR_IO : 0;
}

/* A FIN behind bytes that nobody reads shows in the socket's state alone. */
static bool tcp_ended(const struct connection *c) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    return getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state != TCP_ESTABLISHED;
}

static int tcp_accept(struct connection *listener, struct connection *c) {
    do
        c->fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (c->fd < 0 && (errno == ECONNABORTED || errno == EINTR));
    if (c->fd >= 0)
        return 0;
    return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_AGAIN : ERR_IO;
}

const struct transport_ops transport_tcp = {
    .name = "tcp",
    .stream = true,
    .open = tcp_open,
    .progress = tcp_progress,
    .send = tcp_send,
    .recv = tcp_recv,
    .finish = tcp_finish,
    .close = tcp_close,
    .silence = tcp_silence,
    .listen = tcp_listen,
    .where = tcp_where,
    .ended = tcp_ended,
    .accept = tcp_accept,
};
