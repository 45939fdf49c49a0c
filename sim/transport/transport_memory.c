#include "transport/transport_memory.h"

#include <errno.h>

#include "base/check.h"
#include "base/err.h"
#include "transport/memory_net.h"

static struct memory_net *net_of(const struct connection *c) {
    CHECK(c->state != NULL);
    return c->state;
}

/* As the system would say it. */
static int lacking_memory(void) {
    errno = ENOMEM;
    return ERR_IO;
}

static int memory_open(struct connection *c, const struct address *to, const struct address *from) {
    int fd = memory_net_connect(net_of(c), to, from);
    if (fd < 0)
        return fd == ERR_UNREACHABLE ? fd : lacking_memory();
    c->fd = fd;
    c->flags &= (uint8_t)~CONNECTION_OPENING;
    return 0;
}

static int memory_progress(struct connection *c, unsigned *wants) {
    (void)wants;
    c->flags &= (uint8_t)~CONNECTION_OPENING; /* it was up at once */
    return 0;
}

static int memory_send(struct connection *c, const uint8_t *data, size_t size) {
    int sent = memory_net_send(net_of(c), c->fd, data, size);
    return sent == ERR_NO_MEMORY ? lacking_memory() : sent;
}

static int memory_recv(struct connection *c, uint8_t *data, size_t size) {
    return memory_net_recv(net_of(c), c->fd, data, size);
}

static void memory_finish(struct connection *c) {
    memory_net_finish(net_of(c), c->fd);
}

static void memory_close(struct connection *c, bool reset) {
    if (c->fd < 0)
        return;
    memory_net_close(net_of(c), c->fd, reset);
    c->fd = -1;
    c->flags = 0;
}

/* Nobody reads what arrives, and nothing leaves: in memory that is a hole as good as any. */
static int memory_silence(struct connection *c, bool silent) {
    if (silent)
        c->flags |= CONNECTION_SILENT;
    else
        c->flags &= (uint8_t)~CONNECTION_SILENT;
    return 0;
}

static int memory_listen(struct connection *c, const struct address *at) {
    int fd = memory_net_listen(net_of(c), at);
    if (fd < 0) {
        errno = fd == ERR_EXISTS ? EADDRINUSE : ENOMEM;
        return ERR_IO;
    }
    c->fd = fd;
    return 0;
}

static int memory_where(const struct connection *c, struct address *at) {
    memory_net_where(net_of(c), c->fd, at);
    return 0;
}

static bool memory_ended(const struct connection *c) {
    return memory_net_ended(net_of(c), c->fd);
}

static int memory_accept(struct connection *listener, struct connection *c) {
    int fd = memory_net_accept(net_of(listener), listener->fd);
    if (fd < 0)
        return fd;
    c->fd = fd;
    return 0;
}

const struct transport_ops transport_memory = {
    .name = "memory",
    .stream = true,
    .open = memory_open,
    .progress = memory_progress,
    .send = memory_send,
    .recv = memory_recv,
    .finish = memory_finish,
    .close = memory_close,
    .silence = memory_silence,
    .listen = memory_listen,
    .where = memory_where,
    .ended = memory_ended,
    .accept = memory_accept,
};
