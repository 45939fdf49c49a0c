#include "cli/man.h"

#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/options.h"
#include "harness.h"

static struct text page;

static bool says(const char *words) {
    bool found = strstr(text_get(&page), words) != NULL;
    if (!found)
        printf("     missing: %s\n", words);
    return found;
}

static void every_verb_has_a_section_with_its_options_in_order(void) {
    man_write(&page);
    const char *at = text_get(&page);
    for (size_t v = 0; v < VERBS; v++) {
        char heading[96];
        snprintf(heading, sizeof heading, "\n.SS muster %s", options_verbs[v].name);
        at = strstr(at, heading);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        for (size_t i = 0; i < options_row_count; i++) {
            if ((options_rows[i].verbs & 1u << v) == 0)
                continue;
            char name[64] = "\\fB\\-\\-";
            for (const char *c = options_rows[i].name; *c != '\0'; c++)
                snprintf(name + strlen(name), sizeof name - strlen(name), "%s%c", *c == '-' ? "\\" : "", *c);
            strcat(name, "\\fR");
            at = strstr(at, name);
            CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        }
    }
    text_free(&page);
}

static void exit_codes_and_variables_are_told(void) {
    man_write(&page);
    for (const struct help_exit_code *e = help_exit_codes; e->doc != NULL; e++) {
        char code[32];
        snprintf(code, sizeof code, ".TP\n\\fB%d\\fR\n", e->code);
        CU_ASSERT_TRUE(says(code));
    }
    for (const struct man_variable *v = man_variables; v->name != NULL; v++)
        CU_ASSERT_TRUE(says(v->name));
    text_free(&page);
}

/* troff reads a line that begins with a dot or a quote as a request. */
static void every_request_is_one_that_was_meant(void) {
    static const char *const requests[] = {".\\\"", ".TH ", ".SH ", ".SS ", ".TP\n", ".PP\n", ".EX\n", ".EE\n"};
    man_write(&page);
    for (const char *line = text_get(&page); *line != '\0'; line = strchr(line, '\n') + 1) {
        bool known = *line != '.' && *line != '\'';
        for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
            known = known || strncmp(line, requests[i], strlen(requests[i])) == 0;
        CU_ASSERT_TRUE(known);
    }
    text_free(&page);
}

static void a_name_of_a_file_is_not_capitalised(void) {
    man_write(&page);
    CU_ASSERT_TRUE(says("\nsummary.json on stdout in place of the text.\n"));
    CU_ASSERT_TRUE(says("\nNo progress on stderr.\n"));
    text_free(&page);
}

HARNESS_MAIN("cli/man", HARNESS_CASE(every_verb_has_a_section_with_its_options_in_order),
             HARNESS_CASE(exit_codes_and_variables_are_told), HARNESS_CASE(every_request_is_one_that_was_meant),
             HARNESS_CASE(a_name_of_a_file_is_not_capitalised))
