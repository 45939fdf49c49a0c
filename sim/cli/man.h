/* The manual page muster(1), from the tables of options.h and help.h. `make man` writes it. */
#ifndef MUSTER_CLI_MAN_H
#define MUSTER_CLI_MAN_H

#include "base/text.h"

struct man_variable {
    const char *name, *doc;
};
/* Variables of the environment that the program reads; ends with name NULL. docs/command-line.md has them, too. */
extern const struct man_variable man_variables[];

/* The page, whole, with the macros of man(7). */
void man_write(struct text *out);

#endif
