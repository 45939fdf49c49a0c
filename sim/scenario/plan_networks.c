#include "scenario/plan_networks.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "scenario/value.h"

enum { PARTS = 1000000, PATTERN_MAX = 96 };

/* The row of a key below a place that several maps have in common. */
static const char *below(const char *place, const char *key, char pattern[PATTERN_MAX]) {
    int size = snprintf(pattern, PATTERN_MAX, "%s.%s", place, key);
    CHECK(size > 0 && size < PATTERN_MAX);
    return pattern;
}

static uint32_t parts(double share) {
    return (uint32_t)(share * PARTS + 0.5);
}

static void refuse(const struct plan_build *b, const struct node *n, const char *why, const char *help) {
    diagnostic_help(diagnostic_add(b->found, "E440", n->mark, "%s", why), "%s", help);
}

static void read_bursts(const struct plan_build *b, const struct node *n, const char *place, struct network *made) {
    char at[PATTERN_MAX], pattern[PATTERN_MAX];
    below(place, "loss", at);
    bool share = value_given(n, below(at, "share", pattern)), burst = value_given(n, below(at, "burst", pattern));
    bool good = value_given(n, below(at, "good", pattern)), bad = value_given(n, below(at, "bad", pattern));
    if (share != burst || good != bad || share == good) {
        refuse(
            b, n, "losses in bursts need two numbers",
            "write {share: 2%, burst: 4} for bursts counted in packets, or {good: 10min, bad: 6s} for bursts in time");
        return;
    }
    made->loss_ppm = 0;
    if (share) {
        made->burst = burst_of_packets(value_number_at(n, below(at, "share", pattern)),
                                       value_number_at(n, below(at, "burst", pattern)));
        return;
    }
    made->burst = (struct burst_params){.kind = BURST_TIME,
                                        .good = value_span_at(n, below(at, "good", pattern)),
                                        .bad = value_span_at(n, below(at, "bad", pattern)),
                                        .pareto = value_word_at(n, below(at, "bad_dwell", pattern)) == 1};
}

/* How the link behaves. Of a class, only what it says: the rest is the network's. */
static void read_link(const struct plan_build *b, const struct node *n, const char *place, bool whole,
                      struct network *made) {
    char pattern[PATTERN_MAX];
    if (whole || value_given(n, below(place, "rtt", pattern)))
        made->rtt = value_dist_at(n, below(place, "rtt", pattern));
    if (whole || value_given(n, below(place, "rtt_shift", pattern)))
        made->rtt_shift = value_span_at(n, below(place, "rtt_shift", pattern));
    if (whole || value_given(n, below(place, "rtt_max", pattern)))
        made->rtt_max = value_span_at(n, below(place, "rtt_max", pattern));
    const struct node *loss = node_get(n, "loss");
    if (loss != NULL && loss->kind == NODE_MAP) {
        read_bursts(b, loss, place, made);
    } else if (whole || value_given(n, below(place, "loss", pattern))) {
        made->loss_ppm = parts(value_number_at(n, below(place, "loss", pattern)));
        made->burst = (struct burst_params){0};
    }
    if (whole || value_given(n, below(place, "up", pattern)))
        made->up_bps = (uint64_t)value_number_at(n, below(place, "up", pattern));
    if (whole || value_given(n, below(place, "down", pattern)))
        made->down_bps = (uint64_t)value_number_at(n, below(place, "down", pattern));
    if (whole || value_given(n, below(place, "attach", pattern)))
        made->attach = value_dist_at(n, below(place, "attach", pattern));
}

/* What it makes of radios: a class says only what is different there. */
static void read_terms(const struct node *n, const char *place, struct power_terms *terms) {
    char at[PATTERN_MAX], pattern[PATTERN_MAX];
    if (value_given(n, below(place, "energy", pattern)))
        terms->energy = value_number_at(n, pattern);
    const struct node *grants = node_get(n, "grants");
    below(place, "grants", at);
    if (value_given(grants, below(at, "active", pattern)))
        terms->active = value_span_at(grants, pattern);
    if (value_given(grants, below(at, "tracking_every", pattern)))
        terms->tracking = value_span_at(grants, pattern);
    if (value_given(grants, below(at, "inactivity", pattern)))
        terms->inactivity = value_span_at(grants, pattern);
}

