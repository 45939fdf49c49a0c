#include <math.h>

#include "base/units.h"
#include "report/energy.h"
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

void html_energy(struct text *out, const struct report *r) {
    if (!energy_modelled(r->facts->plan))
        return;
    struct energy e = energy_of(r->facts, NULL);
    if (e.used > 0) {
        write_causes(out, &e);
        write_fleets(out, r->facts);
    }
    energy_free(&e);
}
