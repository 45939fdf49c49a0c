#include "cli/ceiling_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

/* A run that carried what it was meant to. */
static struct capacity_step carried(void) {
    return (struct capacity_step){.devices = 1000,
                                  .messages_per_s = 4000,
                                  .ran = true,
                                  .facts = {.messages_per_s = 3990,
                                            .online_peak = 1000,
                                            .publish_p99_ms = 5,
                                            .connect_p99_ms = 20,
                                            .cpu = 0.4,
                                            .backend_cores = NAN}};
}

static void what_is_trusted_and_answered_is_carried(void) {
    struct capacity_step s = carried();
    CU_ASSERT_EQUAL(ceiling_search_carried(&s), KNEE_MET);
    CU_ASSERT_EQUAL(ceiling_search_made(&s), KNEE_MET);
    CU_ASSERT_STRING_EQUAL(s.reason, "");
}

static void without_trust_or_reserve_the_machine_is_the_limit(void) {
    struct capacity_step s = carried();
    strcpy(s.facts.trust, "a loop came 300ms late");
    CU_ASSERT_EQUAL(ceiling_search_made(&s), KNEE_TOOL);
    CU_ASSERT_STRING_EQUAL(s.reason, "a loop came 300ms late");
    s = carried();
    s.facts.cpu = 0.85;
    CU_ASSERT_EQUAL(ceiling_search_carried(&s), KNEE_TOOL);
    CU_ASSERT_STRING_EQUAL(s.reason, "the busiest worker used 85 % of a core");
}

static void a_broker_that_falls_behind_carries_nothing(void) {
    struct capacity_step s = carried();
    s.facts.messages_per_s = 3700;
    CU_ASSERT_EQUAL(ceiling_search_carried(&s), KNEE_BROKE);
    CU_ASSERT_STRING_EQUAL(s.reason, "3700 of 4000 messages/s were answered");
    CU_ASSERT_EQUAL(ceiling_search_made(&s), KNEE_MET); /* the machine did its part */
    s = carried();
    s.facts.online_peak = 999;
    CU_ASSERT_EQUAL(ceiling_search_carried(&s), KNEE_BROKE);
    s = carried();
    s.facts.connect_p99_ms = 1500;
    CU_ASSERT_EQUAL(ceiling_search_carried(&s), KNEE_BROKE);
}

static void fleets_without_messages_are_judged_by_their_connects(void) {
    struct capacity_step s = carried();
    s.messages_per_s = s.facts.messages_per_s = 0;
    s.facts.publish_p99_ms = s.facts.cpu = NAN;
    CU_ASSERT_EQUAL(ceiling_search_carried(&s), KNEE_MET);
}

static void what_cannot_begin_keeps_nothing(void) {
    setenv("XDG_CACHE_HOME", "/nonexistent", 1);
    capture_write("wrong.yaml", "version: 1\nfleets: {a: {cuont: 5}}\n");
    struct capture c = CAPTURE(cmd_doctor, "doctor", "--capacity", "wrong.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_SCENARIO);
    CU_ASSERT_STRING_EQUAL(c.out, "");
    capture_free(&c);
    setenv("TMPDIR", "/nonexistent", 1);
    c = CAPTURE(cmd_doctor, "doctor", "--capacity");
    CU_ASSERT_EQUAL(c.code, EXIT_ENVIRONMENT);
    CU_ASSERT_TRUE(capture_warns(&c, "temporary files"));
    capture_free(&c);
    unsetenv("TMPDIR");
}

HARNESS_MAIN("cli/ceiling_search", HARNESS_CASE(what_is_trusted_and_answered_is_carried),
             HARNESS_CASE(without_trust_or_reserve_the_machine_is_the_limit),
             HARNESS_CASE(a_broker_that_falls_behind_carries_nothing),
             HARNESS_CASE(fleets_without_messages_are_judged_by_their_connects),
             HARNESS_CASE(what_cannot_begin_keeps_nothing))
