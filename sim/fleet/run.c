#include "fleet/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/check.h"
#include "base/err.h"
#include "device/secret.h"
#include "fleet/control.h"
#include "fleet/descriptors.h"
#include "fleet/evidence.h"
#include "fleet/memory.h"
#include "fleet/player.h"
#include "fleet/reach.h"
#include "fleet/recording.h"
#include "fleet/sample.h"
#include "fleet/secure.h"

const char *const run_verdict_names[] = {"pass", "fail", "aborted", "not_trustworthy", "incomplete"};

enum { SMALL_FLEET = 50, SANDBOX_FLEET = 5 };

/* The guard's rules that concern the run as a whole. */
static int guard_allows_run(const struct plan *p, struct run_facts *facts, char *why, size_t why_size) {
    for (unsigned t = 0; t < p->target_count; t++) {
        struct url url = {0};
        char ignored[128];
        if (url_parse(p->targets[t].url, &url, ignored, sizeof ignored) == 0 && guard_is_public_sandbox(url.host) &&
            p->device_count > SANDBOX_FLEET) {
            snprintf(why, why_size, "%s is a public test server; more than %d devices are not sent there", url.host,
                     SANDBOX_FLEET);
            facts->exit_code = EXIT_GUARD;
            return ERR_DENIED;
        }
        for (unsigned n = 0; n < p->targets[t].node_count; n++) {
            const struct address *node = &p->targets[t].nodes[n];
            char text[64];
            bool enough = address_is_private(node) || p->device_count <= SMALL_FLEET || p->safety.allow_given;
            if (enough && guard_limits_permit(&p->safety, node))
                continue;
            snprintf(why, why_size,
                     "%u devices against %s, which is not a private address, need its name in the scenario: "
                     "safety: {allow: [%s]}",
                     p->device_count, address_format(node, text, sizeof text), url.host);
            facts->exit_code = EXIT_GUARD;
            return ERR_DENIED;
        }
    }
    return 0;
}

static int interrupted_code(const struct run_options *options) {
    return options->signal_number != NULL && *options->signal_number == SIGTERM ? EXIT_SIGTERM : EXIT_SIGINT;
}

static int load_secrets_of(const struct identity *who, struct secret_table *secrets, char *why, size_t why_size) {
    int error = secret_table_load(secrets, &who->client_id, why, why_size);
    if (error == 0)
        error = secret_table_load(secrets, &who->user, why, why_size);
    if (error == 0)
        error = secret_table_load(secrets, &who->password, why, why_size);
    if (error == 0)
        error = secret_table_load(secrets, &who->psk_id, why, why_size);
    return error < 0 ? error : secret_table_load(secrets, &who->psk_key, why, why_size);
}

static int load_secrets(const struct plan *p, struct secret_table *secrets, char *why, size_t why_size) {
    int error = 0;
    const struct identity *observer = observe_identity(p);
    if (observer != NULL)
        error = load_secrets_of(observer, secrets, why, why_size);
    for (unsigned i = 0; i < p->action_count && error == 0; i++)
        error = secret_table_load(secrets, &p->actions[i].payload, why, why_size);
    for (unsigned g = 0; g < p->group_count && error == 0; g++) {
        const struct fleet_group *group = &p->groups[g];
        if (group->identity != NULL)
            error = load_secrets_of(group->identity, secrets, why, why_size);
        if (error == 0)
            error = secret_table_load(secrets, &group->profile->will_topic, why, why_size);
        if (error == 0)
            error = secret_table_load(secrets, &group->profile->will_payload, why, why_size);
        if (error == 0)
            error = secret_table_load(secrets, &group->profile->commands.payload, why, why_size);
        for (unsigned t = 0; t < group->telemetry_count && error == 0; t++) {
            error = secret_table_load(secrets, &group->telemetry[t].topic, why, why_size);
            if (error == 0)
                error = secret_table_load(secrets, &group->telemetry[t].payload, why, why_size);
            for (unsigned m = 0; m < group->telemetry[t].message_count && error == 0; m++)
                error = secret_table_load(secrets, &group->telemetry[t].messages[m].payload, why, why_size);
        }
    }
    return error;
}

