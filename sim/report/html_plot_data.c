#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "report/html_plots.h"
#include "report/plot_table.h"
#include "scenario/plan_downtime.h"

static bool has(const struct history *h, enum history_row row) {
    for (unsigned c = 0; h->rows[row] != NULL && c < h->columns; c++)
        if (h->rows[row][c].max > 0)
            return true;
    return false;
}

static struct history_value value(const struct history *h, enum history_row row, unsigned column) {
    return h->rows[row] != NULL ? h->rows[row][column] : (struct history_value){NAN, NAN, NAN};
}

/* A logarithmic axis that holds every number of these columns, from a power of ten to another. */
static void write_log_range(const struct plot_table *t, unsigned first, unsigned end, struct text *script) {
    double low = INFINITY, high = 0;
    for (unsigned r = 0; r < t->rows; r++)
        for (unsigned c = first; c < end; c++) {
            double x = t->cells[(size_t)r * t->columns + c];
            if (x > 0) {
                low = fmin(low, x);
                high = fmax(high, x);
            }
        }
    low = isfinite(low) ? floor(log10(low)) : 0;
    high = high > 0 ? ceil(log10(high)) : 1;
    /* a little more than the powers, so that their labels are inside */
    text_printf(script, "y_low = %.6g\ny_high = %.6g\n", 0.999 * pow(10, low), 1.001 * pow(10, fmax(high, low + 1)));
}

/* Which columns have anything but zeros: the others get no curve. */
static void write_shown(const struct plot_table *t, struct text *script) {
    text_printf(script, "array shown[%u]\n", t->columns);
    for (unsigned c = 0; c < t->columns; c++) {
        bool any = false;
        for (unsigned r = 0; r < t->rows && !any; r++)
            any = t->cells[(size_t)r * t->columns + c] > 0;
        text_printf(script, "shown[%u] = %d\n", c + 1, any);
    }
}

static void finish(struct plot_table *t, const struct history *h, struct text *script, struct text *csv) {
    text_printf(script, "ranged = %d\n", h->column_s > 1);
    write_shown(t, script);
    plot_table_block(t, "data", script);
    plot_table_csv(t, csv);
    plot_table_free(t);
}

bool html_plot_data_states(const struct report *r, const struct history *h, struct text *script, struct text *csv) {
    static const char *const names[] = {"time_s", "online", "connecting", "backoff", "asleep", "offline", "dead"};
    static const enum history_row rows[] = {HISTORY_ONLINE, HISTORY_CONNECTING, HISTORY_BACKOFF,
                                            HISTORY_ASLEEP, HISTORY_OFFLINE,    HISTORY_DEAD};
    (void)r;
    if (h->rows[HISTORY_ONLINE] == NULL)
        return false;
    struct plot_table t = plot_table_new(names, 7, h->columns);
    double most = 1;
    for (unsigned c = 0; c < h->columns; c++) {
        double devices = 0;
        plot_table_set(&t, c, 0, history_time(h, c));
        for (unsigned k = 0; k < 6; k++) {
            double n = value(h, rows[k], c).mean;
            plot_table_set(&t, c, k + 1, n);
            devices += isnan(n) ? 0 : n;
        }
        most = fmax(most, devices);
    }
    text_printf(script, "y_most = %.6g\n", 1.08 * most); /* bands are seen above the stack */
    finish(&t, h, script, csv);
    return true;
}

