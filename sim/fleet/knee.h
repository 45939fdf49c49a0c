/* Where a backend bends: the search for the highest load that is still met, as a pure function of what was tried so far.
 *
 * Loads are positive numbers: devices, or multiples of a rate. The search doubles (or halves) from `start` until one load is met and another is
 * not, then halves the ratio between the two until it is within `precision`. Runs are noisy, and noise makes a run fail more often than
 * pass: a load counts as too much only when most of `repeats` runs broke, so one bad run costs a repetition and not the answer; a load that was
 * met is repeated only if it is to be the answer. A run that cannot be trusted says nothing about the load and is repeated; only when `repeats` of
 * them were not, the tool is the limit. */
#ifndef MUSTER_FLEET_KNEE_H
#define MUSTER_FLEET_KNEE_H

#include <stdbool.h>

enum { KNEE_LEVELS_MAX = 64 };

enum knee_verdict {
    KNEE_MET,
    KNEE_BROKE, /* a check failed: the backend's limit */
    KNEE_TOOL   /* not trustworthy: the limit of the machine that makes the load */
};
extern const char *const knee_verdict_names[]; /* "met", "broke", "tool" */

struct knee_options {
    double start, min, max; /* 0 < min <= start <= max */
    double precision;       /* 0.05: the answer and the lowest load that is too much differ by at most 5 % */
    unsigned repeats;       /* odd, from 1 */
    bool whole;             /* loads are whole numbers */
};

struct knee_level {
    double load;
    unsigned met, broke, tool; /* runs */
};

struct knee {
    struct knee_options options;
    struct knee_level levels[KNEE_LEVELS_MAX]; /* by load, ascending */
    unsigned count;
};

enum knee_end {
    KNEE_SEARCHING,   /* not finished */
    KNEE_FOUND,       /* `load` is met, `above` broke */
    KNEE_TOOL_LIMIT,  /* `load` is met, and above it the tool was the limit: the backend can do more */
    KNEE_AT_MAX,      /* the highest load allowed is met */
    KNEE_NONE,        /* even the lowest load allowed broke */
    KNEE_NONE_TRUSTED /* even at the lowest load allowed the tool was the limit */
};

struct knee_result {
    enum knee_end end;
    double load;  /* the highest that is met; 0: none */
    double above; /* the lowest that is too much; 0: none */
};

void knee_begin(struct knee *k, const struct knee_options *options);
/* The load to try next; false: finished. */
bool knee_next(const struct knee *k, double *load);
/* What came of a run at that load. */
void knee_take(struct knee *k, double load, enum knee_verdict verdict);
/* What the runs at a load tried say together; MET as long as they do not say otherwise. */
enum knee_verdict knee_verdict_of(const struct knee *k, const struct knee_level *l);
/* What is known; `end` is KNEE_SEARCHING while knee_next is true. */
struct knee_result knee_result_of(const struct knee *k);

#endif
