#include <stdio.h>
#include <string.h>

#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static const char scenario[] =
    "version: 1\n"
    "name: three\n"
    "seed: 7\n"
    "duration: 5min\n"
    "target: builtin\n"
    "fleets:\n"
    "  f: {count: 3, telemetry: {every: exp(10s), topic: \"t/${device.id}\", payload: x, qos: 1}}\n";

static void run_recorded(const char *who, const char *out) {
    capture_write("s.yaml", scenario);
    struct capture c = CAPTURE(cmd_run, "run", "s.yaml", "--virtual", "--quiet", "--out", out, "--record", who);
    CU_ASSERT_EQUAL_FATAL(c.code, EXIT_PASS);
    capture_free(&c);
}

static void refused(struct capture c, const char *said) {
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, said));
    capture_free(&c);
}

static void every_recorded_device_is_replayed(void) {
    run_recorded("all", "whole");
    struct capture c = CAPTURE(cmd_replay, "replay", "whole", "--quiet", "--out", "again");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    for (int i = 0; i < 3; i++) {
        char said[64];
        snprintf(said, sizeof said, "f-%d sent the same bytes at the same instants", i);
        CU_ASSERT_PTR_NOT_NULL(strstr(c.err, said));
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(c.out, "REPLAY"));
    capture_free(&c);
}

static void a_device_is_replayed_by_its_name(void) {
    run_recorded("f-1", "one");
    struct capture c = CAPTURE(cmd_replay, "replay", "one", "--quiet", "--out", "one-again", "--device", "f-1");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.err, "f-1 sent the same bytes"));
    CU_ASSERT_PTR_NULL(strstr(c.err, "f-0"));
    capture_free(&c);
}

static void what_cannot_be_replayed_is_told(void) {
    refused(CAPTURE(cmd_replay, "replay", "no-such-run"), "no-such-run is no run directory");
    run_recorded("f-1", "bad");
    refused(CAPTURE(cmd_replay, "replay", "bad", "--device", "f-9", "--out", "x"), "called f-0 to f-2");
    capture_write("bad/recording.bin", "");
    refused(CAPTURE(cmd_replay, "replay", "bad", "--out", "x"), "recording.bin is missing");
    capture_write("bad/recording.bin", "something else");
    refused(CAPTURE(cmd_replay, "replay", "bad", "--out", "x"), "recording.bin: it does not begin with MUSTREC1");
}

HARNESS_MAIN("cli/cmd_replay", HARNESS_CASE(every_recorded_device_is_replayed),
             HARNESS_CASE(a_device_is_replayed_by_its_name), HARNESS_CASE(what_cannot_be_replayed_is_told))
