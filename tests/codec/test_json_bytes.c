#include "codec/json_bytes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "harness.h"

static const char *text_of(struct bytes_writer *w) {
    bytes_write_u8(w, 0);
    return (const char *)w->start;
}

static void numbers_have_as_many_digits_as_they_need(void) {
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "-0"},
        {21.5, "21.5"},
        {-97, "-97"},
        {0.1, "0.1"},
        {1e15, "1e+15"},
        {999999999999999, "999999999999999"},
        {1.0 / 3, "0.3333333333333333"},
        {1e300, "1e+300"},
        {5e-324, "4.94065645841247e-324"},
        {NAN, "null"},
        {-INFINITY, "null"},
        {1718000000.125, "1718000000.125"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char room[64];
        struct bytes_writer w = bytes_writer_of(room, sizeof room);
        json_bytes_number(&w, rows[i].value);
        CU_ASSERT_STRING_EQUAL(text_of(&w), rows[i].text);
        if (isfinite(rows[i].value))
            CU_ASSERT_EQUAL(strtod(room, NULL), rows[i].value);
    }
    char room[64];
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    json_bytes_int(&w, INT64_MIN);
    CU_ASSERT_STRING_EQUAL(text_of(&w), "-9223372036854775808");
}

static void strings_are_escaped_and_read_back(void) {
    static const char *const rows[] = {"", "plain", "with \"quotes\" and \\", "line\nand tab\t\x01",
                                       "\xc3\xbc \xf0\x9f\x98\x80"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char room[128], unescaped[128];
        struct bytes_writer w = bytes_writer_of(room, sizeof room), u = bytes_writer_of(unescaped, sizeof unescaped);
        json_bytes_string(&w, bytes_of_text(rows[i]));
        struct bytes_reader r = bytes_reader_of(bytes_of(room, bytes_written(&w)));
        struct bytes out;
        CU_ASSERT_TRUE(json_bytes_read_string(&r, &u, &out));
        CU_ASSERT_TRUE(bytes_equal(out, bytes_of_text(rows[i])));
        CU_ASSERT_EQUAL(bytes_left(&r), 0);
    }
}

static bool reads_string(const char *json, const char *expected) {
    char unescaped[64];
    struct bytes_writer u = bytes_writer_of(unescaped, sizeof unescaped);
    struct bytes_reader r = bytes_reader_of(bytes_of_text(json));
    struct bytes out;
    bool read = json_bytes_read_string(&r, &u, &out);
    return expected == NULL ? !read && r.failed : read && bytes_equal(out, bytes_of_text(expected));
}

static void escapes_mean_what_the_rfc_says(void) {
    CU_ASSERT_TRUE(reads_string(" \"\\u00fc\\ud83d\\ude00\\/\\b\"", "\xc3\xbc\xf0\x9f\x98\x80/\b"));
    CU_ASSERT_TRUE(reads_string("\"a\\n\\r\\t\\f\\\"\\\\b\"", "a\n\r\t\f\"\\b"));
    static const char *const wrong[] = {"",
                                        "a",
                                        "\"",
                                        "\"a",
                                        "\"\\",
                                        "\"\\x\"",
                                        "\"\\u12\"",
                                        "\"\\ud800\"",
                                        "\"\\udc00\"",
                                        "\"\\ud83dx\"",
                                        "\"\\ud83d\\u0041\"",
                                        "\"\x01\"",
                                        "\"\xff\"",
                                        "\"\xc3\"",
                                        "\"\\u00g0\""};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        CU_ASSERT_TRUE(reads_string(wrong[i], NULL));
}

static void numbers_follow_the_grammar(void) {
    static const struct {
        const char *text;
        double value;
    } rows[] = {{"0", 0},      {" -12.5e-1", -1.25},
                {"1E3", 1000}, {"0.5", 0.5},
                {"-0", 0},     {"9007199254740993", 9007199254740992.0}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes_reader r = bytes_reader_of(bytes_of_text(rows[i].text));
        double value = NAN;
        CU_ASSERT_TRUE(json_bytes_read_number(&r, &value));
        CU_ASSERT_EQUAL(value, rows[i].value);
        CU_ASSERT_EQUAL(bytes_left(&r), 0);
    }
    static const char *const wrong[] = {"",   "-",   "01",  "+1",       ".5",   "1.",
                                        "1e", "1e+", "nan", "Infinity", "0x10", "1e999"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct bytes_reader r = bytes_reader_of(bytes_of_text(wrong[i]));
        double value;
        bool read = json_bytes_read_number(&r, &value);
        CU_ASSERT_TRUE(!read || bytes_left(&r) > 0);
    }
}

static bool skips(const char *json) {
    struct bytes_reader r = bytes_reader_of(bytes_of_text(json));
    return json_bytes_skip(&r) && json_bytes_peek(&r) == 0 && bytes_left(&r) == 0;
}

static void what_is_passed_over_is_checked(void) {
    static const char *const right[] = {
        "1",        "\"a\\n\"", "true", "null", "[]", "{}", "[1,[2,{\"a\":[]}],3]", "{\"a\":{\"b\":1},\"c\":[{}]} ",
        "[[[]],[]]"};
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        CU_ASSERT_TRUE(skips(right[i]));
        if (!skips(right[i]))
            printf("refused: %s\n", right[i]);
    }
    static const char *const wrong[] = {"",      "[",          "[1",  "[1,",       "[1,]", "[,]", "{\"a\"}", "{\"a\":}",
                                        "{1:2}", "{\"a\":1,}", "[1}", "{\"a\":1]", "tru",  "]",   "[1 2]"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CU_ASSERT_FALSE(skips(wrong[i]));
        if (skips(wrong[i]))
            printf("accepted: %s\n", wrong[i]);
    }
    char deep[2 * JSON_BYTES_DEPTH_MAX + 4];
    memset(deep, '[', sizeof deep);
    memset(deep + JSON_BYTES_DEPTH_MAX, ']', JSON_BYTES_DEPTH_MAX);
    deep[2 * JSON_BYTES_DEPTH_MAX] = '\0';
    CU_ASSERT_TRUE(skips(deep));
    memset(deep, '[', JSON_BYTES_DEPTH_MAX + 1);
    memset(deep + JSON_BYTES_DEPTH_MAX + 1, ']', JSON_BYTES_DEPTH_MAX + 1);
    deep[2 * JSON_BYTES_DEPTH_MAX + 2] = '\0';
    CU_ASSERT_FALSE(skips(deep));
}

HARNESS_MAIN("json_bytes", HARNESS_CASE(numbers_have_as_many_digits_as_they_need),
             HARNESS_CASE(strings_are_escaped_and_read_back), HARNESS_CASE(escapes_mean_what_the_rfc_says),
             HARNESS_CASE(numbers_follow_the_grammar), HARNESS_CASE(what_is_passed_over_is_checked))
