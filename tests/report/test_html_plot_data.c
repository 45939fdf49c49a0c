#include <string.h>

#include "harness.h"
#include "report/html_plots.h"
#include "report/logged.h"
#include "report/page.h"

static struct page p;
static struct text csv;

static bool data(bool (*f)(const struct report *, const struct history *, struct text *, struct text *)) {
    p.out.size = csv.size = 0;
    return f(&p.s.report, &p.history, &p.out, &csv);
}

static void end(void) {
    text_free(&csv);
    page_end(&p);
}

static void states_are_counts_of_devices_by_time(void) {
    page_begin(&p, 5);
    CU_ASSERT_TRUE(data(html_plot_data_states));
    CU_ASSERT_TRUE(page_has(&p, "shown[2] = 1\n")); /* online */
    CU_ASSERT_TRUE(page_has(&p, "shown[3] = 0\n")); /* nobody is connecting: no curve */
    CU_ASSERT_TRUE(page_has(&p, "$data << EOD\n0.5 4 NaN NaN NaN 2 NaN\n1.5 10 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&csv), "\n4.5,10,,,,2,\n"));
    end();
}

/* A window that cuts everybody off from 1 s to 3.5 s. */
static void outages_are_devices_by_scope_and_time(void) {
    page_begin(&p, 5);
    CU_ASSERT_FALSE(data(html_plot_data_outages));
    const struct outage window = {.id = "window",
                                  .scope = OUTAGE_REGION,
                                  .every = SPAN_DAY,
                                  .at = SPAN_S,
                                  .down = {.kind = DIST_CONSTANT, .a = 2.5e9}};
    for (unsigned g = 0; g < p.s.plan.group_count; g++) {
        p.s.plan.groups[g].outages = &window;
        p.s.plan.groups[g].outage_count = 1;
    }
    p.s.plan.epoch_unix_ms = 0;
    CU_ASSERT_TRUE(data(html_plot_data_outages));
    CU_ASSERT_TRUE(page_has(&p, "shown[4] = 1\n"));
    CU_ASSERT_TRUE(page_has(&p, "shown[2] = 0\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&csv), "time_s,device,cell,region,backend\n0.5,0,0,0,0\n1.5,0,0,"));
    end();
}

static void connects_are_rates_with_the_percentiles_of_those_answered(void) {
    page_begin(&p, 5);
    CU_ASSERT_TRUE(data(html_plot_data_connects));
    CU_ASSERT_TRUE(page_has(&p, "y_low = 9.99\ny_high = 100.1\n")); /* 20 ms lie between 10 and 100 */
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&csv), "\n2.5,100,100,40,,,19."));
    end();
}

static void messages_are_rates_with_least_and_most(void) {
    page_begin(&p, 5);
    CU_ASSERT_TRUE(data(html_plot_data_messages));
    CU_ASSERT_TRUE(page_has(&p, "ranged = 0\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&csv), "\n0.5,50,50,50,50,,,,,\n"));
    end();
}

static void the_tool_shows_its_delay_and_its_load_with_limits_in_sight(void) {
    page_begin(&p, 5);
    p.s.plan.trust.cpu = 0.8;
    CU_ASSERT_TRUE(data(html_plot_data_tool));
    CU_ASSERT_TRUE(page_has(&p, "lag_limit = 10\ncpu_limit = 0.8\ny_low = 1\ny_high = 100\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&csv), "\n0.5,1.5,0.25,,\n"));
    end();
}

static void what_was_not_logged_is_not_shown(void) {
    page_begin(&p, 0);
    CU_ASSERT_FALSE(data(html_plot_data_states));
    CU_ASSERT_FALSE(data(html_plot_data_connects));
    CU_ASSERT_FALSE(data(html_plot_data_messages));
    CU_ASSERT_FALSE(data(html_plot_data_tool));
    CU_ASSERT_FALSE(data(html_plot_data_end_to_end));
    end();
}

static void end_to_end_needs_samples_of_its_own(void) {
    page_begin(&p, 5);
    CU_ASSERT_FALSE(data(html_plot_data_end_to_end));
    p.history.latency[FIGURES_END_TO_END][CLOCK_RESPONSE] = p.history.latency[FIGURES_CONNECT][CLOCK_RESPONSE];
    CU_ASSERT_TRUE(data(html_plot_data_end_to_end));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&csv), "\n0.5,19."));
    p.history.latency[FIGURES_END_TO_END][CLOCK_RESPONSE] = NULL;
    end();
}

static void the_backend_is_shown_when_somebody_told_of_it(void) {
    page_begin(&p, 0);
    CU_ASSERT_FALSE(data(html_plot_data_backend));
    logged_file(&p.t, "series.csv", "time_s,backend_cpu,backend_rss_bytes\n1,0.5,1000000\n2,,\n3,1.5,3000000\n");
    history_read(p.logs, 1, &p.history);
    CU_ASSERT_TRUE(data(html_plot_data_backend));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&csv), "\n0.5,0.5,1e+06\n1.5,,\n2.5,1.5,3e+06\n"));
    end();
}

HARNESS_MAIN("report/html_plot_data", HARNESS_CASE(states_are_counts_of_devices_by_time),
             HARNESS_CASE(outages_are_devices_by_scope_and_time),
             HARNESS_CASE(connects_are_rates_with_the_percentiles_of_those_answered),
             HARNESS_CASE(messages_are_rates_with_least_and_most),
             HARNESS_CASE(the_tool_shows_its_delay_and_its_load_with_limits_in_sight),
             HARNESS_CASE(what_was_not_logged_is_not_shown), HARNESS_CASE(end_to_end_needs_samples_of_its_own),
             HARNESS_CASE(the_backend_is_shown_when_somebody_told_of_it))
