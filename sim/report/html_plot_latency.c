#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/html_plots.h"
#include "report/plot_table.h"

enum {
    POINTS_PER_DECADE = 24,
    DECADES_MAX = 7,
    CURVES_MAX = PLOT_TABLE_COLUMNS_MAX - 1,
    NAME_MAX_SIZE = 48,
    CELL_LEVELS = HISTORY_OCTAVE / 4, /* a cell of the heat map is a quarter of a doubling high */
    CELLS = HISTORY_LEVELS / CELL_LEVELS
};

/* --- quantiles -------------------------------------------------------------------------------------------------------- */

struct curves {
    unsigned count;
    char names[CURVES_MAX + 1][NAME_MAX_SIZE], titles[CURVES_MAX][NAME_MAX_SIZE];
    int colors[CURVES_MAX], dashes[CURVES_MAX];
};

/* The curve of one operation and clock into the table's next column, as far as its samples reach. */
static void add_curve(struct plot_table *t, struct curves *curves, enum figures_id id, enum clock_kind clock,
                      const struct histogram *samples, int color) {
    unsigned column = ++curves->count;
    snprintf(curves->names[column], NAME_MAX_SIZE, "%s %s", figures_rows[id].key, clock_names[clock]);
    /* in the key each operation stands above its service, in one colour */
    const char *operation = strchr(op_kinds[figures_rows[id].op].name, '.');
    snprintf(curves->titles[column - 1], NAME_MAX_SIZE, "%s", clock == CLOCK_SERVICE ? "its service" : operation + 1);
    for (char *at = curves->titles[column - 1]; (at = strchr(at, '_')) != NULL;)
        *at = ' ';
    curves->colors[column - 1] = color;
    curves->dashes[column - 1] = clock == CLOCK_SERVICE ? 2 : 1;
    for (unsigned row = 0; row < t->rows; row++) {
        double x = t->cells[(size_t)row * t->columns];
        if (x <= (double)samples->count)
            plot_table_set(t, row, column, fmax(1e-3, figures_quantile_ms(samples, 1 - 1 / x)));
    }
}

static void write_curves(const struct curves *c, double x_most, struct text *script) {
    text_printf(script,
                "x_most = %.6g\ncurves = %u\narray curve_name[%u]\narray curve_color[%u]\narray curve_dash[%u]\n",
                x_most, c->count, c->count, c->count, c->count);
    for (unsigned i = 0; i < c->count; i++) /* the names are ours: metrics and clocks */
        text_printf(script, "curve_name[%u] = '%s'\ncurve_color[%u] = %d\ncurve_dash[%u] = %d\n", i + 1, c->titles[i],
                    i + 1, c->colors[i], i + 1, c->dashes[i]);
}

bool html_plot_latency_quantiles(const struct report *r, const struct history *h, struct text *script,
                                 struct text *csv) {
    (void)h; /* what the tables of the page say is drawn, from the same numbers */
    struct curves curves = {.names = {"one_in"}};
    const char *names[CURVES_MAX + 1];
    for (int i = 0; i <= CURVES_MAX; i++)
        names[i] = curves.names[i];
    struct plot_table t = plot_table_new(names, CURVES_MAX + 1, DECADES_MAX * POINTS_PER_DECADE + 1);
    for (unsigned row = 0; row < t.rows; row++)
        plot_table_set(&t, row, 0, pow(10, (double)row / POINTS_PER_DECADE));
    uint64_t most = 0;
    int color = 0;
    for (int i = 0; i < FIGURES_ROWS && curves.count + 2 <= CURVES_MAX; i++) {
        struct figures g = figures_of(r->facts->result, r->facts->plan, (enum figures_id)i, NULL);
        const struct histogram *response = &g.clocks[CLOCK_RESPONSE], *service = &g.clocks[CLOCK_SERVICE];
        color += response->count > 0;
        if (response->count > 0)
            add_curve(&t, &curves, (enum figures_id)i, CLOCK_RESPONSE, response, color);
        if (service->count > 0 && i != FIGURES_END_TO_END)
            add_curve(&t, &curves, (enum figures_id)i, CLOCK_SERVICE, service, color);
        most = response->count > most ? response->count : most;
        figures_free(&g);
    }
    if (curves.count > 0) {
        double decades = fmin(DECADES_MAX, fmax(2, ceil(log10(fmax(1, (double)most)))));
        write_curves(&curves, pow(10, decades), script);
        t.rows = (unsigned)decades * POINTS_PER_DECADE + 1; /* nothing reaches beyond */
        t.open = curves.count + 1;
        plot_table_block(&t, "data", script);
        plot_table_csv(&t, csv);
    }
    plot_table_free(&t);
    return curves.count > 0;
}

