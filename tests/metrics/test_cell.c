#include "metrics/cell.h"

#include "harness.h"

static void a_segment_begins_at_its_edge_and_ends_before_the_next(void) {
    instant edges[] = {INT64_MIN, 0, 10, 20};
    struct segments s = {edges, 4};
    static const struct {
        instant at;
        unsigned segment;
    } cases[] = {{INT64_MIN, 0}, {-1, 0}, {0, 1}, {9, 1}, {10, 2}, {19, 2}, {20, 3}, {INT64_MAX, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CU_ASSERT_EQUAL(segments_find(&s, cases[i].at), cases[i].segment);
}

static void a_run_without_edges_is_one_segment(void) {
    instant edges[] = {INT64_MIN};
    struct segments s = {edges, 1};
    CU_ASSERT_EQUAL(segments_find(&s, INT64_MIN), 0);
    CU_ASSERT_EQUAL(segments_find(&s, 5), 0);
    CU_ASSERT_EQUAL(segments_find(&s, INT64_MAX), 0);
}

static void every_row_stands_at_its_own_number(void) {
    for (int i = 0; i < TALLY_KINDS; i++) {
        CU_ASSERT_EQUAL((int)tally_rows[i].kind, i);
        CU_ASSERT_PTR_NOT_NULL(tally_rows[i].metric);
        CU_ASSERT_PTR_NOT_NULL(tally_rows[i].doc);
    }
    for (int i = 0; i < CLOCK_KINDS; i++)
        CU_ASSERT_PTR_NOT_NULL(clock_names[i]);
    for (int i = 0; i < STATE_KINDS; i++)
        CU_ASSERT_PTR_NOT_NULL(state_names[i]);
}

HARNESS_MAIN("metrics/cell", HARNESS_CASE(a_segment_begins_at_its_edge_and_ends_before_the_next),
             HARNESS_CASE(a_run_without_edges_is_one_segment), HARNESS_CASE(every_row_stands_at_its_own_number))
