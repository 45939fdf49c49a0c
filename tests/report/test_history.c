#include "report/history.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "report/logged.h"
#include "report/series_csv.h"

static struct sample s;
static struct temporary t;
static struct history h;

static void begin(void) {
    sample_make(&s);
    t = temporary_make();
}

static void end(void) {
    history_free(&h);
    temporary_remove(&t);
    sample_free(&s);
}

static void read_one(void) {
    const char *directories[] = {t.path};
    history_read(directories, 1, &h);
}

static void every_second_of_a_short_run_is_a_column(void) {
    begin();
    logged_run(&t, &s, 10, 5);
    read_one();
    CU_ASSERT_EQUAL(h.end_s, 10);
    CU_ASSERT_EQUAL(h.columns, 10);
    CU_ASSERT_EQUAL(h.rows[HISTORY_ONLINE][0].mean, 4);
    CU_ASSERT_EQUAL(h.rows[HISTORY_ONLINE][9].mean, 10);
    CU_ASSERT_EQUAL(h.rows[HISTORY_CONNECTS_OK][2].mean, 40);
    CU_ASSERT_PTR_NULL(h.rows[HISTORY_DEAD]); /* the log has no such column */
    CU_ASSERT_EQUAL(history_time(&h, 9), 9.5);
    end();
}

static void a_long_run_has_few_columns_with_least_mean_and_most(void) {
    begin();
    logged_run(&t, &s, 3600, 0);
    read_one();
    CU_ASSERT_EQUAL(h.column_s, 10);
    CU_ASSERT_EQUAL(h.columns, 360);
    CU_ASSERT_EQUAL(h.rows[HISTORY_CONNECTS_OK][0].min, 40);
    CU_ASSERT_EQUAL(h.rows[HISTORY_CONNECTS_OK][0].mean, 94);
    CU_ASSERT_EQUAL(h.rows[HISTORY_CONNECTS_OK][0].max, 100);
    CU_ASSERT_EQUAL(h.rows[HISTORY_CONNECTS_OK][359].mean, 100);
    end();
}

static void latencies_are_found_to_a_level(void) {
    begin();
    logged_run(&t, &s, 10, 1000);
    read_one();
    for (unsigned c = 0; c < h.columns; c++)
        for (int clock = CLOCK_SERVICE; clock < CLOCK_KINDS; clock++) {
            double p99 = history_quantile_ms(&h, FIGURES_PUBLISH_ACK, (enum clock_kind)clock, c, 0.99);
            CU_ASSERT_TRUE(p99 > 19 && p99 < 21);
        }
    CU_ASSERT_TRUE(isnan(history_quantile_ms(&h, FIGURES_END_TO_END, CLOCK_RESPONSE, 0, 0.5)));
    CU_ASSERT_TRUE(history_quantile_ms(&h, FIGURES_CONNECT, CLOCK_RESPONSE, 3, 1) < 21);
    end();
}

static void directories_of_shards_add_up(void) {
    begin();
    struct temporary other = temporary_make();
    logged_run(&t, &s, 10, 5);
    logged_run(&other, &s, 8, 5);
    const char *directories[] = {t.path, other.path};
    history_read(directories, 2, &h);
    CU_ASSERT_EQUAL(h.columns, 10);
    CU_ASSERT_EQUAL(h.rows[HISTORY_ONLINE][5].mean, 20);
    CU_ASSERT_EQUAL(h.rows[HISTORY_SENT][5].mean, 100);
    CU_ASSERT_EQUAL(h.rows[HISTORY_CPU][5].mean, 0.25); /* each process has its own */
    CU_ASSERT_EQUAL(h.rows[HISTORY_ONLINE][9].mean, 10);
    temporary_remove(&other);
    end();
}

