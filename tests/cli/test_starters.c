#include "cli/starters.h"

#include <stdlib.h>
#include <string.h>

#include "cli/capture.h"
#include "cli/cmd.h"
#include "cli/front.h"
#include "fleet/run.h"
#include "harness.h"

static void every_starter_compiles_without_errors_or_warnings(void) {
    for (size_t i = 0; i < starters_count; i++) {
        struct options o = {.verb = VERB_CHECK};
        struct front f;
        char *path = text_format("%s/starter.yaml", capture_directory());
        capture_write("starter.yaml", starters_rows[i].text);
        CU_ASSERT_EQUAL(front_open(&f, &o, path, false), EXIT_PASS);
        CU_ASSERT_EQUAL(f.found.errors, 0);
        CU_ASSERT_EQUAL(f.found.warnings, 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(f.plan);
        CU_ASSERT_TRUE(f.plan->check_count > 0);
        front_free(&f);
        free(path);
    }
}

static void every_starter_runs_without_a_broker_of_the_users(void) {
    for (size_t i = 0; i < starters_count; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(starters_rows[i].text, "\ntarget: ${env.MUSTER_TARGET:-builtin}\n"));
}

static void every_starter_is_named_in_the_help_of_init(void) {
    for (size_t i = 0; i < starters_count; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(options_verbs[VERB_INIT].doc, starters_rows[i].name));
}

static void lines_fit_an_editor(void) {
    enum { COLUMNS = 120 };
    for (size_t i = 0; i < starters_count; i++)
        for (const char *line = starters_rows[i].text; *line != '\0'; line += strcspn(line, "\n") + 1)
            CU_ASSERT(strcspn(line, "\n") <= COLUMNS);
}

HARNESS_MAIN("cli/starters", HARNESS_CASE(every_starter_compiles_without_errors_or_warnings),
             HARNESS_CASE(every_starter_runs_without_a_broker_of_the_users),
             HARNESS_CASE(every_starter_is_named_in_the_help_of_init), HARNESS_CASE(lines_fit_an_editor))
