#include "harness.h"
#include "metrics/interval.h"
#include "report/page.h"

static struct page p;
static const struct climate here = {.mean = 20};

static void without_power_there_is_no_section(void) {
    page_begin(&p, 0);
    html_energy(&p.out, &p.s.report);
    CU_ASSERT_EQUAL(p.out.size, 0);
    page_end(&p);
}

static void causes_and_batteries_have_a_table_each(void) {
    page_begin(&p, 0);
    p.s.groups[0].climate = &here;
    sample_tally(&p.s, TALLY_ENERGY_KEEPALIVE, 7500000);
    sample_tally(&p.s, TALLY_ENERGY_MESSAGE, 2500000);
    html_energy(&p.out, &p.s.report);
    CU_ASSERT_TRUE(page_has(&p, "Energy by cause"));
    CU_ASSERT_TRUE(page_has(&p, "<th scope=\"row\">keepalive</th><td>pings and their answers</td><td "
                                "class=\"number\">7.5J</td><td class=\"number\">75.0%</td>"));
    CU_ASSERT_FALSE(page_has(&p, "tracking-area"));
    CU_ASSERT_TRUE(page_has(&p, "Batteries by fleet"));
    CU_ASSERT_TRUE(page_has(&p, "<th scope=\"row\">meters</th><td class=\"number\">10J</td>"));
    page_end(&p);
}

static void what_the_backend_cost_is_named_by_behaviour(void) {
    page_begin(&p, 0);
    p.s.groups[0].climate = &here;
    sample_tally(&p.s, TALLY_ENERGY_RECONNECT, 2500000);
    sample_tally(&p.s, TALLY_ENERGY_MESSAGE, 7500000);
    html_energy(&p.out, &p.s.report);
    CU_ASSERT_TRUE(page_has(&p, "What the backend cost its devices"));
    CU_ASSERT_TRUE(page_has(&p, "<th scope=\"row\">meters</th><td>ended or refused connections</td>"));
    CU_ASSERT_FALSE(page_has(&p, "forgot sessions"));
    page_end(&p);
}

static void a_backend_that_cost_nothing_has_no_table(void) {
    page_begin(&p, 0);
    p.s.groups[0].climate = &here;
    sample_tally(&p.s, TALLY_ENERGY_MESSAGE, 7500000);
    html_energy(&p.out, &p.s.report);
    CU_ASSERT_FALSE(page_has(&p, "What the backend cost"));
    page_end(&p);
}

HARNESS_MAIN("report/html_energy", HARNESS_CASE(without_power_there_is_no_section),
             HARNESS_CASE(causes_and_batteries_have_a_table_each),
             HARNESS_CASE(what_the_backend_cost_is_named_by_behaviour),
             HARNESS_CASE(a_backend_that_cost_nothing_has_no_table))
