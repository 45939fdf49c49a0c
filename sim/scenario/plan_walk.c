#include "scenario/plan_walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "device/schedule.h"
#include "device/signal.h"
#include "device/trigger.h"

/* Entries are decisions of their own kinds, beyond enum op_kind, as devices count them (device/device_timeline.c). */
enum { DECISION_ENTRY = 128, STREAM_OF_BURST = UINT8_MAX };

/* Start or end of an entry for this device. */
struct edge {
    instant at;
    const struct action *entry;
    bool end;
};

struct plan_walk {
    const struct plan *plan;
    const struct fleet_group *group;
    uint32_t device;
    struct edge *edges; /* in order of time, equal ones as the device meets them */
    unsigned edge_count, next_edge;
    struct stream {
        instant next;
        uint64_t n;
        struct trigger_state reported;
    } * streams;
    unsigned due;               /* stream to look at next when several are due at one instant; 0: none is */
    instant due_at;             /* that instant */
    const struct action *burst; /* under way, with so many messages gone */
    uint32_t burst_gone;
    double *states, *values; /* NULL: signals are not followed */
    instant sampled;
    uint32_t sequence;
    uint64_t samples;
    uint32_t active; /* value entries that hold now, by bit */
    bool stopped;
};

/* --- entries -------------------------------------------------------------------------------------------------------- */

static int compare_edges(const void *a, const void *b) {
    const struct edge *left = a, *right = b;
    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    if (left->entry->index != right->entry->index)
        return left->entry->index < right->entry->index ? -1 : 1;
    return (int)left->end - (int)right->end;
}

static void collect_edges(struct plan_walk *w) {
    const struct plan *p = w->plan;
    w->edges = calloc(2 * (size_t)p->action_count + 1, sizeof *w->edges);
    CHECK(w->edges != NULL);
    for (unsigned i = 0; i < p->action_count; i++) {
        const struct action *a = &p->actions[i];
        if (a->when || !action_verbs[a->verb].per_device || !action_selects(a, w->device))
            continue;
        instant start = action_start(a, p->seed, w->device), end = action_end(a, p->seed, w->device, start, 0);
        w->edges[w->edge_count++] = (struct edge){start, a, false};
        if (end != INSTANT_NEVER)
            w->edges[w->edge_count++] = (struct edge){end, a, true};
    }
    qsort(w->edges, w->edge_count, sizeof *w->edges, compare_edges);
}

/* What an entry does to schedules: the only thing that is followed. Whether `state` and `where` let it happen is not known. */
static void follow(struct plan_walk *w, const struct edge *e) {
    const struct action *a = e->entry;
    if (a->where.count > 0)
        return;
    if (a->value_bit >= 0 && e->end)
        w->active &= ~((uint32_t)1 << a->value_bit);
    else if (a->value_bit >= 0)
        w->active |= (uint32_t)1 << a->value_bit;
    if (a->verb == DO_STOP)
        w->stopped = true;
}

/* --- schedules ------------------------------------------------------------------------------------------------------ */

/* The gap as the active entries have it: of those that set it, the one that started last for this device. */
static struct dist every_now(const struct plan_walk *w, unsigned stream) {
    struct dist every = w->group->telemetry[stream].every;
    instant latest = INT64_MIN;
    for (unsigned i = 0; w->active != 0 && i < w->plan->action_count; i++) {
        const struct action *a = &w->plan->actions[i];
        if (a->value_bit < 0 || (w->active >> a->value_bit & 1) == 0)
            continue;
        instant start = action_start(a, w->plan->seed, w->device);
        for (unsigned k = 0; k < a->setting_count && start >= latest; k++)
            if (a->settings[k].key == SET_EVERY) {
                every = a->settings[k].dist;
                latest = start;
            }
    }
    return every;
}

static struct schedule schedule_now(const struct plan_walk *w, unsigned stream, struct dist *every) {
    struct schedule s = schedule_of(w->group, stream, w->plan->seed, w->plan->epoch_unix_ms);
    *every = every_now(w, stream);
    s.every = every;
    s.clock = (struct clock_view){.model = &w->group->profile->clock,
                                  .actions = w->plan->actions,
                                  .action_count = w->plan->action_count,
                                  .device = w->device};
    return s;
}

static void begin_streams(struct plan_walk *w) {
    instant connect = plan_first_connect(w->plan, w->device);
    w->streams = calloc(w->group->telemetry_count + 1, sizeof *w->streams);
    CHECK(w->streams != NULL);
    for (unsigned i = 0; i < w->group->telemetry_count; i++) {
        struct dist every;
        struct schedule s = schedule_now(w, i, &every);
        w->streams[i].reported = trigger_begin();
        w->streams[i].next = schedule_planned(w->group, i) ? schedule_first(&s, w->device, connect) : INSTANT_NEVER;
    }
}

struct plan_walk *plan_walk_new(const struct plan *p, uint32_t device, bool signals) {
    CHECK(device < p->device_count);
    struct plan_walk *w = calloc(1, sizeof *w);
    CHECK(w != NULL);
    w->plan = p;
    w->device = device;
    w->group = &p->groups[p->group_of[device]];
    collect_edges(w);
    begin_streams(w);
    w->sampled = INSTANT_NEVER;
    if ((signals || w->group->triggers) && w->group->signal_count > 0) {
        w->states = calloc(w->group->signal_count, sizeof *w->states);
        w->values = calloc(w->group->signal_count, sizeof *w->values);
        CHECK(w->states != NULL && w->values != NULL);
        for (unsigned i = 0; i < w->group->signal_count; i++)
            w->states[i] = signal_begin(&w->group->signals[i]);
    }
    return w;
}

