#include "report/report.h"

#include <stdio.h>
#include <string.h>

#include "report/figures.h"
#include "report/html.h"
#include "report/junit.h"
#include "report/manifest.h"
#include "report/resolved.h"
#include "report/summary_json.h"
#include "report/summary_md.h"
#include "scenario/plan_observe.h"
#include "scenario/plan_outages.h"

enum { GAPS_NAMED = 3 };

const struct report_ops report_table[] = {
    {"resolved scenario", "scenario.resolved.yaml", "yaml", NULL, true, resolved_write},
    {"summary for people", "summary.md", "md", "md", false, summary_md_write},
    {"JUnit", "junit.xml", "xml", "junit", false, junit_write},
    {"summary", "summary.json", "json", "json", false, summary_json_write},
    {"page", "report.html", "html", "html", false, html_write},
    {"manifest", "manifest.json", "json", NULL, true, manifest_write},
    {NULL, NULL, NULL, NULL, false, NULL},
};

const struct report_ops *report_find(const char *extension) {
    for (const struct report_ops *ops = report_table; ops->name != NULL; ops++)
        if (strcmp(ops->extension, extension) == 0)
            return ops;
    return NULL;
}

const char *const report_verdict_words[] = {
    [VERDICT_PASS] = "PASS",
    [VERDICT_FAIL] = "FAIL",
    [VERDICT_ABORTED] = "ABORTED",
    [VERDICT_NOT_TRUSTWORTHY] = "NOT TRUSTWORTHY",
    [VERDICT_INCOMPLETE] = "INCOMPLETE",
};

const char *report_verdict_sentence(const struct run_facts *facts) {
    switch (facts->verdict) {
    case VERDICT_PASS:
        return facts->plan->check_count > 0 ? "every check passed"
                                            : "the run ended in order; the scenario has no checks";
    case VERDICT_FAIL:
        return "a check failed";
    case VERDICT_ABORTED:
        return "a check ended the run early";
    case VERDICT_NOT_TRUSTWORTHY:
        return "the numbers cannot carry a verdict: the generator fell behind, lacked something or lost records";
    case VERDICT_INCOMPLETE:
        break;
    }
    return facts->signal != 0 ? "the run was interrupted" : "the run did not come to its end";
}

typedef void say_fn(void *context, const char *sentence);

/* How far the word "lost" can be relied on. */
static void say_audit(const struct run_facts *f, say_fn *say, void *context) {
    const struct plan *p = f->plan;
    unsigned streams = 0, observed = 0;
    char text[256];
    for (unsigned g = 0; g < p->group_count; g++)
        for (unsigned t = 0; t < p->groups[g].telemetry_count; t++) {
            streams++;
            observed += p->groups[g].telemetry[t].observed;
        }
    if (streams > 0 && p->observe == NULL)
        say(context, "no observer audited the messages: loss is counted by acknowledgement alone (observe: all)");
    if (p->observe == NULL)
        return;
    if (p->observe->audited < p->observe->candidates) {
        snprintf(text, sizeof text, "the audit covers %u of %u devices, a sample by hash%s", p->observe->audited,
                 p->observe->candidates, p->observe->by_rate ? ": all of them send more than 20,000 messages/s" : "");
        say(context, text);
    }
    if (f->audit.on && f->audit.granted < p->observe->qos)
        say(context, "the backend granted the observer QoS 1 at most: copies of QoS 2 messages may be its delivery's");
    if (observed < streams) {
        snprintf(text, sizeof text, "%u of %u kinds of messages are not audited: no mark, or not observed",
                 streams - observed, streams);
        say(context, text);
    }
}

/* Is one gap told before another? Those with more messages go first. */
static bool goes_before(const struct audit_gap *a, const struct audit_gap *b) {
    return a->messages > b->messages || (a->messages == b->messages && a < b);
}

/* The first gap that is told after `told` (NULL: of all); NULL when there is none. */
static const struct audit_gap *next_gap(const struct run_audit *audit, const struct audit_gap *told) {
    const struct audit_gap *next = NULL;
    for (const struct audit_gap *g = audit->gaps; g < audit->gaps + audit->gap_count; g++)
        if ((told == NULL || goes_before(told, g)) && (next == NULL || goes_before(g, next)))
            next = g;
    return next;
}

