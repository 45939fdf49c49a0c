/* What a search for capacity tried and found: as text for a terminal, and as the documents capacity.json and capacity.md
 * (docs/capacity.md). */
#ifndef MUSTER_REPORT_CAPACITY_H
#define MUSTER_REPORT_CAPACITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"
#include "fleet/knee.h"
#include "report/trial_read.h"
#include "scenario/plan.h"

enum capacity_by { CAPACITY_DEVICES, CAPACITY_RATE };

/* One run, or a load that was not run because this machine cannot make it. */
struct capacity_step {
    double load;
    uint64_t devices;
    double messages_per_s, connects_per_s; /* intended: mean of the steady stretch; best second */
    double messages_per_s_peak;            /* intended: best second */
    enum knee_verdict verdict;
    bool ran;
    struct trial_facts facts;       /* when it ran */
    char reason[TRIAL_READ_REASON]; /* why it was not met; "" when it was */
    char directory[64];             /* of the run, below the search's; "" when it did not run */
};

/* A load with all its runs, for the table. Numbers are of those runs whose verdict is that of the load. */
struct capacity_row {
    double load;
    uint64_t devices;
    double messages_per_s, connects_per_s;
    double answered_per_s, publish_p99_ms, connect_p99_ms, cpu, backend_cores; /* means; p99: the worst. NAN: no data */
    uint64_t failed, lost;                                                     /* the worst */
    unsigned met, runs;
    enum knee_verdict verdict; /* of the load */
    const char *reason;        /* of the first that was not met; "" when the load is met */
};

struct capacity {
    const struct plan *plan; /* of the first load */
    enum capacity_by by;
    const struct knee *knee;
    const struct capacity_step *steps; /* in the order in which they were made */
    unsigned count;
    span step_duration;  /* 0: the scenario's own */
    bool ended;          /* nothing is left to try */
    const char *stopped; /* why the search ended before that; NULL */
    int exit_code;
    const char *directory;
    int argc; /* the command line */
    char *const *argv;
};

/* "1200 devices", "2.5 times the rate". Returns `text`; size ≥ 48. */
const char *capacity_load(enum capacity_by by, double load, char *text, size_t size);
/* The rows of the table by load, ascending; returns how many. `out` has room for KNEE_LEVELS_MAX. */
unsigned capacity_rows(const struct capacity *c, struct capacity_row *out);
/* The row of that load; NULL when there is none. */
const struct capacity_row *capacity_row_at(const struct capacity_row *rows, unsigned count, double load);
/* One step as a line of progress, without line end. */
void capacity_line(struct text *out, const struct capacity *c, const struct capacity_step *s);
void capacity_text(struct text *out, const struct capacity *c, bool color);
void capacity_json(struct text *out, const struct capacity *c);
void capacity_md(struct text *out, const struct capacity *c);

#endif
