#include "base/json_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/json_write.h"
#include "harness.h"

static struct json_read doc;

static int parse(const char *text) {
    return json_read_parse(&doc, text, strlen(text));
}

static void values_are_found_by_path(void) {
    uint64_t count = 0;
    bool flag = false;
    CU_ASSERT_EQUAL_FATAL(parse(" {\"a\":{\"b\":[1,{\"c\":2}],\"d\":true},\"e\":\"x\",\"\":null} \n"), 0);
    CU_ASSERT_TRUE(json_read_bool(json_read_at(&doc, NULL, "a.d"), &flag) && flag);
    const struct json_value *list = json_read_at(&doc, NULL, "a.b");
    const struct json_value *item = json_read_first(&doc, list);
    CU_ASSERT_TRUE(json_read_uint(item, &count) && count == 1);
    item = json_read_next(&doc, list, item);
    CU_ASSERT_TRUE(json_read_uint(json_read_get(&doc, item, "c"), &count) && count == 2);
    CU_ASSERT_PTR_NULL(json_read_next(&doc, list, item));
    CU_ASSERT_TRUE(json_read_equals(json_read_at(&doc, NULL, "e"), "x"));
    CU_ASSERT_EQUAL(json_read_get(&doc, json_read_root(&doc), "")->kind, JSON_NULL);
    CU_ASSERT_PTR_NULL(json_read_at(&doc, NULL, "a.b.c"));
    CU_ASSERT_PTR_NULL(json_read_at(&doc, NULL, "x.y"));
}

static void empty_containers_have_no_first(void) {
    CU_ASSERT_EQUAL_FATAL(parse("{\"a\":{},\"b\":[ ],\"c\":0}"), 0);
    CU_ASSERT_PTR_NULL(json_read_first(&doc, json_read_at(&doc, NULL, "a")));
    CU_ASSERT_PTR_NULL(json_read_first(&doc, json_read_at(&doc, NULL, "b")));
    CU_ASSERT_PTR_NOT_NULL(json_read_at(&doc, NULL, "c"));
}

