/* The verbs. Each takes the parsed options and returns the program's exit code. */
#ifndef MUSTER_CLI_CMD_H
#define MUSTER_CLI_CMD_H

#include "cli/options.h"

int cmd_run(const struct options *o);
int cmd_check(const struct options *o);
int cmd_plan(const struct options *o);
int cmd_explain(const struct options *o);
int cmd_schema(const struct options *o);
int cmd_init(const struct options *o);
int cmd_backend(const struct options *o);
int cmd_report(const struct options *o);
int cmd_replay(const struct options *o);
int cmd_shrink(const struct options *o);
int cmd_compare(const struct options *o);
int cmd_doctor(const struct options *o);
int cmd_capacity(const struct options *o);
int cmd_import(const struct options *o);
int cmd_completion(const struct options *o);
int cmd_version(const struct options *o);

#endif
