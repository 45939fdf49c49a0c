/* Scenarios as text, compiled as `muster plan` would: for tests of the plan and its parts. */
#ifndef MUSTER_TESTS_SCENARIO_COMPILED_H
#define MUSTER_TESTS_SCENARIO_COMPILED_H

#include "scenario/diagnostic.h"
#include "scenario/plan.h"

struct compiled {
    struct diagnostic_list found;
    struct plan *plan; /* NULL: there were errors */
};

/* `text` is put after "version: 1" and a target: builtin. */
struct compiled compiled_of(const char *text);
/* The text as it is, with options. */
struct compiled compiled_with(const char *text, const struct plan_options *options);
void compiled_free(struct compiled *c);

/* Is there a finding of that code whose message has these words? */
bool compiled_found(const struct compiled *c, const char *code, const char *words);
/* Prints all findings: for failing tests. */
void compiled_print(const struct compiled *c);
const struct action *compiled_action(const struct compiled *c, const char *id);

#endif
