/* The numbers that the documents show, added up from a result: one row per kind of operation, over all groups or those of one fleet.
 * Operations that were intended before the end of the warm-up are left out (docs/semantics.md, "Time and phases"). */
#ifndef MUSTER_REPORT_FIGURES_H
#define MUSTER_REPORT_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/result.h"
#include "scenario/plan.h"

enum figures_id {
    FIGURES_CONNECT,
    FIGURES_SUBSCRIBE,
    FIGURES_UNSUBSCRIBE,
    FIGURES_PUBLISH_ACK,
    FIGURES_PUBLISH_SENT,
    FIGURES_PING,
    FIGURES_END_TO_END,
    FIGURES_COMMAND,
    FIGURES_HANDSHAKE,
    FIGURES_RESUMPTION,
    FIGURES_ROWS
};
struct figures_row {
    enum figures_id id;
    const char *key; /* in summary.json */
    enum op_kind op;
    uint8_t qos_from, qos_to; /* both ends included */
};
extern const struct figures_row figures_rows[FIGURES_ROWS];

struct figures {
    uint64_t outcomes[OP_OUTCOMES];
    uint64_t drops[OP_DROP_REASONS], held[OP_HELD_REASONS];
    uint64_t late;
    uint64_t intended;        /* all outcomes */
    uint64_t count, failed;   /* ok + failed; refused + timeout + broken */
    struct histogram *clocks; /* [CLOCK_KINDS] */
};

/* Adds up one row. `fleet` NULL: all. `plan` gives the groups' labels and the warm-up; NULL: every series counts. Free with figures_free. */
struct figures figures_of(const struct result *r, const struct plan *plan, enum figures_id id, const char *fleet);
void figures_free(struct figures *f);
/* A percentile in milliseconds, never above the exact maximum; NAN without samples. */
double figures_quantile_ms(const struct histogram *h, double q);
double figures_max_ms(const struct histogram *h);

/* Sums of a counter over the run: without the warm-up (messages), or with it (network, devices). */
uint64_t figures_tally(const struct result *r, const struct plan *plan, enum tally_kind kind, bool with_warmup,
                       const char *fleet);
/* Sums of what is counted per message, without the warm-up: of one QoS, −1: of all. */
uint64_t figures_messages(const struct result *r, const struct plan *plan, enum tally_kind kind, int qos,
                          const char *fleet);
/* How many operations were intended, over all rows. */
uint64_t figures_intended(const struct result *r, const struct plan *plan);
/* Of these, how many a reason held back. */
uint64_t figures_held(const struct result *r, const struct plan *plan, enum op_held reason);

#endif
