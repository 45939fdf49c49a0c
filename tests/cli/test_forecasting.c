#include "cli/forecasting.h"

#include <stdlib.h>
#include <string.h>

#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static const char two_fleets[] =
    "version: 1\n"
    "seed: 7\n"
    "duration: 100s\n"
    "target: mqtt://broker.invalid\n"
    "safety: {allow: [broker.invalid]}\n"
    "backends:\n"
    "  narrow: {as_of: 2026-08, connects: 5/s, metered: 10B}\n"
    "  wide: {as_of: 2026-08, connects: 1000000/s}\n"
    "fleets:\n"
    "  many: {count: 4000, telemetry: {every: 10s, topic: m, payload: \"random(40B)\", qos: 1}}\n"
    "  few: {count: 5, telemetry: {every: 10s, topic: f, payload: \"random(40B)\", qos: 0}}\n"
    "timeline:\n"
    "  - {at: 0s, do: connect, who: all, over: 50s}\n";

static struct capture forecast(const char *scenario, const char *more) {
    capture_write("forecast.yaml", scenario);
    const char *const words[] = {"muster", "plan", "forecast.yaml", "--forecast", more, NULL};
    return capture_run(cmd_plan, words);
}

static double number_after(const struct capture *c, const char *key) {
    const char *at = strstr(c->out, key);
    return at == NULL ? -1 : strtod(at + strlen(key), NULL);
}

static void a_sample_stands_for_all_of_its_fleet(void) {
    struct capture c = forecast(two_fleets, "--json");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_is_json(c.out));
    double simulated = number_after(&c, "\"devices_simulated\": "),
           attempts = number_after(&c, "\"connect_attempts\": ");
    CU_ASSERT_TRUE(simulated >= 1000 && simulated <= 1010);
    CU_ASSERT_EQUAL(attempts, 4005); /* each connects once */
    CU_ASSERT_EQUAL(number_after(&c, "\"online_peak\": "), 4005);
    /* 5 devices are all there: 7.5 messages each, as they have 75 s on average and begin at random */
    double few = number_after(&c, "\"qos0\": "), many = number_after(&c, "\"qos1\": ");
    CU_ASSERT_TRUE(few > 20 && few < 55);
    CU_ASSERT_TRUE(many > 25000 && many < 35000);
    capture_free(&c);
}

static void the_same_seed_gives_the_same_forecast(void) {
    struct capture first = forecast(two_fleets, "--json"), second = forecast(two_fleets, "--json");
    CU_ASSERT_STRING_EQUAL(first.out, second.out);
    capture_free(&first);
    capture_free(&second);
}

static void limits_that_are_hit_are_told(void) {
    struct capture c = forecast(two_fleets, NULL);
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, "of 4 005 devices"));
    CU_ASSERT_TRUE(capture_says(&c, "narrow           beyond 1 of its limits, as of 2026-08"));
    CU_ASSERT_TRUE(capture_says(&c, "wide             within its limits"));
    CU_ASSERT_TRUE(capture_says(&c, "metered by 10B"));
    capture_free(&c);
}

static void small_fleets_are_simulated_as_they_are(void) {
    struct capture c = forecast(capture_scenario, NULL);
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, "all 10 devices"));
    capture_free(&c);
}

static void what_simulated_time_has_not_leaves_the_plan(void) {
    static const char commands[] = "version: 1\nduration: 20s\ntarget: builtin\n"
                                   "profiles: {valve: {protocol: mqtt5, commands: {topic: \"c/${device.id}\"}}}\n"
                                   "fleets: {a: {count: 2, profile: valve}}\n"
                                   "timeline:\n"
                                   "  - {at: 0s, do: connect, who: all}\n"
                                   "  - {at: 5s, do: command, who: all, payload: shut}\n";
    struct capture c = forecast(commands, NULL);
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, "plan of"));
    CU_ASSERT_TRUE(capture_says(&c, "none: "));
    CU_ASSERT_TRUE(capture_says(&c, "needs real time"));
    capture_free(&c);
}

static void it_is_not_for_a_single_device(void) {
    struct capture c = forecast(capture_scenario, "--show-origin");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "--forecast does not go with --show-origin"));
    capture_free(&c);
}

HARNESS_MAIN("cli/forecasting", HARNESS_CASE(a_sample_stands_for_all_of_its_fleet),
             HARNESS_CASE(the_same_seed_gives_the_same_forecast), HARNESS_CASE(limits_that_are_hit_are_told),
             HARNESS_CASE(small_fleets_are_simulated_as_they_are),
             HARNESS_CASE(what_simulated_time_has_not_leaves_the_plan), HARNESS_CASE(it_is_not_for_a_single_device))
