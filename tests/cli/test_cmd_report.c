#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

/* A run of a second against nobody's broker is none: these directories are made by hand. Whole ones are in tests/report/test_run_read.c and
 * tests/e2e/test_report.py. */
static void refused(struct capture c, int code, const char *said) {
    CU_ASSERT_EQUAL(c.code, code);
    CU_ASSERT_TRUE(capture_warns(&c, said));
    CU_ASSERT_STRING_EQUAL(c.out, "");
    capture_free(&c);
}

static void it_needs_a_directory(void) {
    refused(CAPTURE(cmd_report, "report"), EXIT_USAGE, "expected DIR...");
}

static void several_directories_need_one_for_their_sum(void) {
    refused(CAPTURE(cmd_report, "report", "a", "b"), EXIT_USAGE, "--out DIR");
}

static void what_is_no_run_directory_is_named(void) {
    refused(CAPTURE(cmd_report, "report", "no-such-run"), EXIT_USAGE, "no-such-run is no run directory");
    capture_write("manifest.json", "{\"schema\": 1}\n");
    refused(CAPTURE(cmd_report, "report", "."), EXIT_USAGE, "./manifest.json cannot be read");
}

HARNESS_MAIN("cli/cmd_report", HARNESS_CASE(it_needs_a_directory),
             HARNESS_CASE(several_directories_need_one_for_their_sum), HARNESS_CASE(what_is_no_run_directory_is_named))
