#include "report/run_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/version.h"
#include "report/facts.h"
#include "report/log_map.h"
#include "report/manifest_read.h"
#include "report/run_log.h"
#include "scenario/load.h"
#include "scenario/plan_observe.h"

enum { PATH_ROOM = 4096 + 64 };

struct input {
    const char *directory;
    struct manifest manifest;
    struct log_map maps[2][RUN_LOG_PARTS_MAX]; /* of events.ndjson and intervals.hlog */
    struct run_log_part parts[2][RUN_LOG_PARTS_MAX];
    unsigned part_count[2];
    struct run_log *log;
    const struct run_log_second *next; /* read, and not added up yet; NULL: there is no more */
    uint32_t *states;                  /* [group_count * STATE_KINDS] after the last second that was added */
};

struct run_read {
    struct plan_options options;
    bool runs_again; /* the options say in which kind of time */
    struct input *inputs;
    unsigned count;
    const char *const *directories;
    struct diagnostic_list found; /* owns the names of files in the plan */
    struct plan *plan;
    struct log_map resolved; /* scenario.resolved.yaml of the first */
    struct judge *judge;
    struct result *second, *total;
    struct run_facts facts;
    int fail_code;
    struct evidence_index evidence;
    uint64_t lines_missing, intervals_missing, bytes_ignored, log_records_dropped;
    bool killed, cut_short, complete;
    char note[300];
};

static int refuse(char *why, size_t size, int error, const char *format, ...) __attribute__((format(printf, 4, 5)));

static int refuse(char *why, size_t size, int error, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(why, size, format, args);
    va_end(args);
    return error;
}

/* --- what was run ----------------------------------------------------------------------------------------------------- */

static int read_manifest(struct input *in, char *why, size_t why_size) {
    char path[PATH_ROOM], wrong[160];
    snprintf(path, sizeof path, "%s/manifest.json", in->directory);
    struct log_map map = log_map_open(path);
    if (map.data == NULL)
        return refuse(why, why_size, ERR_NOT_FOUND, "%s is no run directory: it has no manifest.json", in->directory);
    int status = manifest_read(map.data, map.size, &in->manifest, wrong, sizeof wrong);
    log_map_close(&map);
    if (status < 0)
        return refuse(why, why_size, status, "%s cannot be read: %s", path, wrong);
    return 0;
}

/* All directories are shards of one run, and no shard is there twice. */
static int check_inputs(const struct run_read *r, char *why, size_t why_size) {
    const struct input *first = &r->inputs[0];
    for (unsigned i = 1; i < r->count; i++) {
        const struct input *in = &r->inputs[i];
        if (strcmp(in->manifest.plan_hash, first->manifest.plan_hash) != 0)
            return refuse(why, why_size, ERR_INVALID, "%s and %s do not belong together: they ran different plans",
                          first->directory, in->directory);
        if (in->manifest.shards != first->manifest.shards)
            return refuse(why, why_size, ERR_INVALID,
                          "%s and %s do not belong together: one is a part of %u shards, the other of %u",
                          first->directory, in->directory, first->manifest.shards, in->manifest.shards);
        for (unsigned k = 0; k < i; k++)
            if (r->inputs[k].manifest.shard == in->manifest.shard)
                return refuse(why, why_size, ERR_INVALID, "%s and %s are the same shard, %u of %u",
                              r->inputs[k].directory, in->directory, in->manifest.shard, in->manifest.shards);
    }
    return 0;
}

static int compile(struct run_read *r, char *why, size_t why_size) {
    const struct input *in = &r->inputs[0];
    const struct manifest *m = &in->manifest;
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/scenario.resolved.yaml", in->directory);
    r->resolved = log_map_open(path);
    if (r->resolved.data == NULL)
        return refuse(why, why_size, ERR_NOT_FOUND, "%s is missing or empty", path);
    const char *files[] = {m->file};
    struct load_options load = {
        .files = files, .file_count = 1, .text = r->resolved.data, .text_size = r->resolved.size};
    struct plan_options options = r->options;
    options.run_id = m->run_id;
    if (!r->runs_again)
        options.virtual_time = m->virtual_time;
    options.skip_resources = true;
    struct node *root = NULL;
    if (load_scenario(&load, &root, &r->found) == 0)
        r->plan = plan_compile(root, &options, &r->found);
    else
        node_free(root);
    if (r->plan == NULL)
        return refuse(why, why_size, ERR_MALFORMED, "%s cannot be read: %s", path,
                      r->found.count > 0 ? r->found.items[0].message : "it is no scenario");
    if (strcmp(r->plan->plan_hash, m->plan_hash) != 0)
        return refuse(why, why_size, ERR_INVALID,
                      "%s is not what was run: it was changed, or Muster %s reads it otherwise than this version, %s",
                      path, m->version, VERSION_TEXT);
    r->plan->seed_given = m->seed_given;
    return 0;
}

