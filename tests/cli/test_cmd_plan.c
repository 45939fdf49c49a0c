#include <string.h>

#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static struct capture plan(const char *first, const char *second) {
    capture_write("plan.yaml", capture_scenario);
    const char *const words[] = {"muster", "plan", "plan.yaml", first, second, NULL};
    return capture_run(cmd_plan, words);
}

static void a_plan_is_text_for_people(void) {
    struct capture c = plan(NULL, NULL);
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, "plan of small"));
    CU_ASSERT_STRING_EQUAL(c.err, "");
    capture_free(&c);
}

static void as_json_it_has_what_programs_rely_on(void) {
    static const char *const keys[] = {
        "plan_hash",           "devices",     "connections_peak",   "connects_per_s_peak",   "messages_total",
        "messages_per_s_peak", "bytes_total", "descriptors_needed", "memory_bytes_estimate", "source_addresses_needed"};
    struct capture c = plan("--json", NULL);
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_is_json(c.out));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        CU_ASSERT_TRUE(capture_says(&c, keys[i]));
    capture_free(&c);
}

static void one_device_is_listed_and_the_same_seed_lists_the_same(void) {
    struct capture first = plan("--device", "3"), second = plan("--device", "3");
    CU_ASSERT_EQUAL(first.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&first, "device 3: meters-3"));
    CU_ASSERT_TRUE(capture_says(&first, "decisions_hash"));
    CU_ASSERT_STRING_EQUAL(first.out, second.out);
    capture_free(&first);
    capture_free(&second);
}

static void a_device_that_the_plan_does_not_have_is_a_usage_error(void) {
    struct capture c = plan("--device", "10");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "there is no device 10"));
    CU_ASSERT_STRING_EQUAL(c.out, "");
    capture_free(&c);
}

static void the_origin_of_every_value_can_be_shown(void) {
    capture_write("plan.yaml", capture_scenario);
    struct capture c = CAPTURE(cmd_plan, "plan", "plan.yaml", "--show-origin", "--set", "duration=2s");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, "count: 10  # plan.yaml:9"));
    CU_ASSERT_TRUE(capture_says(&c, "duration: 2s  # --set"));
    capture_free(&c);
}

static void the_devices_of_all_fleets_can_be_scaled(void) {
    struct capture c = plan("--devices", "500");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, "500"));
    capture_free(&c);
}

static void a_wrong_scenario_has_no_plan(void) {
    capture_write("wrong.yaml", "version: 1\nfleets: {}\n");
    struct capture c = CAPTURE(cmd_plan, "plan", "wrong.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_SCENARIO);
    CU_ASSERT_STRING_EQUAL(c.out, "");
    capture_free(&c);
}

HARNESS_MAIN("cli/cmd_plan", HARNESS_CASE(a_plan_is_text_for_people),
             HARNESS_CASE(as_json_it_has_what_programs_rely_on),
             HARNESS_CASE(one_device_is_listed_and_the_same_seed_lists_the_same),
             HARNESS_CASE(a_device_that_the_plan_does_not_have_is_a_usage_error),
             HARNESS_CASE(the_origin_of_every_value_can_be_shown),
             HARNESS_CASE(the_devices_of_all_fleets_can_be_scaled), HARNESS_CASE(a_wrong_scenario_has_no_plan))
