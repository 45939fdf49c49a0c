#include "base/instant.h"

#include "base/check.h"
#include "harness.h"

static void adding_saturates_and_never_stays_never(void) {
    CU_ASSERT_EQUAL(instant_add(5, SPAN_S), 5 + SPAN_S);
    CU_ASSERT_EQUAL(instant_add(5, -7), -2);
    CU_ASSERT_EQUAL(instant_add(INSTANT_NEVER - 1, 2), INSTANT_NEVER);
    CU_ASSERT_EQUAL(instant_add(INSTANT_NEVER, -SPAN_DAY), INSTANT_NEVER);
    CU_ASSERT_EQUAL(instant_add(1, INT64_MAX), INSTANT_NEVER);
    CU_ASSERT_EQUAL(instant_add(-2, INT64_MIN), INT64_MIN);
}

static void spans_read_as_people_write_them(void) {
    static const struct {
        span s;
        const char *text;
    } rows[] = {
        {0, "0s"},
        {1, "1ns"},
        {999, "999ns"},
        {1000, "1us"},
        {1500, "1.5us"},
        {250 * SPAN_US, "250us"},
        {1500 * SPAN_US, "1.5ms"},
        {1234567, "1.23ms"},
        {12345678, "12.3ms"},
        {123456789, "123ms"},
        {999499999, "999ms"},
        {999500000, "1s"},
        {9999999, "10ms"},
        {1010 * SPAN_MS, "1.01s"},
        {59940 * SPAN_MS, "59.9s"},
        {59960 * SPAN_MS, "1m00s"},
        {221 * SPAN_S, "3m41s"},
        {2 * SPAN_H + 5 * SPAN_MIN + 59 * SPAN_S, "2h05m"},
        {3 * SPAN_DAY + 4 * SPAN_H, "3d04h"},
        {-1500 * SPAN_US, "-1.5ms"},
        {INT64_MIN, "-106751d23h"},
        {INSTANT_NEVER, "never"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[24];
        CU_ASSERT_STRING_EQUAL(instant_format_span(rows[i].s, text, sizeof text), rows[i].text);
    }
}

HARNESS_MAIN("base/instant", HARNESS_CASE(adding_saturates_and_never_stays_never),
             HARNESS_CASE(spans_read_as_people_write_them))
