#include "scenario/deal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/draw.h"
#include "harness.h"

static void counts_are_exact_and_add_up(void) {
    static const struct {
        double shares[4];
        unsigned count;
        uint32_t total, counts[4];
    } rows[] = {
        {{0.38, 0.22, 0.40}, 3, 100000, {38000, 22000, 40000}},
        {{0.95, 0.05}, 2, 100000, {95000, 5000}},
        {{0.57, 0.43}, 2, 100, {57, 43}},
        {{1.0 / 3, 1.0 / 3, 1.0 / 3}, 3, 10, {4, 3, 3}},
        {{0.5, 0.5}, 2, 1, {1, 0}},
        {{0.001, 0.999}, 2, 10, {0, 10}},
        {{1}, 1, 7, {7}},
        {{0, 1, 0}, 3, 5, {0, 5, 0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t counts[4] = {0};
        deal_counts(rows[i].shares, rows[i].count, rows[i].total, counts);
        CU_ASSERT_EQUAL(memcmp(counts, rows[i].counts, sizeof counts), 0);
    }
}

static void order_is_by_hash(void) {
    uint32_t devices[] = {9, 4, 1, 7, 3};
    deal_order(42, 5, devices, 5);
    for (int i = 1; i < 5; i++)
        CU_ASSERT_TRUE(draw_u64(42, devices[i - 1], 5, 0) < draw_u64(42, devices[i], 5, 0));
    uint32_t again[] = {1, 3, 4, 7, 9};
    deal_order(42, 5, again, 5);
    CU_ASSERT_EQUAL(memcmp(devices, again, sizeof again), 0);
}

static void choices_depend_on_seed_and_stream_only(void) {
    enum { TOTAL = 1000 };
    static const double shares[] = {0.25, 0.75};
    uint16_t first[TOTAL], again[TOTAL], other[TOTAL];
    deal_choices(7, 1, 500, TOTAL, shares, 2, first);
    deal_choices(7, 1, 500, TOTAL, shares, 2, again);
    deal_choices(8, 1, 500, TOTAL, shares, 2, other);
    CU_ASSERT_EQUAL(memcmp(first, again, sizeof first), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(first, other, sizeof first), 0);
    unsigned zeros = 0, front = 0;
    for (int i = 0; i < TOTAL; i++) {
        zeros += first[i] == 0;
        front += i < TOTAL / 2 && first[i] == 0;
    }
    CU_ASSERT_EQUAL(zeros, 250);
    CU_ASSERT_TRUE(front > 90 && front < 160); /* all over the fleet */
}

static void one_device_more_moves_shares_by_one(void) {
    enum { TOTAL = 1000 };
    static const double shares[] = {0.5, 0.5};
    uint16_t before[TOTAL], after[TOTAL + 1];
    deal_choices(7, 1, 0, TOTAL, shares, 2, before);
    deal_choices(7, 1, 0, TOTAL + 1, shares, 2, after);
    unsigned moved = 0;
    for (int i = 0; i < TOTAL; i++)
        moved += before[i] != after[i];
    CU_ASSERT_TRUE(moved <= 1);
}

static void a_single_choice_is_everybodys(void) {
    static const double whole[] = {1};
    uint16_t choice[] = {7, 7, 7, 7};
    deal_choices(7, 1, 500, 3, whole, 1, choice);
    CU_ASSERT_TRUE(choice[0] == 0 && choice[1] == 0 && choice[2] == 0);
    CU_ASSERT_EQUAL(choice[3], 7); /* nobody's */
}

HARNESS_MAIN("scenario/deal", HARNESS_CASE(counts_are_exact_and_add_up), HARNESS_CASE(order_is_by_hash),
             HARNESS_CASE(choices_depend_on_seed_and_stream_only), HARNESS_CASE(one_device_more_moves_shares_by_one),
             HARNESS_CASE(a_single_choice_is_everybodys))
