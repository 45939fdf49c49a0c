#include "fleet/control.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/err.h"
#include "fleet/memory.h"
#include "fleet/recording.h"
#include "scenario/plan_outages.h"

static const span look_after = 20 * SPAN_MS; /* while it settles and says farewell, control looks up that often */
static const span farewell_max = 5 * SPAN_S;

static instant now(const struct control *c) {
    return c->pace->now(c);
}

static void say(const struct control *c, const struct run_event *e) {
    if (c->sink->event != NULL)
        c->sink->event(c->sink->context, e);
}

static void pass_note(void *context, const struct note *note) {
    say((const struct control *)context, &(struct run_event){.kind = RUN_NOTE, .at = note->at, .note = note});
}

static void pass_evidence(void *context, const struct evidence_record *record, const uint8_t *data) {
    say((const struct control *)context,
        &(struct run_event){.kind = RUN_EVIDENCE, .at = record->at, .evidence = record, .evidence_data = data});
}

static void pass_recording(struct control *c, struct interval *i) {
    if (i->recorded_size == 0)
        return;
    recording_close_chunk(i->recorded, i->recorded_size);
    say(c, &(struct run_event){.kind = RUN_RECORDED, .at = i->at, .recorded = bytes_of(i->recorded, i->recorded_size)});
}

static void add_interval(struct control *c, struct worker *w, struct interval *i) {
    result_add(c->second, i, c->plan->trust.lag);
    evidence_record_each(i, pass_evidence, c);
    if (i->evidence_omitted > 0)
        say(c, &(struct run_event){.kind = RUN_EVIDENCE, .at = i->at, .omitted = i->evidence_omitted});
    interval_notes(i, pass_note, c);
    pass_recording(c, i);
    observe_interval(c->observe, i);
    struct interval *unused = atomic_exchange_explicit(&w->spare, i, memory_order_acq_rel);
    interval_free(unused);
}

static void collect(struct control *c) {
    for (unsigned i = 0; i < c->worker_count; i++) {
        struct worker *w = &c->workers[i];
        struct interval *full = atomic_exchange_explicit(&w->filled, NULL, memory_order_acq_rel);
        if (full != NULL)
            add_interval(c, w, full);
    }
}

static void measure_cpu(struct control *c) {
    for (unsigned i = 0; i < c->worker_count; i++) {
        uint64_t cpu = atomic_load_explicit(&c->workers[i].cpu_ns, memory_order_relaxed);
        c->cpu_share[i] = c->pace->measures_host ? (double)(cpu - c->cpu_before[i]) / (double)c->plan->interval : 0;
        c->cpu_before[i] = cpu;
    }
}

static void read_gauges(struct control *c) {
    c->online_now = c->received_now = 0;
    if (c->second->gauge_count > 0) {
        const struct gauge_row *row = &c->second->gauges[c->second->gauge_count - 1];
        for (unsigned g = 0; g < c->plan->group_count; g++)
            c->online_now += row->counts[g * STATE_KINDS + STATE_ONLINE];
    }
    for (size_t i = 0; i < c->second->tally_count; i++)
        c->received_now += c->second->tallies[i].counts[TALLY_RECEIVED];
}

static const char *phase_at(const struct plan *p, instant at) {
    const char *id = "";
    for (unsigned i = 0; i < p->phase_count; i++)
        if (p->phases[i].start <= at && at < p->phases[i].end)
            id = p->phases[i].id;
    return id;
}

static void tell_phases(struct control *c, instant at) {
    for (unsigned i = 0; i < c->plan->phase_count; i++) {
        const struct phase *p = &c->plan->phases[i];
        bool open = p->start <= at && at < p->end;
        if (open == c->phase_open[i])
            continue;
        c->phase_open[i] = open;
        say(c, &(struct run_event){
                   .kind = RUN_PHASE, .at = open ? p->start : instant_min(p->end, at), .id = p->id, .start = open});
    }
}

