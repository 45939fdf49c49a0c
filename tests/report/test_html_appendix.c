#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/page.h"

static struct page p;

static void the_appendix_holds_scenario_counters_hashes_and_machine(void) {
    page_begin(&p, 0);
    strcpy(p.s.host.kernel, "Linux 6");
    html_appendix(&p.out, &p.s.report);
    CU_ASSERT_TRUE(page_has(&p, "fleets:\n"));
    CU_ASSERT_TRUE(page_has(&p, "<code>net.bytes_up</code></th><td class=\"number\">1\u202f000</td>"));
    CU_ASSERT_TRUE(page_has(&p, ">0000000000001234</span>"));
    CU_ASSERT_TRUE(page_has(&p, ">Linux 6</span>"));
    CU_ASSERT_EQUAL(page_count(&p, "<details>"), 4);
    CU_ASSERT_EQUAL(page_count(&p, "</details>"), 4);
    page_end(&p);
}

static void counters_that_stayed_0_are_left_out(void) {
    page_begin(&p, 0);
    html_appendix(&p.out, &p.s.report);
    CU_ASSERT_FALSE(page_has(&p, "mqtt.session.lost"));
    page_end(&p);
}

HARNESS_MAIN("report/html_appendix", HARNESS_CASE(the_appendix_holds_scenario_counters_hashes_and_machine),
             HARNESS_CASE(counters_that_stayed_0_are_left_out))
