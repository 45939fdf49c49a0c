#include "loop/loop.h"

#include <time.h>

#include "base/check.h"

int loop_init(struct loop *loop, const struct loop_ops *ops, const struct loop_handlers *handlers, uint32_t tokens) {
    *loop = (struct loop){.ops = ops, .handlers = *handlers};
    return timers_init(&loop->timers, tokens);
}

void loop_fire(struct loop *loop) {
    uint32_t token;
    instant deadline;
    for (int fired = 0; fired < LOOP_TIMERS_PER_TURN && !loop->stopping; fired++) {
        if (!timers_pop(&loop->timers, loop->now, &token, &deadline))
            return;
        loop_refresh(loop);
        loop->handlers.timer(loop->handlers.context, token, deadline);
    }
}

int64_t loop_clock_monotonic(void) {
    struct timespec at;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
    return (int64_t)at.tv_sec * SPAN_S + at.tv_nsec;
}

void loop_set_origin(struct loop *loop, int64_t monotonic_ns) {
    loop->origin_ns = monotonic_ns;
    loop_refresh(loop);
}

bool loop_owns_descriptor(const struct loop *loop, int fd) {
    for (unsigned i = 0; i < loop->descriptor_count; i++)
        if (loop->descriptors[i] == fd)
            return true;
    return false;
}
