/* A run: what fleet/ does with a plan, and what it says while and after doing it. */
#ifndef MUSTER_FLEET_RUN_H
#define MUSTER_FLEET_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "fleet/evidence_record.h"
#include "fleet/player.h"
#include "metrics/audit.h"
#include "metrics/result.h"
#include "scenario/judge.h"
#include "scenario/plan.h"

enum run_verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_ABORTED, VERDICT_NOT_TRUSTWORTHY, VERDICT_INCOMPLETE };
extern const char *const run_verdict_names[]; /* "pass", "fail", "aborted", "not_trustworthy", "incomplete" */

/* Exit codes of the program; stable. */
enum exit_code {
    EXIT_PASS = 0,
    EXIT_INTERNAL = 1,
    EXIT_USAGE = 2,
    EXIT_SCENARIO = 3,
    EXIT_ENVIRONMENT = 4,
    EXIT_GUARD = 5,
    EXIT_UNREACHABLE = 6,
    EXIT_CHECK_FAILED = 10,
    EXIT_CONFORMANCE = 11,
    EXIT_ABORTED = 12,
    EXIT_NOT_TRUSTWORTHY = 13,
    EXIT_INCOMPLETE = 14,
    EXIT_SIGINT = 130,
    EXIT_SIGTERM = 143
};

enum { TRUST_REASONS_MAX = 12 };
struct trust_finding {
    char text[200];   /* one sentence for people */
    instant from, to; /* when; equal to 0 and the end for the whole run */
};

/* What an observer could say, and when it could not. Zero: nobody observed. */
struct run_audit {
    bool on;
    unsigned granted;       /* the lowest QoS that the backend granted an observer */
    struct audit_gap *gaps; /* owned; in order of their start */
    size_t gap_count;
};

/* What the backend used of itself, from t = 0 on. Zero: nobody told. */
enum { RUN_BACKEND_COUNTERS_MAX = 40, RUN_BACKEND_NAME_MAX = 64 };
struct backend_counter {
    char name[RUN_BACKEND_NAME_MAX];
    double first, last; /* told */
};
struct run_backend {
    bool on, has_cpu, has_rss;
    bool gone; /* its process ended before the run did */
    double cpu_s, cpu_share_max;
    uint64_t rss_first_bytes, rss_peak_bytes;
    uint64_t online_peak, rss_online_bytes;  /* the most devices at once, and its memory then */
    uint32_t threads_peak, descriptors_peak; /* 0: not known */
    struct backend_counter counters[RUN_BACKEND_COUNTERS_MAX];
    unsigned counter_count;
};
/* The same of one second. */
struct backend_second {
    bool has_cpu, has_rss;
    double cpu_s;     /* since t = 0 */
    double cpu_share; /* of one core, in this second */
    uint64_t rss_bytes;
    uint32_t threads, descriptors; /* 0: not known */
};

struct run_facts {
    const struct plan *plan;
    bool finished; /* the timeline came to its end and the logs are whole */
    int signal;    /* SIGINT, SIGTERM or 0 */
    enum run_verdict verdict;
    int exit_code;
    int64_t started_unix_ns;
    instant ended; /* run length from t = 0, settling included */
    instant settle_start, settle_end;
    struct check_verdict *checks; /* [plan->check_count] */
    struct trust_finding trust[TRUST_REASONS_MAX];
    unsigned trust_count;
    uint32_t devices_here;  /* of this shard */
    unsigned shard, shards; /* 1 of 1 */
    unsigned workers;
    bool private_descriptor_tables;
    bool true_silence; /* drop-all filters were possible */
    uint64_t online_end;
    uint64_t decisions_hash;
    uint64_t trace_hash, steps; /* simulated time: of every step, and how many there were */
    uint64_t guard_held, guard_refused;
    double cpu_s; /* workers + control */
    uint64_t rss_peak_bytes;
    double bytes_per_device;
    bool builtin_target;
    struct run_audit audit;
    struct run_backend backend;
    uint64_t recording_omitted;   /* records that did not fit: the recording ends there */
    struct player_device *played; /* of a run whose peers were played: what became of each device; owned */
    unsigned played_count;
    const struct result *result;
};

