#include "scenario/plan_fleets.h"

#include <string.h>

#include "compiled.h"
#include "harness.h"

#define MIXED                                                                                                          \
    "duration: 1min\nprofiles: {new: {protocol: mqtt311}, old: {}}\n"                                                  \
    "fleets:\n"                                                                                                        \
    "  a: {count: 1000, mix: {new: 95%, old: 5%}, regions: {x: 38%, y: 22%, z: 40%}}\n"                                \
    "  b: {count: 10, protocol: mqtt311}\n"

static void shares_are_dealt_exactly(void) {
    struct compiled c = compiled_of(MIXED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    unsigned olds = 0, regions[3] = {0};
    for (uint32_t d = 0; d < 1000; d++) {
        const struct fleet_group *g = &c.plan->groups[c.plan->group_of[d]];
        olds += strcmp(g->profile_name, "old") == 0;
        regions[g->region[0] - 'x']++;
    }
    CU_ASSERT_EQUAL(olds, 50);
    CU_ASSERT_TRUE(regions[0] == 380 && regions[1] == 220 && regions[2] == 400);
    CU_ASSERT_EQUAL(c.plan->group_count, 7);
    compiled_free(&c);
}

static void devices_run_through_the_fleets_in_order(void) {
    struct compiled c = compiled_of(MIXED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_EQUAL(c.plan->device_count, 1010);
    CU_ASSERT_EQUAL(c.plan->fleets[1].first, 1000);
    const struct fleet_group *g = &c.plan->groups[c.plan->group_of[1005]];
    CU_ASSERT_STRING_EQUAL(g->fleet, "b");
    CU_ASSERT_STRING_EQUAL(g->region, "");
    CU_ASSERT_STRING_EQUAL(g->profile_name, "default");
    CU_ASSERT_EQUAL(g->profile->mqtt.version, MQTT_3_1_1);
    compiled_free(&c);
}

static void scaling_keeps_proportions(void) {
    static const char text[] =
        "version: 1\ntarget: builtin\nduration: 1min\nfleets: {a: {count: 900}, b: {count: 100}, c: {count: 1}}\n";
    struct compiled c = compiled_with(text, &(struct plan_options){.devices = 100});
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_EQUAL(c.plan->fleets[0].count, 90);
    CU_ASSERT_EQUAL(c.plan->fleets[1].count, 10);
    CU_ASSERT_EQUAL(c.plan->fleets[2].count, 1);
    CU_ASSERT_STRING_EQUAL(node_text(node_at(c.plan->root, "fleets.a.count")), "90");
    compiled_free(&c);
}

static void fleets_need_a_target_when_there_are_several(void) {
    struct compiled c = compiled_with("version: 1\nduration: 1min\ntargets: {x: {url: builtin}, y: {url: builtin}}\n"
                                      "fleets: {a: {count: 1}, b: {count: 1, target: y}}\n",
                                      &(struct plan_options){.target_count = 0});
    CU_ASSERT_PTR_NULL(c.plan);
    CU_ASSERT_TRUE(compiled_found(&c, "E403", "fleets.a names no target"));
    CU_ASSERT_FALSE(compiled_found(&c, "E403", "fleets.b"));
    compiled_free(&c);
}

static void a_plan_has_a_limit_of_devices(void) {
    struct compiled c = compiled_of("duration: 1min\nfleets: {a: {count: 3000000}, b: {count: 2000000}}\n");
    CU_ASSERT_TRUE(compiled_found(&c, "E404", "5000000 devices"));
    compiled_free(&c);
}

static void somebody_has_to_be_left(void) {
    struct compiled c = compiled_of("duration: 1s\nfleets: {a: {count: 3, only: 7}, b: {count: 3, only: []}}\n");
    CU_ASSERT_TRUE(compiled_found(&c, "E404", "fleets.a has 0 to 2"));
    compiled_free(&c);
    c = compiled_of("duration: 1s\nfleets: {a: {count: 3, only: 2}, b: {count: 3, only: []}}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_EQUAL(plan_devices_here(c.plan, 1, 1), 1);
    CU_ASSERT_EQUAL(plan_devices_here(c.plan, 1, 2), 1);
    CU_ASSERT_EQUAL(plan_devices_here(c.plan, 2, 2), 0);
    compiled_free(&c);
}

HARNESS_MAIN("scenario/plan_fleets", HARNESS_CASE(somebody_has_to_be_left), HARNESS_CASE(shares_are_dealt_exactly),
             HARNESS_CASE(devices_run_through_the_fleets_in_order), HARNESS_CASE(scaling_keeps_proportions),
             HARNESS_CASE(fleets_need_a_target_when_there_are_several), HARNESS_CASE(a_plan_has_a_limit_of_devices))
