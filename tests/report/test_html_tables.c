#include <string.h>

#include "harness.h"
#include "report/page.h"

static struct page p;

static void operations_that_never_occurred_have_no_row(void) {
    page_begin(&p, 0);
    html_operations(&p.out, &p.s.report);
    CU_ASSERT_TRUE(page_has(&p, "<code>mqtt.publish.ack</code></th><td class=\"number\">700</td><td "
                                "class=\"number\">9</td><td class=\"number\">6</td>"));
    CU_ASSERT_FALSE(page_has(&p, "mqtt.ping.ack"));
    page_end(&p);
}

static void errors_are_grouped_by_cause_with_first_instant_and_example(void) {
    page_begin(&p, 0);
    html_errors(&p.out, &p.s.report);
    CU_ASSERT_TRUE(page_has(&p, "<td class=\"number\">3</td><th scope=\"row\">mqtt.connect refused</th>"));
    CU_ASSERT_TRUE(page_has(&p, "<code>0x97</code> Quota exceeded"));
    CU_ASSERT_TRUE(page_has(&p, "<td class=\"number\">0:10</td><td>meters-0</td>"));
    page_end(&p);
}

static void the_most_frequent_error_comes_first(void) {
    page_begin(&p, 0);
    sample_add(&p.s, 2, OP_MQTT_PUBLISH, 1, OP_REFUSED, 10 * SPAN_S, SPAN_MS, 40);
    html_errors(&p.out, &p.s.report);
    CU_ASSERT_TRUE(strstr(text_get(&p.out), "mqtt.publish refused") < strstr(text_get(&p.out), "mqtt.connect refused"));
    page_end(&p);
}

static void groups_of_a_fleet_with_one_cause_are_one_error(void) {
    page_begin(&p, 0);
    sample_add(&p.s, 1, OP_MQTT_CONNECT, 0, OP_REFUSED, 4 * SPAN_S, SPAN_MS, 40); /* the other group of the meters */
    html_errors(&p.out, &p.s.report);
    CU_ASSERT_EQUAL(page_count(&p, "mqtt.connect refused"), 1);
    CU_ASSERT_TRUE(page_has(&p, "<td class=\"number\">43</td>"));
    CU_ASSERT_TRUE(page_has(&p, "<td>meters, several regions</td><td class=\"number\">0:04</td>"));
    page_end(&p);
}

static void a_run_without_errors_has_no_table_of_them(void) {
    page_begin(&p, 0);
    p.s.result->reason_count = 0;
    html_errors(&p.out, &p.s.report);
    CU_ASSERT_EQUAL(p.out.size, 0);
    page_end(&p);
}

static void each_fleet_has_a_row(void) {
    page_begin(&p, 0);
    html_fleets(&p.out, &p.s.report);
    CU_ASSERT_TRUE(page_has(&p, "<tr><th scope=\"row\">meters</th><td class=\"number\">8</td>"));
    CU_ASSERT_TRUE(page_has(&p, "<tr><th scope=\"row\">gates</th><td class=\"number\">2</td>"));
    page_end(&p);
}

HARNESS_MAIN("report/html_tables", HARNESS_CASE(operations_that_never_occurred_have_no_row),
             HARNESS_CASE(errors_are_grouped_by_cause_with_first_instant_and_example),
             HARNESS_CASE(the_most_frequent_error_comes_first),
             HARNESS_CASE(groups_of_a_fleet_with_one_cause_are_one_error),
             HARNESS_CASE(a_run_without_errors_has_no_table_of_them), HARNESS_CASE(each_fleet_has_a_row))
