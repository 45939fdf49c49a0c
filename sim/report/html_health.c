#include <math.h>

#include "base/units.h"
#include "report/backend_cost.h"
#include "report/headroom.h"
#include "report/html_parts.h"
#include "report/html_plots.h"
#include "report/plot.h"

static void write_doubts(struct text *out, const struct run_facts *f) {
    text_append(
        out, "<p class=\"answer doubt\"><b>Yes, or it cannot be ruled out.</b> The numbers of this run cannot carry a "
             "verdict:</p>\n<ul class=\"notes\">\n");
    for (unsigned i = 0; i < f->trust_count; i++) {
        text_append(out, "<li>");
        html_text(out, f->trust[i].text);
        text_append(out, " (");
        html_time(out, span_seconds(f->trust[i].from));
        text_append(out, "–");
        html_time(out, span_seconds(f->trust[i].to));
        text_append(out, ")</li>\n");
    }
    text_append(out, "</ul>\n");
}

static void write_figures(struct text *out, const struct report *r) {
    const struct run_facts *f = r->facts;
    const struct histogram *lag = &f->result->lag_all;
    char value[32];
    text_append(out, "<ul class=\"facts strip\">\n");
    html_row_begin(out, "Own delay, p99.9");
    html_millis(out, figures_quantile_ms(lag, 0.999));
    text_append(out, " <small>limit ");
    html_millis(out, span_millis(f->plan->trust.lag));
    text_append(out, "</small>");
    html_row_end(out);
    html_row_begin(out, "Late operations");
    html_count(out, f->result->late_all);
    text_append(out, " <small>of ");
    html_count(out, f->result->emitted_all);
    text_append(out, "</small>");
    html_row_end(out);
    html_row_begin(out, "Loop late at most");
    html_millis(out, span_millis(f->result->loop_late_max));
    text_append(out, " <small>limit ");
    html_millis(out, span_millis(f->plan->trust.stall));
    text_append(out, "</small>");
    html_row_end(out);
    html_row_begin(out, "Records dropped");
    html_count(out, r->log_records_dropped);
    html_row_end(out);
    html_row_begin(out, "Processor time");
    html_millis(out, f->cpu_s * 1000);
    text_printf(out, " <small>%u worker%s</small>", f->workers, f->workers == 1 ? "" : "s");
    html_row_end(out);
    html_row_begin(out, "Memory at most");
    text_append(out, units_format(UNITS_BYTES, (double)f->rss_peak_bytes, value, sizeof value));
    html_row_end(out);
    text_append(out, "</ul>\n");
}

/* What stands beside the figures: how much more this host could do, and what the backend needed. */
static void write_sentences(struct text *out, const struct report *r) {
    char sentence[256];
    struct headroom headroom = headroom_of(r);
    struct text backend = {0};
    headroom_sentence(r, &headroom, sentence, sizeof sentence);
    backend_cost_sentence(r->facts, &backend);
    if (sentence[0] != '\0') {
        text_append(out, "<p>Headroom: ");
        html_text(out, sentence);
        text_append(out, ".</p>\n");
    }
    if (backend.size > 0) {
        text_append(out, "<p>The backend itself: ");
        html_text(out, text_get(&backend));
        text_append(out, ".</p>\n");
    }
    text_free(&backend);
}

void html_health(struct text *out, const struct report *r, const struct history *h) {
    char why[PLOT_WHY_MAX];
    text_append(out, "<section>\n<h2 id=\"health\">Was the tool the bottleneck?</h2>\n");
    if (r->facts->trust_count > 0)
        write_doubts(out, r->facts);
    else if (r->facts->plan->virtual_time)
        text_append(out, "<p class=\"answer\"><b>No.</b> The clock was simulated, and waited for this machine.</p>\n");
    else
        text_append(
            out,
            "<p class=\"answer\"><b>No.</b> What was measured is the backend and the network, not this machine.</p>\n");
    write_figures(out, r);
    write_sentences(out, r);
    for (const struct html_plot *p = html_plots_table; p->id != NULL; p++)
        if (p->tool)
            html_figure(out, p, r, h, why); /* if it cannot be drawn, the other plots say why */
    text_append(out, "</section>\n");
}
