#include "device/schedule.h"

#include "base/check.h"
#include "base/draw.h"
#include "base/hash.h"
#include "device/daily.h"
#include "device/motion.h"
#include "device/power.h"

enum { STREAM_SHIFT = 48 }; /* draws of one stream: n < 2^48 */

static const span gap_min = SPAN_US;
static const double period_max = 0x1p62;

struct schedule schedule_of(const struct fleet_group *group, unsigned stream, uint64_t seed, int64_t epoch_unix_ms) {
    CHECK(stream < group->telemetry_count);
    const struct telemetry *t = &group->telemetry[stream];
    bool jitters = t->jitter.kind != DIST_CONSTANT;
    return (struct schedule){.every = &t->every,
                             .alignment = t->alignment,
                             .jitter = jitters ? &t->jitter : NULL,
                             .shape = t->shape.on ? &t->shape : NULL,
                             .motion = t->motion.trips > 0 ? &t->motion : NULL,
                             .stream = (uint8_t)stream,
                             .seed = seed,
                             .epoch_unix_ms = epoch_unix_ms,
                             .telemetry = t};
}

bool schedule_planned(const struct fleet_group *group, unsigned stream) {
    const struct telemetry *t = &group->telemetry[stream];
    bool boots_again = t->alignment == ALIGN_BOOT && group->power != NULL;
    return t->pace == PACE_OPEN && !group->profile->restart_on_connect && !power_paces(group->power) && !boots_again;
}

/* The mean gap. A pareto may have none: its median takes the place. */
static span period_of(const struct schedule *s) {
    double mean = dist_mean(s->every);
    if (!(mean < period_max))
        mean = dist_median(s->every);
    return mean < 1 ? 0 : mean < period_max ? (span)mean : (span)period_max;
}

/* A draw decides nothing about a gap that never varies, and costs more than the rest of it. */
static span gap(const struct schedule *s, uint32_t device, uint64_t n) {
    uint64_t key = (uint64_t)s->stream << STREAM_SHIFT | n, bits = 0;
    if (!dist_is_constant(s->every))
        bits = draw_u64(s->seed, device, draw_stream_key(DRAW_TELEMETRY_EVERY), key);
    span drawn = dist_sample_span(s->every, bits);
    return drawn > 0 ? drawn : 0;
}

/* How far `at` lies past a multiple of the period on the simulated clock: in [0, period). */
static span past_multiple(const struct schedule *s, instant at, span period) {
    __int128 clock = (__int128)s->epoch_unix_ms * SPAN_MS + at + clock_error(&s->clock, s->seed, at);
    span past = (span)(clock % period);
    return past < 0 ? past + period : past;
}

static bool is_listed(const struct schedule *s) {
    return s->telemetry != NULL && s->telemetry->message_count > 0;
}

/* How far message n lies from its place, less than a period away; the first one never before it. */
static span jitter(const struct schedule *s, uint32_t device, uint64_t n, span period) {
    if (s->jitter == NULL || period <= 1)
        return 0;
    uint64_t key = (uint64_t)s->stream << STREAM_SHIFT | n;
    span drawn = dist_sample_span(s->jitter, draw_u64(s->seed, device, draw_stream_key(DRAW_TELEMETRY_JITTER), key));
    bool both_sides = s->jitter->kind == DIST_NORMAL;
    span high = both_sides ? (period - 1) / 2 : period - 1, low = both_sides && n > 1 ? -high : 0;
    return drawn < low ? low : drawn > high ? high : drawn;
}

/* The simulated clock in ns, as daily.h and motion.h take it. */
static int64_t clock_of(const struct schedule *s, instant at) {
    return s->epoch_unix_ms * SPAN_MS + at;
}

static instant instant_of(const struct schedule *s, int64_t clock) {
    return clock == INT64_MAX ? INSTANT_NEVER : clock - s->epoch_unix_ms * SPAN_MS;
}

