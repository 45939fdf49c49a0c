#include <string.h>

#include "base/check.h"
#include "coap/coap_tables.h"
#include "harness.h"

static void rows_rise(void) {
    for (const struct coap_code_row *row = coap_tables_codes + 1; row->name; row++)
        CU_ASSERT(row[-1].code < row->code);
    for (const struct coap_option_row *row = coap_tables_options + 1; row->name; row++)
        CU_ASSERT(row[-1].number < row->number);
    for (const struct coap_content_row *row = coap_tables_contents + 1; row->name; row++)
        CU_ASSERT(row[-1].number < row->number);
}

/* RFC 7252 table 4 and its successors: the columns C, U and N as they are printed there. */
static const struct {
    const char *name, *flags;
} printed[] = {
    {"If-Match", "C"},   {"Uri-Host", "CU"},    {"ETag", ""},        {"If-None-Match", "C"}, {"Observe", "U"},
    {"Uri-Port", "CU"},  {"Location-Path", ""}, {"Uri-Path", "CU"},  {"Content-Format", ""}, {"Max-Age", "U"},
    {"Uri-Query", "CU"}, {"Hop-Limit", ""},     {"Accept", "C"},     {"Location-Query", ""}, {"Block2", "CU"},
    {"Block1", "CU"},    {"Size2", "N"},        {"Proxy-Uri", "CU"}, {"Proxy-Scheme", "CU"}, {"Size1", "N"},
    {"Echo", "N"},       {"No-Response", "U"},  {"Request-Tag", ""},
};

static void numbers_tell_critical_unsafe_and_no_cache_key(void) {
    unsigned n = 0;
    for (const struct coap_option_row *row = coap_tables_options; row->name; row++, n++) {
        char flags[4] = "";
        if (coap_option_critical(row->number))
            strcat(flags, "C");
        if (coap_option_unsafe(row->number))
            strcat(flags, "U");
        if (!coap_option_unsafe(row->number) && coap_option_no_cache_key(row->number))
            strcat(flags, "N");
        CU_ASSERT_FATAL(n < COUNT_OF(printed));
        CU_ASSERT_STRING_EQUAL(row->name, printed[n].name);
        CU_ASSERT_STRING_EQUAL(flags, printed[n].flags);
    }
    CU_ASSERT_EQUAL(n, COUNT_OF(printed));
}

static void option_rows_are_consistent(void) {
    for (const struct coap_option_row *row = coap_tables_options; row->name; row++) {
        CU_ASSERT(row->min <= row->max);
        CU_ASSERT_EQUAL(row->repeats & ~row->places, 0);
        CU_ASSERT(row->format != COAP_FORMAT_UINT || row->max <= 4);
        CU_ASSERT(row->format != COAP_FORMAT_EMPTY || row->max == 0);
    }
}

static void codes_have_classes(void) {
    CU_ASSERT_EQUAL(coap_tables_kind(0, COAP_UDP), COAP_KIND_EMPTY);
    for (unsigned code = 1; code < 256; code++) {
        static const enum coap_kind kinds[] = {COAP_KIND_REQUEST,  COAP_KIND_RESERVED, COAP_KIND_RESPONSE,
                                               COAP_KIND_RESPONSE, COAP_KIND_RESPONSE, COAP_KIND_RESPONSE,
                                               COAP_KIND_RESERVED, COAP_KIND_SIGNAL};
        enum coap_kind kind = kinds[code >> 5];
        CU_ASSERT_EQUAL(coap_tables_kind((uint8_t)code, COAP_TCP), kind);
        CU_ASSERT_EQUAL(coap_tables_kind((uint8_t)code, COAP_WS), kind);
        CU_ASSERT_EQUAL(coap_tables_kind((uint8_t)code, COAP_UDP),
                        kind == COAP_KIND_SIGNAL ? COAP_KIND_RESERVED : kind);
    }
    CU_ASSERT_STRING_EQUAL(coap_tables_code(0x45)->name, "Content");
    CU_ASSERT_STRING_EQUAL(coap_tables_code(0x9d)->name, "Too Many Requests");
    CU_ASSERT_PTR_NULL(coap_tables_code(0x08));
}

static void signaling_options_belong_to_their_code(void) {
    CU_ASSERT_STRING_EQUAL(coap_tables_option(COAP_CSM, 2)->name, "Max-Message-Size");
    CU_ASSERT_STRING_EQUAL(coap_tables_option(COAP_RELEASE, 2)->name, "Alternative-Address");
    CU_ASSERT_PTR_NULL(coap_tables_option(COAP_PING, 4));
    CU_ASSERT_PTR_NULL(coap_tables_option(COAP_CSM, COAP_URI_PATH));
    CU_ASSERT_STRING_EQUAL(coap_tables_option(COAP_GET, 4)->name, "ETag");
    CU_ASSERT_PTR_NULL(coap_tables_option(COAP_GET, 2));
}

static void content_formats_are_found_both_ways(void) {
    for (const struct coap_content_row *row = coap_tables_contents; row->name; row++) {
        CU_ASSERT_EQUAL(coap_tables_content_number(row->name), row->number);
        CU_ASSERT_STRING_EQUAL(coap_tables_content_name(row->number), row->name);
    }
    CU_ASSERT_EQUAL(coap_tables_content_number("application/senml+cbor"), 112);
    CU_ASSERT_EQUAL(coap_tables_content_number("text/html"), -1);
    CU_ASSERT_PTR_NULL(coap_tables_content_name(1));
    CU_ASSERT_PTR_NULL(coap_tables_content_name(65576)); /* no truncation to 40 */
}

HARNESS_MAIN("coap_tables", HARNESS_CASE(rows_rise), HARNESS_CASE(numbers_tell_critical_unsafe_and_no_cache_key),
             HARNESS_CASE(option_rows_are_consistent), HARNESS_CASE(codes_have_classes),
             HARNESS_CASE(signaling_options_belong_to_their_code), HARNESS_CASE(content_formats_are_found_both_ways))
