#include "scenario/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/suggest.h"
#include "base/text.h"
#include "scenario/check_names.h"
#include "scenario/expr.h"
#include "scenario/expr_type.h"
#include "scenario/timeline.h"
#include "scenario/value.h"

static const struct node *checks_of(const struct node *root) {
    const struct node *n = node_get(root, "checks");
    return n != NULL && n->kind == NODE_LIST ? n : NULL;
}

static struct expr *parse(const struct node *n, struct diagnostic_list *list) {
    struct expr *e;
    struct expr_error error;
    if (expr_parse(n->text, &e, &error) == 0)
        return e;
    struct diagnostic *d =
        diagnostic_add(list, "E411", node_mark_within(n, error.piece.offset, error.piece.size), "%s", error.why);
    diagnostic_suggest(d, error.suggestion[0] != '\0' ? error.suggestion : NULL);
    if (error.help[0] != '\0')
        diagnostic_help(d, "%s", error.help);
    return NULL;
}

void checks_validate(const struct node *root, struct diagnostic_list *list) {
    const struct node *checks = checks_of(root);
    for (size_t i = 0; checks != NULL && i < checks->count; i++) {
        const struct node *expect = node_get(checks->entries[i].value, "expect");
        if (expect != NULL && expect->kind == NODE_SCALAR && !node_is_empty(expect))
            expr_free(parse(expect, list));
    }
}

/* --- what is expected to go wrong ----------------------------------------------------------------------------------- */

/* Implicit phases can be expected too: an entry that only has a place in time stands for them. */
static const struct action *expected_entry(const struct plan_build *b, const struct node *name) {
    const struct plan *p = b->plan;
    for (unsigned i = 0; i < p->action_count; i++)
        if (strcmp(p->actions[i].id, name->text) == 0) {
            if (p->actions[i].when)
                diagnostic_add(b->found, "E413", name->mark,
                               "'%s' happens to each device at its own time, so it is not known what it excuses",
                               name->text);
            return &p->actions[i];
        }
    for (unsigned i = 0; i < p->phase_count; i++)
        if (strcmp(p->phases[i].id, name->text) == 0) {
            struct action *a = plan_memory_take(b->memory, 1, sizeof *a);
            *a = (struct action){.id = p->phases[i].id,
                                 .verb = DO_HOLD,
                                 .value_bit = -1,
                                 .start = p->phases[i].start,
                                 .end = p->phases[i].end,
                                 .selected = p->device_count};
            return a;
        }
    return NULL; /* pass 3 has said so */
}

static bool same_set(const struct excluded_set *set, const struct action **actions, unsigned count) {
    bool same = set->count == count;
    for (unsigned i = 0; same && i < count; i++)
        same = strcmp(set->actions[i]->id, actions[i]->id) == 0;
    return same;
}

/* The mask bit of the check's set; checks with the same entries share one. */
static uint8_t excluded_bit(const struct plan_build *b, const struct node *expected) {
    struct plan *p = b->plan;
    if (node_is_empty(expected) && (expected == NULL || expected->kind == NODE_SCALAR))
        return 0;
    size_t room = expected->kind == NODE_LIST ? expected->count : 1;
    const struct action **actions = plan_memory_take(b->memory, room, sizeof *actions);
    unsigned count = 0;
    for (size_t i = 0; i < room; i++) {
        const struct node *name = expected->kind == NODE_LIST ? expected->entries[i].value : expected;
        const struct action *a = expected_entry(b, name);
        if (a != NULL)
            actions[count++] = a;
    }
    for (unsigned i = 0; i < p->excluded_count; i++)
        if (same_set(&p->excluded[i], actions, count))
            return (uint8_t)(1U << i);
    if (p->excluded_count == EXCLUDED_SETS_MAX) {
        diagnostic_add(b->found, "E410", expected->mark, "more than %d different sets of expected_during",
                       EXCLUDED_SETS_MAX);
        return 0;
    }
    p->excluded[p->excluded_count] = (struct excluded_set){actions, count};
    return (uint8_t)(1U << p->excluded_count++);
}

/* --- checks --------------------------------------------------------------------------------------------------------- */

static void release_expr(void *what) {
    expr_free(what);
}

/* A long run in simulated time has fewer rows than seconds. */
static void refuse_short_windows(const struct plan_build *b, const struct node *expect, const struct expr *e) {
    char interval[32];
    for (int i = 0; i < e->call_count; i++)
        if (e->calls[i].over % b->plan->interval != 0)
            diagnostic_help(diagnostic_add(b->found, "E429", expect->mark,
                                           "over= takes whole intervals of the run, which are %s here",
                                           instant_format_span(b->plan->interval, interval, sizeof interval)),
                            "a shorter duration has finer intervals; without --virtual they are 1 s");
}

