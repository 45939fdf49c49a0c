#include "base/json_write.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "harness.h"

static void nesting_and_commas_on_one_line(void) {
    struct text out = {0};
    struct json_write w = json_write_to(&out, 0);
    json_write_open_object(&w);
    json_write_member_int(&w, "a", -1);
    json_write_key(&w, "b");
    json_write_open_array(&w);
    json_write_uint(&w, UINT64_MAX);
    json_write_bool(&w, false);
    json_write_null(&w);
    json_write_open_object(&w);
    json_write_close_object(&w);
    json_write_open_array(&w);
    json_write_close_array(&w);
    json_write_close_array(&w);
    json_write_member_string(&w, "c", NULL);
    json_write_member_bool(&w, "d", true);
    json_write_member_uint(&w, "e", 9007199254740993ULL);
    json_write_member_double(&w, "f", 0.1);
    json_write_close_object(&w);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "{\"a\":-1,\"b\":[18446744073709551615,false,null,{},[]],\"c\":null,"
                                           "\"d\":true,\"e\":9007199254740993,\"f\":0.1}");
    text_free(&out);
}

static void nesting_with_indent(void) {
    struct text out = {0};
    struct json_write w = json_write_to(&out, 2);
    json_write_open_object(&w);
    json_write_key(&w, "a");
    json_write_open_array(&w);
    json_write_int(&w, INT64_MIN);
    json_write_int(&w, 2);
    json_write_close_array(&w);
    json_write_key(&w, "empty");
    json_write_open_object(&w);
    json_write_close_object(&w);
    json_write_close_object(&w);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "{\n  \"a\": [\n    -9223372036854775808,\n    2\n  ],\n  \"empty\": {}\n}");
    text_free(&out);
}

static void check_string(const char *in, size_t size, const char *expected) {
    struct text out = {0};
    struct json_write w = json_write_to(&out, 0);
    json_write_string_n(&w, in, size);
    CU_ASSERT_STRING_EQUAL(text_get(&out), expected);
    text_free(&out);
}

static void strings_are_escaped_also_for_html(void) {
    check_string("", 0, "\"\"");
    check_string("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
    check_string("\n\r\t\x01\0\x1b\x7f", 7, "\"\\n\\r\\t\\u0001\\u0000\\u001B\\u007F\"");
    check_string("</script>&", 10, "\"\\u003C/script\\u003E\\u0026\"");
    check_string("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", 11, "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"");
}

static void bytes_that_are_no_text_become_replacement_characters(void) {
    check_string("a\xff"
                 "b",
                 3,
                 "\"a\xef\xbf\xbd"
                 "b\"");
    check_string("\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    check_string("\xed\xa0\x80!", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!\"");
}

static char *double_text(double value) {
    struct text out = {0};
    struct json_write w = json_write_to(&out, 0);
    json_write_double(&w, value);
    return text_take(&out);
}

static void doubles_are_the_shortest_that_read_back_equal(void) {
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {1, "1"},
        {-2.5, "-2.5"},
        {0.1, "0.1"},
        {100, "100"},
        {0.995, "0.995"},
        {0.3, "0.3"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e21, "1e+21"},
        {5e-324, "5e-324"},
        {DBL_MAX, "1.7976931348623157e+308"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *text = double_text(rows[i].value);
        CU_ASSERT_STRING_EQUAL(text, rows[i].text);
        free(text);
    }
    unsigned wrong = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t bits = hash_mix(i);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        char *text = double_text(value);
        wrong += strtod(text, NULL) != value;
        free(text);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void doubles_without_a_value_are_null(void) {
    const double rows[] = {(double)INFINITY, -(double)INFINITY, (double)NAN};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *text = double_text(rows[i]);
        CU_ASSERT_STRING_EQUAL(text, "null");
        free(text);
    }
}

static void note(void *context, enum json_write_what what, const char *key) {
    static const char letters[] = "KNbiudsoa.";
    text_printf(context, "%c%s", letters[what], key != NULL ? key : "");
}

static void who_watches_is_told_of_every_piece(void) {
    struct text out = {0}, told = {0};
    struct json_write w = json_write_to(&out, 0);
    w.watch = note;
    w.watch_context = &told;
    json_write_open_object(&w);
    json_write_member_uint(&w, "x", 1);
    json_write_member_double(&w, "y", (double)NAN);
    json_write_member_double(&w, "z", 1.5);
    json_write_key(&w, "l");
    json_write_open_array(&w);
    json_write_string(&w, NULL);
    json_write_string(&w, "s");
    json_write_bool(&w, true);
    json_write_int(&w, -1);
    json_write_close_array(&w);
    json_write_close_object(&w);
    CU_ASSERT_STRING_EQUAL(text_get(&told), "oKxuKyNKzdKlaNsbi..");
    text_free(&out);
    text_free(&told);
}

HARNESS_MAIN("base/json_write", HARNESS_CASE(who_watches_is_told_of_every_piece),
             HARNESS_CASE(nesting_and_commas_on_one_line), HARNESS_CASE(nesting_with_indent),
             HARNESS_CASE(strings_are_escaped_also_for_html),
             HARNESS_CASE(bytes_that_are_no_text_become_replacement_characters),
             HARNESS_CASE(doubles_are_the_shortest_that_read_back_equal),
             HARNESS_CASE(doubles_without_a_value_are_null))
