#include "loop/loop_ev.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"

_Static_assert(sizeof(struct ev_io) == sizeof(struct loop_io), "an ev_io lives in the storage of a loop_io");
_Static_assert(_Alignof(struct ev_io) <= _Alignof(struct loop_io), "an ev_io lives in the storage of a loop_io");
_Static_assert((int)LOOP_READ == (int)EV_READ && (int)LOOP_WRITE == (int)EV_WRITE, "events are passed on as they are");

struct loop_ev {
    struct loop loop; /* first: struct loop * is a struct loop_ev * */
    struct ev_loop *ev;
    struct ev_async wake;
    struct ev_io alarm;
    int alarm_fd;
    bool ringing;     /* alarm_fd went off and stays readable until it is set again */
    int64_t armed_ns; /* when it goes off on the monotonic clock; INT64_MAX: not armed */
};

static struct loop_ev *body_of(struct loop *loop) {
    return (struct loop_ev *)loop;
}

static instant read_clock(struct loop *loop) {
    loop->now = loop_clock_monotonic() - loop->origin_ns;
    return loop->now;
}

static void on_io(struct ev_loop *ev, struct ev_io *w, int events) {
    struct loop *loop = ev_userdata(ev);
    read_clock(loop);
    loop->handlers.io(loop->handlers.context, (struct loop_io *)w, (unsigned)events & (LOOP_READ | LOOP_WRITE));
}

static void on_wake(struct ev_loop *ev, struct ev_async *w, int events) {
    (void)w;
    (void)events;
    struct loop *loop = ev_userdata(ev);
    read_clock(loop);
    if (loop->handlers.woken != NULL)
        loop->handlers.woken(loop->handlers.context);
}

/* `at` on the monotonic clock, which timerfd counts by; 0 would mean off. */
static int64_t clock_time(const struct loop *loop, instant at) {
    int64_t ns;
    if (at == INSTANT_NEVER || __builtin_add_overflow(at, loop->origin_ns, &ns))
        return INT64_MAX;
    return ns < 1 ? 1 : ns;
}

static void set_alarm(struct loop_ev *body, int64_t ns) {
    struct itimerspec when = {0}; /* all zero disarms */
    if (ns != INT64_MAX)
        when.it_value = (struct timespec){.tv_sec = ns / SPAN_S, .tv_nsec = ns % SPAN_S};
    CHECK(timerfd_settime(body->alarm_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0);
    body->armed_ns = ns;
    body->ringing = false;
}

/* The deadlines themselves are looked at between polls; the alarm only makes the poll return. */
static void on_alarm(struct ev_loop *ev, struct ev_io *w, int events) {
    (void)w;
    (void)events;
    body_of(ev_userdata(ev))->ringing = true;
}

static void watch(struct loop *loop, struct loop_io *io, int fd, unsigned events) {
    CHECK(fd >= 0 && events != 0 && (events & ~(unsigned)(LOOP_READ | LOOP_WRITE)) == 0);
    struct loop_ev *body = body_of(loop);
    struct ev_io *w = (struct ev_io *)io;
    if (ev_is_active(w) && w->fd == fd) {
        if ((w->events & (EV_READ | EV_WRITE)) == (int)events)
            return;
        ev_io_stop(body->ev, w);
        ev_io_modify(w, (int)events);
    } else {
        ev_io_stop(body->ev, w);
        ev_io_init(w, on_io, fd, (int)events);
    }
    ev_io_start(body->ev, w);
}

static void unwatch(struct loop *loop, struct loop_io *io) {
    ev_io_stop(body_of(loop)->ev, (struct ev_io *)io);
}

static void wake(struct loop *loop) {
    struct loop_ev *body = body_of(loop);
    ev_async_send(body->ev, &body->wake);
}

/* One poll, waiting at most until `until` or the earliest deadline. An alarm that is too early is left alone: moving it
 * costs a system call each time a deadline is pushed back, letting it go off costs one turn. */
static void poll_once(struct loop_ev *body, instant until) {
    instant wanted = instant_min(timers_next(&body->loop.timers), until);
    if (wanted <= body->loop.now || body->loop.stopping) {
        ev_run(body->ev, EVRUN_NOWAIT);
        return;
    }
    int64_t wanted_ns = clock_time(&body->loop, wanted);
    if (body->ringing || wanted_ns < body->armed_ns)
        set_alarm(body, wanted_ns);
    ev_run(body->ev, EVRUN_ONCE);
}

static void run(struct loop *loop, instant until) {
    struct loop_ev *body = body_of(loop);
    while (!loop->stopping) {
        read_clock(loop);
        loop_fire(loop);
        if (loop->stopping || (loop->now >= until && timers_next(&loop->timers) > until))
            break;
        poll_once(body, until);
    }
    loop->stopping = false;
}

static void stop(struct loop *loop) {
    loop->stopping = true;
}

static void close_loop(struct loop *loop) {
    struct loop_ev *body = body_of(loop);
    if (body->ev != NULL)
        ev_loop_destroy(body->ev);
    if (body->alarm_fd >= 0)
        close(body->alarm_fd);
    timers_free(&loop->timers);
    free(body);
}

static const struct loop_ops ops = {
    .now = read_clock,
    .watch = watch,
    .unwatch = unwatch,
    .wake = wake,
    .run = run,
    .stop = stop,
    .close = close_loop,
};

/* libev does not tell which descriptors it opened, but new ones always get the lowest free numbers: remember a few of
 * those before, and see which are open after. */
enum { CANDIDATES = 2 * LOOP_DESCRIPTORS_MAX };

static bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}

static void find_candidates(int *candidate) {
    for (int fd = 0, found = 0; found < CANDIDATES; fd++)
        if (!is_open(fd))
            candidate[found++] = fd;
}

static void remember_descriptors(struct loop *loop, const int *candidate) {
    for (int i = 0; i < CANDIDATES; i++) {
        if (!is_open(candidate[i]))
            continue;
        CHECK(loop->descriptor_count < LOOP_DESCRIPTORS_MAX);
        loop->descriptors[loop->descriptor_count++] = candidate[i];
    }
}

static int open_all(struct loop_ev *body) {
    body->ev = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
    if (body->ev == NULL)
        return ERR_IO;
    ev_set_userdata(body->ev, body);
    body->alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (body->alarm_fd < 0)
        return ERR_IO;
    ev_io_init(&body->alarm, on_alarm, body->alarm_fd, EV_READ);
    ev_io_start(body->ev, &body->alarm);
    ev_async_init(&body->wake, on_wake);
    ev_async_start(body->ev, &body->wake); /* opens the wake-up descriptor */
    return 0;
}

int loop_ev_new(const struct loop_handlers *handlers, uint32_t tokens, struct loop **out) {
    struct loop_ev *body = calloc(1, sizeof *body);
    if (body == NULL)
        return ERR_NO_MEMORY;
    body->alarm_fd = -1;
    body->armed_ns = INT64_MAX;
    int candidate[CANDIDATES];
    find_candidates(candidate);
    int err = loop_init(&body->loop, &ops, handlers, tokens);
    if (err == 0)
        err = open_all(body);
    if (err != 0) {
        int saved = errno;
        close_loop(&body->loop);
        errno = saved;
        return err;
    }
    remember_descriptors(&body->loop, candidate);
    loop_set_origin(&body->loop, loop_clock_monotonic());
    *out = &body->loop;
    return 0;
}