static int open_logs(struct run_read *r, struct input *in, char *why, size_t why_size) {
    static const char *const names[] = {"events.ndjson", "intervals.hlog"};
    for (int n = 0; n < 2; n++)
        for (unsigned part = 0; part < RUN_LOG_PARTS_MAX; part++) {
            struct log_map map = log_map_open_part(in->directory, names[n], part);
            if (map.data == NULL)
                break;
            in->maps[n][part] = map;
            in->parts[n][part] = (struct run_log_part){map.data, map.size};
            in->part_count[n] = part + 1;
        }
    struct run_log_texts texts = {.events = in->parts[0],
                                  .intervals = in->parts[1],
                                  .event_parts = in->part_count[0],
                                  .interval_parts = in->part_count[1]};
    in->log = run_log_new(r->plan, &texts);
    in->states = calloc((size_t)r->plan->group_count * STATE_KINDS + 1, sizeof *in->states);
    if (in->log == NULL || in->states == NULL)
        return refuse(why, why_size, ERR_NO_MEMORY, "out of memory");
    return 0;
}

static int open_all(struct run_read *r, char *why, size_t why_size) {
    int status = 0;
    for (unsigned i = 0; i < r->count && status == 0; i++) {
        r->inputs[i].directory = r->directories[i];
        status = read_manifest(&r->inputs[i], why, why_size);
    }
    if (status == 0)
        status = check_inputs(r, why, why_size);
    if (status == 0)
        status = compile(r, why, why_size);
    for (unsigned i = 0; i < r->count && status == 0; i++)
        status = open_logs(r, &r->inputs[i], why, why_size);
    if (status < 0)
        return status;
    r->judge = judge_new(r->plan);
    r->second = result_new(r->plan->group_count, &r->plan->segments);
    r->total = result_new(r->plan->group_count, &r->plan->segments);
    r->facts.checks = calloc(r->plan->check_count + 1, sizeof *r->facts.checks);
    if (r->judge == NULL || r->second == NULL || r->total == NULL || r->facts.checks == NULL)
        return refuse(why, why_size, ERR_NO_MEMORY, "out of memory");
    return 0;
}

static int open_for(const char *const *directories, unsigned count, const struct plan_options *options, bool runs_again,
                    struct run_read **out, char *why, size_t why_size) {
    CHECK(count > 0);
    if (count > RUN_READ_DIRECTORIES_MAX)
        return refuse(why, why_size, ERR_INVALID, "at most %d directories", RUN_READ_DIRECTORIES_MAX);
    struct run_read *r = calloc(1, sizeof *r);
    if (r == NULL)
        return refuse(why, why_size, ERR_NO_MEMORY, "out of memory");
    diagnostic_init(&r->found);
    r->directories = directories;
    r->count = count;
    r->options = *options;
    r->runs_again = runs_again;
    r->inputs = calloc(count, sizeof *r->inputs);
    int status = r->inputs == NULL ? refuse(why, why_size, ERR_NO_MEMORY, "out of memory") : open_all(r, why, why_size);
    if (status < 0) {
        run_read_free(r);
        return status;
    }
    *out = r;
    return 0;
}

int run_read_open(const char *const *directories, unsigned count, struct run_read **out, char *why, size_t why_size) {
    return open_for(directories, count, &(struct plan_options){0}, false, out, why, why_size);
}

int run_read_open_for(const char *const *directories, unsigned count, const struct plan_options *options,
                      struct run_read **out, char *why, size_t why_size) {
    return open_for(directories, count, options, true, out, why, why_size);
}

