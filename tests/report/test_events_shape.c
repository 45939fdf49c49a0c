#include "report/events_shape.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "report/documented.h"
#include "report/sample.h"

static void every_kind_of_line_has_its_rows_under_its_name(void) {
    for (int k = 0; k < EVENTS_KINDS; k++) {
        const struct json_shape *shape = events_shape((enum events_kind)k);
        CU_ASSERT_PTR_NOT_NULL_FATAL(shape);
        CU_ASSERT_STRING_EQUAL(shape->name, events_rows[k].name);
    }
}

static void every_row_is_documented(void) {
    for (int k = 0; k < EVENTS_KINDS; k++)
        for (const struct json_schema_row *row = events_shape((enum events_kind)k)->rows; row->doc != NULL; row++)
            CU_ASSERT_TRUE(row->key == NULL || documented(row->key));
}

static void the_schema_is_json_and_has_every_kind(void) {
    struct text out = {0};
    events_shape_print(&out);
    CU_ASSERT_TRUE(sample_json_valid(text_get(&out), out.size));
    for (int k = 0; k < EVENTS_KINDS; k++) {
        char path[80], text[80];
        snprintf(path, sizeof path, "definitions.%s.type", events_rows[k].name);
        CU_ASSERT_PTR_NOT_NULL(sample_json_string(text_get(&out), path, text, sizeof text));
        snprintf(path, sizeof path, "definitions.%s.properties.crc.type", events_rows[k].name);
        CU_ASSERT_PTR_NOT_NULL(sample_json_string(text_get(&out), path, text, sizeof text));
    }
    text_free(&out);
}

HARNESS_MAIN("report/events_shape", HARNESS_CASE(every_kind_of_line_has_its_rows_under_its_name),
             HARNESS_CASE(every_row_is_documented), HARNESS_CASE(the_schema_is_json_and_has_every_kind))