bool html_plot_data_outages(const struct report *r, const struct history *h, struct text *script, struct text *csv) {
    static const char *const names[] = {"time_s", "device", "cell", "region", "backend"};
    bool any = false;
    for (unsigned g = 0; g < r->facts->plan->group_count; g++)
        any = any || r->facts->plan->groups[g].outage_count > 0;
    if (!any || h->columns == 0)
        return false;
    double *curve = calloc((size_t)h->columns * OUTAGE_SCOPES, sizeof *curve), most = 0;
    CHECK(curve != NULL);
    plan_downtime_curve(r->facts->plan, (span)(h->column_s * (double)SPAN_S), h->columns, curve);
    struct plot_table t = plot_table_new(names, 5, h->columns);
    for (unsigned c = 0; c < h->columns; c++) {
        double devices = 0;
        plot_table_set(&t, c, 0, history_time(h, c));
        for (unsigned k = 0; k < OUTAGE_SCOPES; k++) {
            plot_table_set(&t, c, k + 1, curve[c * OUTAGE_SCOPES + k]);
            devices += curve[c * OUTAGE_SCOPES + k];
        }
        most = fmax(most, devices);
    }
    free(curve);
    if (most > 0) {
        text_printf(script, "y_most = %.6g\n", 1.08 * most);
        finish(&t, h, script, csv);
    } else {
        plot_table_free(&t);
    }
    return most > 0;
}

bool html_plot_data_connects(const struct report *r, const struct history *h, struct text *script, struct text *csv) {
    static const char *const names[] = {"time_s",          "attempted_per_s", "attempted_per_s_max",
                                        "accepted_per_s",  "refused_per_s",   "failed_per_s",
                                        "response_p50_ms", "response_p99_ms", "response_p999_ms"};
    static const double quantiles[] = {0.5, 0.99, 0.999};
    (void)r;
    if (!has(h, HISTORY_CONNECTS_ATTEMPTED))
        return false;
    struct plot_table t = plot_table_new(names, 12, h->columns);
    t.open = 9;
    for (unsigned c = 0; c < h->columns; c++) {
        plot_table_set(&t, c, 0, history_time(h, c));
        plot_table_set(&t, c, 1, value(h, HISTORY_CONNECTS_ATTEMPTED, c).mean);
        plot_table_set(&t, c, 2, value(h, HISTORY_CONNECTS_ATTEMPTED, c).max);
        plot_table_set(&t, c, 3, value(h, HISTORY_CONNECTS_OK, c).mean);
        plot_table_set(&t, c, 4, value(h, HISTORY_CONNECTS_REFUSED, c).mean);
        plot_table_set(&t, c, 5, value(h, HISTORY_CONNECTS_FAILED, c).mean);
        for (unsigned q = 0; q < 3; q++)
            plot_table_set(&t, c, 6 + q, history_quantile_ms(h, FIGURES_CONNECT, CLOCK_RESPONSE, c, quantiles[q]));
    }
    for (unsigned q = 0; q < 3; q++)
        plot_table_isolate(&t, 6 + q, 9 + q);
    write_log_range(&t, 6, 9, script);
    finish(&t, h, script, csv);
    return true;
}

bool html_plot_data_messages(const struct report *r, const struct history *h, struct text *script, struct text *csv) {
    static const char *const names[] = {"time_s",         "sent_per_s",      "sent_per_s_min", "sent_per_s_max",
                                        "acked_per_s",    "received_per_s",  "failed_per_s",   "dropped_per_s",
                                        "bytes_up_per_s", "bytes_down_per_s"};
    static const enum history_row rows[] = {HISTORY_ACKED,   HISTORY_RECEIVED, HISTORY_FAILED,
                                            HISTORY_DROPPED, HISTORY_BYTES_UP, HISTORY_BYTES_DOWN};
    (void)r;
    if (!has(h, HISTORY_SENT) && !has(h, HISTORY_RECEIVED))
        return false;
    struct plot_table t = plot_table_new(names, 10, h->columns);
    for (unsigned c = 0; c < h->columns; c++) {
        struct history_value sent = value(h, HISTORY_SENT, c);
        plot_table_set(&t, c, 0, history_time(h, c));
        plot_table_set(&t, c, 1, sent.mean);
        plot_table_set(&t, c, 2, sent.min);
        plot_table_set(&t, c, 3, sent.max);
        for (unsigned k = 0; k < sizeof rows / sizeof rows[0]; k++)
            plot_table_set(&t, c, 4 + k, value(h, rows[k], c).mean);
    }
    finish(&t, h, script, csv);
    return true;
}