/* Entries of the plan that start or end up to `at`. Those with a condition do so per device, as the devices' notes tell. */
static void tell_actions(struct control *c, instant at) {
    instant load_ends = c->ended > 0 ? instant_min(c->ended, c->plan->duration) : c->plan->duration;
    for (unsigned i = 0; i < c->plan->action_count; i++) {
        const struct action *a = &c->plan->actions[i];
        if (a->when || a->start >= load_ends)
            continue;
        if (a->start > c->actions_told && a->start <= at)
            say(c, &(struct run_event){.kind = RUN_ACTION, .at = a->start, .id = a->id, .start = true});
        if (a->end > a->start && a->end > c->actions_told && a->end <= at)
            say(c, &(struct run_event){.kind = RUN_ACTION, .at = a->end, .id = a->id});
    }
    c->actions_told = at;
}

static void tell_abort(struct control *c, instant at) {
    struct check_verdict *verdicts = calloc(c->plan->check_count, sizeof *verdicts);
    CHECK(verdicts != NULL);
    judge_finish(c->judge, c->total, verdicts);
    say(c, &(struct run_event){.kind = RUN_CHECK, .at = at, .verdict = &verdicts[c->aborted_by]});
    free(verdicts);
}

static void tell_signal(const struct control *c) {
    say(c, &(struct run_event){.kind = RUN_MESSAGE,
                               .at = now(c),
                               .id = "signal",
                               .urgent = true,
                               .text = "stopping: no new load, devices disconnect; again to exit now"});
}

/* What a silent link was like for the backend: only the workers know. */
static void tell_silence(const struct control *c) {
    bool planned = plan_outages_silent(c->plan), filtered = false;
    for (unsigned i = 0; i < c->worker_count; i++)
        filtered = filtered || c->workers[i].true_silence;
    if (planned)
        say(c, &(struct run_event){.kind = RUN_MESSAGE,
                                   .at = c->ended,
                                   .id = "silence",
                                   .text = filtered ? "silent links dropped the backend's packets, as a real hole does"
                                                    : "silent links only stopped reading and writing: the kernel went "
                                                      "on acknowledging what the backend sent"});
}

static void tell_second(struct control *c, instant at) {
    double busiest = 0;
    for (unsigned i = 0; i < c->worker_count; i++)
        busiest = c->cpu_share[i] > busiest ? c->cpu_share[i] : busiest;
    for (unsigned i = 0; i < c->worker_count; i++)
        say(c, &(struct run_event){.kind = RUN_HEALTH,
                                   .at = at,
                                   .health = &(struct health){.at = at,
                                                              .worker = i,
                                                              .loop_late_max = c->second->loop_late_max,
                                                              .operations = c->second->emitted_all,
                                                              .late = c->second->late_all,
                                                              .cpu_share = c->cpu_share[i]}});
    say(c, &(struct run_event){.kind = RUN_ANCHOR, .at = now(c), .unix_ns = c->pace->unix_ns(c, now(c))});
    struct run_second second = {.at = at,
                                .second = c->second,
                                .total = c->total,
                                .cpu_share_max = busiest,
                                .rss_bytes = c->pace->measures_host ? memory_anonymous() : 0,
                                .phase = phase_at(c->plan, at - 1),
                                .trustworthy = trust_holds(&c->trust)};
    backend_watch_second(c->backend, at, c->online_now, &second.backend);
    if (c->online_now > c->online_peak) {
        c->online_peak = c->online_now;
        c->rss_at_peak = second.rss_bytes - observe_bytes(c->observe); /* which is nobody's of the devices */
    }
    if (c->sink->second != NULL)
        c->sink->second(c->sink->context, &second);
}

static unsigned shortages(const struct control *c) {
    unsigned all = 0;
    for (unsigned i = 0; i < c->worker_count; i++)
        all |= atomic_load_explicit(&c->workers[i].shortages, memory_order_relaxed);
    return all;
}

/* What the audit found out with the reports that have just come in. */
static void collect_audit(struct control *c, instant at) {
    struct interval *found = observe_swap(c->observe, at);
    if (found == NULL)
        return;
    result_add(c->second, found, c->plan->trust.lag);
    observe_give_back(c->observe, found);
}

