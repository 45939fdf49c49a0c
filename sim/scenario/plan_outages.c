#include "scenario/plan_outages.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "device/radio.h"
#include "scenario/plan_networks.h"
#include "scenario/value.h"

enum { PATTERN_MAX = 64, DAYS_OF_A_WEEK = 7 };

static const char *below(const char *place, const char *key, char pattern[PATTERN_MAX]) {
    int size = snprintf(pattern, PATTERN_MAX, "%s.%s", place, key);
    CHECK(size > 0 && size < PATTERN_MAX);
    return pattern;
}

static void refuse(const struct plan_build *b, const struct node *n, const char *why, const char *help) {
    diagnostic_help(diagnostic_add(b->found, "E441", n->mark, "%s", why), "%s", help);
}

/* `place`: the schema's row of one outage. Those of networks are called <network>.<name>, so that each has luck of its own. */
static struct outage read_outage(const struct plan_build *b, const struct node_entry *e, const char *place,
                                 const struct network *network) {
    char pattern[PATTERN_MAX];
    const struct node *n = e->value;
    struct outage o = {.network = network};
    o.id = network == NULL ? plan_memory_text(b->memory, e->key)
                           : plan_memory_format(b->memory, "%s.%s", network->name, e->key);
    o.stream = draw_stream_named("outage", o.id);
    o.scope = (enum outage_scope)value_word_at(n, below(place, "scope", pattern));
    o.how = (uint8_t)value_word_at(n, below(place, "how", pattern));
    o.down = value_dist_at(n, below(place, "down", pattern));
    bool random = value_given(n, below(place, "mttf", pattern)),
         planned = value_given(n, below(place, "every", pattern));
    o.up = (struct dist){.kind = DIST_EXP, .a = value_number_at(n, below(place, "mttf", pattern))};
    o.at = value_span_at(n, below(place, "at", pattern));
    o.stagger = value_span_at(n, below(place, "stagger", pattern));
    if (planned)
        o.every = value_word_at(n, below(place, "every", pattern)) == 1 ? DAYS_OF_A_WEEK * SPAN_DAY : SPAN_DAY;
    if (o.scope == OUTAGE_CELL && network != NULL && network->cells.count == 0)
        refuse(b, n, "the network has no cells that could go down", "write cells: {count: 40}, or another scope");
    if (random == planned)
        refuse(b, n, "an outage comes by chance or is planned",
               "write mttf: 120day for the mean time between two, or every: week and at: 26h");
    else if (planned && dist_median(&o.down) >= (double)o.every)
        refuse(b, n, "the next outage begins before this one is over", "make `down` shorter");
    else if (random &&
             (value_given(n, below(place, "at", pattern)) || value_given(n, below(place, "stagger", pattern))))
        refuse(b, n, "at and stagger are for planned outages", "write every: day, or leave them out");
    return o;
}

/* A key that is one name or a list of them, or not there. */
static bool names(const struct node *n, const char *name) {
    if (n == NULL || node_is_empty(n))
        return true;
    if (n->kind == NODE_SCALAR)
        return strcmp(n->text, name) == 0;
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(node_text(n->entries[i].value), name) == 0)
            return true;
    return false;
}

/* Every outage of the scenario, the networks' own last, and the node of each. */
struct catalogue {
    struct outage *outages;
    const struct node **nodes;
    unsigned count, room;
};

static void collect(const struct plan_build *b, const struct node *map, const char *place,
                    const struct network *network, struct catalogue *c) {
    for (size_t i = 0; map != NULL && map->kind == NODE_MAP && i < map->count && c->count < c->room; i++) {
        c->nodes[c->count] = map->entries[i].value;
        c->outages[c->count++] = read_outage(b, &map->entries[i], place, network);
    }
}

static size_t count_of(const struct node *map) {
    return map == NULL || map->kind != NODE_MAP ? 0 : map->count;
}

