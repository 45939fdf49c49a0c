#include "loop/loop_virtual.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"

enum { DESCRIPTORS_FIRST = 64, NONE = UINT32_MAX };

struct descriptor {
    struct loop *loop; /* who watches it; NULL: nobody */
    struct loop_io *io;
    uint32_t next_free;
    uint8_t watched, ready; /* LOOP_READ, LOOP_WRITE */
    bool open, queued;
};

struct loop_virtual {
    struct loop loop; /* first: struct loop * is a struct loop_virtual * */
    struct loop_world *world;
    struct loop_virtual *next;
    bool woken;
};

struct loop_world {
    instant now;
    bool stopping;
    struct loop_virtual *first, *last;
    struct descriptor *descriptors;
    uint32_t room, used, free; /* used: so many were ever open; free: the first of those that are closed */
    uint32_t *queue; /* [room], a ring: descriptors that are ready and watched, in the order in which they became so */
    uint32_t queue_at, queue_count;
};

/* --- descriptors ---------------------------------------------------------------------------------------------------- */

static struct descriptor *descriptor_of(struct loop_world *w, int fd) {
    CHECK(fd >= 0 && (uint32_t)fd < w->used && w->descriptors[fd].open);
    return &w->descriptors[fd];
}

static void enqueue(struct loop_world *w, uint32_t fd) {
    struct descriptor *d = &w->descriptors[fd];
    if (d->queued || (d->watched & d->ready) == 0)
        return;
    CHECK(w->room > 0);
    d->queued = true;
    w->queue[(w->queue_at + w->queue_count++) % w->room] = fd;
}

static bool grow(struct loop_world *w) {
    uint32_t room = w->room == 0 ? DESCRIPTORS_FIRST : w->room * 2;
    struct descriptor *descriptors = realloc(w->descriptors, room * sizeof *descriptors);
    if (descriptors == NULL)
        return false;
    w->descriptors = descriptors;
    uint32_t *queue = malloc(room * sizeof *queue);
    if (queue == NULL)
        return false;
    CHECK(w->queue_count == 0 || w->room > 0);
    for (uint32_t i = 0; i < w->queue_count; i++)
        queue[i] = w->queue[(w->queue_at + i) % w->room];
    free(w->queue);
    w->queue = queue;
    w->queue_at = 0;
    w->room = room;
    return true;
}

int loop_world_open(struct loop_world *w) {
    uint32_t fd = w->free;
    if (fd != NONE) {
        w->free = w->descriptors[fd].next_free;
    } else {
        if (w->used == LOOP_WORLD_DESCRIPTORS_MAX)
            return ERR_TOO_BIG;
        if (w->used == w->room && !grow(w))
            return ERR_NO_MEMORY;
        fd = w->used++;
        w->descriptors[fd] = (struct descriptor){0};
    }
    w->descriptors[fd].open = true;
    return (int)fd;
}

/* What stands in the queue stays there, and finds nobody who watches. */
void loop_world_close(struct loop_world *w, int fd) {
    struct descriptor *d = descriptor_of(w, fd);
    CHECK(d->watched == 0);
    *d = (struct descriptor){.next_free = w->free, .queued = d->queued};
    w->free = (uint32_t)fd;
}

void loop_world_ready(struct loop_world *w, int fd, unsigned events) {
    descriptor_of(w, fd)->ready = (uint8_t)events;
    enqueue(w, (uint32_t)fd);
}

/* --- loops ---------------------------------------------------------------------------------------------------------- */

static struct loop_virtual *body_of(struct loop *loop) {
    return (struct loop_virtual *)loop;
}

/* The storage of a watched io holds its descriptor, plus one. */
static void unwatch(struct loop *loop, struct loop_io *io) {
    if (io->storage[0] == 0)
        return;
    struct descriptor *d = descriptor_of(body_of(loop)->world, (int)(io->storage[0] - 1));
    d->watched = 0;
    d->io = NULL;
    d->loop = NULL;
    io->storage[0] = 0;
}

static void watch(struct loop *loop, struct loop_io *io, int fd, unsigned events) {
    CHECK(events != 0 && (events & ~(unsigned)(LOOP_READ | LOOP_WRITE)) == 0);
    struct loop_world *w = body_of(loop)->world;
    if (io->storage[0] != (uint64_t)fd + 1)
        unwatch(loop, io);
    struct descriptor *d = descriptor_of(w, fd);
    CHECK(d->io == NULL || d->io == io);
    d->io = io;
    d->loop = loop;
    d->watched = (uint8_t)events;
    io->storage[0] = (uint64_t)fd + 1;
    enqueue(w, (uint32_t)fd);
}

