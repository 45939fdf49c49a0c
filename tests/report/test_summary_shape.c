#include "report/summary_shape.h"

#include <string.h>

#include "harness.h"
#include "report/documented.h"
#include "report/sample.h"
#include "report/summary_json.h"

static struct sample s;

/* The fault of a summary of `s`. */
static const char *fault(void) {
    static struct json_schema_check check;
    struct text out = {0};
    struct json_write w = json_write_to(&out, 2);
    json_schema_watch(&check, &w, &summary_shape);
    summary_json_write_to(&w, &s.report);
    text_free(&out);
    return check.fault;
}

static void the_summary_has_the_keys_of_its_rows_and_no_others(void) {
    sample_make(&s);
    CU_ASSERT_STRING_EQUAL(fault(), "");
    sample_free(&s);
}

static void so_has_the_summary_of_a_run_with_all_that_is_rare(void) {
    sample_make(&s);
    s.facts.trust_count = 1;
    strcpy(s.facts.trust[0].text, "a loop was late");
    s.verdicts[0].aborted_the_run = true;
    s.facts.verdict = VERDICT_ABORTED;
    CU_ASSERT_STRING_EQUAL(fault(), "");
    sample_free(&s);
}

static void so_has_the_summary_of_a_run_in_which_nothing_happened(void) {
    sample_make(&s);
    struct result *empty = result_new(SAMPLE_GROUPS, &s.plan.segments);
    s.facts.result = empty;
    s.plan.check_count = 0;
    s.facts.devices_here = 0;
    CU_ASSERT_STRING_EQUAL(fault(), "");
    result_free(empty);
    sample_free(&s);
}

static void every_row_is_documented(void) {
    for (const struct json_schema_row *row = summary_shape.rows; row->key != NULL; row++)
        CU_ASSERT_TRUE(documented(row->key));
    for (const struct json_schema_row *row = summary_shape_verdict_rows; row->key != NULL; row++)
        CU_ASSERT_TRUE(documented(row->key));
}

static void the_schema_is_json_and_refers_to_what_is_there(void) {
    struct text out = {0};
    summary_shape_print(&out);
    char text[80];
    CU_ASSERT_TRUE(sample_json_valid(text_get(&out), out.size));
    CU_ASSERT_STRING_EQUAL(sample_json_string(text_get(&out),
                                              "definitions.operations.properties.mqtt\\.ping\\.ack.$ref", text,
                                              sizeof text),
                           "#/definitions/operation");
    CU_ASSERT_PTR_NOT_NULL(sample_json_string(text_get(&out), "definitions.operation.type", text, sizeof text));
    text_free(&out);
}

HARNESS_MAIN("report/summary_shape", HARNESS_CASE(the_summary_has_the_keys_of_its_rows_and_no_others),
             HARNESS_CASE(so_has_the_summary_of_a_run_with_all_that_is_rare),
             HARNESS_CASE(so_has_the_summary_of_a_run_in_which_nothing_happened), HARNESS_CASE(every_row_is_documented),
             HARNESS_CASE(the_schema_is_json_and_refers_to_what_is_there))
