#include "cli/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "harness.h"

static char *read_file(const char *path) {
    FILE *f = fopen(path, "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    struct text t = {0};
    char part[4096];
    size_t n;
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        text_append_n(&t, part, n);
    fclose(f);
    return text_take(&t);
}

static void the_document_in_the_tree_is_the_one_that_the_tables_give(void) {
    struct text out = {0};
    help_document(&out);
    char *committed = read_file("docs/command-line.md");
    CU_ASSERT_STRING_EQUAL(committed, text_get(&out));
    free(committed);
    text_free(&out);
}

static void every_verb_is_in_the_programs_help(void) {
    struct text out = {0};
    help_program(&out);
    for (size_t i = 0; i < VERBS; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), options_verbs[i].name));
    text_free(&out);
}

static bool takes(size_t verb, const char *name) {
    for (size_t i = 0; i < options_row_count; i++)
        if (strcmp(options_rows[i].name, name) == 0 && (options_rows[i].verbs & 1u << verb) != 0)
            return true;
    return false;
}

/* Is there a line of that option, with its argument? */
static bool shows(const char *help, const struct option_row *o) {
    char full[96];
    snprintf(full, sizeof full, " --%s%s%s", o->name, o->argument != NULL ? " " : "",
             o->argument != NULL ? o->argument : "");
    for (const char *at = help; (at = strstr(at, full)) != NULL; at++)
        if (at[strlen(full)] == ' ' || at[strlen(full)] == '\n')
            return true;
    return false;
}

static void every_option_is_in_the_help_of_its_verbs_and_of_no_other(void) {
    for (size_t v = 0; v < VERBS; v++) {
        struct text out = {0};
        help_verb((enum verb)v, &out);
        const char *options = strstr(text_get(&out), "\nOptions:\n");
        CU_ASSERT_PTR_NOT_NULL_FATAL(options);
        for (size_t i = 0; i < options_row_count; i++) {
            const struct option_row *o = &options_rows[i];
            if ((o->verbs & 1u << v) != 0)
                CU_ASSERT_TRUE(shows(options, o))
            else if (!takes(v, o->name))
                CU_ASSERT_FALSE(shows(options, o))
        }
        text_free(&out);
    }
}

static void the_text_that_follows_the_options_ends_with_examples_of_the_verb(void) {
    for (size_t v = 0; v < VERBS; v++) {
        char start[32];
        struct text out = {0};
        help_verb((enum verb)v, &out);
        snprintf(start, sizeof start, "\n  muster %s", options_verbs[v].name);
        CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), start));
        text_free(&out);
    }
}

static void help_fits_80_columns(void) {
    for (size_t v = 0; v <= VERBS; v++) {
        struct text out = {0};
        if (v == VERBS)
            help_program(&out);
        else
            help_verb((enum verb)v, &out);
        size_t column = 0;
        for (const char *at = text_get(&out); *at != '\0'; at++) {
            column = *at == '\n' ? 0 : column + 1;
            if (column == 81)
                printf("too wide: %.81s\n", at - 80);
            CU_ASSERT(column <= 80);
        }
        text_free(&out);
    }
}

static void letters_are_used_once_per_verb(void) {
    for (size_t v = 0; v < VERBS; v++)
        for (size_t i = 0; i < options_row_count; i++)
            for (size_t k = 0; k < i; k++) {
                unsigned both = options_rows[i].verbs & options_rows[k].verbs & 1u << v;
                if (both == 0)
                    continue;
                CU_ASSERT(options_rows[i].letter == 0 || options_rows[i].letter != options_rows[k].letter);
                CU_ASSERT(strcmp(options_rows[i].name, options_rows[k].name) != 0);
            }
}

static void exit_codes_are_told_once_each(void) {
    struct text out = {0};
    help_document(&out);
    for (const struct help_exit_code *e = help_exit_codes; e->doc != NULL; e++) {
        char row[160];
        snprintf(row, sizeof row, "| %d | %s |", e->code, e->doc);
        CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), row));
    }
    text_free(&out);
}

HARNESS_MAIN("cli/help", HARNESS_CASE(the_document_in_the_tree_is_the_one_that_the_tables_give),
             HARNESS_CASE(every_verb_is_in_the_programs_help),
             HARNESS_CASE(every_option_is_in_the_help_of_its_verbs_and_of_no_other),
             HARNESS_CASE(the_text_that_follows_the_options_ends_with_examples_of_the_verb),
             HARNESS_CASE(help_fits_80_columns), HARNESS_CASE(letters_are_used_once_per_verb),
             HARNESS_CASE(exit_codes_are_told_once_each))
