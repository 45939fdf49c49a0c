#include <stdio.h>

#include "harness.h"
#include "report/logged.h"
#include "report/page.h"

static struct page p;

static void write(void) {
    p.out.size = 0;
    html_health(&p.out, &p.s.report, &p.history);
}

static void a_quick_tool_says_no_and_shows_its_limits(void) {
    page_begin(&p, 0);
    write();
    CU_ASSERT_TRUE(page_has(&p, "<b>No.</b>"));
    CU_ASSERT_TRUE(page_has(&p, "<small>limit 10ms</small>"));
    CU_ASSERT_FALSE(page_has(&p, "<figure>"));
    page_end(&p);
}

static void a_slow_tool_says_why_and_when(void) {
    page_begin(&p, 0);
    p.s.facts.trust_count = 1;
    p.s.facts.trust[0] = (struct trust_finding){.text = "a loop was late", .from = 10 * SPAN_S, .to = 12 * SPAN_S};
    write();
    CU_ASSERT_TRUE(page_has(&p, "cannot be ruled out"));
    CU_ASSERT_TRUE(page_has(&p, "<li>a loop was late (0:10–0:12)</li>"));
    page_end(&p);
}

static void the_strip_over_time_stands_here(void) {
    if (!logged_gnuplot())
        return;
    page_begin(&p, 20);
    write();
    CU_ASSERT_EQUAL(page_count(&p, "<figure>"), 1);
    CU_ASSERT_TRUE(page_has(&p, "download=\"tool.csv\""));
    page_end(&p);
}

static void what_the_backend_needed_is_a_sentence_and_headroom_one_where_it_was_measured(void) {
    page_begin(&p, 0);
    p.s.facts.backend = (struct run_backend){.on = true, .has_cpu = true, .cpu_s = 2.5, .cpu_share_max = 0.4};
    write();
    CU_ASSERT_TRUE(page_has(&p, "<p>The backend itself: CPU 2.5s, at most 40% of a core"));
    CU_ASSERT_FALSE(page_has(&p, "Headroom"));
    page_end(&p);
}

HARNESS_MAIN("report/html_health", HARNESS_CASE(a_quick_tool_says_no_and_shows_its_limits),
             HARNESS_CASE(a_slow_tool_says_why_and_when), HARNESS_CASE(the_strip_over_time_stands_here),
             HARNESS_CASE(what_the_backend_needed_is_a_sentence_and_headroom_one_where_it_was_measured))
