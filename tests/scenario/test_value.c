#include "harness.h"

#include <string.h>

#include "base/err.h"
#include "scenario/load.h"
#include "scenario/value.h"

static char why[VALUE_WHY_MAX];

static void booleans_are_true_and_false_only(void) {
    bool b = false;
    CU_ASSERT(value_boolean("true", &b, why) == 0 && b);
    CU_ASSERT(value_boolean("false", &b, why) == 0 && !b);
    CU_ASSERT_EQUAL(value_boolean("yes", &b, why), ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(why, "'yes' is a text in YAML 1.2; write true");
    CU_ASSERT_EQUAL(value_boolean("off", &b, why), ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(why, "'off' is a text in YAML 1.2; write false");
    CU_ASSERT_EQUAL(value_boolean("", &b, why), ERR_MALFORMED);
}

static void integers_use_all_64_bits_and_no_more(void) {
    uint64_t v = 0;
    CU_ASSERT(value_integer("18446744073709551615", 0, UINT64_MAX, &v, why) == 0 && v == UINT64_MAX);
    CU_ASSERT(value_integer("0xFFffFFffFFffFFff", 0, UINT64_MAX, &v, why) == 0 && v == UINT64_MAX);
    CU_ASSERT(value_integer("100_000", 0, UINT64_MAX, &v, why) == 0 && v == 100000);
    static const char *const wrong[] = {
        "18446744073709551616", "12x", "", "-1", "1.5", "1__0", "_1", "1_", "0x", "1e3", " 1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_EQUAL(value_integer(wrong[i], 0, UINT64_MAX, &v, why), ERR_MALFORMED);
    CU_ASSERT_EQUAL(value_integer("3", 0, 2, &v, why), ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(why, "3 is not between 0 and 2");
}

static void numbers_have_limits_in_their_own_unit(void) {
    double v = 0;
    CU_ASSERT(value_number("1h30min", UNITS_DURATION, 0, 0, &v, why) == 0 && v == 5400e9);
    CU_ASSERT_EQUAL(value_number("120%", UNITS_SHARE, 0, 1, &v, why), ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(why, "120% is not between 0% and 100%");
    CU_ASSERT_EQUAL(value_number("-5s", UNITS_DURATION, 0, 0, &v, why), ERR_MALFORMED);
}

static void timestamps_are_rfc_3339_with_a_zone(void) {
    int64_t t = 0;
    CU_ASSERT(value_timestamp("1970-01-01T00:00:00Z", &t, why) == 0 && t == 0);
    CU_ASSERT(value_timestamp("2150-12-31T23:59:59Z", &t, why) == 0 && t < INT64_MAX / 1000000000 - 10 * 366 * 86400LL);
    CU_ASSERT(value_timestamp("2026-01-01T00:00:00Z", &t, why) == 0 && t == 1767225600);
    CU_ASSERT(value_timestamp("2024-02-29T12:00:00+02:00", &t, why) == 0 && t == 1709200800);
    CU_ASSERT(value_timestamp("2000-03-01T00:00:00Z", &t, why) == 0 && t == 951868800);
    static const char *const wrong[] = {"2026-01-01",
                                        "2026-01-01T00:00:00",
                                        "2026-13-01T00:00:00Z",
                                        "2023-02-29T00:00:00Z",
                                        "2026-01-01T24:00:00Z",
                                        "2026-01-01 00:00:00Z",
                                        "2026-01-01T00:00:00Zx",
                                        "1969-12-31T23:59:59Z",
                                        "2300-01-01T00:00:00Z",
                                        "now",
                                        "",
                                        "2026-01-01T00:00:00+2:00"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_EQUAL(value_timestamp(wrong[i], &t, why), ERR_MALFORMED);
}

static void addresses_are_single_ranges_or_networks(void) {
    struct value_addresses a;
    CU_ASSERT(value_addresses("10.20.7.10-10.20.7.15", false, &a, why) == 0 && a.v4);
    CU_ASSERT(a.first[15] == 10 && a.last[15] == 15 && a.first[10] == 0xff);
    CU_ASSERT(value_addresses("10.20.5.1/16", true, &a, why) == 0);
    CU_ASSERT(a.first[14] == 0 && a.first[15] == 0 && a.last[14] == 255 && a.last[13] == 20);
    CU_ASSERT(value_addresses("fd00::1", false, &a, why) == 0 && !a.v4 && a.first[0] == 0xfd && a.last[15] == 1);
    CU_ASSERT(value_addresses("fd00::/8", true, &a, why) == 0 && a.last[1] == 0xff);
    CU_ASSERT(value_addresses("0.0.0.0/0", true, &a, why) == 0 && a.last[12] == 255);
    static const char *const wrong[] = {"10.0.0.9-10.0.0.1", "10.0.0.1-fd00::1", "10.0.0", "10.0.0.1-", "", "host",
                                        "10.0.0.0/8"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_EQUAL(value_addresses(wrong[i], false, &a, why), ERR_MALFORMED);
    CU_ASSERT_EQUAL(value_addresses("10.0.0.0/33", true, &a, why), ERR_MALFORMED);
    CU_ASSERT_EQUAL(value_addresses("10.0.0.0/", true, &a, why), ERR_MALFORMED);
}

static void index_ranges_include_both_ends(void) {
    uint64_t first = 0, last = 0;
    CU_ASSERT(value_index_range("7", &first, &last, why) == 0 && first == 7 && last == 7);
    CU_ASSERT(value_index_range("3-9", &first, &last, why) == 0 && first == 3 && last == 9);
    CU_ASSERT_EQUAL(value_index_range("9-3", &first, &last, why), ERR_MALFORMED);
    CU_ASSERT_EQUAL(value_index_range("-3", &first, &last, why), ERR_MALFORMED);
    CU_ASSERT_EQUAL(value_index_range("3-", &first, &last, why), ERR_MALFORMED);
}

static void after_names_an_edge_and_an_offset(void) {
    struct value_after a;
    CU_ASSERT(value_after("outage", &a, why) == 0 && strcmp(a.id, "outage") == 0 && !a.from_start && a.offset == 0);
    CU_ASSERT(value_after("outage + 30s", &a, why) == 0 && strcmp(a.id, "outage") == 0 && a.offset == 30 * SPAN_S);
    CU_ASSERT(value_after("out.age.start+1min", &a, why) == 0 && strcmp(a.id, "out.age") == 0 && a.from_start &&
              a.offset == SPAN_MIN);
    CU_ASSERT(value_after("outage.end", &a, why) == 0 && strcmp(a.id, "outage") == 0 && !a.from_start);
    CU_ASSERT_EQUAL(value_after("outage + 30", &a, why), ERR_MALFORMED);
    CU_ASSERT_EQUAL(value_after("out age", &a, why), ERR_MALFORMED);
    CU_ASSERT_EQUAL(value_after(" + 5s", &a, why), ERR_MALFORMED);
}

static void names_can_stand_in_logs_and_labels(void) {
    CU_ASSERT(value_is_name("meter-old_2.1") && value_is_name("7") && value_is_name("_x"));
    CU_ASSERT_FALSE(value_is_name("") || value_is_name("a b") || value_is_name("-a") || value_is_name(".a") ||
                    value_is_name("a/b"));
    CU_ASSERT_FALSE(value_is_name("a123456789b123456789c123456789d123456789e123456789f123456789abcd"));
}

static void typed_reads_give_values_or_the_schema_s_defaults(void) {
    static const char text[] = "rtt: \"exp(50ms)\"\nloss: 2%\nup: 16kbps\n";
    struct diagnostic_list list;
    diagnostic_init(&list);
    struct node *map = load_text("t.yaml", text, sizeof text - 1, &list);
    struct dist d = value_dist_at(map, "networks.*.rtt");
    CU_ASSERT(d.kind == DIST_EXP && d.a == 50e6);
    CU_ASSERT_DOUBLE_EQUAL(value_number_at(map, "networks.*.loss"), 0.02, 1e-12);
    CU_ASSERT_EQUAL(value_number_at(map, "networks.*.up"), 16000);
    CU_ASSERT_EQUAL(value_number_at(map, "networks.*.down"), 0); /* unlimited */
    CU_ASSERT_EQUAL(value_word_at(map, "networks.*.down"), 0);
    CU_ASSERT_EQUAL(value_word_at(map, "networks.*.up"), -1);
    CU_ASSERT(value_given(map, "networks.*.up") && !value_given(map, "networks.*.down"));
    CU_ASSERT_EQUAL(value_span_at(NULL, "profiles.*.reconnect.max"), 2 * SPAN_MIN);
    CU_ASSERT_EQUAL(value_integer_at(NULL, "profiles.*.buffer.messages"), 100);
    CU_ASSERT_EQUAL(value_integer_at(NULL, "profiles.*.reconnect.attempts"), 0);
    CU_ASSERT(value_bool_at(NULL, "profiles.*.mqtt.clean_start"));
    CU_ASSERT_STRING_EQUAL(value_text_at(NULL, "profiles.*.protocol"), "mqtt5");
    CU_ASSERT_PTR_NULL(value_text_at(NULL, "name"));
    node_free(map);
    diagnostic_free(&list);
}

static void selectors_take_percent_with_or_without_its_sign(void) {
    static const char *const texts[] = {"percent: 5", "percent: 5%"};
    for (size_t i = 0; i < 2; i++) {
        struct diagnostic_list list;
        diagnostic_init(&list);
        struct node *map = load_text("t.yaml", texts[i], strlen(texts[i]), &list);
        CU_ASSERT_DOUBLE_EQUAL(value_number_at(map, "timeline.[].who.percent"), 0.05, 1e-12);
        node_free(map);
        diagnostic_free(&list);
    }
}

HARNESS_MAIN("scenario/value", HARNESS_CASE(booleans_are_true_and_false_only),
             HARNESS_CASE(integers_use_all_64_bits_and_no_more), HARNESS_CASE(numbers_have_limits_in_their_own_unit),
             HARNESS_CASE(timestamps_are_rfc_3339_with_a_zone), HARNESS_CASE(addresses_are_single_ranges_or_networks),
             HARNESS_CASE(index_ranges_include_both_ends), HARNESS_CASE(after_names_an_edge_and_an_offset),
             HARNESS_CASE(names_can_stand_in_logs_and_labels),
             HARNESS_CASE(typed_reads_give_values_or_the_schema_s_defaults),
             HARNESS_CASE(selectors_take_percent_with_or_without_its_sign))