/* `gap` later if the thing is still on the same trip then, else when the next trip begins or it has stood for long. */
static instant moved(const struct schedule *s, uint32_t device, instant from, span gap) {
    int64_t clock = clock_of(s, from);
    struct motion_trip trip = motion_trip_at(s->motion, s->seed, device, clock);
    bool moves = trip.start <= clock && clock < trip.end;
    if (moves && gap < trip.end - clock)
        return instant_add(from, gap);
    instant next = instant_of(s, motion_next_start(s->motion, s->seed, device, clock));
    return instant_min(next, instant_add(from, s->motion->still));
}

/* `gap` after `from`, as the thing's day has it. */
static instant later(const struct schedule *s, uint32_t device, instant from, span gap) {
    if (s->motion != NULL)
        return moved(s, device, from, gap);
    if (s->shape != NULL)
        return instant_of(s, daily_after(s->shape, clock_of(s, from), (double)gap));
    return instant_add(from, gap);
}

instant schedule_first(const struct schedule *s, uint32_t device, instant connect) {
    span period = period_of(s);
    if (connect != INSTANT_NEVER && is_listed(s))
        return instant_add(connect, s->telemetry->messages[0].at);
    span off = jitter(s, device, 1, period);
    if (connect != INSTANT_NEVER && s->telemetry != NULL && s->telemetry->has_first)
        return instant_add(connect, s->telemetry->first + off);
    if (connect == INSTANT_NEVER || period == 0)
        return connect;
    if (s->alignment == ALIGN_WALLCLOCK)
        return instant_add(connect, period - past_multiple(s, connect, period) + off);
    if (s->alignment == ALIGN_BOOT)
        return instant_add(connect, off);
    uint64_t bits = draw_u64(s->seed, device, draw_stream_key(DRAW_TELEMETRY_PHASE), s->stream);
    return instant_add(later(s, device, connect, (span)draw_below(bits, (uint64_t)period)), off);
}

/* The multiple after the one that `previous` belongs to, and the device's clock error around it. */
static instant next_aligned(const struct schedule *s, instant previous, span period, span drawn) {
    span past = past_multiple(s, previous, period);
    instant multiple = instant_add(previous, past < (period + 1) / 2 ? period - past : 2 * period - past);
    span limit = (period - 1) / 2, error = drawn - period;
    error = error < -limit ? -limit : error > limit ? limit : error;
    return instant_add(multiple, error);
}

/* Message n was off its place by what was drawn for it; message n + 1 is off the next place by a draw of its own. */
static instant next_jittered(const struct schedule *s, uint32_t device, uint64_t n, instant previous, span period,
                             span drawn) {
    instant place = previous - jitter(s, device, n, period);
    if (s->alignment == ALIGN_WALLCLOCK)
        drawn = period - past_multiple(s, place, period);
    return instant_add(instant_add(place, drawn), jitter(s, device, n + 1, period));
}

instant schedule_next(const struct schedule *s, uint32_t device, uint64_t n, instant previous) {
    if (previous == INSTANT_NEVER)
        return INSTANT_NEVER;
    if (is_listed(s))
        return n < s->telemetry->message_count
                   ? instant_add(previous, s->telemetry->messages[n].at - s->telemetry->messages[n - 1].at)
                   : INSTANT_NEVER;
    span period = period_of(s), drawn = gap(s, device, n);
    instant next;
    if (s->jitter != NULL && period > 1)
        next = next_jittered(s, device, n, previous, period, drawn);
    else if (s->alignment == ALIGN_WALLCLOCK && period > 1)
        next = next_aligned(s, previous, period, drawn);
    else
        next = later(s, device, previous, drawn);
    return instant_max(next, instant_add(previous, gap_min));
}

span schedule_think(const struct schedule *s, uint32_t device, uint64_t n) {
    return gap(s, device, n);
}

uint64_t schedule_decision(uint32_t device, enum op_kind kind, unsigned stream, uint64_t n, instant intended,
                           uint64_t value) {
    uint64_t hash = hash_fold(device, (uint64_t)kind << 32 | stream);
    hash = hash_fold(hash, n);
    hash = hash_fold(hash, (uint64_t)intended);
    return hash_fold(hash, value);
}
