#include "device/signal_model.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/dist.h"
#include "base/draw.h"
#include "device/daily.h"
#include "device/motion.h"

/* Places in a signal's stream of draws besides its samples, which are numbered below 2^48. */
#define DRAW_OF_DEVICE (UINT64_C(1) << 62)
#define DRAW_OF_HOUR   (UINT64_C(1) << 63)
enum { BLOCK_SHIFT = 48, SPIKE_SDS = 10 };
static const double ln_2 = 0.6931471805599453, two_to_32 = 4294967296.0;

/* Two draws of 64 bits. */
struct pair {
    uint64_t first, second;
};

static struct pair pair_at(const struct signal *s, const struct signal_sample *at, uint64_t key) {
    struct draw128 b = draw_block(at->seed, at->device, s->stream, key);
    return (struct pair){(uint64_t)b.word[1] << 32 | b.word[0], (uint64_t)b.word[3] << 32 | b.word[2]};
}

static double normal(uint64_t bits) {
    return dist_normal_quantile(draw_unit(bits));
}

static double floor_of(double x) {
    double whole = x < 9e15 && x > -9e15 ? (double)(int64_t)x : x;
    return whole > x ? whole - 1 : whole;
}

static double quantised(double value, double lsb) {
    return lsb > 0 ? lsb * floor_of(value / lsb + 0.5) : value;
}

static span time_of_day(int64_t clock) {
    span past = clock % SPAN_DAY;
    return past < 0 ? past + SPAN_DAY : past;
}

/* --- analog --------------------------------------------------------------------------------------------------------- */

/* Without its noise. */
static double level(const struct signal *s, const struct signal_sample *at, int64_t clock) {
    const struct signal_analog *a = &s->of.analog;
    double mean = a->mean, turns = (double)(time_of_day(clock) - a->peak) / (double)SPAN_DAY;
    if (a->spread > 0)
        mean += a->spread * normal(pair_at(s, at, DRAW_OF_DEVICE).first);
    return a->amplitude > 0 ? mean + a->amplitude * dist_sine(turns + 0.25) : mean;
}

/* The noise moves on by `since`. */
static double noise(const struct signal_analog *a, span since, double z, double state) {
    if (since < 0 || a->memory <= 0)
        return a->sd * z;
    double keep = dist_exp(-(double)since / (double)a->memory);
    return keep * state + a->sd * sqrt(1 - keep * keep) * z;
}

static double analog(const struct signal *s, const struct signal_sample *at, double *state) {
    const struct signal_analog *a = &s->of.analog;
    struct pair p = pair_at(s, at, at->n);
    *state = noise(a, at->since, normal(p.first), *state);
    double value = level(s, at, at->clock) + *state;
    if (a->stuck > 0) {
        int64_t hour = at->clock / SPAN_H;
        struct pair fate = pair_at(s, at, DRAW_OF_HOUR | (uint64_t)hour);
        if (draw_unit(fate.first) < a->stuck)
            value = level(s, at, hour * SPAN_H) + a->sd * normal(fate.second);
    }
    if ((double)(uint32_t)p.second < a->gap * two_to_32)
        return (double)NAN;
    double fate = (double)(p.second >> 32);
    if (fate < a->spike * two_to_32) {
        double unit = a->sd > 0 ? a->sd : a->lsb > 0 ? a->lsb : a->amplitude;
        value += fate < a->spike / 2 * two_to_32 ? SPIKE_SDS * unit : -SPIKE_SDS * unit;
    }
    return quantised(value, a->lsb);
}

/* --- meter ---------------------------------------------------------------------------------------------------------- */

/* What so many events add: exponential amounts, one by one while they are few. */
static double amount(const struct signal *s, const struct signal_sample *at, uint32_t events) {
    const struct signal_meter *m = &s->of.meter;
    double sum = 0;
    if (events > DIST_POISSON_EXACT) {
        double z = normal(pair_at(s, at, at->n | UINT64_C(1) << BLOCK_SHIFT).first);
        sum = m->size * (events + sqrt((double)events) * z);
        return sum > 0 ? sum : 0;
    }
    for (uint32_t i = 0; i < events; i += 2) {
        struct pair p = pair_at(s, at, at->n | (uint64_t)(i / 2 + 1) << BLOCK_SHIFT);
        sum -= m->size * dist_ln(draw_unit(p.first));
        if (i + 1 < events)
            sum -= m->size * dist_ln(draw_unit(p.second));
    }
    return sum;
}

static double meter(const struct signal *s, const struct signal_sample *at, double *state) {
    const struct signal_meter *m = &s->of.meter;
    span since = at->since < 0 ? at->clock - at->begin : at->since;
    if (at->since < 0 && m->spread > 0)
        *state += m->spread * draw_unit(pair_at(s, at, DRAW_OF_DEVICE).first);
    struct pair p = pair_at(s, at, at->n);
    double time = since <= 0 ? 0 : m->daily.on ? daily_between(&m->daily, at->clock - since, at->clock) : (double)since;
    if (m->swap > 0 && draw_unit(p.second) < 1 - dist_exp(-(double)since / (double)m->swap))
        *state = 0;
    *state += amount(s, at, dist_poisson(m->per_day * time / (double)SPAN_DAY, p.first));
    if (m->max > 0 && *state >= m->max)
        *state -= m->max * floor_of(*state / m->max);
    return m->lsb > 0 ? m->lsb * floor_of(*state / m->lsb) : *state;
}

