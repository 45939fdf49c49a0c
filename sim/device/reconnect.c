#include "device/reconnect.h"

#include <string.h>

#include "base/check.h"
#include "base/draw.h"

/* Doubling from 1 s to 128 s, by which the rules of the literature are compared. */
#define DOUBLING .policy = RECONNECT_EXPONENTIAL, .first = SPAN_S, .max = 128 * SPAN_S, .factor = 2

const struct reconnect_personality reconnect_personalities[] = {
    {"fixed-1s",
     "1 s for ever",
     {.policy = RECONNECT_FIXED, .jitter = JITTER_NONE, .first = SPAN_S, .factor = 2},
     "libmosquitto's default, lib/loop.c"},
    {"fixed-10s",
     "10 s for ever",
     {.policy = RECONNECT_FIXED, .jitter = JITTER_NONE, .first = 10 * SPAN_S, .factor = 2},
     "esp-mqtt's default, mqtt_config.h"},
    {"quadratic-30s",
     "1, 4, 9, 16, 25, then 30 s",
     {.policy = RECONNECT_QUADRATIC, .jitter = JITTER_NONE, .first = SPAN_S, .max = 30 * SPAN_S, .factor = 2},
     "what libmosquitto computes for its exponential back-off, lib/loop.c; the longest wait is assumed"},
    {"expo",
     "1, 2, 4 … 128 s without jitter; 20 s online set it back",
     {DOUBLING, .jitter = JITTER_NONE, .reset_after = 20 * SPAN_S},
     "AWS SDK for iOS, AWSIoTMQTTConfiguration"},
    {"full-jitter",
     "U(0, min(128 s, 1 s · 2^n))",
     {DOUBLING, .jitter = JITTER_FULL},
     "aws-arch-backoff-simulator; 1 s and 128 s as in the AWS SDK for Embedded C, which leaves it to the application "
     "after 4 "
     "attempts"},
    {"equal-jitter",
     "v/2 + U(0, v/2), v = min(128 s, 1 s · 2^n)",
     {DOUBLING, .jitter = JITTER_EQUAL},
     "aws-arch-backoff-simulator; the times are assumed"},
    {"decorrelated",
     "min(128 s, U(1 s, 3 · the last wait))",
     {DOUBLING, .jitter = JITTER_DECORRELATED},
     "aws-arch-backoff-simulator; the times are assumed"},
    {"minus10",
     "at once after a loss, then 128 ms doubling to 60 s, less up to 10 %",
     {.policy = RECONNECT_EXPONENTIAL,
      .jitter = JITTER_TENTH,
      .first = 128 * SPAN_MS,
      .max = 60 * SPAN_S,
      .factor = 2,
      .at_once = true},
     "Azure IoT Operations SDK for Rust, reconnect_policy.rs"},
    {"step-60",
     "three waits each of 1, 2, 4, 8, 16 and 30 min, then it gives up",
     {.policy = RECONNECT_EXPONENTIAL,
      .jitter = JITTER_NONE,
      .first = 60 * SPAN_S,
      .max = 30 * SPAN_MIN,
      .factor = 2,
      .repeat = 3,
      .attempts = 18},
     "Mender's client; 30 min is its poll interval"},
    {.name = NULL},
};

const struct reconnect_personality *reconnect_personality(const char *name) {
    for (const struct reconnect_personality *p = reconnect_personalities; name != NULL && p->name != NULL; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

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
        for (uint32_t i = 0;
             i < failures / (r->repeat > 0 ? r->repeat : 1) && delay < delay_max && delay > 0 && r->factor != 1; i++)
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
    case JITTER_TENTH:
        return between(delay - delay / 10, delay, bits);
    default:
        return delay;
    }
}

span reconnect_delay(const struct reconnect *r, uint64_t seed, uint32_t device, uint32_t failures, uint64_t attempt,
                     span *previous) {
    if (r->policy == RECONNECT_NEVER || (r->attempts > 0 && failures >= r->attempts))
        return INSTANT_NEVER;
    uint64_t bits = draw_u64(seed, device, draw_stream_key(DRAW_RECONNECT_JITTER), attempt);
    uint32_t n = r->at_once && failures > 0 ? failures - 1 : failures;
    bool waits = failures > 0 || !r->at_once;
    span delay = *previous = waits ? with_jitter(r, n, bits, n > 0 ? *previous : 0) : 0;
    if (failures == 0)
        delay += between(0, r->spread, draw_u64(seed, device, draw_stream_key(DRAW_RECONNECT_SPREAD), attempt));
    return delay;
}

uint32_t reconnect_failures_after(const struct reconnect *r, uint32_t failures, span online) {
    return online >= r->reset_after ? 0 : failures;
}
