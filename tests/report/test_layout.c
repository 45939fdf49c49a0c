#include "report/layout.h"

#include <string.h>

#include "harness.h"

static void cells_are_cut_or_padded_to_their_width(void) {
    struct text t = {0};
    layout_cell(&t, "grüße", 8);
    CU_ASSERT_STRING_EQUAL(text_get(&t), "grüße   ");
    t.size = 0;
    layout_cell(&t, "grüße und mehr", 6);
    CU_ASSERT_STRING_EQUAL(text_get(&t), "grüße…");
    t.size = 0;
    layout_cell(&t, "\x1b[2J", 12);
    CU_ASSERT_STRING_EQUAL(text_get(&t), "\\x1B[2J     ");
    text_free(&t);
}

/* The longest line of a text, in characters. */
static size_t longest(const char *s) {
    size_t best = 0;
    for (const char *end; *s != '\0'; s = end + (*end != '\0')) {
        end = s + strcspn(s, "\n");
        char line[1024];
        memcpy(line, s, (size_t)(end - s));
        line[end - s] = '\0';
        size_t width = layout_width(line);
        best = width > best ? width : best;
    }
    return best;
}

static void wrapped_text_fits_and_keeps_its_words(void) {
    struct text t = {0}, words = {0};
    for (int i = 0; i < 60; i++)
        text_printf(&words, "%sword%dé", i > 0 ? " " : "", i);
    layout_wrap(&t, text_get(&words), 10, 4, " \\");
    CU_ASSERT_TRUE(longest(text_get(&t)) + 10 <= LAYOUT_COLUMNS + 10);
    CU_ASSERT_TRUE(longest(strchr(text_get(&t), '\n') + 1) <= LAYOUT_COLUMNS);
    CU_ASSERT_TRUE(strcspn(text_get(&t), "\n") > 0);
    size_t found = 0;
    for (const char *at = text_get(&t); (at = strstr(at, "word")) != NULL; at++)
        found++;
    CU_ASSERT_EQUAL(found, 60);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&t), " \\\n    word"));
    text_free(&t);
    text_free(&words);
}

static void a_commands_option_stays_with_its_value(void) {
    struct text t = {0};
    layout_wrap(&t,
                "muster run a-scenario-with-quite-a-long-name.yaml --set duration=6s --json --seed 7331343642539521620",
                10, 12, " \\");
    CU_ASSERT_STRING_EQUAL(text_get(&t), "muster run a-scenario-with-quite-a-long-name.yaml --set duration=6s \\\n"
                                         "            --json --seed 7331343642539521620\n");
    text_free(&t);
}

static void a_word_that_is_too_long_stays_whole(void) {
    struct text t = {0};
    char word[200];
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    layout_wrap(&t, word, 0, 2, "");
    CU_ASSERT_EQUAL(t.size, sizeof word);
    text_free(&t);
}

static void counts_are_grouped_by_three(void) {
    static const struct {
        uint64_t n;
        const char *said;
    } cases[] = {
        {0, "0"}, {999, "999"}, {1000, "1 000"}, {1912404, "1 912 404"}, {UINT64_MAX, "18 446 744 073 709 551 615"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        CU_ASSERT_STRING_EQUAL(layout_count(cases[i].n, text, sizeof text), cases[i].said);
    }
}

static void labels_end_where_the_text_begins(void) {
    struct text t = {0};
    layout_label(&t, "checks");
    CU_ASSERT_EQUAL(t.size, LAYOUT_INDENT);
    text_free(&t);
}

HARNESS_MAIN("report/layout", HARNESS_CASE(cells_are_cut_or_padded_to_their_width),
             HARNESS_CASE(wrapped_text_fits_and_keeps_its_words), HARNESS_CASE(a_commands_option_stays_with_its_value),
             HARNESS_CASE(a_word_that_is_too_long_stays_whole), HARNESS_CASE(counts_are_grouped_by_three),
             HARNESS_CASE(labels_end_where_the_text_begins))
