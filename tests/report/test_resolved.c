#include "report/resolved.h"

#include <string.h>

#include "harness.h"
#include "report/sample.h"
#include "scenario/load.h"

static void the_file_loads_to_the_same_scenario(void) {
    static struct sample s;
    struct text out = {0};
    sample_make(&s);
    resolved_write(&out, &s.report);
    struct node *again = load_text("again.yaml", text_get(&out), out.size, &s.sources);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_STRING_EQUAL(node_text(node_at(again, "fleets.meters.count")), "8");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(again, "name")), "sample");
    node_free(again);
    text_free(&out);
    sample_free(&s);
}

static void values_have_their_origin_and_a_drawn_seed_is_said(void) {
    static struct sample s;
    struct text out = {0};
    sample_make(&s);
    s.plan.seed_given = false;
    resolved_write(&out, &s.report);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "scenarios/sample.yaml:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "--seed 7"));
    text_free(&out);
    sample_free(&s);
}

HARNESS_MAIN("report/resolved", HARNESS_CASE(the_file_loads_to_the_same_scenario),
             HARNESS_CASE(values_have_their_origin_and_a_drawn_seed_is_said))
