#include "backend/observer_health.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

void observer_health_init(struct observer_health *h) {
    *h = (struct observer_health){.fd = -1};
}

void observer_health_free(struct observer_health *h) {
    if (h->fd >= 0)
        close(h->fd);
    h->fd = -1;
}

/* Each thread has a file of its own, and the client library may begin a new thread with a new connection. */
static void follow_thread(struct observer_health *h) {
    pid_t self = gettid();
    if (h->thread == self)
        return;
    observer_health_free(h);
    h->thread = self;
    h->fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    h->begun = false;
}

static struct observer_health_times times_now(const struct observer_health *h) {
    struct observer_health_times t = {0, 0};
    struct timespec ran;
    char text[96];
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ran);
    t.ran_ns = (int64_t)ran.tv_sec * SPAN_S + ran.tv_nsec;
    ssize_t size = h->fd < 0 ? -1 : pread(h->fd, text, sizeof text - 1, 0);
    unsigned long long first, waited;
    if (size > 0) {
        text[size] = '\0';
        if (sscanf(text, "%llu %llu", &first, &waited) == 2)
            t.waited_ns = (int64_t)waited;
    }
    return t;
}

bool observer_health_due(const struct observer_health *h, int64_t now_ns) {
    return !h->begun || now_ns - h->last_ns >= OBSERVER_HEALTH_PAUSE || now_ns - h->read_ns >= OBSERVER_HEALTH_INTERVAL;
}

static void begin(struct observer_health *h, int64_t now_ns, struct observer_health_times now) {
    h->begun = true;
    h->read_ns = h->window_ns = now_ns;
    h->read = h->window = now;
}

/* True when the window is over and the thread ran or waited nearly all of it. */
static bool could_not_keep_up(struct observer_health *h, int64_t now_ns, struct observer_health_times now,
                              int64_t *from_ns) {
    int64_t length = now_ns - h->window_ns;
    if (length < OBSERVER_HEALTH_WINDOW)
        return false;
    int64_t wanted = now.ran_ns - h->window.ran_ns + now.waited_ns - h->window.waited_ns;
    *from_ns = h->window_ns;
    h->window_ns = now_ns;
    h->window = now;
    return (double)wanted >= OBSERVER_HEALTH_BUSY * (double)length;
}

bool observer_health_judge(struct observer_health *h, int64_t now_ns, struct observer_health_times now,
                           int64_t *from_ns) {
    if (!h->begun) {
        begin(h, now_ns, now);
        return false;
    }
    int64_t waited = now.waited_ns - h->read.waited_ns, since = now_ns - h->read_ns;
    int64_t pause = now_ns - h->last_ns;
    bool stalled = false;
    if (pause >= OBSERVER_HEALTH_PAUSE && waited >= OBSERVER_HEALTH_WAITED) {
        *from_ns = now_ns - (waited < pause ? waited : pause); /* before that it had nothing to do */
        stalled = true;
    } else if (waited >= OBSERVER_HEALTH_WAITED && waited * 2 >= since) {
        *from_ns = h->read_ns;
        stalled = true;
    }
    h->read_ns = now_ns;
    h->read = now;
    int64_t window_from;
    if (could_not_keep_up(h, now_ns, now, &window_from)) {
        *from_ns = window_from;
        stalled = true;
    }
    return stalled;
}

bool observer_health_look(struct observer_health *h, int64_t now_ns, int64_t *from_ns) {
    follow_thread(h);
    bool stalled = observer_health_due(h, now_ns) && observer_health_judge(h, now_ns, times_now(h), from_ns);
    h->last_ns = now_ns;
    return stalled;
}
