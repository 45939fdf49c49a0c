#include "scenario/plan_fleets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "scenario/deal.h"
#include "scenario/plan_networks.h"
#include "scenario/plan_power.h"
#include "scenario/plan_profiles.h"
#include "scenario/plan_streams.h"
#include "scenario/plan_targets.h"
#include "scenario/select.h"
#include "scenario/value.h"

void plan_fleets_scale(struct node *root, uint64_t devices) {
    struct node *fleets = node_get(root, "fleets");
    size_t count = fleets == NULL ? 0 : fleets->count;
    if (count == 0)
        return;
    double *shares = calloc(count, sizeof *shares);
    uint32_t *counts = calloc(count, sizeof *counts);
    CHECK(shares != NULL && counts != NULL);
    for (size_t i = 0; i < count; i++)
        shares[i] = (double)value_integer_at(fleets->entries[i].value, "fleets.*.count");
    deal_counts(shares, (unsigned)count, devices > UINT32_MAX ? UINT32_MAX : (uint32_t)devices, counts);
    for (size_t i = 0; i < count; i++) {
        char text[24];
        snprintf(text, sizeof text, "%u", counts[i] > 0 ? counts[i] : 1);
        node_set_text(node_get(fleets->entries[i].value, "count"), text);
    }
    free(shares);
    free(counts);
}

/* --- one fleet ------------------------------------------------------------------------------------------------------ */

/* Names with shares: of a mix or of regions. One nameless choice when there is no such map. */
struct choices {
    unsigned count;
    const char **names;
    double *shares;
};

static struct choices choices_of(const struct plan_build *b, const struct node *map, const char *alone) {
    bool given = map != NULL && map->kind == NODE_MAP && map->count > 0;
    struct choices c = {.count = given ? (unsigned)map->count : 1};
    c.names = plan_memory_take(b->memory, c.count, sizeof *c.names);
    c.shares = plan_memory_take(b->memory, c.count, sizeof *c.shares);
    c.names[0] = alone;
    c.shares[0] = 1;
    for (unsigned i = 0; given && i < c.count; i++) {
        char why[VALUE_WHY_MAX];
        c.names[i] = map->entries[i].key;
        CHECK(value_number(node_text(map->entries[i].value), UNITS_SHARE, 0, 1, &c.shares[i], why) == 0);
    }
    return c;
}

struct fleet_parts {
    const struct node *node;
    struct fleet *fleet;
    uint16_t index;
    struct choices mix, regions;
    const struct network *network;
    const struct identity *identity;
    const struct target *target;
};

/* What all groups of one profile in one fleet share. */
static void fill_group(const struct plan_build *b, const struct fleet_parts *f, unsigned profile, unsigned region,
                       const struct fleet_group *sibling, struct fleet_group *g) {
    if (sibling != NULL) {
        *g = *sibling;
    } else {
        const char *protocol = node_text(node_get(f->node, "protocol"));
        struct profile *p = plan_profiles_make(b, f->mix.names[profile], protocol);
        p->failover_next = plan_targets_fails_over(b, f->target);
        *g = (struct fleet_group){.fleet = f->fleet->name,
                                  .profile_name = p->name,
                                  .target_name = f->target->name,
                                  .fleet_index = f->index,
                                  .profile = p,
                                  .network = f->network,
                                  .identity = f->identity,
                                  .target = f->target};
        plan_streams_signals(b, f->node, g);
        p->restart_on_connect = plan_streams_telemetry(b, f->node, g);
        plan_streams_subscriptions(b, f->node, g);
    }
    g->region = f->regions.names[region] == NULL ? "" : plan_memory_text(b->memory, f->regions.names[region]);
    plan_power_group(b, g);
}

