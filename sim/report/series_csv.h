/* series.csv: one row per interval, for plots and spreadsheets. Columns are rows of a table; docs/results.md describes each. A field without
 * data is empty. */
#ifndef MUSTER_REPORT_SERIES_CSV_H
#define MUSTER_REPORT_SERIES_CSV_H

#include "base/text.h"
#include "fleet/run.h"

struct series_csv_column {
    const char *name, *doc;
};
extern const struct series_csv_column series_csv_columns[]; /* ends with name NULL */

void series_csv_header(struct text *out);
void series_csv_row(struct text *out, const struct run_second *s);

#endif
