#include "fleet/pace.h"

#include "base/err.h"
#include "harness.h"
#include "made.h"

/* What both kinds of time have in common stands in test_run.c and test_control.c; this is what only a simulated clock can promise. */
static struct made m;
static char why[256];

static struct run_facts go(uint64_t seed) {
    struct run_facts facts;
    const struct run_sink sink = {0};
    m.plan.seed = seed;
    CU_ASSERT_EQUAL_FATAL(run_plan(&m.plan, &(struct run_options){0}, &sink, &facts, why, sizeof why), 0);
    CU_ASSERT_EQUAL(facts.exit_code, EXIT_PASS);
    return facts;
}

static void plan_of_an_hour(uint32_t devices) {
    made_plan(&m, devices, NULL);
    m.plan.duration = 3600 * SPAN_S;
    m.plan.settle = 10 * SPAN_S;
    m.telemetry.every = (struct dist){.kind = DIST_EXP, .a = 20e9};
}

static void an_hour_keeps_its_books_and_ends_when_it_should(void) {
    plan_of_an_hour(10);
    struct run_facts facts = go(7);
    uint64_t intended = made_intended(&m);
    CU_ASSERT(intended > 1000);
    CU_ASSERT_EQUAL(made_outcome(facts.result, OP_MQTT_PUBLISH, OP_OK), intended);
    CU_ASSERT_EQUAL(facts.settle_start, m.plan.duration);
    CU_ASSERT(facts.ended < m.plan.duration + SPAN_S); /* nothing was in flight */
    CU_ASSERT_EQUAL(facts.online_end, 10);
    CU_ASSERT(facts.steps > intended);
    CU_ASSERT_EQUAL(facts.started_unix_ns, m.plan.epoch_unix_ms * SPAN_MS);
    run_facts_free(&facts);
    made_free(&m);
}

static void nothing_takes_time_that_no_model_gives_it(void) {
    plan_of_an_hour(3);
    struct run_facts facts = go(7);
    CU_ASSERT_EQUAL(made_longest(facts.result, OP_MQTT_PUBLISH, CLOCK_LAG), 0);
    CU_ASSERT_EQUAL(made_longest(facts.result, OP_MQTT_PUBLISH, CLOCK_SERVICE), 0);
    run_facts_free(&facts);
    made_network(&m, 200 * SPAN_MS);
    facts = go(7);
    CU_ASSERT_EQUAL(made_longest(facts.result, OP_MQTT_PUBLISH, CLOCK_LAG), 0);
    span usual = made_usual(facts.result, OP_MQTT_PUBLISH, CLOCK_RESPONSE); /* the middle of a bucket of 1 % */
    CU_ASSERT(usual > 198 * SPAN_MS && usual < 202 * SPAN_MS);
    run_facts_free(&facts);
    made_free(&m);
}

static void one_seed_has_one_trace(void) {
    uint64_t hashes[3], seeds[] = {7, 7, 8};
    plan_of_an_hour(20);
    made_network(&m, 100 * SPAN_MS);
    m.network.loss_ppm = 20000;
    made_action(&m, DO_LINK_DOWN, 600 * SPAN_S, 300 * SPAN_S)->how = LINK_SILENT;
    for (int i = 0; i < 3; i++) {
        struct run_facts facts = go(seeds[i]);
        hashes[i] = facts.trace_hash;
        run_facts_free(&facts);
    }
    CU_ASSERT_EQUAL(hashes[0], hashes[1]);
    CU_ASSERT_NOT_EQUAL(hashes[0], hashes[2]);
    made_free(&m);
}

HARNESS_MAIN("fleet/pace", HARNESS_CASE(an_hour_keeps_its_books_and_ends_when_it_should),
             HARNESS_CASE(nothing_takes_time_that_no_model_gives_it), HARNESS_CASE(one_seed_has_one_trace))
