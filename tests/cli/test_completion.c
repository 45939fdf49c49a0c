#include "cli/completion.h"

#include <stdio.h>
#include <string.h>

#include "cli/starters.h"
#include "harness.h"

static const struct option_row *option(const char *name) {
    for (size_t i = 0; i < options_row_count; i++)
        if (strcmp(options_rows[i].name, name) == 0)
            return &options_rows[i];
    return NULL;
}

static void every_operand_is_offered_something(void) {
    for (size_t v = 0; v < VERBS; v++)
        CU_ASSERT_EQUAL(completion_of_operand(&options_verbs[v]).kind == COMPLETION_NOTHING,
                        *options_verbs[v].operands == '\0');
}

static void values_that_are_known_are_offered(void) {
    struct completion_value formats = completion_of_option(option("error-format"));
    CU_ASSERT_EQUAL(formats.kind, COMPLETION_WORDS);
    CU_ASSERT_STRING_EQUAL(formats.words, "text json gcc github");
    CU_ASSERT_EQUAL(completion_of_option(option("file")).kind, COMPLETION_SCENARIOS);
    CU_ASSERT_EQUAL(completion_of_option(option("out")).kind, COMPLETION_DIRECTORIES);
    CU_ASSERT_EQUAL(completion_of_option(option("seed")).kind, COMPLETION_NOTHING);
    struct completion_value starters = completion_of_operand(&options_verbs[VERB_INIT]);
    for (size_t i = 0; i < starters_count; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(starters.words, starters_rows[i].name));
}

/* An option whose help lists the words that it takes offers them; one that names a file or directory offers these. */
static void no_option_that_takes_a_file_is_forgotten(void) {
    for (size_t i = 0; i < options_row_count; i++) {
        const struct option_row *o = &options_rows[i];
        if (o->argument != NULL && (strcmp(o->argument, "FILE") == 0 || strcmp(o->argument, "DIR") == 0))
            CU_ASSERT_NOT_EQUAL(completion_of_option(o).kind, COMPLETION_NOTHING);
    }
}

static void every_shell_has_every_verb_and_option(void) {
    for (const struct completion_shell *s = completion_shells; s->name != NULL; s++) {
        struct text out = {0};
        s->write(&out);
        for (size_t v = 0; v < VERBS; v++)
            CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), options_verbs[v].name));
        for (size_t i = 0; i < options_row_count; i++) {
            char name[48];
            snprintf(name, sizeof name, strcmp(s->name, "fish") == 0 ? " -l %s " : "--%s", options_rows[i].name);
            CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), name));
        }
        text_free(&out);
    }
}

HARNESS_MAIN("cli/completion", HARNESS_CASE(every_operand_is_offered_something),
             HARNESS_CASE(values_that_are_known_are_offered), HARNESS_CASE(no_option_that_takes_a_file_is_forgotten),
             HARNESS_CASE(every_shell_has_every_verb_and_option))
