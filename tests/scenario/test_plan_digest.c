#include "scenario/plan_digest.h"

#include <string.h>

#include "compiled.h"
#include "harness.h"

#define HEAD "duration: 1min\nfleets: {a: {count: 20}}\n"

static void the_plan_hash_is_of_seed_devices_and_timeline(void) {
    struct compiled c = compiled_of(HEAD "timeline: [{do: connect, over: 5s}]\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    char before[65], after[65];
    plan_digest_plan(c.plan, before);
    CU_ASSERT_STRING_EQUAL(before, c.plan->plan_hash);
    c.plan->seed++;
    plan_digest_plan(c.plan, after);
    CU_ASSERT_STRING_NOT_EQUAL(before, after);
    c.plan->seed--;
    c.plan->actions[0].over++;
    plan_digest_plan(c.plan, after);
    CU_ASSERT_STRING_NOT_EQUAL(before, after);
    c.plan->actions[0].over--;
    c.plan->fleets[0].count--;
    plan_digest_plan(c.plan, after);
    CU_ASSERT_STRING_NOT_EQUAL(before, after);
    c.plan->fleets[0].count++;
    plan_digest_plan(c.plan, after);
    CU_ASSERT_STRING_EQUAL(before, after);
    compiled_free(&c);
}

/* The digest is part of a promise over versions: a change of it has to be meant, and noted in the changelog. */
static void the_scenario_hash_is_of_canonical_text(void) {
    struct compiled a = compiled_of(HEAD), b = compiled_of("fleets:\n  a:\n    count: 20 # twenty\nduration: 1min\n");
    CU_ASSERT_STRING_EQUAL(a.plan->scenario_hash, b.plan->scenario_hash);
    compiled_free(&a);
    compiled_free(&b);
}

HARNESS_MAIN("scenario/plan_digest", HARNESS_CASE(the_plan_hash_is_of_seed_devices_and_timeline),
             HARNESS_CASE(the_scenario_hash_is_of_canonical_text))
