#include "transport/memory_net.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/pool.h"

enum { NOBODY = -1, ROOM_FIRST = 512 };

enum end_kind { END_FREE, END_LISTENER, END_STREAM };

/* What a descriptor of ours is. */
struct end {
    enum end_kind kind;
    int far;           /* the other end; NOBODY: it was closed */
    int next;          /* streams: who waits behind it; listeners: the next listener */
    int first, last;   /* listeners: who waits to be accepted */
    struct address at; /* of this end; zero: nobody said */
    uint8_t *data;     /* data[from..to): what came and was not read yet */
    uint32_t from, to, room;
    bool finished, reset; /* by the other end */
};

struct memory_net {
    struct loop_world *world;
    struct pool *pool;
    struct end *ends; /* by descriptor */
    int room, listeners;
};

static struct end *end_of(const struct memory_net *n, int fd, enum end_kind kind) {
    CHECK(fd >= 0 && fd < n->room && n->ends[fd].kind == kind);
    return &n->ends[fd];
}

static size_t unread(const struct end *e) {
    return e->to - e->from;
}

/* Ends are told in the order of what happens to them: the world keeps it. */
static void update(struct memory_net *n, int fd) {
    const struct end *e = &n->ends[fd];
    unsigned ready = 0;
    if (e->kind == END_LISTENER)
        ready = e->first != NOBODY ? LOOP_READ : 0u;
    else
        ready = (unread(e) > 0 || e->finished || e->reset ? (unsigned)LOOP_READ : 0u) |
                (e->far == NOBODY || unread(&n->ends[e->far]) < MEMORY_NET_WINDOW ? (unsigned)LOOP_WRITE : 0u);
    loop_world_ready(n->world, fd, ready);
}

static bool make_room(struct memory_net *n, int fd) {
    if (fd < n->room)
        return true;
    int room = n->room == 0 ? 64 : n->room * 2;
    room = room > fd ? room : fd + 1;
    struct end *ends = realloc(n->ends, (size_t)room * sizeof *ends);
    if (ends == NULL)
        return false;
    memset(ends + n->room, 0, (size_t)(room - n->room) * sizeof *ends);
    n->ends = ends;
    n->room = room;
    return true;
}

static int open_end(struct memory_net *n, enum end_kind kind) {
    int fd = loop_world_open(n->world);
    if (fd < 0)
        return fd;
    if (!make_room(n, fd)) {
        loop_world_close(n->world, fd);
        return ERR_NO_MEMORY;
    }
    n->ends[fd] = (struct end){.kind = kind, .far = NOBODY, .next = NOBODY, .first = NOBODY, .last = NOBODY};
    return fd;
}

static void drop_data(struct memory_net *n, struct end *e) {
    pool_give(n->pool, e->data, e->room);
    e->data = NULL;
    e->from = e->to = e->room = 0;
}

int memory_net_new(struct loop_world *world, size_t cap_bytes, struct memory_net **out) {
    struct memory_net *n = calloc(1, sizeof *n);
    if (n == NULL)
        return ERR_NO_MEMORY;
    n->world = world;
    n->listeners = NOBODY;
    n->pool = pool_new(cap_bytes);
    if (n->pool == NULL) {
        free(n);
        return ERR_NO_MEMORY;
    }
    *out = n;
    return 0;
}

void memory_net_free(struct memory_net *n) {
    if (n == NULL)
        return;
    for (int fd = 0; fd < n->room; fd++)
        if (n->ends[fd].kind != END_FREE)
            loop_world_close(n->world, fd);
    pool_free(n->pool);
    free(n->ends);
    free(n);
}

/* --- connecting ----------------------------------------------------------------------------------------------------- */

static int listener_at(const struct memory_net *n, const struct address *at) {
    int fd = n->listeners;
    while (fd != NOBODY && !address_equal(&n->ends[fd].at, at))
        fd = n->ends[fd].next;
    return fd;
}

int memory_net_listen(struct memory_net *n, const struct address *at) {
    if (listener_at(n, at) != NOBODY)
        return ERR_EXISTS;
    int fd = open_end(n, END_LISTENER);
    if (fd < 0)
        return fd;
    n->ends[fd].at = *at;
    n->ends[fd].next = n->listeners;
    n->listeners = fd;
    return fd;
}

void memory_net_where(const struct memory_net *n, int fd, struct address *at) {
    CHECK(fd >= 0 && fd < n->room && n->ends[fd].kind != END_FREE);
    *at = n->ends[fd].at;
}

int memory_net_accept(struct memory_net *n, int listener) {
    struct end *l = end_of(n, listener, END_LISTENER);
    int fd = l->first;
    if (fd == NOBODY)
        return ERR_AGAIN;
    l->first = n->ends[fd].next;
    if (l->first == NOBODY)
        l->last = NOBODY;
    n->ends[fd].next = NOBODY;
    update(n, listener);
    update(n, fd);
    return fd;
}

