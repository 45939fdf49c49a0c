#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "scenario/diagnostic.h"

static char *written(struct diagnostic_list *l, enum diagnostic_format format, bool color) {
    struct text out = {0};
    struct diagnostic_style style = {.format = format, .color = color};
    diagnostic_write(l, &style, &out);
    return text_take(&out);
}

static struct diagnostic *add_typo(struct diagnostic_list *l) {
    static const char text[] = "profiles:\n  meter:\n    mqtt: {keepalve: 5min}\n";
    const char *file = diagnostic_source(l, "storm.yaml", text, sizeof text - 1);
    struct diagnostic_mark mark = {file, 3, 12, 8};
    struct diagnostic *d = diagnostic_add(l, "E201", mark, "unknown key '%s' in %s", "keepalve", "profiles.meter.mqtt");
    diagnostic_suggest(d, "keepalive");
    diagnostic_help(d, "muster explain %s", "profiles.*.mqtt");
    return d;
}

static void text_shows_line_caret_suggestion_and_help(void) {
    struct diagnostic_list l;
    diagnostic_init(&l);
    add_typo(&l);
    char *out = written(&l, DIAGNOSTIC_TEXT, false);
    CU_ASSERT_STRING_EQUAL(out, "storm.yaml:3:12: error E201: unknown key 'keepalve' in profiles.meter.mqtt\n"
                                "    3 |     mqtt: {keepalve: 5min}\n"
                                "      |            ^^^^^^^^ did you mean 'keepalive'?\n"
                                "      = help: muster explain profiles.*.mqtt\n");
    free(out);
    diagnostic_free(&l);
}

static void colour_comes_only_when_asked_for(void) {
    struct diagnostic_list l;
    diagnostic_init(&l);
    add_typo(&l);
    char *plain = written(&l, DIAGNOSTIC_TEXT, false), *colored = written(&l, DIAGNOSTIC_TEXT, true);
    CU_ASSERT_PTR_NULL(strchr(plain, '\033'));
    CU_ASSERT_PTR_NOT_NULL(strchr(colored, '\033'));
    free(plain);
    free(colored);
    diagnostic_free(&l);
}

static void other_formats_are_one_line_or_json(void) {
    struct diagnostic_list l;
    diagnostic_init(&l);
    add_typo(&l);
    char *gcc = written(&l, DIAGNOSTIC_GCC, false), *github = written(&l, DIAGNOSTIC_GITHUB, false),
         *json = written(&l, DIAGNOSTIC_JSON, false);
    CU_ASSERT_STRING_EQUAL(gcc, "storm.yaml:3:12: error: unknown key 'keepalve' in profiles.meter.mqtt; did you mean "
                                "'keepalive'? [E201]\n");
    CU_ASSERT_STRING_EQUAL(github, "::error file=storm.yaml,line=3,col=12,title=E201::unknown key 'keepalve' in "
                                   "profiles.meter.mqtt; did you mean 'keepalive'?\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"code\": \"E201\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"column\": 12"));
    free(gcc);
    free(github);
    free(json);
    diagnostic_free(&l);
}

static void github_commands_cannot_be_smuggled_in(void) {
    struct diagnostic_list l;
    diagnostic_init(&l);
    struct diagnostic_mark mark = {diagnostic_source(&l, "a,b:c\n.yaml", NULL, 0), 1, 1, 1};
    diagnostic_add(&l, "E201", mark, "key 'x\n::error::y' 100%%");
    char *out = written(&l, DIAGNOSTIC_GITHUB, false);
    CU_ASSERT_EQUAL(strchr(out, '\n'), out + strlen(out) - 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "file=a%2Cb%3Ac%0A.yaml"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "100%25"));
    free(out);
    diagnostic_free(&l);
}

static void control_bytes_do_not_reach_the_terminal(void) {
    static const char text[] = "a\033[31m: 1\n";
    struct diagnostic_list l;
    diagnostic_init(&l);
    struct diagnostic_mark mark = {diagnostic_source(&l, "esc.yaml", text, sizeof text - 1), 1, 1, 1};
    diagnostic_suggest(diagnostic_add(&l, "E201", mark, "key 'a\033[31m'"), "\033");
    char *out = written(&l, DIAGNOSTIC_TEXT, false);
    CU_ASSERT_PTR_NULL(strchr(out, '\033'));
    free(out);
    diagnostic_free(&l);
}

