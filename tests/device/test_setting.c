#include <string.h>

#include "device/action.h"
#include "harness.h"

static void rows_stand_in_the_order_of_their_enum(void) {
    for (int i = 0; i < SETTING_KEYS; i++) {
        CU_ASSERT_EQUAL(setting_rows[i].key, (enum setting_key)i);
        CU_ASSERT_PTR_NOT_NULL(strchr(setting_rows[i].path, '.'));
    }
}

static void link_settings_change_the_network(void) {
    struct network n = {.name = "x", .up_bps = 7};
    setting_apply_network(&(struct setting){.key = SET_RTT, .dist = {.kind = DIST_EXP, .a = 5}}, &n);
    setting_apply_network(&(struct setting){.key = SET_LOSS, .number = 0.2}, &n);
    setting_apply_network(&(struct setting){.key = SET_DOWN, .number = 375e3}, &n);
    CU_ASSERT_EQUAL(n.rtt.kind, DIST_EXP);
    CU_ASSERT_EQUAL(n.rtt.a, 5);
    CU_ASSERT_EQUAL(n.loss_ppm, 200000);
    CU_ASSERT_EQUAL(n.down_bps, 375000);
    CU_ASSERT_EQUAL(n.up_bps, 7);
    setting_apply_network(&(struct setting){.key = SET_UP, .number = 0}, &n);
    CU_ASSERT_EQUAL(n.up_bps, 0);
    setting_apply_network(&(struct setting){.key = SET_LOSS, .number = 1}, &n);
    CU_ASSERT_EQUAL(n.loss_ppm, 1000000);
}

static void profile_settings_change_the_profile(void) {
    struct profile p = {0};
    static const struct setting rows[] = {
        {.key = SET_KEEPALIVE, .number = 60e9},       {.key = SET_CLEAN_START, .number = 1},
        {.key = SET_RECONNECT_FIRST, .number = 2e9},  {.key = SET_RECONNECT_MAX, .number = 3e9},
        {.key = SET_RECONNECT_FACTOR, .number = 1.5}, {.key = SET_RECONNECT_JITTER, .number = JITTER_EQUAL},
        {.key = SET_BUFFER_MESSAGES, .number = 1000}, {.key = SET_INFLIGHT, .number = 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        setting_apply_profile(&rows[i], &p);
    CU_ASSERT_EQUAL(p.mqtt.keepalive_s, 60);
    CU_ASSERT(p.mqtt.clean_start);
    CU_ASSERT_EQUAL(p.reconnect.first, 2 * SPAN_S);
    CU_ASSERT_EQUAL(p.reconnect.max, 3 * SPAN_S);
    CU_ASSERT_EQUAL(p.reconnect.factor, 1.5);
    CU_ASSERT_EQUAL(p.reconnect.jitter, JITTER_EQUAL);
    CU_ASSERT_EQUAL(p.buffer.messages, 1000);
    CU_ASSERT_EQUAL(p.mqtt.inflight_max, 4);
    setting_apply_profile(&(struct setting){.key = SET_KEEPALIVE, .number = 1e18}, &p);
    CU_ASSERT_EQUAL(p.mqtt.keepalive_s, UINT16_MAX);
}

static void settings_of_another_part_change_nothing(void) {
    struct network n = {0}, same_n = {0};
    struct profile p = {0}, same_p = {0};
    for (int i = 0; i < SETTING_KEYS; i++) {
        struct setting s = {.key = (enum setting_key)i, .dist = {.kind = DIST_EXP, .a = 1}, .number = 2};
        if (i <= SET_DOWN)
            setting_apply_profile(&s, &p);
        else
            setting_apply_network(&s, &n);
    }
    CU_ASSERT_EQUAL(memcmp(&n, &same_n, sizeof n), 0);
    CU_ASSERT_EQUAL(memcmp(&p, &same_p, sizeof p), 0);
}

HARNESS_MAIN("setting", HARNESS_CASE(rows_stand_in_the_order_of_their_enum),
             HARNESS_CASE(link_settings_change_the_network), HARNESS_CASE(profile_settings_change_the_profile),
             HARNESS_CASE(settings_of_another_part_change_nothing))
