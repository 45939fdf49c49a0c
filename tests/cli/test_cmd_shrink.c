#include <stdlib.h>
#include <string.h>

#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static const char scenario[] = "version: 1\n"
                               "duration: 2min\n"
                               "target: builtin\n"
                               "fleets: {f: {count: 5, telemetry: {every: 10s, topic: t, payload: x, qos: 1}}}\n";

static void a_file_is_written_that_says_what_it_is(void) {
    capture_write("s.yaml", scenario);
    struct capture c = CAPTURE(cmd_shrink, "shrink", "s.yaml", "--seed", "1", "--while", "count(mqtt.publish) > 3",
                               "--out", "small.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_warns(&c, "1 of 5 devices"));
    capture_free(&c);
    char *small = capture_file("small.yaml");
    CU_ASSERT_PTR_NOT_NULL_FATAL(small);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(small, "# s.yaml, made smaller while this held: count(mqtt.publish) > 3\n# 1 of 5 devices"));
    free(small);
}

static void it_goes_to_stdout_without_a_file(void) {
    capture_write("s.yaml", scenario);
    struct capture c = CAPTURE(cmd_shrink, "shrink", "s.yaml", "--quiet", "--while", "count(mqtt.publish) > 3");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.out, "expect: \"count(mqtt.publish) > 3\""));
    CU_ASSERT_STRING_EQUAL(c.err, "");
    capture_free(&c);
}

static void wrong_uses_are_told(void) {
    static const struct {
        const char *expression;
        int code;
        const char *said;
    } cases[] = {{"count(mqtt.publish) > 1000000", EXIT_CHECK_FAILED, "does not hold in the whole scenario"},
                 {"count(mqtt.publsh) > 0", EXIT_SCENARIO, "mqtt.publsh"},
                 {"count(", EXIT_SCENARIO, "--while: "}};
    capture_write("s.yaml", scenario);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct capture c = CAPTURE(cmd_shrink, "shrink", "s.yaml", "--while", cases[i].expression);
        CU_ASSERT_EQUAL(c.code, cases[i].code);
        CU_ASSERT_TRUE(capture_warns(&c, cases[i].said));
        CU_ASSERT_STRING_EQUAL(c.out, "");
        capture_free(&c);
    }
    struct capture c = CAPTURE(cmd_shrink, "shrink", "s.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "--while"));
    capture_free(&c);
}

HARNESS_MAIN("cli/cmd_shrink", HARNESS_CASE(a_file_is_written_that_says_what_it_is),
             HARNESS_CASE(it_goes_to_stdout_without_a_file), HARNESS_CASE(wrong_uses_are_told))