static int build(struct control *c, unsigned shard, unsigned shards, bool private_tables,
                 const struct secret_table *secrets) {
    c->workers = calloc(c->worker_count, sizeof *c->workers);
    c->second = result_new(c->plan->group_count, &c->plan->segments);
    c->total = result_new(c->plan->group_count, &c->plan->segments);
    c->judge = judge_new(c->plan);
    if (c->workers == NULL || c->second == NULL || c->total == NULL || c->judge == NULL)
        return ERR_NO_MEMORY;
    c->rss_before = memory_anonymous();
    for (unsigned i = 0; i < c->worker_count; i++) {
        int error = worker_build(&c->workers[i], c->plan, i, c->worker_count, shard, shards, c->world, secrets);
        if (error < 0)
            return error;
        c->workers[i].private_table = private_tables;
        c->workers[i].secure = c->secure;
        error = secure_staff(c->secure, &c->workers[i], c->cores);
        if (error < 0)
            return error;
        c->workers[i].host.away = commander_away(c->commander);
    }
    uint64_t sampled_below = sample_below(c->plan);
    for (unsigned i = 0; i < c->worker_count; i++) {
        const struct run_options *o = c->options;
        int error = evidence_init(&c->workers[i], sampled_below, o->captures, o->capture_count);
        if (error == 0)
            error = recording_init(&c->workers[i], o->record_all, o->records, o->record_count);
        if (error < 0)
            return error;
        c->workers[i].player = c->player;
    }
    if (!private_tables && c->world == NULL)
        descriptors_make_room(c->devices);
    return 0;
}

/* What the run cost this machine. */
static void gather_host(const struct control *c, struct run_facts *facts) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    facts->cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    facts->rss_peak_bytes = memory_peak();
    double grown = c->rss_at_peak > c->rss_before ? (double)(c->rss_at_peak - c->rss_before) : 0;
    facts->bytes_per_device = c->devices == 0 ? 0 : grown / c->devices;
}

static void gather_played(const struct control *c, struct run_facts *facts) {
    const struct player_device *devices;
    if (c->player == NULL)
        return;
    facts->played_count = player_devices(c->player, &devices);
    facts->played = malloc(facts->played_count * sizeof *devices + 1);
    CHECK(facts->played != NULL);
    memcpy(facts->played, devices, facts->played_count * sizeof *devices);
}

static void gather(struct control *c, struct run_facts *facts) {
    facts->started_unix_ns = c->start_unix_ns;
    facts->ended = c->ended;
    facts->settle_start = c->settle_start;
    facts->settle_end = c->settle_end;
    facts->signal = c->signal;
    facts->finished = c->signal == 0;
    for (unsigned i = 0; i < c->worker_count; i++) {
        const struct worker *w = &c->workers[i];
        facts->decisions_hash += w->host.decisions_hash;
        facts->recording_omitted += recording_omitted(w);
        facts->trace_hash += w->trace.hash;
        facts->steps += w->trace.steps;
        facts->guard_refused += w->guard.refused;
        facts->true_silence = facts->true_silence || w->true_silence;
    }
    for (size_t i = 0; i < c->total->series_count; i++)
        facts->guard_held += c->total->series[i]->held[OP_HELD_GUARD];
    for (size_t i = 0; i < c->total->gauge_count; i++) {
        const struct gauge_row *row = &c->total->gauges[i];
        if (row->at > facts->settle_end)
            break;
        facts->online_end = 0;
        for (unsigned g = 0; g < c->plan->group_count; g++)
            facts->online_end += row->counts[g * STATE_KINDS + STATE_ONLINE];
    }
    if (c->pace->measures_host)
        gather_host(c, facts);
    gather_played(c, facts);
    observe_facts(c->observe, &facts->audit);
    backend_watch_facts(c->backend, &facts->backend);
}