static void collect_commands(struct control *c, instant at) {
    struct interval *found = commander_swap(c->commander, at);
    if (found == NULL)
        return;
    result_add(c->second, found, c->plan->trust.lag);
    commander_give_back(c->commander, found);
}

/* Closes the second that ends at `at`: merged, judged, told. */
static void close_second(struct control *c, instant at, bool running) {
    collect(c);
    collect_audit(c, at);
    collect_commands(c, at);
    result_end_second(c->second, at);
    measure_cpu(c);
    read_gauges(c);
    if (c->sink->dropped != NULL)
        c->second->dropped_records = c->sink->dropped(c->sink->context) - c->total->dropped_records;
    result_merge(c->total, c->second);
    unsigned findings = c->trust.count;
    trust_shortages(&c->trust, at, shortages(c));
    trust_second(&c->trust, at, running ? c->cpu_share : NULL, c->second);
    for (unsigned i = findings; i < c->trust.count; i++)
        say(c, &(struct run_event){.kind = RUN_TRUST,
                                   .at = at,
                                   .text = c->trust.findings[i].text,
                                   .from = c->trust.findings[i].from,
                                   .to = c->trust.findings[i].to});
    int aborts = judge_second(c->judge, at, c->second, c->total);
    if (aborts >= 0 && c->aborted_by < 0 && running) {
        c->aborted_by = aborts;
        tell_abort(c, at);
    }
    tell_phases(c, at);
    tell_actions(c, at);
    tell_second(c, at);
    result_clear(c->second);
}

static void tell_gap(void *context, instant at, const char *text) {
    say((const struct control *)context,
        &(struct run_event){.kind = RUN_MESSAGE, .at = at, .id = "observer", .text = text});
}

static bool cut_short(const struct control *c) {
    return c->signal != 0 || c->aborted_by >= 0;
}

/* Nothing new is intended from then on. */
static instant load_ends(const struct control *c) {
    bool early = cut_short(c) && c->settle_start > 0;
    return early ? instant_min(c->plan->duration, c->settle_start) : c->plan->duration;
}

/* Lets time pass until `at` or until there is something to do; closes the intervals that are over. */
static void tick(struct control *c, instant at, bool running) {
    instant next = instant_min(c->second_at + c->pace->collect_after, commander_next(c->commander, load_ends(c)));
    c->pace->wait(c, instant_min(at, next));
    observe_tick(c->observe, tell_gap, c);
    commander_tick(c->commander, now(c), load_ends(c));
    while (now(c) >= c->second_at + c->pace->collect_after) {
        close_second(c, c->second_at, running);
        c->second_at += c->plan->interval;
    }
    if (c->options->signal_number != NULL && *c->options->signal_number != 0) {
        if (c->signal == 0)
            tell_signal(c);
        c->signal = *c->options->signal_number;
    }
}

static bool hurried(const struct control *c) {
    return c->options->signals != NULL && *c->options->signals > 1;
}

static bool all(const struct control *c, bool (*holds)(const struct worker *)) {
    for (unsigned i = 0; i < c->worker_count; i++)
        if (!holds(&c->workers[i]))
            return false;
    return true;
}

static bool is_idle(const struct worker *w) {
    return !atomic_load_explicit(&w->busy, memory_order_acquire);
}
static bool said_goodbye(const struct worker *w) {
    return atomic_load_explicit(&w->said_goodbye, memory_order_acquire);
}

static bool has_subscribers(const struct plan *p) {
    for (unsigned i = 0; i < p->group_count; i++)
        if (p->groups[i].subscription_count > 0)
            return true;
    return false;
}

/* All that was sent before the devices fell idle has been reported, and has arrived. */
static bool audit_is_done(const struct control *c, instant idle_since) {
    return c->observe == NULL || (c->second_at - c->plan->interval >= idle_since && !observe_waits(c->observe));
}