static void integers_of_64_bits_are_exact_and_others_are_none(void) {
    static const struct {
        const char *text;
        bool is_uint, is_int;
        uint64_t value;
    } rows[] = {
        {"18446744073709551615", true, false, UINT64_MAX},
        {"18446744073709551616", false, false, 0},
        {"9223372036854775807", true, true, INT64_MAX},
        {"-9223372036854775808", false, true, (uint64_t)INT64_MIN},
        {"-9223372036854775809", false, false, 0},
        {"9007199254740993", true, true, 9007199254740993},
        {"-0", true, true, 0},
        {"1.0", false, false, 0},
        {"1e3", false, false, 0},
        {"\"1\"", false, false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t u = 0;
        int64_t s = 0;
        CU_ASSERT_EQUAL_FATAL(parse(rows[i].text), 0);
        CU_ASSERT_EQUAL(json_read_uint(json_read_root(&doc), &u), rows[i].is_uint);
        CU_ASSERT_EQUAL(json_read_int(json_read_root(&doc), &s), rows[i].is_int);
        if (rows[i].is_uint)
            CU_ASSERT_EQUAL(u, rows[i].value);
        if (rows[i].is_int)
            CU_ASSERT_EQUAL(s, (int64_t)rows[i].value);
    }
}

static void numbers_beyond_a_double_are_none(void) {
    static const char *const beyond[] = {"1e309", "-1e309", "1e999999999"};
    double value;
    for (size_t i = 0; i < COUNT_OF(beyond); i++) {
        CU_ASSERT_EQUAL_FATAL(parse(beyond[i]), 0);
        CU_ASSERT_FALSE(json_read_double(json_read_root(&doc), &value));
    }
    CU_ASSERT_EQUAL_FATAL(parse("1e-999999999"), 0);
    CU_ASSERT_TRUE(json_read_double(json_read_root(&doc), &value) && value == 0);
}

static void what_the_writer_writes_reads_back_equal(void) {
    const double doubles[] = {0, -1.5, 1e-300, 0.1, 12345678.000000001, 1.7976931348623157e308};
    for (size_t i = 0; i < COUNT_OF(doubles); i++) {
        struct text out = {0};
        struct json_write w = json_write_to(&out, 0);
        double value = 7;
        json_write_double(&w, doubles[i]);
        CU_ASSERT_EQUAL(json_read_parse(&doc, text_get(&out), out.size), 0);
        CU_ASSERT_TRUE(json_read_double(json_read_root(&doc), &value) && value == doubles[i]);
        text_free(&out);
    }
    static const char hostile[] = "a\"\\/\b\f\n\r\t\x1b</script>\xc3\xa4\xf0\x9f\x98\x80";
    struct text out = {0};
    struct json_write w = json_write_to(&out, 2);
    json_write_open_object(&w);
    json_write_member_string(&w, "k", hostile);
    json_write_close_object(&w);
    CU_ASSERT_EQUAL(json_read_parse(&doc, text_get(&out), out.size), 0);
    char *read = json_read_dup(json_read_at(&doc, NULL, "k"));
    CU_ASSERT_STRING_EQUAL(read, hostile);
    free(read);
    text_free(&out);
}

static void escapes_become_text_and_half_pairs_do_not(void) {
    char text[32];
    CU_ASSERT_EQUAL_FATAL(parse("[\"\\u0041\\u00e4\\u20ac\\ud83d\\ude00\",\"\\ud83d\",\"\\u0000\",\"\\ud83d\\u0041\"]"),
                          0);
    const struct json_value *v = json_read_first(&doc, json_read_root(&doc));
    CU_ASSERT_TRUE(json_read_string(v, text, sizeof text));
    CU_ASSERT_STRING_EQUAL(text, "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    CU_ASSERT_FALSE(json_read_string(v, text, 10)); /* ten bytes and a NUL */
    while ((v = json_read_next(&doc, json_read_root(&doc), v)) != NULL)
        CU_ASSERT_FALSE(json_read_string(v, text, sizeof text));
    char *read = json_read_dup(json_read_first(&doc, json_read_root(&doc)) + 3);
    CU_ASSERT_STRING_EQUAL(read, "\xef\xbf\xbd"
                                 "A");
    free(read);
}

static void what_is_no_json_is_refused_with_its_place(void) {
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {
        {"", 0},           {"{", 1},        {"[1,]", 3}, {"[1 2]", 3},    {"{\"a\" 1}", 5}, {"{a:1}", 1},
        {"01", 1},         {"1.", 2},       {"+1", 0},   {"tru", 0},      {"\"\\x\"", 3},   {"\"\\u12g4\"", 5},
        {"\"a\nb\"", 2},   {"\"\xff\"", 1}, {"[1]x", 3}, {"{\"a\":}", 5}, {"\"open", 5},    {"[1}", 2},
        {"{\"a\":1,}", 7}, {"nan", 0},      {"\"\\", 2}, {"-", 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CU_ASSERT_EQUAL(parse(rows[i].text), ERR_MALFORMED);
        if (doc.error_at != rows[i].at)
            printf("%s: refused at %zu, not %zu\n", rows[i].text, doc.error_at, rows[i].at);
        CU_ASSERT_EQUAL(doc.error_at, rows[i].at);
        CU_ASSERT_PTR_NOT_NULL(doc.error);
        CU_ASSERT_PTR_NULL(json_read_root(&doc));
    }
}

static void nesting_has_a_limit(void) {
    char text[2 * JSON_READ_DEPTH_MAX + 3];
    for (int depth = JSON_READ_DEPTH_MAX; depth <= JSON_READ_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        int expected = depth > JSON_READ_DEPTH_MAX ? ERR_TOO_BIG : 0;
        CU_ASSERT_EQUAL(json_read_parse(&doc, text, 2 * (size_t)depth), expected);
    }
}

static void readers_of_nothing_say_no(void) {
    uint64_t u;
    double d;
    bool b;
    char text[4];
    CU_ASSERT_FALSE(json_read_uint(NULL, &u) || json_read_double(NULL, &d) || json_read_bool(NULL, &b));
    CU_ASSERT_FALSE(json_read_string(NULL, text, sizeof text) || json_read_equals(NULL, ""));
    CU_ASSERT_PTR_NULL(json_read_dup(NULL));
    CU_ASSERT_PTR_NULL(json_read_get(&doc, NULL, "a"));
    json_read_free(&doc);
    CU_ASSERT_PTR_NULL(json_read_at(&doc, NULL, "a"));
}

HARNESS_MAIN("base/json_read", HARNESS_CASE(values_are_found_by_path), HARNESS_CASE(empty_containers_have_no_first),
             HARNESS_CASE(integers_of_64_bits_are_exact_and_others_are_none),
             HARNESS_CASE(numbers_beyond_a_double_are_none), HARNESS_CASE(what_the_writer_writes_reads_back_equal),
             HARNESS_CASE(escapes_become_text_and_half_pairs_do_not),
             HARNESS_CASE(what_is_no_json_is_refused_with_its_place), HARNESS_CASE(nesting_has_a_limit),
             HARNESS_CASE(readers_of_nothing_say_no))
