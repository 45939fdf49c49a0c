#include <stdlib.h>
#include <unistd.h>

#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static void explains(const char *name, const char *words) {
    const char *const line[] = {"muster", "explain", name, NULL};
    struct capture c = capture_run(cmd_explain, line);
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, words));
    CU_ASSERT_STRING_EQUAL(c.err, "");
    capture_free(&c);
}

static void keys_metrics_functions_variables_and_codes_are_explained(void) {
    explains("profiles.*.mqtt.keepalive", "Keep Alive");
    explains("keepalive", "profiles.*.mqtt.keepalive");
    explains("scenario", "fleets");
    explains("mqtt.publish.ack", "metric");
    explains("time_to", "function");
    explains("walk", "signal function");
    explains("${device.id}", "template variable");
    explains("link_down", "timeline verb");
    explains("E201", "unknown key");
}

static void a_metric_says_with_which_functions_and_labels_it_goes(void) {
    explains("mqtt.publish.ack", "  functions for this kind, timing: p50 to p99.999, min, mean, max, count, rate\n");
    explains("mqtt.publish.ack", "  labels: fleet, profile, region, target, qos, held, clock\n");
    explains("online", "  functions for this kind, gauge: min, mean, max, time_to\n");
    explains("p99", "  takes metrics of the kind: timing, device\n");
}

static void networks_and_profiles_of_the_library_are_explained(void) {
    char tree[4096];
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(tree, sizeof tree));
    setenv("MUSTER_DATA", tree, 1);
    explains("ltem", "network, from profiles/networks/cellular.yaml");
    explains("wifi-thermostat", "example: profiles: {mine: {extends: wifi-thermostat}}");
    struct capture c = CAPTURE(cmd_explain, "explain", "wifi-thermostta");
    CU_ASSERT_TRUE(capture_warns(&c, "did you mean 'wifi-thermostat'?"));
    capture_free(&c);
}

static void names_are_listed_for_completion(void) {
    struct capture c = CAPTURE(cmd_explain, "explain", "--names", "mqtt.publish.a");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_STRING_EQUAL(c.out, "mqtt.publish.ack\n");
    capture_free(&c);
    c = CAPTURE(cmd_explain, "explain", "--names", "no-such");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_STRING_EQUAL(c.out, "");
    capture_free(&c);
}

static void any_percentile_is_explained(void) {
    explains("p99", "pN");
    explains("p99.9", "pN");
}

static void an_unknown_name_gets_a_suggestion(void) {
    struct capture c = CAPTURE(cmd_explain, "explain", "keepalvie");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "did you mean 'keepalive'"));
    CU_ASSERT_STRING_EQUAL(c.out, "");
    capture_free(&c);
}

static void a_name_is_needed(void) {
    struct capture c = CAPTURE(cmd_explain, "explain");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "muster explain: expected KEY"));
    capture_free(&c);
}

HARNESS_MAIN("cli/cmd_explain", HARNESS_CASE(keys_metrics_functions_variables_and_codes_are_explained),
             HARNESS_CASE(a_metric_says_with_which_functions_and_labels_it_goes),
             HARNESS_CASE(networks_and_profiles_of_the_library_are_explained),
             HARNESS_CASE(names_are_listed_for_completion), HARNESS_CASE(any_percentile_is_explained),
             HARNESS_CASE(an_unknown_name_gets_a_suggestion), HARNESS_CASE(a_name_is_needed))