/* --- the heat map ----------------------------------------------------------------------------------------------------- */

static uint64_t cell(const uint32_t *grid, unsigned column, unsigned row) {
    uint64_t n = 0;
    for (unsigned l = 0; l < CELL_LEVELS; l++)
        n += grid[(size_t)column * HISTORY_LEVELS + row * CELL_LEVELS + l];
    return n;
}

/* The rows that have anything, with an empty one on either side; and what the fullest cell holds. */
static bool extent(const struct history *h, const uint32_t *grid, unsigned *first, unsigned *end, uint64_t *most) {
    *first = CELLS;
    *end = 0;
    *most = 0;
    for (unsigned c = 0; c < h->columns; c++)
        for (unsigned row = 0; row < CELLS; row++) {
            uint64_t n = cell(grid, c, row);
            if (n == 0)
                continue;
            *first = row < *first ? row : *first;
            *end = row + 1 > *end ? row + 1 : *end;
            *most = n > *most ? n : *most;
        }
    *first -= *first > 0 && *first < CELLS;
    *end += *end < CELLS;
    return *most > 0;
}

static double row_log_ms(unsigned row) {
    return log10(history_level_ms(row * CELL_LEVELS));
}

static void write_heat_csv(const struct history *h, const uint32_t *grid, unsigned first, unsigned end,
                           struct text *csv) {
    text_append(csv, "time_s");
    for (unsigned row = first; row < end; row++)
        text_printf(csv, ",from_%.4gms", history_level_ms(row * CELL_LEVELS));
    for (unsigned c = 0; c < h->columns; c++) {
        text_printf(csv, "\n%.6g", history_time(h, c));
        for (unsigned row = first; row < end; row++) {
            uint64_t n = cell(grid, c, row);
            text_append(csv, ",");
            if (n > 0) /* most cells are empty */
                text_printf(csv, "%llu", (unsigned long long)n);
        }
    }
    text_append(csv, "\n");
}

static void write_lines(const struct history *h, struct text *script) {
    static const char *const names[] = {"time_s", "p50", "p99"};
    struct plot_table t = plot_table_new(names, 5, h->columns);
    for (unsigned c = 0; c < h->columns; c++) {
        plot_table_set(&t, c, 0, history_time(h, c));
        plot_table_set(&t, c, 1, log10(history_quantile_ms(h, FIGURES_PUBLISH_ACK, CLOCK_RESPONSE, c, 0.5)));
        plot_table_set(&t, c, 2, log10(history_quantile_ms(h, FIGURES_PUBLISH_ACK, CLOCK_RESPONSE, c, 0.99)));
    }
    plot_table_isolate(&t, 1, 3);
    plot_table_isolate(&t, 2, 4);
    plot_table_block(&t, "lines", script);
    plot_table_free(&t);
}

bool html_plot_latency_heat(const struct report *r, const struct history *h, struct text *script, struct text *csv) {
    (void)r;
    const uint32_t *grid = h->latency[FIGURES_PUBLISH_ACK][CLOCK_RESPONSE];
    unsigned first, end;
    uint64_t most;
    if (grid == NULL || !extent(h, grid, &first, &end, &most))
        return false;
    double half = (row_log_ms(1) - row_log_ms(0)) / 2, least = log10(1 / h->column_s);
    text_printf(script, "y_low = %.6g\ny_high = %.6g\nc_low = %.6g\nc_high = %.6g\n$data << EOD\n", row_log_ms(first),
                row_log_ms(end), least, fmax(log10((double)most / h->column_s), least + 1));
    for (unsigned c = 0; c < h->columns; c++)
        for (unsigned row = first; row < end; row++) {
            uint64_t n = cell(grid, c, row);
            text_printf(script, "%.6g %.6g ", history_time(h, c), row_log_ms(row) + half);
            if (n > 0)
                text_printf(script, "%.3f\n", log10((double)n / h->column_s));
            else
                text_append(script, "NaN\n");
        }
    text_append(script, "EOD\n");
    write_lines(h, script);
    write_heat_csv(h, grid, first, end, csv);
    return true;
}