static void read_nat(const struct node *n, struct nat *nat) {
    const struct node *own = node_get(n, "nat");
    if (own != NULL && own->kind == NODE_MAP) {
        nat->tcp = value_span_at(own, "networks.*.nat.tcp");
        nat->on_expire = value_word_at(own, "networks.*.nat.on_expire") == 1 ? NAT_RST : NAT_BLACKHOLE;
        return;
    }
    const char *name = value_text_at(n, "networks.*.nat");
    for (const struct nat_preset *p = nat_presets; p->name != NULL; p++)
        if (strcmp(p->name, name) == 0)
            *nat = p->nat;
}

static const struct network_class *read_classes(const struct plan_build *b, const struct node *map, const char *place,
                                                const struct network *of, unsigned *count) {
    char pattern[PATTERN_MAX];
    uint64_t sum = 0;
    *count = map == NULL || map->kind != NODE_MAP ? 0 : (unsigned)map->count;
    if (*count == 0)
        return NULL;
    struct network_class *classes = plan_memory_take(b->memory, *count, sizeof *classes);
    for (unsigned i = 0; i < *count; i++) {
        const struct node *n = map->entries[i].value;
        classes[i].share_ppm = parts(value_number_at(n, below(place, "share", pattern)));
        classes[i].network = *of;
        classes[i].network.parent = of;
        classes[i].network.name = plan_memory_text(b->memory, map->entries[i].key);
        classes[i].network.coverage = classes[i].network.quality = NULL;
        classes[i].network.coverage_count = classes[i].network.quality_count = 0;
        read_link(b, n, place, false, &classes[i].network);
        read_terms(n, place, &classes[i].network.terms);
        sum += classes[i].share_ppm;
    }
    if (sum > PARTS + 1)
        refuse(b, map, "the shares add up to more than 100 %", "what they leave over has the network itself");
    return classes;
}

static void read_cells(const struct node *n, struct cells *c) {
    if (n == NULL || n->kind != NODE_MAP)
        return;
    c->count = (uint32_t)value_integer_at(n, "networks.*.cells.count");
    c->dwell = value_dist_at(n, "networks.*.cells.dwell");
    c->gap = value_dist_at(n, "networks.*.cells.gap");
    c->new_address_ppm = parts(value_number_at(n, "networks.*.cells.new_address"));
    c->reselects = value_bool_at(n, "networks.*.cells.reselect");
}

static void read_lookups(const struct node *n, struct lookups *l) {
    if (n == NULL || n->kind != NODE_MAP)
        return;
    l->fail_ppm = parts(value_number_at(n, "networks.*.dns.fail"));
    l->timeout = value_span_at(n, "networks.*.dns.timeout");
    l->tries = (uint32_t)value_integer_at(n, "networks.*.dns.tries");
}

static const struct network *make(const struct plan_build *b, const char *name) {
    const struct node *n = node_get(node_get(b->root, "networks"), name);
    struct network *made = plan_memory_take(b->memory, 1, sizeof *made);
    double duty = value_number_at(n, "networks.*.duty_cycle");
    made->name = plan_memory_text(b->memory, name);
    read_link(b, n, "networks.*", true, made);
    made->terms = power_terms_none;
    read_terms(n, "networks.*", &made->terms);
    read_nat(n, &made->nat);
    made->duty_ppm = duty < 1 ? parts(duty) : 0;
    if (made->duty_ppm > 0 && made->up_bps == 0)
        refuse(b, node_get(n, "duty_cycle"), "a duty cycle needs the rate at which the device sends",
               "write up: 5kbps");
    read_cells(node_get(n, "cells"), &made->cells);
    read_lookups(node_get(n, "dns"), &made->dns);
    struct network base = *made; /* classes begin with this */
    base.coverage_count = base.quality_count = 0;
    made->coverage = read_classes(b, node_get(n, "coverage"), "networks.*.coverage.*", made, &base.coverage_count);
    made->quality = read_classes(b, node_get(n, "quality"), "networks.*.quality.*", made, &base.quality_count);
    made->coverage_count = base.coverage_count;
    made->quality_count = base.quality_count;
    return made;
}

const struct network *plan_networks_find(const struct plan_build *b, const char *name) {
    struct plan *p = b->plan;
    if (name == NULL)
        return NULL;
    for (unsigned i = 0; i < p->network_count; i++)
        if (strcmp(p->networks[i]->name, name) == 0)
            return p->networks[i];
    if (p->networks == NULL) {
        const struct node *all = node_get(b->root, "networks");
        p->networks = plan_memory_take(b->memory, all == NULL ? 0 : all->count, sizeof *p->networks);
    }
    p->networks[p->network_count] = make(b, name);
    return p->networks[p->network_count++];
}