/* Makes the groups that have devices and sends every device to its own. */
static void make_groups(const struct plan_build *b, const struct fleet_parts *f) {
    struct plan *p = b->plan;
    uint32_t count = f->fleet->count;
    uint16_t *profile = calloc(count, sizeof *profile), *region = calloc(count, sizeof *region);
    unsigned cells = f->mix.count * f->regions.count;
    int32_t *group = calloc(cells, sizeof *group);
    CHECK(profile != NULL && region != NULL && group != NULL);
    deal_choices(p->seed, draw_stream_key(DRAW_DEAL_MIX), f->fleet->first, count, f->mix.shares, f->mix.count, profile);
    deal_choices(p->seed, draw_stream_key(DRAW_DEAL_REGION), f->fleet->first, count, f->regions.shares,
                 f->regions.count, region);
    for (uint32_t i = 0; i < count; i++)
        group[profile[i] * f->regions.count + region[i]] = 1;
    for (unsigned m = 0; m < f->mix.count; m++) {
        const struct fleet_group *sibling = NULL;
        for (unsigned r = 0; r < f->regions.count; r++) {
            int32_t *cell = &group[m * f->regions.count + r];
            if (*cell == 0 || p->group_count == PLAN_FLEETS_GROUPS_MAX)
                continue;
            *cell = (int32_t)p->group_count;
            struct fleet_group *g = &p->groups[p->group_count++];
            fill_group(b, f, m, r, sibling, g);
            sibling = g;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        p->group_of[f->fleet->first + i] = (uint16_t)group[profile[i] * f->regions.count + region[i]];
    free(profile);
    free(region);
    free(group);
}

/* A list may be as long as the fleet: it is read once, not once for every device. */
static void let_in(const struct plan *p, const struct fleet *fleet, const char *indexes) {
    char why[VALUE_WHY_MAX];
    uint64_t from, to;
    if (indexes == NULL || value_index_range(indexes, &from, &to, why) < 0)
        return;
    for (uint64_t i = from; i <= to && i < fleet->count; i++)
        p->absent[(fleet->first + i) / 64] &= ~(UINT64_C(1) << (fleet->first + i) % 64);
}

/* fleets.*.only: the others are left out, and nobody's luck changes. */
static void leave_out(const struct plan_build *b, const struct fleet_parts *f) {
    struct plan *p = b->plan;
    const struct node *only = node_get(f->node, "only");
    if (node_is_empty(only) && (only == NULL || only->kind == NODE_SCALAR))
        return;
    if (p->absent == NULL)
        p->absent = plan_memory_take(b->memory, p->device_count / 64 + 1, sizeof *p->absent);
    uint32_t first = f->fleet->first, count = f->fleet->count;
    bool listed = only->kind == NODE_LIST && only->count > 0;
    for (uint32_t i = 0; i < count; i++)
        if (listed || !select_has_index(only, i))
            p->absent[(first + i) / 64] |= UINT64_C(1) << (first + i) % 64;
    for (size_t e = 0; listed && e < only->count; e++)
        let_in(p, f->fleet, node_text(only->entries[e].value));
}

static void refuse_nobody(const struct plan_build *b, const struct node *fleets) {
    const struct plan *p = b->plan;
    if (p->absent == NULL || plan_devices_here(p, 1, 1) > 0)
        return;
    const struct fleet *f = &p->fleets[0];
    const struct node *only = node_get(fleets->entries[0].value, "only");
    diagnostic_help(diagnostic_add(b->found, "E404", only == NULL ? fleets->mark : only->mark,
                                   "`only` leaves no device: fleets.%s has 0 to %u", f->name, f->count - 1),
                    "name indices that exist, or leave `only` out");
}

static void make_fleet(const struct plan_build *b, const struct node_entry *e, struct fleet_parts *f) {
    const struct node *n = e->value;
    const char *target = value_text_at(n, "fleets.*.target");
    f->node = n;
    f->mix = choices_of(b, node_get(n, "mix"), value_text_at(n, "fleets.*.profile"));
    f->regions = choices_of(b, node_get(n, "regions"), NULL);
    f->network = plan_networks_find(b, value_text_at(n, "fleets.*.network"));
    f->identity = plan_profiles_identity(b, value_text_at(n, "fleets.*.identity"));
    f->target = plan_targets_find(b->plan, target);
    if (f->target == NULL) {
        diagnostic_help(diagnostic_add(b->found, "E403", e->key_mark, "fleets.%s names no target", e->key),
                        "the scenario has several targets: write target: NAME");
        return;
    }
    make_groups(b, f);
    leave_out(b, f);
}

void plan_fleets_make(const struct plan_build *b) {
    struct plan *p = b->plan;
    const struct node *fleets = node_get(b->root, "fleets");
    uint64_t devices = 0;
    p->fleet_count = fleets == NULL ? 0 : (unsigned)fleets->count;
    p->fleets = plan_memory_take(b->memory, p->fleet_count, sizeof *p->fleets);
    for (unsigned i = 0; i < p->fleet_count; i++) {
        uint64_t count = value_integer_at(fleets->entries[i].value, "fleets.*.count");
        p->fleets[i] = (struct fleet){.name = plan_memory_text(b->memory, fleets->entries[i].key),
                                      .first = (uint32_t)devices,
                                      .count = (uint32_t)count};
        devices += count;
    }
    if (devices == 0 || devices > PLAN_FLEETS_DEVICES_MAX) {
        const struct node_entry *e = node_entry_of(b->root, "fleets");
        struct diagnostic *d = diagnostic_add(b->found, "E404", e == NULL ? b->root->mark : e->key_mark,
                                              "%llu devices in all; a plan has 1 to %d", (unsigned long long)devices,
                                              PLAN_FLEETS_DEVICES_MAX);
        diagnostic_help(d, "larger fleets run as several scenarios, each with its own seed");
        p->fleet_count = 0;
        return;
    }
    p->device_count = (uint32_t)devices;
    p->group_of = plan_memory_take(b->memory, p->device_count, sizeof *p->group_of);
    p->groups = plan_memory_take(b->memory, PLAN_FLEETS_GROUPS_MAX, sizeof *p->groups);
    for (unsigned i = 0; i < p->fleet_count; i++) {
        struct fleet_parts f = {.fleet = &p->fleets[i], .index = (uint16_t)i};
        make_fleet(b, &fleets->entries[i], &f);
    }
    refuse_nobody(b, fleets);
    if (p->group_count == PLAN_FLEETS_GROUPS_MAX)
        diagnostic_add(b->found, "E405", fleets->mark,
                       "more than %d combinations of fleet, profile and region; each is measured on its own",
                       PLAN_FLEETS_GROUPS_MAX);
}
