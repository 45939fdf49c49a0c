#include "scenario/plan_downtime.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/hash.h"
#include "device/outage.h"
#include "device/radio.h"

/* A scope that a kind of outage may hit, and how many devices are in it. */
struct place {
    const struct outage *outage;
    unsigned kind;
    uint32_t scope, devices;
};

struct places {
    struct place *list;
    size_t count, room;
};

static void add(struct places *all, struct place p) {
    if (all->count == all->room) {
        all->room = all->room == 0 ? 256 : 2 * all->room;
        all->list = realloc(all->list, all->room * sizeof *all->list);
        CHECK(all->list != NULL);
    }
    all->list[all->count++] = p;
}

static uint32_t scope_of(const struct plan *p, const struct fleet_group *g, const struct outage *o, uint32_t device) {
    switch (o->scope) {
    case OUTAGE_DEVICE:
        return device;
    case OUTAGE_CELL:
        return radio_cell(p->seed, device, g->network, g->region, 0);
    case OUTAGE_REGION:
        return hash_name(g->region);
    case OUTAGE_BACKEND:
        return hash_name(g->target_name);
    case OUTAGE_SCOPES:
        break;
    }
    return 0;
}

static int by_kind_and_scope(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->scope > y->scope) - (x->scope < y->scope);
}

/* Each place once. */
static void merge(struct places *all) {
    size_t kept = 0;
    if (all->count > 0)
        qsort(all->list, all->count, sizeof *all->list, by_kind_and_scope);
    for (size_t i = 0; i < all->count; i++) {
        if (kept > 0 && by_kind_and_scope(&all->list[kept - 1], &all->list[i]) == 0)
            all->list[kept - 1].devices += all->list[i].devices;
        else
            all->list[kept++] = all->list[i];
    }
    all->count = kept;
}

/* The number of a kind by its stream, which is its name's. */
static unsigned kind_of(struct plan_downtime *kinds, unsigned *count, const struct outage *o) {
    for (unsigned i = 0; i < *count; i++)
        if (kinds[i].outage->stream == o->stream)
            return i;
    kinds[*count] = (struct plan_downtime){.outage = o, .first_start = INSTANT_NEVER, .first_end = INSTANT_NEVER};
    return (*count)++;
}

static bool is_here(const struct fleet_group *g, const struct outage *o) {
    bool in_cells = g->network != NULL && g->network->cells.count > 0;
    return (o->network == NULL || o->network == g->network) && (o->scope != OUTAGE_CELL || in_cells);
}

static struct plan_downtime *kinds_of(const struct plan *p, unsigned *count) {
    size_t most = 1;
    for (unsigned g = 0; g < p->group_count; g++)
        most += p->groups[g].outage_count;
    struct plan_downtime *kinds = calloc(most, sizeof *kinds);
    CHECK(kinds != NULL);
    *count = 0;
    for (unsigned g = 0; g < p->group_count; g++)
        for (unsigned i = 0; i < p->groups[g].outage_count; i++)
            if (is_here(&p->groups[g], &p->groups[g].outages[i]))
                (void)kind_of(kinds, count, &p->groups[g].outages[i]);
    return kinds;
}

static struct places places_of(const struct plan *p, struct plan_downtime *kinds, unsigned count) {
    struct places all = {0};
    for (uint32_t d = 0; d < p->device_count; d++) {
        const struct fleet_group *g = &p->groups[p->group_of[d]];
        for (unsigned i = 0; !plan_is_absent(p, d) && i < g->outage_count; i++) {
            const struct outage *o = &g->outages[i];
            if (is_here(g, o))
                add(&all, (struct place){o, kind_of(kinds, &count, o), scope_of(p, g, o, d), 1});
        }
    }
    merge(&all);
    return all;
}

/* One place's outages within the run, each given to `each`. */
static void walk(const struct plan *p, const struct place *at,
                 void (*each)(void *context, const struct place *at, instant start, instant end), void *context) {
    struct outage_cursor c;
    outage_begin(at->outage, p->seed, at->scope, p->epoch_unix_ms, &c);
    while (c.edge < p->duration) {
        instant start = c.edge;
        outage_pass(at->outage, p->seed, at->scope, p->epoch_unix_ms, &c);
        if (c.edge > 0)
            each(context, at, start, c.edge);
        outage_pass(at->outage, p->seed, at->scope, p->epoch_unix_ms, &c);
    }
}

struct sum {
    const struct plan *plan;
    struct plan_downtime *kinds;
    const struct place *last; /* that was hit */
};

static void add_up(void *context, const struct place *at, instant start, instant end) {
    struct sum *s = context;
    struct plan_downtime *k = &s->kinds[at->kind];
    span within = instant_min(end, s->plan->duration) - instant_max(start, 0);
    k->scopes_hit += s->last != at;
    s->last = at;
    k->outages++;
    k->down = instant_add(k->down, within);
    k->device_seconds += (uint64_t)(within / SPAN_S) * at->devices;
    if (start < k->first_start) {
        k->first_start = start;
        k->first_end = end;
    }
}

struct plan_downtime *plan_downtime_of(const struct plan *p, unsigned *count) {
    struct plan_downtime *kinds = kinds_of(p, count);
    struct places all = places_of(p, kinds, *count);
    struct sum sum = {.plan = p, .kinds = kinds};
    for (size_t i = 0; i < all.count; i++) {
        kinds[all.list[i].kind].scopes++;
        walk(p, &all.list[i], add_up, &sum);
    }
    free(all.list);
    return kinds;
}

struct list {
    struct plan_downtime_stretch *out;
    size_t room, count;
};

static void keep(void *context, const struct place *at, instant start, instant end) {
    struct list *l = context;
    if (l->count < l->room)
        l->out[l->count] = (struct plan_downtime_stretch){
            .outage = at->outage, .scope = at->scope, .devices = at->devices, .start = start, .end = end};
    l->count++;
}

size_t plan_downtime_stretches(const struct plan *p, struct plan_downtime_stretch *out, size_t room) {
    unsigned count;
    struct plan_downtime *kinds = kinds_of(p, &count);
    struct places all = places_of(p, kinds, count);
    struct list l = {.out = out, .room = room};
    for (size_t i = 0; i < all.count; i++)
        if (all.list[i].outage->scope != OUTAGE_DEVICE)
            walk(p, &all.list[i], keep, &l);
    free(all.list);
    free(kinds);
    return l.count;
}

struct curve {
    span width;
    unsigned columns;
    double *values;
};

static void draw_stretch(void *context, const struct place *at, instant start, instant end) {
    const struct curve *c = context;
    start = instant_max(start, 0);
    for (uint64_t k = (uint64_t)(start / c->width); k < c->columns && (span)k * c->width < end; k++) {
        span within = instant_min(end, (span)(k + 1) * c->width) - instant_max(start, (span)k * c->width);
        c->values[k * OUTAGE_SCOPES + at->outage->scope] += (double)within / (double)c->width * at->devices;
    }
}

void plan_downtime_curve(const struct plan *p, span width, unsigned columns, double *curve) {
    unsigned count;
    struct curve c = {width > 0 ? width : 1, columns, curve};
    struct plan_downtime *kinds = kinds_of(p, &count);
    struct places all = places_of(p, kinds, count);
    for (size_t i = 0; i < all.count; i++)
        walk(p, &all.list[i], draw_stretch, &c);
    free(all.list);
    free(kinds);
}
