#include "harness.h"

#include <string.h>

#include "scenario/schema.h"

static void patterns_find_their_row(void) {
    CU_ASSERT_STRING_EQUAL(schema_find("profiles.*.mqtt.keepalive")->path, "profiles.*.mqtt.keepalive");
    CU_ASSERT_PTR_EQUAL(schema_find(""), &schema_rows[0]);
    CU_ASSERT_PTR_NULL(schema_find("profiles.meter"));
}

static void concrete_paths_match_their_pattern(void) {
    static const char *const pairs[][2] = {
        {"profiles.meter.mqtt.keepalive", "profiles.*.mqtt.keepalive"},
        {"profiles.*.mqtt", "profiles.*.mqtt"},
        {"timeline.3.who.region", "timeline.[].who.region"},
        {"timeline[].do", "timeline.[].do"},
        {"timeline.[].do", "timeline.[].do"},
        {"timeline.0.who.1.region", "timeline.[].who.region"},
        {"fleets.m.telemetry.0.every", "fleets.*.telemetry.every"},
        {"fleets.m.telemetry.every", "fleets.*.telemetry.every"},
        {"fleets.m.subscribe.2.qos", "fleets.*.subscribe.[].qos"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const struct schema_row *row = schema_match(pairs[i][0]);
        CU_ASSERT_PTR_NOT_NULL(row);
        if (row != NULL)
            CU_ASSERT_STRING_EQUAL(row->path, pairs[i][1]);
    }
    CU_ASSERT_PTR_NULL(schema_match("profiles.meter.keepalive"));
    CU_ASSERT_PTR_NULL(schema_match("seed.x"));
    CU_ASSERT_PTR_NULL(schema_match("[["));
}

static void children_are_one_level_down(void) {
    const struct schema_row *row = NULL, *will = schema_find("profiles.*.mqtt.will");
    int count = 0;
    while ((row = schema_next_child(will, row)) != NULL) {
        CU_ASSERT(strncmp(row->path, "profiles.*.mqtt.will.", 21) == 0);
        count++;
    }
    CU_ASSERT_EQUAL(count, 6);
    CU_ASSERT_PTR_NULL(schema_next_child(schema_find("seed"), NULL));
    CU_ASSERT_STRING_EQUAL(schema_last(schema_child(schema_find("networks"), "any-name")), "*");
    CU_ASSERT_PTR_NULL(schema_child(will, "nothing"));
}

static void descriptions_name_kind_units_and_limits(void) {
    char text[400];
    CU_ASSERT_STRING_EQUAL(schema_describe(schema_find("fleets.*.telemetry.qos"), text, sizeof text),
                           "a whole number from 0 to 2");
    CU_ASSERT_STRING_EQUAL(schema_describe(schema_find("profiles.*.protocol"), text, sizeof text), "mqtt311 or mqtt5");
    schema_describe(schema_find("profiles.*.timeouts.ack"), text, sizeof text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "a duration (10s, 250ms, 1h30min)"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, ", or none"));
    schema_describe(schema_find("sources"), text, sizeof text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "or a list of them"));
}

HARNESS_MAIN("scenario/schema", HARNESS_CASE(patterns_find_their_row), HARNESS_CASE(concrete_paths_match_their_pattern),
             HARNESS_CASE(children_are_one_level_down), HARNESS_CASE(descriptions_name_kind_units_and_limits))
