/* Time: instants and spans, both int64 nanoseconds.
 *
 * An instant counts from t = 0, the start of a scenario's timeline (semantics: "An operation and its clocks"). Negative instants lie before the
 * timeline. A span is a difference of instants. Only loop/ reads a clock; everything else is told. */
#ifndef MUSTER_BASE_INSTANT_H
#define MUSTER_BASE_INSTANT_H

#include <stdint.h>

typedef int64_t instant;
typedef int64_t span;

#define SPAN_US  ((span)1000)
#define SPAN_MS  ((span)1000000)
#define SPAN_S   ((span)1000000000)
#define SPAN_MIN (60 * SPAN_S)
#define SPAN_H   (3600 * SPAN_S)
#define SPAN_DAY (86400 * SPAN_S)

#define INSTANT_NEVER INT64_MAX /* a deadline that does not come */

/* at + by, saturating at INSTANT_NEVER; `by` may be negative. INSTANT_NEVER plus anything stays never. */
static inline instant instant_add(instant at, span by) {
    instant sum;
    if (at == INSTANT_NEVER)
        return INSTANT_NEVER;
    if (__builtin_add_overflow(at, by, &sum))
        return by > 0 ? INSTANT_NEVER : INT64_MIN;
    return sum;
}

static inline instant instant_min(instant a, instant b) {
    return a < b ? a : b;
}
static inline instant instant_max(instant a, instant b) {
    return a > b ? a : b;
}
static inline double span_seconds(span s) {
    return (double)s / 1e9;
}
static inline double span_millis(span s) {
    return (double)s / 1e6;
}

/* Writes a span for people ("1.5ms", "250us", "3m41s", "2h05m"); returns `text`. `size` ≥ 24. */
char *instant_format_span(span s, char *text, unsigned size);

#endif
