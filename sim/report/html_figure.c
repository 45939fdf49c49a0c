#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/html_parts.h"
#include "report/html_plots.h"
#include "report/plot.h"
#include "report/templates.h"

enum { BANDS_MAX = 64, TICKS_AT_MOST = 10 };

/* Stretches of time behind a plot. Numbers go to gnuplot, names to the page. */
struct bands {
    unsigned count;
    struct {
        double from, to;
        const char *name;
    } at[BANDS_MAX];
};

static void add_band(struct bands *b, instant from, instant to, const char *name, double end) {
    double x = span_seconds(from), y = to == INSTANT_NEVER ? end : span_seconds(to);
    x = x < 0 ? 0 : x;
    y = y > end ? end : y;
    if (b->count < BANDS_MAX && x < y) {
        b->at[b->count].from = x;
        b->at[b->count].to = y;
        b->at[b->count++].name = name;
    }
}

/* Entries of the timeline that disturb devices; what only names a stretch of time is no band. */
static bool disturbs(const struct action *a) {
    switch (a->verb) {
    case DO_DISCONNECT:
    case DO_LINK:
    case DO_LINK_DOWN:
    case DO_RESET:
    case DO_SET:
        return true;
    default:
        return false;
    }
}

static void find_bands(struct bands *bands, const struct plan *p, double end) {
    for (unsigned i = 0; i < p->phase_count; i++)
        if (p->phases[i].action >= 0 && disturbs(&p->actions[p->phases[i].action]))
            add_band(bands, p->phases[i].start, p->phases[i].end, p->phases[i].id, end);
}

static int compare_findings(const void *a, const void *b) {
    const struct trust_finding *x = *(const struct trust_finding *const *)a;
    const struct trust_finding *y = *(const struct trust_finding *const *)b;
    return (x->from > y->from) - (x->from < y->from);
}

/* Each stretch once, however many findings lie in it. */
static void find_doubts(struct bands *doubts, const struct run_facts *f, double end) {
    const struct trust_finding *sorted[TRUST_REASONS_MAX] = {NULL};
    for (unsigned i = 0; i < f->trust_count; i++)
        sorted[i] = &f->trust[i];
    qsort(sorted, f->trust_count, sizeof sorted[0], compare_findings);
    for (unsigned i = 0; i < f->trust_count;) {
        instant to = sorted[i]->to;
        unsigned next = i + 1;
        for (; next < f->trust_count && sorted[next]->from <= to; next++)
            to = instant_max(to, sorted[next]->to);
        add_band(doubts, sorted[i]->from, to, NULL, end);
        i = next;
    }
}

static void write_bands(struct text *script, const char *count, const char *name, const struct bands *b) {
    text_printf(script, "%s = %u\narray %s_from[%u]\narray %s_to[%u]\n", count, b->count, name, b->count + 1, name,
                b->count + 1);
    for (unsigned i = 0; i < b->count; i++)
        text_printf(script, "%s_from[%u] = %.6g\n%s_to[%u] = %.6g\n", name, i + 1, b->at[i].from, name, i + 1,
                    b->at[i].to);
}

/* Steps that people count time in. */
static double time_step(double end) {
    static const double steps[] = {1,          2,          5,          10,         15,         30,        60,
                                   120,        300,        600,        1200,       1800,       3600,      7200,
                                   14400,      21600,      43200,      86400,      2 * 86400,  3 * 86400, 5 * 86400,
                                   10 * 86400, 20 * 86400, 30 * 86400, 50 * 86400, 100 * 86400};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (end / steps[i] <= TICKS_AT_MOST)
            return steps[i];
    return ceil(end / TICKS_AT_MOST / 86400) * 86400;
}

static void write_legend(struct text *out, const struct bands *bands, const struct bands *doubts) {
    if (bands->count + doubts->count == 0)
        return;
    text_append(out, "<p class=\"bands\">");
    for (unsigned i = 0; i < bands->count; i++) {
        text_append(out, i == 0 ? "<span class=\"band\">Shaded:</span> <b>" : ", <b>");
        html_text(out, bands->at[i].name);
        text_append(out, "</b> ");
        html_time(out, bands->at[i].from);
        text_append(out, "–");
        html_time(out, bands->at[i].to);
    }
    text_append(out, bands->count > 0 ? ". " : "");
    for (unsigned i = 0; i < doubts->count; i++) {
        text_append(out, i == 0 ? "<span class=\"band doubt\">Hatched:</span> not to be trusted, " : ", ");
        html_time(out, doubts->at[i].from);
        text_append(out, "–");
        html_time(out, doubts->at[i].to);
    }
    text_append(out, doubts->count > 0 ? ".</p>\n" : "</p>\n");
}

/* A data: URL may hold most of what a CSV of numbers has; the rest is escaped (RFC 3986, section 2.1). */
static void write_data_link(struct text *out, const char *id, const struct text *csv) {
    text_printf(out, "<a class=\"data\" download=\"%s.csv\" href=\"data:text/csv;charset=utf-8,", id);
    for (size_t i = 0; i < csv->size; i++) {
        char c = csv->data[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c != '\0' && strchr(",.-_", c) != NULL);
        if (plain)
            text_append_n(out, &c, 1);
        else
            text_printf(out, "%%%02X", (unsigned char)c);
    }
    text_append(out, "\">Data (CSV)</a>");
}

static void write_figure(struct text *out, const struct html_plot *p, const struct text *svg, const struct text *csv,
                         const struct bands *bands, const struct bands *doubts) {
    struct text picture = {0};
    char prefix[32];
    snprintf(prefix, sizeof prefix, "%s-", p->id);
    if (plot_inline(&picture, text_get(svg), prefix, p->title, p->shape) == 0) {
        text_printf(out, "<figure>\n<h3 id=\"%s\">%s</h3>\n<div class=\"plot\" tabindex=\"0\">\n", p->id, p->title);
        text_append(out, text_get(&picture));
        text_append(out, "</div>\n<figcaption>\n");
        write_legend(out, bands, doubts);
        text_printf(out, "<p>%s ", p->caption);
        write_data_link(out, p->id, csv);
        text_append(out, "</p>\n</figcaption>\n</figure>\n");
    }
    text_free(&picture);
}

bool html_figure(struct text *out, const struct html_plot *p, const struct report *r, const struct history *h,
                 char *why) {
    struct text script = {0}, svg = {0}, csv = {0};
    struct bands bands = {0}, doubts = {0};
    double end = p->over_time ? h->columns * h->column_s : 1;
    int error = 0;
    if (p->over_time) {
        find_bands(&bands, r->facts->plan, end);
        find_doubts(&doubts, r->facts, end);
    }
    text_printf(&script, "width = %d.0\nheight = %d.0\nx_end = %.6g\nx_step = %.6g\n", HTML_PLOT_WIDTH, p->height, end,
                time_step(end));
    write_bands(&script, "bands", "band", &bands);
    write_bands(&script, "doubts", "doubt", &doubts);
    if ((!p->over_time || h->columns > 1) && p->data(r, h, &script, &csv)) {
        text_append(&script, templates_common);
        text_append(&script, p->script);
        error = plot_run(&script, &svg, why);
        if (error == 0)
            write_figure(out, p, &svg, &csv, &bands, &doubts);
    }
    text_free(&script);
    text_free(&svg);
    text_free(&csv);
    return error == 0;
}
