/* What a plan needs of a machine, held against what the machine has: one table, from which pass 5 of validation and `muster doctor` both
 * speak. Pure: facts in, verdicts out.
 *
 * Without a plan a row judges the machine in general: what is out of the ordinary, and what it has. */
#ifndef MUSTER_SCENARIO_REQUIREMENT_H
#define MUSTER_SCENARIO_REQUIREMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "scenario/ceiling.h"
#include "scenario/machine.h"
#include "scenario/plan.h"
#include "scenario/plan_resources.h"

enum requirement_verdict {
    REQUIREMENT_MET,
    REQUIREMENT_UNKNOWN, /* nobody can tell yet; the command finds out */
    REQUIREMENT_TIGHT,   /* it works, and something about it will be worse */
    REQUIREMENT_SHORT    /* it cannot work as planned */
};
extern const char *const requirement_verdict_names[]; /* "met", "unknown", "tight", "short" */

enum { REQUIREMENT_ROWS_MAX = 24 };

struct requirement_input {
    const struct machine *machine;
    const struct plan *plan;               /* NULL: the machine in general, and then the rest does not count */
    struct plan_resources needs;           /* plan_resources_of(plan) */
    double messages_per_s, connects_per_s; /* peaks of the intended load; 0: not computed */
    uint64_t log_bytes;                    /* estimate of what the run writes; 0: none */
    bool names_looked_up;                  /* a node without an address is a name that does not resolve */
    const struct ceiling *ceiling;         /* NULL: this machine was not measured */
    bool ceiling_asked;                    /* whether there is a ceiling is of interest */
};

struct requirement {
    const struct requirement_row *row;
    enum requirement_verdict verdict;
    char need[96]; /* for people; "" when nothing in particular is needed */
    char have[160];
    char why[384]; /* a sentence without full stop, for all verdicts but MET */
    char fix[320]; /* the one command, or what to change; "" when MET */
};

struct requirement_row {
    const char *id;                      /* for programs */
    const char *title;                   /* for people, at most 14 characters */
    const char *short_code, *tight_code; /* of pass 5; NULL: doctor alone speaks of it */
    const char *key;                     /* of the scenario that a finding of pass 5 points to; NULL: the file */
    bool (*judge)(const struct requirement_input *in, struct requirement *out); /* false: the row does not apply */
};
extern const struct requirement_row requirement_table[]; /* ends with id NULL */

/* Judges all rows in order; returns how many apply. `out` has room for REQUIREMENT_ROWS_MAX. */
unsigned requirement_judge(const struct requirement_input *in, struct requirement *out);
/* Idle devices without a modelled link that memory and descriptors of the machine allow against a backend elsewhere. */
uint64_t requirement_devices(const struct machine *m);
/* The worst of them. */
enum requirement_verdict requirement_worst(const struct requirement *list, unsigned count);

#endif
