/* What the values of a check are: their dimensions, whether they only grow, which way they get worse. */
#ifndef MUSTER_SCENARIO_EXPR_TYPE_H
#define MUSTER_SCENARIO_EXPR_TYPE_H

#include "scenario/expr.h"

const char *expr_type_name(expr_dimension d); /* "a duration", "devices", "a share" … */
/* The dimension of what a call gives. */
expr_dimension expr_type_of_call(const struct expr_call *c);

/* Gives every node its dimension, in place. ERR_MALFORMED and *error when two sides do not agree. */
int expr_type_check(struct expr *e, struct expr_error *error);

/* Does the value of that call never fall while a run goes on (so that a bound from above, once crossed, stays crossed)? */
bool expr_type_grows(const struct expr_call *c);
/* May the expression abort a run: does every call have a window, or grow and have a bound from above? Otherwise `why` says what is missing. */
bool expr_type_may_abort(const struct expr *e, char *why, size_t why_size);

enum expr_worst { EXPR_WORST_SMALLEST = -1, EXPR_WORST_EITHER = 0, EXPR_WORST_LARGEST = 1 };
/* For each call: which of its values is the worst one for the check. `worst` has room for EXPR_CALLS_MAX. */
void expr_type_worst(const struct expr *e, enum expr_worst *worst);

/* The duration that bounds the expression from above, when it is a literal and the other side is not about this tool; else 0. */
span expr_type_tightest_duration(const struct expr *e);

#endif
