#include "fleet/reach.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "loop/loop.h"
#include "transport/guard.h"

enum { ROUND_MS = 5000, NODES_MAX = 256, PAUSE_MS = 250 };

/* Begins a connect; −1 with errno set when it fails at once. */
static int begin(const struct address *to) {
    int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, &to->any, address_size(to)) == 0 || errno == EINPROGRESS)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int outcome(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        error = errno;
    return error;
}

struct round {
    struct pollfd polled[NODES_MAX];
    unsigned count;
    int last_error;
    const struct address *last_node;
};

static void begin_all(const struct plan *plan, struct round *r) {
    for (unsigned t = 0; t < plan->target_count; t++)
        for (unsigned n = 0; n < plan->targets[t].node_count && r->count < NODES_MAX; n++) {
            const struct address *node = &plan->targets[t].nodes[n];
            if (!guard_limits_permit(&plan->safety, node))
                continue;
            int fd = begin(node);
            r->last_node = node;
            if (fd < 0)
                r->last_error = errno;
            else
                r->polled[r->count++] = (struct pollfd){.fd = fd, .events = POLLOUT};
        }
}

/* True when a node accepted; failed ones are closed. */
static bool one_is_up(struct round *r, int timeout_ms) {
    if (poll(r->polled, r->count, timeout_ms) <= 0)
        return false;
    for (unsigned i = 0; i < r->count;) {
        if (r->polled[i].revents == 0) {
            i++;
            continue;
        }
        int error = outcome(r->polled[i].fd);
        if (error == 0)
            return true;
        r->last_error = error;
        close(r->polled[i].fd);
        r->polled[i] = r->polled[--r->count];
    }
    return false;
}

static bool interrupted(volatile const int *signals) {
    return signals != NULL && *signals > 0;
}

static bool try_round(const struct plan *plan, volatile const int *signals, struct round *r) {
    *r = (struct round){.last_error = ETIMEDOUT};
    begin_all(plan, r);
    int64_t end = loop_clock_monotonic() + (int64_t)ROUND_MS * SPAN_MS;
    bool up = false;
    while (!up && r->count > 0 && !interrupted(signals)) {
        int64_t left = (end - loop_clock_monotonic()) / SPAN_MS;
        if (left <= 0)
            break;
        up = one_is_up(r, (int)left);
    }
    for (unsigned i = 0; i < r->count; i++)
        close(r->polled[i].fd);
    return up;
}

static void rest(void) {
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * SPAN_MS}, NULL);
}

bool reach_name(const char *url, span wait, volatile const int *signals) {
    int64_t end = loop_clock_monotonic() + wait;
    struct url parts;
    struct address found;
    unsigned count;
    char why[256];
    if (url_parse(url, &parts, why, sizeof why) < 0)
        return false;
    while (address_resolve(parts.host, parts.port, &found, 1, &count, why, sizeof why) < 0) {
        if (interrupted(signals) || loop_clock_monotonic() >= end)
            return false;
        rest();
    }
    return true;
}

int reach_targets(const struct plan *plan, span wait, volatile const int *signals, char *why, size_t why_size) {
    int64_t end = loop_clock_monotonic() + wait;
    struct round r;
    while (!try_round(plan, signals, &r)) {
        if (interrupted(signals)) {
            snprintf(why, why_size, "interrupted before the target answered");
            return ERR_CLOSED;
        }
        if (r.last_node == NULL) {
            snprintf(why, why_size, "no address of the target is allowed; add it to 'safety: {allow: [...]}'");
            return ERR_DENIED;
        }
        if (loop_clock_monotonic() >= end) {
            char text[64];
            snprintf(why, why_size, "nobody answers at %s: %s%s", address_format(r.last_node, text, sizeof text),
                     strerror(r.last_error), plan->target_count > 1 ? " (and no other node answers)" : "");
            return ERR_UNREACHABLE;
        }
        rest();
    }
    return 0;
}

static bool answers(const struct address *node) {
    int fd = begin(node);
    if (fd < 0)
        return false;
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    bool up = poll(&polled, 1, ROUND_MS) > 0 && outcome(fd) == 0;
    close(fd);
    return up;
}

void reach_choose_family(struct target *target) {
    struct url url;
    char ignored[128];
    bool two_families = target->node_count == 2 && target->nodes[0].any.sa_family != target->nodes[1].any.sa_family &&
                        url_parse(target->url, &url, ignored, sizeof ignored) == 0 &&
                        strcmp(url.host, "localhost") == 0;
    if (!two_families)
        return;
    bool first = answers(&target->nodes[0]), second = answers(&target->nodes[1]);
    if (first == second)
        return;
    if (second)
        target->nodes[0] = target->nodes[1];
    target->node_count = 1;
}