bool html_plot_data_end_to_end(const struct report *r, const struct history *h, struct text *script, struct text *csv) {
    static const char *const names[] = {"time_s", "p50_ms", "p99_ms", "p999_ms"};
    static const double quantiles[] = {0.5, 0.99, 0.999};
    (void)r;
    if (h->latency[FIGURES_END_TO_END][CLOCK_RESPONSE] == NULL)
        return false;
    struct plot_table t = plot_table_new(names, 7, h->columns);
    t.open = 4;
    for (unsigned c = 0; c < h->columns; c++) {
        plot_table_set(&t, c, 0, history_time(h, c));
        for (unsigned q = 0; q < 3; q++)
            plot_table_set(&t, c, 1 + q, history_quantile_ms(h, FIGURES_END_TO_END, CLOCK_RESPONSE, c, quantiles[q]));
    }
    for (unsigned q = 0; q < 3; q++)
        plot_table_isolate(&t, 1 + q, 4 + q);
    write_log_range(&t, 1, 4, script);
    finish(&t, h, script, csv);
    return true;
}

bool html_plot_data_tool(const struct report *r, const struct history *h, struct text *script, struct text *csv) {
    static const char *const names[] = {"time_s", "lag_p999_ms", "cpu_share", "late_per_s", "memory_bytes"};
    const struct trust_limits *limits = &r->facts->plan->trust;
    if (h->rows[HISTORY_CPU] == NULL)
        return false;
    struct plot_table t = plot_table_new(names, 5, h->columns);
    double limit = span_millis(limits->lag), low = limit, high = limit;
    for (unsigned c = 0; c < h->columns; c++) {
        double lag = value(h, HISTORY_LAG_MS, c).max;
        plot_table_set(&t, c, 0, history_time(h, c));
        plot_table_set(&t, c, 1, lag);
        plot_table_set(&t, c, 2, value(h, HISTORY_CPU, c).max);
        plot_table_set(&t, c, 3, value(h, HISTORY_LATE, c).mean);
        plot_table_set(&t, c, 4, value(h, HISTORY_RSS, c).max);
        low = lag > 0 ? fmin(low, lag) : low;
        high = fmax(high, lag);
    }
    /* the limit is in sight, and so is what stays far below it */
    text_printf(script, "lag_limit = %.6g\ncpu_limit = %.6g\ny_low = %.6g\ny_high = %.6g\n", limit, limits->cpu,
                pow(10, floor(log10(fmax(low, 1e-3)))), pow(10, ceil(log10(fmax(high, 1e-2)) + 0.1)));
    finish(&t, h, script, csv);
    return true;
}

bool html_plot_data_backend(const struct report *r, const struct history *h, struct text *script, struct text *csv) {
    static const char *const names[] = {"time_s", "backend_cpu_share", "backend_memory_bytes"};
    (void)r;
    if (!has(h, HISTORY_BACKEND_CPU) && !has(h, HISTORY_BACKEND_RSS))
        return false;
    struct plot_table t = plot_table_new(names, 3, h->columns);
    double cores = 0, bytes = 0;
    for (unsigned c = 0; c < h->columns; c++) {
        double used = value(h, HISTORY_BACKEND_CPU, c).mean, held = value(h, HISTORY_BACKEND_RSS, c).max;
        plot_table_set(&t, c, 0, history_time(h, c));
        plot_table_set(&t, c, 1, used);
        plot_table_set(&t, c, 2, held);
        cores = fmax(cores, used);
        bytes = fmax(bytes, held);
    }
    /* above 0, where a scale needs something */
    text_printf(script, "cores_most = %.6g\nmemory_most_mib = %.6g\n", cores > 0 ? cores : 1,
                bytes > 0 ? bytes / (1 << 20) : 1);
    finish(&t, h, script, csv);
    return true;
}
