#include "fleet/trust.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "scenario/expr.h"
#include "scenario/measure.h"

enum { LATE_FREE = 2 }; /* so many late operations are nobody's bottleneck */
static const double late_share = 0.001, excluded_share = 0.01;

struct trust trust_begin(const struct plan *plan, unsigned workers, unsigned cores) {
    return (struct trust){.plan = plan, .workers = workers, .cores = cores};
}

void trust_add(struct trust *t, instant from, instant to, const char *format, ...) {
    if (t->count == TRUST_REASONS_MAX)
        return;
    struct trust_finding *f = &t->findings[t->count++];
    f->from = from;
    f->to = to;
    va_list args;
    va_start(args, format);
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
}

static void look_at_stalls(struct trust *t, instant at, const struct result *second) {
    if (second->loop_late_max <= t->plan->trust.stall)
        return;
    char late[24], limit[24];
    trust_add(t, at - SPAN_S, at, "a worker's loop was late by %s (limit %s): the generator stalled",
              instant_format_span(second->loop_late_max, late, sizeof late),
              instant_format_span(t->plan->trust.stall, limit, sizeof limit));
}

static void look_at_cpu(struct trust *t, instant at, const double *cpu_share) {
    double limit = t->plan->trust.cpu, sum = 0;
    for (unsigned i = 0; i < t->workers; i++) {
        unsigned *streak = &t->busy_one[i % COUNT_OF(t->busy_one)];
        sum += cpu_share[i];
        *streak = cpu_share[i] > limit ? *streak + 1 : 0;
        if (*streak == TRUST_BUSY_S)
            trust_add(t, at - TRUST_BUSY_S * SPAN_S, at, "worker %u used more than %.0f %% of a core for %d s", i,
                      limit * 100, TRUST_BUSY_S);
    }
    t->busy_all = sum > limit * t->cores ? t->busy_all + 1 : 0;
    if (t->busy_all == TRUST_BUSY_S && t->workers > 1)
        trust_add(t, at - TRUST_BUSY_S * SPAN_S, at, "the workers together used more than %.0f %% of %u cores for %d s",
                  limit * 100, t->cores, TRUST_BUSY_S);
}

void trust_second(struct trust *t, instant at, const double *cpu_share, const struct result *second) {
    look_at_stalls(t, at, second);
    if (cpu_share != NULL)
        look_at_cpu(t, at, cpu_share);
}

/* Said once, at the first time: what was missing, and what helps. */
static const char *const shortage_texts[SHORTAGES] = {
    [SHORT_OF_DESCRIPTORS] = "connections were not opened for want of file descriptors in this process: "
                             "'ulimit -n 1048576' before the run allows more",
    [SHORT_OF_FILES] = "connections were not opened because this machine may have no more files open: "
                       "'sysctl -w fs.file-max=4000000' allows more",
    [SHORT_OF_PORTS] = "connections were not opened for want of a local port or address: "
                       "'sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"' or more addresses under 'sources' help",
    [SHORT_OF_MEMORY] = "connections were not opened for want of memory on this machine: "
                        "see 'free -m' and 'sysctl net.ipv4.tcp_mem', or run fewer devices here with --shard",
    [SHORT_OF_OTHER] = "this machine refused to open connections, maybe by a firewall of its own: "
                       "see 'nft list ruleset'",
};

void trust_shortages(struct trust *t, instant at, unsigned shortages) {
    for (unsigned i = 0; i < SHORTAGES; i++)
        if ((shortages & ~t->shortages & 1U << i) != 0)
            trust_add(t, at - SPAN_S, at, "%s", shortage_texts[i]);
    t->shortages |= shortages;
}

static bool named_by_a_check(const struct plan *p, const char *id) {
    for (unsigned i = 0; i < p->check_count; i++)
        if (strstr(p->checks[i].expect, id) != NULL)
            return true;
    return false;
}

static void look_at_phase(struct trust *t, const struct result *total, const struct phase *phase) {
    uint64_t late = 0, count = 0;
    for (size_t i = 0; i < total->series_count; i++) {
        const struct series *s = total->series[i];
        instant from = total->segments->edges[s->key.segment];
        if (from < phase->start || from >= phase->end)
            continue;
        late += s->late;
        for (int outcome = 0; outcome < OP_OUTCOMES; outcome++)
            count += outcome == OP_DROPPED ? 0 : s->outcomes[outcome];
    }
    double allowed = (double)count * late_share;
    if (late > LATE_FREE && (double)late > allowed)
        trust_add(t, phase->start, phase->end, "%llu of %llu operations of phase %.40s left late",
                  (unsigned long long)late, (unsigned long long)count, phase->id);
}

/* Messages that a check covers and that the audit could not judge. */
static void look_at_audit(struct trust *t, const struct result *total, const struct check *check) {
    for (int i = 0; i < check->expr->call_count; i++) {
        struct measure_scope scope;
        uint64_t audited, excluded;
        measure_scope_of(&check->expr->calls[i], check, t->plan, &scope);
        bool judges = measure_audit(&scope, total, &audited, &excluded);
        instant from = instant_max(scope.from, 0), to = instant_min(scope.to, t->plan->duration);
        measure_scope_free(&scope);
        unsigned long long covered = audited + excluded, missed = excluded;
        if (!judges || (double)missed <= excluded_share * (double)covered)
            continue;
        trust_add(t, from, to, "%llu of %llu messages that '%.60s' covers fell out of the audit", missed, covered,
                  check->name);
        return;
    }
}

static bool counts_copies(const struct check *check) {
    for (int i = 0; i < check->expr->call_count; i++)
        if (check->expr->calls[i].function == METRIC_DUPLICATED)
            return true;
    return false;
}

void trust_copies(struct trust *t, uint64_t unknown) {
    for (unsigned i = 0; unknown > 0 && i < t->plan->check_count; i++)
        if (counts_copies(&t->plan->checks[i])) {
            trust_add(t, 0, t->plan->duration,
                      "%llu messages at subscribers may be copies: too many pairs of publisher and subscriber",
                      (unsigned long long)unknown);
            return;
        }
}

void trust_end(struct trust *t, const struct result *total) {
    for (unsigned i = 0; t->plan->observe != NULL && i < t->plan->check_count; i++)
        look_at_audit(t, total, &t->plan->checks[i]);
    double allowed = (double)total->emitted_all * late_share;
    if (total->late_all > LATE_FREE && (double)total->late_all > allowed) {
        char limit[24];
        trust_add(t, 0, t->plan->duration, "%llu of %llu operations left more than %s after they were ready",
                  (unsigned long long)total->late_all, (unsigned long long)total->emitted_all,
                  instant_format_span(t->plan->trust.lag, limit, sizeof limit));
    } else {
        for (unsigned i = 0; i < t->plan->phase_count; i++)
            if (named_by_a_check(t->plan, t->plan->phases[i].id))
                look_at_phase(t, total, &t->plan->phases[i]);
    }
    if (total->dropped_records > 0)
        trust_add(t, 0, t->plan->duration, "%llu log records were dropped", (unsigned long long)total->dropped_records);
}
