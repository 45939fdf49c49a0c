#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/page.h"

static struct text out;

static const char *text_of(const char *s) {
    out.size = 0;
    html_text(&out, s);
    return text_get(&out);
}

static void markup_becomes_text(void) {
    CU_ASSERT_STRING_EQUAL(text_of("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    CU_ASSERT_STRING_EQUAL(text_of("\x1b[31m"), "\\x1B[31m");
    text_free(&out);
}

static void long_text_is_cut_between_characters(void) {
    char *s = malloc(65536);
    for (int shift = 0; shift < 3; shift++) {
        memset(s, 'a', 65536);
        for (int i = shift; i + 3 < 65535; i += 3)
            memcpy(s + i, "€", 3);
        s[65535] = '\0';
        const char *shown = text_of(s);
        CU_ASSERT_TRUE(strlen(shown) <= HTML_TEXT_MAX + 3);
        CU_ASSERT_PTR_NULL(strstr(shown, "\xef\xbf\xbd"));
        CU_ASSERT_STRING_EQUAL(shown + strlen(shown) - 3, "…");
    }
    free(s);
    text_free(&out);
}

static void counts_are_grouped_by_spaces_that_do_not_break(void) {
    html_count(&out, 1912404);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "1\u202f912\u202f404");
    text_free(&out);
}

static void instants_of_a_run_are_minutes_and_seconds(void) {
    html_time(&out, 7.4);
    text_append(&out, " ");
    html_time(&out, 750);
    text_append(&out, " ");
    html_time(&out, 3750);
    text_append(&out, " ");
    html_time(&out, -1);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "0:07 12:30 1:02:30 0:00");
    text_free(&out);
}

static void a_missing_duration_is_a_dash(void) {
    html_millis(&out, NAN);
    text_append(&out, " ");
    html_millis(&out, 1.5);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "– 1.5ms");
    text_free(&out);
}

static void paths_may_break_behind_slashes(void) {
    html_path(&out, "/a/<b>/c");
    CU_ASSERT_STRING_EQUAL(text_get(&out), "/<wbr>a/<wbr>&lt;b&gt;/<wbr>c");
    text_free(&out);
}

static void a_row_escapes_what_is_foreign(void) {
    html_row(&out, "Host", "<i>");
    CU_ASSERT_STRING_EQUAL(text_get(&out),
                           "<li><span class=\"term\">Host</span> <span class=\"fact\">&lt;i&gt;</span></li>\n");
    text_free(&out);
}

HARNESS_MAIN("report/html_text", HARNESS_CASE(markup_becomes_text), HARNESS_CASE(long_text_is_cut_between_characters),
             HARNESS_CASE(counts_are_grouped_by_spaces_that_do_not_break),
             HARNESS_CASE(instants_of_a_run_are_minutes_and_seconds), HARNESS_CASE(a_missing_duration_is_a_dash),
             HARNESS_CASE(paths_may_break_behind_slashes), HARNESS_CASE(a_row_escapes_what_is_foreign))
