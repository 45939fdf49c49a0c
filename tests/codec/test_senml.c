#include "codec/senml.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

static const double now = 2e9;

static void a_record_has_one_value_at_most(void) {
    static const struct {
        uint32_t has;
        bool valid;
    } rows[] = {
        {0, false},
        {SENML_NAME, false},
        {SENML_NAME | SENML_UNIT | SENML_TIME, false},
        {SENML_VALUE, true},
        {SENML_NAME | SENML_SUM, true},
        {SENML_VALUE | SENML_SUM, true},
        {SENML_VALUE | SENML_STRING, false},
        {SENML_BOOLEAN | SENML_DATA, false},
        {SENML_BASE_NAME | SENML_BASE_TIME, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CU_ASSERT_EQUAL(senml_valid(&(struct senml_record){.has = rows[i].has}), rows[i].valid);
}

/* RFC 8428 section 5.1.2 and 5.1.4 */
static void base_fields_hold_until_they_are_given_anew(void) {
    const struct senml_record records[] = {
        {.has = SENML_BASE_NAME | SENML_BASE_TIME | SENML_BASE_UNIT | SENML_NAME | SENML_UNIT | SENML_VALUE,
         .base_name = bytes_of_text("urn:dev:ow:10e2073a0108006:"),
         .base_time = 1.276020076001e+09,
         .base_unit = bytes_of_text("A"),
         .name = bytes_of_text("voltage"),
         .unit = bytes_of_text("V"),
         .value = 120.1},
        {.has = SENML_NAME | SENML_TIME | SENML_VALUE, .name = bytes_of_text("current"), .time = -5, .value = 1.2},
        {.has = SENML_BASE_NAME | SENML_BASE_VALUE | SENML_VALUE,
         .base_name = bytes_of_text("other"),
         .base_value = 100,
         .value = 1},
        {.has = SENML_STRING, .string = bytes_of_text("on")},
    };
    struct senml_base base = {0};
    struct senml_record out;
    uint8_t name[SENML_NAME_MAX];
    CU_ASSERT_EQUAL(senml_resolve(&base, &records[0], now, name, &out), 0);
    CU_ASSERT_TRUE(bytes_equal(out.name, bytes_of_text("urn:dev:ow:10e2073a0108006:voltage")));
    CU_ASSERT_TRUE(bytes_equal(out.unit, bytes_of_text("V")));
    CU_ASSERT_EQUAL(out.time, 1.276020076001e+09);
    CU_ASSERT_EQUAL(out.has, SENML_NAME | SENML_UNIT | SENML_TIME | SENML_VALUE);
    CU_ASSERT_EQUAL(senml_resolve(&base, &records[1], now, name, &out), 0);
    CU_ASSERT_TRUE(bytes_equal(out.name, bytes_of_text("urn:dev:ow:10e2073a0108006:current")));
    CU_ASSERT_TRUE(bytes_equal(out.unit, bytes_of_text("A")));
    CU_ASSERT_EQUAL(out.time, 1.276020076001e+09 - 5);
    CU_ASSERT_EQUAL(out.value, 1.2);
    CU_ASSERT_EQUAL(senml_resolve(&base, &records[2], now, name, &out), 0);
    CU_ASSERT_TRUE(bytes_equal(out.name, bytes_of_text("other")));
    CU_ASSERT_EQUAL(out.value, 101);
    CU_ASSERT_EQUAL(senml_resolve(&base, &records[3], now, name, &out), 0);
    CU_ASSERT_EQUAL(out.has & (SENML_VALUE | SENML_STRING), SENML_STRING);
}

static void times_below_2_28_count_from_now(void) {
    struct senml_base base = {0};
    struct senml_record out;
    uint8_t name[SENML_NAME_MAX];
    struct senml_record r = {.has = SENML_NAME | SENML_TIME | SENML_VALUE, .name = bytes_of_text("a"), .time = -10};
    CU_ASSERT_EQUAL(senml_resolve(&base, &r, now, name, &out), 0);
    CU_ASSERT_EQUAL(out.time, now - 10);
    r.time = SENML_RELATIVE;
    CU_ASSERT_EQUAL(senml_resolve(&base, &r, now, name, &out), 0);
    CU_ASSERT_EQUAL(out.time, SENML_RELATIVE);
    r.has &= ~(uint32_t)SENML_TIME;
    CU_ASSERT_EQUAL(senml_resolve(&base, &r, now, name, &out), 0);
    CU_ASSERT_EQUAL(out.time, now);
}

static int resolved(struct senml_record r) {
    struct senml_base base = {0};
    struct senml_record out;
    uint8_t name[SENML_NAME_MAX];
    return senml_resolve(&base, &r, now, name, &out);
}

static void what_has_no_meaning_is_refused(void) {
    char longest[SENML_NAME_MAX + 2];
    memset(longest, 'a', sizeof longest);
    const struct senml_record plain = {.has = SENML_NAME | SENML_VALUE, .name = bytes_of_text("a")};
    struct senml_record r = plain;
    CU_ASSERT_EQUAL(resolved(r), 0);
    r.name = bytes_of_text("a b");
    CU_ASSERT_EQUAL(resolved(r), ERR_INVALID);
    r.name = bytes_of_text(":a");
    CU_ASSERT_EQUAL(resolved(r), ERR_INVALID);
    r.name = bytes_of_text("");
    CU_ASSERT_EQUAL(resolved(r), ERR_INVALID);
    r.name = bytes_of(longest, SENML_NAME_MAX);
    CU_ASSERT_EQUAL(resolved(r), 0);
    r.name = bytes_of(longest, SENML_NAME_MAX + 1);
    CU_ASSERT_EQUAL(resolved(r), ERR_TOO_BIG);
    r = plain;
    r.has |= SENML_BASE_VERSION;
    r.base_version = SENML_VERSION;
    CU_ASSERT_EQUAL(resolved(r), 0);
    r.base_version = SENML_VERSION + 1;
    CU_ASSERT_EQUAL(resolved(r), ERR_INVALID);
    r = (struct senml_record){.has = SENML_BASE_NAME, .base_name = bytes_of_text("a")};
    CU_ASSERT_EQUAL(resolved(r), ERR_NOT_FOUND);
}

static void units_are_those_of_the_registry(void) {
    static const char *const known[] = {"Cel", "%RH", "V", "lat", "Wh", "kg", "km/h", "/"};
    static const char *const unknown[] = {"", "celsius", "cel", "RH", "kph", "Celx"};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        CU_ASSERT_TRUE(senml_unit_known(bytes_of_text(known[i])));
    for (size_t i = 0; i < COUNT_OF(unknown); i++)
        CU_ASSERT_FALSE(senml_unit_known(bytes_of_text(unknown[i])));
    CU_ASSERT_STRING_EQUAL(senml_unit_near("cel"), "Cel");
}

static void labels_stand_in_the_order_of_their_encoding(void) {
    for (size_t i = 1; i < SENML_LABELS; i++) {
        int before = senml_labels[i - 1].number, here = senml_labels[i].number;
        CU_ASSERT_EQUAL(before < 0 ? 31 - before : before, i <= 9 ? (int)i - 1 : 32 + (int)i - 10);
        CU_ASSERT_TRUE(here >= 0 ? here == before + 1 : before >= 0 || here == before - 1);
    }
}

HARNESS_MAIN("senml", HARNESS_CASE(a_record_has_one_value_at_most),
             HARNESS_CASE(base_fields_hold_until_they_are_given_anew), HARNESS_CASE(times_below_2_28_count_from_now),
             HARNESS_CASE(what_has_no_meaning_is_refused), HARNESS_CASE(units_are_those_of_the_registry),
             HARNESS_CASE(labels_stand_in_the_order_of_their_encoding))