void run_read_free(struct run_read *r) {
    if (r == NULL)
        return;
    for (unsigned i = 0; r->inputs != NULL && i < r->count; i++) {
        struct input *in = &r->inputs[i];
        run_log_free(in->log);
        for (int n = 0; n < 2; n++)
            for (unsigned part = 0; part < in->part_count[n]; part++)
                log_map_close(&in->maps[n][part]);
        manifest_read_free(&in->manifest);
        free(in->states);
    }
    free(r->inputs);
    judge_free(r->judge);
    result_free(r->second);
    result_free(r->total);
    free(r->facts.checks);
    free(r->facts.audit.gaps);
    plan_free(r->plan);
    log_map_close(&r->resolved);
    diagnostic_free(&r->found);
    free(r);
}

const struct plan *run_read_plan(const struct run_read *r) {
    return r->plan;
}

struct plan *run_read_plan_again(struct run_read *r) {
    return r->plan;
}

bool run_read_was_virtual(const struct run_read *r) {
    return r->inputs[0].manifest.virtual_time;
}

/* --- the seconds ------------------------------------------------------------------------------------------------------ */

/* Shards' intervals end at the same whole multiples; only the last one of each ends anywhere. */
static int64_t slot_of(const struct run_read *r, instant at) {
    return (at + r->plan->interval - 1) / r->plan->interval;
}

static void advance(const struct run_read *r, struct input *in) {
    memcpy(in->states, run_log_states(in->log), (size_t)r->plan->group_count * STATE_KINDS * sizeof *in->states);
    in->next = run_log_next(in->log);
}

/* The slot that comes next, and where its latest interval ends; false when all is read. */
static bool next_slot(const struct run_read *r, int64_t *slot, instant *at) {
    bool any = false;
    for (unsigned i = 0; i < r->count; i++)
        if (r->inputs[i].next != NULL) {
            int64_t of = slot_of(r, r->inputs[i].next->at);
            *slot = any && *slot < of ? *slot : of;
            any = true;
        }
    *at = 0;
    for (unsigned i = 0; i < r->count; i++)
        if (r->inputs[i].next != NULL && slot_of(r, r->inputs[i].next->at) == *slot)
            *at = instant_max(*at, r->inputs[i].next->at);
    return any;
}

static const char *phase_at(const struct plan *p, instant at) {
    const char *id = "";
    for (unsigned i = 0; i < p->phase_count; i++)
        if (p->phases[i].start <= at && at < p->phases[i].end)
            id = p->phases[i].id;
    return id;
}

static bool trusted_so_far(const struct run_read *r) {
    for (unsigned i = 0; i < r->count; i++)
        if (run_log_end(r->inputs[i].log)->facts.trust_count > 0)
            return false;
    return true;
}

/* Adds up the intervals of one slot, judges them and tells them. */
static void take_slot(struct run_read *r, int64_t slot, instant at, const struct run_read_sink *sink) {
    struct run_second told = {
        .at = at, .total = r->total, .phase = phase_at(r->plan, at - 1), .trustworthy = trusted_so_far(r)};
    struct result *second = r->count == 1 ? r->inputs[0].next->result : r->second;
    result_clear(r->second);
    for (unsigned i = 0; i < r->count; i++) {
        struct input *in = &r->inputs[i];
        if (in->next == NULL || slot_of(r, in->next->at) != slot) {
            result_add_gauge(r->second, at, in->states); /* its devices stay what they were */
            continue;
        }
        told.cpu_share_max = in->next->cpu_share > told.cpu_share_max ? in->next->cpu_share : told.cpu_share_max;
        told.rss_bytes += in->next->rss_bytes;
        if (in->next->backend.has_cpu || in->next->backend.has_rss)
            told.backend = in->next->backend; /* shards have one backend */
        for (size_t k = 0; k < in->next->result->gauge_count; k++)
            in->next->result->gauges[k].at = at;
        if (second == r->second)
            result_merge(second, in->next->result);
        for (size_t k = 0; k < in->next->line_count; k++) {
            evidence_index_add(&r->evidence, in->next->lines[k].text, in->next->lines[k].size);
            if (sink != NULL && sink->line != NULL)
                sink->line(sink->context, &in->next->lines[k]);
        }
    }
    told.second = second;
    result_merge(r->total, second);
    judge_second(r->judge, at, second, r->total);
    if (sink != NULL && sink->second != NULL)
        sink->second(sink->context, &told);
    for (unsigned i = 0; i < r->count; i++)
        if (r->inputs[i].next != NULL && slot_of(r, r->inputs[i].next->at) == slot)
            advance(r, &r->inputs[i]);
}

