/* What one call of a check has to do with a result: which groups, segments, QoS … it covers, and the numbers found there. */
#ifndef MUSTER_SCENARIO_MEASURE_H
#define MUSTER_SCENARIO_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "metrics/histogram.h"
#include "metrics/result.h"
#include "scenario/expr.h"
#include "scenario/plan.h"

/* A call with its names resolved against a plan. */
struct measure_scope {
    const struct expr_call *call;
    const struct plan *plan;
    bool *groups; /* [plan->group_count] that the labels select */
    unsigned first_segment, end_segment;
    instant from, to;                        /* the same stretch in time; INT64_MIN and INSTANT_NEVER without a bound */
    uint8_t excluded_bit;                    /* of cell_key.excluded; 0: none */
    const struct excluded_set *excluded_set; /* NULL: none */
};

/* Parts in a whole. For timings `whole` counts answered and unanswered operations, and `samples` holds them. */
struct measure {
    uint64_t part, whole;
    struct histogram *samples; /* lent by the caller for timings, else NULL */
};

/* Fills *s; free with measure_scope_free. The names of the call exist (scenario/checks.h has seen to it). */
void measure_scope_of(const struct expr_call *call, const struct check *check, const struct plan *plan,
                      struct measure_scope *s);
void measure_scope_free(struct measure_scope *s);

bool measure_is_timing(const struct expr_call *c); /* needs `samples` */
bool measure_is_gauge(const struct expr_call *c);

/* Adds what `r` has for a call that is no gauge. */
void measure_add(const struct measure_scope *s, const struct result *r, struct measure *m);

/* The value of a call. Shares are kept as whole numbers, part in whole, too. */
struct measure_value {
    bool known;
    double value; /* base unit; INFINITY: unanswered, or never */
    bool exact;   /* value == part / whole */
    int64_t part, whole;
};
struct measure_value measure_number(double value);
struct measure_value measure_share(uint64_t part, uint64_t whole); /* unknown when `whole` is 0 */
/* −1, 0, 1; exact when both are. Both known. */
int measure_compare(const struct measure_value *a, const struct measure_value *b);

/* Does the call judge messages by the audit? Then also how many the audit judged in its scope, and how many fell out of it. */
bool measure_audit(const struct measure_scope *s, const struct result *r, uint64_t *audited, uint64_t *excluded);

/* The call's function over what was counted; `length`: of the scope or window, for rates. Unknown without samples. */
struct measure_value measure_value_of(const struct expr_call *c, const struct measure *m, span length);

/* Devices of the selected groups in the gauge's state, and all devices of these groups. */
struct measure_devices {
    uint64_t in_state, all;
};
struct measure_devices measure_devices_of(const struct measure_scope *s, const struct gauge_row *row);
/* Does the gauge's stretch of time hold that row? The bounds of time_to are the caller's. */
bool measure_covers_row(const struct measure_scope *s, instant at);

#endif
