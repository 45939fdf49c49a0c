#include "metrics/audit_gaps.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static const span backlog_min = 100 * SPAN_MS;

int audit_gaps_init(struct audit_gaps *g) {
    g->due = calloc(AUDIT_GAPS_DUE_BUCKETS, sizeof *g->due);
    return g->due == NULL ? ERR_NO_MEMORY : 0;
}

void audit_gaps_free(struct audit_gaps *g) {
    free(g->due);
    g->due = NULL;
}

/* --- what fell due ---------------------------------------------------------------------------------------------------- */

static int64_t bucket_of(instant at) {
    return at < 0 ? 0 : at / AUDIT_GAPS_DUE_WIDTH;
}

static void count_due(struct audit_gaps *g, int64_t bucket) {
    if (bucket <= g->due_newest - AUDIT_GAPS_DUE_BUCKETS)
        return; /* it waited at its device for longer than anybody asks about */
    if (bucket >= g->due_newest + AUDIT_GAPS_DUE_BUCKETS) {
        memset(g->due, 0, AUDIT_GAPS_DUE_BUCKETS * sizeof *g->due);
        g->due_newest = bucket;
    }
    while (g->due_newest < bucket)
        g->due[++g->due_newest % AUDIT_GAPS_DUE_BUCKETS] = 0;
    g->due[bucket % AUDIT_GAPS_DUE_BUCKETS]++;
}

void audit_gaps_due(struct audit_gaps *g, instant intended, instant emitted) {
    int64_t first = bucket_of(intended), second = bucket_of(emitted);
    count_due(g, first);
    if (second > first + 1) /* else it is the same moment */
        count_due(g, second);
}

static uint64_t due_between(const struct audit_gaps *g, instant from, instant to) {
    uint64_t sum = 0;
    int64_t first = bucket_of(from), last = bucket_of(to);
    if (first <= g->due_newest - AUDIT_GAPS_DUE_BUCKETS)
        first = g->due_newest - AUDIT_GAPS_DUE_BUCKETS + 1;
    for (int64_t b = first; b <= last && b <= g->due_newest; b++)
        sum += g->due[b % AUDIT_GAPS_DUE_BUCKETS];
    return sum;
}

/* --- gaps ------------------------------------------------------------------------------------------------------------- */

/* Where the gap ends for what it may have swallowed. */
static instant reaches(const struct audit_gap *gap) {
    if (gap->to == INSTANT_NEVER || (gap->kind != AUDIT_GAP_STALL && gap->kind != AUDIT_GAP_QUEUE))
        return gap->to;
    return instant_add(gap->to, instant_max(gap->to - gap->from, backlog_min));
}

static void remove_gap(struct audit_gaps *g, unsigned i) {
    memmove(&g->gaps[i], &g->gaps[i + 1], (g->count - i - 1) * sizeof g->gaps[0]);
    g->count--;
}

/* Gap i + 1 becomes a part of gap i, whose kind is that of the longer one. */
static void merge_next(struct audit_gaps *g, unsigned i) {
    struct audit_gap *into = &g->gaps[i];
    const struct audit_gap *from = &g->gaps[i + 1];
    if (from->to - from->from > into->to - into->from)
        into->kind = from->kind;
    into->to = instant_max(into->to, from->to);
    into->messages += from->messages;
    remove_gap(g, i + 1);
}

/* A gap that goes on is told by its start when it ends: until then it is no part of another. */
static bool goes_on(const struct audit_gap *gap) {
    return gap->to == INSTANT_NEVER;
}

static void merge_nearest(struct audit_gaps *g) {
    unsigned nearest = 0;
    for (unsigned i = 1; i + 1 < g->count; i++) {
        bool near = g->gaps[i + 1].from - g->gaps[i].to < g->gaps[nearest + 1].from - g->gaps[nearest].to;
        if (!goes_on(&g->gaps[i + 1]) && (near || goes_on(&g->gaps[nearest + 1])))
            nearest = i;
    }
    merge_next(g, nearest);
}

