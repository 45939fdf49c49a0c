#include "scenario/plan_resources.h"

#include <stdio.h>

#include "compiled.h"
#include "harness.h"

static struct plan_resources of(const char *text) {
    struct compiled c = compiled_of(text);
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    struct plan_resources r = plan_resources_of(c.plan);
    compiled_free(&c);
    return r;
}

static void sockets_and_addresses_follow_the_fleet(void) {
    struct plan_resources r =
        of("duration: 1min\nfleets: {a: {count: 25000}, b: {count: 5}}\ntimeline: [{do: connect, who: {fleet: a}}]\n");
    CU_ASSERT_EQUAL(r.connections, 25000);
    CU_ASSERT_EQUAL(r.ghosts, 0);
    CU_ASSERT_EQUAL(r.descriptors, 25300);
    CU_ASSERT_EQUAL(r.source_addresses, 3);
    CU_ASSERT_TRUE(r.memory_bytes > 25000 * 512);
}

static void nodes_share_the_connections(void) {
    struct compiled c = compiled_with(
        "version: 1\ntarget: [mqtt://127.0.0.1:1, mqtt://127.0.0.1:2, mqtt://127.0.0.1:3]\nduration: 1min\n"
        "fleets: {a: {count: 25000}}\n",
        &(struct plan_options){.target_count = 0});
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_EQUAL(plan_resources_of(c.plan).source_addresses, 1);
    compiled_free(&c);
}

static void silent_cuts_leave_ghosts(void) {
    struct plan_resources r =
        of("duration: 10min\nfleets: {a: {count: 100}}\n"
           "timeline: [{do: connect}, {at: 1min, do: link_down, how: silent, who: {percent: 30}, for: 2min}]\n");
    CU_ASSERT_EQUAL(r.ghosts, 30);
    r = of("duration: 10min\nfleets: {a: {count: 100}}\n"
           "timeline: [{do: connect}, {at: 1min, do: link_down, how: silent, who: {percent: 30}, for: 20s}]\n");
    CU_ASSERT_EQUAL(r.ghosts, 0); /* over before a ping could miss its answer */
}

static struct plan_resources against(const char *target) {
    char scenario[200];
    snprintf(scenario, sizeof scenario, "version: 1\ntarget: %s\nduration: 1min\nfleets: {a: {count: 1000}}\n", target);
    struct compiled c = compiled_with(scenario, &(struct plan_options){.target_count = 0});
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    struct plan_resources r = plan_resources_of(c.plan);
    compiled_free(&c);
    return r;
}

static void a_backend_on_this_machine_takes_its_part(void) {
    struct plan_resources far = against("mqtt://10.0.0.1:1883");
    struct plan_resources near = against("mqtt://127.0.0.1:1883");
    CU_ASSERT_FALSE(far.local);
    CU_ASSERT_TRUE(near.local);
    CU_ASSERT_EQUAL(far.peer_bytes, 0);
    CU_ASSERT_TRUE(near.peer_bytes > 0);
    CU_ASSERT_EQUAL(near.kernel_bytes, 2 * far.kernel_bytes);
    CU_ASSERT_EQUAL(near.memory_bytes, far.memory_bytes);
}

static void too_few_sources_are_refused(void) {
    static const char text[] =
        "version: 1\ntarget: mqtt://10.0.0.1:1883\nduration: 1min\nsources: %s\nfleets: {a: {count: %d}}\n";
    char scenario[400];
    snprintf(scenario, sizeof scenario, text, "10.0.0.2", 70000);
    struct compiled c = compiled_with(scenario, &(struct plan_options){.target_count = 0});
    CU_ASSERT_TRUE(compiled_found(&c, "E502", "need 7 source addresses, and there is 1"));
    compiled_free(&c);
    snprintf(scenario, sizeof scenario, text, "10.0.0.2-10.0.0.4", 70000);
    c = compiled_with(scenario, &(struct plan_options){.target_count = 0});
    CU_ASSERT_TRUE(compiled_found(&c, "W502", "there are 3"));
    CU_ASSERT_PTR_NOT_NULL(c.plan);
    compiled_free(&c);
    snprintf(scenario, sizeof scenario, text, "10.0.0.2-10.0.0.8", 70000);
    c = compiled_with(scenario, &(struct plan_options){.target_count = 0});
    CU_ASSERT_EQUAL(c.found.count, 0);
    compiled_free(&c);
}

HARNESS_MAIN("scenario/plan_resources", HARNESS_CASE(sockets_and_addresses_follow_the_fleet),
             HARNESS_CASE(nodes_share_the_connections), HARNESS_CASE(silent_cuts_leave_ghosts),
             HARNESS_CASE(a_backend_on_this_machine_takes_its_part), HARNESS_CASE(too_few_sources_are_refused))
