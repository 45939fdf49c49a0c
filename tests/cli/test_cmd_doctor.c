#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

/* What this machine lacks is not known here: a scenario that no machine can do is. */
static const char impossible[] = "version: 1\ntarget: mqtt://10.0.0.1:1883\nduration: 1min\nsources: 10.0.0.2\n"
                                 "fleets: {a: {count: 100000}}\n";

static void without_a_scenario_it_looks_at_the_machine(void) {
    struct capture c = CAPTURE(cmd_doctor, "doctor");
    CU_ASSERT_TRUE(c.code == EXIT_PASS || c.code == EXIT_ENVIRONMENT);
    CU_ASSERT_TRUE(capture_says(&c, "this machine"));
    CU_ASSERT_TRUE(capture_says(&c, "local ports"));
    CU_ASSERT_FALSE(capture_says(&c, "need "));
    CU_ASSERT_STRING_EQUAL(c.err, "");
    capture_free(&c);
}

static void with_one_it_computes_from_its_plan(void) {
    capture_write("small.yaml", capture_scenario);
    struct capture c = CAPTURE(cmd_doctor, "doctor", "small.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, " ENOUGH"));
    CU_ASSERT_TRUE(capture_says(&c, "need "));
    capture_free(&c);
}

static void what_is_short_gives_4_and_a_way_out(void) {
    capture_write("impossible.yaml", impossible);
    struct capture c = CAPTURE(cmd_doctor, "doctor", "impossible.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_ENVIRONMENT);
    CU_ASSERT_TRUE(capture_says(&c, "NOT ENOUGH"));
    CU_ASSERT_TRUE(capture_says(&c, "need 10 source addresses"));
    CU_ASSERT_TRUE(capture_says(&c, "list local addresses under `sources`"));
    capture_free(&c);
}

static void check_says_the_same_as_doctor(void) {
    struct capture c = CAPTURE(cmd_check, "check", "impossible.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_SCENARIO);
    CU_ASSERT_TRUE(capture_warns(&c, "need 10 source addresses, and there is 1"));
    CU_ASSERT_TRUE(capture_warns(&c, "list local addresses under `sources`"));
    capture_free(&c);
}

static void json_is_json(void) {
    struct capture c = CAPTURE(cmd_doctor, "doctor", "impossible.yaml", "--json");
    CU_ASSERT_EQUAL(c.code, EXIT_ENVIRONMENT);
    CU_ASSERT_TRUE(capture_is_json(c.out));
    CU_ASSERT_TRUE(capture_says(&c, "\"enough\": false"));
    capture_free(&c);
}

static void options_of_a_measurement_want_one(void) {
    struct capture c = CAPTURE(cmd_doctor, "doctor", "--max", "5");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "--capacity"));
    capture_free(&c);
}

static void what_changes_a_scenario_wants_one(void) {
    static const char *const words[][2] = {{"--devices", "5"},  {"--target", "builtin"}, {"--set", "seed=1"},
                                           {"--unset", "seed"}, {"--rate", "2"},         {"--seed", "3"}};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        struct capture c = CAPTURE(cmd_doctor, "doctor", words[i][0], words[i][1]);
        CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
        CU_ASSERT_TRUE(capture_warns(&c, words[i][0]));
        capture_free(&c);
    }
}

static void a_wrong_scenario_gives_3(void) {
    capture_write("wrong.yaml", "version: 1\nfleets: {a: {cuont: 5}}\n");
    struct capture c = CAPTURE(cmd_doctor, "doctor", "wrong.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_SCENARIO);
    CU_ASSERT_TRUE(capture_warns(&c, "did you mean 'count'?"));
    capture_free(&c);
}

HARNESS_MAIN("cli/cmd_doctor", HARNESS_CASE(without_a_scenario_it_looks_at_the_machine),
             HARNESS_CASE(with_one_it_computes_from_its_plan), HARNESS_CASE(what_is_short_gives_4_and_a_way_out),
             HARNESS_CASE(check_says_the_same_as_doctor), HARNESS_CASE(json_is_json),
             HARNESS_CASE(options_of_a_measurement_want_one), HARNESS_CASE(what_changes_a_scenario_wants_one),
             HARNESS_CASE(a_wrong_scenario_gives_3))
