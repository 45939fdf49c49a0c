/* A run directory as a run would leave it, with generated traffic: publishes of QoS 1 whose service time is log-normal (p50 20 ms,
 * p99 60 ms), and the four files that `compare` reads. */
#ifndef MUSTER_TESTS_REPORT_GENERATED_H
#define MUSTER_TESTS_REPORT_GENERATED_H

#include <stdbool.h>
#include <stdint.h>

#include "report/compare_run.h"
#include "temporary.h"

struct generated {
    uint64_t seed;
    unsigned seconds, per_second; /* 0: 20 and 500 */
    double p99_factor;            /* 0: 1 */
    unsigned failed_every;        /* each so many-th fails; 0: none */
    unsigned connects;            /* in the first second */
    const char *hash;             /* NULL: one that all share */
    bool untrustworthy, incomplete, drawn_seed, torn;
    double warmup_s;
};

/* Writes the directory `name` below `t`; its path, in static memory of the last call. */
const char *generated_write(const struct temporary *t, const char *name, const struct generated *g);
/* The same, read back. CHECKs that it can be. */
struct compare_run generated_run(const struct temporary *t, const char *name, const struct generated *g);

#endif
