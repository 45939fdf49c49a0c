#include <string.h>

#include "harness.h"
#include "report/html_plots.h"
#include "report/page.h"

static struct page p;
static struct text csv;

static void end(void) {
    text_free(&csv);
    page_end(&p);
}

static void curves_are_the_quantiles_of_each_operation_and_clock(void) {
    page_begin(&p, 0);
    CU_ASSERT_TRUE(html_plot_latency_quantiles(&p.s.report, &p.history, &p.out, &csv));
    CU_ASSERT_TRUE(page_has(&p, "curves = 4\n"));
    CU_ASSERT_TRUE(page_has(&p, "curve_name[1] = 'connect'\n"));
    CU_ASSERT_TRUE(page_has(&p, "curve_dash[4] = 2\n"));
    CU_ASSERT_TRUE(text_has_prefix(text_get(&csv), "one_in,mqtt.connect.ack response,mqtt.connect.ack service,"
                                                   "mqtt.publish.ack response,mqtt.publish.ack service\n1,"));
    /* one in a hundred of 700 publishes took 40 ms or longer; three connects have no such percentile */
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&csv), "\n100,,,40"));
    end();
}

static void a_run_without_answers_has_no_curves(void) {
    page_begin(&p, 0);
    for (size_t i = 0; i < p.s.result->series_count; i++)
        for (int c = 0; c < CLOCK_KINDS; c++)
            if (p.s.result->series[i]->clocks[c] != NULL)
                histogram_reset(p.s.result->series[i]->clocks[c]);
    CU_ASSERT_FALSE(html_plot_latency_quantiles(&p.s.report, &p.history, &p.out, &csv));
    CU_ASSERT_EQUAL(p.out.size, 0);
    end();
}

static void the_heat_map_counts_by_time_and_duration(void) {
    page_begin(&p, 5);
    CU_ASSERT_TRUE(html_plot_latency_heat(&p.s.report, &p.history, &p.out, &csv));
    CU_ASSERT_TRUE(page_has(&p, "$data << EOD\n0.5 "));
    CU_ASSERT_TRUE(page_has(&p, " 1.301\n")); /* log10 of the 20 publishes of a second */
    CU_ASSERT_TRUE(page_has(&p, "$lines << EOD\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&csv), "\n4.5,,20,\n"));
    end();
}

static void without_publishes_there_is_no_heat_map(void) {
    page_begin(&p, 0);
    CU_ASSERT_FALSE(html_plot_latency_heat(&p.s.report, &p.history, &p.out, &csv));
    end();
}

HARNESS_MAIN("report/html_plot_latency", HARNESS_CASE(curves_are_the_quantiles_of_each_operation_and_clock),
             HARNESS_CASE(a_run_without_answers_has_no_curves), HARNESS_CASE(the_heat_map_counts_by_time_and_duration),
             HARNESS_CASE(without_publishes_there_is_no_heat_map))