static instant now(struct loop *loop) {
    return loop->now = body_of(loop)->world->now;
}

static void wake(struct loop *loop) {
    body_of(loop)->woken = true;
}

static void stop(struct loop *loop) {
    loop->stopping = true;
    body_of(loop)->world->stopping = true;
}

static void run(struct loop *loop, instant until) {
    loop_world_run(body_of(loop)->world, until);
}

static void close_loop(struct loop *loop) {
    struct loop_virtual *body = body_of(loop), *before = NULL;
    struct loop_world *w = body->world;
    for (struct loop_virtual *l = w->first; l != body; l = l->next)
        before = l;
    *(before == NULL ? &w->first : &before->next) = body->next;
    if (w->last == body)
        w->last = before;
    timers_free(&loop->timers);
    free(body);
}

static const struct loop_ops ops = {
    .now = now,
    .watch = watch,
    .unwatch = unwatch,
    .wake = wake,
    .run = run,
    .stop = stop,
    .close = close_loop,
};

int loop_virtual_new(struct loop_world *w, const struct loop_handlers *handlers, uint32_t tokens, struct loop **out) {
    struct loop_virtual *body = calloc(1, sizeof *body);
    if (body == NULL)
        return ERR_NO_MEMORY;
    int error = loop_init(&body->loop, &ops, handlers, tokens);
    if (error < 0) {
        free(body);
        return error;
    }
    body->world = w;
    body->loop.now = w->now;
    *(w->last == NULL ? &w->first : &w->last->next) = body;
    w->last = body;
    *out = &body->loop;
    return 0;
}

/* --- the world ------------------------------------------------------------------------------------------------------ */

int loop_world_new(struct loop_world **out) {
    struct loop_world *w = calloc(1, sizeof *w);
    if (w == NULL)
        return ERR_NO_MEMORY;
    w->free = NONE;
    *out = w;
    return 0;
}

void loop_world_free(struct loop_world *w) {
    if (w == NULL)
        return;
    CHECK(w->first == NULL);
    free(w->descriptors);
    free(w->queue);
    free(w);
}

instant loop_world_now(const struct loop_world *w) {
    return w->now;
}

/* What was ready when the turn began; false: nothing was. */
static bool deliver(struct loop_world *w) {
    uint32_t count = w->queue_count;
    for (uint32_t i = 0; i < count && !w->stopping; i++) {
        uint32_t fd = w->queue[w->queue_at];
        w->queue_at = (w->queue_at + 1) % w->room;
        w->queue_count--;
        struct descriptor *d = &w->descriptors[fd];
        d->queued = false;
        unsigned events = d->watched & d->ready;
        if (events == 0)
            continue;
        struct loop *loop = d->loop;
        loop->now = w->now;
        loop->handlers.io(loop->handlers.context, d->io, events);
        enqueue(w, fd); /* the handler may have closed it, or made more: where it lies is asked again */
    }
    return count > 0;
}

static void wake_all(struct loop_world *w) {
    for (struct loop_virtual *l = w->first; l != NULL; l = l->next)
        if (l->woken) {
            l->woken = false;
            l->loop.now = w->now;
            if (l->loop.handlers.woken != NULL)
                l->loop.handlers.woken(l->loop.handlers.context);
        }
}

static instant next_deadline(const struct loop_world *w) {
    instant next = INSTANT_NEVER;
    for (const struct loop_virtual *l = w->first; l != NULL; l = l->next)
        next = instant_min(next, timers_next(&l->loop.timers));
    return next;
}

static void fire_all(struct loop_world *w) {
    for (struct loop_virtual *l = w->first; l != NULL && !w->stopping; l = l->next) {
        l->loop.now = w->now;
        loop_fire(&l->loop);
    }
}

void loop_world_run(struct loop_world *w, instant until) {
    while (!w->stopping) {
        wake_all(w);
        bool busy = deliver(w);
        instant next = next_deadline(w);
        if (busy && next > w->now)
            continue;
        if (next > until || next == INSTANT_NEVER) {
            if (until != INSTANT_NEVER)
                w->now = instant_max(w->now, until);
            break;
        }
        w->now = instant_max(w->now, next);
        fire_all(w);
    }
    w->stopping = false;
    for (struct loop_virtual *l = w->first; l != NULL; l = l->next)
        l->loop.stopping = false;
}
