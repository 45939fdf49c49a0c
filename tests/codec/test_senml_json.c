#include "codec/senml_json.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

/* Reads all records and writes them again; 0 or the error. */
static int again(const char *text, char *out, size_t room) {
    char strings[256];
    struct senml_json_reader r = senml_json_reader_of(bytes_of_text(text), strings, sizeof strings);
    struct bytes_writer w = bytes_writer_of(out, room - 1);
    struct senml_json_writer writer = senml_json_begin(&w);
    struct senml_record record;
    int error;
    while ((error = senml_json_next(&r, &record)) == 0)
        senml_json_record(&writer, &record);
    senml_json_end(&writer);
    *w.at = '\0';
    CU_ASSERT_EQUAL(senml_json_next(&r, &record), error);
    return error == ERR_CLOSED ? 0 : error;
}

/* Those of RFC 8428 section 5.1 that are written with base fields first, and shortest numbers. */
static void what_is_written_as_we_do_comes_out_the_same(void) {
    static const char *const rows[] = {
        "[]",
        "[{\"n\":\"urn:dev:ow:10e2073a01080063\",\"u\":\"Cel\",\"v\":23.1}]",
        "[{\"bn\":\"urn:dev:ow:10e2073a01080063:\",\"bt\":1320067464,\"bu\":\"%RH\",\"v\":21.2},{\"v\":21.3,\"t\":10},"
        "{\"u\":\"lon\",\"v\":24.30621,\"t\":30}]",
        "[{\"bver\":10,\"bn\":\"urn:dev:ow:10e2073a01080063\",\"n\":\"open\",\"vb\":false},{\"n\":\"nfc\",\"vd\":"
        "\"aGkgCg\"},"
        "{\"n\":\"label\",\"vs\":\"Machine \\\"Room\\\"\"}]",
        "[{\"bv\":-2.5,\"bs\":7,\"n\":\"a\",\"v\":1,\"s\":2,\"t\":3,\"ut\":60}]",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char out[512];
        CU_ASSERT_EQUAL(again(rows[i], out, sizeof out), 0);
        CU_ASSERT_STRING_EQUAL(out, rows[i]);
    }
}

static void whitespace_order_and_unknown_labels_do_not_matter(void) {
    char out[512];
    CU_ASSERT_EQUAL(again(" [ {\"v\" : 1e0, \"x\":{\"y\":[1,2]}, \"n\":\"\\u0061\"} ,\n{\"vs\":\"b\",\"bn\":\"c\"}] ",
                          out, sizeof out),
                    0);
    CU_ASSERT_STRING_EQUAL(out, "[{\"n\":\"a\",\"v\":1},{\"bn\":\"c\",\"vs\":\"b\"}]");
}

static void data_are_base64url_of_every_length(void) {
    static const char *const rows[] = {"\"\"", "\"_w\"", "\"_-8\"", "\"_-7d\"", "\"AAECAw\""};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char in[64], out[64];
        snprintf(in, sizeof in, "[{\"n\":\"d\",\"vd\":%s}]", rows[i]);
        CU_ASSERT_EQUAL(again(in, out, sizeof out), 0);
        CU_ASSERT_STRING_EQUAL(out, in);
    }
}

static void what_is_malformed_is_refused(void) {
    static const char *const rows[] = {
        "",
        "{}",
        "[",
        "[{}]",
        "[{\"n\":\"a\"}]",
        "[{\"n\":\"a\",\"v\":1}",
        "[{\"n\":\"a\",\"v\":1}]x",
        "[{\"n\":\"a\",\"v\":1},]",
        "[{\"n\":\"a\",\"v\":1}{\"v\":1}]",
        "[{\"n\":\"a\",\"v\":\"1\"}]",
        "[{\"n\":1,\"v\":1}]",
        "[{\"n\":\"a\",\"v\":1,\"v\":1}]",
        "[{\"n\":\"a\",\"v\":1,\"vs\":\"x\"}]",
        "[{\"n\":\"a\",\"vb\":1}]",
        "[{\"n\":\"a\",\"v\":1,\"must_\":1}]",
        "[{\"n\":\"a\",\"v\":null}]",
        "[{\"n\":\"a\",\"vd\":\"A\"}]",
        "[{\"n\":\"a\",\"vd\":\"AB\"}]",
        "[{\"n\":\"a\",\"vd\":\"A+==\"}]",
        "[{\"bver\":1.5,\"n\":\"a\",\"v\":1}]",
        "[{\"n\":\"a\",\"v\":1,\"x\":[1}]",
        "[1]",
        "[{\"n\" \"a\"}]",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char out[512];
        int error = again(rows[i], out, sizeof out);
        CU_ASSERT_EQUAL(error, ERR_MALFORMED);
        if (error != ERR_MALFORMED)
            printf("%s: %d\n", rows[i], error);
    }
}

static void texts_beyond_the_room_are_too_big(void) {
    char strings[4];
    struct senml_record record;
    struct senml_json_reader r =
        senml_json_reader_of(bytes_of_text("[{\"n\":\"a\",\"vs\":\"\\n12345\"}]"), strings, sizeof strings);
    CU_ASSERT_EQUAL(senml_json_next(&r, &record), ERR_TOO_BIG);
}

HARNESS_MAIN("senml_json", HARNESS_CASE(what_is_written_as_we_do_comes_out_the_same),
             HARNESS_CASE(whitespace_order_and_unknown_labels_do_not_matter),
             HARNESS_CASE(data_are_base64url_of_every_length), HARNESS_CASE(what_is_malformed_is_refused),
             HARNESS_CASE(texts_beyond_the_room_are_too_big))