static void parts_of_a_log_are_one_log(void) {
    begin();
    logged_file(&t, "series.csv", "time_s,online\n1,7\n");
    logged_file(&t, "series.1.csv", "time_s,online\n2,8\n");
    logged_file(&t, "series.2.csv", "online,time_s\n9,3\n");
    logged_file(&t, "series.4.csv", "time_s,online\n5,1\n"); /* no part 3: not of this log */
    read_one();
    CU_ASSERT_EQUAL(h.columns, 3);
    CU_ASSERT_EQUAL(h.rows[HISTORY_ONLINE][0].mean, 7);
    CU_ASSERT_EQUAL(h.rows[HISTORY_ONLINE][2].mean, 9);
    end();
}

static void what_is_torn_or_missing_is_left_out(void) {
    begin();
    const char *nowhere[] = {"/nonexistent/directory"};
    history_read(nowhere, 1, &h);
    CU_ASSERT_EQUAL(h.columns, 0);
    history_read(NULL, 0, &h);
    CU_ASSERT_EQUAL(h.columns, 0);
    logged_file(&t, "series.csv", "time_s,online\n1,7\n2,\nx,9\n-3,9\n4,8\n5,");
    logged_file(&t, "intervals.hlog", "#[no such log\nrubbish\n");
    read_one();
    CU_ASSERT_EQUAL(h.columns, 4);
    CU_ASSERT_EQUAL(h.rows[HISTORY_ONLINE][0].mean, 7);
    CU_ASSERT_TRUE(isnan(h.rows[HISTORY_ONLINE][1].mean));
    CU_ASSERT_TRUE(isnan(h.rows[HISTORY_ONLINE][2].mean));
    CU_ASSERT_EQUAL(h.rows[HISTORY_ONLINE][3].mean, 8);
    end();
}

/* In long runs of simulated time an interval is longer than a second: what it counts is still shown per second. */
static void long_intervals_count_per_second(void) {
    begin();
    struct text series = {0};
    text_append(&series, "time_s,online,connects_ok\n");
    for (int i = 1; i <= 2880; i++)
        text_printf(&series, "%d.000,7,1200\n", i * 600);
    text_append(&series, "1728010.020,7,5\n");
    logged_file(&t, "series.csv", text_get(&series));
    text_free(&series);
    read_one();
    CU_ASSERT_EQUAL(h.column_s, 3600);
    CU_ASSERT_DOUBLE_EQUAL(h.rows[HISTORY_CONNECTS_OK][100].mean, 2, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(h.rows[HISTORY_CONNECTS_OK][100].max, 2, 1e-9);
    CU_ASSERT_EQUAL(h.rows[HISTORY_ONLINE][100].mean, 7);
    end();
}

static void a_time_without_measure_does_not_grow_the_history(void) {
    static const char *const ends[] = {"86400000", "1e18", "1e300"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char text[64];
        begin();
        snprintf(text, sizeof text, "time_s,online\n1,7\n%s,8\n", ends[i]);
        logged_file(&t, "series.csv", text);
        read_one();
        CU_ASSERT_TRUE(h.columns > 0 && h.columns <= HISTORY_COLUMNS_MAX);
        end();
    }
}

static void every_row_names_a_column_of_the_series(void) {
    for (int r = 0; r < HISTORY_ROWS; r++) {
        const struct series_csv_column *c = series_csv_columns;
        while (c->name != NULL && strcmp(c->name, history_rows[r].column) != 0)
            c++;
        CU_ASSERT_PTR_NOT_NULL(c->name);
        CU_ASSERT_EQUAL(history_rows[r].row, r);
    }
}

HARNESS_MAIN("report/history", HARNESS_CASE(every_second_of_a_short_run_is_a_column),
             HARNESS_CASE(a_long_run_has_few_columns_with_least_mean_and_most),
             HARNESS_CASE(latencies_are_found_to_a_level), HARNESS_CASE(directories_of_shards_add_up),
             HARNESS_CASE(parts_of_a_log_are_one_log), HARNESS_CASE(what_is_torn_or_missing_is_left_out),
             HARNESS_CASE(long_intervals_count_per_second),
             HARNESS_CASE(a_time_without_measure_does_not_grow_the_history),
             HARNESS_CASE(every_row_names_a_column_of_the_series))