static void findings_are_ordered_by_place_and_kept_once(void) {
    struct diagnostic_list l;
    diagnostic_init(&l);
    const char *first = diagnostic_source(&l, "first.yaml", "", 0),
               *second = diagnostic_source(&l, "second.yaml", "", 0);
    diagnostic_add(&l, "E201", (struct diagnostic_mark){second, 1, 1, 1}, "d");
    diagnostic_add(&l, "E201", (struct diagnostic_mark){first, 9, 4, 1}, "c");
    diagnostic_add(&l, "W301", (struct diagnostic_mark){first, 9, 2, 1}, "b");
    diagnostic_add(&l, "E201", (struct diagnostic_mark){first, 2, 7, 1}, "a");
    diagnostic_add(&l, "E201", (struct diagnostic_mark){first, 2, 7, 1}, "a");
    diagnostic_sort(&l);
    CU_ASSERT_EQUAL(l.count, 4);
    CU_ASSERT_EQUAL(l.errors, 3);
    CU_ASSERT_EQUAL(l.warnings, 1);
    for (size_t i = 0; i < l.count; i++)
        CU_ASSERT_EQUAL(l.items[i].message[0], "abcd"[i]);
    diagnostic_free(&l);
}

static void twenty_are_shown_and_all_are_counted(void) {
    struct diagnostic_list l;
    diagnostic_init(&l);
    for (int i = 0; i < DIAGNOSTIC_KEPT_MAX + 30; i++)
        diagnostic_add(&l, "E201", (struct diagnostic_mark){NULL, i + 1, 1, 1}, "finding %d", i);
    CU_ASSERT_EQUAL(l.errors, DIAGNOSTIC_KEPT_MAX + 30);
    char *out = written(&l, DIAGNOSTIC_GCC, false);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "finding 19 "));
    CU_ASSERT_PTR_NULL(strstr(out, "finding 20 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "and 1010 more\n"));
    free(out);
    diagnostic_free(&l);
}

static void marks_past_the_line_do_no_harm(void) {
    struct diagnostic_list l;
    diagnostic_init(&l);
    const char *file = diagnostic_source(&l, "f.yaml", "\xc3\xa4\xc3\xa4", 4);
    diagnostic_add(&l, "E101", (struct diagnostic_mark){file, 1, 2, 900}, "long");
    diagnostic_add(&l, "E102", (struct diagnostic_mark){file, 1, 77, 3}, "right");
    diagnostic_add(&l, "E103", (struct diagnostic_mark){file, 5, 1, 1}, "below");
    char *out = written(&l, DIAGNOSTIC_TEXT, false);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "      |  ^\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "      |   ^\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "below\n"));
    free(out);
    diagnostic_free(&l);
}

static void formats_have_names(void) {
    enum diagnostic_format f;
    CU_ASSERT(diagnostic_format_of("github", &f) == 0 && f == DIAGNOSTIC_GITHUB);
    CU_ASSERT(diagnostic_format_of("text", &f) == 0 && f == DIAGNOSTIC_TEXT);
    CU_ASSERT_EQUAL(diagnostic_format_of("xml", &f), ERR_NOT_FOUND);
}

HARNESS_MAIN("scenario/diagnostic", HARNESS_CASE(text_shows_line_caret_suggestion_and_help),
             HARNESS_CASE(colour_comes_only_when_asked_for), HARNESS_CASE(other_formats_are_one_line_or_json),
             HARNESS_CASE(github_commands_cannot_be_smuggled_in), HARNESS_CASE(control_bytes_do_not_reach_the_terminal),
             HARNESS_CASE(findings_are_ordered_by_place_and_kept_once),
             HARNESS_CASE(twenty_are_shown_and_all_are_counted), HARNESS_CASE(marks_past_the_line_do_no_harm),
             HARNESS_CASE(formats_have_names))
