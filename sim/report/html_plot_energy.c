#include <math.h>

#include "report/energy.h"
#include "report/html_plots.h"
#include "report/plot_table.h"

bool html_plot_energy_fan(const struct report *r, const struct history *h, struct text *script, struct text *csv) {
    static const char *const names[] = {"time_s", "soc_p5", "soc_p25", "soc_p50", "soc_p75", "soc_p95"};
    (void)r;
    bool any = false;
    double most = 0;
    struct plot_table t = plot_table_new(names, 6, h->columns);
    for (unsigned c = 0; c < h->columns; c++) {
        plot_table_set(&t, c, 0, history_time(h, c));
        for (unsigned k = 0; k < 5; k++) {
            const struct history_value *row = h->rows[HISTORY_SOC_P5 + k];
            double soc = row == NULL ? NAN : row[c].mean;
            plot_table_set(&t, c, 1 + k, 100 * soc);
            any = any || !isnan(soc);
            most = fmax(most, 100 * soc);
        }
    }
    if (any) { /* batteries that are all nearly empty are looked at closely */
        text_printf(script, "y_most = %.6g\n", most > 40 ? 102 : fmax(1, 1.1 * most));
        plot_table_block(&t, "data", script);
        plot_table_csv(&t, csv);
    }
    plot_table_free(&t);
    return any;
}

bool html_plot_energy_causes(const struct report *r, const struct history *h, struct text *script, struct text *csv) {
    (void)h; /* of the whole run, as the table has it */
    if (!energy_modelled(r->facts->plan))
        return false;
    struct energy e = energy_of(r->facts, NULL);
    struct text names = {0}, data = {0};
    unsigned count = 0;
    double most = 0;
    text_append(csv, "cause,joules,share\n");
    for (int c = 0; c < POWER_CAUSES && e.used > 0; c++) {
        double share = 100 * e.causes[c] / e.used;
        if (share < 0.05) /* it would show as nothing */
            continue;
        count++;
        most = fmax(most, share);
        text_printf(&names, "cause_name[%u] = '%s'\n", count, power_causes[c].name); /* ours */
        text_printf(&data, "%u %.6g\n", count, share);
        text_printf(csv, "%s,%.6f,%.6f\n", power_causes[c].name, e.causes[c], share / 100);
    }
    if (count > 0) {
        text_printf(script, "causes = %u\nx_most = %.6g\narray cause_name[%u]\n", count, fmin(100, 1.15 * most) + 4,
                    count);
        text_append(script, text_get(&names));
        text_append(script, "$data << EOD\n");
        text_append(script, text_get(&data));
        text_append(script, "EOD\n");
    }
    text_free(&names);
    text_free(&data);
    energy_free(&e);
    return count > 0;
}
