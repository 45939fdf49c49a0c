#include "device/signal.h"

#include <math.h>

#include "base/check.h"
#include "base/dist.h"
#include "base/draw.h"
#include "device/signal_model.h"

static double clamp(double value, double min, double max) {
    return value < min ? min : value > max ? max : value;
}

/* What goes past a wall comes back by as much; a step wider than the room ends at the wall. */
static double reflect(double value, double min, double max) {
    if (value > max)
        value = max - (value - max);
    else if (value < min)
        value = min + (min - value);
    return clamp(value, min, max);
}

static double sine(const struct signal *s, int64_t clock) {
    CHECK(s->period > 0);
    double turns =
        (double)(clock % s->period) / (double)s->period; /* the remainder is exact, a quotient of 10^18 is not */
    return s->mean + s->amplitude * dist_sine(turns + s->phase_turns);
}

static double choice(const struct signal *s, uint64_t bits) {
    uint64_t place = draw_below(bits, s->weight_sum);
    unsigned i = 0;
    while (i + 1 < s->word_count && place >= s->weights[i])
        place -= s->weights[i++];
    return i;
}

span signal_since(instant *sampled, instant at) {
    if (sampled == NULL)
        return -1;
    span since = *sampled == INSTANT_NEVER ? -1 : at - *sampled;
    *sampled = at;
    return since;
}

const struct motion *signal_motion(const struct fleet_group *g) {
    for (unsigned i = 0; i < g->telemetry_count; i++)
        if (g->telemetry[i].motion.trips > 0)
            return &g->telemetry[i].motion;
    return NULL;
}

bool signal_evolves(const struct signal *s) {
    return s->kind == SIGNAL_ANALOG || s->kind == SIGNAL_METER || s->kind == SIGNAL_POSITION;
}

double signal_begin(const struct signal *s) {
    return s->start;
}

double signal_advance(const struct signal *s, const struct signal_sample *at, double *state) {
    if (s->kind == SIGNAL_CONSTANT)
        return s->start;
    if (s->kind >= SIGNAL_ANALOG)
        return signal_model(s, at, state);
    if (s->kind == SIGNAL_SINE)
        return sine(s, at->clock);
    double value = *state;
    if (s->kind == SIGNAL_COUNTER) {
        double next = value + s->step;
        *state = s->max > 0 ? fmod(next, s->max) : next;
        return value;
    }
    uint64_t bits = draw_u64(at->seed, at->device, s->stream, at->n);
    switch (s->kind) {
    case SIGNAL_WALK:
        *state = reflect(value + s->step * (2 * draw_unit(bits) - 1), s->min, s->max);
        return value;
    case SIGNAL_UNIFORM:
        return s->min + (s->max - s->min) * draw_unit(bits);
    case SIGNAL_NORMAL:
        return clamp(s->start + s->step * dist_normal_quantile(draw_unit(bits)), s->min, s->max);
    case SIGNAL_CHOICE:
        return choice(s, bits);
    default:
        CHECK(!"a kind of signal");
    }
}
