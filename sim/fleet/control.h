/* The control thread's part of a run: tells workers what to do, collects their intervals once a second, asks the judge, and feeds the
 * sink. One per run. */
#ifndef MUSTER_FLEET_CONTROL_H
#define MUSTER_FLEET_CONTROL_H

#include "fleet/backend_watch.h"
#include "fleet/commander.h"
#include "fleet/observe.h"
#include "fleet/pace.h"
#include "fleet/player.h"
#include "fleet/run.h"
#include "fleet/trust.h"
#include "fleet/virtual.h"
#include "fleet/worker.h"
#include "scenario/judge.h"

struct control {
    const struct plan *plan;
    const struct run_options *options;
    const struct run_sink *sink;
    struct secure *secure; /* NULL: no connection has TLS */
    const struct pace_ops *pace;
    struct virtual_run *world; /* NULL: real time */
    struct player *player;     /* NULL: peers are not played */
    struct worker *workers;
    unsigned worker_count, cores;
    uint32_t devices; /* of this shard */
    struct result *second, *total;
    struct judge *judge;
    struct observe *observe;       /* NULL: nobody observes */
    struct commander *commander;   /* NULL: the timeline sends no commands */
    struct backend_watch *backend; /* NULL: nothing tells of the backend itself */
    struct trust trust;
    int64_t origin_ns, start_unix_ns;
    instant second_at;    /* the end of the next interval to close: of a second, but for long runs in simulated time */
    uint64_t *cpu_before; /* [worker_count] ns */
    double *cpu_share;    /* [worker_count], of the last second */
    uint64_t rss_before, rss_at_peak, online_peak;
    uint64_t online_now, received_now;
    int aborted_by; /* index of the check, or −1 */
    int signal;
    instant settle_start, settle_end, ended;
    bool *phase_open;     /* [plan->phase_count]: reported as begun, and not as ended */
    instant actions_told; /* starts and ends of entries up to here were reported */
};

/* `workers` are built and not started. Starts them, runs the plan to its end, joins them. */
int control_run(struct control *c);
/* Tells every worker. */
void control_tell(struct control *c, enum worker_order order);

#endif