/* What the observer itself missed. */
static void say_gaps(const struct run_facts *f, say_fn *say, void *context) {
    char text[256], from[32];
    unsigned long long excluded = figures_tally(f->result, f->plan, TALLY_AUDIT_EXCLUDED, false, NULL);
    unsigned long long covered = excluded + figures_tally(f->result, f->plan, TALLY_AUDITED, false, NULL);
    if (f->audit.gap_count == 0 && excluded == 0)
        return;
    snprintf(text, sizeof text, "the observer could not see everything: %llu of %llu messages are out of the audit",
             excluded, covered);
    const struct audit_gap *gap = NULL;
    for (size_t i = 0; i < GAPS_NAMED && (gap = next_gap(&f->audit, gap)) != NULL; i++) {
        size_t size = strlen(text);
        snprintf(text + size, sizeof text - size, "%s%s from %s on", i == 0 ? " (" : ", ", audit_gap_names[gap->kind],
                 instant_format_span(gap->from, from, sizeof from));
    }
    size_t size = strlen(text);
    if (f->audit.gap_count > 0)
        snprintf(text + size, sizeof text - size, "%s)", f->audit.gap_count > GAPS_NAMED ? " ..." : "");
    say(context, text);
}

static bool is_closed_loop(const struct plan *p) {
    for (unsigned g = 0; g < p->group_count; g++)
        for (unsigned t = 0; t < p->groups[g].telemetry_count; t++)
            if (p->groups[g].telemetry[t].pace == PACE_CLOSED)
                return true;
    return false;
}

/* What TLS leaves open: whose word was taken for it, and what was no TLS at all. */
static void say_tls(const struct plan *p, void (*say)(void *context, const char *sentence), void *context) {
    bool modelled = false;
    char text[256];
    for (unsigned t = 0; t < p->target_count; t++) {
        const struct target_tls *tls = p->targets[t].tls;
        modelled = modelled || (tls != NULL && p->virtual_time);
        if (tls == NULL || !tls->insecure || p->virtual_time)
            continue;
        snprintf(text, sizeof text, "INSECURE: who answered at %.128s was believed without a look at its certificate",
                 p->targets[t].url);
        say(context, text);
    }
    if (modelled)
        say(context, "TLS was modelled: handshakes are their round trips and bytes, and nothing was encrypted");
}

void report_caveats(const struct report *r, void (*say)(void *context, const char *sentence), void *context) {
    const struct run_facts *f = r->facts;
    char text[256];
    uint64_t intended = figures_intended(f->result, f->plan);
    uint64_t held = figures_held(f->result, f->plan, OP_HELD_GUARD);
    if (r->note != NULL)
        say(context, r->note);
    if (f->played_count > 0)
        say(context, "REPLAY: devices of a recorded run alone; what came to them is what came then");
    if (f->plan->virtual_time)
        say(context,
            "VIRTUAL: a simulated clock and the built-in broker in memory; nothing was sent, and latencies are "
            "those of the models alone");
    say_tls(f->plan, say, context);
    if (held > intended / 100) {
        snprintf(text, sizeof text, "the safety guard held back %llu of %llu operations: this is shaped load",
                 (unsigned long long)held, (unsigned long long)intended);
        say(context, text);
    }
    if (f->guard_refused > 0) {
        snprintf(text, sizeof text, "the safety guard refused %llu connects to addresses that are not allowed",
                 (unsigned long long)f->guard_refused);
        say(context, text);
    }
    if (f->plan->trust.widened)
        say(context, "the scenario widened the limits of trust (trust:)");
    if (f->builtin_target && !f->plan->virtual_time)
        say(context, "the target was the built-in broker: it serves trials and tests, not comparisons");
    say_audit(f, say, context);
    say_gaps(f, say, context);
    if (plan_outages_silent(f->plan) && !f->plan->virtual_time && !f->true_silence &&
        f->settle_end > 0) /* known at the end only */
        say(context,
            "silent links were silent above TCP only: the backend's packets were still acknowledged by this kernel");
    if (is_closed_loop(f->plan))
        say(context, "closed: devices waited for answers, so a slow backend was sent less");
    if (f->shards > 1) {
        if (f->shard > 0)
            snprintf(text, sizeof text, "shard %u of %u: %u of %u devices", f->shard, f->shards, f->devices_here,
                     plan_devices_here(f->plan, 1, 1));
        else
            snprintf(text, sizeof text, "not all of %u shards are here: %u of %u devices", f->shards, f->devices_here,
                     plan_devices_here(f->plan, 1, 1));
        say(context, text);
    }
    if (f->plan->warmup > 0) {
        char span_text[32];
        snprintf(text, sizeof text, "operations intended in the first %s (warm-up) are left out",
                 instant_format_span(f->plan->warmup, span_text, sizeof span_text));
        say(context, text);
    }
}
