#include "device/link.h"

#include "harness.h"

static void no_network_is_a_clear_link(void) {
    struct impair_params p = link_params(NULL);
    CU_ASSERT(impair_is_clear(&p));
    CU_ASSERT_EQUAL(p.rtt_median, 0);
}

static void a_networks_values_are_handed_on_with_the_median(void) {
    struct network n = {
        .rtt = {.kind = DIST_LOGNORMAL, .a = 90e6, .b = 0.88}, .loss_ppm = 5000, .up_bps = 375000, .down_bps = 300000};
    struct impair_params p = link_params(&n);
    CU_ASSERT_EQUAL(p.rtt.kind, DIST_LOGNORMAL);
    CU_ASSERT_DOUBLE_EQUAL(p.rtt_median, 90e6, 1);
    CU_ASSERT_EQUAL(p.loss_ppm, 5000);
    CU_ASSERT_EQUAL(p.up_bps, 375000);
    CU_ASSERT_EQUAL(p.down_bps, 300000);
}

static void of_two_entries_the_later_one_wins(void) {
    struct network n = {.loss_ppm = 1, .up_bps = 9};
    struct action first = {.settings = {{.key = SET_LOSS, .number = 0.1}, {.key = SET_UP, .number = 1000}},
                           .setting_count = 2};
    struct action second = {.settings = {{.key = SET_LOSS, .number = 0.2}}, .setting_count = 1};
    const struct action *active[] = {&first, &second};
    struct impair_params p = link_params_with(&n, active, 2);
    CU_ASSERT_EQUAL(p.loss_ppm, 200000);
    CU_ASSERT_EQUAL(p.up_bps, 1000);
    p = link_params_with(&n, active, 0);
    CU_ASSERT_EQUAL(p.loss_ppm, 1);
    CU_ASSERT_EQUAL(n.loss_ppm, 1);
}

static void an_entry_makes_a_link_where_there_was_none(void) {
    struct action a = {.settings = {{.key = SET_RTT, .dist = {.kind = DIST_CONSTANT, .a = 2e9}}}, .setting_count = 1};
    const struct action *active[] = {&a};
    struct impair_params p = link_params_with(NULL, active, 1);
    CU_ASSERT_EQUAL(p.rtt_median, 2 * SPAN_S);
    CU_ASSERT_FALSE(impair_is_clear(&p));
}

HARNESS_MAIN("link", HARNESS_CASE(no_network_is_a_clear_link),
             HARNESS_CASE(a_networks_values_are_handed_on_with_the_median),
             HARNESS_CASE(of_two_entries_the_later_one_wins), HARNESS_CASE(an_entry_makes_a_link_where_there_was_none))