static void merge_touching(struct audit_gaps *g, unsigned i) {
    const struct audit_gap *gap = &g->gaps[i], *before = i == 0 ? NULL : gap - 1;
    if (before != NULL && !goes_on(gap) && before->kind == gap->kind && before->to >= gap->from)
        merge_next(g, i - 1);
}

static struct audit_gap *same_gap(struct audit_gaps *g, enum audit_gap_kind kind, instant from) {
    for (unsigned i = 0; i < g->count; i++)
        if (g->gaps[i].kind == kind && g->gaps[i].from == from)
            return &g->gaps[i];
    return NULL;
}

void audit_gaps_add(struct audit_gaps *g, enum audit_gap_kind kind, instant from, instant to) {
    struct audit_gap *same = same_gap(g, kind, from);
    if (same != NULL) {
        same->to = to;
        merge_touching(g, (unsigned)(same - g->gaps));
        return;
    }
    unsigned place = g->count;
    while (place > 0 && g->gaps[place - 1].from > from)
        place--;
    memmove(&g->gaps[place + 1], &g->gaps[place], (g->count - place) * sizeof g->gaps[0]);
    g->gaps[place] = (struct audit_gap){.kind = kind, .from = from, .to = to};
    g->count++;
    merge_touching(g, place);
    if (g->count > AUDIT_GAPS_MAX)
        merge_nearest(g);
}

void audit_gaps_suspect(struct audit_gaps *g, instant from, instant to) {
    if (g->suspect_count == AUDIT_GAPS_SUSPECTS_MAX)
        audit_gaps_add(g, AUDIT_GAP_STALL, from, to);
    else
        g->suspects[g->suspect_count++] = (struct audit_gap){.kind = AUDIT_GAP_STALL, .from = from, .to = to};
}

static bool took_too_much(const struct audit_gaps *g, const struct audit_gap *s) {
    return due_between(g, s->from, s->to) > AUDIT_STALL_MESSAGES;
}

static void clear_suspect(struct audit_gaps *g, const struct audit_gap *s) {
    if (g->cleared_count == AUDIT_GAPS_CLEARED_MAX)
        memmove(&g->cleared[0], &g->cleared[1], --g->cleared_count * sizeof g->cleared[0]);
    g->cleared[g->cleared_count++] = *s;
}

/* A message is reported when it has ended, and just behind a stall answers are late: most of what fell due in it may be told only after it
 * was decided. */
static void look_again(struct audit_gaps *g) {
    unsigned kept = 0;
    for (unsigned i = 0; i < g->cleared_count; i++) {
        const struct audit_gap *s = &g->cleared[i];
        if (took_too_much(g, s))
            audit_gaps_add(g, AUDIT_GAP_STALL, s->from, s->to);
        else
            g->cleared[kept++] = *s;
    }
    g->cleared_count = kept;
}

void audit_gaps_decide(struct audit_gaps *g, instant until) {
    unsigned kept = 0;
    look_again(g);
    for (unsigned i = 0; i < g->suspect_count; i++) {
        const struct audit_gap *s = &g->suspects[i];
        if (s->to > until)
            g->suspects[kept++] = *s;
        else if (took_too_much(g, s))
            audit_gaps_add(g, AUDIT_GAP_STALL, s->from, s->to);
        else
            clear_suspect(g, s);
    }
    g->suspect_count = kept;
}

int audit_gaps_find(const struct audit_gaps *g, instant from, instant to) {
    /* From the latest on: most questions are about what happened just now. */
    for (unsigned i = g->count; i-- > 0;)
        if (g->gaps[i].from <= to && reaches(&g->gaps[i]) >= from)
            return (int)i;
    return AUDIT_GAPS_NONE;
}

size_t audit_gaps_bytes(const struct audit_gaps *g) {
    return g->due == NULL ? 0 : AUDIT_GAPS_DUE_BUCKETS * sizeof *g->due;
}
