#include "device/schedule.h"

#include "base/check.h"
#include "base/draw.h"
#include "base/hash.h"

enum { STREAM_SHIFT = 48 }; /* draws of one stream: n < 2^48 */

static const span gap_min = SPAN_US;
static const double period_max = 0x1p62;

struct schedule schedule_of(const struct fleet_group *group, unsigned stream, uint64_t seed, int64_t epoch_unix_ms) {
    CHECK(stream < group->telemetry_count);
    return (struct schedule){.every = &group->telemetry[stream].every,
                             .alignment = group->telemetry[stream].alignment,
                             .stream = (uint8_t)stream,
                             .seed = seed,
                             .epoch_unix_ms = epoch_unix_ms,
                             .telemetry = &group->telemetry[stream]};
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
    __int128 clock = (__int128)s->epoch_unix_ms * SPAN_MS + at;
    span past = (span)(clock % period);
    return past < 0 ? past + period : past;
}

static bool is_listed(const struct schedule *s) {
    return s->telemetry != NULL && s->telemetry->message_count > 0;
}

instant schedule_first(const struct schedule *s, uint32_t device, instant connect) {
    span period = period_of(s);
    if (connect != INSTANT_NEVER && is_listed(s))
        return instant_add(connect, s->telemetry->messages[0].at);
    if (connect != INSTANT_NEVER && s->telemetry != NULL && s->telemetry->has_first)
        return instant_add(connect, s->telemetry->first);
    if (connect == INSTANT_NEVER || period == 0)
        return connect;
    if (s->alignment == ALIGN_WALLCLOCK)
        return instant_add(connect, period - past_multiple(s, connect, period));
    uint64_t bits = draw_u64(s->seed, device, draw_stream_key(DRAW_TELEMETRY_PHASE), s->stream);
    return instant_add(connect, (span)draw_below(bits, (uint64_t)period));
}

/* The multiple after the one that `previous` belongs to, and the device's clock error around it. */
static instant next_aligned(const struct schedule *s, instant previous, span period, span drawn) {
    span past = past_multiple(s, previous, period);
    instant multiple = instant_add(previous, past < (period + 1) / 2 ? period - past : 2 * period - past);
    span limit = (period - 1) / 2, error = drawn - period;
    error = error < -limit ? -limit : error > limit ? limit : error;
    return instant_add(multiple, error);
}

instant schedule_next(const struct schedule *s, uint32_t device, uint64_t n, instant previous) {
    if (previous == INSTANT_NEVER)
        return INSTANT_NEVER;
    if (is_listed(s))
        return n < s->telemetry->message_count
                   ? instant_add(previous, s->telemetry->messages[n].at - s->telemetry->messages[n - 1].at)
                   : INSTANT_NEVER;
    span period = period_of(s), drawn = gap(s, device, n);
    instant next = s->alignment == ALIGN_WALLCLOCK && period > 1 ? next_aligned(s, previous, period, drawn)
                                                                 : instant_add(previous, drawn);
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
