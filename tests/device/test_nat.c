#include "device/nat.h"

#include <string.h>

#include "harness.h"

static void what_is_used_in_time_passes(void) {
    struct nat n = {.tcp = 300 * SPAN_S, .udp = 30 * SPAN_S};
    CU_ASSERT_EQUAL(nat_fate(&n, true, 0, 300 * SPAN_S), NAT_PASSES);
    CU_ASSERT_EQUAL(nat_fate(&n, true, 0, 300 * SPAN_S + 1), NAT_SWALLOWS);
    CU_ASSERT_EQUAL(nat_fate(&n, false, 5 * SPAN_S, 35 * SPAN_S), NAT_PASSES);
    CU_ASSERT_EQUAL(nat_fate(&n, false, 5 * SPAN_S, 36 * SPAN_S), NAT_SWALLOWS);
}

static void expiry_acts_as_asked_and_tcp_does_not_survive_a_new_port(void) {
    struct nat n = {.tcp = SPAN_S, .udp = SPAN_S, .on_expire = NAT_RST};
    CU_ASSERT_EQUAL(nat_fate(&n, true, 0, SPAN_H), NAT_BREAKS);
    CU_ASSERT_EQUAL(nat_fate(&n, false, 0, SPAN_H), NAT_BREAKS);
    n.on_expire = NAT_REBIND;
    CU_ASSERT_EQUAL(nat_fate(&n, true, 0, SPAN_H), NAT_BREAKS);
    CU_ASSERT_EQUAL(nat_fate(&n, false, 0, SPAN_H), NAT_REBINDS);
}

static void without_a_limit_nothing_is_forgotten(void) {
    struct nat n = {0};
    CU_ASSERT_EQUAL(nat_fate(&n, true, 0, INT64_MAX), NAT_PASSES);
    CU_ASSERT_EQUAL(nat_fate(&n, false, 0, INT64_MAX), NAT_PASSES);
}

static void presets_forget_datagrams_first(void) {
    unsigned found = 0;
    for (const struct nat_preset *p = nat_presets; p->name != NULL; p++, found++)
        CU_ASSERT(strcmp(p->name, "none") == 0 ? p->nat.tcp == 0 : p->nat.udp > 0 && p->nat.udp < p->nat.tcp);
    CU_ASSERT_EQUAL(found, 5);
}

HARNESS_MAIN("device/nat", HARNESS_CASE(what_is_used_in_time_passes),
             HARNESS_CASE(expiry_acts_as_asked_and_tcp_does_not_survive_a_new_port),
             HARNESS_CASE(without_a_limit_nothing_is_forgotten), HARNESS_CASE(presets_forget_datagrams_first))
