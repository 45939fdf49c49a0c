/* A hand-made plan (one fleet, one group: QoS 1 every 100 ms for 300 ms, connected at t = 0), and a way to run its workers without
 * control, so that a test can look into them. */
#ifndef MUSTER_TESTS_FLEET_MADE_H
#define MUSTER_TESTS_FLEET_MADE_H

#include "fleet/evidence_record.h"
#include "fleet/run.h"
#include "fleet/worker.h"
#include "peer.h"

enum { MADE_ACTIONS = 8, MADE_WORKERS = 8 };

struct made {
    struct plan plan;
    struct fleet fleet;
    struct target target;
    struct address nodes[PEER_PORTS_MAX];
    struct profile profile;
    struct network network;
    struct telemetry telemetry;
    struct subscription subscription;
    struct fleet_group group;
    struct action actions[MADE_ACTIONS];
    uint32_t *rank;
    instant edges[1];
    /* Settling lasts until the peer's counter has come that far, at most PEER_PATIENCE_MS: for machines that are slow. */
    atomic_uint *awaits;
    unsigned awaited;
    /* Evidence: of devices whose place is below it (0: of none), and of those that are asked for; each record that goes out is visited. */
    bool keeps_evidence;
    uint64_t sampled_below;
    const uint32_t *asked;
    unsigned asked_count;
    void (*evidence)(void *context, const struct evidence_record *record, const uint8_t *data);
    const struct secret_table *secrets;
    struct secure *secure; /* for targets with TLS */
};

/* Against that peer's ports; peer NULL: in simulated time, against the built-in broker. Change what is to be different before running; the connect entry is actions[0]. */
void made_plan(struct made *m, uint32_t devices, const struct peer *peer);
void made_free(struct made *m);
/* Appends an entry for all devices; `lasting` 0: for good. */
struct action *made_action(struct made *m, enum action_verb verb, instant start, span lasting);
/* Subscribes every device to "t". */
void made_subscribe(struct made *m);
/* Gives the group a modelled link. */
void made_network(struct made *m, span rtt);
/* Publishes of open streams that the plan intends, by walking the schedules. */
uint64_t made_intended(const struct made *m);

struct made_work {
    struct worker workers[MADE_WORKERS];
    unsigned count;
    struct result *result;
    uint64_t decisions_hash;
    uint64_t attempts;  /* of all devices: each is one connect operation if it was intended before the end */
    size_t pool_in_use; /* bytes of all pools after the end */
    uint32_t slots;     /* of the guards, taken after the end */
    uint64_t queued;    /* devices left in a queue of the dialers */
    uint64_t evidence_omitted;
    struct secure *secure;
};
/* Builds `count` workers, runs them for the plan's duration and settling, says farewell, ends them and looks. Free with
 * made_work_free. */
void made_work(struct made *m, unsigned count, struct made_work *work);
void made_work_free(struct made_work *work);
/* What every run must leave behind: each publish and attempt in exactly one class, no memory, no slot, no queue. */
void made_books_balance(const struct made *m, const struct made_work *work);

uint64_t made_outcome(const struct result *r, enum op_kind op, enum op_outcome outcome);
uint64_t made_sum(const struct result *r, enum op_kind op); /* of all outcomes */
uint64_t made_held(const struct result *r, enum op_kind op, enum op_held held);
uint64_t made_tally(const struct result *r, enum tally_kind kind);
span made_longest(const struct result *r, enum op_kind op, enum clock_kind clock); /* −1: no sample */
/* The median, by which a machine that stalls for a moment does not go: what all operations have to wait shows in it. */
span made_usual(const struct result *r, enum op_kind op, enum clock_kind clock);
uint64_t made_reasons(const struct result *r, enum close_reason why);

#endif
