#include "scenario/device_name.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

static struct fleet fleets[] = {{"meters", 0, 100}, {"gate-ways", 100, 20}, {"empty", 120, 0}, {"a", 120, 1}};
static const struct plan plan = {.fleets = fleets, .fleet_count = 4, .device_count = 121};

static void every_device_has_a_name_that_finds_it(void) {
    for (uint32_t d = 0; d < plan.device_count; d++) {
        char name[DEVICE_NAME_MAX], why[200];
        uint32_t found = UINT32_MAX;
        CU_ASSERT_EQUAL(
            device_name_parse(&plan, device_name_format(&plan, d, name, sizeof name), &found, why, sizeof why), 0);
        CU_ASSERT_EQUAL(found, d);
    }
    char name[DEVICE_NAME_MAX];
    CU_ASSERT_STRING_EQUAL(device_name_format(&plan, 117, name, sizeof name), "gate-ways-17");
}

static void a_number_counts_over_all_fleets(void) {
    uint32_t found;
    char why[200];
    CU_ASSERT_EQUAL(device_name_parse(&plan, "105", &found, why, sizeof why), 0);
    CU_ASSERT_EQUAL(found, 105);
}

static void unknown_devices_come_with_what_may_have_been_meant(void) {
    static const struct {
        const char *text, *says;
    } rows[] = {{"121", "from 0 to 120"},
                {"99999999999999999999", "meters-0"},
                {"meter-7", "did you mean meters-7?"},
                {"meters", "meters-0 to meters-99"},
                {"meters-", "meters-0 to meters-99"},
                {"meters-x", "meters-0 to meters-99"},
                {"meters--1", "did you mean meters-1?"},
                {"meters-100", "meters-0 to meters-99"},
                {"gate-ways", "gate-ways-0 to gate-ways-19"},
                {"gateways-3", "did you mean gate-ways-3?"},
                {"empty-0", "no devices"},
                {"", "meters-0"},
                {"-", "meters-0"},
                {"quite something else", "from 0 to 120"},
                {"\x1b[31m", "\\x1B"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t found;
        char why[200] = "";
        CU_ASSERT_EQUAL(device_name_parse(&plan, rows[i].text, &found, why, sizeof why), ERR_NOT_FOUND);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, rows[i].says));
        CU_ASSERT_PTR_NULL(strchr(why, 0x1b));
    }
}

static void a_long_name_is_cut_and_keeps_its_number(void) {
    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct fleet fleet = {text, 0, 50};
    const struct plan large = {.fleets = &fleet, .fleet_count = 1, .device_count = 50};
    char name[40];
    device_name_format(&large, 49, name, sizeof name);
    CU_ASSERT_STRING_EQUAL(name + strlen(name) - 4, "x-49");
}

HARNESS_MAIN("device_name", HARNESS_CASE(every_device_has_a_name_that_finds_it),
             HARNESS_CASE(a_number_counts_over_all_fleets),
             HARNESS_CASE(unknown_devices_come_with_what_may_have_been_meant),
             HARNESS_CASE(a_long_name_is_cut_and_keeps_its_number))
