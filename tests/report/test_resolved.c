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

static void read_back_it_keeps_the_places_that_the_run_wrote(void) {
    static struct sample s;
    struct text written = {0}, again = {0}, body = {0};
    sample_make(&s);
    resolved_write(&written, &s.report);
    s.report.resolved = text_get(&written);
    s.report.resolved_size = written.size;
    s.plan.root = (node_free(s.plan.root), load_text("elsewhere.yaml", "version: 1\n", 11, &s.sources));
    resolved_write(&again, &s.report);
    resolved_body(&body, &s.report);
    CU_ASSERT_STRING_EQUAL(text_get(&again), text_get(&written));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&written), text_get(&body)));
    CU_ASSERT_NOT_EQUAL(text_get(&body)[0], '#');
    text_free(&written);
    text_free(&again);
    text_free(&body);
    sample_free(&s);
}

HARNESS_MAIN("report/resolved", HARNESS_CASE(the_file_loads_to_the_same_scenario),
             HARNESS_CASE(values_have_their_origin_and_a_drawn_seed_is_said),
             HARNESS_CASE(read_back_it_keeps_the_places_that_the_run_wrote))
