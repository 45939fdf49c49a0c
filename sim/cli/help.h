/* What the program says about itself, from the tables in options.h and the exit codes below. */
#ifndef MUSTER_CLI_HELP_H
#define MUSTER_CLI_HELP_H

#include "base/text.h"
#include "cli/options.h"

struct help_exit_code {
    int code;
    const char *doc;
};
extern const struct help_exit_code help_exit_codes[]; /* ends with doc NULL */

extern const char help_about[];   /* what the program is, in a sentence */
extern const char help_streams[]; /* what goes where, and what Ctrl-C does */

void help_program(struct text *out);
void help_verb(enum verb verb, struct text *out);
/* docs/command-line.md, whole. */
void help_document(struct text *out);

#endif
