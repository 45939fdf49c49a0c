#include "cli/front.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/capture.h"
#include "fleet/run.h"
#include "harness.h"

static struct options options_of(const char *const *words) {
    struct options o;
    struct text message = {0};
    int argc = 0;
    while (words[argc] != NULL)
        argc++;
    CU_ASSERT_EQUAL_FATAL(options_parse(argc, (char **)(uintptr_t)words, &o, &message), 0);
    text_free(&message);
    return o;
}
#define OPTIONS(...) options_of((const char *const[]){"muster", "plan", __VA_ARGS__, NULL})

static char *scenario(void) {
    capture_write("front.yaml", capture_scenario);
    return text_format("%s/front.yaml", capture_directory());
}

static void later_changes_win_over_earlier_ones(void) {
    char *path = scenario();
    struct options o = OPTIONS(path, "--set", "fleets.meters.count=20", "--set", "fleets.meters.count=30");
    struct front f;
    CU_ASSERT_EQUAL(front_open(&f, &o, path, false), EXIT_PASS);
    CU_ASSERT_EQUAL(f.plan->device_count, 30);
    front_free(&f);
    free(path);
}

static void set_and_unset_take_effect_in_their_order(void) {
    char *path = scenario();
    struct options o = OPTIONS(path, "--unset", "seed", "--set", "seed=5");
    struct front f;
    CU_ASSERT_EQUAL(front_open(&f, &o, path, false), EXIT_PASS);
    CU_ASSERT_EQUAL(f.plan->seed, 5);
    CU_ASSERT_TRUE(f.plan->seed_given);
    front_free(&f);
    o = OPTIONS(path, "--set", "seed=5", "--unset", "seed");
    CU_ASSERT_EQUAL(front_open(&f, &o, path, false), EXIT_PASS);
    CU_ASSERT_FALSE(f.plan->seed_given);
    front_free(&f);
    free(path);
}

static void options_win_over_the_file(void) {
    char *path = scenario();
    struct options o = OPTIONS(path, "--seed", "99", "--devices", "40", "--target", "mqtt://127.0.0.1:99");
    struct front f;
    CU_ASSERT_EQUAL(front_open(&f, &o, path, false), EXIT_PASS);
    CU_ASSERT_EQUAL(f.plan->seed, 99);
    CU_ASSERT_EQUAL(f.plan->device_count, 40);
    CU_ASSERT_STRING_EQUAL(f.plan->targets[0].url, "mqtt://127.0.0.1:99");
    front_free(&f);
    free(path);
}

static void a_wrong_scenario_has_findings_and_no_plan(void) {
    struct options o = {.verb = VERB_CHECK};
    struct front f;
    capture_write("front.yaml", "version: 1\n");
    char *path = text_format("%s/front.yaml", capture_directory());
    int saved = dup(STDERR_FILENO), quiet = fileno(tmpfile());
    dup2(quiet, STDERR_FILENO);
    CU_ASSERT_EQUAL(front_open(&f, &o, path, false), EXIT_SCENARIO);
    dup2(saved, STDERR_FILENO);
    close(saved);
    CU_ASSERT_PTR_NULL(f.plan);
    CU_ASSERT_TRUE(f.found.errors > 0);
    front_free(&f);
    free(path);
}

static void a_data_directory_has_profiles(void) {
    char path[4400], probe[4500];
    const char *found = front_data_dir(path, sizeof path);
    if (found == NULL)
        return; /* this test program lies where no data is */
    snprintf(probe, sizeof probe, "%s/profiles", found);
    CU_ASSERT_EQUAL(access(probe, R_OK), 0);
}

HARNESS_MAIN("cli/front", HARNESS_CASE(later_changes_win_over_earlier_ones),
             HARNESS_CASE(set_and_unset_take_effect_in_their_order), HARNESS_CASE(options_win_over_the_file),
             HARNESS_CASE(a_wrong_scenario_has_findings_and_no_plan), HARNESS_CASE(a_data_directory_has_profiles))