static void settle(struct control *c) {
    c->settle_start = now(c);
    bool as_it_was = c->options->played_until > 0; /* a fleet that was larger had longer to wait */
    instant end = as_it_was ? c->options->played_until : c->settle_start + c->plan->settle;
    bool listens = has_subscribers(c->plan);
    instant quiet_from =
        c->settle_start + (listens ? c->plan->interval + c->pace->collect_after : 2 * look_after + 100 * SPAN_MS);
    instant idle_since = INSTANT_NEVER;
    while (now(c) < end && !cut_short(c)) {
        tick(c, instant_min(end, now(c) + look_after), true);
        bool quiet = !listens || c->received_now == 0;
        idle_since = all(c, is_idle) ? instant_min(idle_since, now(c)) : INSTANT_NEVER;
        quiet = quiet && !commander_waits(c->commander);
        if (!as_it_was && now(c) > quiet_from && quiet && idle_since != INSTANT_NEVER && audit_is_done(c, idle_since))
            break;
    }
    c->settle_end = now(c);
}

static void say_farewell(struct control *c) {
    for (unsigned i = 0; i < c->worker_count; i++)
        atomic_store_explicit(&c->workers[i].ends, instant_min(c->plan->duration, now(c)), memory_order_relaxed);
    control_tell(c, WORKER_FAREWELL);
    instant end = now(c) + farewell_max;
    while (now(c) < end && !all(c, said_goodbye) && !hurried(c))
        tick(c, instant_min(end, now(c) + look_after), false);
}

static void choose_origin(struct control *c) {
    c->pace->choose_origin(c);
    observe_begin(c->observe, c->origin_ns);
    commander_begin(c->commander, c->origin_ns, c->start_unix_ns);
    backend_watch_begin(c->backend);
    for (unsigned i = 0; i < c->worker_count; i++) {
        struct worker *w = &c->workers[i];
        w->origin_ns = c->origin_ns;
        w->host.start_unix_ms = c->start_unix_ns / SPAN_MS;
        if (c->plan->epoch_now)
            w->host.epoch_unix_ms = w->host.start_unix_ms;
        atomic_store(&w->busy, true); /* until it has looked */
    }
}

static void end_workers(struct control *c) {
    c->pace->end(c);
    for (unsigned i = 0; i < c->worker_count; i++) {
        struct worker *w = &c->workers[i];
        struct interval *full = atomic_exchange(&w->filled, NULL);
        if (full != NULL)
            add_interval(c, w, full);
        add_interval(c, w, w->last);
        w->last = NULL;
    }
}

void control_tell(struct control *c, enum worker_order order) {
    for (unsigned i = 0; i < c->worker_count; i++)
        worker_tell(&c->workers[i], order);
}

int control_run(struct control *c) {
    c->phase_open = calloc(c->plan->phase_count + 1, sizeof *c->phase_open);
    c->cpu_before = calloc(c->worker_count, sizeof *c->cpu_before);
    c->cpu_share = calloc(c->worker_count, sizeof *c->cpu_share);
    if (c->phase_open == NULL || c->cpu_before == NULL || c->cpu_share == NULL)
        return ERR_NO_MEMORY;
    int error = c->pace->start(c);
    if (error < 0)
        return error;
    choose_origin(c);
    c->pace->begin(c);
    say(c, &(struct run_event){.kind = RUN_STARTED, .unix_ns = c->start_unix_ns});
    c->second_at = c->plan->interval;
    tell_phases(c, 0);
    c->actions_told = -1;
    tell_actions(c, 0);
    while (now(c) < c->plan->duration && !cut_short(c))
        tick(c, c->plan->duration, true);
    if (!cut_short(c))
        settle(c);
    else
        c->settle_start = c->settle_end = now(c);
    c->ended = now(c);
    say_farewell(c);
    end_workers(c);
    observe_finish(c->observe);
    commander_finish(c->commander, now(c), load_ends(c));
    close_second(c, now(c), false);
    tell_silence(c);
    say(c, &(struct run_event){.kind = RUN_ENDED, .at = c->ended});
    return 0;
}
