/* The run's verdict on itself: was the generator the bottleneck? (docs/semantics.md, "Trust and exit codes") */
#ifndef MUSTER_FLEET_TRUST_H
#define MUSTER_FLEET_TRUST_H

#include <stdbool.h>
#include <stdint.h>

#include "fleet/dialer.h"
#include "fleet/run.h"

enum { TRUST_BUSY_S = 10 }; /* so many seconds in a row above the CPU limit */

struct trust {
    const struct plan *plan;
    unsigned workers, cores;
    unsigned busy_one[64]; /* seconds in a row that a worker was above the limit; workers beyond share places */
    unsigned busy_all;
    unsigned shortages; /* bits of enum dialer_shortage that were found */
    struct trust_finding findings[TRUST_REASONS_MAX];
    unsigned count;
};

struct trust trust_begin(const struct plan *plan, unsigned workers, unsigned cores);
/* One second's CPU shares (of a core) per worker, NULL when it was not a whole second of load, and what it measured. */
void trust_second(struct trust *t, instant at, const double *cpu_share, const struct result *second);
/* What workers lacked to open connections so far (worker.shortages, of all of them): each kind is one finding. */
void trust_shortages(struct trust *t, instant at, unsigned shortages);
/* Messages at subscribers of which it is not known whether they are copies (duplicates_not_tracked, of all workers): checks
 * on duplicates cannot be trusted then. */
void trust_copies(struct trust *t, uint64_t unknown);
/* The rules over the whole run and over the phases that checks name; then the findings are complete. */
void trust_end(struct trust *t, const struct result *total);
/* For findings from elsewhere (dropped log records). */
void trust_add(struct trust *t, instant from, instant to, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static inline bool trust_holds(const struct trust *t) {
    return t->count == 0;
}

#endif