int memory_net_pair(struct memory_net *n, int *near, int *far) {
    *near = open_end(n, END_STREAM);
    if (*near < 0)
        return *near;
    *far = open_end(n, END_STREAM);
    if (*far < 0) {
        n->ends[*near].kind = END_FREE;
        loop_world_close(n->world, *near);
        return *far;
    }
    n->ends[*near].far = *far;
    n->ends[*far].far = *near;
    update(n, *near);
    return 0;
}

int memory_net_connect(struct memory_net *n, const struct address *to, const struct address *from) {
    int listener = listener_at(n, to), near, far;
    if (listener == NOBODY)
        return ERR_UNREACHABLE;
    int error = memory_net_pair(n, &near, &far);
    if (error < 0)
        return error;
    n->ends[far].at = *to;
    if (from != NULL)
        n->ends[near].at = *from;
    struct end *l = &n->ends[listener];
    *(l->last == NOBODY ? &l->first : &n->ends[l->last].next) = far;
    l->last = far;
    update(n, listener);
    return near;
}

/* --- streams -------------------------------------------------------------------------------------------------------- */

/* Room for more bytes at the end of what is there. */
static bool reserve(struct memory_net *n, struct end *e, size_t more) {
    size_t waiting = unread(e);
    if (e->to + more <= e->room)
        return true;
    if (waiting + more > e->room) {
        size_t room = e->room > 0 ? e->room : ROOM_FIRST;
        while (room < waiting + more)
            room *= 2;
        uint8_t *bigger = pool_take(n->pool, room);
        if (bigger == NULL)
            return false;
        if (waiting > 0)
            memcpy(bigger, e->data + e->from, waiting);
        pool_give(n->pool, e->data, e->room);
        e->data = bigger;
        e->room = (uint32_t)room;
    } else {
        memmove(e->data, e->data + e->from, waiting);
    }
    e->from = 0;
    e->to = (uint32_t)waiting;
    return true;
}

int memory_net_send(struct memory_net *n, int fd, const uint8_t *data, size_t size) {
    struct end *e = end_of(n, fd, END_STREAM);
    if (e->reset || e->far == NOBODY)
        return ERR_UNREACHABLE;
    struct end *far = &n->ends[e->far];
    CHECK(!far->finished);
    size_t window = MEMORY_NET_WINDOW - unread(far);
    size = size < window ? size : window;
    if (size == 0)
        return ERR_AGAIN;
    if (!reserve(n, far, size))
        return ERR_NO_MEMORY;
    memcpy(far->data + far->to, data, size);
    far->to += (uint32_t)size;
    update(n, e->far);
    update(n, fd);
    return (int)size;
}

int memory_net_recv(struct memory_net *n, int fd, uint8_t *data, size_t size) {
    struct end *e = end_of(n, fd, END_STREAM);
    CHECK(size > 0);
    size_t got = unread(e);
    if (e->reset)
        return ERR_UNREACHABLE;
    if (got == 0)
        return e->finished ? ERR_CLOSED : ERR_AGAIN;
    got = got < size ? got : size;
    memcpy(data, e->data + e->from, got);
    e->from += (uint32_t)got;
    if (unread(e) == 0)
        drop_data(n, e);
    update(n, fd);
    if (e->far != NOBODY)
        update(n, e->far);
    return (int)got;
}

bool memory_net_ended(const struct memory_net *n, int fd) {
    const struct end *e = end_of(n, fd, END_STREAM);
    return e->finished || e->reset;
}

void memory_net_finish(struct memory_net *n, int fd) {
    const struct end *e = end_of(n, fd, END_STREAM);
    if (e->far == NOBODY)
        return;
    n->ends[e->far].finished = true;
    update(n, e->far);
}

static void part(struct memory_net *n, int fd, bool reset) {
    struct end *e = &n->ends[fd];
    if (e->far != NOBODY) {
        struct end *far = &n->ends[e->far];
        far->far = NOBODY;
        far->finished = true;
        far->reset = far->reset || reset;
        update(n, e->far);
    }
    drop_data(n, e);
    e->kind = END_FREE;
    loop_world_close(n->world, fd);
}

static void stop_listening(struct memory_net *n, int listener) {
    struct end *l = &n->ends[listener];
    int *link = &n->listeners;
    while (*link != listener)
        link = &n->ends[*link].next;
    *link = l->next;
    for (int fd = l->first, next; fd != NOBODY; fd = next) {
        next = n->ends[fd].next;
        part(n, fd, true);
    }
    l->kind = END_FREE;
    loop_world_close(n->world, listener);
}

void memory_net_close(struct memory_net *n, int fd, bool reset) {
    CHECK(fd >= 0 && fd < n->room && n->ends[fd].kind != END_FREE);
    if (n->ends[fd].kind == END_LISTENER)
        stop_listening(n, fd);
    else
        part(n, fd, reset);
}
