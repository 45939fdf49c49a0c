/* What each plot shows and how: rows of a table. Private to html*.c; the data of each is made in html_plot_data.c. */
#ifndef MUSTER_REPORT_HTML_PLOTS_H
#define MUSTER_REPORT_HTML_PLOTS_H

#include <stdbool.h>

#include "base/text.h"
#include "report/history.h"
#include "report/report.h"

struct html_plot {
    const char *id;      /* prefix of ids in the page, and the name of the CSV */
    const char *title;   /* a question that the plot answers */
    const char *shape;   /* what is drawn, for those who do not see it */
    const char *caption; /* how to read it */
    const char *script;  /* of report/templates.h, after templates_common */
    int height;          /* of HTML_PLOT_WIDTH */
    bool over_time;      /* its x axis is the run's time */
    bool tool;           /* stands with the tool's health, not among the others */
    /* Appends numbers and data blocks to `script` and the same data to `csv`. False: there is nothing to show. */
    bool (*data)(const struct report *r, const struct history *h, struct text *script, struct text *csv);
};
enum { HTML_PLOT_WIDTH = 960 };
extern const struct html_plot html_plots_table[]; /* in the order of the page; ends with id NULL */

/* html_plot_data.c */
bool html_plot_data_states(const struct report *r, const struct history *h, struct text *script, struct text *csv);
bool html_plot_data_outages(const struct report *r, const struct history *h, struct text *script, struct text *csv);
bool html_plot_data_connects(const struct report *r, const struct history *h, struct text *script, struct text *csv);
bool html_plot_data_messages(const struct report *r, const struct history *h, struct text *script, struct text *csv);
bool html_plot_data_end_to_end(const struct report *r, const struct history *h, struct text *script, struct text *csv);
bool html_plot_data_backend(const struct report *r, const struct history *h, struct text *script, struct text *csv);
bool html_plot_data_tool(const struct report *r, const struct history *h, struct text *script, struct text *csv);
/* html_plot_energy.c */
bool html_plot_energy_fan(const struct report *r, const struct history *h, struct text *script, struct text *csv);
bool html_plot_energy_causes(const struct report *r, const struct history *h, struct text *script, struct text *csv);
/* html_plot_latency.c */
bool html_plot_latency_quantiles(const struct report *r, const struct history *h, struct text *script,
                                 struct text *csv);
bool html_plot_latency_heat(const struct report *r, const struct history *h, struct text *script, struct text *csv);

/* html_figure.c: the element, or nothing when there is no data. False when gnuplot failed; `why` [PLOT_WHY_MAX] says how. */
bool html_figure(struct text *out, const struct html_plot *p, const struct report *r, const struct history *h,
                 char *why);

#endif
