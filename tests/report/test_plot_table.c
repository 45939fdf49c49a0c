#include "report/plot_table.h"

#include <math.h>
#include <string.h>

#include "harness.h"

static const char *const names[] = {"time_s", "a", "b"};

static void cells_become_a_data_block_and_a_csv(void) {
    struct text block = {0}, csv = {0};
    struct plot_table t = plot_table_new(names, 3, 2);
    plot_table_set(&t, 0, 0, 0.5);
    plot_table_set(&t, 0, 1, 1e9);
    plot_table_set(&t, 1, 0, 1.5);
    plot_table_set(&t, 1, 2, INFINITY); /* no number that could be drawn */
    plot_table_block(&t, "data", &block);
    plot_table_csv(&t, &csv);
    CU_ASSERT_STRING_EQUAL(text_get(&block), "$data << EOD\n0.5 1e+09 NaN\n1.5 NaN NaN\nEOD\n");
    CU_ASSERT_STRING_EQUAL(text_get(&csv), "time_s,a,b\n0.5,1e+09,\n1.5,,\n");
    text_free(&block);
    text_free(&csv);
    plot_table_free(&t);
}

static void columns_that_only_serve_the_drawing_stay_out_of_the_csv(void) {
    struct text block = {0}, csv = {0};
    struct plot_table t = plot_table_new(names, 3, 1);
    t.open = 2;
    plot_table_set(&t, 0, 2, 7);
    plot_table_block(&t, "data", &block);
    plot_table_csv(&t, &csv);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&block), "NaN NaN 7\n"));
    CU_ASSERT_STRING_EQUAL(text_get(&csv), "time_s,a\n,\n");
    text_free(&block);
    text_free(&csv);
    plot_table_free(&t);
}

static void values_that_stand_alone_are_found(void) {
    static const double values[] = {1, NAN, 2, 3, NAN, 4};
    static const bool alone[] = {true, false, false, false, false, true};
    struct plot_table t = plot_table_new(names, 3, 6);
    for (unsigned r = 0; r < 6; r++)
        plot_table_set(&t, r, 1, values[r]);
    plot_table_isolate(&t, 1, 2);
    for (unsigned r = 0; r < 6; r++)
        CU_ASSERT_EQUAL(t.cells[3 * r + 2] == values[r], alone[r]);
    plot_table_free(&t);
}

HARNESS_MAIN("report/plot_table", HARNESS_CASE(cells_become_a_data_block_and_a_csv),
             HARNESS_CASE(columns_that_only_serve_the_drawing_stay_out_of_the_csv),
             HARNESS_CASE(values_that_stand_alone_are_found))
