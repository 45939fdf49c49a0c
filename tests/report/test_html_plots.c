#include "report/html_plots.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "harness.h"
#include "report/logged.h"
#include "report/page.h"
#include "report/plot.h"

static struct page p;

static void every_plot_has_all_its_words_and_an_id_of_its_own(void) {
    for (const struct html_plot *row = html_plots_table; row->id != NULL; row++) {
        CU_ASSERT_TRUE(row->title[0] != '\0' && row->shape[0] != '\0' && row->caption[0] != '\0');
        CU_ASSERT_TRUE(row->height > 100 && row->data != NULL && row->script != NULL);
        CU_ASSERT_PTR_NULL(strpbrk(row->caption, "<&\"")); /* they stand in elements and attributes as they are */
        CU_ASSERT_PTR_NULL(strpbrk(row->title, "<&\""));
        CU_ASSERT_PTR_NULL(strpbrk(row->shape, "<&\""));
        for (const struct html_plot *other = html_plots_table; other < row; other++)
            CU_ASSERT_STRING_NOT_EQUAL(other->id, row->id);
    }
}

static void a_run_shows_the_plots_that_it_has_data_for(void) {
    if (!logged_gnuplot())
        return;
    page_begin(&p, 30);
    html_plots(&p.out, &p.s.report, &p.history);
    CU_ASSERT_EQUAL(page_count(&p, "<figure>"), 5);
    static const char *const shown[] = {"states", "connects", "messages", "latency", "quantiles"};
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        struct text id = {0};
        text_printf(&id, "<h3 id=\"%s\">", shown[i]);
        CU_ASSERT_TRUE(page_has(&p, text_get(&id)));
        text_free(&id);
    }
    CU_ASSERT_FALSE(page_has(&p, "id=\"end_to_end\"")); /* nothing arrived at a subscriber */
    CU_ASSERT_FALSE(page_has(&p, "id=\"tool\""));       /* stands with the tool's health */
    CU_ASSERT_FALSE(page_has(&p, "class=\"missing\""));
    page_end(&p);
}

static const struct climate here = {.mean = 20};

static void has_label(const char *label, size_t size) {
    struct text element = {0};
    text_printf(&element, ">%.*s<", (int)size, label);
    CU_ASSERT_TRUE(page_has(&p, text_get(&element)));
    text_free(&element);
}

/* gnuplot leaves out, without a word, what does not fit into the margins. */
static void no_label_of_an_axis_falls_off_the_picture(void) {
    static const char quantity[] = "set ylabel '";
    char why[PLOT_WHY_MAX];
    if (!logged_gnuplot())
        return;
    page_begin(&p, 30);
    for (int row = HISTORY_BACKEND_CPU; row <= HISTORY_BACKEND_RSS; row++) {
        p.history.rows[row] = calloc(p.history.columns, sizeof *p.history.rows[row]);
        CHECK(p.history.rows[row] != NULL);
        p.history.rows[row][1] = (struct history_value){0, 9.5e6, 9.5e6};
    }
    for (int row = HISTORY_SOC_P5; row <= HISTORY_SOC_P95; row++) {
        free(p.history.rows[row]);
        p.history.rows[row] = calloc(p.history.columns, sizeof *p.history.rows[row]);
        CHECK(p.history.rows[row] != NULL);
    }
    p.s.groups[0].climate = &here;
    sample_tally(&p.s, TALLY_ENERGY_KEEPALIVE, 1000000);
    p.history.latency[FIGURES_END_TO_END][CLOCK_RESPONSE] = p.history.latency[FIGURES_CONNECT][CLOCK_RESPONSE];
    const struct outage window = {.scope = OUTAGE_REGION, .every = SPAN_DAY, .down = {.kind = DIST_CONSTANT, .a = 9e9}};
    p.s.plan.groups[0].outages = &window;
    p.s.plan.groups[0].outage_count = 1;
    for (const struct html_plot *row = html_plots_table; row->id != NULL; row++) {
        p.out.size = 0;
        CU_ASSERT_TRUE(html_figure(&p.out, row, &p.s.report, &p.history, why));
        CU_ASSERT_TRUE(p.out.size > 0);
        for (const char *at = row->script; (at = strstr(at, quantity)) != NULL;) {
            at += sizeof quantity - 1;
            has_label(at, strcspn(at, "'"));
        }
        if (row->over_time)
            has_label("minutes:seconds", strlen("minutes:seconds"));
    }
    p.history.latency[FIGURES_END_TO_END][CLOCK_RESPONSE] = NULL;
    page_end(&p);
}

HARNESS_MAIN("report/html_plots", HARNESS_CASE(every_plot_has_all_its_words_and_an_id_of_its_own),
             HARNESS_CASE(a_run_shows_the_plots_that_it_has_data_for),
             HARNESS_CASE(no_label_of_an_axis_falls_off_the_picture))
