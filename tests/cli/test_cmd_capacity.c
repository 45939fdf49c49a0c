#include <string.h>

#include "capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static const char unchecked[] = "version: 1\ntarget: mqtt://127.0.0.1:1\nduration: 1s\nfleets: {a: {count: 5}}\n";
static const char checked[] = "version: 1\ntarget: mqtt://127.0.0.1:1\nduration: 1s\nfleets: {a: {count: 5}}\n"
                              "checks: [{expect: ratio(mqtt.connect.ok) == 100%}]\n";

static void slips_of_the_command_line_give_2(void) {
    capture_write("checked.yaml", checked);
    struct capture c = CAPTURE(cmd_capacity, "capacity", "checked.yaml", "--by", "size");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "expected devices or rate"));
    capture_free(&c);
    c = CAPTURE(cmd_capacity, "capacity", "checked.yaml", "--min", "10", "--max", "5");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    capture_free(&c);
    c = CAPTURE(cmd_capacity, "capacity", "checked.yaml", "--repeats", "2");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "odd number"));
    capture_free(&c);
    c = CAPTURE(cmd_capacity, "capacity", "checked.yaml", "--min", "0");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    capture_free(&c);
}

static void without_checks_nothing_would_tell(void) {
    capture_write("unchecked.yaml", unchecked);
    struct capture c = CAPTURE(cmd_capacity, "capacity", "unchecked.yaml", "--out", "o");
    CU_ASSERT_EQUAL(c.code, EXIT_SCENARIO);
    CU_ASSERT_TRUE(capture_warns(&c, "no checks"));
    CU_ASSERT_STRING_EQUAL(c.out, "");
    capture_free(&c);
}

static void a_used_directory_is_left_alone(void) {
    capture_write("checked.yaml", checked);
    struct capture c = CAPTURE(cmd_capacity, "capacity", "checked.yaml", "--out", ".");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "not empty"));
    capture_free(&c);
}

static void a_public_target_wants_a_yes(void) {
    capture_write("far.yaml", "version: 1\ntarget: mqtt://8.8.8.8:1883\nduration: 1s\nfleets: {a: {count: 5}}\n"
                              "checks: [{expect: ratio(mqtt.connect.ok) == 100%}]\n");
    struct capture c = CAPTURE(cmd_capacity, "capacity", "far.yaml", "--out", "o");
    CU_ASSERT_EQUAL(c.code, EXIT_GUARD);
    CU_ASSERT_TRUE(capture_warns(&c, "--yes"));
    capture_free(&c);
}

HARNESS_MAIN("cli/cmd_capacity", HARNESS_CASE(slips_of_the_command_line_give_2),
             HARNESS_CASE(without_checks_nothing_would_tell), HARNESS_CASE(a_used_directory_is_left_alone),
             HARNESS_CASE(a_public_target_wants_a_yes))
