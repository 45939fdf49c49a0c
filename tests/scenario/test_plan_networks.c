#include "scenario/plan_networks.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"
#include "scenario/load.h"

static struct compiled one(const char *network) {
    char text[1024];
    snprintf(text, sizeof text,
             "duration: 1min\nnetworks: {n: %s}\nfleets: {a: {count: 2, network: n}, b: {count: 1, network: n}}\n",
             network);
    return compiled_of(text);
}

static void a_network_arrives_and_is_made_once(void) {
    struct compiled c =
        one("{rtt: 200ms, rtt_shift: 30ms, rtt_max: 4s, loss: 0.5%, up: 16kbps, duty_cycle: 1%, attach: 6s}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct network *n = c.plan->groups[0].network;
    CU_ASSERT_PTR_EQUAL(c.plan->groups[1].network, n);
    CU_ASSERT_EQUAL(c.plan->network_count, 1);
    CU_ASSERT(n->rtt.a == 2e8 && n->rtt_shift == 30 * SPAN_MS && n->rtt_max == 4 * SPAN_S);
    CU_ASSERT(n->loss_ppm == 5000 && n->burst.kind == BURST_NONE && n->up_bps == 16000 && n->down_bps == 0);
    CU_ASSERT(n->duty_ppm == 10000 && n->attach.a == 6e9 && n->nat.tcp == 0);
    CU_ASSERT(c.plan->groups[0].radio);
    compiled_free(&c);
    c = one("{rtt: 1s, loss: 2%}");
    CU_ASSERT_FALSE(c.plan->groups[0].radio);
    compiled_free(&c);
}

static void losses_come_in_bursts_by_packets_or_by_time(void) {
    struct compiled c = one("{loss: {share: 2%, burst: 4}}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct burst_params *b = &c.plan->groups[0].network->burst;
    CU_ASSERT(b->kind == BURST_PACKETS && b->enter_ppm == 5102 && b->leave_ppm == 250000);
    compiled_free(&c);
    c = one("{loss: {good: 57s, bad: 3s, bad_dwell: pareto}}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    b = &c.plan->groups[0].network->burst;
    CU_ASSERT(b->kind == BURST_TIME && b->good == 57 * SPAN_S && b->bad == 3 * SPAN_S && b->pareto);
    CU_ASSERT_EQUAL(c.plan->groups[0].network->loss_ppm, 0);
    compiled_free(&c);
}

static void middleboxes_cells_and_lookups_arrive(void) {
    struct compiled c = one("{nat: carrier, cells: {count: 40, dwell: exp(2min), gap: 100ms, new_address: 2%, "
                            "reselect: true}, dns: {fail: 1%}}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct network *n = c.plan->groups[0].network;
    CU_ASSERT(n->nat.tcp == SPAN_H && n->nat.on_expire == NAT_BLACKHOLE);
    CU_ASSERT(n->cells.count == 40 && n->cells.dwell.kind == DIST_EXP && n->cells.gap.a == 1e8);
    CU_ASSERT(n->cells.new_address_ppm == 20000 && n->cells.reselects);
    CU_ASSERT(n->dns.fail_ppm == 10000 && n->dns.timeout == 5 * SPAN_S && n->dns.tries == 3);
    compiled_free(&c);
    c = one("{nat: {tcp: 7min, on_expire: rst}}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT(c.plan->groups[0].network->nat.tcp == 420 * SPAN_S &&
              c.plan->groups[0].network->nat.on_expire == NAT_RST);
    compiled_free(&c);
}

static void classes_begin_with_the_network(void) {
    struct compiled c =
        one("{rtt: 1s, loss: {good: 9min, bad: 6s}, up: 20kbps, coverage: {cellar: {share: 15%, rtt: 6s}, "
            "roof: {share: 20%, loss: 0%}}, quality: {bad: {share: 5%, attach: 50s}}}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct network *n = c.plan->groups[0].network;
    CU_ASSERT(n->coverage_count == 2 && n->quality_count == 1);
    const struct network_class *cellar = &n->coverage[0], *roof = &n->coverage[1], *bad = &n->quality[0];
    CU_ASSERT(cellar->share_ppm == 150000 && cellar->network.rtt.a == 6e9 && cellar->network.up_bps == 20000);
    CU_ASSERT_EQUAL(cellar->network.burst.kind, BURST_TIME);
    CU_ASSERT_PTR_EQUAL(cellar->network.parent, n);
    CU_ASSERT_STRING_EQUAL(cellar->network.name, "cellar");
    CU_ASSERT(roof->network.rtt.a == 1e9 && roof->network.burst.kind == BURST_NONE);
    CU_ASSERT(bad->share_ppm == 50000 && bad->network.attach.a == 50e9 && bad->network.coverage_count == 0);
    compiled_free(&c);
}

static void radios_are_served_on_the_terms_of_their_place(void) {
    struct compiled c = one("{energy: 1.5, grants: {active: 16s}, coverage: {cellar: {share: 15%, energy: 11}, far: "
                            "{share: 5%, grants: {inactivity: 200s}}}}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct network *n = c.plan->groups[0].network;
    const struct power_terms *cellar = &n->coverage[0].network.terms, *far = &n->coverage[1].network.terms;
    CU_ASSERT(n->terms.energy == 1.5 && n->terms.active == 16 * SPAN_S && n->terms.tracking == -1);
    CU_ASSERT(cellar->energy == 11 && cellar->active == 16 * SPAN_S && cellar->inactivity == -1);
    CU_ASSERT(far->energy == 1.5 && far->inactivity == 200 * SPAN_S);
    compiled_free(&c);
    c = one("{rtt: 1s}");
    CU_ASSERT(c.plan->groups[0].network->terms.energy == 1 && c.plan->groups[0].network->terms.active == -1);
    compiled_free(&c);
}

static void what_does_not_fit_is_refused(void) {
    static const struct {
        const char *network, *words;
    } rows[] = {
        {"{loss: {share: 2%}}", "two numbers"},
        {"{loss: {share: 2%, bad: 3s}}", "two numbers"},
        {"{loss: {good: 2min, bad: 3s, share: 1%, burst: 2}}", "two numbers"},
        {"{coverage: {a: {share: 60%}, b: {share: 50%}}}", "more than 100"},
        {"{duty_cycle: 1%}", "needs the rate"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct compiled c = one(rows[i].network);
        CU_ASSERT_PTR_NULL(c.plan);
        CU_ASSERT(compiled_found(&c, "E440", rows[i].words));
        compiled_free(&c);
    }
}

/* What the library says: mean loss, median round trip in ms, rate up in kbit/s, registration in s, idle TCP in s. */
static const struct {
    const char *name;
    double loss, rtt_ms, up_kbps, attach_s, tcp_s;
} library[] = {
    {"nbiot-good", 0.01, 1000, 20, 6, 21600},
    {"nbiot-deep", 0.03, 6000, 1, 20, 21600},
    {"nbiot-misconfigured", 0.03, 8000, 1, 50, 21600},
    {"ltem", 0.01, 120, 200, 3, 3600},
    {"lte-mobile", 0.02, 55, 10000, 2, 3600},
    {"nr5g", 0.005, 25, 50000, 1, 3600},
    {"wifi-home", 0.01, 12, 20000, 1.6, 7440},
    {"wifi-lossy", 0.05, 36, 2000, 3, 7440},
    {"lora-backed", 0.10, 2000, 0.93, 6, 0},
    {"sat-leo", 0.01, 50, 10000, 5, 3600},
    {"sat-geo", 0.03, 600, 256, 30, 300},
};

static void the_library_has_the_numbers_of_its_table(void) {
    for (size_t i = 0; i < sizeof library / sizeof library[0]; i++) {
        static const char *const file = "test.yaml";
        struct compiled c = {.plan = NULL};
        struct node *root = NULL;
        char scenario[256];
        snprintf(scenario, sizeof scenario,
                 "version: 1\ntarget: builtin\nduration: 1min\nnetworks: {n: {extends: %s}}\nfleets: {a: {count: 1, "
                 "network: n}}\n",
                 library[i].name);
        struct load_options load = {
            .files = &file, .file_count = 1, .text = scenario, .text_size = strlen(scenario), .data_dir = "."};
        diagnostic_init(&c.found);
        CU_ASSERT_EQUAL_FATAL(load_scenario(&load, &root, &c.found), 0);
        c.plan = plan_compile(root, &(struct plan_options){.target_count = 0}, &c.found);
        CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
        const struct network *n = c.plan->groups[0].network;
        CU_ASSERT_DOUBLE_EQUAL(burst_loss(&n->burst), library[i].loss, 0.1 * library[i].loss);
        CU_ASSERT_DOUBLE_EQUAL(dist_median(&n->rtt) / SPAN_MS, library[i].rtt_ms, 1e-3);
        CU_ASSERT_DOUBLE_EQUAL((double)n->up_bps / 1000, library[i].up_kbps, 1e-3);
        CU_ASSERT_DOUBLE_EQUAL(dist_median(&n->attach) / SPAN_S, library[i].attach_s, 1e-3);
        CU_ASSERT_EQUAL((double)(n->nat.tcp / SPAN_S), library[i].tcp_s);
        compiled_free(&c);
    }
}

HARNESS_MAIN("scenario/plan_networks", HARNESS_CASE(radios_are_served_on_the_terms_of_their_place),
             HARNESS_CASE(a_network_arrives_and_is_made_once),
             HARNESS_CASE(losses_come_in_bursts_by_packets_or_by_time),
             HARNESS_CASE(middleboxes_cells_and_lookups_arrive), HARNESS_CASE(classes_begin_with_the_network),
             HARNESS_CASE(what_does_not_fit_is_refused), HARNESS_CASE(the_library_has_the_numbers_of_its_table))
