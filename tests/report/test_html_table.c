#include "harness.h"
#include "report/page.h"

static struct page p;

static void a_table_names_its_columns_for_those_who_do_not_see_it(void) {
    page_begin(&p, 0);
    html_table_begin(&p.out, "errors", "Errors");
    html_table_columns(&p.out, "What|#count");
    html_table_end(&p.out, 3);
    CU_ASSERT_TRUE(page_has(&p, "<h2 id=\"errors\">Errors</h2>"));
    CU_ASSERT_TRUE(page_has(&p, "role=\"region\" aria-labelledby=\"errors\""));
    CU_ASSERT_TRUE(
        page_has(&p, "<th scope=\"col\">What</th><th scope=\"col\" class=\"number\">count</th></tr></thead>"));
    CU_ASSERT_TRUE(page_has(&p, "<p>3 more are in summary.json.</p>\n</section>\n"));
    page_end(&p);
}

static void cells_hold_counts_durations_and_sizes(void) {
    static struct histogram h;
    page_begin(&p, 0);
    histogram_reset(&h);
    html_table_count(&p.out, 0);
    html_table_latency(&p.out, &h, 0.5);
    histogram_record(&h, 3 * SPAN_MS);
    html_table_latency(&p.out, &h, 1);
    html_table_bytes(&p.out, 2048);
    CU_ASSERT_STRING_EQUAL(text_get(&p.out), "<td class=\"number zero\">0</td><td class=\"number\">–</td>"
                                             "<td class=\"number\">3ms</td><td class=\"number\">2KiB</td>");
    page_end(&p);
}

HARNESS_MAIN("report/html_table", HARNESS_CASE(a_table_names_its_columns_for_those_who_do_not_see_it),
             HARNESS_CASE(cells_hold_counts_durations_and_sizes))
