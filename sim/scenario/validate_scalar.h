/* One scalar against one row of the schema. */
#ifndef MUSTER_SCENARIO_VALIDATE_SCALAR_H
#define MUSTER_SCENARIO_VALIDATE_SCALAR_H

#include "scenario/diagnostic.h"
#include "scenario/node.h"
#include "scenario/schema.h"

/* Where a scalar stands: what messages need to name it and templates to know their signals. */
struct validate_place {
    const char *key;          /* "every"; NULL in a list */
    const struct node *fleet; /* the fleet around it, or NULL */
};

/* Adds what is wrong with the scalar `n`, which is not empty. */
void validate_scalar(const struct node *n, const struct schema_row *row, const struct validate_place *place,
                     struct diagnostic_list *list);

#endif
