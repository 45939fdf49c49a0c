/* The scenarios that `muster init` writes: complete, commented, and valid as they are (a test checks each). */
#ifndef MUSTER_CLI_STARTERS_H
#define MUSTER_CLI_STARTERS_H

#include <stddef.h>

struct starters_row {
    const char *name, *doc, *text;
};
extern const struct starters_row starters_rows[];
extern const size_t starters_count;

#endif
