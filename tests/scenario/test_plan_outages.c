#include "scenario/plan_outages.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"

static const char text[] =
    "duration: 1min\n"
    "networks:\n"
    "  n: {rtt: 1s, outages: {tunnel: {scope: device, mttf: 2h, down: 25s}}}\n"
    "  o: {outages: {rain: {scope: region, mttf: 14day, down: 1h, how: reset}}}\n"
    "outages:\n"
    "  storm: {scope: region, mttf: 180day, down: \"lognormal(p50=4h, p95=20h)\", regions: [north]}\n"
    "  window: {scope: backend, every: week, at: 26h, stagger: 10min, down: 30min, how: refuse, fleets: a}\n"
    "fleets:\n"
    "  a: {count: 10, network: n, regions: {north: 50%, south: 50%}}\n"
    "  b: {count: 10, regions: {north: 100%}}\n"
    "  c: {count: 1}\n";

static const struct fleet_group *group_of(const struct plan *p, const char *fleet, const char *region) {
    for (unsigned i = 0; i < p->group_count; i++)
        if (strcmp(p->groups[i].fleet, fleet) == 0 && strcmp(p->groups[i].region, region) == 0)
            return &p->groups[i];
    return NULL;
}

static void expect(const struct plan *p, const char *fleet, const char *region, unsigned count, const char *ids) {
    const struct fleet_group *g = group_of(p, fleet, region);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    CU_ASSERT_EQUAL(g->outage_count, count);
    CU_ASSERT_EQUAL(g->radio, count > 0);
    for (unsigned i = 0; i < g->outage_count; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(ids, g->outages[i].id));
}

static void outages_reach_whom_they_name(void) {
    struct compiled c = compiled_of(text);
    compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    expect(c.plan, "a", "north", 3, "storm window n.tunnel");
    expect(c.plan, "a", "south", 2, "window n.tunnel");
    expect(c.plan, "b", "north", 1, "storm");
    expect(c.plan, "c", "", 0, "");
    CU_ASSERT(plan_outages_silent(c.plan));
    compiled_free(&c);
    c = compiled_of("duration: 1min\nnetworks: {n: {rtt: 1s, attach: 2s}}\nfleets: {a: {count: 1, network: n}}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_FALSE(plan_outages_silent(c.plan));
    compiled_free(&c);
}

static void their_values_arrive(void) {
    struct compiled c = compiled_of(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct fleet_group *g = group_of(c.plan, "a", "north");
    const struct outage *storm = &g->outages[0], *window = &g->outages[1], *tunnel = &g->outages[2];
    CU_ASSERT(storm->scope == OUTAGE_REGION && storm->how == LINK_SILENT && storm->every == 0);
    CU_ASSERT(storm->up.kind == DIST_EXP && storm->up.a == 180.0 * 86400e9 && storm->down.kind == DIST_LOGNORMAL);
    CU_ASSERT(window->scope == OUTAGE_BACKEND && window->how == LINK_REFUSE && window->every == 7 * SPAN_DAY);
    CU_ASSERT(window->at == 26 * SPAN_H && window->stagger == 600 * SPAN_S && window->down.a == 1800e9);
    CU_ASSERT(tunnel->scope == OUTAGE_DEVICE && tunnel->network == g->network && storm->network == NULL);
    CU_ASSERT(tunnel->stream != storm->stream);
    compiled_free(&c);
}

/* Whoever may come to a network is given its outages, and a state to be there with. */
static void roaming_brings_the_other_networks_outages(void) {
    char more[2048];
    snprintf(more, sizeof more,
             "%stimeline:\n  - {do: connect}\n  - {at: 10s, do: roam, to: o, who: {fleet: c}, for: 20s}\n", text);
    struct compiled c = compiled_of(more);
    compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    expect(c.plan, "c", "", 1, "o.rain");
    CU_ASSERT_STRING_EQUAL(compiled_action(&c, "roam#1")->network->name, "o");
    compiled_free(&c);
}

static void roaming_to_the_own_network_needs_a_state_too(void) {
    struct compiled c = compiled_of("duration: 1min\nnetworks: {n: {rtt: 1ms}}\nfleets: {a: {count: 1, network: n}}\n"
                                    "timeline: [{do: connect}, {at: 1s, do: roam, to: n}]\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT(c.plan->groups[0].radio);
    compiled_free(&c);
}

static void what_does_not_fit_is_refused(void) {
    static const char *const wrong[] = {
        "{scope: cell, down: 1h}",
        "{scope: cell, down: 1h, mttf: 1day, every: day}",
        "{scope: cell, down: 25h, every: day}",
        "{scope: cell, down: 1h, mttf: 1day, at: 2h}",
    };
    struct compiled c = compiled_of("duration: 1min\nnetworks: {n: {outages: {x: {scope: cell, mttf: 1h, down: 1s}}}}\n"
                                    "fleets: {a: {count: 1, network: n}}\n");
    CU_ASSERT(compiled_found(&c, "E441", "no cells"));
    compiled_free(&c);
    c = compiled_of("duration: 1min\noutages: {x: {scope: cell, mttf: 1h, down: 1s}}\nfleets: {a: {count: 1}}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT(compiled_found(&c, "W401", "hits nobody"));
    CU_ASSERT_FALSE(c.plan->groups[0].radio);
    compiled_free(&c);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char scenario[512];
        snprintf(scenario, sizeof scenario, "duration: 1min\noutages: {x: %s}\nfleets: {a: {count: 1}}\n", wrong[i]);
        c = compiled_of(scenario);
        CU_ASSERT_PTR_NULL(c.plan);
        CU_ASSERT(compiled_found(&c, "E441", ""));
        compiled_free(&c);
    }
}

HARNESS_MAIN("scenario/plan_outages", HARNESS_CASE(outages_reach_whom_they_name), HARNESS_CASE(their_values_arrive),
             HARNESS_CASE(roaming_brings_the_other_networks_outages),
             HARNESS_CASE(roaming_to_the_own_network_needs_a_state_too), HARNESS_CASE(what_does_not_fit_is_refused))
