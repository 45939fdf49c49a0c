#include "scenario/select.h"

#include <stdio.h>
#include <string.h>

#include "base/draw.h"
#include "compiled.h"
#include "harness.h"
#include "metrics/cell.h"

#define HEAD                                                                                                           \
    "duration: 10min\nprofiles: {new: {}, old: {}}\n"                                                                  \
    "fleets:\n"                                                                                                        \
    "  a: {count: 100, mix: {new: 70%, old: 30%}, regions: {north: 40%, south: 60%}}\n"                                \
    "  b: {count: 50, profile: old}\n"                                                                                 \
    "timeline:\n  - {do: connect}\n"

static struct compiled good(const char *entry) {
    char text[2000] = HEAD;
    strcat(text, entry);
    struct compiled c = compiled_of(text);
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    return c;
}

static uint32_t selected(const char *who) {
    char entry[400];
    snprintf(entry, sizeof entry, "  - {id: x, at: 1s, do: reset, who: %s}\n", who);
    struct compiled c = good(entry);
    const struct action *a = compiled_action(&c, "x");
    uint32_t counted = 0;
    for (uint32_t d = 0; d < c.plan->device_count; d++)
        counted += action_selects(a, d);
    CU_ASSERT_EQUAL(counted, a->selected);
    compiled_free(&c);
    return counted;
}

static void static_keys_narrow(void) {
    CU_ASSERT_EQUAL(selected("all"), 150);
    CU_ASSERT_EQUAL(selected("{fleet: a}"), 100);
    CU_ASSERT_EQUAL(selected("{fleet: [a, b]}"), 150);
    CU_ASSERT_EQUAL(selected("{region: north}"), 40);
    CU_ASSERT_EQUAL(selected("{profile: old}"), 80);
    CU_ASSERT_EQUAL(selected("{fleet: a, profile: old}"), 30);
    CU_ASSERT_EQUAL(selected("{fleet: b, region: north}"), 0);
    CU_ASSERT_EQUAL(selected("{index: 0-9}"), 20); /* of each fleet */
    CU_ASSERT_EQUAL(selected("{fleet: b, index: [3, 40-60]}"), 11);
}

static void items_of_a_list_add_up(void) {
    CU_ASSERT_EQUAL(selected("[{region: north}, {fleet: b}]"), 90);
    CU_ASSERT_EQUAL(selected("[{region: north}, {fleet: a}]"), 100);
    CU_ASSERT_EQUAL(selected("[{fleet: a, count: 5}, {fleet: b, count: 5}]"), 10);
}

static void percent_and_count_are_exact(void) {
    CU_ASSERT_EQUAL(selected("{percent: 5}"), 8); /* 7.5 */
    CU_ASSERT_EQUAL(selected("{percent: 5%}"), 8);
    CU_ASSERT_EQUAL(selected("{fleet: a, percent: 0.4}"), 0);
    CU_ASSERT_EQUAL(selected("{count: 17}"), 17);
    CU_ASSERT_EQUAL(selected("{fleet: b, count: 60}"), 50);
}

static void the_smallest_hashes_are_taken(void) {
    struct compiled c = good("  - {id: x, at: 1s, do: reset, who: {fleet: a, count: 9}}\n");
    const struct action *a = compiled_action(&c, "x");
    uint32_t stream = draw_stream_named("select", "x");
    uint64_t most = 0, least_left = UINT64_MAX;
    for (uint32_t d = 0; d < 100; d++) {
        uint64_t hash = draw_u64(c.plan->seed, d, stream, 0);
        if (action_selects(a, d))
            most = hash > most ? hash : most;
        else
            least_left = hash < least_left ? hash : least_left;
    }
    CU_ASSERT_TRUE(most < least_left);
    compiled_free(&c);
}

static void state_and_where_wait_for_the_instant(void) {
    struct compiled c = good("  - {id: x, at: 1s, do: reset, who: {state: online, where: attempts > 3}}\n"
                             "  - {id: y, at: 1s, do: reset, who: {state: [online, backoff]}}\n");
    const struct action *x = compiled_action(&c, "x"), *y = compiled_action(&c, "y");
    CU_ASSERT_EQUAL(x->selected, 150);
    int64_t values[STATE_VARIABLES] = {[VAR_STATE] = STATE_ONLINE, [VAR_ATTEMPTS] = 4};
    CU_ASSERT_TRUE(predicate_holds(&x->where, values));
    values[VAR_ATTEMPTS] = 3;
    CU_ASSERT_FALSE(predicate_holds(&x->where, values));
    CU_ASSERT_TRUE(predicate_holds(&y->where, values));
    values[VAR_STATE] = STATE_BACKOFF;
    CU_ASSERT_TRUE(predicate_holds(&y->where, values));
    values[VAR_STATE] = STATE_OFFLINE;
    CU_ASSERT_FALSE(predicate_holds(&y->where, values));
    compiled_free(&c);
}

static void all_devices_at_once_need_no_ranks(void) {
    struct compiled c = good("  - {id: x, at: 1s, do: reset}\n");
    CU_ASSERT_PTR_NULL(compiled_action(&c, "x")->rank);
    compiled_free(&c);
}

static void selecting_nobody_is_said(void) {
    struct compiled c = good("  - {id: x, at: 1s, do: reset, who: {fleet: b, region: north}}\n"
                             "  - {at: 1s, do: reset, who: {fleet: b, count: 60}}\n");
    CU_ASSERT_TRUE(compiled_found(&c, "W403", "x selects no device"));
    CU_ASSERT_TRUE(compiled_found(&c, "W403", "only 50 devices"));
    compiled_free(&c);
}

static void lists_cannot_mix_conditions(void) {
    struct compiled c = compiled_of(HEAD "  - {at: 1s, do: reset, who: [{state: online}, {fleet: a}]}\n");
    CU_ASSERT_TRUE(compiled_found(&c, "E408", "same state and where"));
    compiled_free(&c);
}

HARNESS_MAIN("scenario/select", HARNESS_CASE(static_keys_narrow), HARNESS_CASE(items_of_a_list_add_up),
             HARNESS_CASE(percent_and_count_are_exact), HARNESS_CASE(the_smallest_hashes_are_taken),
             HARNESS_CASE(state_and_where_wait_for_the_instant), HARNESS_CASE(all_devices_at_once_need_no_ranks),
             HARNESS_CASE(selecting_nobody_is_said), HARNESS_CASE(lists_cannot_mix_conditions))
