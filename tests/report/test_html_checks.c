#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/page.h"
#include "scenario/expr.h"

static struct page p;

static void write(void) {
    p.out.size = 0;
    html_checks(&p.out, &p.s.report);
}

static void each_check_shows_expected_measured_and_samples_failed_ones_first(void) {
    page_begin(&p, 0);
    write();
    CU_ASSERT_EQUAL(page_count(&p, "<tr class="), SAMPLE_CHECKS);
    CU_ASSERT_TRUE(page_has(&p, "<td class=\"number\">312ms</td>\n<td class=\"number\"> 250ms</td>"));
    CU_ASSERT_TRUE(page_has(&p, "two devices never came back"));
    CU_ASSERT_TRUE(page_has(&p, "<tr class=\"info\">"));
    CU_ASSERT_TRUE(strstr(text_get(&p.out), "back again") < strstr(text_get(&p.out), "nothing lost"));
    page_end(&p);
}

static void a_check_shows_where_in_the_run_it_looks(void) {
    struct expr_error error;
    struct phase outage = {.id = "outage", .start = 20 * SPAN_S, .end = 40 * SPAN_S};
    page_begin(&p, 0);
    p.s.plan.warmup = 0;
    p.s.plan.phases = &outage;
    p.s.plan.phase_count = 1;
    p.s.facts.ended = 80 * SPAN_S;
    CU_ASSERT_EQUAL_FATAL(expr_parse("p99(mqtt.publish.ack, during=outage) < 250ms", &p.s.checks[0].expr, &error), 0);
    CU_ASSERT_EQUAL_FATAL(expr_parse("count(mqtt.publish, from=outage.end) > 1", &p.s.checks[1].expr, &error), 0);
    write();
    CU_ASSERT_TRUE(page_has(&p, "style=\"--from:25.0%;--to:50.0%\">0:20–0:40</span>"));
    CU_ASSERT_TRUE(page_has(&p, ">0:40–1:20</span>"));
    CU_ASSERT_TRUE(page_has(&p, ">0:00–1:20</span>"));
    expr_free(p.s.checks[0].expr);
    expr_free(p.s.checks[1].expr);
    page_end(&p);
}

static void a_scenario_without_checks_has_no_table(void) {
    page_begin(&p, 0);
    p.s.plan.check_count = 0;
    write();
    CU_ASSERT_EQUAL(p.out.size, 0);
    page_end(&p);
}

static void too_many_checks_are_counted(void) {
    enum { MANY = HTML_ROWS_MAX + 50 };
    page_begin(&p, 0);
    struct check_verdict *verdicts = calloc(MANY, sizeof *verdicts);
    for (int i = 0; i < MANY; i++)
        verdicts[i] = p.s.verdicts[0];
    p.s.facts.checks = verdicts;
    p.s.plan.check_count = MANY;
    write();
    CU_ASSERT_EQUAL(page_count(&p, "<tr class="), HTML_ROWS_MAX);
    CU_ASSERT_TRUE(page_has(&p, "<p>50 more are in summary.json.</p>"));
    free(verdicts);
    page_end(&p);
}

HARNESS_MAIN("report/html_checks", HARNESS_CASE(each_check_shows_expected_measured_and_samples_failed_ones_first),
             HARNESS_CASE(a_check_shows_where_in_the_run_it_looks),
             HARNESS_CASE(a_scenario_without_checks_has_no_table), HARNESS_CASE(too_many_checks_are_counted))