static struct catalogue catalogue_of(const struct plan_build *b) {
    const struct plan *p = b->plan;
    const struct node *all = node_get(b->root, "outages"), *networks = node_get(b->root, "networks");
    struct catalogue c = {.room = (unsigned)count_of(all)};
    for (unsigned i = 0; i < p->network_count; i++)
        c.room += (unsigned)count_of(node_get(node_get(networks, p->networks[i]->name), "outages"));
    c.outages = plan_memory_take(b->memory, c.room, sizeof *c.outages);
    c.nodes = plan_memory_take(b->memory, c.room, sizeof *c.nodes);
    collect(b, all, "outages.*", NULL, &c);
    for (unsigned i = 0; i < p->network_count; i++)
        collect(b, node_get(node_get(networks, p->networks[i]->name), "outages"), "networks.*.outages.*",
                p->networks[i], &c);
    return c;
}

static bool is_roamed_to(const struct plan *p, const struct network *n) {
    for (unsigned i = 0; i < p->action_count; i++)
        if (p->actions[i].verb == DO_ROAM && p->actions[i].network == n)
            return true;
    return false;
}

/* May the group's devices ever be on that network? */
static bool may_be_on(const struct plan *p, const struct fleet_group *g, const struct network *n) {
    return g->network == n || is_roamed_to(p, n);
}

static bool has_cells(const struct plan *p, const struct fleet_group *g) {
    for (unsigned i = 0; i < p->network_count; i++)
        if (p->networks[i]->cells.count > 0 && may_be_on(p, g, p->networks[i]))
            return true;
    return false;
}

static bool hits(const struct plan *p, const struct fleet_group *g, const struct outage *o, const struct node *n) {
    if (o->scope == OUTAGE_CELL && !has_cells(p, g))
        return false;
    if (o->network != NULL)
        return may_be_on(p, g, o->network);
    return names(node_get(n, "fleets"), g->fleet) && names(node_get(n, "regions"), g->region);
}

static void fill(const struct plan_build *b, struct fleet_group *g, const struct catalogue *c) {
    struct plan *p = b->plan;
    unsigned count = 0;
    for (unsigned i = 0; i < c->count; i++)
        count += hits(p, g, &c->outages[i], c->nodes[i]);
    if (count > OUTAGES_MAX) {
        diagnostic_add(b->found, "E442", b->root->mark, "more than %d kinds of outages may hit fleet %s", OUTAGES_MAX,
                       g->fleet);
        return;
    }
    struct outage *own = plan_memory_take(b->memory, count, sizeof *own);
    for (unsigned i = 0; i < c->count; i++)
        if (hits(p, g, &c->outages[i], c->nodes[i]))
            own[g->outage_count++] = c->outages[i];
    g->outages = own;
    g->radio = g->outage_count > 0;
    for (unsigned i = 0; i < p->network_count; i++)
        g->radio = g->radio || is_roamed_to(p, p->networks[i]) ||
                   (p->networks[i] == g->network && radio_needed(p->networks[i]));
}

bool plan_outages_silences(const struct fleet_group *g) {
    const struct network *n = g->network;
    bool forgets = n != NULL && n->nat.tcp > 0 && n->nat.on_expire == NAT_BLACKHOLE;
    bool travels = n != NULL && n->cells.count > 0 && !dist_is_constant(&n->cells.dwell);
    return g->radio && (g->outage_count > 0 || forgets || travels);
}

bool plan_outages_silent(const struct plan *p) {
    for (unsigned i = 0; i < p->action_count; i++)
        if (p->actions[i].verb == DO_ROAM || (p->actions[i].verb == DO_LINK_DOWN && link_down_keeps(p->actions[i].how)))
            return true;
    for (unsigned i = 0; i < p->group_count; i++)
        if (plan_outages_silences(&p->groups[i]))
            return true;
    return false;
}

void plan_outages_make(const struct plan_build *b) {
    struct plan *p = b->plan;
    const struct catalogue c = catalogue_of(b);
    for (unsigned i = 0; i < p->group_count; i++)
        fill(b, &p->groups[i], &c);
    for (unsigned i = 0; i < c.count; i++) {
        unsigned hit = 0;
        for (unsigned g = 0; g < p->group_count && hit == 0; g++)
            hit += hits(p, &p->groups[g], &c.outages[i], c.nodes[i]);
        if (hit == 0)
            diagnostic_add(b->found, "W401", c.nodes[i]->mark, "outage %s hits nobody", c.outages[i].id);
    }
}
