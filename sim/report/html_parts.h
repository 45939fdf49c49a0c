/* The parts of report.html, in the order of the page, and what they share. Private to html*.c. Each part appends a whole section, or nothing
 * when there is nothing to say. */
#ifndef MUSTER_REPORT_HTML_PARTS_H
#define MUSTER_REPORT_HTML_PARTS_H

#include <stdint.h>

#include "base/text.h"
#include "report/history.h"
#include "report/report.h"

enum {
    HTML_TEXT_MAX = 2000, /* bytes shown of one foreign text */
    HTML_ROWS_MAX = 200   /* rows of one table; the rest is counted */
};

/* html_head.c: the verdict, what ran against what, the command that repeats it, caveats, key figures. */
void html_head(struct text *out, const struct report *r);
/* html_checks.c */
void html_checks(struct text *out, const struct report *r);
/* html_health.c: was the tool the bottleneck? */
void html_health(struct text *out, const struct report *r, const struct history *h);
/* html_plots.c: the plots over the run, or why there are none. */
void html_plots(struct text *out, const struct report *r, const struct history *h);
/* html_tables.c */
void html_operations(struct text *out, const struct report *r);
void html_errors(struct text *out, const struct report *r);
void html_fleets(struct text *out, const struct report *r);
/* html_audit.c: what the application's side saw of the messages, and when it could not. */
void html_audit(struct text *out, const struct report *r);
/* html_energy.c: what devices used energy for, and what their batteries have left. */
void html_energy(struct text *out, const struct report *r);
/* html_appendix.c: numbers, hashes, the resolved scenario, the machine. */
void html_appendix(struct text *out, const struct report *r);

/* html_table.c: a section with one table, which scrolls by itself where it is too wide. Columns are separated by "|"; one that begins with "#" is
 * of numbers. `left`: rows that were not written. */
void html_table_begin(struct text *out, const char *id, const char *title);
void html_table_columns(struct text *out, const char *columns);
void html_table_end(struct text *out, size_t left);
void html_table_count(struct text *out, uint64_t n);
void html_table_latency(struct text *out, const struct histogram *h, double q); /* q = 1: the greatest */
void html_table_bytes(struct text *out, uint64_t n);

/* html_text.c. `s` is foreign: escaped for element content and double-quoted attributes, cut after HTML_TEXT_MAX bytes. */
void html_text(struct text *out, const char *s);
void html_path(struct text *out, const char *s);  /* the same; lines may break behind a slash */
void html_count(struct text *out, uint64_t n);    /* 1 912 404, with spaces that do not break */
void html_millis(struct text *out, double ms);    /* 1.5ms, 3m41s; a dash for NAN */
void html_time(struct text *out, double seconds); /* an instant of the run: 0:07, 12:30, 1:02:30 */
/* A row of a list of facts: whole, or its two ends. */
void html_row(struct text *out, const char *term, const char *foreign);
void html_row_begin(struct text *out, const char *term);
void html_row_end(struct text *out);

#endif