/* What happens while it runs, for logs and progress; called on the control thread only. */
enum run_event_kind {
    RUN_STARTED,
    RUN_PHASE,
    RUN_ACTION,
    RUN_NOTE,
    RUN_TRUST,
    RUN_CHECK,
    RUN_HEALTH,
    RUN_ANCHOR,
    RUN_MESSAGE,
    RUN_RECORDED, /* a chunk of the recording */
    RUN_EVIDENCE, /* comes before the notes of the same worker and second */
    RUN_ENDED
};
struct run_event {
    enum run_event_kind kind;
    instant at;
    const char *id;          /* phase or entry id, message key ("signal", "silence") */
    const char *text;        /* sentence or NULL */
    instant from, to;        /* RUN_TRUST: when it was so */
    const struct note *note; /* RUN_NOTE */
    const struct health *health;
    const struct check_verdict *verdict;    /* RUN_CHECK: the check that aborts the run */
    const struct evidence_record *evidence; /* RUN_EVIDENCE, with its bytes; NULL: `omitted` more did not fit */
    const uint8_t *evidence_data;
    struct bytes recorded; /* RUN_RECORDED */
    uint64_t omitted;
    bool urgent;     /* RUN_MESSAGE: for whoever watches, at once */
    bool start;      /* RUN_PHASE, RUN_ACTION: begins (true) or ends */
    int64_t unix_ns; /* RUN_ANCHOR: wall clock at `at` */
};

struct run_second {
    instant at;
    const struct result *second; /* this second alone */
    const struct result *total;
    double cpu_share_max; /* busiest worker */
    uint64_t rss_bytes;
    struct backend_second backend;
    const char *phase;
    bool trustworthy; /* so far */
};

struct run_sink {
    void *context;
    void (*event)(void *context, const struct run_event *e);
    void (*second)(void *context, const struct run_second *s);
    uint64_t (*dropped)(void *context); /* log records that could not be written so far; NULL: there are no logs */
};

struct run_options {
    unsigned workers;         /* 0: choose */
    unsigned shard, shards;   /* 1-based; 1 of 1 */
    int64_t start_at_unix_ns; /* 0: now */
    span wait;                /* --wait for the target */
    int fail_code;            /* 0: as documented */
    const uint32_t *captures; /* devices whose packets all become evidence; borrowed */
    unsigned capture_count;
    bool record_all;         /* what peers do is recorded (fleet/recording.h): for all devices, or for these */
    const uint32_t *records; /* borrowed */
    unsigned record_count;
    struct bytes
        recording; /* in simulated time: plays these devices' peers instead of brokers, in rising order; empty: brokers */
    const uint32_t *played;
    unsigned played_count;
    instant played_until;        /* settling ends then, as it did; 0: as the plan says */
    span played_slack;           /* how much later or earlier a device may send than it did */
    uint32_t builtin_pid;        /* the built-in backend, which is watched then; 0: none */
    volatile const int *signals; /* count of SIGINT/SIGTERM seen; the second one ends at once */
    volatile const int *signal_number;
};

/* Builds the fleet and runs the plan to its end. Returns 0 when there are facts (whatever the verdict), or a negative error with a
 * sentence in `why` and the exit code in facts->exit_code when the run never began (environment, guard, unreachable). */
int run_plan(const struct plan *plan, const struct run_options *options, const struct run_sink *sink,
             struct run_facts *facts, char *why, size_t why_size);
/* Fills verdict and exit code from checks, trust and signal. Call again after adding trust findings. */
void run_decide(struct run_facts *facts, bool aborted, int fail_code);
void run_facts_free(struct run_facts *facts);

#endif
