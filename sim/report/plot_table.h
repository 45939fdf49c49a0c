/* Numbers of one plot, by row and column: as gnuplot takes them, and as the CSV that readers get. */
#ifndef MUSTER_REPORT_PLOT_TABLE_H
#define MUSTER_REPORT_PLOT_TABLE_H

#include "base/text.h"

enum { PLOT_TABLE_COLUMNS_MAX = 16 };

struct plot_table {
    const char *const *names; /* [columns], borrowed: the CSV's header */
    unsigned columns, rows;
    unsigned open; /* the first so many columns stand in the CSV; the rest only serve the drawing */
    double *cells; /* [rows * columns]; NAN: no data */
};

/* All cells are NAN, all columns in the CSV. */
struct plot_table plot_table_new(const char *const *names, unsigned columns, unsigned rows);
void plot_table_free(struct plot_table *t);
void plot_table_set(struct plot_table *t, unsigned row, unsigned column, double value);

/* Column `to` gets the cells of column `from` that stand alone between missing ones: a line would not show them. */
void plot_table_isolate(struct plot_table *t, unsigned from, unsigned to);

/* "$name << EOD" and what follows. */
void plot_table_block(const struct plot_table *t, const char *name, struct text *out);
/* RFC 4180. */
void plot_table_csv(const struct plot_table *t, struct text *out);

#endif