static void make_check(const struct plan_build *b, const struct node *n) {
    struct plan *p = b->plan;
    const struct node *expect = node_get(n, "expect"), *abort = node_get(n, "abort");
    struct expr *e = parse(expect, b->found);
    if (e == NULL)
        return;
    plan_memory_defer(b->memory, release_expr, e);
    struct check *c = &p->checks[p->check_count++];
    const char *name = value_text_at(n, "checks.[].name");
    c->expr = e;
    c->expect = plan_memory_text(b->memory, expect->text);
    c->name = name != NULL && name[0] != '\0' ? plan_memory_text(b->memory, name) : c->expect;
    c->kind = (enum check_kind)value_word_at(n, "checks.[].kind");
    c->abort = value_bool_at(n, "checks.[].abort");
    c->min_samples = value_integer_at(n, "checks.[].min_samples");
    c->excluded_bit = excluded_bit(b, node_get(n, "expected_during"));
    c->file = expect->mark.file == NULL ? p->file : plan_memory_text(b->memory, expect->mark.file);
    c->line = expect->mark.line;
    check_names_find(b, expect, e);
    refuse_short_windows(b, expect, e);
    char why[EXPR_WHY_MAX];
    if (c->abort && !expr_type_may_abort(e, why, sizeof why))
        diagnostic_add(b->found, "E414", abort->mark, "%s", why);
}

void checks_make(const struct plan_build *b) {
    const struct node *checks = checks_of(b->root);
    if (checks == NULL)
        return;
    b->plan->checks = plan_memory_take(b->memory, checks->count, sizeof *b->plan->checks);
    for (size_t i = 0; i < checks->count; i++)
        make_check(b, checks->entries[i].value);
}

/* --- segments ------------------------------------------------------------------------------------------------------- */

struct edges {
    instant *at;
    unsigned count;
};

static void add_edge(struct edges *e, instant at) {
    if (at != INSTANT_NEVER && at != INT64_MIN)
        e->at[e->count++] = at;
}

static const struct phase *phase_named(const struct plan *p, const char *id) {
    for (unsigned i = 0; i < p->phase_count; i++)
        if (strcmp(p->phases[i].id, id) == 0)
            return &p->phases[i];
    return NULL;
}

static void add_phase(const struct plan *p, const char *id, struct edges *e) {
    const struct phase *phase = phase_named(p, id);
    if (phase != NULL) {
        add_edge(e, phase->start);
        add_edge(e, phase->end);
    }
}

static int compare_instants(const void *a, const void *b) {
    const instant *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

void checks_segments(const struct plan_build *b) {
    struct plan *p = b->plan;
    size_t calls = 0;
    for (unsigned i = 0; i < p->check_count; i++)
        calls += (size_t)p->checks[i].expr->call_count;
    struct edges e = {.at = plan_memory_take(b->memory, 6 * calls + 2, sizeof(instant))};
    for (unsigned i = 0; i < p->check_count; i++)
        for (int k = 0; k < p->checks[i].expr->call_count; k++) {
            const struct expr_call *c = &p->checks[i].expr->calls[k];
            add_phase(p, c->during, &e);
            add_phase(p, c->from.id, &e);
            add_phase(p, c->to.id, &e);
        }
    if (p->warmup > 0)
        add_edge(&e, p->warmup);
    e.at[e.count++] = INT64_MIN;
    qsort(e.at, e.count, sizeof *e.at, compare_instants);
    unsigned kept = 0;
    for (unsigned i = 0; i < e.count; i++)
        if (kept == 0 || e.at[i] != e.at[kept - 1])
            e.at[kept++] = e.at[i];
    p->segments = (struct segments){e.at, kept};
}

/* --- trust ---------------------------------------------------------------------------------------------------------- */

void checks_trust(const struct plan_build *b) {
    struct plan *p = b->plan;
    const struct node *n = node_get(b->root, "trust");
    span tightest = 0;
    for (unsigned i = 0; i < p->check_count; i++) {
        span limit = expr_type_tightest_duration(p->checks[i].expr);
        if (limit > 0 && (tightest == 0 || limit < tightest))
            tightest = limit;
    }
    span lag = tightest / 20 > 10 * SPAN_MS ? tightest / 20 : 10 * SPAN_MS;
    p->trust = (struct trust_limits){.lag = lag, .cpu = value_number_at(n, "trust.cpu")};
    if (value_given(n, "trust.lag"))
        p->trust.lag = value_span_at(n, "trust.lag");
    span stall = p->trust.lag > 250 * SPAN_MS ? p->trust.lag : 250 * SPAN_MS;
    p->trust.stall = value_given(n, "trust.stall") ? value_span_at(n, "trust.stall") : stall;
    p->trust.widened = p->trust.lag > lag || p->trust.stall > stall || p->trust.cpu > 0.8;
}
