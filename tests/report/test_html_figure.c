#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "report/html_plots.h"
#include "report/logged.h"
#include "report/page.h"
#include "report/plot.h"

static struct page p;
static char why[PLOT_WHY_MAX];

static const struct html_plot *plot(const char *id) {
    const struct html_plot *row = html_plots_table;
    while (strcmp(row->id, id) != 0)
        row++;
    return row;
}

static bool draw(const char *id) {
    p.out.size = 0;
    why[0] = '\0';
    return html_figure(&p.out, plot(id), &p.s.report, &p.history, why);
}

static void a_figure_has_title_picture_caption_and_data(void) {
    if (!logged_gnuplot())
        return;
    page_begin(&p, 20);
    CU_ASSERT_TRUE(draw("states"));
    CU_ASSERT_TRUE(page_has(&p, "<h3 id=\"states\">Who was online, and who was not?</h3>"));
    CU_ASSERT_TRUE(page_has(&p, "<title>Who was online, and who was not?</title>"));
    CU_ASSERT_TRUE(page_has(&p, "<desc>Stacked area chart over time"));
    CU_ASSERT_TRUE(page_has(&p, "<figcaption>"));
    CU_ASSERT_TRUE(page_has(&p, "<a class=\"data\" download=\"states.csv\" href=\"data:text/csv;charset=utf-8,time_s,"
                                "online,connecting,backoff,asleep,offline,dead%0A0.5,4,"));
    CU_ASSERT_FALSE(page_has(&p, "id='gp")); /* every id is the plot's own */
    CU_ASSERT_FALSE(page_has(&p, "id=\"gp"));
    CU_ASSERT_FALSE(page_has(&p, "rgb("));
    page_end(&p);
}

static void disturbances_are_shaded_and_doubts_hatched_with_their_names_in_the_page_alone(void) {
    if (!logged_gnuplot())
        return;
    page_begin(&p, 20);
    struct action actions[] = {{.verb = DO_LINK_DOWN}, {.verb = DO_HOLD}};
    struct phase phases[] = {{.id = "out`touch /tmp/x`<b>", .start = 5 * SPAN_S, .end = 8 * SPAN_S, .action = 0},
                             {.id = "hold", .start = 8 * SPAN_S, .end = 12 * SPAN_S, .action = 1},
                             {.id = "ramp", .start = 0, .end = 4 * SPAN_S, .action = -1}};
    p.s.plan.actions = actions;
    p.s.plan.action_count = 2;
    p.s.plan.phases = phases;
    p.s.plan.phase_count = 3;
    p.s.facts.trust_count = 4;
    static const instant edges[][2] = {{16, 17}, {14, 15}, {10, 12}, {11, 13}};
    for (int i = 0; i < 4; i++)
        p.s.facts.trust[i] =
            (struct trust_finding){.text = "late", .from = edges[i][0] * SPAN_S, .to = edges[i][1] * SPAN_S};
    CU_ASSERT_TRUE(draw("states"));
    CU_ASSERT_TRUE(page_has(&p, "Shaded:</span> <b>out`touch /tmp/x`&lt;b&gt;</b> 0:05–0:08. "));
    CU_ASSERT_TRUE(page_has(&p, "not to be trusted, 0:10–0:13, 0:14–0:15, 0:16–0:17."));
    CU_ASSERT_EQUAL(page_count(&p, "touch"), 1);
    CU_ASSERT_EQUAL(page_count(&p, "#fff0c2"), 1);
    CU_ASSERT_TRUE(page_has(&p, "<pattern id='states-"));
    CU_ASSERT_FALSE(page_has(&p, "hold"));
    page_end(&p);
}

static void without_data_there_is_no_figure(void) {
    page_begin(&p, 0);
    CU_ASSERT_TRUE(draw("states"));
    CU_ASSERT_EQUAL(p.out.size, 0);
    page_end(&p);
}

static void a_heat_map_is_one_picture_of_modest_size(void) {
    if (!logged_gnuplot())
        return;
    page_begin(&p, 600);
    CU_ASSERT_TRUE(draw("latency"));
    CU_ASSERT_EQUAL(page_count(&p, "<image "), 1);
    CU_ASSERT_TRUE(p.out.size < 200000);
    page_end(&p);
}

HARNESS_MAIN("report/html_figure", HARNESS_CASE(a_figure_has_title_picture_caption_and_data),
             HARNESS_CASE(disturbances_are_shaded_and_doubts_hatched_with_their_names_in_the_page_alone),
             HARNESS_CASE(without_data_there_is_no_figure), HARNESS_CASE(a_heat_map_is_one_picture_of_modest_size))
