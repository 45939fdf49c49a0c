#include "scenario/diagnostic_excerpt.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"

static struct text out;

static const char *shown(const char *line, size_t size, int column, int length, unsigned columns) {
    out.size = 0;
    diagnostic_excerpt(line, size, (struct diagnostic_mark){"f.yaml", 3, column, length}, NULL, columns, false, &out);
    return text_get(&out);
}

static void a_short_line_is_shown_whole(void) {
    CU_ASSERT_STRING_EQUAL(shown("a: {b: 1}", 9, 5, 1, 80), "    3 | a: {b: 1}\n      |     ^\n");
    CU_ASSERT_STRING_EQUAL(shown("ab", 2, 9, 4, 80), "    3 | ab\n      |   ^\n"); /* a mark past the end */
    CU_ASSERT_STRING_EQUAL(shown("ab", 2, 2, 900, 80), "    3 | ab\n      |  ^\n");
    CU_ASSERT_STRING_EQUAL(shown("", 0, 1, 1, 80), "    3 | \n      | ^\n");
    text_free(&out);
}

static size_t columns_of(const char *at, size_t size) {
    size_t columns = 0;
    for (size_t i = 0; i < size; i++)
        columns += ((unsigned char)at[i] & 0xc0) != 0x80;
    return columns;
}

/* The first caret stands below the letter that is meant, and no line is too wide. */
static void a_long_line_is_cut_around_the_mark(void) {
    char line[921];
    for (unsigned columns = 40; columns <= 200; columns += 16) {
        for (int column = 1; column < (int)sizeof line; column++) {
            memset(line, '.', sizeof line);
            memcpy(line, "ä", 2); /* two bytes, one column */
            if (column > 1)
                line[column] = 'X'; /* the first letter has two bytes */
            const char *text = shown(line, sizeof line, column, column % 7 == 0 ? 700 : 3, columns);
            const char *end = strchr(text, '\n'), *caret = strchr(end, '^');
            CU_ASSERT_TRUE(columns_of(text, (size_t)(end - text)) <= columns);
            CU_ASSERT_TRUE(strlen(end + 1) <= columns + 1);
            if (column > 1) {
                const char *x = strchr(text, 'X');
                CU_ASSERT_PTR_NOT_NULL_FATAL(x);
                CU_ASSERT_EQUAL(columns_of(text, (size_t)(x - text)), (size_t)(caret - end - 1));
            }
        }
    }
    text_free(&out);
}

static void what_is_cut_off_is_marked(void) {
    char line[300];
    memset(line, 'a', sizeof line);
    const char *text = shown(line, sizeof line, 1, 1, 80);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "    3 | aaa"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "a…\n"));
    text = shown(line, sizeof line, 150, 1, 80);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "    3 | …aaa"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "a…\n"));
    text = shown(line, sizeof line, 300, 1, 80);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "    3 | …aaa"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "a\n"));
    text_free(&out);
}

static void every_byte_that_cannot_be_shown_takes_one_column(void) {
    CU_ASSERT_STRING_EQUAL(shown("a\tb\033[31m\001\177\xff!", 12, 12, 1, 80),
                           "    3 | a b�[31m���!\n      |            ^\n");
    CU_ASSERT_STRING_EQUAL(shown("\xc2\x9b!", 3, 2, 1, 80), "    3 | �!\n      |  ^\n"); /* a C1 control */
    CU_ASSERT_STRING_EQUAL(shown("\0x", 2, 2, 1, 80), "    3 | �x\n      |  ^\n");
    text_free(&out);
}

static void a_suggestion_that_does_not_fit_gets_its_own_line(void) {
    char line[40];
    memset(line, 'a', sizeof line);
    struct diagnostic_mark mark = {"f.yaml", 3, 20, 12};
    diagnostic_excerpt(line, sizeof line, mark, "keepalive", 80, false, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "^ did you mean 'keepalive'?\n"));
    out.size = 0;
    diagnostic_excerpt(line, sizeof line, mark, "keepalive", 50, true, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "^\033[0m\n      | did you mean 'keepalive'?\n"));
    text_free(&out);
}

HARNESS_MAIN("scenario/diagnostic_excerpt", HARNESS_CASE(a_short_line_is_shown_whole),
             HARNESS_CASE(a_long_line_is_cut_around_the_mark), HARNESS_CASE(what_is_cut_off_is_marked),
             HARNESS_CASE(every_byte_that_cannot_be_shown_takes_one_column),
             HARNESS_CASE(a_suggestion_that_does_not_fit_gets_its_own_line))
