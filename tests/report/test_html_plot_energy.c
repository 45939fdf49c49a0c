#include <math.h>
#include <string.h>

#include "harness.h"
#include "report/html_plots.h"
#include "report/page.h"

static struct page p;
static struct text csv;
static const struct climate here = {.mean = 20};

static void end(void) {
    text_free(&csv);
    page_end(&p);
}

static void causes_are_bars_of_shares(void) {
    page_begin(&p, 0);
    p.s.groups[0].climate = &here;
    sample_tally(&p.s, TALLY_ENERGY_KEEPALIVE, 3000000);
    sample_tally(&p.s, TALLY_ENERGY_FLOOR, 1000000);
    CU_ASSERT_TRUE(html_plot_energy_causes(&p.s.report, &p.history, &p.out, &csv));
    CU_ASSERT_TRUE(page_has(&p, "causes = 2\n"));
    CU_ASSERT_TRUE(page_has(&p, "cause_name[2] = 'keepalive'\n"));
    CU_ASSERT_TRUE(page_has(&p, "$data << EOD\n1 25\n2 75\nEOD\n"));
    CU_ASSERT_STRING_EQUAL(text_get(&csv),
                           "cause,joules,share\nfloor,1.000000,0.250000\nkeepalive,3.000000,0.750000\n");
    end();
}

static void without_energy_there_are_no_bars(void) {
    page_begin(&p, 0);
    CU_ASSERT_FALSE(html_plot_energy_causes(&p.s.report, &p.history, &p.out, &csv));
    p.s.groups[0].climate = &here;
    CU_ASSERT_FALSE(html_plot_energy_causes(&p.s.report, &p.history, &p.out, &csv));
    CU_ASSERT_EQUAL(p.out.size, 0);
    end();
}

static void the_fan_is_made_of_percentiles(void) {
    static struct history_value values[5][2];
    page_begin(&p, 0);
    struct history h = {.end_s = 2, .column_s = 1, .columns = 2};
    for (int k = 0; k < 5; k++) {
        values[k][0] = (struct history_value){0.5, 0.5 + 0.1 * k, 0.5};
        values[k][1] = (struct history_value){NAN, NAN, NAN};
        h.rows[HISTORY_SOC_P5 + k] = values[k];
    }
    CU_ASSERT_TRUE(html_plot_energy_fan(&p.s.report, &h, &p.out, &csv));
    CU_ASSERT_TRUE(page_has(&p, "y_most = 102"));
    CU_ASSERT_TRUE(
        text_has_prefix(text_get(&csv), "time_s,soc_p5,soc_p25,soc_p50,soc_p75,soc_p95\n0.5,50,60,70,80,90"));
    end();
}

static void without_batteries_there_is_no_fan(void) {
    page_begin(&p, 0);
    CU_ASSERT_FALSE(html_plot_energy_fan(&p.s.report, &p.history, &p.out, &csv));
    CU_ASSERT_EQUAL(p.out.size, 0);
    end();
}

HARNESS_MAIN("report/html_plot_energy", HARNESS_CASE(causes_are_bars_of_shares),
             HARNESS_CASE(without_energy_there_are_no_bars), HARNESS_CASE(the_fan_is_made_of_percentiles),
             HARNESS_CASE(without_batteries_there_is_no_fan))