/* --- the facts -------------------------------------------------------------------------------------------------------- */

static void add_trust(struct run_facts *f, const struct trust_finding *finding, const struct input *in, bool merged) {
    if (f->trust_count == TRUST_REASONS_MAX)
        return;
    struct trust_finding *into = &f->trust[f->trust_count++];
    *into = *finding;
    if (merged)
        snprintf(into->text, sizeof into->text, "shard %u: %.180s", in->manifest.shard, finding->text);
}

static void add_gaps(struct run_facts *f, const struct run_audit *from) {
    if (from->gap_count == 0)
        return;
    struct run_audit *into = &f->audit;
    into->gaps = realloc(into->gaps, (into->gap_count + from->gap_count) * sizeof *into->gaps);
    CHECK(into->gaps != NULL);
    memcpy(into->gaps + into->gap_count, from->gaps, from->gap_count * sizeof *from->gaps);
    into->gap_count += from->gap_count;
}

/* What no line of a killed run tells, and what follows from the plan. */
static struct run_facts facts_of(const struct run_read *r, const struct input *in) {
    struct run_facts f = run_log_end(in->log)->facts;
    const struct manifest *m = &in->manifest;
    if (f.started_unix_ns == 0)
        f.started_unix_ns = m->started_unix_ns;
    if (!run_log_end(in->log)->ended) {
        f.devices_here = plan_devices_here(r->plan, m->shard, m->shards);
        for (unsigned t = 0; t < r->plan->target_count; t++)
            f.builtin_target = f.builtin_target || r->plan->targets[t].builtin;
        f.audit.on = r->plan->observe != NULL;
        f.audit.granted = f.audit.on ? r->plan->observe->qos : 0;
    }
    return f;
}

static void gather(struct run_read *r, bool *aborted) {
    struct run_facts *f = &r->facts;
    r->complete = true;
    for (unsigned i = 0; i < r->count; i++) {
        const struct input *in = &r->inputs[i];
        const struct run_log_end *end = run_log_end(in->log);
        struct run_facts one = facts_of(r, in);
        facts_merge(f, &one, i);
        add_gaps(f, &one.audit);
        if (f->backend.counter_count == 0) { /* shards have one backend */
            f->backend.counter_count = one.backend.counter_count;
            memcpy(f->backend.counters, one.backend.counters, sizeof f->backend.counters);
        }
        for (unsigned k = 0; k < one.trust_count; k++)
            add_trust(f, &one.trust[k], in, r->count > 1);
        r->killed = r->killed || !end->ended;
        r->complete = r->complete && in->manifest.complete;
        r->fail_code = end->fail_code > r->fail_code ? end->fail_code : r->fail_code;
        r->lines_missing += end->lines_missing;
        r->intervals_missing += end->intervals_missing;
        r->bytes_ignored += end->bytes_ignored;
        r->log_records_dropped += end->ended ? in->manifest.log_records_dropped : end->lines_missing;
        if (end->aborted) {
            *aborted = true;
            f->checks[end->aborted_by].aborted_the_run = true;
        }
    }
    const struct manifest *first = &r->inputs[0].manifest;
    bool whole = r->count == first->shards;
    f->shard = whole ? 1 : r->count == 1 ? first->shard : 0;
    f->shards = whole ? 1 : first->shards;
    if (r->count == 1) { /* as its own run said it */
        f->shard = first->shard;
        f->shards = first->shards;
    }
}

