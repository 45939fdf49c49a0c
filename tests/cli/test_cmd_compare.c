#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static void refused(struct capture c, const char *said) {
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, said));
    CU_ASSERT_STRING_EQUAL(c.out, "");
    capture_free(&c);
}

static void each_side_needs_a_run(void) {
    refused(CAPTURE(cmd_compare, "compare", "a", "b", "--"), "each side needs a run directory");
    refused(CAPTURE(cmd_compare, "compare", "--", "a", "b"), "each side needs a run directory");
}

static void several_runs_need_a_divider(void) {
    refused(CAPTURE(cmd_compare, "compare", "a", "b", "c"), "-- between the sides");
}

static void what_is_no_run_is_named(void) {
    refused(CAPTURE(cmd_compare, "compare", "no-such-run", "--", "b"), "no-such-run/manifest.json");
}

static void a_wrong_metric_is_refused_before_anything_is_read(void) {
    refused(CAPTURE(cmd_compare, "compare", "a", "b", "--metric", "p99(mqtt.publish.akc)"),
            "did you mean 'mqtt.publish.ack'");
}

HARNESS_MAIN("cli/cmd_compare", HARNESS_CASE(each_side_needs_a_run), HARNESS_CASE(several_runs_need_a_divider),
             HARNESS_CASE(what_is_no_run_is_named), HARNESS_CASE(a_wrong_metric_is_refused_before_anything_is_read))
