#include <math.h>

#include "base/units.h"
#include "report/energy.h"
#include "report/energy_backend.h"
#include "report/html_parts.h"

static void cell(struct text *out, enum units_dimension d, double value) {
    char shown[32];
    text_printf(out, "<td class=\"number\">%s</td>", isnan(value) ? "–" : units_format(d, value, shown, sizeof shown));
}

static void cell_share(struct text *out, double share) {
    text_printf(out, "<td class=\"number\">%.1f%%</td>", 100 * share);
}

static void write_causes(struct text *out, const struct energy *e) {
    html_table_begin(out, "energy", "Energy by cause");
    html_table_columns(out, "Cause|Used for|#energy|#share");
    for (int c = 0; c < POWER_CAUSES; c++) {
        if (e->causes[c] <= 0)
            continue;
        text_append(out, "<tr><th scope=\"row\">");
        html_text(out, power_causes[c].name);
        text_append(out, "</th><td>");
        html_text(out, power_causes[c].doc);
        text_append(out, "</td>");
        cell(out, UNITS_ENERGY, e->causes[c]);
        cell_share(out, e->causes[c] / e->used);
        text_append(out, "</tr>\n");
    }
    text_append(out, "<tr><th scope=\"row\">tail</th><td>of these, the radio connected or listening after the last "
                     "byte</td>");
    cell(out, UNITS_ENERGY, e->tail);
    cell_share(out, e->tail / e->used);
    text_append(out, "</tr>\n");
    html_table_end(out, 0);
}

static void write_fleets(struct text *out, const struct run_facts *f) {
    size_t left = 0;
    html_table_begin(out, "batteries", "Batteries by fleet");
    html_table_columns(out, "Fleet|#used|#harvested|#per message|#charge p5|#charge p50|#projected life p5|#projected "
                            "life p50|#died|#brown-outs");
    for (unsigned i = 0; i < f->plan->fleet_count; i++) {
        if (i >= HTML_ROWS_MAX) {
            left++;
            continue;
        }
        struct energy e = energy_of(f, f->plan->fleets[i].name);
        text_append(out, "<tr><th scope=\"row\">");
        html_text(out, f->plan->fleets[i].name);
        text_append(out, "</th>");
        cell(out, UNITS_ENERGY, e.used);
        cell(out, UNITS_ENERGY, e.harvested);
        cell(out, UNITS_ENERGY, e.per_message);
        cell(out, UNITS_SHARE, energy_soc(&e, 0.05));
        cell(out, UNITS_SHARE, energy_soc(&e, 0.5));
        cell(out, UNITS_DURATION, energy_life_days(&e, 0.05) * 86400e9);
        cell(out, UNITS_DURATION, energy_life_days(&e, 0.5) * 86400e9);
        html_table_count(out, e.died);
        html_table_count(out, e.brownouts);
        text_append(out, "</tr>\n");
        energy_free(&e);
    }
    html_table_end(out, left);
}

static void write_backend_row(struct text *out, const struct run_facts *f, const struct energy *e, unsigned row,
                              const char *fleet) {
    struct energy_backend cost = energy_backend_of(f, e, row, fleet);
    text_append(out, "<tr><th scope=\"row\">");
    html_text(out, fleet);
    text_printf(out, "</th><td>%s</td>", energy_backend_rows[row].behaviour);
    cell(out, UNITS_ENERGY, cost.device_j);
    if (isfinite(cost.device_mah_day))
        text_printf(out, "<td class=\"number\">%.3g mAh</td>", cost.device_mah_day);
    else
        text_append(out, "<td class=\"number\">–</td>");
    cell_share(out, cost.share);
    cell(out, UNITS_DURATION, cost.life_days * 86400e9);
    cell(out, UNITS_DURATION, (cost.life_days + cost.gained) * 86400e9);
    text_append(out, "</tr>\n");
}

static void write_backend(struct text *out, const struct run_facts *f) {
    size_t rows = 0, left = 0;
    for (unsigned i = 0; i < f->plan->fleet_count; i++) {
        const char *fleet = f->plan->fleets[i].name;
        struct energy e = energy_of(f, fleet);
        for (unsigned row = 0; row < ENERGY_BACKEND_ROWS; row++) {
            if (!energy_backend_matters(&e, row))
                continue;
            if (rows >= HTML_ROWS_MAX) {
                left++;
                continue;
            }
            if (rows++ == 0) {
                html_table_begin(out, "energy-backend", "What the backend cost its devices");
                html_table_columns(out,
                                   "Fleet|The backend|#per device|#a day|#of its energy|#projected life|#without it");
            }
            write_backend_row(out, f, &e, row, fleet);
        }
        energy_free(&e);
    }
    if (rows > 0)
        html_table_end(out, left);
}

void html_energy(struct text *out, const struct report *r) {
    if (!energy_modelled(r->facts->plan))
        return;
    struct energy e = energy_of(r->facts, NULL);
    if (e.used > 0) {
        write_causes(out, &e);
        write_backend(out, r->facts);
        write_fleets(out, r->facts);
    }
    energy_free(&e);
}
