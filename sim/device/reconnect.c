#include "device/reconnect.h"

#include "base/check.h"
#include "base/draw.h"

/* No back-off is longer: further multiplying would only leave the range of a span. */
static const double delay_max = 366.0 * (double)SPAN_DAY;

static span capped(const struct reconnect *r, double delay) {
    if (r->max > 0 && delay > (double)r->max)
        return r->max;
    return (span)(delay < delay_max ? delay : delay_max);
}

/* The policy's delay before jitter. */
static span plain_delay(const struct reconnect *r, uint32_t failures) {
    double delay = (double)r->first;
    switch (r->policy) {
    case RECONNECT_FIXED:
        return r->first;
    case RECONNECT_QUADRATIC:
        delay *= ((double)failures + 1) * ((double)failures + 1);
        break;
    case RECONNECT_EXPONENTIAL:
        /* by steps and not by pow: its last digit differs between machines */
        for (uint32_t i = 0; i < failures && delay < delay_max && delay > 0 && r->factor != 1; i++)
            delay *= r->factor;
        break;
    case RECONNECT_NEVER:
        CHECK(!"a policy with delays");
    }
    return capped(r, delay);
}

/* Uniform in [low, high). */
static span between(span low, span high, uint64_t bits) {
    return high > low ? low + (span)draw_below(bits, (uint64_t)(high - low)) : low;
}

static span with_jitter(const struct reconnect *r, uint32_t failures, uint64_t bits, span previous) {
    if (r->jitter == JITTER_DECORRELATED) {
        span last = previous > 0 ? previous : r->first;
        double high = 3 * (double)last;
        return capped(r, (double)between(r->first, (span)(high < delay_max ? high : delay_max), bits));
    }
    span delay = plain_delay(r, failures);
    switch (r->jitter) {
    case JITTER_FULL:
        return between(0, delay, bits);
    case JITTER_EQUAL:
        return between(delay / 2, delay, bits);
    default:
        return delay;
    }
}

span reconnect_delay(const struct reconnect *r, uint64_t seed, uint32_t device, uint32_t failures, uint64_t attempt,
                     span *previous) {
    if (r->policy == RECONNECT_NEVER || (r->attempts > 0 && failures >= r->attempts))
        return INSTANT_NEVER;
    uint64_t bits = draw_u64(seed, device, draw_stream_key(DRAW_RECONNECT_JITTER), attempt);
    span delay = *previous = with_jitter(r, failures, bits, failures > 0 ? *previous : 0);
    if (failures == 0)
        delay += between(0, r->spread, draw_u64(seed, device, draw_stream_key(DRAW_RECONNECT_SPREAD), attempt));
    return delay;
}

uint32_t reconnect_failures_after(const struct reconnect *r, uint32_t failures, span online) {
    return online >= r->reset_after ? 0 : failures;
}