void plan_walk_free(struct plan_walk *w) {
    if (w == NULL)
        return;
    free(w->edges);
    free(w->streams);
    free(w->states);
    free(w->values);
    free(w);
}

/* --- steps ---------------------------------------------------------------------------------------------------------- */

static uint64_t advance_signals(struct plan_walk *w, instant at) {
    const struct fleet_group *g = w->group;
    int64_t begin = w->plan->epoch_unix_ms * SPAN_MS;
    struct signal_sample sample = {.seed = w->plan->seed,
                                   .device = w->device,
                                   .n = ++w->samples,
                                   .clock = begin + at,
                                   .begin = begin,
                                   .since = signal_since(g->signals_evolve ? &w->sampled : NULL, at),
                                   .motion = signal_motion(g)};
    uint64_t fold = 0;
    for (unsigned i = 0; w->values != NULL && i < g->signal_count; i++) {
        uint64_t bits;
        w->values[i] = signal_advance(&g->signals[i], &sample, &w->states[i]);
        memcpy(&bits, &w->values[i], sizeof bits);
        fold = hash_fold(fold, bits);
    }
    return fold;
}

static void fill_message(struct plan_walk *w, unsigned stream, uint64_t n, instant at, uint64_t fold,
                         struct plan_walk_step *step) {
    unsigned source = stream < w->group->telemetry_count ? stream : 0; /* bursts have the first stream's schedule */
    w->sequence++;
    *step = (struct plan_walk_step){.kind = PLAN_WALK_MESSAGE,
                                    .at = at,
                                    .entry = w->burst,
                                    .stream = stream,
                                    .n = n,
                                    .sequence = w->sequence,
                                    .values = w->values,
                                    .decides = schedule_planned(w->group, source)};
    if (step->decides)
        step->decision = schedule_decision(w->device, OP_MQTT_PUBLISH, stream, n, at, fold);
}

static bool next_of_burst(struct plan_walk *w, struct plan_walk_step *step) {
    if (w->burst == NULL)
        return false;
    if (w->burst_gone == w->burst->messages) {
        w->burst = NULL;
        return false;
    }
    w->burst_gone++;
    instant at = w->edges[w->next_edge - 1].at;
    fill_message(w, STREAM_OF_BURST, w->burst_gone, at, advance_signals(w, at), step);
    return true;
}

/* The next start or end of an entry up to `limit`. */
static bool next_entry(struct plan_walk *w, instant limit, struct plan_walk_step *step) {
    if (w->next_edge == w->edge_count || w->edges[w->next_edge].at > limit ||
        w->edges[w->next_edge].at >= w->plan->duration)
        return false;
    const struct edge *e = &w->edges[w->next_edge++];
    const struct action *a = e->entry;
    follow(w, e);
    *step = (struct plan_walk_step){.kind = e->end ? PLAN_WALK_END : PLAN_WALK_ENTRY, .at = e->at, .entry = a};
    if (e->end)
        return true;
    step->decides = true;
    step->decision = schedule_decision(w->device, (enum op_kind)(DECISION_ENTRY + a->verb), a->index, 0, e->at, 0);
    if (a->verb == DO_BURST && a->where.count == 0 && w->group->telemetry_count > 0) {
        w->burst = a;
        w->burst_gone = 0;
    }
    return true;
}

/* The first stream that is due at `at`, from the one after the last. */
static bool next_message(struct plan_walk *w, instant at, struct plan_walk_step *step) {
    for (; w->due < w->group->telemetry_count; w->due++) {
        struct stream *s = &w->streams[w->due];
        if (s->next != at)
            continue;
        struct dist every;
        struct schedule schedule = schedule_now(w, w->due, &every);
        s->n++;
        s->next = schedule_next(&schedule, w->device, s->n, at);
        uint64_t fold = advance_signals(w, at);
        const struct trigger *trigger = &w->group->telemetry[w->due].trigger;
        if (trigger->on && !trigger_fires(trigger, w->values[trigger->signal], at, &s->reported))
            continue;
        fill_message(w, w->due, s->n, at, fold, step);
        w->due++;
        w->due_at = at;
        return true;
    }
    w->due = 0;
    return false;
}

static instant earliest(const struct plan_walk *w) {
    instant first = INSTANT_NEVER;
    for (unsigned i = 0; i < w->group->telemetry_count && !w->stopped; i++)
        first = instant_min(first, w->streams[i].next);
    return first;
}

bool plan_walk_next(struct plan_walk *w, struct plan_walk_step *step) {
    for (;;) {
        if (next_of_burst(w, step))
            return true;
        if (w->due > 0 && next_message(w, w->due_at, step))
            return true;
        instant at = earliest(w);
        if (next_entry(w, at, step))
            return true;
        at = earliest(w);
        if (at >= w->plan->duration)
            return false;
        if (next_message(w, at, step))
            return true;
    }
}

uint64_t plan_walk_decisions(const struct plan *p, uint32_t device) {
    struct plan_walk *w = plan_walk_new(p, device, true);
    struct plan_walk_step step = {.at = INT64_MIN};
    uint64_t sum = 0;
    while (plan_walk_next(w, &step))
        sum += step.decides ? step.decision : 0;
    plan_walk_free(w);
    return sum;
}

bool plan_walk_reacts(const struct plan *p, uint32_t device) {
    const struct fleet_group *g = &p->groups[p->group_of[device]];
    for (unsigned i = 0; i < g->telemetry_count; i++)
        if (!schedule_planned(g, i))
            return true;
    for (unsigned i = 0; i < p->action_count; i++) {
        const struct action *a = &p->actions[i];
        bool conditional = a->when || a->where.count > 0;
        if (conditional && action_selects(a, device) && action_verbs[a->verb].per_device)
            return true;
    }
    return false;
}
