#include "backend/broker_server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "backend/broker_host.h"
#include "backend/broker_settings.h"
#include "base/check.h"
#include "base/err.h"
#include "base/log.h"
#include "loop/loop_ev.h"

enum { RESERVED_DESCRIPTORS = 16 }; /* stdio, loop, listener, signals, report, and a few to spare */

struct server {
    struct loop *loop;
    struct loop_handlers host_handlers;
    struct broker_host *host;
    struct loop_io signal_io;
    int signal_fd;
};

/* Signals come through the host's loop. */
static void on_io(void *context, struct loop_io *io, unsigned ready) {
    struct server *s = context;
    if (io == &s->signal_io)
        broker_host_stop(s->host);
    else
        s->host_handlers.io(s->host_handlers.context, io, ready);
}

static void on_timer(void *context, uint32_t token, instant deadline) {
    const struct server *s = context;
    s->host_handlers.timer(s->host_handlers.context, token, deadline);
}

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

static int signals_to_descriptor(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void say_ready(const struct broker_server_options *o, const struct address *at) {
    uint16_t port = ntohs(at->any.sa_family == AF_INET6 ? at->v6.sin6_port : at->v4.sin_port);
    char text[64];
    if (o->ready_fd >= 0) {
        if (dprintf(o->ready_fd, "%u\n", port) < 0)
            log_line(LOG_WARNING, "nobody reads the port that was asked for with ready_fd");
        close(o->ready_fd);
    }
    if (!o->quiet)
        log_line(LOG_INFO, "built-in MQTT broker (3.1.1, 5.0) listens on %s, for at most %u connections",
                 address_format(at, text, sizeof text), o->broker.limits.connections_max);
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
    broker_host_free(s->host);
    loop_close(s->loop);
    if (s->signal_fd >= 0)
        close(s->signal_fd);
}

static int prepare(struct server *s, const struct broker_server_options *o, struct address *at, char *why,
                   size_t why_size) {
    char text[64];
    *s = (struct server){.signal_fd = signals_to_descriptor()};
    int error = s->signal_fd < 0 ? ERR_IO : broker_host_new(&o->broker, &s->host);
    if (error == 0) {
        const struct loop_handlers handlers = {.context = s, .io = on_io, .timer = on_timer};
        s->host_handlers = broker_host_handlers(s->host);
        error = loop_ev_new(&handlers, BROKER_HOST_TOKENS, &s->loop);
    }
    if (error < 0) {
        snprintf(why, why_size, "cannot start the broker: %s", err_name(error));
        return error;
    }
    error = broker_host_listen(s->host, s->loop, TRANSPORT_TCP, NULL, &o->listen, at);
    if (error < 0)
        snprintf(why, why_size, "cannot listen on %s: %s", address_format(&o->listen, text, sizeof text),
                 strerror(errno));
    return error;
}

int broker_server_run(struct broker_server_options *o, char *why, size_t why_size) {
    struct server s;
    struct address at;
    uint32_t descriptors = raise_descriptor_limit();
    signal(SIGPIPE, SIG_IGN);
    o->broker.misbehave = &o->misbehave;
    if (o->broker.limits.connections_max == 0)
        o->broker.limits.connections_max =
            descriptors > 2 * RESERVED_DESCRIPTORS ? descriptors - RESERVED_DESCRIPTORS : descriptors;
    int result = prepare(&s, o, &at, why, why_size);
    if (result == 0) {
        const struct broker *broker = broker_host_broker(s.host);
        loop_watch(s.loop, &s.signal_io, s.signal_fd, LOOP_READ);
        say_ready(o, &at);
        loop_run(s.loop, INSTANT_NEVER);
        report(o, broker);
        if (!o->quiet)
            log_line(LOG_INFO, "built-in MQTT broker: %llu connections served, stopped",
                     (unsigned long long)broker_counts_of(broker)->opened);
    }
    release(&s);
    return result;
}
