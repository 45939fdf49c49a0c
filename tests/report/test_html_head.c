#include <stdio.h>

#include "harness.h"
#include "report/page.h"
#include "scenario/expr.h"

static struct page p;

/* The sample's checks have no expressions; comparisons are told by them. */
static void compare(int check, const char *expect) {
    struct expr_error error;
    CU_ASSERT_EQUAL_FATAL(expr_parse(expect, &p.s.checks[check].expr, &error), 0);
}

static void write(void) {
    p.out.size = 0;
    html_head(&p.out, &p.s.report);
}

static void the_banner_names_the_first_failed_check_with_what_was_measured(void) {
    page_begin(&p, 0);
    compare(0, p.s.checks[0].expect);
    write();
    expr_free(p.s.checks[0].expr);
    CU_ASSERT_TRUE(page_has(&p, "</span> FAIL</p>"));
    CU_ASSERT_TRUE(
        page_has(&p, "A check failed (2 in all): “fast enough” measured 312ms, and should be &lt; 250ms.</p>"));
    page_end(&p);
}

static void every_verdict_has_its_word_and_its_colour(void) {
    static const char *const said[][2] = {[VERDICT_PASS] = {"banner pass", " PASS<"},
                                          [VERDICT_FAIL] = {"banner fail", " FAIL<"},
                                          [VERDICT_ABORTED] = {"banner fail", " ABORTED<"},
                                          [VERDICT_NOT_TRUSTWORTHY] = {"banner doubt", " NOT TRUSTWORTHY<"},
                                          [VERDICT_INCOMPLETE] = {"banner incomplete", " INCOMPLETE<"}};
    page_begin(&p, 0);
    for (int v = VERDICT_PASS; v <= VERDICT_INCOMPLETE; v++) {
        p.s.facts.verdict = (enum run_verdict)v;
        write();
        CU_ASSERT_TRUE(page_has(&p, said[v][0]) && page_has(&p, said[v][1]));
    }
    page_end(&p);
}

static void simulated_time_stands_beside_the_verdict(void) {
    page_begin(&p, 0);
    p.s.plan.virtual_time = true;
    write();
    CU_ASSERT_TRUE(page_has(&p, "</span> FAIL · VIRTUAL</p>"));
    page_end(&p);
}

static void doubt_is_given_its_first_reason(void) {
    page_begin(&p, 0);
    p.s.facts.verdict = VERDICT_NOT_TRUSTWORTHY;
    p.s.facts.trust_count = 1;
    snprintf(p.s.facts.trust[0].text, sizeof p.s.facts.trust[0].text, "a loop was late by 3s");
    write();
    CU_ASSERT_TRUE(
        page_has(&p, "<p class=\"sentence\">The numbers cannot carry a verdict: a loop was late by 3s.</p>"));
    page_end(&p);
}

static void the_check_that_ended_the_run_comes_before_the_first_that_failed(void) {
    page_begin(&p, 0);
    p.s.facts.verdict = VERDICT_ABORTED;
    p.s.verdicts[2].aborted_the_run = true;
    compare(2, "time_to(online == 100%) < 3min");
    write();
    expr_free(p.s.checks[2].expr);
    CU_ASSERT_TRUE(page_has(&p, "“back again” measured infinite, and should be &lt; 3min"));
    page_end(&p);
}

static void a_passed_run_needs_no_grounds(void) {
    page_begin(&p, 0);
    p.s.facts.verdict = VERDICT_PASS;
    write();
    CU_ASSERT_TRUE(page_has(&p, "<p class=\"sentence\">Every check passed.</p>"));
    page_end(&p);
}

static void what_ran_is_told_with_the_command_that_repeats_it(void) {
    page_begin(&p, 0);
    p.s.target.url = "mqtt://user:secret@broker:1883";
    write();
    CU_ASSERT_TRUE(page_has(&p, ">2026-11-22 08:30:00 UTC</span>"));
    CU_ASSERT_TRUE(page_has(&p, ">scenarios/<wbr>sample.yaml</span>"));
    CU_ASSERT_TRUE(page_has(&p, "<code>muster run scenarios/sample.yaml --target "));
    CU_ASSERT_TRUE(page_has(&p, " --seed 7</code>"));
    CU_ASSERT_FALSE(page_has(&p, "secret"));
    page_end(&p);
}

static void key_figures_are_those_of_the_summary(void) {
    page_begin(&p, 0);
    write();
    CU_ASSERT_TRUE(page_has(&p, "Publish p99</span> <span class=\"value\">40"));
    CU_ASSERT_TRUE(page_has(&p, "Connects</span> <span class=\"value\">3<"));
    CU_ASSERT_FALSE(page_has(&p, "End to end"));
    page_end(&p);
}

HARNESS_MAIN("report/html_head", HARNESS_CASE(the_banner_names_the_first_failed_check_with_what_was_measured),
             HARNESS_CASE(every_verdict_has_its_word_and_its_colour),
             HARNESS_CASE(simulated_time_stands_beside_the_verdict), HARNESS_CASE(doubt_is_given_its_first_reason),
             HARNESS_CASE(the_check_that_ended_the_run_comes_before_the_first_that_failed),
             HARNESS_CASE(a_passed_run_needs_no_grounds),
             HARNESS_CASE(what_ran_is_told_with_the_command_that_repeats_it),
             HARNESS_CASE(key_figures_are_those_of_the_summary))
