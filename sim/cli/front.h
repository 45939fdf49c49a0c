/* What run, check and plan share: from files and options to a plan, with every finding printed. */
#ifndef MUSTER_CLI_FRONT_H
#define MUSTER_CLI_FRONT_H

#include <stdbool.h>

#include "cli/options.h"
#include "scenario/diagnostic.h"
#include "scenario/plan.h"

enum { FRONT_DATA_DIR_MAX = 4400 };

struct front {
    struct diagnostic_list found;
    struct plan *plan; /* NULL when there are errors */
};

/* Compiles `scenario` (NULL: only -f files). Findings go to stderr as the options want it. Returns EXIT_PASS, or the exit code.
 * `resolve`: look target names up (run). Always follow with front_free. */
int front_open(struct front *f, const struct options *o, const char *scenario, bool resolve);
/* The same, with a mask of: */
enum front_use {
    FRONT_RESOLVE = 1,           /* look target names up */
    FRONT_WITHOUT_RESOURCES = 2, /* the caller holds the plan against this machine */
    FRONT_SILENT = 4             /* findings stay in `found` */
};
int front_open_for(struct front *f, const struct options *o, const char *scenario, unsigned use);
void front_free(struct front *f);

/* The directory with profiles/ and scenarios/: beside an installed or a freshly built program; NULL when there is none. */
const char *front_data_dir(char *path, size_t size);

#endif
