#include "fleet/pace.h"

#include <time.h>

#include "base/err.h"
#include "fleet/control.h"
#include "fleet/virtual.h"
#include "fleet/worker.h"

static const span tick_length = 20 * SPAN_MS; /* how often control looks up */
static const span lead_time = 50 * SPAN_MS;   /* between telling workers and t = 0 */

static int64_t wall_ns(void) {
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (int64_t)wall.tv_sec * SPAN_S + wall.tv_nsec;
}

/* --- real time -------------------------------------------------------------------------------------------------------- */

static int real_start(struct control *c) {
    unsigned started = 0;
    while (started < c->worker_count && worker_start(&c->workers[started]) == 0)
        started++;
    if (started == c->worker_count)
        return 0;
    while (started > 0) {
        worker_tell(&c->workers[--started], WORKER_FINISH);
        pthread_join(c->workers[started].thread, NULL);
    }
    return ERR_IO;
}

static void real_choose_origin(struct control *c) {
    for (unsigned i = 0; i < c->worker_count; i++)
        while (!atomic_load_explicit(&c->workers[i].ready, memory_order_acquire))
            nanosleep(&(struct timespec){.tv_nsec = SPAN_MS}, NULL);
    int64_t unix_ns = wall_ns();
    int64_t lead = c->options->start_at_unix_ns > unix_ns ? c->options->start_at_unix_ns - unix_ns : lead_time;
    c->origin_ns = loop_clock_monotonic() + lead;
    c->start_unix_ns = unix_ns + lead;
}

static void real_begin(struct control *c) {
    control_tell(c, WORKER_RUN);
}

static instant real_now(const struct control *c) {
    return loop_clock_monotonic() - c->origin_ns;
}

static void real_wait(struct control *c, instant at) {
    span left = at - real_now(c);
    if (left > tick_length)
        left = tick_length;
    if (left > 0)
        nanosleep(&(struct timespec){.tv_sec = left / SPAN_S, .tv_nsec = left % SPAN_S}, NULL);
}

static void real_end(struct control *c) {
    control_tell(c, WORKER_FINISH);
    for (unsigned i = 0; i < c->worker_count; i++)
        pthread_join(c->workers[i].thread, NULL);
}

static int64_t real_unix_ns(const struct control *c, instant at) {
    (void)c;
    (void)at;
    return wall_ns();
}

const struct pace_ops pace_real = {
    .start = real_start,
    .choose_origin = real_choose_origin,
    .begin = real_begin,
    .now = real_now,
    .wait = real_wait,
    .end = real_end,
    .unix_ns = real_unix_ns,
    .collect_after = 150 * SPAN_MS,
    .measures_host = true,
};

/* --- simulated time --------------------------------------------------------------------------------------------------- */

static int virtual_start(struct control *c) {
    for (unsigned i = 0; i < c->worker_count; i++)
        worker_prepare(&c->workers[i]);
    return 0;
}

static void virtual_choose_origin(struct control *c) {
    c->origin_ns = 0;
    c->start_unix_ns = c->plan->epoch_unix_ms * SPAN_MS;
}

static void virtual_begin(struct control *c) {
    control_tell(c, WORKER_RUN);
    for (unsigned i = 0; i < c->worker_count; i++)
        worker_set_off(&c->workers[i]);
}

static instant virtual_now(const struct control *c) {
    return loop_world_now(c->world->world);
}

static void virtual_wait(struct control *c, instant at) {
    loop_world_run(c->world->world, at);
}

static void virtual_end(struct control *c) {
    control_tell(c, WORKER_FINISH);
    for (unsigned i = 0; i < c->worker_count; i++)
        worker_leave(&c->workers[i]);
}

static int64_t virtual_unix_ns(const struct control *c, instant at) {
    return c->start_unix_ns + at;
}

const struct pace_ops pace_virtual = {
    .start = virtual_start,
    .choose_origin = virtual_choose_origin,
    .begin = virtual_begin,
    .now = virtual_now,
    .wait = virtual_wait,
    .end = virtual_end,
    .unix_ns = virtual_unix_ns,
    .collect_after = 0,
    .measures_host = false,
};
