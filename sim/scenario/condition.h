/* Conditions on one device, as `when` and `where` have them: variable relop literal {and …}. */
#ifndef MUSTER_SCENARIO_CONDITION_H
#define MUSTER_SCENARIO_CONDITION_H

#include "device/action.h"
#include "scenario/expr.h"

/* ERR_MALFORMED and *error when it does not parse. */
int condition_parse(const char *text, struct predicate *out, struct expr_error *error);

#endif
