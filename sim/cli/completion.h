/* Completion for shells, from the tables of options.h: what `muster completion SHELL` prints and scripts/install installs. */
#ifndef MUSTER_CLI_COMPLETION_H
#define MUSTER_CLI_COMPLETION_H

#include <stddef.h>

#include "base/text.h"
#include "cli/options.h"

/* What a shell offers in the place of a value. */
enum completion_kind {
    COMPLETION_NOTHING,     /* nobody can guess it */
    COMPLETION_WORDS,       /* one of `words` */
    COMPLETION_SCENARIOS,   /* YAML files */
    COMPLETION_DIRECTORIES, /* run directories */
    COMPLETION_NAMES,       /* what muster explain --names prints */
    COMPLETION_CAPTURES,    /* pcapng and pcap files */
    COMPLETION_KINDS
};
struct completion_value {
    enum completion_kind kind;
    char words[240]; /* with spaces between them */
};
struct completion_value completion_of_option(const struct option_row *o);
struct completion_value completion_of_operand(const struct options_verb *v);

struct completion_shell {
    const char *name; /* "bash" */
    void (*write)(struct text *out);
};
extern const struct completion_shell completion_shells[]; /* ends with name NULL */

#endif
