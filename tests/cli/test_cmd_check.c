#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static const char wrong[] = "version: 1\n"
                            "duraton: 10s\n"
                            "target: mqtt://127.0.0.1\n"
                            "fleets:\n"
                            "  meters: {count: 10, telemetry: {every: 5, topic: t}}\n"
                            "checks:\n"
                            "  - {expect: p99(mqtt.publish.akc) < 1s}\n";

static void a_good_scenario_is_said_to_be_one(void) {
    capture_write("good.yaml", capture_scenario);
    struct capture c = CAPTURE(cmd_check, "check", "good.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, "good.yaml: ok, 10 devices"));
    CU_ASSERT_STRING_EQUAL(c.err, "");
    capture_free(&c);
}

static void all_errors_of_a_file_come_at_once_with_their_places(void) {
    capture_write("wrong.yaml", wrong);
    struct capture c = CAPTURE(cmd_check, "check", "wrong.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_SCENARIO);
    CU_ASSERT_TRUE(capture_warns(&c, "wrong.yaml:2:1: error"));
    CU_ASSERT_TRUE(capture_warns(&c, "did you mean 'duration'"));
    CU_ASSERT_TRUE(capture_warns(&c, "wrong.yaml:5:42: error"));
    CU_ASSERT_TRUE(capture_warns(&c, "did you mean 'mqtt.publish.ack'"));
    CU_ASSERT_STRING_EQUAL(c.out, "");
    capture_free(&c);
}

static void each_of_several_files_is_judged(void) {
    capture_write("wrong.yaml", wrong);
    capture_write("good.yaml", capture_scenario);
    struct capture c = CAPTURE(cmd_check, "check", "wrong.yaml", "absent.yaml", "good.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_SCENARIO);
    CU_ASSERT_TRUE(capture_warns(&c, "wrong.yaml:2:1"));
    CU_ASSERT_TRUE(capture_warns(&c, "absent.yaml"));
    CU_ASSERT_TRUE(capture_says(&c, "good.yaml: ok"));
    capture_free(&c);
}

static void warnings_count_only_when_they_are_denied(void) {
    capture_write("good.yaml", capture_scenario);
    struct capture c = CAPTURE(cmd_check, "check", "good.yaml", "--set", "timeline.0.over=10s");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_warns(&c, "warning W402"));
    capture_free(&c);
    c = CAPTURE(cmd_check, "check", "good.yaml", "--set", "timeline.0.over=10s", "--deny", "warnings");
    CU_ASSERT_EQUAL(c.code, EXIT_SCENARIO);
    capture_free(&c);
}

static void findings_come_in_the_format_that_was_asked_for(void) {
    capture_write("wrong.yaml", wrong);
    struct capture c = CAPTURE(cmd_check, "check", "wrong.yaml", "--error-format", "json");
    CU_ASSERT_EQUAL(c.code, EXIT_SCENARIO);
    CU_ASSERT_TRUE(capture_is_json(c.err));
    capture_free(&c);
    c = CAPTURE(cmd_check, "check", "wrong.yaml", "--error-format", "github");
    CU_ASSERT_TRUE(capture_warns(&c, "::error file=wrong.yaml,line=2,col=1"));
    capture_free(&c);
    c = CAPTURE(cmd_check, "check", "wrong.yaml", "wrong.yaml", "--error-format", "xml");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_STRING_EQUAL(
        c.err, "error: --error-format xml: expected text, json, gcc or github\nhint:  muster check --help\n");
    capture_free(&c);
}

static void files_given_by_option_alone_are_one_scenario(void) {
    capture_write("good.yaml", capture_scenario);
    capture_write("more.yaml", "version: 1\nfleets: {meters: {count: 20}}\n");
    struct capture c = CAPTURE(cmd_check, "check", "-f", "good.yaml", "-f", "more.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, "20 devices"));
    capture_free(&c);
}

HARNESS_MAIN("cli/cmd_check", HARNESS_CASE(a_good_scenario_is_said_to_be_one),
             HARNESS_CASE(all_errors_of_a_file_come_at_once_with_their_places),
             HARNESS_CASE(each_of_several_files_is_judged), HARNESS_CASE(warnings_count_only_when_they_are_denied),
             HARNESS_CASE(findings_come_in_the_format_that_was_asked_for),
             HARNESS_CASE(files_given_by_option_alone_are_one_scenario))