/* Strongest first: 130/143 · 14 · 12 · 11 · 13 · 10 · 0 (docs/semantics.md, "Trust and exit codes"). */
void run_decide(struct run_facts *facts, bool aborted, int fail_code) {
    bool slo = false, conformance = false;
    for (unsigned i = 0; i < facts->plan->check_count; i++) {
        const struct check_verdict *v = &facts->checks[i];
        slo = slo || (!v->pass && v->check->kind == CHECK_SLO);
        conformance = conformance || (!v->pass && v->check->kind == CHECK_CONFORMANCE);
    }
    facts->verdict = VERDICT_PASS;
    facts->exit_code = EXIT_PASS;
    if (facts->signal != 0) {
        facts->verdict = VERDICT_INCOMPLETE;
        facts->exit_code = facts->signal == SIGTERM ? EXIT_SIGTERM : EXIT_SIGINT;
    } else if (aborted) {
        facts->verdict = VERDICT_ABORTED;
        facts->exit_code = EXIT_ABORTED;
    } else if (conformance) {
        facts->verdict = VERDICT_FAIL;
        facts->exit_code = EXIT_CONFORMANCE;
    } else if (facts->trust_count > 0) {
        facts->verdict = VERDICT_NOT_TRUSTWORTHY;
        facts->exit_code = EXIT_NOT_TRUSTWORTHY;
    } else if (slo) {
        facts->verdict = VERDICT_FAIL;
        facts->exit_code = EXIT_CHECK_FAILED;
    }
    bool replaceable = facts->exit_code >= EXIT_CHECK_FAILED && facts->exit_code <= EXIT_ABORTED;
    if (fail_code > 0 && replaceable)
        facts->exit_code = fail_code;
}

static int judge(struct control *c, struct run_facts *facts) {
    facts->checks = calloc(c->plan->check_count + 1, sizeof *facts->checks);
    if (facts->checks == NULL)
        return ERR_NO_MEMORY;
    judge_finish(c->judge, c->total, facts->checks);
    uint64_t unknown_copies = 0;
    for (unsigned i = 0; i < c->worker_count; i++)
        unknown_copies += duplicates_not_tracked(c->workers[i].host.duplicates);
    trust_copies(&c->trust, unknown_copies);
    trust_end(&c->trust, c->total);
    memcpy(facts->trust, c->trust.findings, sizeof facts->trust);
    facts->trust_count = c->trust.count;
    if (c->aborted_by >= 0)
        facts->checks[c->aborted_by].aborted_the_run = true;
    run_decide(facts, c->aborted_by >= 0, c->options->fail_code);
    return 0;
}

static void release(struct control *c) {
    secure_dismiss(c->secure, c->workers, c->workers == NULL ? 0 : c->worker_count);
    for (unsigned i = 0; c->workers != NULL && i < c->worker_count; i++)
        worker_build_free(&c->workers[i]);
    free(c->workers);
    free(c->cpu_before);
    free(c->cpu_share);
    free(c->phase_open);
    judge_free(c->judge);
    commander_close(c->commander);
    backend_watch_close(c->backend);
    observe_close(c->observe);
    result_free(c->second);
    player_close(c->player);
    virtual_close(c->world);
    secure_close(c->secure);
}

static int prepare(const struct plan *plan, const struct run_options *options, struct run_facts *facts,
                   struct secret_table *secrets, char *why, size_t why_size) {
    int error = plan->virtual_time ? 0 : guard_allows_run(plan, facts, why, why_size);
    if (error < 0)
        return error;
    error = load_secrets(plan, secrets, why, why_size);
    if (error < 0) {
        facts->exit_code = EXIT_ENVIRONMENT;
        return error;
    }
    if (plan->virtual_time)
        return 0;
    for (unsigned t = 0; t < plan->target_count; t++)
        reach_choose_family(&plan->targets[t]);
    error = reach_targets(plan, options->wait, options->signals, why, why_size);
    if (error == ERR_CLOSED)
        facts->exit_code = interrupted_code(options);
    else if (error < 0)
        facts->exit_code = error == ERR_DENIED ? EXIT_GUARD : EXIT_UNREACHABLE;
    return error;
}