static void decide(struct run_read *r, bool aborted) {
    struct run_facts *f = &r->facts;
    if (r->log_records_dropped > 0 && f->trust_count == 0) {
        f->trust[f->trust_count] = (struct trust_finding){.from = 0, .to = f->ended};
        snprintf(f->trust[f->trust_count++].text, sizeof f->trust[0].text, "%llu log records were dropped at the end",
                 (unsigned long long)r->log_records_dropped);
    }
    run_decide(f, aborted, r->fail_code);
    r->cut_short = r->killed || (!f->finished && f->signal == 0); /* the latter: a shard of it was killed */
    if (!r->cut_short)
        return;
    f->finished = false;
    f->verdict = VERDICT_INCOMPLETE;
    f->exit_code = EXIT_INCOMPLETE;
}

/* In the documents of a run that is not whole, before the numbers. */
static void write_note(struct run_read *r) {
    char length[32];
    instant_format_span(r->facts.ended, length, sizeof length);
    if (r->killed)
        snprintf(r->note, sizeof r->note,
                 "the run was killed: here is what it had measured up to %s; %llu bytes behind that were ignored",
                 length, (unsigned long long)r->bytes_ignored);
    else if (r->cut_short)
        snprintf(r->note, sizeof r->note, "a part of the run was killed: here is what was measured up to %s", length);
    else if (r->bytes_ignored > 0)
        snprintf(r->note, sizeof r->note, "%llu bytes of the logs are damaged and were ignored",
                 (unsigned long long)r->bytes_ignored);
    else if (r->intervals_missing > 0 || r->lines_missing > 0)
        snprintf(r->note, sizeof r->note,
                 "%llu records of events.ndjson and %llu histograms of intervals.hlog are missing: what rests on them "
                 "is missing here",
                 (unsigned long long)r->lines_missing, (unsigned long long)r->intervals_missing);
}

static int read_logs(struct run_read *r, const struct run_read_sink *sink, char *why, size_t why_size) {
    int64_t slot = 0, started = INT64_MAX;
    instant at = 0;
    for (unsigned i = 0; i < r->count; i++) {
        struct input *in = &r->inputs[i];
        in->next = run_log_next(in->log);
        struct run_facts f = facts_of(r, in);
        started = f.started_unix_ns < started ? f.started_unix_ns : started;
    }
    if (sink != NULL && sink->begin != NULL)
        sink->begin(sink->context, started);
    while (next_slot(r, &slot, &at))
        take_slot(r, slot, at, sink);
    for (unsigned i = 0; i < r->count; i++) {
        const struct run_log_end *end = run_log_end(r->inputs[i].log);
        if (end->broken)
            return refuse(why, why_size, ERR_MALFORMED, "%s cannot be read: %s", r->inputs[i].directory, end->why);
    }
    bool aborted = false;
    r->facts.plan = r->plan;
    r->facts.result = r->total;
    judge_finish(r->judge, r->total, r->facts.checks);
    gather(r, &aborted);
    decide(r, aborted);
    write_note(r);
    return 0;
}

/* The logs tell which nodes the run had; one that is to go elsewhere keeps its own. */
int run_read_replay(struct run_read *r, const struct run_read_sink *sink, char *why, size_t why_size) {
    struct target *targets = r->plan->targets;
    size_t size = r->plan->target_count * sizeof *targets;
    struct target *kept = malloc(size + 1);
    CHECK(kept != NULL);
    memcpy(kept, targets, size);
    int status = read_logs(r, sink, why, why_size);
    if (r->runs_again)
        memcpy(targets, kept, size);
    free(kept);
    return status;
}

struct run_facts *run_read_facts(struct run_read *r) {
    return &r->facts;
}

int run_read_fail_code(const struct run_read *r) {
    return r->fail_code;
}

struct report run_read_report(const struct run_read *r) {
    const struct manifest *m = &r->inputs[0].manifest;
    return (struct report){.facts = &r->facts,
                           .host = &m->host,
                           .ceiling = m->measured ? &m->ceiling : NULL,
                           .argc = m->argc,
                           .argv = m->argv,
                           .directory = m->directory != NULL ? m->directory : r->directories[0],
                           .logs = r->directories,
                           .log_count = r->count,
                           .evidence = &r->evidence,
                           .complete = r->complete,
                           .resolved = r->resolved.data,
                           .resolved_size = r->resolved.size,
                           .log_records_dropped = r->log_records_dropped,
                           .note = r->note[0] != '\0' ? r->note : NULL};
}
