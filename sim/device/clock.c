#include "device/clock.h"

#include "base/dist.h"
#include "base/draw.h"

static const double million = 1e6;

static span drift(const struct clock_view *c, uint64_t seed, instant at) {
    const struct clock_model *m = c->model;
    if (m == NULL || !(m->drift_ppm > 0) || at <= 0)
        return 0;
    span since = m->sync > 0 ? at % m->sync : at;
    double z = dist_normal_quantile(draw_unit(draw_u64(seed, c->device, draw_stream_key(DRAW_CLOCK_DRIFT), 0)));
    return (span)((double)since * (z * m->drift_ppm / million));
}

span clock_error(const struct clock_view *c, uint64_t seed, instant at) {
    span error = drift(c, seed, at);
    for (unsigned i = 0; i < c->action_count; i++) {
        const struct action *a = &c->actions[i];
        if (a->verb != DO_CLOCK_SKEW || !action_selects(a, c->device))
            continue;
        instant start = action_start(a, seed, c->device);
        if (start <= at && at < action_end(a, seed, c->device, start, 0))
            error += a->skew;
    }
    return error;
}

int64_t clock_shows(const struct clock_view *c, uint64_t seed, int64_t unix_ms, instant at, uint32_t connects) {
    if (c->model != NULL && c->model->cold_boot && connects == 0)
        return at > 0 ? at / SPAN_MS : 0;
    return unix_ms + clock_error(c, seed, at) / SPAN_MS;
}
