/* ${vars.x} and ${env.X:-default} in scalars, replaced once at load. Everything else in ${…} is left for templates; "$${" stays as
 * it is. A replaced text is never parsed again: no variable can create structure, and what comes from the environment cannot
 * bring a template of its own. */
#ifndef MUSTER_SCENARIO_VARIABLES_H
#define MUSTER_SCENARIO_VARIABLES_H

#include "scenario/load.h"

enum { VARIABLES_NESTING_MAX = 8, VARIABLES_TEXT_MAX = 64 << 10, VARIABLES_TOTAL_MAX = 4 << 20 };

/* Replaces in every scalar of `tree`; `vars` is the scenario's map of variables (NULL: none), which variables_settle has made ready. Scalars that name a secret get
 * their mark of it. */
void variables_replace(struct node *tree, const struct node *vars, const struct load_options *options,
                       struct diagnostic_list *list);
/* Replaces variables in the values of variables, until none is left; a variable that leads to itself is an error that shows the chain. */
void variables_settle(struct node *vars, const struct load_options *options, struct diagnostic_list *list);

/* ${name} or ${name:-default} or ${name:format} in text[at…]; `at` points to "${". size 0: no '}' follows. */
struct variables_reference {
    size_t size; /* with ${ and } */
    size_t name, name_size;
    size_t rest, rest_size; /* what follows the name and its colon; rest_size 0 and rest 0: nothing */
};
struct variables_reference variables_reference_at(const char *text, size_t at);
/* The next "${" from `from` that is not "$${"; SIZE_MAX: none. */
size_t variables_next(const char *text, size_t from);

#endif
