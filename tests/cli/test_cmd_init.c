#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/capture.h"
#include "cli/cmd.h"
#include "cli/starters.h"
#include "fleet/run.h"
#include "harness.h"

static void a_starter_is_written_as_it_is_and_the_next_command_is_named(void) {
    struct capture c = CAPTURE(cmd_init, "init", "storm");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, "muster run storm.yaml"));
    capture_free(&c);
    char *written = capture_file("storm.yaml");
    for (size_t i = 0; i < starters_count; i++)
        if (strcmp(starters_rows[i].name, "storm") == 0)
            CU_ASSERT_STRING_EQUAL(written, starters_rows[i].text);
    free(written);
}

static void a_file_that_exists_is_left_alone(void) {
    capture_write("ci.yaml", "mine\n");
    struct capture c = CAPTURE(cmd_init, "init", "ci");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "ci.yaml exists already"));
    CU_ASSERT_STRING_EQUAL(c.out, "");
    capture_free(&c);
    char *kept = capture_file("ci.yaml");
    CU_ASSERT_STRING_EQUAL(kept, "mine\n");
    free(kept);
}

static void an_unknown_name_gets_a_suggestion_and_the_list(void) {
    struct capture c = CAPTURE(cmd_init, "init", "qickstart");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "did you mean 'quickstart'"));
    capture_free(&c);
    c = CAPTURE(cmd_init, "init", "meters");
    for (size_t i = 0; i < starters_count; i++)
        CU_ASSERT_TRUE(capture_warns(&c, starters_rows[i].name));
    CU_ASSERT_TRUE(capture_warns(&c, "hint:  muster init quickstart\n"));
    capture_free(&c);
}

static void a_path_is_no_name(void) {
    struct capture c = CAPTURE(cmd_init, "init", "../quickstart");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    capture_free(&c);
}

static int init_without_space(const struct options *o) {
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){512, 512}); /* of the process of this one verb */
    return cmd_init(o);
}

static void a_starter_that_does_not_fit_leaves_nothing_behind(void) {
    struct capture c = CAPTURE(init_without_space, "init", "quickstart");
    CU_ASSERT_EQUAL(c.code, EXIT_ENVIRONMENT);
    CU_ASSERT_TRUE(capture_warns(&c, "cannot write quickstart.yaml: No space left"));
    capture_free(&c);
    CU_ASSERT_PTR_NULL(capture_file("quickstart.yaml"));
}

HARNESS_MAIN("cli/cmd_init", HARNESS_CASE(a_starter_is_written_as_it_is_and_the_next_command_is_named),
             HARNESS_CASE(a_file_that_exists_is_left_alone),
             HARNESS_CASE(an_unknown_name_gets_a_suggestion_and_the_list), HARNESS_CASE(a_path_is_no_name),
             HARNESS_CASE(a_starter_that_does_not_fit_leaves_nothing_behind))