/* --- position ------------------------------------------------------------------------------------------------------- */

/* Metres from the centre, and metres per second: as they stand in the 8 bytes of state. */
struct place {
    float x, v;
};

static struct place unpack(const double *state) {
    struct place p;
    memcpy(&p, state, sizeof p);
    return p;
}

static void pack(struct place p, double *state) {
    _Static_assert(sizeof p == sizeof *state, "a place is kept in a double's bytes");
    memcpy(state, &p, sizeof *state);
}

/* Folds x into ±reach as walls do; a fold turns the speed around. */
static void fold(double reach, double *x, double *v) {
    double y = *x + reach, width = 4 * reach;
    y -= width * floor_of(y / width);
    if (y > 2 * reach) {
        y = width - y;
        *v = -*v;
    }
    *x = y - reach;
}

/* Speed and the way made in `seconds`, jointly normal given the speed before (an Ornstein–Uhlenbeck process and its integral). */
static void drive(const struct signal_position *p, double seconds, double z1, double z2, double *x, double *v) {
    double memory = (double)p->memory / (double)SPAN_S, keep = dist_exp(-seconds / memory);
    double sd_v = p->speed * sqrt(1 - keep * keep);
    double way = p->speed * p->speed * memory * memory * (2 * seconds / memory - 3 + 4 * keep - keep * keep);
    double both = p->speed * p->speed * memory * (1 - keep) * (1 - keep);
    double before = *v, along = sd_v > 0 ? both / sd_v : 0, rest = way - along * along;
    *v = keep * before + sd_v * z1;
    *x += memory * (1 - keep) * before + along * z1 + (rest > 0 ? sqrt(rest) * z2 : 0);
}

static double position(const struct signal *s, const struct signal_sample *at, double *state) {
    const struct signal_position *p = &s->of.position;
    struct place place = unpack(state);
    struct pair z = pair_at(s, at, at->n);
    double x, v;
    if (at->since < 0) {
        struct pair begin = pair_at(s, at, DRAW_OF_DEVICE);
        x = p->reach * (2 * draw_unit(begin.first) - 1);
        v = p->speed * normal(begin.second);
    } else {
        x = (double)place.x;
        v = (double)place.v;
        span moving = at->motion == NULL
                          ? at->since
                          : motion_between(at->motion, at->seed, at->device, at->clock - at->since, at->clock);
        if (moving > 0)
            drive(p, (double)moving / (double)SPAN_S, normal(z.first), normal(z.second), &x, &v);
    }
    fold(p->reach, &x, &v);
    place = (struct place){(float)x, (float)v};
    pack(place, state);
    x = (double)place.x; /* what is shown is what is kept */
    if (p->fix > 0)
        x += p->fix * normal(pair_at(s, at, at->n | UINT64_C(1) << BLOCK_SHIFT).first);
    return p->centre + x / p->scale;
}

/* --- vibration and trace -------------------------------------------------------------------------------------------- */

static bool in_shift(const struct signal_vibration *v, int64_t clock) {
    if (v->from == v->to)
        return true;
    static const struct daily weekdays = {.weekend = 0}; /* rate 0 on Saturday and Sunday */
    span at = time_of_day(clock);
    bool hours = v->from < v->to ? at >= v->from && at < v->to : at >= v->from || at < v->to;
    return hours && daily_rate(&weekdays, clock) > 0;
}

static double vibration(const struct signal *s, const struct signal_sample *at) {
    const struct signal_vibration *v = &s->of.vibration;
    double value = v->idle;
    if (in_shift(v, at->clock)) {
        value = v->base;
        double onset = -(double)v->onset * dist_ln(draw_unit(pair_at(s, at, DRAW_OF_DEVICE).first));
        double age = (double)(at->clock - at->begin) - onset;
        if (v->onset > 0 && age > 0)
            value *= dist_exp(ln_2 * age / (double)v->doubling);
    }
    value *= 1 + v->sd * normal(pair_at(s, at, at->n).first);
    return value > 0 ? value : 0;
}

static double trace(const struct signal *s, const struct signal_sample *at) {
    const struct signal_trace *t = &s->of.trace;
    CHECK(t->count > 0);
    double length = t->seconds[t->count - 1], now = (double)(at->clock - at->begin) / (double)SPAN_S;
    if (t->count == 1 || length <= 0)
        return t->values[0];
    if (t->shuffle > 0)
        now += t->shuffle * length * draw_unit(pair_at(s, at, DRAW_OF_DEVICE).first);
    now -= length * floor_of(now / length);
    unsigned low = 0, high = t->count - 1;
    while (high - low > 1) {
        unsigned middle = low + (high - low) / 2;
        if (t->seconds[middle] <= now)
            low = middle;
        else
            high = middle;
    }
    if (t->steps)
        return t->values[low];
    double part = (now - t->seconds[low]) / (t->seconds[high] - t->seconds[low]);
    return t->values[low] + part * (t->values[high] - t->values[low]);
}

double signal_model(const struct signal *s, const struct signal_sample *at, double *state) {
    switch (s->kind) {
    case SIGNAL_ANALOG:
        return analog(s, at, state);
    case SIGNAL_METER:
        return meter(s, at, state);
    case SIGNAL_POSITION:
        return position(s, at, state);
    case SIGNAL_VIBRATION:
        return vibration(s, at);
    case SIGNAL_TRACE:
        return trace(s, at);
    default:
        CHECK(!"a kind of signal with a model");
    }
}
