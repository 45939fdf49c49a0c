#include "device/action.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "goodness.h"
#include "harness.h"

static void rows_stand_in_the_order_of_their_enum(void) {
    for (int i = 0; i < ACTION_VERBS; i++) {
        CU_ASSERT_EQUAL(action_verbs[i].verb, (enum action_verb)i);
        CU_ASSERT_PTR_NOT_NULL(action_verbs[i].doc);
        for (int k = 0; k < i; k++)
            CU_ASSERT_NOT_EQUAL(strcmp(action_verbs[i].name, action_verbs[k].name), 0);
    }
}

static void verbs_that_touch_no_device_say_so(void) {
    CU_ASSERT_FALSE(action_verbs[DO_HOLD].per_device);
    CU_ASSERT_FALSE(action_verbs[DO_MARK].per_device);
    CU_ASSERT(action_verbs[DO_LINK_DOWN].per_device && action_verbs[DO_LINK_DOWN].undoable);
    CU_ASSERT_FALSE(action_verbs[DO_RESET].undoable);
}

static void selection_is_a_rank_or_everybody(void) {
    static const uint32_t rank[] = {2, UINT32_MAX, 0, 1};
    struct action some = {.rank = rank, .selected = 3}, all = {0};
    CU_ASSERT(action_selects(&some, 0));
    CU_ASSERT_FALSE(action_selects(&some, 1));
    CU_ASSERT(action_selects(&all, 1));
    CU_ASSERT(action_selects(&all, 4000000000));
}

static void over_spreads_evenly_by_rank(void) {
    static const uint32_t rank[] = {2, 0, 1, 3};
    struct action a = {.start = 10 * SPAN_S, .over = 8 * SPAN_S, .rank = rank, .selected = 4};
    static const span want[] = {5, 1, 3, 7}; /* D · (k + ½) / n */
    for (uint32_t device = 0; device < 4; device++)
        CU_ASSERT_EQUAL(action_start(&a, 1, device), (10 + want[device]) * SPAN_S);
    a.over = 0;
    CU_ASSERT_EQUAL(action_start(&a, 1, 3), 10 * SPAN_S);
}

/* Power that comes back feeder by feeder. */
static void steps_are_equal_groups_from_the_start_to_the_end(void) {
    enum { DEVICES = 1000, STEPS = 10 };
    static uint32_t rank[DEVICES];
    unsigned count[STEPS] = {0};
    for (uint32_t d = 0; d < DEVICES; d++)
        rank[d] = (d * 7) % DEVICES;
    struct action a = {.start = SPAN_S, .over = 270 * SPAN_S, .steps = STEPS, .rank = rank, .selected = DEVICES};
    for (uint32_t d = 0; d < DEVICES; d++) {
        span after = action_start(&a, 1, d) - SPAN_S;
        CU_ASSERT_EQUAL_FATAL(after % (30 * SPAN_S), 0);
        count[after / (30 * SPAN_S)]++;
    }
    for (unsigned k = 0; k < STEPS; k++)
        CU_ASSERT_EQUAL(count[k], DEVICES / STEPS);
    a.steps = 1;
    CU_ASSERT_EQUAL(action_start(&a, 1, 999), SPAN_S);
}

static void a_year_over_a_million_devices_does_not_overflow(void) {
    uint32_t *rank = malloc(sizeof *rank);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rank);
    rank[0] = 999999;
    struct action a = {.over = 365 * SPAN_DAY, .rank = rank, .selected = 1000000};
    CU_ASSERT_EQUAL(action_start(&a, 1, 0), 365 * SPAN_DAY / 2000000 * 1999999);
    free(rank);
}

static void uniform_spread_is_a_draw_of_the_entry(void) {
    enum { N = 10000 };
    struct action a = {.over = 10 * SPAN_S, .uniform = true, .index = 3}, b = a;
    b.index = 4;
    static double starts[N];
    unsigned same = 0;
    for (uint32_t device = 0; device < N; device++) {
        instant at = action_start(&a, 1, device);
        CU_ASSERT_FATAL(at >= 0 && at < 10 * SPAN_S);
        starts[device] = span_seconds(at);
        same += at == action_start(&b, 1, device);
    }
    CU_ASSERT_TRUE(goodness_uniform(starts, N, 0, 10));
    CU_ASSERT_EQUAL(same, 0);
}

static void for_is_drawn_per_device_from_its_own_start(void) {
    struct action a = {.has_for = true, .lasting = {.kind = DIST_UNIFORM, .a = 5e9, .b = 1200e9}, .index = 1};
    instant end = action_end(&a, 1, 1, 100 * SPAN_S, 0);
    CU_ASSERT(end >= 105 * SPAN_S && end < 1300 * SPAN_S);
    CU_ASSERT_EQUAL(action_end(&a, 1, 1, 200 * SPAN_S, 0), end + 100 * SPAN_S);
    CU_ASSERT_NOT_EQUAL(action_end(&a, 1, 2, 100 * SPAN_S, 0), end);
    instant again = action_end(&a, 1, 1, 100 * SPAN_S, 1);
    CU_ASSERT(again != end && again >= 105 * SPAN_S && again < 1300 * SPAN_S); /* each firing draws its own */
    a.lasting = (struct dist){.kind = DIST_NORMAL, .a = -1e9, .b = 1};
    CU_ASSERT_EQUAL(action_end(&a, 1, 1, 100 * SPAN_S, 0), 100 * SPAN_S); /* never before it began */
    a.has_for = false;
    CU_ASSERT_EQUAL(action_end(&a, 1, 1, 100 * SPAN_S, 0), INSTANT_NEVER);
}

static void lengths_follow_their_distribution(void) {
    enum { N = 10000 };
    static double lengths[N];
    struct action a = {.has_for = true, .lasting = {.kind = DIST_EXP, .a = 60e9}, .index = 1};
    for (uint32_t device = 0; device < N; device++)
        lengths[device] = span_seconds(action_end(&a, 1, device, 100 * SPAN_S, 0) - 100 * SPAN_S);
    CU_ASSERT_TRUE(goodness_exponential(lengths, N, 60));
}

HARNESS_MAIN("action", HARNESS_CASE(lengths_follow_their_distribution),
             HARNESS_CASE(rows_stand_in_the_order_of_their_enum), HARNESS_CASE(verbs_that_touch_no_device_say_so),
             HARNESS_CASE(selection_is_a_rank_or_everybody), HARNESS_CASE(over_spreads_evenly_by_rank),
             HARNESS_CASE(steps_are_equal_groups_from_the_start_to_the_end),
             HARNESS_CASE(a_year_over_a_million_devices_does_not_overflow),
             HARNESS_CASE(uniform_spread_is_a_draw_of_the_entry),
             HARNESS_CASE(for_is_drawn_per_device_from_its_own_start))
