#include "report/plot_table.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/check.h"

struct plot_table plot_table_new(const char *const *names, unsigned columns, unsigned rows) {
    struct plot_table t = {names, columns, rows, columns, malloc(((size_t)rows * columns + 1) * sizeof *t.cells)};
    CHECK(columns > 0 && columns <= PLOT_TABLE_COLUMNS_MAX && t.cells != NULL);
    for (size_t i = 0; i < (size_t)rows * columns; i++)
        t.cells[i] = NAN;
    return t;
}

void plot_table_free(struct plot_table *t) {
    free(t->cells);
    t->cells = NULL;
}

void plot_table_set(struct plot_table *t, unsigned row, unsigned column, double value) {
    CHECK(row < t->rows && column < t->columns);
    t->cells[(size_t)row * t->columns + column] = value;
}

void plot_table_isolate(struct plot_table *t, unsigned from, unsigned to) {
    CHECK(from < t->columns && to < t->columns);
    for (unsigned r = 0; r < t->rows; r++) {
        const double *cell = &t->cells[(size_t)r * t->columns + from];
        bool before = r > 0 && !isnan(*(cell - t->columns)), after = r + 1 < t->rows && !isnan(cell[t->columns]);
        plot_table_set(t, r, to, before || after ? NAN : *cell);
    }
}

static void write_cells(const struct plot_table *t, unsigned columns, const char *separator, const char *missing,
                        struct text *out) {
    for (unsigned r = 0; r < t->rows; r++) {
        for (unsigned c = 0; c < columns; c++) {
            double value = t->cells[(size_t)r * t->columns + c];
            text_append(out, c > 0 ? separator : "");
            if (isfinite(value))
                text_printf(out, "%.6g", value);
            else
                text_append(out, missing);
        }
        text_append(out, "\n");
    }
}

void plot_table_block(const struct plot_table *t, const char *name, struct text *out) {
    text_printf(out, "$%s << EOD\n", name);
    write_cells(t, t->columns, " ", "NaN", out);
    text_append(out, "EOD\n");
}

void plot_table_csv(const struct plot_table *t, struct text *out) {
    for (unsigned c = 0; c < t->open; c++)
        text_printf(out, "%s%s", c > 0 ? "," : "", t->names[c]);
    text_append(out, "\n");
    write_cells(t, t->open, ",", "", out);
}