/* A simulated clock takes one worker, and needs nobody but the built-in broker. */
static int open_world(struct control *c, struct run_facts *facts, char *why, size_t why_size) {
    c->pace = &pace_virtual;
    const struct run_options *o = c->options;
    bool plays = o->recording.size > 0;
    int error = virtual_open(c->plan, !plays, &c->world, why, why_size);
    if (error == 0 && plays)
        error =
            player_open(o->recording, o->played, o->played_count, o->played_slack, c->world, &c->player, why, why_size);
    if (error < 0)
        facts->exit_code = error == ERR_NO_MEMORY ? EXIT_ENVIRONMENT : EXIT_SCENARIO;
    return error;
}

/* The observer is there before the fleet is built, so that nothing of it counts as the devices' memory. */
static int watch(struct control *c, struct run_facts *facts, const struct secret_table *secrets, char *why,
                 size_t why_size) {
    const struct run_options *options = c->options;
    int error = secure_open(c->plan, &c->secure, why, why_size);
    if (error < 0) {
        facts->exit_code = EXIT_ENVIRONMENT;
        return error;
    }
    error = observe_open(c->plan, facts->shard, facts->shards, secrets, options->signals, &c->observe, why, why_size);
    if (error == 0) {
        error = commander_open(c->plan, facts->shard, facts->shards, secrets, c->observe, &c->commander);
        if (error < 0)
            snprintf(why, why_size, "commands cannot be made ready: %s", err_name(error));
    }
    if (error == 0)
        error = backend_watch_open(c->plan, options->builtin_pid, c->observe, &c->backend, why, why_size);
    if (error == ERR_CLOSED)
        facts->exit_code = interrupted_code(options);
    else if (error < 0)
        facts->exit_code = error == ERR_DENIED        ? EXIT_GUARD
                           : error == ERR_UNREACHABLE ? EXIT_UNREACHABLE
                                                      : EXIT_ENVIRONMENT;
    return error;
}

int run_plan(const struct plan *plan, const struct run_options *options, const struct run_sink *sink,
             struct run_facts *facts, char *why, size_t why_size) {
    unsigned shards = options->shards == 0 ? 1 : options->shards, shard = options->shard == 0 ? 1 : options->shard;
    *facts = (struct run_facts){.plan = plan,
                                .shard = shard,
                                .shards = shards,
                                .devices_here = plan_devices_here(plan, shard, shards),
                                .exit_code = EXIT_INTERNAL};
    struct secret_table *secrets = calloc(1, sizeof *secrets);
    if (secrets == NULL)
        return ERR_NO_MEMORY;
    int error = prepare(plan, options, facts, secrets, why, why_size);
    struct control c = {.plan = plan,
                        .options = options,
                        .sink = sink,
                        .pace = &pace_real,
                        .devices = facts->devices_here,
                        .aborted_by = -1};
    if (error == 0)
        error = plan->virtual_time ? open_world(&c, facts, why, why_size) : watch(&c, facts, secrets, why, why_size);
    if (error == 0) {
        c.cores = descriptors_cores();
        c.worker_count = plan->virtual_time ? 1
                                            : descriptors_workers(facts->devices_here, c.cores, options->workers,
                                                                  &facts->private_descriptor_tables);
        facts->workers = c.worker_count;
        c.trust = trust_begin(plan, c.worker_count, c.cores);
        error = build(&c, shard, shards, facts->private_descriptor_tables, secrets);
        if (error < 0)
            facts->exit_code = EXIT_ENVIRONMENT;
        else
            error = control_run(&c);
        if (error < 0)
            snprintf(why, why_size, "the fleet could not be built: %s", err_name(error));
    }
    if (error == 0) {
        gather(&c, facts);
        error = judge(&c, facts);
    }
    facts->result = c.total;
    for (unsigned t = 0; t < plan->target_count; t++)
        facts->builtin_target = facts->builtin_target || plan->targets[t].builtin;
    release(&c);
    secret_table_free(secrets);
    free(secrets);
    return error;
}

void run_facts_free(struct run_facts *facts) {
    free(facts->audit.gaps);
    facts->audit = (struct run_audit){0};
    free(facts->checks);
    facts->checks = NULL;
    free(facts->played);
    facts->played = NULL;
    if (facts->result != NULL)
        result_free((struct result *)(uintptr_t)facts->result);
    facts->result = NULL;
}
