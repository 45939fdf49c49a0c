/* The search for a load, run by run: each load is compiled and held against this machine first, then run as `muster run` in a process of its own
 * with a directory of its own, and its result decides where the search goes (fleet/knee.h). For `muster capacity` and `muster doctor
 * --capacity`. */
#ifndef MUSTER_CLI_SIZING_H
#define MUSTER_CLI_SIZING_H

#include <stdbool.h>

#include "cli/options.h"
#include "report/capacity.h"

struct sizing_request {
    const struct options
        *options;         /* what every run gets: files, targets, settings, seed; devices or rate of the start */
    const char *scenario; /* NULL: only -f files */
    enum capacity_by by;
    double min, max;    /* 0: from the scenario's own load */
    double precision;   /* 0: 5 % */
    unsigned repeats;   /* 0: 3 */
    span step_duration; /* 0: the scenario's own duration */
    span pause;         /* between runs */
    const char *out;    /* a directory, made when it is missing; else it has to be empty */
    bool quiet;         /* no progress on stderr */
    /* Whether a finished run is met, with a sentence in its `reason` when it is not; NULL: its checks decide. */
    enum knee_verdict (*judge)(struct capacity_step *step);
};

struct sizing;

/* Searches. Returns the exit code; *out is NULL when there was nothing to begin with (a message stands on stderr then). A signal ends
 * the search with what is known. */
int sizing_run(const struct sizing_request *request, struct sizing **out);
const struct capacity *sizing_capacity(const struct sizing *s);
void sizing_free(struct sizing *s); /* NULL is ignored */

enum { SIZING_ARGUMENTS_MAX = 4 * OPTIONS_LIST_MAX * 2 + 32 };
/* What changes from run to run, as words of a command line. */
struct sizing_words {
    const char *load, *seed;
    const char *duration; /* "duration=10s", or "" for the scenario's own */
    const char *wait, *directory;
};
/* The arguments of one run, "muster run …", ended by NULL; everything is borrowed. Returns how many. For sizing_run, and for tests. */
int sizing_arguments(const struct sizing_request *request, const struct sizing_words *words, const char **argv);

#endif
