/* A scenario compiled: what the fleet is built from and what the run is judged by. Plain data, read-only once plan_compile has
 * returned; the same scenario, seed and version give the same plan on every machine (plan_hash). */
#ifndef MUSTER_SCENARIO_PLAN_H
#define MUSTER_SCENARIO_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "device/action.h"
#include "device/profile.h"
#include "metrics/cell.h"
#include "scenario/diagnostic.h"
#include "scenario/node.h"
#include "transport/guard.h"

/* A stretch of the run with a name: implicit (ramp, steady, settle) or the extent of a timeline entry. */
struct phase {
    const char *id;
    instant start, end;
    bool implicit;
    int action; /* index of the entry, or −1 */
};

enum check_kind { CHECK_SLO, CHECK_CONFORMANCE, CHECK_INFO };

struct check {
    const char *name;   /* given, or the expression */
    const char *expect; /* as written */
    enum check_kind kind;
    bool abort;
    uint64_t min_samples; /* 0: the default of its function */
    uint8_t excluded_bit; /* expected_during: mask bit of its set, 0: none */
    struct expr *expr;    /* scenario/expr.h */
    const char *file;
    int line;
};

/* A set of entries that expected_during names; bit i of cell_key.excluded. */
enum { EXCLUDED_SETS_MAX = 8 };
struct excluded_set {
    const struct action **actions;
    unsigned count;
};

struct trust_limits {
    span lag;     /* L = max(10 ms, 5 % of the tightest duration limit), or as widened */
    span stall;   /* max(250 ms, L), or as widened */
    double cpu;   /* 0.8 of a core, or as widened */
    bool widened; /* the scenario asked for more than the rule: stated in the results */
};

struct plan {
    const char *name, *file;
    uint64_t seed;
    bool seed_given;
    span duration, warmup, settle;
    int64_t epoch_unix_ms; /* the simulated clock at t = 0 */
    bool epoch_now;
    bool virtual_time; /* on a simulated clock, against the built-in broker */
    span interval;     /* of logs and series; 1 s but for long runs in simulated time */
    uint32_t device_count;
    struct fleet *fleets;
    unsigned fleet_count;
    struct fleet_group *groups;
    unsigned group_count;
    uint16_t *group_of; /* [device_count] */
    uint64_t *absent;   /* bit per device: it has its number, its share and its luck, and is not there; NULL: all are */
    struct target *targets;
    unsigned target_count;
    const struct network **networks; /* that fleets or entries name, each once */
    unsigned network_count;
    struct action *actions; /* in file order */
    unsigned action_count;
    struct phase *phases;
    unsigned phase_count;
    struct segments segments;
    struct check *checks;
    unsigned check_count;
    struct excluded_set excluded[EXCLUDED_SETS_MAX];
    unsigned excluded_count;
    struct trust_limits trust;
    struct plan_observe *observe; /* scenario/plan_observe.h; NULL: nobody observes */
    struct plan_backend *backend; /* scenario/plan_backend.h; NULL: nothing but what a built-in one tells */
    struct plan_command *command; /* scenario/plan_command.h; NULL: the timeline sends none */
    struct guard_limits safety;
    struct address
        *sources; /* local addresses to bind, in order; none: the system chooses (loopback: see plan_sources) */
    unsigned source_count;
    const char **builtin_settings; /* "name=value" for the built-in broker */
    unsigned builtin_setting_count;
    char scenario_hash[65], plan_hash[65]; /* lower-case hex of SHA-256 */
    char run_id[5];                        /* four hex digits */
    struct node *root;                     /* resolved tree, for scenario.resolved.yaml */
    struct plan_memory *memory;            /* owns every string and array above */
};

struct plan_options {
    const char *const *targets; /* --target values, "URI" or "NAME=URI" */
    unsigned target_count;
    uint64_t devices; /* --devices: 0 keeps the counts; otherwise scales every fleet in proportion */
    double rate;      /* --rate: 0 keeps the schedules; otherwise so many times as many messages */
    bool has_seed;
    uint64_t seed;
    const char *run_id;  /* --run-id or NULL */
    bool resolve;        /* resolve target names (run); plan and check do not touch the network */
    bool virtual_time;   /* --virtual */
    bool skip_resources; /* leave out pass 5: the run is over, or the caller asks this machine itself */
};

/* Compiles a validated tree (passes 1–3 done). Passes 4 (semantics) and 5 (resources) add to `found`. NULL when there are errors. The plan takes
 * `root` over. */
struct plan *plan_compile(struct node *root, const struct plan_options *options, struct diagnostic_list *found);
void plan_free(struct plan *p);
/* Mask of the expected_during sets that an operation of that device touches. */
uint8_t plan_excluded(const struct plan *p, uint32_t device, instant intended, instant end);
static inline bool plan_is_absent(const struct plan *p, uint32_t device) {
    return p->absent != NULL && (p->absent[device / 64] >> device % 64 & 1) != 0;
}
/* How many are there; of them, how many that shard has (1 of 1: all). */
uint32_t plan_devices_here(const struct plan *p, unsigned shard, unsigned shards);
/* From now on only these are there. */
void plan_keep_only(struct plan *p, const uint32_t *devices, unsigned count);
/* The device's first intended connect, INSTANT_NEVER when the timeline never connects it. */
instant plan_first_connect(const struct plan *p, uint32_t device);

#endif
